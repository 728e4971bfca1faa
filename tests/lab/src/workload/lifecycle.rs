//! Restarts: of the daemon under a running container, and of the LXC container itself.

use anyhow::Result;
use std::time::Duration;

use super::case::How::{Host, Script};
use super::case::{Case, Verdict};
use crate::target::Target;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "daemon-restart",
        shows: "after a restart of dockerd a container comes back by its policy",
        needs: &["image"],
        how: Script(
            r#"docker run -d --name phx-always --label phx --restart always --network none $B \
                sh -c 'echo start >> /tmp/starts; exec sleep 1000000' >/dev/null
            live=$(docker info --format '{{.LiveRestoreEnabled}}')
            systemctl restart docker
            until_ok docker exec phx-always true
            is "$(docker exec phx-always wc -l /tmp/starts | cut -d' ' -f1)" $([ $live = true ] && echo 1 || echo 2) \
                'its starts'
            echo "live restore: $live""#,
        ),
    },
    Case {
        id: "reboot",
        shows: "after a restart of the LXC container Docker and its container come back by themselves",
        needs: &["daemon-restart"],
        how: Host(reboot),
    },
    Case {
        id: "systemd-again",
        shows: "systemd has booted this time as well, while the denials were watched",
        needs: &["reboot"],
        how: Script("systemd_is_up"),
    },
];

fn reboot(target: &Target) -> Result<Verdict> {
    let took = target.reboot()?;
    let wait = super::with_prelude(
        "until_ok docker exec phx-always true; docker exec phx-always wc -l /tmp/starts",
    );
    let output = target.script(&wait, Duration::from_secs(90))?;
    let settled = format!("settled after {:.1} s", took.as_secs_f64());
    Ok(if output.code == 0 {
        Verdict::Passed(settled)
    } else {
        Verdict::Failed(format!("{settled}; {}{}", output.stdout, output.stderr))
    })
}
