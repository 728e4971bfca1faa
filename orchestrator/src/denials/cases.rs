//! Genuine records: most were provoked under a profile `lxc-denials-test` on Debian 12's kernel 6.1, the
//! others come from containers with Docker there.

/// What follows `apparmor="DENIED" `, the attempt in words, and the rule.
pub(super) type Case = (&'static str, &'static str, &'static str);

pub(super) const CASES: &[Case] = &[
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="proc" srcname="proc" flags="rw, nosuid, nodev, noexec""#,
        "`python3` tried to mount `proc` (proc; nosuid, nodev, noexec) on `/tmp/dn/a/`",
        "mount fstype=proc options=(nosuid, nodev, noexec) proc -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="tmpfs" srcname="tmpfs" flags="ro, nosuid, noatime""#,
        "`python3` tried to mount `tmpfs` (tmpfs; ro, nosuid, noatime) on `/tmp/dn/a/`",
        "mount fstype=tmpfs options=(ro, nosuid, noatime) tmpfs -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" srcname="/tmp/dn/b/" flags="rw, bind""#,
        "`python3` tried to bind `/tmp/dn/b/` onto `/tmp/dn/a/` (bind)",
        "mount options=(bind) /tmp/dn/b/ -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" srcname="/tmp/dn/b/" flags="rw, rbind""#,
        "`python3` tried to bind `/tmp/dn/b/` onto `/tmp/dn/a/` (rbind)",
        "mount options=(rbind) /tmp/dn/b/ -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" flags="ro, remount, bind""#,
        "`python3` tried to remount `/tmp/dn/a/` (ro, remount, bind)",
        "mount options=(ro, remount, bind) -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/proc/" pid=1405 comm="python3" flags="ro, remount""#,
        "`python3` tried to remount `/proc/` (ro, remount)",
        "mount options=(ro, remount) -> /proc/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/" pid=1405 comm="python3" flags="rw, rprivate""#,
        "`python3` tried to make mounts at `/` rprivate",
        "mount options=(rprivate) -> /,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" flags="rw, shared""#,
        "`python3` tried to make mounts at `/tmp/dn/a/` shared",
        "mount options=(shared) -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" srcname="/tmp/dn/b/" flags="rw, move""#,
        "`python3` tried to move the mount `/tmp/dn/b/` to `/tmp/dn/a/`",
        "mount options=(move) /tmp/dn/b/ -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="fuse.fuse-overlayfs" srcname="fuse-overlayfs" flags="rw, nosuid, nodev""#,
        "`python3` tried to mount `fuse-overlayfs` (fuse.fuse-overlayfs; nosuid, nodev) on `/tmp/dn/a/`",
        "mount fstype=fuse.fuse-overlayfs options=(nosuid, nodev) fuse-overlayfs -> /tmp/dn/a/,",
    ),
    (
        r#"operation="mount" info="failed mntpnt match" error=-13 profile="lxc-denials-test" name="/tmp/dn/a/" pid=1405 comm="python3" fstype="cgroup2" srcname="cgroup2" flags="rw, nosuid, nodev, noexec, relatime""#,
        "`python3` tried to mount `cgroup2` (cgroup2; nosuid, nodev, noexec, relatime) on `/tmp/dn/a/`",
        "mount fstype=cgroup2 options=(nosuid, nodev, noexec, relatime) cgroup2 -> /tmp/dn/a/,",
    ),
    (
        r#"operation="umount" profile="lxc-denials-test" name="/proc/" pid=1405 comm="python3""#,
        "`python3` tried to unmount `/proc/`",
        "umount /proc/,",
    ),
    (
        r#"operation="pivotroot" profile="lxc-denials-test" name="/tmp/dn/newroot/" pid=1405 comm="python3" srcname="/tmp/dn/newroot/old/""#,
        "`python3` tried to make `/tmp/dn/newroot/` its root, with the old one in `/tmp/dn/newroot/old/`",
        "pivot_root oldroot=/tmp/dn/newroot/old/ /tmp/dn/newroot/,",
    ),
    (
        r#"operation="open" profile="lxc-denials-test" name="/tmp/dn/secret" pid=1405 comm="python3" requested_mask="r" denied_mask="r" fsuid=0 ouid=0"#,
        "`python3` tried to read `/tmp/dn/secret`",
        "owner /tmp/dn/secret r,",
    ),
    (
        r#"operation="open" profile="lxc-denials-test" name="/tmp/dn/secret" pid=1405 comm="python3" requested_mask="wc" denied_mask="wc" fsuid=0 ouid=100000"#,
        "`python3` tried to write `/tmp/dn/secret`",
        "/tmp/dn/secret w,",
    ),
    (
        r#"operation="mkdir" profile="lxc-denials-test" name=2F746D702F646E2F7370206163652F6E65772F pid=1405 comm="python3" requested_mask="c" denied_mask="c" fsuid=0 ouid=0"#,
        "`python3` tried to make the folder `/tmp/dn/sp ace/new/`",
        "owner \"/tmp/dn/sp ace/new/\" w,",
    ),
    (
        r#"operation="link" profile="lxc-denials-test" name="/tmp/dn/link" pid=1405 comm="python3" requested_mask="xwracdk" denied_mask="xwracdk" fsuid=0 ouid=0 target="/tmp/dn/secret""#,
        "`python3` tried to link `/tmp/dn/secret` as `/tmp/dn/link`",
        "link /tmp/dn/link -> /tmp/dn/secret,",
    ),
    (
        r#"operation="exec" profile="lxc-denials-test" name="/tmp/dn/exe" pid=1406 comm="python3" requested_mask="x" denied_mask="x" fsuid=0 ouid=0"#,
        "`python3` tried to run `/tmp/dn/exe`",
        "owner /tmp/dn/exe ix,",
    ),
    (
        r#"operation="capable" profile="lxc-denials-test" pid=1405 comm="python3" capability=0  capname="chown""#,
        "`python3` tried to use the capability `chown`",
        "capability chown,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=1405 comm="python3" family="inet" sock_type="raw" protocol=1 requested_mask="create" denied_mask="create""#,
        "`python3` tried to make a socket (inet raw)",
        "network inet raw,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=1405 comm="python3" family="alg" sock_type="seqpacket" protocol=0 requested_mask="create" denied_mask="create""#,
        "`python3` tried to make a socket (alg seqpacket)",
        "network alg seqpacket,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=1405 comm="python3" family="vsock" sock_type="stream" protocol=0 requested_mask="create" denied_mask="create""#,
        "`python3` tried to make a socket (vsock stream)",
        "network vsock stream,",
    ),
    (
        r#"operation="signal" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="send" denied_mask="send" signal=exists peer="unconfined""#,
        "`python3` tried to send signal `exists` to a process under `unconfined`",
        "signal (send) set=(exists) peer=unconfined,",
    ),
    (
        r#"operation="signal" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="send" denied_mask="send" signal=chld peer="lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined""#,
        "`python3` tried to send signal `chld` to a process under \
         `lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined`",
        "signal (send) set=(chld) peer=\"lxc-bw_</var/lib/lxc>//&:lxc-bw_<-var-lib-lxc>:unconfined\",",
    ),
    (
        r#"operation="ptrace" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="trace" denied_mask="trace" peer="unconfined""#,
        "`python3` tried to trace a process under `unconfined`",
        "ptrace (trace) peer=unconfined,",
    ),
    (
        r#"operation="ptrace" profile="lxc-denials-test" pid=1405 comm="python3" requested_mask="read" denied_mask="read" peer="unconfined""#,
        "`python3` tried to look into a process under `unconfined` (ptrace read)",
        "ptrace (read) peer=unconfined,",
    ),
    (
        r#"operation="change_profile" profile="lxc-denials-test" name="unconfined" pid=1405 comm="python3" target="unconfined""#,
        "`python3` tried to change its profile to `unconfined`",
        "change_profile -> unconfined,",
    ),
    (
        r#"operation="change_onexec" profile="lxc-denials-test" name="lxc-container-default" pid=1405 comm="python3" target="lxc-container-default""#,
        "`python3` tried to change its profile to `lxc-container-default` at the next program",
        "change_profile -> lxc-container-default,",
    ),
    (
        r#"operation="stack" profile="lxc-denials-test" name="lxc-container-default" pid=1405 comm="python3" target="lxc-container-default""#,
        "`python3` tried to stack the profile `lxc-container-default` on its own",
        "change_profile -> &lxc-container-default,",
    ),
    (
        r#"operation="mount" info="failed perms check" error=-13 profile="lxc-denials-test" name="/var/lib/docker/fuse-overlayfs/3d828a221b0385fd5151ea9d3cc9e85806c44fa54bf4a094d238a66310103d60/merged/dev/mqueue/" pid=15041 comm="runc:[2:INIT]" fstype="mqueue" srcname="mqueue" flags="rw, nosuid, nodev, noexec""#,
        "`runc:[2:INIT]` tried to mount `mqueue` (mqueue; nosuid, nodev, noexec) on `/var/lib/docker/fuse-overlayfs/3d828a221b0385fd5151ea9d3cc9e85806c44fa54bf4a094d238a66310103d60/merged/dev/mqueue/`",
        "mount fstype=mqueue options=(nosuid, nodev, noexec) mqueue -> /var/lib/docker/fuse-overlayfs/[0-9a-f]*/merged/dev/mqueue/,",
    ),
    (
        r#"operation="pivotroot" profile="lxc-denials-test" name="/var/lib/docker/fuse-overlayfs/3d828a221b0385fd5151ea9d3cc9e85806c44fa54bf4a094d238a66310103d60/merged/" pid=15241 comm="runc:[2:INIT]" srcname="/var/lib/docker/fuse-overlayfs/3d828a221b0385fd5151ea9d3cc9e85806c44fa54bf4a094d238a66310103d60/merged/""#,
        "`runc:[2:INIT]` tried to make `/var/lib/docker/fuse-overlayfs/3d828a221b0385fd5151ea9d3cc9e85806c44fa54bf4a094d238a66310103d60/merged/` its root, with the old one in `/var/lib/docker/fuse-overlayfs/3d828a221b0385fd5151ea9d3cc9e85806c44fa54bf4a094d238a66310103d60/merged/`",
        "pivot_root oldroot=/var/lib/docker/fuse-overlayfs/[0-9a-f]*/merged/ /var/lib/docker/fuse-overlayfs/[0-9a-f]*/merged/,",
    ),
    (
        r#"operation="create" profile="lxc-denials-test" pid=15651 comm="runc:[2:INIT]" family="netlink" sock_type="raw" protocol=0 requested_mask="create" denied_mask="create""#,
        "`runc:[2:INIT]` tried to make a socket (netlink raw)",
        "network netlink raw,",
    ),
    (
        r#"operation="ptrace" profile="lxc-denials-test" pid=15833 comm="runc" requested_mask="readby" denied_mask="readby" peer="lxc-denials-test""#,
        "`runc` tried to be looked into by a process under `lxc-denials-test` (ptrace readby)",
        "ptrace (readby) peer=lxc-denials-test,",
    ),
    (
        r#"operation="signal" profile="lxc-denials-test" pid=15833 comm="runc" requested_mask="send" denied_mask="send" signal=kill peer="lxc-denials-test""#,
        "`runc` tried to send signal `kill` to a process under `lxc-denials-test`",
        "signal (send) set=(kill) peer=lxc-denials-test,",
    ),
];

