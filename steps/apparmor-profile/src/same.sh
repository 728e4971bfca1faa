# Is the profile that the kernel enforces compiled from the file? Prints `same`, `differs`, `not loaded`, or `cannot tell`
# where the kernel does not show what it was given.
# $1: the profile's name.
set -u
name=$1
policy=/sys/kernel/security/apparmor/policy/profiles
for entry in "$policy/$name".*; do
    [ "$(cat "$entry/name" 2>/dev/null)" = "$name" ] || continue
    [ -e "$entry/raw_data" ] || { echo 'cannot tell'; exit 0; }
    if apparmor_parser --skip-kernel-load --skip-cache --stdout "/etc/apparmor.d/$name" 2>/dev/null |
        cmp -s - "$entry/raw_data"; then
        echo same
    else
        echo differs
    fi
    exit 0
done
echo 'not loaded'
