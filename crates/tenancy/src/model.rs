//! What is known of a company, and what its numbers and calls lead to.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use kernel::{BranchId, CallId, Currency, PhoneNumber, TenantId};

/// Why a value cannot describe a company or a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// Not 1 to 63 lower-case letters, digits and inner hyphens.
    #[error("a slug has 1 to 63 lower-case letters, digits and inner hyphens")]
    Slug,
    /// Empty, or more than [`TenantProfile::MAX_NAME_CHARS`] characters.
    #[error("a name has 1 to 200 characters")]
    Name,
    /// Not two upper-case letters.
    #[error("a country is two upper-case letters (ISO 3166-1)")]
    Country,
    /// Not `de` or `de-DE`.
    #[error("a locale is a language, or a language and a country (`de-DE`)")]
    Locale,
    /// Outside `0..=`[`TenantProfile::MAX_CALL_RATE`].
    #[error("a call rate is between nothing and 10000 minor units a minute")]
    CallRate,
    /// No state of a tenant has this name.
    #[error("a tenant is `active` or `inactive`")]
    State,
}

/// The name of a company or branch in addresses and files: unique, readable, stable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Longest slug in bytes: what fits into one label of a host name.
    pub const MAX_LEN: usize = 63;

    /// Accepts 1 to [`Self::MAX_LEN`] lower-case ASCII letters, digits and inner hyphens.
    ///
    /// # Errors
    /// [`ProfileProblem::Slug`] for any other text.
    pub fn parse(text: &str) -> Result<Self, ProfileProblem> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let framed = !text.starts_with('-') && !text.ends_with('-');
        if plain && framed && (1..=Self::MAX_LEN).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProfileProblem::Slug)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = ProfileProblem;

    fn from_str(text: &str) -> Result<Self, ProfileProblem> {
        Self::parse(text)
    }
}

/// Whether a company is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TenantState {
    /// Calls are answered, keys work.
    Active,
    /// Calls are rejected, tools and keys are refused; what already happened can still be recorded.
    Inactive,
}

impl TenantState {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

impl FromStr for TenantState {
    type Err = ProfileProblem;

    fn from_str(text: &str) -> Result<Self, ProfileProblem> {
        match text {
            "active" => Ok(Self::Active),
            "inactive" => Ok(Self::Inactive),
            _ => Err(ProfileProblem::State),
        }
    }
}

/// What is known of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantProfile {
    /// The company.
    pub id: TenantId,
    /// Its name in addresses, unique on the platform.
    pub slug: Slug,
    /// Its name as people write it.
    pub name: String,
    /// Whether it is served.
    pub state: TenantState,
    /// Language and region of what is spoken and written for it, for example `de-DE`.
    pub locale: String,
    /// Zone of its seat; a branch may have another.
    pub timezone: Tz,
    /// What it is billed in.
    pub currency: Currency,
    /// Price of a minute of telephone call, in minor units of [`Self::currency`]; charged per second.
    pub call_rate_minor_per_minute: i64,
    /// Country that a number without prefix belongs to, two upper-case letters (ISO 3166-1).
    pub default_country: String,
}

impl TenantProfile {
    /// Longest name in characters.
    pub const MAX_NAME_CHARS: usize = 200;
    /// Highest call rate accepted, in minor units a minute: a hundred euros, far above any tariff and low enough to
    /// stop a rate that was typed in the wrong unit.
    pub const MAX_CALL_RATE: i64 = 10_000;

