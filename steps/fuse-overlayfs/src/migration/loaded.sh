# Whether everything that was saved for this driver is there, or nothing waits for it.
[ -e "$dir/expected" ] || exit 0
[ "$(timeout 20 docker info --format '{{.Driver}}' 2>/dev/null </dev/null)" = fuse-overlayfs ] || exit 1
left=$(missing "$dir/expected") && [ -z "$left" ]
