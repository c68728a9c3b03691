//! What a recurring wish would find, date by date, with the exact reason where it would find nothing.

use appointment::commands::{PreviewSeriesRequest, Requester};
use appointment::error::BookingError;
use appointment::model::Slot;
use appointment::policy::series::{ClockChange, Occurrence, OccurrenceState, SeriesRule, minute_of};
use appointment::service::WhyRequest;
use chrono_tz::Tz;
use kernel::{BranchId, CustomerId, ServiceId, StaffId, TenantScope};
use serde::Serialize;
use serde_json::json;

use super::{WhyAnswer, WhyDesk, WhyReason, local};

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
    /// `unverified` if it is free by the company's own plan alone: the outside calendar that has a say did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<&'static str>,
    /// The customer's appointment at that time; asked about for a customer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// What is in the way, as for a single time; absent where it is free, and where the customer is elsewhere.
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
        let dates = self.look(scope, question, None).await?;
        Ok(dates.into_iter().map(|(_, told)| told).collect())
    }

    /// The same for a customer, if one is known, with what was found beside how it is told.
    pub(crate) async fn look(
        &self,
        scope: &TenantScope,
        question: SeriesQuestion,
        customer: Option<CustomerId>,
    ) -> Result<Vec<(Occurrence, SeriesDate)>, BookingError> {
        let request = PreviewSeriesRequest {
            branch: question.branch,
            service: question.service,
            staff: question.staff,
            rule: question.rule,
            customer,
            requester: Requester::Desk,
        };
        let found = self.bookings.preview_series(scope, &request).await?;
        let catalogue = self.bookings.catalogue(scope, question.branch).await?;
        let zone = catalogue.timezone();
        let mut dates = Vec::with_capacity(found.len());
        for occurrence in found {
            let mut date = SeriesDate::at(&occurrence);
            match &occurrence.state {
                OccurrenceState::Free(slot, certainty) => {
                    date.free = true;
                    date.slot = Some(SeriesSlot::of(*slot, zone));
                    date.certainty = (!certainty.is_verified()).then_some("unverified");
                }
                OccurrenceState::Own(own) => date.own = Some(own.id.to_string()),
                OccurrenceState::Taken { nearest, .. } => {
                    let minute = minute_of(&catalogue, occurrence.date, occurrence.wall);
                    date.why = Some(match minute {
                        Ok(minute) => {
                            let SeriesQuestion { branch, service, staff, .. } = question;
                            let about = WhyRequest { branch, service, staff, start: minute.instant() };
                            let found = self.bookings.explain_occurrence(scope, about).await?;
                            self.answer(scope, about, found).await
                        }
                        Err(change) => {
                            WhyAnswer::changed_clock(change, format!("{}T{}", date.date, date.time))
                        }
                    });
                    date.nearest = nearest.map(|slot| SeriesSlot::of(slot, zone));
                }
            }
            dates.push((occurrence, date));
        }
        Ok(dates)
    }
}

impl WhyAnswer {
    /// The clock is changed over the time: that day does not have it, or has it twice.
    fn changed_clock(change: ClockChange, start: String) -> Self {
        let code = match change {
            ClockChange::PutForward => "clock_put_forward",
            ClockChange::PutBack => "clock_put_back",
        };
        let reason = WhyReason { code, detail: json!({}) };
        Self {
            free: false,
            start,
            end: None,
            busy: Vec::new(),
            opening: Vec::new(),
            branch: Some(reason),
            people: Vec::new(),
            facilities: Vec::new(),
        }
    }
}

impl SeriesSlot {
    pub(crate) fn of(slot: Slot, zone: Tz) -> Self {
        Self { start: local(slot.start, zone), end: local(slot.end, zone), staff: slot.staff.to_string() }
    }
}

impl SeriesDate {
    /// The words for what is in the way of a date that is taken: of the branch, else of each person.
    pub(crate) fn reasons(&self) -> Vec<&'static str> {
        let Some(why) = &self.why else { return Vec::new() };
        let mut codes: Vec<&'static str> = Vec::new();
        let each = why.people.iter().map(|person| person.reason.as_ref());
        for reason in std::iter::once(why.branch.as_ref()).chain(each).flatten() {
            if !codes.contains(&reason.code) {
                codes.push(reason.code);
            }
        }
        if codes.is_empty() {
            // It was given back between the look and the explanation.
            codes.push("just_taken");
        }
        codes
    }

    /// The date alone: not free, and nothing known of why.
    fn at(occurrence: &Occurrence) -> Self {
        let wall = occurrence.wall;
        Self {
            date: occurrence.date.to_string(),
            time: format!("{:02}:{:02}", wall / 60, wall % 60),
            free: false,
            slot: None,
            certainty: None,
            own: None,
            why: None,
            nearest: None,
        }
    }
}
