# What must be so after the package was installed on a machine that systemd runs.
set -eu
wrong() { echo "$1" >&2; exit 1; }
[ "$(command -v phoenix-orch)" = /usr/bin/phoenix-orch ] || wrong "another phoenix-orch comes first in the PATH"
[ -z "$(dpkg --verify phoenix-orch)" ] || wrong "dpkg finds that files of the package were changed"
systemd-analyze --man=no verify /usr/lib/systemd/system/phoenix-orch-status.timer
enabled=$(systemctl is-enabled phoenix-orch-status.timer) || :
[ "$enabled" = disabled ] || wrong "the timer is $enabled"
active=$(systemctl is-active phoenix-orch-status.timer) || :
[ "$active" = inactive ] || wrong "the timer is $active"
systemctl enable --now --quiet phoenix-orch-status.timer
[ "$(systemctl is-active phoenix-orch-status.timer)" = active ] || wrong "the timer does not start"
systemctl disable --now --quiet phoenix-orch-status.timer
