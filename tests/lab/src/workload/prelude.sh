PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
B=phx-base
fail() { echo "$*" >&2; exit 1; }
is() { [ "$1" = "$2" ] || fail "$3: expected '$2', got '$1'"; }
has() { case "$1" in *"$2"*) ;; *) fail "$3: no '$2' in '$1'" ;; esac; }
# Waits until a command succeeds; the limit only ends what would never come.
until_ok() {
    n=0
    until "$@" >/dev/null 2>&1; do
        n=$((n + 1)); [ $n -lt 150 ] || fail "never came true: $*"
        sleep 0.2
    done
}
# Without a network where none is wanted, which saves half of the time.
run() { docker run --rm --label phx --network none "$@"; }
# Systemd is up, and nothing has failed but what needs something that only the host's root has: configfs, debugfs, a
# real console.
systemd_is_up() {
    failed=$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1)
    for unit in $failed; do
        case $unit in
            sys-kernel-config.mount|sys-kernel-debug.mount|sys-kernel-tracing.mount) continue ;;
            e2scrub_reap.service|console-getty.service) continue ;;
            # Debian 13's loads a library that a container without kernel modules need not have.
            systemd-modules-load.service) [ -e /usr/lib/x86_64-linux-gnu/libkmod.so.2 ] || continue ;;
        esac
        fail "$unit failed: $(systemctl status --no-pager --lines=5 $unit || true)"
    done
    state=$(systemctl is-system-running || true)
    case $state in running|degraded) ;; *) fail "the system is $state" ;; esac
    echo "$state; failed as always: $(echo $failed)"
}
