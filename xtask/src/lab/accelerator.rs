//! What runs the virtual machine's instructions: the processor itself, or QEMU.

use std::process::Command;
use std::time::Duration;

use crate::process;

/// How QEMU runs the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    /// The processor does, through the kernel.
    Kvm,
    /// QEMU translates every instruction; about ten times slower.
    Emulation,
}

impl Accelerator {
    /// The best one that works here. That `/dev/kvm` is there proves nothing: under some hypervisors it
    /// can be opened, and fails when the first guest starts. So one is started: its firmware greets.
    pub(super) fn probe() -> Self {
        let kvm = Self::Kvm;
        let mut command = Command::new("qemu-system-x86_64");
        command.args(kvm.words()).args(["-machine", "q35", "-nodefaults", "-display", "none"]);
        command.args(["-no-reboot", "-chardev", "stdio,id=log,signal=off"]);
        command.args(["-device", "isa-debugcon,iobase=0x402,chardev=log"]);
        // It never ends by itself, so success is an end by the time limit with the greeting before it.
        let greeted = match process::capture(&mut command, None, Duration::from_secs(2)) {
            Ok(output) => output.stdout.contains("SeaBIOS"),
            Err(error) => error.to_string().contains("SeaBIOS"),
        };
        if greeted { kvm } else { Self::Emulation }
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
