//! The step `container-options`: the container's configuration has these options, each of them whole.
//!
//! It is for what a site has of its own: a graphics card, a limit, a variable. What it does not do: bring folders of
//! the host into a container, for a step of its scope cannot; and what other steps look after, for they would
//! take it back. It never restarts a container: whether a running one was started with an option
//! cannot be told of most of them.

mod mounted;
mod params;
mod worlds;

use phoenix_sdk::{
    Change, CheckReport, Code, Context, Evidence, Kind, Machine, Manager, Meta, Others, Probe,
    Result, Scope, Step, VerifyReport, Wanted, World, change::properties, export_step, shown,
};

use params::{Opt, Params, Settings};

const FEATURES: &str = "features";
const PROBES: &[Probe] = &[mounted::MOUNTS];
const CODES: &[Code] = &[params::OF_ANOTHER_STEP];

#[derive(Default)]
struct ContainerOptions;

export_step!(ContainerOptions);

impl Step for ContainerOptions {
    type Params = Params;

    const META: Meta = Meta::with(
        "container-options",
        env!("CARGO_PKG_VERSION"),
        Scope::Container,
        "The container's configuration has options of your own",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, params: &Params) -> Result<CheckReport> {
        let settings = params.settings()?;
        let machine = cx.machine();
        let changes = changes(cx, &settings);
        // A plan says it too, and not only the run that would be stopped.
        changes.iter().try_for_each(|change| Self::META.allows(change))?;
        let wanted = changes.into_iter().fold(Wanted::on(machine), Wanted::change);
        let mut report = wanted.into_report()?;
        if cx.manager() == Manager::Lxc && !settings.features.is_empty() {
            report.notes.push(format!(
                "plain LXC has no `{FEATURES}`, so `{}` means nothing here",
                shown::sentence(&settings.features.join(","))
            ));
        }
        if machine.container()?.running {
            if !report.changes.is_empty() {
                let late =
                    "what is changed here takes effect when the container is started the next time";
                report = report.warning(late);
            }
            report.warnings.extend(mounted::missing(cx, &settings.options, &report.changes)?);
        }
        Ok(report)
    }

    fn verify(&self, cx: &Context<'_>, params: &Params) -> Result<VerifyReport> {
        let settings = params.settings()?;
        let machine = cx.machine();
        let mut report = VerifyReport::default();
        for option in &settings.options {
            let piece = option.first_piece().filter(|_| cx.manager() == Manager::Pve);
            report = report.with(has_option(&machine, option, piece)?);
        }
        if cx.manager() == Manager::Pve && !settings.features.is_empty() {
            report = report.with(has_features(&machine, &settings.features.join(","))?);
        }
        if report.evidence.is_empty() {
            // For containers without options of their own, where the step is in a feature's list.
            let none = "no option";
            let how = "the step's parameters for this container";
            report = report.with(Evidence::equal("nothing is asked for here", how, none, none));
        }
        Ok(report)
    }

    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

/// All that is wanted, as changes.
fn changes(cx: &Context<'_>, settings: &Settings) -> Vec<Change> {
    let why = "it is asked for in this container's options";
    let mut changes: Vec<Change> = settings
        .options
        .iter()
        .map(|Opt { key, value, others }| {
            let (key, value) = (key.clone(), value.clone());
            Change::new(Kind::ContainerOption { key, value, others: *others }).because(why)
        })
        .collect();
    // The scripts ran on Proxmox and nowhere else.
    if cx.manager() == Manager::Pve {
        changes.extend(settings.options.iter().filter_map(|option| {
        let (key, value) = (option.key.clone(), option.first_piece()?.to_owned());
        let why = "a script split the option at its blanks, and with this piece the container does not start";
        Some(Change::new(Kind::ContainerOptionAbsent { key, value }).because(why))
    }));
    }
    if cx.manager() == Manager::Pve && !settings.features.is_empty() {
        let (key, value) = (FEATURES.to_owned(), settings.features.join(","));
        let kind = Kind::ContainerOption { key, value, others: Others::Merged };
        changes.push(Change::new(kind).because(why));
    }
    changes
}

/// Each value is looked up by itself, as the next start will find it.
fn has_option(machine: &Machine<'_>, option: &Opt, piece: Option<&str>) -> Result<Evidence> {
    let Opt { key, value, others } = option;
    let values = machine.container_option(key)?;
    let split = piece.is_some_and(|piece| values.iter().any(|value| value == piece));
    let holds = match others {
        _ if split => false,
        Others::Kept => values.contains(value),
        Others::Replaced | Others::Merged => values.last() == Some(value) && values.len() == 1,
    };
    Ok(Evidence {
        claim: format!("the next start has `{}` with exactly this value", shown::name(key)),
        how: "the container's configuration".to_owned(),
        expected: shown::sentence(value),
        observed: if holds { shown::sentence(value) } else { shown::sentence(&values.join("; ")) },
        holds,
    })
}

fn has_features(machine: &Machine<'_>, wanted: &str) -> Result<Evidence> {
    let values = machine.container_option(FEATURES)?;
    let present = values.last().map_or("", String::as_str);
    Ok(Evidence {
        claim: "the next start has these `features`".to_owned(),
        how: "the container's configuration".to_owned(),
        expected: shown::sentence(wanted),
        observed: shown::sentence(present),
        holds: properties::missing(present, wanted).is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::{ContainerOptions, worlds};
    use phoenix_sdk::{
        Step as _,
        testing::{FakeHost, laws},
    };

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<ContainerOptions>() {
            panic!("{broken}");
        }
        if let Err(broken) = laws::hold_in(&ContainerOptions, worlds::out_of_scope()) {
            panic!("{broken}");
        }
    }

    #[test]
    fn what_is_written_and_not_mounted_is_said_each_time() {
        let warnings = |change: fn(&mut phoenix_sdk::World)| {
            let mut world = worlds::converged("converged");
            change(&mut world);
            let host = FakeHost::new(world, ContainerOptions::META);
            let input = host.input().unwrap();
            laws::Rehearsed::check(&ContainerOptions, &host, &input).unwrap().warnings
        };
        let late = warnings(|_| ());
        assert!(
            late.len() == 1 && late[0].starts_with("`/dev/nvidia0` is not mounted"),
            "{late:?}"
        );
        assert_eq!(
            warnings(|world| {
                world.host.files.clear();
            }),
            [""; 0]
        );
        assert_eq!(warnings(|world| world.state.running = false), [""; 0]);
        let mounted = warnings(|world| {
            let answer = &mut world.container.probes[0];
            answer.stdout = "/\n/dev/nvidia0\n".to_owned();
        });
        assert_eq!(mounted, [""; 0]);
        let untold = warnings(|world| world.container.probes.clear());
        assert!(untold[0].contains("cannot be told"), "{untold:?}");
    }
}
