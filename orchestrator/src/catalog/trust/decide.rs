//! May it be loaded, after everything was looked at? Pure.

use crate::config::Pins;

/// How the file stands to its pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    Absent,
    Fits,
    Differs,
    /// plugins.toml has none, and the package that brought the file has its sum.
    Packaged,
    /// plugins.toml has none, and the package has the sum of another file.
    Repacked,
}

/// How the file stands to its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    /// The policy names no signers.
    NotAsked,
    Absent,
    Bad,
    Good,
}

/// Why it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotPinned,
    PinMismatch,
    PackageMismatch,
    NotSigned,
    BadSignature,
}

/// A pin that is there has to fit, and where signers are named one of them has to have signed. A pin has
/// to be there if the policy says so; where it says nothing, outside a development checkout, unless a
/// signature or the sum of the package stands in for it. The package's sum has to fit, too, and a policy that
/// demands pins demands the administrator's own.
pub(super) fn decide(
    pins: Option<Pins>,
    pin: Pin,
    signature: Signature,
    in_checkout: bool,
) -> Result<(), Refusal> {
    match pin {
        Pin::Differs => return Err(Refusal::PinMismatch),
        Pin::Repacked => return Err(Refusal::PackageMismatch),
        Pin::Absent | Pin::Fits | Pin::Packaged => {}
    }
    match signature {
        Signature::Absent => return Err(Refusal::NotSigned),
        Signature::Bad => return Err(Refusal::BadSignature),
        Signature::NotAsked | Signature::Good => {}
    }
    let needed = match pins {
        Some(Pins::Required) => true,
        Some(Pins::Optional) => false,
        None => !in_checkout && signature != Signature::Good,
    };
    let own = pins == Some(Pins::Required);
    match pin {
        Pin::Absent if needed => Err(Refusal::NotPinned),
        Pin::Packaged if own => Err(Refusal::NotPinned),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: each policy, signature and place, with no pin, one that fits, and one that does not; with the package's sum
    /// in the place of a pin, and with that of another file.
    #[test]
    fn every_case_is_decided() {
        let table = "\
            policy   signature place    none       fits       differs     packaged   repacked\n\
            required not-asked outside  NotPinned  yes        PinMismatch NotPinned  PackageMismatch\n\
            required not-asked checkout NotPinned  yes        PinMismatch NotPinned  PackageMismatch\n\
            required absent    outside  NotSigned  NotSigned  PinMismatch NotSigned  PackageMismatch\n\
            required absent    checkout NotSigned  NotSigned  PinMismatch NotSigned  PackageMismatch\n\
            required bad       outside  BadSignature BadSignature PinMismatch BadSignature PackageMismatch\n\
            required bad       checkout BadSignature BadSignature PinMismatch BadSignature PackageMismatch\n\
            required good      outside  NotPinned  yes        PinMismatch NotPinned  PackageMismatch\n\
            required good      checkout NotPinned  yes        PinMismatch NotPinned  PackageMismatch\n\
            optional not-asked outside  yes        yes        PinMismatch yes        PackageMismatch\n\
            optional not-asked checkout yes        yes        PinMismatch yes        PackageMismatch\n\
            optional absent    outside  NotSigned  NotSigned  PinMismatch NotSigned  PackageMismatch\n\
            optional absent    checkout NotSigned  NotSigned  PinMismatch NotSigned  PackageMismatch\n\
            optional bad       outside  BadSignature BadSignature PinMismatch BadSignature PackageMismatch\n\
            optional bad       checkout BadSignature BadSignature PinMismatch BadSignature PackageMismatch\n\
            optional good      outside  yes        yes        PinMismatch yes        PackageMismatch\n\
            optional good      checkout yes        yes        PinMismatch yes        PackageMismatch\n\
            silent   not-asked outside  NotPinned  yes        PinMismatch yes        PackageMismatch\n\
            silent   not-asked checkout yes        yes        PinMismatch yes        PackageMismatch\n\
            silent   absent    outside  NotSigned  NotSigned  PinMismatch NotSigned  PackageMismatch\n\
            silent   absent    checkout NotSigned  NotSigned  PinMismatch NotSigned  PackageMismatch\n\
            silent   bad       outside  BadSignature BadSignature PinMismatch BadSignature PackageMismatch\n\
            silent   bad       checkout BadSignature BadSignature PinMismatch BadSignature PackageMismatch\n\
            silent   good      outside  yes        yes        PinMismatch yes        PackageMismatch\n\
            silent   good      checkout yes        yes        PinMismatch yes        PackageMismatch";
        let rows: Vec<Vec<&str>> =
            table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), 3 * 4 * 2);
        for row in rows {
            let pins = match row[0] {
                "required" => Some(Pins::Required),
                "optional" => Some(Pins::Optional),
                _ => None,
            };
            let signature = match row[1] {
                "not-asked" => Signature::NotAsked,
                "absent" => Signature::Absent,
                "bad" => Signature::Bad,
                _ => Signature::Good,
            };
            let all = [Pin::Absent, Pin::Fits, Pin::Differs, Pin::Packaged, Pin::Repacked];
            assert_eq!(row.len(), 3 + all.len());
            for (pin, expected) in all.into_iter().zip(&row[3..]) {
                let decided = match decide(pins, pin, signature, row[2] == "checkout") {
                    Ok(()) => "yes".to_owned(),
                    Err(refusal) => format!("{refusal:?}"),
                };
                assert_eq!(&decided, expected, "{row:?} {pin:?}");
            }
        }
    }
}
