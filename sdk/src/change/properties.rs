//! Lists of properties as Proxmox writes them: `nesting=1,keyctl=1,mount=nfs;cifs`. Pure.

/// Those of `wanted` that `present` has not, or with another value.
pub fn missing<'w>(present: &str, wanted: &'w str) -> Vec<&'w str> {
    let there: Vec<_> = each(present).map(split).collect();
    each(wanted).filter(|property| !there.contains(&split(property))).collect()
}

/// `present` with all of `wanted` in it: those that it has change their value where they stand, new ones
/// come behind, and all others stay as they are.
pub fn merged(present: &str, wanted: &str) -> String {
    let mut all: Vec<&str> = each(present).collect();
    for property in each(wanted) {
        let (name, value) = split(property);
        match all.iter().rposition(|have| split(have).0 == name) {
            Some(at) if split(all[at]).1 == value => {}
            Some(at) => all[at] = property,
            None => all.push(property),
        }
    }
    all.join(",")
}

fn each(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|property| !property.is_empty())
}

/// Name and value. A property without a value has an empty one.
fn split(property: &str) -> (&str, &str) {
    let (name, value) = property.split_once('=').unwrap_or((property, ""));
    (name.trim(), value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_properties_are_set_and_others_stay() {
        for (present, wanted, after) in [
            ("", "fuse=1", "fuse=1"),
            ("keyctl=1,nesting=1", "nesting=1,fuse=1", "keyctl=1,nesting=1,fuse=1"),
            ("nesting=0,mount=nfs;cifs", "nesting=1", "nesting=1,mount=nfs;cifs"),
            (" nesting = 1 , keyctl=1", "nesting=1", "nesting = 1,keyctl=1"),
            ("force_rw_sys=1", "", "force_rw_sys=1"),
            ("nesting=1,nesting=0", "nesting=1", "nesting=1,nesting=1"),
        ] {
            assert_eq!(merged(present, wanted), after, "{present} and {wanted}");
            assert!(missing(&merged(present, wanted), wanted).is_empty());
        }
        assert_eq!(missing("nesting=1,fuse=0", "fuse=1,nesting=1"), ["fuse=1"]);
    }
}
