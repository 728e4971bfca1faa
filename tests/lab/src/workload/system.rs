//! Systemd and its sandboxed services.

use super::case::{Case, How::Script};

pub(super) const CASES: &[Case] = &[
    Case {
        id: "systemd",
        shows: "systemd boots, and no unit fails but those that fail in every unprivileged container",
        needs: &[],
        how: Script("systemd_is_up"),
    },
    Case {
        id: "private-tmp",
        shows: "a service runs with PrivateTmp, ProtectSystem=strict, ProtectHome and PrivateDevices",
        needs: &[],
        how: Script(
            r#"mark=/tmp/phx-mark; echo outside > $mark
            out=$(systemd-run --quiet --wait --pipe -p PrivateTmp=yes -p ProtectSystem=strict -p ProtectHome=yes \
                -p PrivateDevices=yes sh -c '
                [ ! -e /tmp/phx-mark ] && echo tmp-is-private; touch /tmp/x && echo tmp-works
                touch /etc/phx-x 2>/dev/null || echo etc-is-read-only; [ -z "$(ls -A /root)" ] && echo home-is-empty
                : > /dev/null && echo null-works')
            rm $mark
            is "$(echo $out)" 'tmp-is-private tmp-works etc-is-read-only home-is-empty null-works' 'the sandbox'"#,
        ),
    },
    Case {
        id: "protect-kernel",
        shows: "a service runs with ProtectKernelTunables, ProtectKernelModules, ProtectControlGroups and others",
        needs: &[],
        how: Script(
            r#"out=$(systemd-run --quiet --wait --pipe -p ProtectKernelTunables=yes -p ProtectKernelModules=yes \
                -p ProtectKernelLogs=yes -p ProtectControlGroups=yes -p ProtectClock=yes -p ProtectHostname=yes \
                -p LockPersonality=yes -p RestrictSUIDSGID=yes -p PrivateMounts=yes -p ReadOnlyPaths=/opt \
                -p InaccessiblePaths=/srv -p TemporaryFileSystem=/mnt -p BindReadOnlyPaths=/usr/bin:/media sh -c '
                mkdir /sys/fs/cgroup/phx 2>/dev/null || echo cgroups-are-read-only
                ls /srv >/dev/null 2>&1 || echo srv-is-closed; touch /mnt/x && echo mnt-works
                [ -x /media/env ] && echo bound; touch /opt/x 2>/dev/null || echo opt-is-read-only')
            has "$(echo $out)" 'cgroups-are-read-only' 'the sandbox'
            has "$(echo $out)" 'mnt-works bound opt-is-read-only' 'the sandbox'"#,
        ),
    },
    Case {
        id: "dynamic-user",
        shows: "a service runs under a user of its own with a state folder and private network",
        needs: &[],
        how: Script(
            // systemd locks the socket through which it hands out such users. Kernel 6.1 refuses that
            // to every confined process, whatever its profile allows; seen with a profile of `file,
            // network, unix, capability, mount, ...` and nothing else.
            r#"if ! perl -e 'use Socket; use Fcntl ":flock"; socketpair A, B, AF_UNIX, SOCK_DGRAM, 0 or die $!;
                exit !flock A, LOCK_EX | LOCK_NB'; then
                echo 'the AppArmor of this kernel lets no confined process lock a socket'; exit 77
            fi
            out=$(systemd-run --quiet --wait --pipe -p DynamicUser=yes -p StateDirectory=phx-state -p PrivateNetwork=yes \
                sh -c 'touch "$STATE_DIRECTORY/x" && echo state; [ "$(id -u)" -gt 60000 ] && echo user
                [ "$(ls /sys/class/net 2>/dev/null | tr -d "\n")" != eth0lo ] && echo network')
            rm -rf /var/lib/phx-state /var/lib/private/phx-state
            has "$(echo $out)" 'state user' 'the service'"#,
        ),
    },
    Case {
        id: "credentials",
        shows: "a service is handed a credential, which systemd lays on a ramfs that it moves into place",
        needs: &[],
        how: Script(
            r#"echo secret > /root/phx-secret
            out=$(systemd-run --quiet --wait --pipe -p LoadCredential=key:/root/phx-secret -p SetCredential=other:open \
                -p PrivateMounts=yes sh -c 'cat "$CREDENTIALS_DIRECTORY/key"; cat "$CREDENTIALS_DIRECTORY/other"')
            rm /root/phx-secret
            is "$(echo $out)" 'secret open' 'the credentials'"#,
        ),
    },
    Case {
        id: "login",
        shows: "a login session opens, and a user's own systemd manager starts",
        needs: &[],
        how: Script(
            r#"until_ok loginctl enable-linger root
            until_ok systemctl is-active user@0.service
            loginctl show-user root --property=State | grep -q '^State='
            loginctl disable-linger root"#,
        ),
    },
];
