# Runs a container, for real, from an image made on the spot: no registry is asked.
# Prints `stage WORD` for each stage that is through, `root TYPE` for the file system type of the container's root,
# and `failed STAGE: REASON` in Docker's own words before it gives up. Whatever it made, it removes again, and it
# recognises what it made by a label that nobody else uses.
set -u
umask 022

label=io.phoenix-orch.verify
dir=
stage=root

remove_ours() {
    # One at a time: what one of them complains about must not keep the others.
    for container in $(docker ps --all --quiet --filter "label=$label" 2>/dev/null); do
        docker rm --force --volumes "$container" >/dev/null 2>&1
    done
    for image in $(docker images --quiet --filter "label=$label" 2>/dev/null); do
        docker rmi --force "$image" >/dev/null 2>&1
    done
}

cleanup() {
    trap '' HUP INT TERM
    cd / || exit 1
    if [ -n "$dir" ]; then
        rm -rf --one-file-system "$dir"
        remove_ours
    fi
}

fail() {
    # In one line, from where Docker's own message begins; else the last line, where other tools put the reason.
    reason=$(printf '%s\n' "$1" | grep -v -e '^[[:space:]]*$' -e "^See 'docker")
    docker=$(printf '%s\n' "$reason" | sed -n '/^docker: /,$p')
    [ -n "$docker" ] || docker=$(printf '%s\n' "$reason" | tail -n 1)
    echo "failed $stage: $(printf '%s' "$docker" | tr '\n' ' ' | cut -c 1-400)"
    exit 1
}

through() {
    echo "stage $stage"
}

trap cleanup EXIT
trap 'exit 1' HUP INT TERM

dir=$(mktemp -d "${TMPDIR:-/tmp}/phoenix-verify.XXXXXXXX" 2>&1) || { reason=$dir; dir=; fail "$reason"; }
# What a killed run left.
remove_ours

# The tiniest root there is: the container's own shell and what it is linked with. Its name is how the kernel
# will know the trial in its records.
root=$dir/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/etc" "$root/tmp" || fail "no folder in $dir"
said=$(cp -L /bin/sh "$root/bin/phoenix-verify" 2>&1) || fail "$said"
ldd /bin/sh 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library" || exit 1
done || fail "the libraries of /bin/sh cannot be copied"
said=$(tar -C "$root" -c -f "$dir/root.tar" . 2>&1) || fail "$said"
through

stage="import"
token=$(basename "$dir" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9\n' '-')
image="phoenix-orch/verify:$token"
said=$(timeout 30 docker import --change "LABEL $label=$token" "$dir/root.tar" "$image" 2>&1 </dev/null) ||
    fail "${said:-docker import gave no reason}"
through

stage="run"
# Only what the shell itself can do: there is nothing else in the image.
# shellcheck disable=SC2016 # The container's shell is to expand these.
inside='echo "token $1"
while read -r _ _ _ _ point rest; do
    [ "$point" = / ] || continue
    rest=${rest##* - }
    echo "root ${rest%% *}"
done </proc/self/mountinfo
for place in /written /tmp/written /volume/written; do
    echo "to $place" >"$place" && read -r seen <"$place" && echo "wrote $seen"
done'
said=$(timeout 60 docker run --rm --network none --label "$label=$token" --name "phoenix-orch-verify-$token" \
    --tmpfs /tmp --volume /volume "$image" /bin/phoenix-verify -c "$inside" sh "$token" 2>&1 </dev/null) ||
    fail "${said:-docker run gave no reason}"
printf '%s\n' "$said" | grep -q -x "token $token" || fail "the container said something else: $said"
for place in /written /tmp/written /volume/written; do
    printf '%s\n' "$said" | grep -q -x "wrote to $place" || fail "the container could not write $place: $said"
done
printf '%s\n' "$said" | grep '^root ' | tail -n 1
through

stage=remove
remove_ours
left=$(docker ps --all --quiet --filter "label=$label"; docker images --quiet --filter "label=$label")
[ -z "$left" ] || fail "still there: $left"
rm -rf --one-file-system "$dir"
dir=
through
