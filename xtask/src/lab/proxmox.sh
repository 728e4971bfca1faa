# ID CATALOGUE TOOLS: the lab as a Proxmox node (`tests/pve` stands in for it). The container ID gets a configuration as the old
# scripts left it, and must end confined, with Docker on fuse-overlayfs and its user's own lines.
set -eu
export PATH="/usr/local/sbin:$PATH"
id=$1 catalogue=$2 tools=$3
work=$(mktemp -d)
conf=/etc/pve/lxc/$id.conf
end() {
  pct stop "$id" >/dev/null 2>&1 || :
  # The cluster's files end with their orders.
  [ -z "${orders:-}" ] || kill "$orders" 2>/dev/null || :
  wait
  rm -rf "$work" /usr/local/sbin/pct
  rmdir /etc/pve 2>/dev/null || umount --lazy /etc/pve
}
trap end EXIT
wrong() { echo "$1" >&2; cat "$conf" >&2; exit 1; }

lxc-stop -n "$id" -t 30 || :
mkdir -p /etc/pve "$work/cluster/lxc"
cat > "$work/cluster/lxc/$id.conf" <<CONF
#my own remark
arch: amd64
features: keyctl=1
hostname: lab$id
memory: 512
ostype: debian
rootfs: local:$id/subvol-$id-disk-0.subvol,size=8G
swap: 0
unprivileged: 1
lxc.apparmor.profile=unconfined
lxc.include: /usr/share/lxc/config/nesting.conf
lxc.apparmor.allow_nesting: 1
lxc.include: /usr/share/lxc/config/nesting.conf
lxc.apparmor.allow_nesting: 1
lxc.cgroup2.devices.allow: a
lxc.environment: MINE=a b

[before]
arch: amd64
snaptime: 1795463242
unprivileged: 1
lxc.apparmor.profile: unconfined
CONF
mkfifo "$work/orders"
sleep infinity > "$work/orders" &
orders=$!
"$tools/pmxcfs" /etc/pve "$(hostname -s)" "$work/cluster" < "$work/orders" &
timeout 30 sh -c 'until [ -e "$0" ]; do sleep 0.1; done' "$conf"
ln -s "$tools/pct" /usr/local/sbin/pct
before=$(sed -n '/^\[before\]/,$p' "$conf")
pct start "$id"

phoenix-orch doctor --config "$catalogue" --target "$id" || [ $? = 3 ]
# As the old orchestrator calls its scripts: first the host's, then that of the container.
for script in hypervisor_feature_setup_apparmor.sh phoenix_hypervisor_feature_install_docker.sh; do
  ln -s /usr/bin/phoenix-orch "$work/$script"
done
export PHOENIX_ORCH_CONFIG="$catalogue"
"$work/hypervisor_feature_setup_apparmor.sh"
grep -q '^lxc-phoenix-v2 (enforce)' /sys/kernel/security/apparmor/profiles || wrong "the host's script did nothing"
code=0; "$work/phoenix_hypervisor_feature_install_docker.sh" "$id" || code=$?
[ "$code" = 1 ] || wrong "without consent to a restart the script must end with 1, not $code"
"$work/phoenix_hypervisor_feature_install_docker.sh" "$id" --allow restart
phoenix-orch plan --config "$catalogue" --features docker --target "$id" --check
phoenix-orch verify --config "$catalogue" --features docker --target "$id"

[ "$(lxc-attach -n "$id" -- cat /proc/1/attr/current)" = "lxc-phoenix-v2 (enforce)" ] || wrong "it is not confined"
[ "$(lxc-attach -n "$id" -- docker info --format '{{.Driver}}')" = fuse-overlayfs ] || wrong "another driver"
main=$(sed '/^\[/,$d' "$conf")
for line in '#my own remark' 'features: keyctl=1,fuse=1' 'lxc.apparmor.profile: lxc-phoenix-v2' \
  'lxc.apparmor.allow_nesting: 1' 'lxc.environment: MINE=a b'; do
  [ "$(printf '%s\n' "$main" | grep -cFx -e "$line")" = 1 ] || wrong "not once: $line"
done
if printf '%s\n' "$main" | grep -e nesting.conf -e unconfined -e devices.allow; then wrong "something was left"; fi
[ "$(sed -n '/^\[before\]/,$p' "$conf")" = "$before" ] || wrong "the snapshot was changed"
