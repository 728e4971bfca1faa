# Prints how the module fuse gets into the kernel at boot: `built-in`, `modules-load`, or `not at boot`.
set -u
for list in "/lib/modules/$(uname -r)/modules.builtin" "/usr/lib/modules/$(uname -r)/modules.builtin"; do
    if grep -q -s '/fuse\.ko$' "$list"; then
        echo built-in
        exit 0
    fi
done
# The folders that systemd-modules-load reads; /etc/modules is linked into the first of them on Debian.
if grep -q -s -x '[[:space:]]*fuse[[:space:]]*' /etc/modules /etc/modules-load.d/*.conf /run/modules-load.d/*.conf \
    /usr/local/lib/modules-load.d/*.conf /usr/lib/modules-load.d/*.conf; then
    echo modules-load
    exit 0
fi
# A kernel without modules at all has fuse inside, or /proc/filesystems would not name it.
if [ ! -e /proc/modules ] && grep -q -x 'nodev.fuse' /proc/filesystems; then
    echo built-in
    exit 0
fi
echo 'not at boot'
