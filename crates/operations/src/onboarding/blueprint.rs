//! A tenant as a person describes it: names instead of ids.

use appointment::policy::change::{ChangeAct, ChangeRules};
use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::{Currency, PhoneNumber};
use tenancy::NewApiKey;

use super::calendar::CalendarBlueprint;
use super::facilities::{FacilityBlueprint, FacilityGroupBlueprint, NeedBlueprint};
use crate::ports::{ClosedDay, NewPhase, NewPolicy, WeeklySpan};

/// A service of a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceBlueprint {
    /// Its name as spoken; unique in the blueprint, and how staff and branches refer to it.
    pub name: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// For the agent to read out.
    pub description: Option<String>,
    /// Heading under which it is listed.
    pub category: Option<String>,
    /// Its phases in order.
    pub phases: Vec<NewPhase>,
    /// Kept free before it, in minutes.
    pub buffer_before_minutes: u32,
    /// Kept free after it, in minutes.
    pub buffer_after_minutes: u32,
    /// Its price in minor units of the tenant's currency.
    pub price_minor: i64,
    /// Minimum notice, if other than the branch's.
    pub min_notice_minutes: Option<u32>,
    /// Rooms, places and devices that it needs.
    pub needs: Vec<NeedBlueprint>,
}

/// A member of staff in a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffBlueprint {
    /// The name as spoken.
    pub name: String,
    /// Working hours; a break is a gap.
    pub hours: Vec<WeeklySpan>,
    /// Names of the services that the person performs, best first.
    pub performs: Vec<String>,
}

/// A branch of a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct BranchBlueprint {
    /// Unique in the blueprint.
    pub slug: String,
    /// Its name as spoken.
    pub name: String,
    /// The zone of its wall clock.
    pub timezone: Tz,
    /// Code of its federal state; its holidays become closed days.
    pub federal_state: Option<String>,
    /// Numbers that lead to it.
    pub numbers: Vec<PhoneNumber>,
    /// Opening hours.
    pub opening: Vec<WeeklySpan>,
    /// Closed days besides the holidays.
    pub closed: Vec<ClosedDay>,
    /// Hours on single days that replace the weekly ones: day, first minute, minute after the last.
    pub exceptions: Vec<(NaiveDate, u16, u16)>,
    /// Rules of booking.
    pub policy: NewPolicy,
    /// Who works there.
    pub staff: Vec<StaffBlueprint>,
    /// Its rooms, places and devices, in the order in which they are taken.
    pub facilities: Vec<FacilityBlueprint>,
    /// Names of the services offered there; empty means all.
    pub services: Vec<String>,
}

/// For what a rule about changes holds, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeScope {
    /// All of the company.
    Company,
    /// All of the branch with this slug.
    Branch(String),
    /// Appointments of the service with this name.
    Service(String),
    /// Appointments with a person.
    Staff {
        /// Slug of the branch where the person works.
        branch: String,
        /// The person's name.
        name: String,
    },
}

/// Rules that stand in the place of a branch's usual ones for cancelling or moving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeBlueprint {
    /// What is done.
    pub act: ChangeAct,
    /// For what they hold; of several, the person's go before the service's, the branch's and the company's.
    pub scope: ChangeScope,
    /// The rules.
    pub rules: ChangeRules,
}

/// A tenant as a person describes it, without ids.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantBlueprint {
    /// Unique among all tenants; creating one that exists changes nothing.
    pub slug: String,
    /// Its name as spoken.
    pub name: String,
    /// Whether it takes calls.
    pub active: bool,
    /// Language of speech, for example `de-DE`.
    pub locale: String,
    /// The zone of its reports.
    pub timezone: Tz,
    /// What it is billed in.
    pub currency: Currency,
    /// ISO 3166-1 code by which national telephone numbers are read.
    pub default_country: String,
    /// Price of a minute of conversation in minor units.
    pub call_rate_minor_per_minute: i64,
    /// What it offers.
    pub services: Vec<ServiceBlueprint>,
    /// Where.
    pub branches: Vec<BranchBlueprint>,
    /// Groups of rooms, places and devices.
    pub facility_groups: Vec<FacilityGroupBlueprint>,
    /// Rules for cancelling and moving, where they differ from the branches'.
    pub changes: Vec<ChangeBlueprint>,
    /// Keys of API clients; their secrets are made and shown by whoever asks for the tenant.
    pub api_keys: Vec<NewApiKey>,
    /// Its outside calendar, if it has one.
    pub calendar: Option<CalendarBlueprint>,
    /// Years beyond this one whose holidays are entered at once.
    pub holiday_years_ahead: u32,
}
