//! Volumes, binds and the ways in which a root file system is given to a container.

use super::case::{Case, How::Script};

pub(super) const CASES: &[Case] = &[
    Case {
        id: "volume",
        shows: "a named volume is written by one container and read by the next",
        needs: &["image"],
        how: Script(
            r#"docker volume create --label phx phx-volume >/dev/null
            run -v phx-volume:/v $B sh -c 'echo kept > /v/file'
            is "$(run -v phx-volume:/v:ro $B sh -c 'cat /v/file; touch /v/x 2>/dev/null && echo writable; true')" kept \
                'the volume'
            docker volume rm phx-volume >/dev/null"#,
        ),
    },
    Case {
        id: "bind",
        shows: "a folder and a file are bound in, read-write and read-only",
        needs: &["image"],
        how: Script(
            r#"d=$(mktemp -d -p /var/tmp); echo file > $d/file; mkdir $d/dir
            run -v $d/dir:/dir -v $d/file:/etc/bound:ro $B sh -c 'cat /etc/bound > /dir/copy; ! touch /etc/bound 2>/dev/null'
            is "$(cat $d/dir/copy)" file 'what was written'; rm -r $d"#,
        ),
    },
    Case {
        id: "root-volume",
        shows: "the LXC container's whole root is a volume, as backup and monitoring containers have it",
        needs: &["image"],
        how: Script(r#"has "$(run -v /:/host:ro $B cat /host/etc/os-release)" ID= 'the file'"#),
    },
    Case {
        id: "tmpfs",
        shows: "a tmpfs with size and mode is mounted",
        needs: &["image"],
        how: Script(
            r#"out=$(run --tmpfs /scratch:size=4m,mode=1777 --shm-size 8m $B sh -c 'touch /scratch/x && cat /proc/self/mounts')
            has "$(echo "$out" | grep ' /scratch ')" size=4096k 'the tmpfs'
            has "$(echo "$out" | grep ' /dev/shm ')" size=8192k 'the shared memory'"#,
        ),
    },
    Case {
        id: "read-only",
        shows: "a container runs with a read-only root and writes to its tmpfs",
        needs: &["image"],
        how: Script(
            r#"out=$(run --read-only --tmpfs /tmp $B sh -c 'touch /x 2>/dev/null || echo root-no; touch /tmp/x && echo tmp-yes')
            is "$(echo $out)" 'root-no tmp-yes' 'the writes'"#,
        ),
    },
    Case {
        id: "user",
        shows: "a container runs as a user, without capabilities and new privileges",
        needs: &["image"],
        how: Script(
            r#"out=$(run --user 1234:5678 --cap-drop ALL --security-opt no-new-privileges $B \
                sh -c 'id -u; id -g; grep -E "CapEff|NoNewPrivs" /proc/self/status; touch /x 2>/dev/null || echo no')
            is "$(echo $out)" '1234 5678 CapEff: 0000000000000000 NoNewPrivs: 1 no' 'the user'"#,
        ),
    },
    Case {
        id: "layers",
        shows: "lower layers are seen, changed, whited out, linked and renamed through the storage driver",
        needs: &["build"],
        how: Script(
            // A folder of a lower layer cannot be renamed on any overlay, so a file is.
            r#"run phx-built sh -ec 'echo more >> /three; chmod 600 /one; ln /two /linked; mkdir /new; mv /two /new/two
                perl -e "symlink q(/one), q(/s) or die; chown 7, 8, q(/three) or die; utime 1, 2, q(/three) or die"
                rm /etc/group; [ "$(cat /s)" = one ] && [ ! -e /etc/group ] && [ -s /new/two ] && [ ! -e /two ]
                stat -c %u:%g:%Y /three | grep -qx 7:8:2'"#,
        ),
    },
];
