//! The test bed itself: what the system tests take for granted about their containers.

use std::process::Command;
use std::time::Duration;

use xtask::testbed::{Apt, Container, Disk, Image, Init, Options, Release};

fn image() -> Image {
    Image::ensure(Release::Bookworm).expect("the image is there")
}

#[test]
fn a_default_container_is_a_plain_debian_without_docker_that_can_install_it_offline() {
    let container = Container::create(&image(), "plain", &Options::default()).unwrap();
    assert_eq!(container.state().unwrap(), "RUNNING");
    assert_eq!(container.ok(&["hostname"]).unwrap().trim(), container.name());
    assert_eq!(
        container.ok(&["cat", "/proc/self/uid_map"]).unwrap().split_whitespace().nth(1),
        Some("100000")
    );
    assert!(!container.exists("/dev/fuse").unwrap());
    assert!(container.exec(&["test", "-e", "/dev/fuse"]).unwrap().code == 1);
    assert!(container.exec(&["docker", "info"]).unwrap().code == 127);

    container.ok(&["apt-get", "update"]).unwrap();
    let install = ["apt-get", "install", "-y", "docker.io", "fuse-overlayfs"];
    container.ok(&install).unwrap();
    container.ok(&["apt-get", "purge", "-y", "docker.io"]).unwrap();
    container.ok(&["apt-get", "clean"]).unwrap();
    container.ok(&install).unwrap();

    let pid = container.init_pid().unwrap();
    container.stop().unwrap();
    assert_eq!(container.state().unwrap(), "STOPPED");
    container.start().unwrap();
    assert_ne!(container.init_pid().unwrap(), pid);
    let folder = container.folder();
    container.destroy().unwrap();
    assert!(!folder.exists());
}

#[test]
fn files_written_from_outside_belong_to_the_containers_root() {
    let options = Options { init: Init::Shell, ..Options::default() };
    let container = Container::create(&image(), "files", &options).unwrap();
    container.write_file("/etc/docker/daemon.json", b"{}\n", 0o640).unwrap();
    let listing =
        container.ok(&["stat", "-c", "%U %a %n", "/etc/docker", "/etc/docker/daemon.json"]);
    assert_eq!(listing.unwrap(), "root 755 /etc/docker\nroot 640 /etc/docker/daemon.json\n");
    assert_eq!(container.read_file("/etc/docker/daemon.json").unwrap(), b"{}\n");
    assert_eq!(container.script("printf '%s' \"$PATH\" | tr : '\\n' | tail -1").unwrap(), "/bin");
}

#[test]
fn a_container_without_systemd_says_so() {
    let options = Options { init: Init::Shell, ..Options::default() };
    let container = Container::create(&image(), "shell", &options).unwrap();
    assert!(!container.exists("/run/systemd/system").unwrap());
    let systemctl = container.exec(&["systemctl", "is-active", "docker"]).unwrap();
    assert!(systemctl.stderr.contains("not been booted with systemd"), "{systemctl}");
    container.stop().unwrap();
}

#[test]
fn a_memory_disk_can_be_filled() {
    let options = Options { disk: Disk::Memory(500), ..Options::default() };
    let container = Container::create(&image(), "small", &options).unwrap();
    let output = container.exec(&["dd", "if=/dev/zero", "of=/fill", "bs=1M"]).unwrap();
    assert!(output.stderr.contains("No space left on device"), "{output}");
    let folder = container.folder();
    drop(container);
    assert!(!folder.exists());
}

#[test]
fn a_folder_is_a_copy_of_the_image() {
    let options = Options { disk: Disk::Folder, ..Options::default() };
    let container = Container::create(&image(), "folder", &options).unwrap();
    assert!(!container.ok(&["stat", "-f", "-c", "%T", "/"]).unwrap().contains("overlay"));
    assert_eq!(container.ok(&["stat", "-c", "%a %U", "/usr/bin/passwd"]).unwrap(), "4755 root\n");
}

#[test]
fn a_read_only_etc_refuses_writes() {
    let options = Options { read_only_etc: true, ..Options::default() };
    let container = Container::create(&image(), "roetc", &options).unwrap();
    let output = container.exec(&["touch", "/etc/x"]).unwrap();
    assert!(output.stderr.contains("Read-only file system"), "{output}");
}

#[test]
fn an_unreachable_mirror_and_an_unknown_distribution() {
    let options = Options {
        apt: Apt::Unreachable,
        os_release: Some("ID=plan9\nPRETTY_NAME=\"Plan 9\"\n".to_owned()),
        ..Options::default()
    };
    let container = Container::create(&image(), "lost", &options).unwrap();
    let output = container.exec(&["apt-get", "update"]).unwrap();
    assert!(output.stderr.contains("Temporary failure resolving"), "{output}");
    assert!(container.ok(&["cat", "/etc/os-release"]).unwrap().starts_with("ID=plan9"));
}

#[test]
fn a_command_that_does_not_end_is_killed() {
    let options = Options { init: Init::Shell, ..Options::default() };
    let container = Container::create(&image(), "endless", &options).unwrap();
    let limit = Duration::from_millis(500);
    let error = container.exec_within(&["sleep", "1000"], None, limit).unwrap_err();
    assert!(error.to_string().contains("killed"), "{error}");
}

#[test]
fn a_stopped_container_is_made_without_starting_it() {
    let options = Options { stopped: true, ..Options::default() };
    let container = Container::create(&image(), "stopped", &options).unwrap();
    assert_eq!(container.state().unwrap(), "STOPPED");
}

#[test]
fn what_a_dead_process_left_behind_is_removed() {
    // This process plays the dead one: it makes the folder without holding the lock.
    let folder = std::path::Path::new("/var/lib/lxc/phx-leftover-test");
    std::fs::create_dir_all(folder.join("rootfs")).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_stopped_container_is_made_without_starting_it"])
        .status()
        .unwrap();
    assert!(status.success());
    assert!(!folder.exists());
}
