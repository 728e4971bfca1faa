# Loads the saved images, and compares what is there then with what was saved.
lock
[ -f "$dir/expected" ] || fail "the saved images are not there"
# After a restart of the container, or a run that was killed during one, Docker may not be up yet.
systemctl is-active --quiet docker.service || said=$(systemctl start docker.service 2>&1) || fail "$said"
answers
[ "$driver" = fuse-overlayfs ] || fail "Docker came up on $driver"
left=$(missing "$dir/expected") || fail "Docker does not list its images"
[ -n "$left" ] || exit 0
said=$(docker load --quiet --input "$dir/images.tar" 2>&1 </dev/null) || fail "${said:-docker load gave no reason}"
left=$(missing "$dir/expected") || fail "Docker does not list its images"
[ -z "$left" ] || fail "loaded, and still not there: $(printf '%s\n' "$left" | tr '\n' ' ')"
echo "loaded $(grep -c '^image ' "$dir/expected") images"
