# NAME: the packaged service looks at the container NAME, which has converged, and writes that down for Prometheus.
set -eu
wrong() { echo "$1" >&2; journalctl --no-pager --lines 30 --unit phoenix-orch-status.service >&2; exit 1; }
prom=/var/lib/prometheus/node-exporter/phoenix-orch.prom
rm -f "$prom"
systemctl start phoenix-orch-status.service || wrong "the service fails"
for target in host "$1"; do
  grep -q "^phoenix_orch_target_health{health=\"converged\",target=\"$target\"} 1\$" "$prom" || { cat "$prom" >&2; wrong "$target is not converged"; }
done
[ "$(stat --format %a "$prom")" = 644 ] || wrong "node_exporter could not read it"
# Under a filter of systemd's own nothing would be said truly of containers, and that is said.
systemd-run --quiet --wait --pipe -p RestrictRealtime=yes phoenix-orch plan --features docker --target host 2>&1 |
  grep -q 'runs under a seccomp filter' || wrong "nobody is warned of a seccomp filter"
# What it logs goes to the system's journal with fields of ours.
journalctl --unit phoenix-orch-status.service --output json | grep -q '"PHOENIX_ORCH_RUN"' || wrong "its log has no field for the run"
