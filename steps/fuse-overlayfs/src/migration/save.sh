# Saves the images in the manifest. $2: how many bytes must be free, with those that the folder holds already.
partial=$dir/partial
finished=

cleanup() {
    trap '' HUP INT TERM
    [ -n "$finished" ] || rm -rf "$partial" "$dir"/.docker_temp_* "$dir/list" "$dir/inside" "$dir/new" "$dir/images.tar"
}

[ -f "$dir/manifest" ] || fail "the list of the images is not there"
chmod 700 "$dir" || fail "the folder cannot be closed to others"
lock
whole && exit 0
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
# What a killed run left.
rm -rf "$dir/expected" "$dir/of" "$dir/images.tar" "$partial" "$dir"/.docker_temp_*

free=$(df -B1 --output=avail "$dir" | tail -n 1 | tr -d " ")
[ "${free:-0}" -ge "${2:?}" ] || fail "not enough free space: ${free:-0} bytes are free, $2 are needed"

# By its tags, so that it keeps them; by its id, if it has none.
set --
while read -r word id name; do
    case $word in
    tag) set -- "$@" "$name" ;;
    image) grep -q -F -e "tag $id " "$dir/manifest" || set -- "$@" "$id" ;;
    esac
done <"$dir/manifest"
: >"$dir/new"
if [ $# -gt 0 ]; then
    said=$(docker save --output "$partial" "$@" 2>&1 </dev/null) || fail "${said:-docker save gave no reason}"

    # The whole archive is read once, and everything that its table of contents names must be in it.
    tar -t -f "$partial" >"$dir/list" 2>/dev/null || fail "the saved archive cannot be read"
    tar -x -O -f "$partial" manifest.json >"$dir/inside" 2>/dev/null || fail "the saved archive has no table of contents"
    lost=$(grep -o -e '"[0-9a-f]*/layer.tar"' -e '"[0-9a-f]*\.json"' -e '"blobs/sha256/[0-9a-f]*"' "$dir/inside" |
        tr -d '"' | sort -u | grep -v -F -x -f "$dir/list")
    [ -z "$lost" ] || fail "the saved archive lacks $lost"

    # Its entries, one a line, begin with the configuration, whose digest is the image's id under a graph driver.
    sed 's/},{"Config"/}\n{"Config"/g' "$dir/inside" | while IFS= read -r entry || [ -n "$entry" ]; do
        id=$(printf '%s\n' "$entry" |
            sed -n 's/.*"Config":"\(blobs\/sha256\/\)\{0,1\}\([0-9a-f]\{64\}\)[".].*/sha256:\2/p')
        echo "image ${id:-unknown}"
        printf '%s\n' "$entry" | sed -n 's/.*"RepoTags":\[\([^]]*\)\].*/\1/p' | tr ',' '\n' | tr -d '"' |
            sed -n "s/..*/tag $id &/p"
    done | sort -u >"$dir/new"
    ! grep -q -x 'image unknown' "$dir/new" || fail "the saved archive has another form than is known"
fi
if grep -q -x 'store containerd' "$dir/manifest"; then
    # There an id is the digest of a manifest or an index, which no graph driver keeps. What can be shown is that the
    # archive has an entry of that digest for each image, and each name.
    [ $# -eq 0 ] || tar -x -O -f "$partial" index.json >"$dir/list" 2>/dev/null || fail "the saved archive has no index"
    sed -n 's/^image //p' "$dir/manifest" | while read -r id; do
        grep -q -F -e "\"$id\"" "$dir/list" || echo "$id"
    done >"$dir/inside"
    [ ! -s "$dir/inside" ] || fail "the saved archive lacks $(head -n 1 "$dir/inside")"
    sed -n 's/^tag [^ ]* //p' "$dir/new" | sort -u >"$dir/inside"
    sed -n 's/^tag [^ ]* //p' "$dir/manifest" | sort -u | cmp -s - "$dir/inside" ||
        fail "the saved archive has other names than Docker"
else
    grep -e '^image ' -e '^tag ' "$dir/manifest" | sort -u | cmp -s - "$dir/new" ||
        fail "the saved archive has other images than Docker"
fi

[ ! -f "$partial" ] || mv "$partial" "$dir/images.tar" || fail "the archive cannot be renamed"
cp "$dir/manifest" "$dir/of" || fail "no list can be written"
{ grep -v -e '^image ' -e '^tag ' "$dir/manifest"; cat "$dir/new"; } >"$dir/partial" || fail "no list can be written"
sync "$dir"/* "$dir" || fail "the archive could not be brought onto the disk"
mv "$dir/partial" "$dir/expected" && sync "$dir" || fail "the list cannot be renamed"
finished=yes
rm -f "$dir/list" "$dir/inside" "$dir/new"
echo "saved $(grep -c '^image ' "$dir/expected") images, $(du -h "$dir/images.tar" 2>/dev/null | cut -f 1)"
