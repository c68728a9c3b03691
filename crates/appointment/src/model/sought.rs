//! What is looked for.

use kernel::{ServiceId, StaffId};

use super::appointment::AppointmentSnapshot;
use super::catalogue::{Catalogue, Staff};
use super::facility::FacilityId;
use super::footprint::Footprint;
use super::slot::Slot;
use super::span::Minute;

/// What is looked for: a service, or a new time for an appointment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    service: ServiceId,
    footprint: Footprint,
    pub(super) notice: u32,
    /// The person of the appointment that is to be moved: it may stay with them, whatever they perform by now.
    moving_from: Option<StaffId>,
    /// It begins when something else ends, on the grid or not.
    pub(super) follows: bool,
}

impl Sought {
    /// A service of the catalogue. `None`: the branch does not know it or does not offer it any more.
    #[must_use]
    pub fn service(catalogue: &Catalogue, service: ServiceId) -> Option<Self> {
        let found = catalogue.service(service).filter(|service| service.active)?;
        Some(Self {
            service,
            footprint: Footprint::of_service(found),
            notice: catalogue.notice_minutes(service),
            moving_from: None,
            follows: false,
        })
    }

    /// The same beginning when another stay ends: the grid does not count.
    #[must_use]
    pub fn following(mut self) -> Self {
        self.follows = true;
        self
    }

    /// The same with a stay of another length: buffers stay as they are, and a stay of a length that the service does not
    /// have is the person's time from beginning to end, since nothing says when the person would be free.
    #[must_use]
    pub fn lasting(mut self, minutes: i64) -> Self {
        if minutes != self.footprint.duration_minutes() {
            self.footprint = self.footprint.stretched(minutes);
        }
        self
    }

    /// Another time for an appointment, with the length and the person it has.
    #[must_use]
    pub fn another_time(catalogue: &Catalogue, appointment: &AppointmentSnapshot) -> Self {
        Self {
            service: appointment.service,
            footprint: Footprint::of_appointment(appointment),
            notice: catalogue.notice_minutes(appointment.service),
            moving_from: Some(appointment.staff),
            follows: false,
        }
    }

    /// Which service.
    #[must_use]
    pub const fn service_id(&self) -> ServiceId {
        self.service
    }

    /// The active facilities of the branch that may be used for it.
    #[must_use]
    pub fn facilities(&self, catalogue: &Catalogue) -> Vec<FacilityId> {
        let needs = self.footprint.needs().iter();
        needs.flat_map(|need| catalogue.that_will_do(need.wanted)).map(|facility| facility.id).collect()
    }

    /// Its shape.
    #[must_use]
    pub const fn footprint(&self) -> &Footprint {
        &self.footprint
    }

    /// The slot with a person at a minute.
    #[must_use]
    pub fn slot(&self, staff: StaffId, start: Minute) -> Slot {
        Slot {
            service: self.service,
            staff,
            start: start.instant(),
            end: self.footprint.end(start).instant(),
        }
    }

    /// True if the person may take it, as far as skills go.
    #[must_use]
    pub fn suits(&self, person: &Staff) -> bool {
        person.active && (person.performs.contains(&self.service) || self.moving_from == Some(person.id))
    }

    /// The people who may take it, in the order of listing.
    #[must_use]
    pub fn performers(&self, catalogue: &Catalogue) -> Vec<StaffId> {
        catalogue.staff().iter().filter(|person| self.suits(person)).map(|person| person.id).collect()
    }
}
