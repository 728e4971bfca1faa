//! A host and a container in which the feature `docker` has nothing left to do. `plan --check` over them is the proof.

use apparmor_profile::{
    seccomp,
    template::{self, NAME, Settings},
};
use phoenix_sdk::{FileState, Permissions, dev_fuse};

use crate::machine::Tree;

/// The label of the container's init.
pub const LABEL: &str = "lxc-phoenix-v2 (enforce)";

/// The container's configuration: what the steps want in it, and what LXC's own templates write.
pub const OPTIONS: [(&str, &str); 12] = [
    ("lxc.include", "/usr/share/lxc/config/common.conf"),
    ("lxc.include", "/usr/share/lxc/config/userns.conf"),
    ("lxc.arch", "linux64"),
    ("lxc.idmap", "u 0 100000 65536"),
    ("lxc.idmap", "g 0 100000 65536"),
    ("lxc.net.0.type", "veth"),
    ("lxc.net.0.link", "lxcbr0"),
    ("lxc.net.0.flags", "up"),
    ("lxc.apparmor.profile", NAME),
    ("lxc.apparmor.allow_nesting", "1"),
    ("lxc.seccomp.profile", seccomp::PATH),
    (dev_fuse::KEY, dev_fuse::VALUE),
];

const OS: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
                  VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n\
                  HOME_URL=\"https://www.debian.org/\"\nSUPPORT_URL=\"https://www.debian.org/support\"\n\
                  BUG_REPORT_URL=\"https://bugs.debian.org/\"\n";

/// The host.
pub fn host() -> Tree {
    Tree::default()
        .node(dev_fuse::PATH, fuse(0))
        .file("/proc/modules", "fuse 176128 3 - Live 0x0000000000000000\n")
        .file("/proc/filesystems", "nodev\tproc\n\text4\n")
        .file("/etc/modules", "")
        .file("/etc/modules-load.d/phoenix-orch-fuse.conf", "fuse\n")
        .file("/sys/module/apparmor/parameters/enabled", "Y\n")
        .file("/sys/kernel/security/apparmor/features/domain/stack", "yes\n")
        .file("/sys/kernel/security/apparmor/features/mount/mask", "mount umount pivot_root\n")
        .file("/sys/kernel/security/apparmor/profiles", &format!("{LABEL}\n"))
        .file(
            "/etc/apparmor.d/tunables/nesting",
            &format!("@{{apparmor_nesting_profiles}} = {NAME}\n"),
        )
        .file(
            "/etc/apparmor.d/tunables/home",
            "@{HOME}=@{HOMEDIRS}/*/ /root/\n@{HOMEDIRS}=/home/\ninclude <tunables/home.d>\n",
        )
        .file(&format!("/etc/apparmor.d/{NAME}"), &template::render(&Settings::default()))
        .file(seccomp::PATH, seccomp::text().as_ref())
        .program(&["apparmor_parser", "--version"], 0, "AppArmor parser version 3.0.8\n")
}

/// A container.
pub fn container() -> Tree {
    let daemon = "{\"features\": {\"containerd-snapshotter\": false}, \"storage-driver\": \"fuse-overlayfs\"}\n";
    let unit = "ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// \
                --containerd=/run/containerd/containerd.sock $DOCKER_OPTS ; ignore_errors=no ; pid=311 }\nEnvironment=\n";
    let service = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nSubState=running\n";
    packages(Tree::default())
        .node("/etc/os-release", FileState::Symlink { target: "../usr/lib/os-release".to_owned() })
        .file("/usr/lib/os-release", OS)
        .folder("/run/systemd/system")
        .node(dev_fuse::PATH, fuse(65534))
        .file("/etc/docker/daemon.json", daemon)
        .file(
            "/etc/default/docker",
            "# Here in Debian, this file is sourced by:\n#   - /etc/init.d/docker\n",
        )
        .folder("/var/lib/docker")
        .program(&["systemctl", "show", "docker.service"], 0, unit)
        .program(&["systemctl", "show"], 0, service)
        .program(
            &["docker", "info"],
            0,
            "\"fuse-overlayfs\" [[\"Backing Filesystem\",\"extfs\"]]\n",
        )
        .program(&["grep", "-c"], 0, "1\n")
        .program(&["perl"], 0, "")
}

/// `dpkg-query` as it answers for each set of names that a step may ask for.
fn packages(tree: Tree) -> Tree {
    let format = "-f=${Package}\\t${db:Status-Status}\\t${Version}\\n";
    let query = |tree: Tree, names: &[&str], exit, text: &str| {
        let words: Vec<&str> =
            ["dpkg-query", "-W", format, "--"].iter().chain(names).copied().collect();
        tree.program(&words, exit, text)
    };
    let docker = "docker.io\tinstalled\t20.10.24+dfsg1-1+deb12u1\n";
    let tree = query(tree, &["docker-ce"], 1, "");
    let tree = query(
        tree,
        &["docker.io", "iptables"],
        0,
        &format!("{docker}iptables\tinstalled\t1.8.9-2\n"),
    );
    query(tree, &["fuse-overlayfs"], 0, "fuse-overlayfs\tinstalled\t1.10-1\n")
}

/// The device, owned by this user as the machine sees it.
fn fuse(owner: u32) -> FileState {
    let permissions = Permissions { mode: 0o666, uid: owner, gid: owner };
    FileState::Device { block: false, major: 10, minor: 229, permissions }
}
