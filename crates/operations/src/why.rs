//! "Why not?": what exactly keeps an asked time from being free, for people and programs of the company.
//!
//! The answer names the rule, the appointment, the hold, the break, the notice, or the booking in the outside calendar. It
//! names nobody: who an appointment is for is asked of the lists.

mod series;

use std::sync::Arc;

use appointment::BookingService;
use appointment::calendar::{CalendarBook, CalendarGateway, Connection, Effort, ReadFailure, RemoteBooking};
use appointment::error::BookingError;
use appointment::model::{BusyKind, DayHours, ServiceLink, Span, Unavailable};
use appointment::service::{Explanation, FacilityExplanation, PersonExplanation, WhyRequest};
use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use kernel::TenantScope;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use series::{SeriesDate, SeriesQuestion, SeriesSlot};

/// Bookings there that an answer names at most.
const MAX_REMOTE: usize = 5;
/// Pages of bookings that are read for one answer: each is a request, and a busy day of a large team has a few.
const MAX_PAGES: usize = 5;
/// No booking is longer, so that one which began earlier does not reach into the stay.
const LONGEST_HOURS: i64 = 24;

/// The answer about one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyAnswer {
    /// Whether somebody could take it for certain. Where an outside calendar is silent (`outside_calendar_silent`), nobody
    /// can say so; callers are told of such a time as one that would be noted until the calendar confirms it.
    pub free: bool,
    /// The asked beginning, on the branch's wall clock.
    pub start: String,
    /// The end of the stay; absent if the service is not offered.
    pub end: Option<String>,
    /// When whoever performs it would be busy, buffers included; empty if the service is not offered.
    pub busy: Vec<WhySpan>,
    /// The branch's hours of that day, such as `09:00-18:00`.
    pub opening: Vec<String>,
    /// What is in the way whoever performs it.
    pub branch: Option<WhyReason>,
    /// Each person.
    pub people: Vec<WhyPerson>,
    /// Each room, place or device that would do; empty where none is needed.
    pub facilities: Vec<WhyFacility>,
}

/// A stretch of time on the branch's wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhySpan {
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub until: String,
}

/// The answer about one room, place or device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyFacility {
    /// Its id.
    pub facility: String,
    /// Its name.
    pub name: String,
    /// The name of its group, one of which is needed.
    pub group: String,
    /// Whether it is free for the time it would be needed.
    pub free: bool,
    /// What occupies it.
    pub reason: Option<WhyReason>,
}

/// The answer about one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyPerson {
    /// The person's id.
    pub staff: String,
    /// The person's name.
    pub name: String,
    /// Whether the person could take it.
    pub free: bool,
    /// The person's hours of that day.
    pub hours: Vec<String>,
    /// What is in the way.
    pub reason: Option<WhyReason>,
    /// When an outside calendar that has a say was heard last.
    pub as_of: Option<String>,
}

/// What is in the way: a stable code, and what exactly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyReason {
    /// A stable word.
    pub code: &'static str,
    /// Ids, times and settings, by code.
    pub detail: Value,
}

/// Use case: why is this time not free?
#[derive(Clone)]
pub struct WhyDesk {
    pub(crate) bookings: Arc<BookingService>,
    book: Arc<dyn CalendarBook>,
    gateway: Arc<dyn CalendarGateway>,
    effort: Effort,
}

impl WhyDesk {
    /// Over the plan, and the outside calendars, of which one question may take `effort`.
    #[must_use]
    pub const fn new(
        bookings: Arc<BookingService>,
        book: Arc<dyn CalendarBook>,
        gateway: Arc<dyn CalendarGateway>,
        effort: Effort,
    ) -> Self {
        Self { bookings, book, gateway, effort }
    }