/// More than the genuine ones: names that need care, and what a test machine does not do by itself.
pub(super) const ALSO: &[&str] = &[
    r#"operation="dbus_method_call" bus="system" path="/org/freedesktop/systemd1" interface="org.freedesktop.DBus.Properties" member="Get" mask="send" name="org.freedesktop.systemd1" pid=5 comm="x" peer_label="unconfined""#,
    r#"operation="dbus_bind" bus="session" name="org.x.Y" mask="bind" pid=5 comm="x""#,
    r#"operation="open" name="/a*[1]{x}?^,#@{HOME}/größe" comm="x" denied_mask="rwmkl""#,
    r#"operation="open" name=2F610A22205C20E280AE comm="x" denied_mask="a""#,
    r#"operation="mount" name="/a b/" fstype="fuse.x y" srcname="/s,c" flags="rw""#,
    r#"operation="mount" name="/x/" srcname="" fstype="tmpfs" flags="rw, nosuid, silent, mand, iversion, strictatime, acl""#,
    r#"operation="pivotroot" name="/x/""#,
    r#"operation="signal" denied_mask="receive" signal=rtmin+3 peer="a b""#,
    r#"operation="stack" target="a b""#,
    r#"operation="create" family="netlink" sock_type="unknown(7)""#,
];
