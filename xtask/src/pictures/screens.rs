//! What is looked at: a story on one host, from a first plan to what is taken back. Data only.

use super::{
    stage::Happening,
    terminal::{Look, Moment, Shot, When},
};

/// A command, and in which terminals it is looked at.
pub(super) struct Scene {
    /// What has happened since the one before.
    pub(super) before: &'static [Happening],
    /// As it is typed.
    pub(super) command: &'static str,
    /// Each starts the command anew, so that only what changes nothing has several.
    pub(super) shots: &'static [Shot],
}

impl Scene {
    /// The names of its pictures.
    pub(super) fn pictures(&self) -> impl Iterator<Item = &'static str> {
        self.shots.iter().flat_map(|shot| shot.moments).map(|moment| moment.picture)
    }
}

const fn still(command: &'static str, shots: &'static [Shot]) -> Scene {
    Scene { before: &[], command, shots }
}

/// In a terminal of so many columns, when it has ended.
const fn end(columns: u16, look: Look, moments: &'static [Moment; 1]) -> Shot {
    Shot { columns, look, moments }
}

const fn at_the_end(picture: &'static str) -> [Moment; 1] {
    [Moment { when: When::Ended, answer: None, picture }]
}

/// In their order: each stands on what those before it did.
pub(super) const SCENES: &[Scene] = &[
    still("phoenix-orch doctor --target web", &[end(80, Look::Dark, &at_the_end("doctor"))]),
    still("phoenix-orch graph --features docker", &[end(80, Look::Dark, &at_the_end("graph"))]),
    still(
        "phoenix-orch plan --features docker --target web",
        &[
            end(80, Look::Dark, &at_the_end("plan-dark")),
            end(80, Look::Light, &at_the_end("plan-light")),
            end(60, Look::Dark, &at_the_end("plan-60")),
            end(140, Look::Dark, &at_the_end("plan-140")),
        ],
    ),
    still(
        "phoenix-orch plan --features docker --target web --ascii --color never",
        &[end(80, Look::Light, &at_the_end("plan-ascii"))],
    ),
    still(
        "phoenix-orch run --features docker --target web,db,ci",
        &[Shot {
            columns: 100,
            look: Look::Dark,
            moments: &[
                Moment { when: When::Says("[y/N]"), answer: Some("y"), picture: "run-question" },
                Moment { when: When::Says("docker.io"), answer: None, picture: "run-at-work" },
                Moment { when: When::Ended, answer: None, picture: "run-done" },
            ],
        }],
    ),
    still(
        "phoenix-orch run --features docker --target web,db,ci",
        &[end(80, Look::Dark, &at_the_end("run-again"))],
    ),
    Scene {
        before: &[Happening::AnotherDriver("db"), Happening::Stopped("ci")],
        command: "phoenix-orch status",
        shots: &[
            end(80, Look::Dark, &at_the_end("status-dark")),
            end(80, Look::Light, &at_the_end("status-light")),
            end(60, Look::Dark, &at_the_end("status-60")),
            end(140, Look::Dark, &at_the_end("status-140")),
        ],
    },
    still(
        "phoenix-orch status -v --ascii --color never",
        &[end(80, Look::Light, &at_the_end("status-ascii"))],
    ),
    still(
        "phoenix-orch plan --features docker --target db",
        &[end(80, Look::Light, &at_the_end("plan-difference"))],
    ),
    still(
        "phoenix-orch run --features docker --target web,db,ci </dev/null",
        &[end(80, Look::Dark, &at_the_end("run-failed"))],
    ),
    still("phoenix-orch runs list", &[end(80, Look::Dark, &at_the_end("runs-list"))]),
    still(
        "phoenix-orch verify --features docker --target web -v",
        &[end(80, Look::Dark, &at_the_end("verify"))],
    ),
    Scene {
        before: &[Happening::Misspelled],
        command: "phoenix-orch config check",
        shots: &[
            end(80, Look::Dark, &at_the_end("mistake-dark")),
            end(80, Look::Light, &at_the_end("mistake-light")),
            end(60, Look::Dark, &at_the_end("mistake-60")),
        ],
    },
    Scene {
        before: &[Happening::Corrected],
        command: "phoenix-orch plan --features dokcer --target web",
        shots: &[end(80, Look::Dark, &at_the_end("mistake-name"))],
    },
    still("phoenix-orch explain TARGET-STOPPED", &[end(80, Look::Dark, &at_the_end("explain"))]),
    still("phoenix-orch status --help", &[end(80, Look::Dark, &at_the_end("help"))]),
    still(
        "phoenix-orch rollback last --target db",
        &[Shot { columns: 80, look: Look::Light, moments: &at_the_end("rollback") }],
    ),
];
