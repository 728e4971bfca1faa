//! Two runs never work on one target at once.

use anyhow::Result;
use phoenix_tests::{Running, Workbench, packages, running::until};
use xtask::testbed::{Container, Image, Options, Release};

fn container(label: &str) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, &Options::default())
}

#[test]
fn a_second_run_names_the_first_or_waits_for_it() -> Result<()> {
    let (web, other) = (container("lock-web")?, container("lock-other")?);
    let bench = Workbench::with_repository_catalogue()?;
    packages::hold(&web)?;
    let words = |target| ["run", "--features", "docker", "--target", target, "--allow", "restart"];
    let first = Running::start(&bench, &words(web.name()))?;
    packages::until_held(&web)?;

    let refused = bench.run(&words(web.name()))?.expect_code(6)?;
    let said = refused.stdout();
    assert!(said.contains("error[TARGET-LOCKED]") && said.contains("--wait"), "{said}");
    assert!(said.contains(&format!("(process {}) since 20", first.pid())), "{said}");
    bench.run(&["verify", "--features", "docker", "--target", web.name()])?.expect_code(6)?;
    bench.run(&["plan", "--features", "docker", "--target", web.name()])?.expect_code(0)?;

    // What is locked costs its own units, and no others.
    let both = format!("{},{}", web.name(), other.name());
    let beside = bench.run(&words(&both))?.expect_code(6)?;
    assert!(beside.stdout().contains("TARGET-LOCKED"), "{}", beside.stdout());
    other.ok(&["sh", "-c", "command -v dockerd"])?;

    let waiting = [&words(web.name())[..], &["--wait", "600", "--verbose"]].concat();
    let second = Running::start(&bench, &waiting)?;
    let whom = format!("waiting for `{}`, which is in use by run `", web.name());
    until("the second run to wait", || Ok(second.so_far()?.contains(&whom)))?;
    packages::release(&web)?;
    first.wait()?.expect_code(0)?;
    let second = second.wait()?.expect_code(0)?;
    assert_eq!(second.stdout().matches(&whom).count(), 1, "{}", second.stdout());
    Ok(())
}
