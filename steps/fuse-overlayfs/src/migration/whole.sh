# Whether the archive is whole and was made from the manifest that is there now.
whole() {
    [ -f "$dir/expected" ] && cmp -s "$dir/of" "$dir/manifest" || return 1
    [ -f "$dir/images.tar" ] || ! grep -q '^image ' "$dir/expected"
}
