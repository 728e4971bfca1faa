//! Proxmox's backup jobs that freeze a running container. Pure reading of `/etc/pve/jobs.cfg`, and of what
//! older versions wrote for cron.

use std::collections::BTreeSet;

use phoenix_sdk::shown;

use super::{
    finding::{Condition, Finding, Severity},
    look::{Known, Look},
};

const JOBS: &str = "/etc/pve/jobs.cfg";
const CRON: &str = "/etc/cron.d/vzdump";
const DEFAULTS: &str = "/etc/vzdump.conf";
const POOLS: &str = "/etc/pve/user.cfg";
const NODE: &str = "/proc/sys/kernel/hostname";
pub(super) const PATHS: [&str; 5] = [JOBS, CRON, DEFAULTS, POOLS, NODE];

pub(super) const BACKUPS: Condition = Condition::new(
    "DOCTOR-BACKUPS",
    "A backup in mode `snapshot` or `suspend` freezes the container and then waits until its file systems are \
     written. A FUSE file system whose process is frozen never answers: the backup and the container hang. Proxmox \
     advises against FUSE in containers for this reason.",
    "Set the job's mode to `stop`, leave the container out of it, or use `overlay2` in this container \
     (`storage_driver` under `[plugins.apparmor-profile.params]`).",
    None,
);

/// The jobs of this host that freeze what they back up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Jobs(Vec<Job>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Job {
    name: String,
    mode: Option<String>,
    disabled: bool,
    node: Option<String>,
    all: bool,
    excluded: BTreeSet<String>,
    guests: BTreeSet<String>,
    pool: Option<String>,
}

impl Job {
    fn set(&mut self, key: &str, value: &str) {
        match key {
            "mode" => self.mode = Some(value.to_owned()),
            "enabled" => self.disabled = value == "0",
            "node" => self.node = Some(value.to_owned()),
            "all" => self.all = value != "0",
            "exclude" => self.excluded.extend(list(value)),
            "vmid" => self.guests.extend(list(value)),
            "pool" => self.pool = Some(value.to_owned()),
            _ => {}
        }
    }
}

fn list(text: &str) -> impl Iterator<Item = String> {
    text.split([',', ';', ' ']).filter(|word| !word.is_empty()).map(str::to_owned)
}

impl Jobs {
    /// From what was seen on the host. Without Proxmox there are none.
    pub(super) fn read(look: &Look) -> Known<Self> {
        let text = |path| Ok::<_, String>(look.text(path)?.unwrap_or_default());
        let mut jobs = from_sections(&text(JOBS)?);
        jobs.extend(from_cron(&text(CRON)?));
        if jobs.is_empty() {
            return Ok(Self::default());
        }
        let (defaults, pools, node) = (text(DEFAULTS)?, text(POOLS)?, text(NODE)?);
        let node = node.trim();
        let node = node.split('.').next().unwrap_or(node);
        let usual = defaults.lines().find_map(|line| line.trim().strip_prefix("mode:"));
        let usual = usual.map_or("snapshot", str::trim);
        jobs.retain(|job| {
            let mode = job.mode.as_deref().unwrap_or(usual);
            !job.disabled && mode != "stop" && job.node.as_deref().is_none_or(|at| at == node)
        });
        for job in &mut jobs {
            job.mode.get_or_insert_with(|| usual.to_owned());
            if let Some(pool) = &job.pool {
                job.guests.extend(members(&pools, pool));
            }
        }
        Ok(Self(jobs))
    }

    /// Those that freeze this container, by name and mode.
    fn freezing(&self, container: &str) -> Vec<String> {
        let covers = |job: &&Job| {
            (job.all && !job.excluded.contains(container)) || job.guests.contains(container)
        };
        let shown = |job: &Job| {
            let mode = job.mode.as_deref().unwrap_or_default();
            format!("job `{}` has mode `{}`", shown::name(&job.name), shown::name(mode))
        };
        self.0.iter().filter(covers).map(shown).collect()
    }
}

/// Sections of `vzdump: NAME`, their keys indented.
fn from_sections(text: &str) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            // An empty line ends a section, and any other begins one.
            inside = false;
            if let Some(name) = line.strip_prefix("vzdump:") {
                jobs.push(Job { name: name.trim().to_owned(), ..Job::default() });
                inside = true;
            }
        } else if let (true, Some(job), Some((key, value))) =
            (inside, jobs.last_mut(), line.trim().split_once(char::is_whitespace))
        {
            job.set(key, value.trim());
        }
    }
    jobs
}

