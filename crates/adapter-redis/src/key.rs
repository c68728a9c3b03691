//! Names of values.

use std::fmt::Write as _;

use kernel::TenantScope;
use uuid::Uuid;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Notes of a call.
    Notes,
    /// Slots that were named to callers, by person.
    Offers,
    /// Failed identifications, by number.
    Attempts,
    /// The breaker of an account's questions.
    ReadBreaker,
    /// The breaker of an account's changes.
    WriteBreaker,
    /// Requests to an account that were sent lately.
    Budget,
    /// Until when an account is left alone.
    Block,
    /// The version of an account.
    Version,
    /// The version of one event type of an account.
    EventTypeVersion,
    /// A week of an event type.
    Week,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Notes => "notes",
            Self::Offers => "offers",
            Self::Attempts => "attempts",
            Self::ReadBreaker => "breaker-read",
            Self::WriteBreaker => "breaker-write",
            Self::Budget => "budget",
            Self::Block => "block",
            Self::Version => "version",
            Self::EventTypeVersion => "event-type",
            Self::Week => "week",
        }
    }
}

/// The name of a value of one tenant: tenant, kind, and what tells it from others of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey(String);

impl CacheKey {
    /// Names a value of the scope's tenant. There is no other way to make a name.
    #[must_use]
    pub fn of(scope: &TenantScope, kind: Kind, id: Uuid) -> Self {
        Self(format!("{}:{}:{}", scope.tenant().as_uuid().simple(), kind.word(), id.simple()))
    }

    /// The same for something that is not a UUID and that the server's own logs need not show, such as a telephone
    /// number: the name holds a digest of it.
    #[must_use]
    pub fn of_text(scope: &TenantScope, kind: Kind, text: &str) -> Self {
        Self::of(scope, kind, Uuid::new_v5(&scope.tenant().as_uuid(), text.as_bytes()))
    }

    /// A value within this one, such as a week.
    #[must_use]
    pub fn part(mut self, part: i64) -> Self {
        // Writing into a text does not fail.
        let _ = write!(self.0, ":{part}");
        self
    }

    /// The key as the server sees it.
    pub(crate) fn under(&self, prefix: &str) -> String {
        format!("{prefix}:{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::scope;

    use super::*;

    #[test]
    fn no_two_tenants_share_a_name() {
        let id = Uuid::from_u128(7);
        let (ours, theirs) = (scope(1, None), scope(2, None));
        assert_ne!(CacheKey::of(&ours, Kind::Notes, id), CacheKey::of(&theirs, Kind::Notes, id));
        assert_ne!(
            CacheKey::of_text(&ours, Kind::Attempts, "+491701112233"),
            CacheKey::of_text(&theirs, Kind::Attempts, "+491701112233")
        );
        assert_ne!(CacheKey::of(&ours, Kind::Notes, id), CacheKey::of(&ours, Kind::Offers, id));
        assert_ne!(
            CacheKey::of(&ours, Kind::Notes, id).part(1),
            CacheKey::of(&ours, Kind::Notes, id).part(2)
        );
    }

    #[test]
    fn a_name_tells_the_tenant_and_hides_the_number() {
        let key = CacheKey::of_text(&scope(1, None), Kind::Attempts, "+491701112233").under("askpro");
        assert!(key.starts_with("askpro:"), "{key}");
        assert!(key.contains(&scope(1, None).tenant().as_uuid().simple().to_string()), "{key}");
        assert!(!key.contains("1701112233"), "{key}");
    }
}
