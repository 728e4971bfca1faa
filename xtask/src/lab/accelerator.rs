//! What runs the virtual machine's instructions: the processor itself, or QEMU.

use std::{path::Path, process::Command, time::Duration};

use crate::process;

/// A kernel misses its root within a second on a processor, and within seven in software.
const PATIENCE: Duration = Duration::from_secs(10);

/// How QEMU runs the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    /// The processor does, through the kernel.
    Kvm,
    /// QEMU translates every instruction; about ten times slower.
    Emulation,
}

impl Accelerator {
    /// The best one that works here. That `/dev/kvm` is there proves nothing: under some hypervisors it can be opened, and
    /// fails when the first guest starts, or runs the guest's firmware and hangs in its kernel. So this kernel is started with nothing
    /// else: it comes as far as to miss its root, and panics.
    pub(super) fn probe(kernel: &Path) -> Self {
        let kvm = Self::Kvm;
        let mut command = Command::new("qemu-system-x86_64");
        command.args(kvm.words()).args(["-machine", "q35", "-nodefaults", "-display", "none"]);
        command.args(["-m", "512", "-no-reboot", "-chardev", "stdio,id=log,signal=off"]);
        command.args(["-serial", "chardev:log", "-append", "console=ttyS0 panic=-1"]);
        command.arg("-kernel").arg(kernel);
        match process::capture(&mut command, None, PATIENCE) {
            Ok(output) if output.stdout.contains("Kernel panic") => kvm,
            _ => Self::Emulation,
        }
    }

    /// The words for QEMU's command line.
    pub(super) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Kvm => &["-accel", "kvm", "-cpu", "host"],
            Self::Emulation => &["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"],
        }
    }

    /// For the person who waits.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Kvm => "with KVM",
            Self::Emulation => "emulated in software, for KVM does not work here",
        }
    }
}
