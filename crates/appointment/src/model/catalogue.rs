//! What a branch offers: services, people, hours and rules, as one immutable value with a version.

use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::{BranchId, Money, ServiceId, StaffId};

use super::appointment::AppointmentSnapshot;
use super::facility::{Facility, FacilityGroup, FacilityGroupId, FacilityId, Requirement};
use super::footprint::Wanted;
use super::hours::{DayHours, WeekHours, merge};
use super::span::Span;
use crate::calendar::CalendarLink;
use crate::policy::change::{ChangeAct, ChangePolicy, ChangeRules, rules_for};

mod checks;

use checks::{check_count, check_facilities, check_policy, check_rules, check_service};

/// Longest buffer before or after a service, in minutes. Loads of occupied time reach this far beyond the days asked.
pub const MAX_BUFFER_MINUTES: u32 = 240;

/// Whether the person is needed during a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseKind {
    /// The person works on the customer.
    Staffed,
    /// The customer stays, the person is free for others.
    Processing,
}

impl PhaseKind {
    /// The word that stores use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staffed => "staffed",
            Self::Processing => "processing",
        }
    }

    /// Reads the word that stores use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "staffed" => Some(Self::Staffed),
            "processing" => Some(Self::Processing),
            _ => None,
        }
    }
}

/// One part of a service, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phase {
    /// Whether the person is needed.
    pub kind: PhaseKind,
    /// Length, 1 to 1440 minutes.
    pub minutes: u32,
}

/// Something that can be booked. Its duration is the sum of its phases; there is no other duration anywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Which service.
    pub id: ServiceId,
    /// Name as callers know it.
    pub name: String,
    /// Other names callers use.
    pub synonyms: Vec<String>,
    /// What it is, in a sentence.
    pub description: Option<String>,
    /// Group in which it is listed.
    pub category: Option<String>,
    /// Parts in order, at least one of them staffed.
    pub phases: Vec<Phase>,
    /// The person's preparation before the customer's stay, in minutes.
    pub buffer_before_min: u32,
    /// The person's work after the customer's stay, in minutes.
    pub buffer_after_min: u32,
    /// Price agreed when it is booked.
    pub price: Money,
    /// Minimum notice in minutes; `None` is the branch's policy.
    pub min_notice_min: Option<u32>,
    /// Facilities that it needs besides a person, each group once.
    pub requires: Vec<Requirement>,
    /// Whether it is offered now.
    pub active: bool,
}

impl Service {
    /// Length of the customer's stay in minutes, without buffers.
    #[must_use]
    pub fn duration_minutes(&self) -> u32 {
        self.phases.iter().map(|phase| phase.minutes).sum()
    }
}

/// A person who performs services.
#[derive(Debug, Clone, PartialEq)]
pub struct Staff {
    /// Which person.
    pub id: StaffId,
    /// Name as callers know it.
    pub name: String,
    /// Working hours on the branch's wall clock; a gap within a day is a break.
    pub hours: WeekHours,
    /// Times at which the person does not work although the hours say so.
    pub absences: Vec<Span>,
    /// Services that the person performs, in order of preference.
    pub performs: Vec<ServiceId>,
    /// Whether the person takes appointments now.
    pub active: bool,
}

/// Why a day was declared closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClosedOrigin {
    /// A public holiday; special opening hours for the day override it.
    Holiday,
    /// Somebody closed the day; nothing overrides it.
    Manual,
}

impl ClosedOrigin {
    /// The word that stores use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holiday => "holiday",
            Self::Manual => "manual",
        }
    }

    /// Reads the word that stores use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "holiday" => Some(Self::Holiday),
            "manual" => Some(Self::Manual),
            _ => None,
        }
    }
}

/// A day on which the branch is closed although its week says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedDay {
    /// The date on the branch's calendar.
    pub day: NaiveDate,
    /// Name of the holiday or reason, to be spoken.
    pub reason: String,
    /// Who says so.
    pub origin: ClosedOrigin,
}

/// Special opening hours of one date; all rows of a date together replace the hours of its weekday. People's working
/// hours stay what they are: a branch that opens on a Sunday needs somebody who works on Sundays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningException {
    /// The date on the branch's calendar.
    pub day: NaiveDate,
    /// A stretch in which the branch is open.
    pub hours: DayHours,
}

/// The rules of booking of a branch. The defaults are the product's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingPolicy {
    /// A stay begins at the start of an opening stretch or a multiple of this after it; 1 to 240 minutes.
    pub grid_minutes: u32,
    /// Time between now and the earliest start, boundary included.
    pub min_notice_minutes: u32,
    /// Last bookable day, counted from today on the branch's calendar.
    pub horizon_days: u32,
    /// Cancelling is allowed until this long before the start, boundary included.
    pub cancel_until_minutes: u32,
    /// Moving is allowed until this long before the start, boundary included.
    pub reschedule_until_minutes: u32,
    /// Life of a hold.
    pub hold_seconds: u32,
    /// Live holds of one call.
    pub max_holds_per_call: u32,
    /// Live holds of one number over all its calls.
    pub max_holds_per_number: u32,
    /// Alternatives offered at once.
    pub max_alternatives: u32,
    /// Moves of one appointment; `None` is any number.
    pub max_reschedules: Option<u32>,
}