    /// Checks what the types leave open: name, locale, country and call rate.
    ///
    /// # Errors
    /// The first [`ProfileProblem`] found.
    pub fn check(&self) -> Result<(), ProfileProblem> {
        check_name(&self.name)?;
        let country_fits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        let (language, region) = match self.locale.split_once('-') {
            Some((language, region)) => (language, Some(region)),
            None => (self.locale.as_str(), None),
        };
        let language_fits = language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase());
        if !language_fits || !region.is_none_or(country_fits) {
            return Err(ProfileProblem::Locale);
        }
        if !country_fits(&self.default_country) {
            return Err(ProfileProblem::Country);
        }
        if !(0..=Self::MAX_CALL_RATE).contains(&self.call_rate_minor_per_minute) {
            return Err(ProfileProblem::CallRate);
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), ProfileProblem> {
    let count = name.chars().count();
    if name.trim().is_empty() || count > TenantProfile::MAX_NAME_CHARS || name.chars().any(char::is_control) {
        Err(ProfileProblem::Name)
    } else {
        Ok(())
    }
}

/// What is known of one location of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchProfile {
    /// The branch.
    pub id: BranchId,
    /// Its name in addresses, unique within the company.
    pub slug: Slug,
    /// Its name as people say it.
    pub name: String,
    /// Zone of its wall clock.
    pub timezone: Tz,
    /// Federal state whose public holidays close it, as in ISO 3166-2 without the country (`HH`, `BY`).
    pub federal_state: Option<String>,
    /// False once it is closed down: its numbers lead nowhere.
    pub active: bool,
}

impl BranchProfile {
    /// Checks what the types leave open: the name.
    ///
    /// # Errors
    /// [`ProfileProblem::Name`].
    pub fn check(&self) -> Result<(), ProfileProblem> {
        check_name(&self.name)
    }
}

/// A telephone number and the branch it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberAssignment {
    /// The number that people call; it belongs to one company on the whole platform.
    pub number: PhoneNumber,
    /// The branch that answers.
    pub branch: BranchId,
    /// What it is for, in the company's words; may be empty.
    pub label: String,
    /// False: the number leads nowhere.
    pub active: bool,
}

/// Where a called number leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRoute {
    /// The company.
    pub tenant: TenantId,
    /// The branch that answers.
    pub branch: BranchId,
    /// The number that was called.
    pub number: PhoneNumber,
    /// Whether the company is served.
    pub tenant_state: TenantState,
}

/// Where a known call belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRoute {
    /// The company that was called.
    pub tenant: TenantId,
    /// The branch that answered.
    pub branch: BranchId,
    /// Our id of the call.
    pub call: CallId,
    /// Arrival of the call's first event: the immutable part of its key.
    pub created_at: DateTime<Utc>,
    /// False once an end of the call was recorded.
    pub ongoing: bool,
    /// Whether the company is served.
    pub tenant_state: TenantState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tenant_profile;

    #[test]
    fn a_slug_is_one_label_of_a_host_name() {
        for text in ["salon-nord", "a", "4711"] {
            assert_eq!(Slug::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "-a", "a-", "Salon", "a_b", "ä", "a b", &"a".repeat(64)] {
            assert_eq!(Slug::parse(text), Err(ProfileProblem::Slug), "{text:?}");
        }
    }

    #[test]
    fn a_profile_is_refused_by_the_field_that_is_wrong() {
        let good = tenant_profile(1, "salon-nord");
        assert_eq!(good.check(), Ok(()));
        let with = |change: fn(&mut TenantProfile)| {
            let mut profile = good.clone();
            change(&mut profile);
            profile.check()
        };
        assert_eq!(with(|p| p.name = " ".to_owned()), Err(ProfileProblem::Name));
        assert_eq!(with(|p| p.name = "x".repeat(201)), Err(ProfileProblem::Name));
        assert_eq!(with(|p| p.locale = "de".to_owned()), Ok(()));
        assert_eq!(with(|p| p.locale = "de_DE".to_owned()), Err(ProfileProblem::Locale));
        assert_eq!(with(|p| p.default_country = "de".to_owned()), Err(ProfileProblem::Country));
        assert_eq!(with(|p| p.call_rate_minor_per_minute = -1), Err(ProfileProblem::CallRate));
        assert_eq!(with(|p| p.call_rate_minor_per_minute = 10_001), Err(ProfileProblem::CallRate));
    }

    #[test]
    fn states_are_stored_by_word() {
        for state in [TenantState::Active, TenantState::Inactive] {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("ACTIVE".parse::<TenantState>(), Err(ProfileProblem::State));
    }
}
