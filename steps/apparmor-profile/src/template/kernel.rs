//! The kernel's own trees: /proc and /sys.

use super::Group;

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::allow(
            "proc-entries",
            "Processes read and set what the kernel keeps for them; ptrace rules and the user namespace guard the entries \
             of others.",
            &["@{PROC}/ r,", "@{PROC}/{[0-9]*,self,thread-self}/{,**} rw,"],
        ),
        Group::allow(
            "proc-information",
            "What tools and run-times read about the machine. Not kcore, kallsyms, kmsg, keys, timer_list, config.gz, \
             iomem, slabinfo's like, acpi, asound, scsi and whatever else is not listed.",
            &[
                "@{PROC}/{cgroups,cmdline,consoles,cpuinfo,crypto,devices,diskstats,filesystems,loadavg} r,",
                "@{PROC}/{locks,mdstat,meminfo,misc,modules,mounts,net,partitions,slabinfo,softirqs,stat} r,",
                "@{PROC}/{swaps,uptime,version,vmstat,zoneinfo} r,",
                "@{PROC}/{bus,driver,fs,irq,pressure,sys,sysvipc,tty}/{,**} r,",
            ],
        ),
        Group::allow(
            "proc-settings",
            "The settings that belong to a network, IPC or UTS namespace. Docker forwards packets and sets up its networks \
             through them, and `docker run --sysctl` sets them. runc since 1.3.3 would reach them through a proc that is mounted \
             nowhere, by paths that look like those of /sys; the seccomp filter makes it take these.",
            &[
                "@{PROC}/sys/net/** w,",
                "@{PROC}/sys/kernel/{msgmax,msgmnb,msgmni,sem,shm*} w,",
                "@{PROC}/sys/fs/mqueue/* w,",
            ],
        ),
        Group::allow(
            "sys-information",
            "What tools and run-times read about the machine. Not firmware, security, debug and tracing file systems.",
            &[
                "/sys/ r,",
                "/sys/{block,bus,class,dev,devices,hypervisor,module,power}/{,**} r,",
                "/sys/fs/{,**} r,",
                "/sys/kernel/{,*,cgroup/**,iommu_groups/**,mm/**} r,",
            ],
        ),
        Group::allow(
            "control-groups",
            "systemd, containerd and runc manage the control groups below the container's own.",
            &["/sys/fs/cgroup/{,**} rwk,"],
        ),
        Group::deny(
            "nesting-helpers",
            "LXC mounts these two trees only so that the kernel permits nested mounts of proc and sysfs. They have none of \
             the read-only mounts of /proc and /sys, and a volume of the root shows them at another place. A denial, \
             for the files of every other place are allowed.",
            &["deny /{,**/}dev/.lxc/{,**} rwklx,"],
        ),
        Group::deny(
            "proc-elsewhere",
            "A proc or sysfs that Docker mounts for a container, or that a volume of the root shows, has another path than \
             /proc or /sys. A denial, for the files of every other place are allowed; the names with nothing in front are \
             those of a tree that was unmounted while it was open.",
            &[
                "deny /{,**/proc/}{kcore,kallsyms,kmsg,keys,key-users,sysrq-trigger,timer_list,sched_debug} rwklmx,",
                "deny /**/sys/{firmware,kernel/debug,kernel/security,kernel/tracing}/{,**} rwklmx,",
                "deny /**/proc/sys/{abi,debug,dev,fs,kernel,sunrpc,user,vm}/** wkl,",
            ],
        ),
    ]
}
