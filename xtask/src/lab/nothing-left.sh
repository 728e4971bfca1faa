# NAME HOST: what must be so after a container's run was taken back. The container had Docker on vfs, and was not
# confined. HOST is `gone` if that run was the only one on this host, and `kept` if others stand on it still.
name=$1 host=$2
wrong() { echo "$1" >&2; exit 1; }
if grep -q '^lxc-phoenix-v2 ' /sys/kernel/security/apparmor/profiles; then loaded=kept; else loaded=gone; fi
[ "$loaded" = "$host" ] || wrong "the profile in the kernel is $loaded"
for path in /etc/apparmor.d/lxc-phoenix-v2 /etc/apparmor.d/tunables/nesting /etc/modules-load.d/phoenix-fuse.conf \
  /etc/lxc/lxc-phoenix-v2.seccomp; do
  if [ -e "$path" ]; then there=kept; else there=gone; fi
  [ "$there" = "$host" ] || wrong "$path is $there"
done
if grep -e lxc-phoenix-v2 -e /dev/fuse "/var/lib/lxc/$name/config"; then
  wrong "the container's configuration still has lines of ours"
fi
driver=$(lxc-attach -n "$name" -- docker info --format '{{.Driver}}')
[ "$driver" = vfs ] || wrong "Docker is on $driver"
label=$(lxc-attach -n "$name" -- cat /proc/1/attr/current)
[ "$label" = unconfined ] || wrong "the container runs under $label"
