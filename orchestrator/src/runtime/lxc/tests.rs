use std::{fs, os::unix::fs::MetadataExt};

use phoenix_sdk::Others;

use super::{Edit, Lxc, Runtime};

fn host(containers: &[(&str, &str)]) -> (tempfile::TempDir, Lxc) {
    let folder = tempfile::tempdir().unwrap();
    for (name, config) in containers {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("config"), config).unwrap();
    }
    fs::create_dir(folder.path().join("no-container")).unwrap();
    let lxc = Lxc::new(folder.path().to_str().unwrap());
    (folder, lxc)
}

#[test]
fn containers_are_folders_with_a_configuration() {
    let (_folder, lxc) = host(&[("web", "lxc.idmap = u 0 100000 65536\n"), ("db", "")]);
    assert_eq!(lxc.list().unwrap(), ["db", "web"]);
    let state = lxc.state("web").unwrap();
    assert!(state.unprivileged && !state.running && state.label.is_none());
    assert!(!lxc.state("db").unwrap().unprivileged);
    assert!(Lxc::new("/no/such/folder").list().unwrap().is_empty());
}

#[test]
fn an_unknown_name_gets_the_nearest() {
    let (_folder, lxc) = host(&[("web", ""), ("database", "")]);
    for (name, hint) in [
        ("wed", "Did you mean `web`?"),
        ("no-container", "Take one of these: `database`, `web`."),
        ("../web", "Take one of these: `database`, `web`."),
        ("", "Take one of these: `database`, `web`."),
    ] {
        let error = lxc.state(name).unwrap_err();
        assert_eq!((error.code.as_str(), error.kind.exit_code()), ("TARGET-UNKNOWN", 6));
        assert!(name == "../web" || error.hints == [hint], "{name}: {error:?}");
    }
}

#[test]
fn an_include_below_overrides_and_one_above_does_not() {
    let (folder, lxc) = host(&[]);
    let include = folder.path().join("nesting.conf");
    fs::write(&include, "lxc.apparmor.profile = theirs\nlxc.idmap = u 0 1 2\n").unwrap();
    let text = format!("lxc.apparmor.profile = ours\nlxc.include = {}\n", include.display());
    fs::create_dir(folder.path().join("c")).unwrap();
    fs::write(folder.path().join("c/config"), text).unwrap();
    let before = lxc.config("c").unwrap();
    assert_eq!(lxc.values(&before, "lxc.apparmor.profile"), ["ours", "theirs"]);
    let (key, value, others) = ("lxc.apparmor.profile", "ours", Others::Replaced);
    let after = lxc.edited(&before, Edit::Set { key, value, others }).unwrap();
    assert_eq!(lxc.values(&after, "lxc.apparmor.profile"), ["ours"]);
    assert!(lxc.state("c").unwrap().unprivileged);
}

#[test]
fn a_configuration_is_stored_as_it_was_owned() {
    let (folder, lxc) = host(&[("web", "a = 1\n")]);
    let before = lxc.config("web").unwrap();
    let seen = fs::metadata(&before.path).unwrap();
    let set = Edit::Set { key: "lxc.k", value: "v", others: Others::Kept };
    lxc.edit("web", &mut |now| lxc.edited(now, set)).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("web/config")).unwrap(), "a = 1\nlxc.k = v\n");
    assert_eq!(fs::metadata(&before.path).unwrap().mode(), seen.mode());
    let foreign = Edit::Set { key: "features", value: "fuse=1", others: Others::Merged };
    assert_eq!(lxc.edited(&before, foreign).unwrap_err().code, "OPTION-NOT-OF-LXC");
    // Somebody else writes in between, and nothing of it is lost.
    let mut first = true;
    lxc.edit("web", &mut |now| {
        if std::mem::take(&mut first) {
            fs::write(&now.path, "b = 2\n").unwrap();
        }
        lxc.edited(now, Edit::Set { key: "lxc.k", value: "w", others: Others::Replaced })
    })
    .unwrap();
    assert_eq!(fs::read_to_string(&before.path).unwrap(), "b = 2\nlxc.k = w\n");
    fs::write(&before.path, b"\xff").unwrap();
    assert_eq!(lxc.config("web").unwrap_err().code, "RUNTIME-FAILED");
}
