//! What a run did can be taken back, on a real container.

use anyhow::Result;
use phoenix_tests::{Workbench, listing::restorable};
use xtask::testbed::{Container, Image, Options, Release};

#[test]
fn run_and_rollback_twice_come_back_to_the_same_state() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "rollback", &Options::default())?;
    container.write_file("/etc/docker/daemon.json", b"{\n  \"debug\": true\n}\n", 0o640)?;
    let bench = Workbench::with_repository_catalogue()?;
    let run = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    let packages = || container.ok(&["dpkg-query", "-W", "-f=${Package} ${Version} ${Status}\\n"]);
    let (before, had) = (restorable(&container)?, packages()?);
    for _ in 0..2 {
        bench.run(&run)?.expect_code(0)?;
        let plan = bench.run(&["rollback", "last", "--plan"])?.expect_code(0)?;
        println!("{}", plan.stdout());
        let back = bench.run(&["rollback", "last", "--allow", "restart"])?.expect_code(0)?;
        println!("{}", back.stdout());
        assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
        assert_eq!(packages()?, had);
    }
    Ok(())
}