impl Default for BookingPolicy {
    fn default() -> Self {
        Self {
            grid_minutes: 15,
            min_notice_minutes: 15,
            horizon_days: 90,
            cancel_until_minutes: 1440,
            reschedule_until_minutes: 1440,
            hold_seconds: 120,
            max_holds_per_call: 3,
            max_holds_per_number: 3,
            max_alternatives: 3,
            max_reschedules: None,
        }
    }
}

/// The catalogue of a branch as stored: plain data. [`Catalogue::restore`] checks it.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogueSnapshot {
    /// Grows with every change to anything in here.
    pub version: i64,
    /// Whose catalogue.
    pub branch: BranchId,
    /// The branch's wall clock.
    pub timezone: Tz,
    /// Services of the branch in the order of listing, inactive ones included.
    pub services: Vec<Service>,
    /// People of the branch in the order of listing, inactive ones included.
    pub staff: Vec<Staff>,
    /// Groups of facilities.
    pub facility_groups: Vec<FacilityGroup>,
    /// Rooms, places and devices of the branch in the order of listing, inactive ones included.
    pub facilities: Vec<Facility>,
    /// Opening hours.
    pub opening: WeekHours,
    /// Closed dates.
    pub closed_days: Vec<ClosedDay>,
    /// Dates with hours of their own.
    pub exceptions: Vec<OpeningException>,
    /// Rules.
    pub policy: BookingPolicy,
    /// Rules of cancelling and moving that stand in the place of those.
    pub changes: Vec<ChangePolicy>,
    /// What has a copy in an outside calendar. Empty without one.
    pub links: Vec<ServiceLink>,
}

/// A service of a person that is mirrored in an outside calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLink {
    /// Which service.
    pub service: ServiceId,
    /// Performed by whom.
    pub staff: StaffId,
    /// What it is there.
    pub link: CalendarLink,
}

/// Why a stored catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// A number of the policy lies outside its bounds.
    #[error("the policy's `{0}` is out of bounds")]
    Policy(&'static str),
    /// A service has no phases, too long ones, only processing, or too long buffers.
    #[error("the phases or buffers of service {0} are out of bounds")]
    Phases(ServiceId),
    /// A service needs one group twice or a phase that it has not, or a facility belongs to no known group.
    #[error("what {0} needs is not there")]
    Facilities(String),
    /// Two services or two people have one id.
    #[error("the id {0} occurs twice")]
    Twice(String),
    /// More services or people than a branch can have.
    #[error("more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
}

/// What a day is for the branch, before people are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpeningDay<'c> {
    /// Open in these stretches, sorted and disjoint.
    Open(&'c [DayHours]),
    /// Declared closed.
    Closed(&'c ClosedDay),
    /// The week has no hours for this weekday.
    Rest,
}

/// A usable catalogue: bounds checked, look-ups prepared. Shared between requests, never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    snapshot: CatalogueSnapshot,
    services: HashMap<ServiceId, usize>,
    staff: HashMap<StaffId, usize>,
    closed: HashMap<NaiveDate, usize>,
    exceptions: HashMap<NaiveDate, Vec<DayHours>>,
}

impl Catalogue {
    /// Most services of a branch; the size of a form, far beyond any telephone menu.
    pub const MAX_SERVICES: usize = 1000;
    /// Most people of a branch.
    pub const MAX_STAFF: usize = 500;
    /// Most rooms, places and devices of a branch.
    pub const MAX_FACILITIES: usize = 500;

    /// Checks stored data.
    ///
    /// # Errors
    /// [`CatalogueError`] if anything is out of bounds; an adapter reports it as corrupt.
    pub fn restore(snapshot: CatalogueSnapshot) -> Result<Self, CatalogueError> {
        check_policy(&snapshot.policy)?;
        snapshot.changes.iter().try_for_each(|policy| check_rules(&policy.rules))?;
        check_count("services", snapshot.services.len(), Self::MAX_SERVICES)?;
        check_count("people", snapshot.staff.len(), Self::MAX_STAFF)?;
        check_count("facilities", snapshot.facilities.len(), Self::MAX_FACILITIES)?;
        check_facilities(&snapshot)?;
        let mut services = HashMap::with_capacity(snapshot.services.len());
        for (index, service) in snapshot.services.iter().enumerate() {
            check_service(service)?;
            if services.insert(service.id, index).is_some() {
                return Err(CatalogueError::Twice(service.id.to_string()));
            }
        }
        let mut staff = HashMap::with_capacity(snapshot.staff.len());
        for (index, person) in snapshot.staff.iter().enumerate() {
            if staff.insert(person.id, index).is_some() {
                return Err(CatalogueError::Twice(person.id.to_string()));
            }
        }
        let mut closed: HashMap<NaiveDate, usize> = HashMap::new();
        for (index, day) in snapshot.closed_days.iter().enumerate() {
            // Two statements about one date: the manual one counts, since nothing overrides it.
            if day.origin == ClosedOrigin::Manual || !closed.contains_key(&day.day) {
                closed.insert(day.day, index);
            }
        }
        let mut exceptions: HashMap<NaiveDate, Vec<DayHours>> = HashMap::new();
        for exception in &snapshot.exceptions {
            exceptions.entry(exception.day).or_default().push(exception.hours);
        }
        exceptions.values_mut().for_each(merge);
        Ok(Self { snapshot, services, staff, closed, exceptions })
    }

