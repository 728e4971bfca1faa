//! May it be loaded, after everything was looked at? Pure.

use crate::config::Pins;

/// How the file stands to its pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    Absent,
    Fits,
    Differs,
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
    NotSigned,
    BadSignature,
}

/// A pin that is there has to fit, and where signers are named one of them has to have signed. A pin has
/// to be there if the policy says so; where it says nothing, outside a development checkout, unless a
/// signature stands in for it.
pub(super) fn decide(
    pins: Option<Pins>,
    pin: Pin,
    signature: Signature,
    in_checkout: bool,
) -> Result<(), Refusal> {
    if pin == Pin::Differs {
        return Err(Refusal::PinMismatch);
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
    if needed && pin == Pin::Absent { Err(Refusal::NotPinned) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: each policy, signature and place, with no pin, one that fits, and one that does not.
    #[test]
    fn every_case_is_decided() {
        let table = "\
            policy   signature place    none       fits       differs\n\
            required not-asked outside  NotPinned  yes        PinMismatch\n\
            required not-asked checkout NotPinned  yes        PinMismatch\n\
            required absent    outside  NotSigned  NotSigned  PinMismatch\n\
            required absent    checkout NotSigned  NotSigned  PinMismatch\n\
            required bad       outside  BadSignature BadSignature PinMismatch\n\
            required bad       checkout BadSignature BadSignature PinMismatch\n\
            required good      outside  NotPinned  yes        PinMismatch\n\
            required good      checkout NotPinned  yes        PinMismatch\n\
            optional not-asked outside  yes        yes        PinMismatch\n\
            optional not-asked checkout yes        yes        PinMismatch\n\
            optional absent    outside  NotSigned  NotSigned  PinMismatch\n\
            optional absent    checkout NotSigned  NotSigned  PinMismatch\n\
            optional bad       outside  BadSignature BadSignature PinMismatch\n\
            optional bad       checkout BadSignature BadSignature PinMismatch\n\
            optional good      outside  yes        yes        PinMismatch\n\
            optional good      checkout yes        yes        PinMismatch\n\
            silent   not-asked outside  NotPinned  yes        PinMismatch\n\
            silent   not-asked checkout yes        yes        PinMismatch\n\
            silent   absent    outside  NotSigned  NotSigned  PinMismatch\n\
            silent   absent    checkout NotSigned  NotSigned  PinMismatch\n\
            silent   bad       outside  BadSignature BadSignature PinMismatch\n\
            silent   bad       checkout BadSignature BadSignature PinMismatch\n\
            silent   good      outside  yes        yes        PinMismatch\n\
            silent   good      checkout yes        yes        PinMismatch";
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
            for (pin, expected) in [Pin::Absent, Pin::Fits, Pin::Differs].into_iter().zip(&row[3..])
            {
                let decided = match decide(pins, pin, signature, row[2] == "checkout") {
                    Ok(()) => "yes".to_owned(),
                    Err(refusal) => format!("{refusal:?}"),
                };
                assert_eq!(&decided, expected, "{row:?} {pin:?}");
            }
        }
    }
}
