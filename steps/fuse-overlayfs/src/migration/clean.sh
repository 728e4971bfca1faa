# Removes the saved images and keeps the list. $2 is `loaded` where they must be visible first, `stale` where they are
# the leftover of an attempt that did not get to the switch.
lock
[ -d "$dir" ] || exit 0
if [ "$2" = loaded ] && [ -f "$dir/expected" ]; then
    answers
    left=$(missing "$dir/expected") || fail "Docker does not list its images"
    [ -z "$left" ] || fail "not all images are visible, so the saved ones stay"
    mv "$dir/expected" "$dir/carried" || fail "the list cannot be renamed"
fi
find "$dir" -mindepth 1 -maxdepth 1 ! -name carried -exec rm -rf --one-file-system {} + || fail "the folder cannot be emptied"
[ -f "$dir/carried" ] || rmdir "$dir" || fail "the folder cannot be removed"
