//! Messages of D-Bus: calls to bytes, and bytes to answers. Pure.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use zbus::{
    ObjectPath, Signature, Type, Variant, as_variant,
    wire::{
        BE, Endian, LE,
        serialized::{Context, Data},
        to_bytes,
    },
};

use super::Unanswered;

/// The largest message that is taken, in bytes.
pub(super) const LARGEST: usize = 1024 * 1024;

/// The largest array of header fields that is taken, in bytes: a value of one byte takes a hundred in memory.
const LARGEST_HEADER: usize = 4096;

/// What comes before the header's fields, with their length.
const FIXED: usize = 16;

/// A service that does not run is not to be started for our sake.
const NO_AUTO_START: u8 = 2;

/// A method of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Method<'a> {
    pub(super) destination: &'a str,
    pub(super) object: &'a str,
    pub(super) interface: &'a str,
    pub(super) name: &'a str,
}

type Header<'a> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Variant<'a>)>);

/// A call's bytes.
pub(super) fn call<A>(
    serial: u32,
    method: &Method<'_>,
    arguments: Option<&A>,
) -> Result<Vec<u8>, Unanswered>
where
    A: Serialize + Type,
{
    let odd = |error| Unanswered::because("a call cannot be written", error);
    let context = Context::new(LE, 0);
    let object = ObjectPath::try_from(method.object).map_err(odd)?;
    let mut fields = vec![
        (1_u8, Field::Object(object)),
        (2, Field::Text(method.interface)),
        (3, Field::Text(method.name)),
        (6, Field::Text(method.destination)),
    ];
    let mut body = Vec::new();
    if let Some(arguments) = arguments {
        body = to_bytes(context, arguments).map_err(odd)?.bytes().to_vec();
        fields.push((8, Field::Types(Types(A::SIGNATURE.to_string_no_parens()))));
    }
    let length =
        u32::try_from(body.len()).map_err(|_| Unanswered("a call is too long".to_owned()))?;
    let header = (b'l', 1_u8, NO_AUTO_START, 1_u8, length, serial, fields);
    let mut bytes = to_bytes(context, &header).map_err(odd)?.bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// A value in a call's header.
enum Field<'a> {
    Text(&'a str),
    Object(ObjectPath<'a>),
    Types(Types),
}

impl Type for Field<'_> {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => as_variant::Serialize(text).serialize(serializer),
            Self::Object(object) => as_variant::Serialize(object).serialize(serializer),
            Self::Types(types) => as_variant::Serialize(types).serialize(serializer),
        }
    }
}

/// The types of a body's values. A body is no structure, so there are no parentheses around them, which
/// [`Signature`] itself would write.
struct Types(String);

impl Type for Types {
    const SIGNATURE: &'static Signature = &Signature::Signature;
}

impl Serialize for Types {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A property's value, which says its type itself; any other type is an error.
pub(super) struct Property<T>(pub(super) T);

impl<T> Type for Property<T> {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl<'de, T: DeserializeOwned + Type + 'static> Deserialize<'de> for Property<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_variant::deserialize(deserializer).map(Self)
    }
}

/// What an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To the call with this serial number.
    Return(u32),
    /// To the call with this serial number: an error of this name.
    Error(u32, String),
    /// Nothing that was asked for.
    Other,
}

/// A message that has come.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: Kind,
    signature: Signature,
    body: Vec<u8>,
    endian: Endian,
}

/// How long the message is that begins here, once enough of it is there to tell.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Unanswered> {
    let Some(fixed) = bytes.first_chunk::<FIXED>() else { return Ok(None) };
    let number = |at: usize| {
        let four = [fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]];
        let number =
            if fixed[0] == b'l' { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) };
        usize::try_from(number).unwrap_or(usize::MAX)
    };
    if !matches!(fixed[0], b'l' | b'B') || fixed[3] != 1 {
        return Err(Unanswered("the bus speaks another protocol".to_owned()));
    }
    let (body, fields) = (number(4), number(12));
    if fields > LARGEST_HEADER || body > LARGEST {
        return Err(Unanswered("the bus sends a message that is too large".to_owned()));
    }
    Ok(Some((FIXED + fields).next_multiple_of(8) + body))
}

impl Message {
    /// Of exactly as many bytes as [`length`] said.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unanswered> {
        let odd = |error| Unanswered::because("the bus sends a broken message", error);
        let garbled = || Unanswered("the bus sends a message that lacks something".to_owned());
        let endian = if bytes.first() == Some(&b'l') { LE } else { BE };
        let data = Data::new(bytes, Context::new(endian, 0));
        let (header, end): (Header<'_>, usize) = data.deserialize().map_err(odd)?;
        let (_, kind, _, _, _, _, fields) = header;
        let (mut serial, mut name, mut signature) = (None, None, Signature::Unit);
        for (code, value) in fields {
            match (code, value) {
                (4, Variant::Str(value)) => name = Some(value.as_str().to_owned()),
                (5, Variant::U32(value)) => serial = Some(value),
                (8, Variant::Signature(value)) => signature = value,
                (4 | 5 | 8, _) => return Err(garbled()),
                _ => {}
            }
        }
        let body = bytes.get(end.next_multiple_of(8)..).ok_or_else(garbled)?.to_vec();
        let kind = match kind {
            2 => Kind::Return(serial.ok_or_else(garbled)?),
            3 => Kind::Error(serial.ok_or_else(garbled)?, name.ok_or_else(garbled)?),
            _ => Kind::Other,
        };
        Ok(Self { kind, signature, body, endian })
    }

    /// The body, if it is one value of exactly this type and nothing else.
    pub(super) fn value<T: DeserializeOwned + Type>(&self) -> Result<T, Unanswered> {
        if self.signature != *T::SIGNATURE {
            return Err(Unanswered(format!(
                "the bus answers with `{}` instead of `{}`",
                self.signature,
                T::SIGNATURE
            )));
        }
        let data = Data::new(self.body.as_slice(), Context::new(self.endian, 0));
        let read = data.deserialize_for_signature(T::SIGNATURE.clone());
        let (value, end): (T, usize) =
            read.map_err(|error| Unanswered::because("the bus sends a broken answer", error))?;
        if end != self.body.len() {
            return Err(Unanswered("the bus sends more than its answer".to_owned()));
        }
        Ok(value)
    }
}
