# What must be so after the package was installed on a machine that systemd runs.
set -eu
wrong() { echo "$1" >&2; exit 1; }
[ "$(command -v phoenix-orch)" = /usr/bin/phoenix-orch ] || wrong "another phoenix-orch comes first in the PATH"
# The lab's dpkg leaves manuals and documents out.
if dpkg --verify phoenix-orch | grep -v -e ' /usr/share/man/' -e ' /usr/share/doc/'; then wrong "files of the package were changed"; fi
systemd-analyze --man=no verify /usr/lib/systemd/system/phoenix-orch-status.timer
enabled=$(systemctl is-enabled phoenix-orch-status.timer) || :
[ "$enabled" = disabled ] || wrong "the timer is $enabled"
active=$(systemctl is-active phoenix-orch-status.timer) || :
[ "$active" = inactive ] || wrong "the timer is $active"
systemctl enable --now --quiet phoenix-orch-status.timer
[ "$(systemctl is-active phoenix-orch-status.timer)" = active ] || wrong "the timer does not start"
systemctl disable --now --quiet phoenix-orch-status.timer
