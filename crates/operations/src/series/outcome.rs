//! What came of a series, date by date.

use appointment::model::{Appointment, AppointmentStatus, Catalogue, Minute, SeriesId};
use appointment::policy::series::{Occurrence, OccurrenceState, minute_of};
use serde::{Serialize, Serializer};

use crate::why::{SeriesDate, SeriesSlot};

/// What came of one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateState {
    /// There is an appointment, and this is where it stands.
    Made(AppointmentStatus),
    /// It cannot be had.
    Refused,
    /// It is free, and was not booked.
    LeftOut,
}

impl DateState {
    /// The word that interfaces use: `booked` stands, `noted` is committed here and not yet agreed to by an outside
    /// calendar, `refused`, `left_out`; of what was booked before also where it stands since.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Made(AppointmentStatus::Confirmed) => "booked",
            Self::Made(AppointmentStatus::Pending) => "noted",
            Self::Made(since) => since.as_str(),
            Self::Refused => "refused",
            Self::LeftOut => "left_out",
        }
    }

    /// Whether the customer has what was asked for, or had it.
    #[must_use]
    pub const fn is_as_asked(self) -> bool {
        use AppointmentStatus::{Cancelled, Completed, Confirmed, NeedsAttention, NoShow, Pending};
        match self {
            Self::Made(Confirmed | Pending | Completed | NoShow) => true,
            Self::Made(Cancelled | NeedsAttention) | Self::Refused | Self::LeftOut => false,
        }
    }
}

impl Serialize for DateState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What came of one date of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BookedDate {
    /// The date on the branch's calendar.
    pub date: String,
    /// The time on its wall clock, such as `10:00`.
    pub time: String,
    /// What came of it.
    pub state: DateState,
    /// The appointment of the series; where it is refused because the customer is elsewhere, that other one.
    pub appointment: Option<String>,
    /// When exactly, and with whom.
    pub slot: Option<SeriesSlot>,
    /// Why it is not booked, in the words that explain a single time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<&'static str>,
    /// The free slot nearest to it, if it is refused. It is not booked unless it is asked for.
    pub nearest: Option<SeriesSlot>,
}

/// What came of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct BookedSeries {
    /// What ties its appointments together; `None` if nothing is booked.
    pub series: Option<SeriesId>,
    /// It was booked before: nothing was written now.
    pub booked_before: bool,
    /// The look that it was decided by.
    pub preview: Vec<SeriesDate>,
    /// Every date that was asked for, in order, and then appointments of the series that were moved since.
    pub dates: Vec<BookedDate>,
}

impl BookedSeries {
    /// Whether every date that was asked for is there.
    #[must_use]
    pub fn is_as_asked(&self) -> bool {
        self.dates.iter().all(|date| date.state.is_as_asked())
    }

    /// How many dates have this state.
    #[must_use]
    pub fn count(&self, state: DateState) -> usize {
        self.dates.iter().filter(|date| date.state == state).count()
    }
}

/// Each date with its appointment, if it has one, and the appointments that begin at none of them.
pub(super) fn outcome(
    catalogue: &Catalogue,
    looked: Vec<(Occurrence, SeriesDate)>,
    (series, booked_before): (Option<SeriesId>, bool),
    appointments: &[Appointment],
) -> BookedSeries {
    let mut others: Vec<&Appointment> = appointments.iter().collect();
    let mut dates = Vec::with_capacity(looked.len());
    let mut preview = Vec::with_capacity(looked.len());
    for (found, told) in looked {
        let start = minute_of(catalogue, found.date, found.wall).ok().map(Minute::instant);
        let place = others.iter().position(|one| Some(one.starts_at()) == start);
        dates.push(match place.map(|place| others.remove(place)) {
            Some(made) => BookedDate::made(made, catalogue),
            None => BookedDate::not_made(&found, &told, booked_before),
        });
        preview.push(told);
    }
    dates.extend(others.into_iter().map(|moved| BookedDate::made(moved, catalogue)));
    BookedSeries { series, booked_before, preview, dates }
}

impl BookedDate {
    fn made(appointment: &Appointment, catalogue: &Catalogue) -> Self {
        let local = appointment.starts_at().with_timezone(&catalogue.timezone());
        Self {
            date: local.date_naive().to_string(),
            time: local.format("%H:%M").to_string(),
            state: DateState::Made(appointment.status()),
            appointment: Some(appointment.id().to_string()),
            slot: Some(SeriesSlot::of(appointment.slot(), catalogue.timezone())),
            reasons: Vec::new(),
            nearest: None,
        }
    }

    fn not_made(found: &Occurrence, told: &SeriesDate, booked_before: bool) -> Self {
        let (state, reasons) = match &found.state {
            OccurrenceState::Free(..) if booked_before => (DateState::LeftOut, vec!["not_in_the_series"]),
            OccurrenceState::Free(..) => (DateState::LeftOut, vec!["another_date_refused"]),
            OccurrenceState::Own(_) => (DateState::Refused, vec!["own_appointment"]),
            OccurrenceState::Taken { .. } => (DateState::Refused, told.reasons()),
        };
        Self {
            date: told.date.clone(),
            time: told.time.clone(),
            state,
            appointment: told.own.clone(),
            slot: None,
            reasons,
            nearest: told.nearest.clone(),
        }
    }
}
