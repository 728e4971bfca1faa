//! Limits and sysctls of containers.

use super::case::{Case, How::Script};

pub(super) const CASES: &[Case] = &[
    Case {
        id: "memory",
        shows: "a memory limit is seen inside and enforced",
        needs: &["image"],
        how: Script(
            r#"code=0
            out=$(run -m 32m --memory-swap 32m $B sh -c 'cat /sys/fs/cgroup/memory.max
                exec perl -e "print qq(begun\n); \$x .= q(x) x 1000000 for 1..200; print qq(survived\n)"') || code=$?
            has "$out" 33554432 'the limit'; is $code 137 'the exit code of a container that wants more'"#,
        ),
    },
    Case {
        id: "pids",
        shows: "a limit of processes is seen inside and enforced, beside a CPU limit",
        needs: &["image"],
        how: Script(
            r#"out=$(run --pids-limit 6 --cpus 0.9 --ulimit nofile=77 $B sh -c 'cat /sys/fs/cgroup/pids.max; ulimit -n
                perl -e "for (1..12) { \$p = fork; defined \$p or do { print qq(refused\n); last }; \$p or sleep 3, exit }"')
            is "$(echo $out)" '6 77 refused' 'the limits'"#,
        ),
    },
    Case {
        id: "sysctl-net",
        shows: "a sysctl of the network namespace is set, and a user without capabilities opens a low port",
        needs: &["image"],
        how: Script(
            r#"is "$(run --sysctl net.ipv4.ip_unprivileged_port_start=0 --user 99 --cap-drop ALL $B \
                perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalPort => 80, Listen => 1) ? "ok" : $!')" ok \
                'the port'"#,
        ),
    },
    Case {
        id: "sysctl-ipc",
        shows: "sysctls of the IPC namespace are set: kernel.msgmax and kernel.shm_rmid_forced",
        needs: &["image"],
        how: Script(
            r#"out=$(run --sysctl kernel.msgmax=7777 --sysctl kernel.shm_rmid_forced=1 $B \
                cat /proc/sys/kernel/msgmax /proc/sys/kernel/shm_rmid_forced)
            is "$(echo $out)" '7777 1' 'the sysctls'"#,
        ),
    },
    Case {
        id: "sysctl-mqueue",
        shows: "sysctls of message queues are set: fs.mqueue.msg_max",
        needs: &["image"],
        how: Script(
            r#"owner=$(run $B stat -c %u /proc/sys/fs/mqueue/msg_max)
            if [ "$owner" != 0 ]; then
                echo "this kernel gives fs.mqueue to the host's root only"; exit 77
            fi
            is "$(run --sysctl fs.mqueue.msg_max=12 $B cat /proc/sys/fs/mqueue/msg_max)" 12 'the sysctl'"#,
        ),
    },
];
