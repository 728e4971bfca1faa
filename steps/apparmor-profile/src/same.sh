# Is the profile that the kernel enforces compiled from the file, with its tunables as they are now? Prints `same`,
# `differs`, `not loaded`, or `cannot tell` where the kernel does not show what it was given. Loads nothing.
# $1: the profile's name.
set -u
name=$1
policy=/sys/kernel/security/apparmor/policy/profiles

compiled() {
    apparmor_parser --skip-kernel-load --skip-cache --stdout "/etc/apparmor.d/$name" 2>/dev/null
}

for entry in "$policy/$name".*; do
    [ "$(cat "$entry/name" 2>/dev/null)" = "$name" ] || continue
    # The kernel's own digest of the policy that it was given: SHA-1 at first, SHA-256 since Linux 6.8.
    for digest in sha256 sha1; do
        [ -r "$entry/raw_$digest" ] || continue
        now=$(compiled | "${digest}sum")
        [ "${now%% *}" = "$(cat "$entry/raw_$digest")" ] && echo same || echo differs
        exit 0
    done
    [ -e "$entry/raw_data" ] || { echo 'cannot tell'; exit 0; }
    compiled | cmp -s - "$entry/raw_data" && echo same || echo differs
    exit 0
done
echo 'not loaded'