    /// The plain data.
    #[must_use]
    pub const fn snapshot(&self) -> &CatalogueSnapshot {
        &self.snapshot
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.snapshot.version
    }

    /// Whose catalogue.
    #[must_use]
    pub const fn branch(&self) -> BranchId {
        self.snapshot.branch
    }

    /// The branch's wall clock.
    #[must_use]
    pub const fn timezone(&self) -> Tz {
        self.snapshot.timezone
    }

    /// The rules.
    #[must_use]
    pub const fn policy(&self) -> &BookingPolicy {
        &self.snapshot.policy
    }

    /// The rules for cancelling or moving an appointment.
    #[must_use]
    pub fn change_rules(&self, act: ChangeAct, appointment: &AppointmentSnapshot) -> ChangeRules {
        let about = (appointment.staff, appointment.service);
        rules_for(act, about, &self.snapshot.changes, &self.snapshot.policy)
    }

    /// All services in the order of listing, inactive ones included.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.snapshot.services
    }

    /// All people in the order of listing, inactive ones included.
    #[must_use]
    pub fn staff(&self) -> &[Staff] {
        &self.snapshot.staff
    }

    /// One service, active or not.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id).map(|index| &self.snapshot.services[*index])
    }

    /// One person, active or not.
    #[must_use]
    pub fn person(&self, id: StaffId) -> Option<&Staff> {
        self.staff.get(&id).map(|index| &self.snapshot.staff[*index])
    }

    /// One facility, active or not.
    #[must_use]
    pub fn facility(&self, id: FacilityId) -> Option<&Facility> {
        self.snapshot.facilities.iter().find(|facility| facility.id == id)
    }

    /// One group of facilities.
    #[must_use]
    pub fn facility_group(&self, id: FacilityGroupId) -> Option<&FacilityGroup> {
        self.snapshot.facility_groups.iter().find(|group| group.id == id)
    }

    /// The group of which one is wanted. `None`: it is wanted like a facility that is not of this branch.
    #[must_use]
    pub fn group_of(&self, wanted: Wanted) -> Option<FacilityGroupId> {
        match wanted {
            Wanted::OneOf(group) => Some(group),
            Wanted::Like(facility) => self.facility(facility).map(|facility| facility.group),
        }
    }

    /// The active facilities that will do, in the order of listing.
    pub fn that_will_do(&self, wanted: Wanted) -> impl Iterator<Item = &Facility> {
        let group = self.group_of(wanted);
        self.snapshot
            .facilities
            .iter()
            .filter(move |facility| facility.active && Some(facility.group) == group)
    }

    /// Place of a person in the order of listing; unknown people come last.
    #[must_use]
    pub fn position(&self, id: StaffId) -> usize {
        self.staff.get(&id).copied().unwrap_or(usize::MAX)
    }

    /// What a service of a person is in the outside calendar; `None` if it is nowhere else.
    #[must_use]
    pub fn link(&self, service: ServiceId, staff: StaffId) -> Option<&CalendarLink> {
        let found = self.snapshot.links.iter().find(|link| (link.service, link.staff) == (service, staff));
        found.map(|found| &found.link)
    }

    /// The active people who perform a service, in the order of listing.
    pub fn performers(&self, service: ServiceId) -> impl Iterator<Item = &Staff> {
        self.snapshot.staff.iter().filter(move |person| person.active && person.performs.contains(&service))
    }

    /// What a date is: manual closing beats special hours, special hours beat a holiday, a holiday beats the week.
    #[must_use]
    pub fn opening_on(&self, date: NaiveDate) -> OpeningDay<'_> {
        let closed = self.closed.get(&date).map(|index| &self.snapshot.closed_days[*index]);
        match (closed, self.exceptions.get(&date)) {
            (Some(day), _) if day.origin == ClosedOrigin::Manual => OpeningDay::Closed(day),
            (_, Some(hours)) => OpeningDay::Open(hours),
            (Some(day), None) => OpeningDay::Closed(day),
            (None, None) => match self.snapshot.opening.on_date(date) {
                [] => OpeningDay::Rest,
                hours => OpeningDay::Open(hours),
            },
        }
    }

    /// Minimum notice of a service in minutes: its own, else the branch's.
    #[must_use]
    pub fn notice_minutes(&self, service: ServiceId) -> u32 {
        self.service(service)
            .and_then(|service| service.min_notice_min)
            .unwrap_or(self.snapshot.policy.min_notice_minutes)
    }
}
