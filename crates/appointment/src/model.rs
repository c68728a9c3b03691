//! Values and aggregates. Everything in here is pure: no clock, no store, no runtime.

mod appointment;
mod availability;
mod catalogue;
mod change;
mod dates;
mod facility;
mod footprint;
mod history;
mod hold;
mod hours;
mod load;
mod mirrored;
mod note;
mod reason;
mod slot;
mod sought;
mod span;
mod tie;
mod transition;
mod zone;

pub use appointment::{
    Appointment, AppointmentSnapshot, AppointmentSource, AppointmentStatus, ChangeKind, CorruptAppointment,
    NewCustomerRow, PhaseSpan, SyncState,
};
pub use availability::{Availability, View};
pub use catalogue::{
    BookingPolicy, Catalogue, CatalogueError, CatalogueSnapshot, ClosedDay, ClosedOrigin, MAX_BUFFER_MINUTES,
    OpeningDay, OpeningException, Phase, PhaseKind, Service, ServiceLink, Staff,
};
pub use change::{AppointmentChange, ChangeFacts, ChangeId, PlaceBefore};
pub use dates::DateRange;
pub use facility::{
    Facility, FacilityGroup, FacilityGroupId, FacilityId, FacilityKind, FacilityUse, Need, Requirement,
    uses_meet,
};
pub use footprint::{FacilityNeed, Footprint, Wanted};
pub use history::{CustomerHistory, Habit, MAX_COUNTED, MAX_HISTORY, PastVisit};
pub use hold::{Hold, HoldId, HoldSnapshot, HoldUnit, in_units};
pub use hours::{DayHours, HoursError, MINUTES_PER_DAY, WeekHours};
pub use load::{BusyKind, BusySpan, DayLoad, DayQuery, FacilityBusy, Further, OwnAppointment};
pub use note::Note;
pub use reason::Unavailable;
pub use slot::{NotASlotId, Slot, SlotId, SlotRef, SlotRefError, SlotRefs};
pub use sought::Sought;
pub use span::{Minute, Span};
pub use tie::{SequenceId, SeriesId, Tie};
pub use transition::{ChangeRefused, Draft};

pub(crate) use appointment::stored_words;
pub(crate) use availability::facilities_of_person;
pub(crate) use dates::add_days;
pub(crate) use zone::local_date;
