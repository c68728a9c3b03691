//! Catalogues for tests, in few words.

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::{BranchId, Currency, Money, ServiceId, StaffId};
use uuid::Uuid;

use crate::calendar::CalendarLink;
use crate::model::{
    BookingPolicy, Catalogue, CatalogueError, CatalogueSnapshot, ClosedDay, ClosedOrigin, DayHours, Facility,
    FacilityGroup, FacilityGroupId, FacilityId, FacilityKind, HoursError, Need, OpeningException, Phase,
    PhaseKind, Requirement, Service, ServiceLink, Span, Staff, WeekHours,
};
use crate::policy::change::ChangePolicy;

/// The id of the branch with this number.
#[must_use]
pub fn branch_id(number: u128) -> BranchId {
    BranchId::from_uuid(Uuid::from_u128(number))
}

/// The id of the service with this number.
#[must_use]
pub fn service_id(number: u128) -> ServiceId {
    ServiceId::from_uuid(Uuid::from_u128(number))
}

/// The id of the person with this number.
#[must_use]
pub fn staff_id(number: u128) -> StaffId {
    StaffId::from_uuid(Uuid::from_u128(number))
}

/// The id of the facility with this number.
#[must_use]
pub fn facility_id(number: u128) -> FacilityId {
    FacilityId::from_uuid(Uuid::from_u128(7_000 + number))
}

/// The id of the group of facilities with this number.
#[must_use]
pub fn facility_group_id(number: u128) -> FacilityGroupId {
    FacilityGroupId::from_uuid(Uuid::from_u128(8_000 + number))
}

/// Builds a catalogue step by step. People and services are known by small numbers.
#[derive(Debug, Clone)]
pub struct CatalogueBuilder {
    snapshot: CatalogueSnapshot,
}

impl CatalogueBuilder {
    /// An empty catalogue, version 1, with the product's default policy.
    #[must_use]
    pub fn new(branch: BranchId, timezone: Tz) -> Self {
        Self {
            snapshot: CatalogueSnapshot {
                version: 1,
                branch,
                timezone,
                services: Vec::new(),
                staff: Vec::new(),
                facility_groups: Vec::new(),
                facilities: Vec::new(),
                opening: WeekHours::default(),
                closed_days: Vec::new(),
                exceptions: Vec::new(),
                policy: BookingPolicy::default(),
                links: Vec::new(),
                changes: Vec::new(),
            },
        }
    }

    /// Another version.
    #[must_use]
    pub const fn version(mut self, version: i64) -> Self {
        self.snapshot.version = version;
        self
    }

    /// Opening hours: rows of ISO weekday, first minute, minute after the last.
    ///
    /// # Errors
    /// [`HoursError`] for a row that is none.
    pub fn opening(mut self, rows: &[(u8, u16, u16)]) -> Result<Self, HoursError> {
        self.snapshot.opening = WeekHours::from_rows(rows.iter().copied())?;
        Ok(self)
    }

    /// A service of these phases, without buffers, for 32 euros.
    #[must_use]
    pub fn service(mut self, number: u128, name: &str, phases: &[(PhaseKind, u32)]) -> Self {
        self.snapshot.services.push(Service {
            id: service_id(number),
            name: name.to_owned(),
            synonyms: Vec::new(),
            description: None,
            category: None,
            phases: phases.iter().map(|(kind, minutes)| Phase { kind: *kind, minutes: *minutes }).collect(),
            buffer_before_min: 0,
            buffer_after_min: 0,
            price: Money::new(3200, Currency::Eur),
            min_notice_min: None,
            requires: Vec::new(),
            active: true,
        });
        self
    }

    /// Changes the service that was added last.
    #[must_use]
    pub fn with_service(mut self, change: impl FnOnce(&mut Service)) -> Self {
        if let Some(service) = self.snapshot.services.last_mut() {
            change(service);
        }
        self
    }

    /// A group of facilities.
    #[must_use]
    pub fn facility_group(mut self, number: u128, kind: FacilityKind, name: &str) -> Self {
        let id = facility_group_id(number);
        self.snapshot.facility_groups.push(FacilityGroup { id, kind, name: name.to_owned() });
        self
    }

    /// A facility of a group.
    #[must_use]
    pub fn facility(mut self, number: u128, group: u128, name: &str) -> Self {
        let (id, group) = (facility_id(number), facility_group_id(group));
        self.snapshot.facilities.push(Facility { id, group, name: name.to_owned(), active: true });
        self
    }

    /// Lets a service need one of a group of facilities.
    #[must_use]
    pub fn requires(mut self, service: u128, group: u128, need: &Need) -> Self {
        let group = facility_group_id(group);
        for found in self.snapshot.services.iter_mut().filter(|known| known.id == service_id(service)) {
            found.requires.push(Requirement { group, need: need.clone() });
        }
        self
    }