/// Lines of a crontab: `0 2 * * 6 root vzdump 100 101 --mode snapshot`.
fn from_cron(text: &str) -> Vec<Job> {
    let mut jobs = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let mut words = line.split_whitespace();
        if !words.any(|word| word == "vzdump" || word.ends_with("/vzdump")) {
            continue;
        }
        let mut job = Job { name: CRON.to_owned(), ..Job::default() };
        let words: Vec<&str> = words.collect();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            match word.trim_start_matches('-').split_once('=') {
                _ if word.chars().all(|c| c.is_ascii_digit()) => {
                    job.guests.insert((*word).to_owned());
                }
                Some((key, value)) => job.set(key, value),
                None if word.starts_with('-') => {
                    job.set(
                        word.trim_start_matches('-'),
                        words.get(at).copied().unwrap_or_default(),
                    );
                    at += 1;
                }
                None => {}
            }
        }
        jobs.push(job);
    }
    jobs
}

/// The guests of a pool: `pool:NAME:COMMENT:100,101:STORAGES:`.
fn members(text: &str, pool: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split(':').collect();
            match words[..] {
                ["pool", name, _, guests, ..] if name == pool => Some(list(guests)),
                _ => None,
            }
        })
        .flatten()
        .collect()
}

/// What the jobs mean to a container, by whether it has FUSE now or is to get it.
pub(super) fn judge(jobs: &Known<Jobs>, container: &str, fuse: bool, wanted: bool) -> Vec<Finding> {
    let freezing = match jobs {
        Ok(jobs) => jobs.freezing(container),
        Err(cause) => return vec![BACKUPS.unknown(cause)],
    };
    if freezing.is_empty() {
        return vec![BACKUPS.fine("no backup job of this host freezes the container")];
    }
    let (severity, what) = match (fuse, wanted) {
        (true, _) => {
            (Severity::Warns, "a backup job freezes this container, which has FUSE: both may hang")
        }
        (false, true) => (
            Severity::Advice,
            "a backup job freezes this container, and would hang with fuse-overlayfs in it",
        ),
        (false, false) => {
            (Severity::Fine, "a backup job freezes this container, which has no FUSE")
        }
    };
    let finding = BACKUPS.finds(severity, what);
    vec![freezing.iter().fold(finding, |finding, job| finding.seen(job))]
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Severity, Jobs, Look, PATHS, judge};

    const SECTIONS: &str = "vzdump: backup-nightly\n\tschedule 21:00\n\tall 1\n\texclude 105,106\n\tmode snapshot\n\n\
        vzdump: backup-stop\n\tvmid 105\n\tmode stop\n\n\
        vzdump: backup-off\n\tenabled 0\n\tvmid 105\n\n\
        vzdump: backup-elsewhere\n\tnode pve2\n\tvmid 105\n\n\
        vzdump: backup-pool\n\tpool web\n\tmode suspend\n\n\
        realm-sync: other\n\tvmid 105\n";

    fn freezing(jobs: &str, cron: &str, defaults: &str, container: &str) -> Vec<String> {
        let look = Look::default()
            .with(PATHS[0], jobs)
            .with(PATHS[1], cron)
            .with(PATHS[2], defaults)
            .with(PATHS[3], "user:root@pam:1:0:::x::\npool:web:the web:106,107:local:\n")
            .with(PATHS[4], "pve1.example.org\n");
        Jobs::read(&look).unwrap().freezing(container)
    }

    #[test]
    fn jobs_that_cover_a_container_and_freeze_it() {
        assert_eq!(freezing(SECTIONS, "", "", "101"), ["job `backup-nightly` has mode `snapshot`"]);
        assert_eq!(freezing(SECTIONS, "", "", "105"), [""; 0]);
        assert_eq!(freezing(SECTIONS, "", "", "106"), ["job `backup-pool` has mode `suspend`"]);
        let cron = "PATH=/usr/bin\n#0 1 * * * root vzdump 102\n\
            0 2 * * 6 root vzdump 100 101 --quiet 1 --mode=snapshot --storage 103\n";
        assert_eq!(freezing("", cron, "", "101").len(), 1);
        assert_eq!(freezing("", cron, "", "102"), [""; 0], "a comment");
        assert_eq!(freezing("", cron, "", "103"), [""; 0], "the value of an option");
        let plain = "vzdump: plain\n\tnode pve1\n\tvmid 1,2\n";
        assert_eq!(freezing(plain, "", "", "2"), ["job `plain` has mode `snapshot`"]);
        assert_eq!(freezing(plain, "", "tmpdir: /t\nmode: stop\n", "2"), [""; 0]);
    }

    #[test]
    fn by_what_the_container_has() {
        let jobs = Jobs::read(&Look::default().with(PATHS[0], SECTIONS).without(&PATHS[1..]));
        for (container, fuse, wanted, severity) in [
            ("101", true, true, Severity::Warns),
            ("101", false, true, Severity::Advice),
            ("101", false, false, Severity::Fine),
            ("105", true, true, Severity::Fine),
        ] {
            assert_eq!(judge(&jobs, container, fuse, wanted)[0].severity, severity);
        }
        let unread = Err("no quorum".to_owned());
        assert_eq!(judge(&unread, "101", true, true)[0].severity, Severity::Warns);
    }
}
