# Mounts a throw-away fuse-overlayfs where Docker keeps its layers, writes through it and takes it down again.
# $1: Docker's data folder. Prints `stage WORD` for each stage that is through, `type WORD` for the mount's type as
# the kernel tells it, and `failed STAGE: REASON` before it gives up. Whatever happens, it leaves nothing behind.
set -u
umask 077

data=${1:-/var/lib/docker}
# The claim is about the very place of Docker's layers: the container's AppArmor profile permits the mount there and nowhere
# else. Before Docker is there, the folders are made, and go again.
base=$data/fuse-overlayfs
made=

dir=
stage=folders

mounted() {
    grep -q -F " $dir/merged " /proc/self/mountinfo
}

cleanup() {
    trap '' HUP INT TERM
    cd /
    if [ -n "$dir" ]; then
        if mounted; then
            umount "$dir/merged" 2>/dev/null || umount -l "$dir/merged" 2>/dev/null
        fi
        # Nothing is removed through a mount that would not go away.
        mounted || rm -rf --one-file-system "$dir"
    fi
    # Only what is still empty: Docker may have come in between.
    for folder in $made; do
        rmdir "$folder" 2>/dev/null
    done
}

fail() {
    echo "failed $stage: $1"
    exit 1
}

through() {
    echo "stage $stage"
}

trap cleanup EXIT
trap 'exit 1' HUP INT TERM

case $base in *[[:space:]]*) fail "a data folder with a blank in its name: $data" ;; esac
folder=$base
while [ ! -d "$folder" ]; do
    made="$made $folder"
    folder=$(dirname "$folder")
done
# Docker's own mode for its data folder.
said=$(umask 067 && mkdir -p "$base" 2>&1) || fail "$said"

# A run that was killed could not tidy up.
for old in "$base"/.phoenix-verify.*; do
    [ -d "$old" ] || continue
    [ -n "$(find "$old" -maxdepth 0 -mmin +10)" ] || continue
    umount "$old/merged" 2>/dev/null
    rm -rf --one-file-system "$old"
done

dir=$(mktemp -d "$base/.phoenix-verify.XXXXXXXX" 2>&1) || { reason=$dir; dir=; fail "$reason"; }
mkdir "$dir/lower" "$dir/upper" "$dir/work" "$dir/merged" || fail "no folder in $base"
for name in kept gone; do
    echo below >"$dir/lower/$name" || fail "cannot write in $base"
done
through

stage=mount
command -v fuse-overlayfs >/dev/null || fail "fuse-overlayfs is not installed"
said=$(timeout 20 fuse-overlayfs -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged" 2>&1 </dev/null) ||
    fail "${said:-fuse-overlayfs gave no reason}"
mounted || fail "no mount appeared: $said"
grep -F " $dir/merged " /proc/self/mountinfo | sed 's/.* - \([^ ]*\) .*/type \1/'
through

stage="read"
[ "$(timeout 5 cat "$dir/merged/kept")" = below ] || fail "a file of the lower layer has other contents"
through

stage="write"
echo above >"$dir/merged/kept" || fail "a file of the lower layer cannot be changed"
echo above >"$dir/merged/new" || fail "a new file cannot be made"
for name in kept new; do
    [ "$(cat "$dir/upper/$name")" = above ] || fail "what was written is not in the upper layer"
done
[ "$(cat "$dir/lower/kept")" = below ] || fail "the lower layer was changed"
through

stage=remove
rm "$dir/merged/gone" || fail "a file of the lower layer cannot be removed"
[ ! -e "$dir/merged/gone" ] || fail "a removed file is still there"
[ -f "$dir/lower/gone" ] || fail "the lower layer was changed"
[ -c "$dir/upper/gone" ] || [ -e "$dir/upper/.wh.gone" ] || fail "the upper layer has no whiteout"
through

stage=unmount
said=$(umount "$dir/merged" 2>&1) || fail "$said"
! mounted || fail "the mount is still there"
rm -rf --one-file-system "$dir"
[ ! -e "$dir" ] || fail "$dir could not be removed"
dir=
through
