//! A container that stays: what is done to it while it runs.

use super::case::{Case, How::Script};

pub(super) const CASES: &[Case] = &[
    Case {
        id: "exec",
        shows: "a command runs in a running container, also in its working directory and as its user",
        needs: &["image"],
        how: Script(
            r#"docker run -d --name phx-live --label phx --network none $B sleep 1000000 >/dev/null
            is "$(docker exec -e A=b -w /tmp -u 12:34 phx-live sh -c 'echo $A $PWD $(id -u):$(id -g)')" \
                'b /tmp 12:34' 'the command'"#,
        ),
    },
    Case {
        id: "tty",
        shows: "a terminal is given to a new container and to a command in a running one",
        needs: &["exec"],
        how: Script(
            r#"out=$(script -qec "docker run --rm -it --network none $B tty" /dev/null </dev/null)
            has "$out" /dev/pts/ 'the new container'
            out=$(script -qec 'docker exec -it phx-live tty' /dev/null </dev/null)
            has "$out" /dev/pts/ 'the running container'"#,
        ),
    },
    Case {
        id: "inspect",
        shows: "top, stats, logs and update work on a running container",
        needs: &["exec"],
        how: Script(
            r#"has "$(docker top phx-live)" 'sleep 1000000' top
            has "$(docker stats --no-stream --format '{{.Name}} {{.PIDs}}' phx-live)" phx-live stats
            docker logs phx-live; docker update --memory 64m --memory-swap 64m phx-live >/dev/null
            is "$(docker exec phx-live cat /sys/fs/cgroup/memory.max)" 67108864 'the new limit'"#,
        ),
    },
    Case {
        id: "copy",
        shows: "files are copied into a running container and out of it",
        needs: &["exec"],
        how: Script(
            // Where the kernel has no fchmodat2 (before 6.6), Docker 28.5 changes the mode through a /proc that is not
            // in the root where it unpacks; seen unconfined and with LXC's own filter as well.
            r#"docker cp phx-live:/etc/passwd /var/tmp/phx-out; has "$(cat /var/tmp/phx-out)" root 'the file outside'
            rm /var/tmp/phx-out
            echo there > /var/tmp/phx-in
            if ! said=$(docker cp /var/tmp/phx-in phx-live:/tmp/in 2>&1); then
                rm /var/tmp/phx-in
                echo "$said"
                case $said in *'via /proc/self/fd/'*) ;; *) exit 1 ;; esac
                perl -e '$! = 0; syscall(452, -1, 0, 0, 0); exit($! != 38)' || exit 1
                echo 'out of it only: this Docker needs a kernel with fchmodat2 to copy into it'; exit 77
            fi
            rm /var/tmp/phx-in
            is "$(docker exec phx-live cat /tmp/in)" there 'the file inside'"#,
        ),
    },
    Case {
        id: "pause",
        shows: "a container is paused and goes on",
        needs: &["exec"],
        how: Script(
            r#"docker pause phx-live >/dev/null; is "$(docker inspect -f '{{.State.Status}}' phx-live)" paused 'the state'
            docker unpause phx-live >/dev/null; docker exec phx-live true"#,
        ),
    },
    Case {
        id: "stop-remove",
        shows: "a container is stopped, started again, killed and removed",
        needs: &["exec"],
        how: Script(
            r#"docker stop -t 1 phx-live >/dev/null; docker start phx-live >/dev/null
            docker kill phx-live >/dev/null; docker rm phx-live >/dev/null
            is "$(docker ps -aq --filter name=phx-live)" '' 'what is left'"#,
        ),
    },
    Case {
        id: "init",
        shows: "docker-init is bound in as process 1, and a signal ends it at once",
        needs: &["image"],
        how: Script(
            r#"docker run -d --name phx-init --label phx --init --network none $B sleep 1000000 >/dev/null
            is "$(docker exec phx-init cat /proc/1/comm)" docker-init 'process 1'
            docker stop -t 60 phx-init >/dev/null
            is "$(docker inspect -f '{{.State.ExitCode}}' phx-init)" 143 'the exit code'; docker rm phx-init >/dev/null"#,
        ),
    },
    Case {
        id: "health",
        shows: "a health check runs and is heard",
        needs: &["image"],
        how: Script(
            r#"docker run -d --name phx-health --label phx --network none --health-cmd true --health-interval 1s \
                $B sleep 1000000 >/dev/null
            until_ok sh -c 'docker inspect -f "{{.State.Health.Status}}" phx-health | grep -qx healthy'
            docker rm -f phx-health >/dev/null"#,
        ),
    },
];
