# NAME: what must be so after the only run on this host was taken back. The container had Docker on vfs, and
# was not confined.
name=$1
wrong() { echo "$1" >&2; exit 1; }
if grep -q '^lxc-phoenix-v2 ' /sys/kernel/security/apparmor/profiles; then
  wrong "the kernel still has the profile"
fi
for path in /etc/apparmor.d/lxc-phoenix-v2 /etc/apparmor.d/tunables/nesting /etc/modules-load.d/phoenix-fuse.conf \
  /etc/lxc/lxc-phoenix-v2.seccomp; do
  if [ -e "$path" ]; then wrong "$path is still there"; fi
done
if grep -e lxc-phoenix-v2 -e /dev/fuse "/var/lib/lxc/$name/config"; then
  wrong "the container's configuration still has lines of ours"
fi
driver=$(lxc-attach -n "$name" -- docker info --format '{{.Driver}}')
[ "$driver" = vfs ] || wrong "Docker is on $driver"
label=$(lxc-attach -n "$name" -- cat /proc/1/attr/current)
[ "$label" = unconfined ] || wrong "the container runs under $label"
