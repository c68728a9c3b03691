//! What a recurring wish would find, date by date, with the exact reason where it would find nothing.

use appointment::commands::{PreviewSeriesRequest, Requester};
use appointment::error::BookingError;
use appointment::model::Slot;
use appointment::policy::series::{Occurrence, OccurrenceState, SeriesRule, minute_of};
use appointment::service::WhyRequest;
use chrono_tz::Tz;
use kernel::{BranchId, ServiceId, StaffId, TenantScope};
use serde::Serialize;

use super::{WhyAnswer, WhyDesk, local};

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesQuestion {
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// When.
    pub rule: SeriesRule,
}

/// One date of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesDate {
    /// The date on the branch's calendar.
    pub date: String,
    /// The time on its wall clock, such as `10:00`.
    pub time: String,
    /// Whether it can be had.
    pub free: bool,
    /// The slot, if it is free.
    pub slot: Option<SeriesSlot>,
    /// What is in the way, as for a single time; absent where it is free, and where the clock is put forward over the time.
    pub why: Option<WhyAnswer>,
    /// The free slot nearest to it, if it is not free.
    pub nearest: Option<SeriesSlot>,
}

/// A slot of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesSlot {
    /// Beginning, on the branch's wall clock.
    pub start: String,
    /// End, on the branch's wall clock.
    pub end: String,
    /// The person's id.
    pub staff: String,
}

impl WhyDesk {
    /// Looks at every date of a series. Nothing is held.
    ///
    /// # Errors
    /// [`BookingError::NotASeries`]; [`BookingError::UnknownBranch`]; store failures.
    pub async fn series(
        &self,
        scope: &TenantScope,
        question: SeriesQuestion,
    ) -> Result<Vec<SeriesDate>, BookingError> {
        let request = PreviewSeriesRequest {
            branch: question.branch,
            service: question.service,
            staff: question.staff,
            rule: question.rule,
            requester: Requester::Desk,
        };
        let found = self.bookings.preview_series(scope, &request).await?;
        let catalogue = self.bookings.catalogue(scope, question.branch).await?;
        let zone = catalogue.timezone();
        let mut dates = Vec::with_capacity(found.len());
        for Occurrence { date, wall, state } in found {
            let time = format!("{:02}:{:02}", wall / 60, wall % 60);
            let date_told = date.to_string();
            dates.push(match state {
                OccurrenceState::Free(slot) => SeriesDate {
                    date: date_told,
                    time,
                    free: true,
                    slot: Some(told(slot, zone)),
                    why: None,
                    nearest: None,
                },
                OccurrenceState::Taken { nearest, .. } => SeriesDate {
                    date: date_told,
                    time,
                    free: false,
                    slot: None,
                    why: match minute_of(&catalogue, date, wall) {
                        Some(minute) => {
                            let SeriesQuestion { branch, service, staff, .. } = question;
                            let about = WhyRequest { branch, service, staff, start: minute.instant() };
                            let found = self.bookings.explain_occurrence(scope, about).await?;
                            Some(self.answer(scope, about, found).await)
                        }
                        None => None,
                    },
                    nearest: nearest.map(|slot| told(slot, zone)),
                },
            });
        }
        Ok(dates)
    }
}

fn told(slot: Slot, zone: Tz) -> SeriesSlot {
    SeriesSlot { start: local(slot.start, zone), end: local(slot.end, zone), staff: slot.staff.to_string() }
}