    /// Explains.
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`]; store failures. An outside calendar that does not answer is part of the answer.
    pub async fn explain(&self, scope: &TenantScope, request: WhyRequest) -> Result<WhyAnswer, BookingError> {
        let found = self.bookings.explain(scope, request).await?;
        Ok(self.answer(scope, request, found).await)
    }

    async fn answer(&self, scope: &TenantScope, request: WhyRequest, found: Explanation) -> WhyAnswer {
        let mut people = Vec::with_capacity(found.people.len());
        for person in &found.people {
            let reason = match &person.reason {
                Some(reason) => Some(self.reason(scope, &found, person, reason).await),
                None => None,
            };
            people.push(WhyPerson {
                staff: person.staff.to_string(),
                name: person.name.clone(),
                free: person.reason.is_none(),
                hours: hours(&person.hours),
                reason,
                as_of: person.as_of.map(|at| local(at, found.timezone)),
            });
        }
        WhyAnswer {
            free: people.iter().any(|person| person.free),
            start: local(request.start, found.timezone),
            end: found.stay.map(|stay| local(stay.end, found.timezone)),
            busy: found.busy.iter().map(|span| stretch(*span, found.timezone)).collect(),
            opening: hours(&found.opening),
            branch: found.branch.as_ref().map(|reason| rule(&found, reason)),
            people,
            facilities: found.facilities.iter().map(|one| facility(one, found.timezone)).collect(),
        }
    }

    async fn reason(
        &self,
        scope: &TenantScope,
        found: &Explanation,
        person: &PersonExplanation,
        reason: &Unavailable,
    ) -> WhyReason {
        let mut because = self.cause(scope, found, person, reason).await;
        if is_buffer(found, person, reason) {
            because.detail["buffer"] = true.into();
        }
        because
    }

    async fn cause(
        &self,
        scope: &TenantScope,
        found: &Explanation,
        person: &PersonExplanation,
        reason: &Unavailable,
    ) -> WhyReason {
        let zone = found.timezone;
        match reason {
            Unavailable::Busy(busy) => occupied(busy.kind, busy.span(), busy.expires_at, zone),
            Unavailable::FacilityTaken { group, taken } => {
                let mut reason = occupied(taken.kind, taken.span(), taken.expires_at, zone);
                let named = found.facilities.iter().find(|one| one.facility == taken.facility);
                reason.detail["by"] = reason.code.into();
                reason.detail["facility"] = taken.facility.to_string().into();
                reason.detail["name"] = named.map(|one| one.name.clone()).into();
                reason.detail["group"] = group.to_string().into();
                reason.detail["group_name"] = named.map(|one| one.group_name.clone()).into();
                WhyReason { code: "facility", ..reason }
            }
            Unavailable::NoFacility => WhyReason { code: "no_facility", detail: Value::Null },
            Unavailable::StaffAbsent => {
                let absence = person.absence.map(|span| stretch(span, zone));
                WhyReason { code: "absence", detail: json!(absence) }
            }
            Unavailable::BusyElsewhere | Unavailable::NotAllowedElsewhere | Unavailable::NotVerified => {
                let code = match reason {
                    Unavailable::NotVerified => "outside_calendar_silent",
                    _ => "outside_calendar",
                };
                let mut detail = self.remote(scope, found, person).await;
                // That no booking stands there is no cause where the account has not said whether it offers the time.
                if *reason == Unavailable::NotVerified && detail["cause"] == "not_offered" {
                    detail["cause"] = "unknown".into();
                }
                WhyReason { code, detail }
            }
            Unavailable::Break | Unavailable::StaffOff => {
                let code = if *reason == Unavailable::Break { "break" } else { "not_at_work" };
                WhyReason {
                    code,
                    detail: json!({"hours": hours(&person.hours), "opening": hours(&found.opening)}),
                }
            }
            Unavailable::StaffCannot => WhyReason { code: "person_does_not_perform_it", detail: Value::Null },
            of_branch => rule(found, of_branch),
        }
    }

    /// What stands there: the person's bookings that touch the stay, as they are now, and as far as it can be told why the
    /// account does not offer it: `booking`; `not_offered` if there is none, for the account's own hours, its notice, or
    /// what is in another calendar that is connected with it; `unknown` if not everything could be read.
    async fn remote(&self, scope: &TenantScope, found: &Explanation, person: &PersonExplanation) -> Value {
        let (Some(link), Some(stay)) = (&person.link, found.stay) else { return Value::Null };
        let mut detail = json!({
            "connection": link.connection.to_string(), "event_type": link.event_type.as_str(),
            "host": link.host.as_ref().map(|host| host.as_str().to_owned()),
            "cause": "unknown", "bookings": Value::Null,
        });
        let Ok(Some(connection)) = self.book.connection(scope, link.connection).await else { return detail };
        let Ok(links) = self.book.links(scope, link.connection).await else { return detail };
        let own: Vec<_> =
            links.into_iter().map(|(_, link)| link).filter(|one| one.staff == person.staff).collect();
        match self.in_the_way(scope, &connection, stay, &own).await {
            Ok((bookings, is_all)) => {
                detail["cause"] = match (bookings.is_empty(), is_all) {
                    (false, _) => "booking",
                    (true, true) => "not_offered",
                    (true, false) => "unknown",
                }
                .into();
                let shown = bookings.iter().take(MAX_REMOTE).map(|booking| {
                    json!({
                        "uid": booking.uid.as_str(), "from": local(booking.start, found.timezone),
                        "until": local(booking.end, found.timezone),
                        "appointment": booking.marker.map(|id| id.to_string()),
                    })
                });
                detail["bookings"] = shown.collect();
            }
            Err(failure) => detail["silent"] = failure.to_string().into(),
        }
        detail
    }

    /// The bookings of somebody that touch a stay, and whether that is all that there is to read: what has been read counts
    /// if the rest cannot be, or takes longer than one request may.
    async fn in_the_way(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        stay: Span,
        own: &[ServiceLink],
    ) -> Result<(Vec<RemoteBooking>, bool), ReadFailure> {
        let around = Span::new(stay.start - TimeDelta::hours(LONGEST_HOURS), stay.end);
        let (mut found, mut from, mut is_readable) = (Vec::new(), None, true);
        let deadline = Instant::now() + self.effort.within;
        for _ in 0..MAX_PAGES {
            let within = deadline.saturating_duration_since(Instant::now());
            let effort = Effort { within, ..self.effort };
            let page = match self.gateway.list(scope, connection, around, from, effort).await {
                Err(_) if !found.is_empty() => break,
                page => page?,
            };
            is_readable &= page.unreadable == 0;
            found.extend(page.bookings.into_iter().filter(|booking| {
                booking.status.is_open()
                    && Span::new(booking.start, booking.end).overlaps(&stay)
                    && concerns(own, booking)
            }));
            from = page.next;
            if from.is_none() {
                return Ok((found, is_readable));
            }
        }
        Ok((found, false))
    }
}

/// Whether a booking takes the time of the person whose links these are: of whatever event type, if it says who performs it.
fn concerns(own: &[ServiceLink], booking: &RemoteBooking) -> bool {
    own.iter().any(|own| match &own.link.host {
        Some(host) if !booking.hosts.is_empty() => booking.hosts.iter().any(|one| one.reference == *host),
        _ => booking.event_type.as_ref() == Some(&own.link.event_type),
    })
}

/// What occupies somebody or something.
fn occupied(kind: BusyKind, span: Span, expires_at: Option<DateTime<Utc>>, zone: Tz) -> WhyReason {
    let mut detail = json!({"from": local(span.start, zone), "until": local(span.end, zone)});
    let code = match kind {
        BusyKind::Appointment(id) => {
            detail["appointment"] = id.to_string().into();
            "appointment"
        }
        BusyKind::Hold(call) => {
            detail["call"] = call.to_string().into();
            detail["expires_at"] = expires_at.map(|at| local(at, zone)).into();
            "hold"
        }
        BusyKind::Offer(offer) => {
            detail["offer"] = offer.to_string().into();
            detail["expires_at"] = expires_at.map(|at| local(at, zone)).into();
            "waiting_list_offer"
        }
    };
    WhyReason { code, detail }
}

fn facility(one: &FacilityExplanation, zone: Tz) -> WhyFacility {
    WhyFacility {
        facility: one.facility.to_string(),
        name: one.name.clone(),
        group: one.group_name.clone(),
        free: one.taken.is_none(),
        reason: one.taken.map(|taken| occupied(taken.kind, taken.span(), taken.expires_at, zone)),
    }
}

/// What the branch's own rules say.
fn rule(found: &Explanation, reason: &Unavailable) -> WhyReason {
    let zone = found.timezone;
    let (code, detail) = match reason {
        Unavailable::NotOffered => ("not_offered", Value::Null),
        Unavailable::TooSoon { earliest } => {
            let code = if found.is_past { "past" } else { "notice" };
            (code, json!({"earliest": local(*earliest, zone)}))
        }
        Unavailable::TooFar { latest } => ("horizon", json!({"latest": latest.to_string()})),
        Unavailable::Closed { reason } => {
            ("closed", json!({"date": found.date.to_string(), "reason": reason}))
        }
        Unavailable::OutsideHours => ("outside_opening_hours", json!({"opening": hours(&found.opening)})),
        Unavailable::Break => ("break", json!({"opening": hours(&found.opening)})),
        Unavailable::OffGrid => {
            ("grid", json!({"opening": hours(&found.opening), "minutes": found.grid_minutes}))
        }
        _ => ("unknown", Value::Null),
    };
    WhyReason { code, detail }
}

/// Whether it is in the way of a buffer alone: it leaves the stay itself untouched.
fn is_buffer(found: &Explanation, person: &PersonExplanation, reason: &Unavailable) -> bool {
    let Some(stay) = found.stay else { return false };
    match reason {
        Unavailable::Busy(busy) => !busy.span().overlaps(&stay),
        Unavailable::StaffAbsent => person.absence.is_some_and(|absence| !absence.overlaps(&stay)),
        // What the branch's own hours say is no matter of buffers.
        Unavailable::Break | Unavailable::StaffOff if found.branch.is_none() => {
            let wall = |at: DateTime<Utc>| {
                let local = at.with_timezone(&found.timezone).naive_local();
                (local - found.date.and_time(NaiveTime::MIN)).num_minutes()
            };
            let (from, until) = (wall(stay.start), wall(stay.end));
            person.hours.iter().any(|hours| i64::from(hours.from) <= from && until <= i64::from(hours.until))
        }
        _ => false,
    }
}

fn stretch(span: Span, zone: Tz) -> WhySpan {
    WhySpan { from: local(span.start, zone), until: local(span.end, zone) }
}

fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn hours(stretches: &[DayHours]) -> Vec<String> {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    stretches.iter().map(|one| format!("{}-{}", clock(one.from), clock(one.until))).collect()
}

#[cfg(test)]
mod tests;
