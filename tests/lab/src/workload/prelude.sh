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
