# What the old script installed as lxc-phoenix-v2, for comparison: the same rules, written down anew
# from the description of it. Its `audit` flag logs every access; its `rwm` was meant as "mount".
#include <tunables/global>

profile lxc-phoenix-old flags=(attach_disconnected,mediate_deleted,audit) {
  #include <abstractions/lxc/container-base>
  #include <abstractions/lxc/start-container>

  capability mac_admin,
  capability mknod,
  capability net_admin,
  capability net_bind_service,
  capability net_broadcast,
  capability net_raw,
  capability sys_admin,
  capability sys_chroot,
  capability sys_nice,
  capability sys_resource,

  network bridge,
  network inet dgram,
  network inet stream,
  network inet6 dgram,
  network inet6 stream,

  /data/** rwm,
  /dev/fuse r,
  /dev/fuse rw,
  /dev/shm/** rw,
  /etc/apparmor.d/** rwk,
  /etc/hosts r,
  /etc/nsswitch.conf r,
  /etc/resolv.conf r,
  /home/*/ r,
  /lib/** mr,
  /mnt/shared/** rwm,
  /proc/sys/kernel/unprivileged_userns_clone r,
  /run/apparmor/** rw,
  /run/systemd/mount-rootfs/** rw,
  /sys/fs/cgroup/** rw,
  /sys/fs/fuse/connections r,
  /sys/kernel/security/apparmor/profiles r,
  /usr/lib/** mr,
  /usr/sbin/apparmor_parser ix,
  /var/lib/docker/overlay2/** rwm,
  /zfs/storage/** rwm,

  mount fstype=bpf -> /sys/fs/bpf/**,
  mount fstype=cgroup -> /sys/fs/cgroup/**,
  mount fstype=cgroup2 -> /sys/fs/cgroup/**,
  mount fstype=devpts -> /dev/pts/**,
  mount fstype=fuse.fuse-overlayfs -> /var/lib/docker/fuse-overlayfs/**,
  mount fstype=mqueue -> /dev/mqueue/**,
  mount fstype=overlay -> /var/lib/docker/overlay2/**,
  mount fstype=proc -> /proc/,
  mount fstype=securityfs -> /sys/kernel/security/**,
  mount fstype=sysfs -> /sys/,
  mount fstype=tmpfs -> /run/**,
  mount fstype=tracefs -> /sys/kernel/tracing/**,
  mount fstype=zfs -> /zfs/storage/**,
  mount options=(rw,bind) -> /mnt/**,
  mount options=(rw,nosuid,nodev,noexec,relatime,bind) -> /mnt/**,
  mount options=(rw,remount) -> /mnt/**,

  audit deny /dev/.lxc/proc/** rw,
  audit deny /dev/.lxc/sys/** rw,
  audit deny mount fstype=binfmt_misc,
}
