//! Typed ids: a UUID inside, `prefix_` + 32 hexadecimal digits in text.
//!
//! New ids are UUIDv7, so that an index grows at its end. Text with another prefix is refused, so that a customer's
//! id pasted where an appointment's belongs is a clear error instead of a row that is not found.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not the id that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text does not begin with the prefix of this kind of id.
    #[error("expected an id that begins with `{expected}_`")]
    WrongPrefix {
        /// The prefix of the kind that was asked for, without the underscore.
        expected: &'static str,
    },
    /// What follows the prefix is not 32 hexadecimal digits.
    #[error("the part after `{prefix}_` is not 32 hexadecimal digits")]
    Malformed {
        /// The prefix of the kind that was asked for, without the underscore.
        prefix: &'static str,
    },
}

/// Defines a typed id: `define_id!(/** docs */ CallbackId, "cbk");`.
///
/// The type is `Copy`, ordered by time of creation, prints and serialises as `cbk_…` and parses only that.
#[macro_export]
macro_rules! define_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::macro_support::uuid::Uuid);

        impl $name {
            /// The prefix of this kind of id in text, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that is known to name this kind of thing.
            #[must_use]
            pub const fn from_uuid(uuid: $crate::macro_support::uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// A fresh id.
            #[must_use]
            pub fn generate(ids: &dyn $crate::IdGenerator) -> Self {
                Self(ids.next_uuid())
            }

            /// The UUID inside, for adapters that store it.
            #[must_use]
            pub const fn as_uuid(&self) -> $crate::macro_support::uuid::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::id::write_prefixed(f, $prefix, self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, $crate::IdError> {
                $crate::id::parse_prefixed($prefix, text).map(Self)
            }
        }

        impl $crate::macro_support::serde::Serialize for $name {
            fn serialize<S: $crate::macro_support::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::macro_support::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::macro_support::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as $crate::macro_support::serde::Deserialize>::deserialize(
                    deserializer,
                )?;
                text.parse().map_err($crate::macro_support::serde::de::Error::custom)
            }
        }
    };
}

#[doc(hidden)]
pub fn write_prefixed(f: &mut fmt::Formatter<'_>, prefix: &str, uuid: Uuid) -> fmt::Result {
    write!(f, "{prefix}_{}", uuid.simple())
}

#[doc(hidden)]
pub fn parse_prefixed(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let rest = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(IdError::WrongPrefix { expected: prefix })?;
    // `Uuid` also parses braces, hyphens and URNs; an id has exactly one spelling.
    if rest.len() != 32 || !rest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(IdError::Malformed { prefix });
    }
    Uuid::try_parse(rest).map_err(|_| IdError::Malformed { prefix })
}

define_id!(
    /// A company that uses the product. `cmp_…`, since a tenant is a company to those who see its id.
    TenantId,
    "cmp"
);
define_id!(
    /// One location of a company, with its own hours, staff and telephone number.
    BranchId,
    "brn"
);
define_id!(
    /// A service that can be booked.
    ServiceId,
    "svc"
);
define_id!(
    /// A person who performs services.
    StaffId,
    "stf"
);
define_id!(
    /// A person who calls and books.
    CustomerId,
    "cus"
);
define_id!(
    /// One appointment.
    AppointmentId,
    "apt"
);
define_id!(
    /// One telephone call, as we name it; the provider's name for it is [`ProviderCallId`].
    CallId,
    "cal"
);
define_id!(
    /// One fact in the outbox.
    EventId,
    "evt"
);

/// The voice provider's name for a call: opaque, never built by us.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderCallId(String);

impl ProviderCallId {
    /// Longest id accepted, in bytes. Real ones have 32; the rest is room for a provider that changes its mind.
    pub const MAX_LEN: usize = 100;

    /// Accepts 1 to [`Self::MAX_LEN`] ASCII letters, digits, `_`, `-` and `.`, unless it is a placeholder.
    ///
    /// # Errors
    /// [`IdError::Malformed`] for anything else. Placeholders (`None`, `current_call`, `call_1`, `123`, and whatever has
    /// braces or spaces) are what agents write where they know no id: two calls under one of them would be one call.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if fits && plain && !is_placeholder(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Malformed { prefix: "call" })
        }
    }

    /// The id as the provider writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Words, and numbers of up to five digits with or without `call_` before them, that stand where an id should.
fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "none",
        "null",
        "undefined",
        "unknown",
        "current",
        "current_call",
        "call_id",
        "dummy_call_id",
        "dummy",
    ];
    let lower = text.to_ascii_lowercase();
    let number = lower.strip_prefix("call_").unwrap_or(&lower);
    WORDS.contains(&lower.as_str()) || (number.len() <= 5 && number.bytes().all(|b| b.is_ascii_digit()))
}

impl TryFrom<String> for ProviderCallId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<ProviderCallId> for String {
    fn from(id: ProviderCallId) -> Self {
        id.0
    }
}

impl FromStr for ProviderCallId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl fmt::Display for ProviderCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProviderCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Port: where fresh ids come from.
pub trait IdGenerator: Send + Sync {
    /// A UUID that nobody has seen before; later ones sort after earlier ones.
    fn next_uuid(&self) -> Uuid;
}

/// The generator of production: UUIDv7 from the machine's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdGenerator for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the one place where ids are made")]
    fn next_uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn placeholders_are_no_calls() {
        for text in [
            "None",
            "null",
            "undefined",
            "current",
            "current_call",
            "dummy_call_id",
            "1",
            "123",
            "12345",
            "call_1",
            "call_001",
            "call_",
        ] {
            assert!(ProviderCallId::parse(text).is_err(), "{text}");
        }
        for text in ["call_0a1b2c3d4e5f60718293a4b5c6d", "call_a", "123456", "flow_test_1"] {
            assert!(ProviderCallId::parse(text).is_ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_id_are_the_same_thing(bits: u128) {
            let id = CustomerId::from_uuid(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<CustomerId>(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<CustomerId>(&json).unwrap(), id);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = text.parse::<CustomerId>();
            let _ = ProviderCallId::parse(&text);
        }
    }

    #[test]
    fn an_id_of_another_kind_is_refused_by_name() {
        let appointment = AppointmentId::from_uuid(Uuid::from_u128(7)).to_string();
        assert_eq!(appointment.parse::<CustomerId>(), Err(IdError::WrongPrefix { expected: "cus" }));
        assert_eq!("cus_7".parse::<CustomerId>(), Err(IdError::Malformed { prefix: "cus" }));
        assert_eq!(
            "cus_{00000000-0000-0000-0000-00000}".parse::<CustomerId>(),
            Err(IdError::Malformed { prefix: "cus" })
        );
    }

    #[test]
    fn generated_ids_ascend() {
        let first = CallId::generate(&RandomIds);
        let second = CallId::generate(&RandomIds);
        assert!(first < second);
    }

    #[test]
    fn placeholders_are_not_provider_call_ids() {
        for text in ["", "{{call_id}}", "call 1", "call\0", "ü"] {
            assert!(ProviderCallId::parse(text).is_err(), "{text:?}");
        }
        assert!(ProviderCallId::parse("call_0a1b2c3d4e5f60718293a4b5c6d").is_ok());
    }
}