    /// A person with working hours (rows as for opening) who performs the services with these numbers.
    ///
    /// # Errors
    /// [`HoursError`] for a row that is none.
    pub fn person(
        mut self,
        number: u128,
        name: &str,
        rows: &[(u8, u16, u16)],
        performs: &[u128],
    ) -> Result<Self, HoursError> {
        self.snapshot.staff.push(Staff {
            id: staff_id(number),
            name: name.to_owned(),
            hours: WeekHours::from_rows(rows.iter().copied())?,
            absences: Vec::new(),
            performs: performs.iter().map(|number| service_id(*number)).collect(),
            active: true,
        });
        Ok(self)
    }

    /// An absence of the person that was added last.
    #[must_use]
    pub fn absent(mut self, span: Span) -> Self {
        if let Some(person) = self.snapshot.staff.last_mut() {
            person.absences.push(span);
        }
        self
    }

    /// A service of a person that is mirrored in an outside calendar.
    #[must_use]
    pub fn linked(mut self, service: u128, person: u128, link: CalendarLink) -> Self {
        let (service, staff) = (service_id(service), staff_id(person));
        self.snapshot.links.push(ServiceLink { service, staff, link });
        self
    }

    /// A closed day.
    #[must_use]
    pub fn closed(mut self, day: NaiveDate, reason: &str, origin: ClosedOrigin) -> Self {
        self.snapshot.closed_days.push(ClosedDay { day, reason: reason.to_owned(), origin });
        self
    }

    /// Special opening hours of a date.
    #[must_use]
    pub fn exception(mut self, day: NaiveDate, hours: DayHours) -> Self {
        self.snapshot.exceptions.push(OpeningException { day, hours });
        self
    }

    /// Changes the policy.
    #[must_use]
    pub fn policy(mut self, change: impl FnOnce(&mut BookingPolicy)) -> Self {
        change(&mut self.snapshot.policy);
        self
    }

    /// Adds rules of cancelling or moving.
    #[must_use]
    pub fn changes(mut self, policy: ChangePolicy) -> Self {
        self.snapshot.changes.push(policy);
        self
    }

    /// The plain data.
    #[must_use]
    pub fn snapshot(self) -> CatalogueSnapshot {
        self.snapshot
    }

    /// The checked catalogue.
    ///
    /// # Errors
    /// [`CatalogueError`] if something is out of bounds.
    pub fn build(self) -> Result<Catalogue, CatalogueError> {
        Catalogue::restore(self.snapshot)
    }
}

/// The salon with two wash basins and one steamer: the colouring (service 2) needs a basin for all of the stay and the
/// steamer while the colour works, the haircut (service 1) a basin while somebody cuts. Groups: 1 basins (facilities 1
/// and 2), 2 steamer (facility 3).
///
/// # Errors
/// Never: its rows are hours.
pub fn salon_with_basins(branch: BranchId) -> Result<CatalogueBuilder, HoursError> {
    Ok(salon(branch)?
        .facility_group(1, FacilityKind::Room, "Waschplatz")
        .facility(1, 1, "Waschplatz 1")
        .facility(2, 1, "Waschplatz 2")
        .facility_group(2, FacilityKind::Device, "Dampfhaube")
        .facility(3, 2, "Dampfhaube")
        .requires(1, 1, &Need::Staffed)
        .requires(2, 1, &Need::Stay)
        .requires(2, 2, &Need::Phases(vec![1])))
}

/// A hairdresser in Berlin time: Tuesday to Friday 9 to 18, Saturday 9 to 14, two people with a break at 12:30.
///
/// Services: 1 haircut 30 minutes, 2 colouring (30 staffed, 45 processing, 30 staffed), 3 beard 15 minutes with 5
/// minutes of tidying up after it, performed by person 2 alone. People: 1 Anna, 2 Boris.
///
/// # Errors
/// Never: its rows are hours.
pub fn salon(branch: BranchId) -> Result<CatalogueBuilder, HoursError> {
    use PhaseKind::{Processing, Staffed};
    let week: Vec<(u8, u16, u16)> =
        (2..=5).map(|weekday| (weekday, 540, 1080)).chain([(6, 540, 840)]).collect();
    let shifts: Vec<(u8, u16, u16)> =
        (2..=6).flat_map(|weekday| [(weekday, 540, 750), (weekday, 780, 1080)]).collect();
    CatalogueBuilder::new(branch, Tz::Europe__Berlin)
        .opening(&week)?
        .service(1, "Haarschnitt", &[(Staffed, 30)])
        .service(2, "Ansatzfarbe", &[(Staffed, 30), (Processing, 45), (Staffed, 30)])
        .service(3, "Bartpflege", &[(Staffed, 15)])
        .with_service(|beard| beard.buffer_after_min = 5)
        .person(1, "Anna Petersen", &shifts, &[1, 2])?
        .person(2, "Boris Kühn", &shifts, &[1, 2, 3])
}
