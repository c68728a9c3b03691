//! A recurring wish is booked as its preview shows it, for a customer whom the company knows.
//!
//! A series is named by what was asked for: the same wish of the same customer has the same name. A repetition, whenever it
//! comes and from wherever, finds what stands by it and books nothing. Once all of a series has been called off, the same
//! wish is a new one. Nothing is kept besides the appointments for that, so that it does not end with the time for which
//! outcomes are kept.

mod outcome;

use appointment::commands::{BookSeriesOutcome, BookSeriesRequest, ClaimForAll, Requester};
use appointment::error::BookingError;
use appointment::model::{Appointment, AppointmentSource, AppointmentStatus, SeriesId, Slot, Tie};
use appointment::policy::series::{Interval, Occurrence, OccurrenceState};
use customer::{Customer, CustomerService, Identification};
use kernel::{
    AppointmentId, Caller, Claim, CustomerId, IdempotencyKey, PhoneNumber, RequestHash, StoreError,
    TenantScope,
};
use phone_numbers::{Country, Normalised, normalise};
use serde_json::json;
use uuid::Uuid;

use self::outcome::outcome;
use crate::ports::body_digest;
use crate::why::{SeriesDate, SeriesQuestion, WhyDesk};

pub use self::outcome::{BookedDate, BookedSeries, DateState};

/// Looks at dates that somebody else takes between the look and the booking.
const ATTEMPTS: usize = 3;

/// How often one wish can be booked anew after all of it was called off. Each time is one question to the store before the
/// next booking, and nobody does that so often.
const MOST_AGAIN: u32 = 20;

/// A customer, as somebody at a desk names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// By the id.
    Id(CustomerId),
    /// By the telephone number, if one customer alone has it.
    Number(PhoneNumber),
}

impl Whom {
    /// Reads an id (`cus_…`) or a number; one without a calling code is of `country` (ISO 3166-1), or of Germany if no plan
    /// of that country is known. `None`: it is neither.
    #[must_use]
    pub fn parse(text: &str, country: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        match normalise(text, Country::from_code(country).unwrap_or(Country::Germany)) {
            Normalised::E164(number) => PhoneNumber::from_e164(&number).ok().map(Self::Number),
            Normalised::Withheld | Normalised::Unusable(_) => None,
        }
    }
}

/// What becomes of the other dates if one cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// They are booked.
    BookTheOthers,
    /// Nothing is booked.
    BookNothing,
}

/// Why a series is not booked at all. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// Nobody has the id or the number.
    #[error("the company has no such customer")]
    UnknownCustomer,
    /// The number names several; these are not blocked.
    #[error("several customers have this number, say which one by the id: {}", list(.0))]
    SharedNumber(Vec<CustomerId>),
    /// The company wants no bookings of this customer.
    #[error("the customer is blocked: nothing was booked")]
    Blocked,
    /// The customer has this service at one of these times by another series.
    #[error(
        "the customer has {appointment} of {series} at one of these times, and this is no repetition of it: nothing was booked"
    )]
    Differs {
        /// The other series.
        series: SeriesId,
        /// Its appointment.
        appointment: AppointmentId,
    },
    /// The same wish was booked and called off as often as is counted.
    #[error("this series has been called off {MOST_AGAIN} times: nothing was booked")]
    CalledOffTooOften,
    /// Others take its dates while it is booked, again and again.
    #[error("the dates are taken faster than they can be booked: nothing was booked, try again")]
    Unsettled,
    /// The rule is none, there is no such branch, or the store failed.
    #[error(transparent)]
    Booking(#[from] BookingError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(ids: &[CustomerId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Use case: book what recurs.
#[derive(Clone)]
pub struct SeriesDesk {
    why: WhyDesk,
    customers: CustomerService,
}

/// What a wish is called, and what stands by that name.
struct Named {
    series: SeriesId,
    asked: String,
    standing: Vec<Appointment>,
}

impl SeriesDesk {
    /// Over the desk that explains, which sees the plan and the outside calendars, and the customers.
    #[must_use]
    pub const fn new(why: WhyDesk, customers: CustomerService) -> Self {
        Self { why, customers }
    }

    /// Looks at every date, for a customer if one is named: where the customer is elsewhere, a date is not free. Nothing is
    /// held.
    ///
    /// # Errors
    /// [`SeriesError::UnknownCustomer`], [`SeriesError::SharedNumber`], [`SeriesError::Blocked`]; [`SeriesError::Booking`] if
    /// the rule is none; store failures.
    pub async fn preview(
        &self,
        scope: &TenantScope,
        question: SeriesQuestion,
        whom: Option<&Whom>,
    ) -> Result<Vec<SeriesDate>, SeriesError> {
        let customer = match whom {
            Some(whom) => Some(self.customer(scope, whom).await?),
            None => None,
        };
        let dates = self.why.look(scope, question, customer).await?;
        Ok(dates.into_iter().map(|(_, told)| told).collect())
    }

    /// Books the dates that are free, in one transaction, and no date at another time than was asked for. A repetition books
    /// nothing.
    ///
    /// # Errors
    /// [`SeriesError`].
    pub async fn book(
        &self,
        scope: &TenantScope,
        question: SeriesQuestion,
        whom: &Whom,
        conflict: Conflict,
    ) -> Result<BookedSeries, SeriesError> {
        let customer = self.customer(scope, whom).await?;
        for _ in 0..ATTEMPTS {
            let looked = self.why.look(scope, question, Some(customer)).await?;
            // Read after the look: what the look has seen of a repetition at the same moment is seen here as well.
            let Named { series, asked, standing } = self.named(scope, &question, customer).await?;
            let catalogue = self.why.bookings.catalogue(scope, question.branch).await?;
            if !standing.is_empty() {
                return Ok(outcome(&catalogue, looked, (Some(series), true), &standing));
            }
            self.is_no_other(scope, &question, &looked).await?;
            let slots: Vec<Slot> = looked.iter().filter_map(|(found, _)| free(found)).collect();
            if slots.is_empty() || (conflict == Conflict::BookNothing && slots.len() < looked.len()) {
                return Ok(outcome(&catalogue, looked, (None, false), &[]));
            }
            let request = BookSeriesRequest {
                series,
                branch: question.branch,
                slots,
                customer,
                requester: Requester::Desk,
                source: AppointmentSource::Desk,
                claim: Some(claim(series, &asked)),
            };
            match self.why.bookings.book_series(scope, request).await? {
                BookSeriesOutcome::Booked(made) => {
                    return Ok(outcome(&catalogue, looked, (Some(series), false), &made));
                }
                // Somebody was faster: another look says with what.
                BookSeriesOutcome::Repeated
                | BookSeriesOutcome::OwnAppointment(_)
                | BookSeriesOutcome::Gone(_) => {}
            }
        }
        Err(SeriesError::Unsettled)
    }

    async fn customer(&self, scope: &TenantScope, whom: &Whom) -> Result<CustomerId, SeriesError> {
        let found = match whom {
            Whom::Id(id) => self.customers.find(scope, *id).await?.into_iter().collect(),
            Whom::Number(number) => {
                match self.customers.identify(scope, &Caller::Known(number.clone())).await? {
                    Identification::Known(customer) => vec![customer],
                    Identification::SharedNumber(several) => several,
                    Identification::Unknown(_) | Identification::Anonymous => Vec::new(),
                }
            }
        };
        if found.is_empty() {
            return Err(SeriesError::UnknownCustomer);
        }
        let welcome: Vec<_> = found.iter().filter(|known| !known.is_blocked()).map(Customer::id).collect();
        match welcome[..] {
            [] => Err(SeriesError::Blocked),
            [only] if found.len() == 1 => Ok(only),
            _ => Err(SeriesError::SharedNumber(welcome)),
        }
    }

    async fn named(
        &self,
        scope: &TenantScope,
        question: &SeriesQuestion,
        customer: CustomerId,
    ) -> Result<Named, SeriesError> {
        for again in 0..=MOST_AGAIN {
            let asked = asked(question, customer, again);
            let series = SeriesId::from_uuid(Uuid::new_v5(&scope.tenant().as_uuid(), asked.as_bytes()));
            let standing = self.why.bookings.series(scope, series).await?;
            let is_called_off = standing.iter().all(|one| one.status() == AppointmentStatus::Cancelled);
            if standing.is_empty() || !is_called_off {
                return Ok(Named { series, asked, standing });
            }
        }
        Err(SeriesError::CalledOffTooOften)
    }

    /// What the customer has of this service at these times by another series was asked for otherwise: more dates, another
    /// interval, another person. Booking the rest of it would be a guess.
    async fn is_no_other(
        &self,
        scope: &TenantScope,
        question: &SeriesQuestion,
        looked: &[(Occurrence, SeriesDate)],
    ) -> Result<(), SeriesError> {
        for (found, _) in looked {
            let OccurrenceState::Own(own) = &found.state else { continue };
            if own.service != question.service {
                continue;
            }
            let tie = self.why.bookings.find(scope, own.id).await?.and_then(|known| known.snapshot().tie);
            if let Some(Tie::Series(series)) = tie {
                return Err(SeriesError::Differs { series, appointment: own.id });
            }
        }
        Ok(())
    }
}

/// What was asked for, in one text that is the same for every repetition.
fn asked(question: &SeriesQuestion, customer: CustomerId, again: u32) -> String {
    let SeriesQuestion { branch, service, staff, rule } = question;
    let staff = staff.map_or_else(|| "-".to_owned(), |staff| staff.to_string());
    let every = match rule.every {
        Interval::Days(days) => format!("{days}d"),
        Interval::Weeks(weeks) => format!("{weeks}w"),
        Interval::Months(months) => format!("{months}m"),
        Interval::MonthsByWeekday(months) => format!("{months}mw"),
    };
    let (first, wall, count) = (rule.first, rule.wall, rule.count);
    format!("{customer} {branch} {service} {staff} {first} {wall} {every} {count} {again}")
}

/// Of two that ask for the same at the same moment, one books.
fn claim(series: SeriesId, asked: &str) -> ClaimForAll {
    let request = RequestHash(body_digest(asked.as_bytes()));
    ClaimForAll::new(move |made| Claim {
        key: IdempotencyKey::new(&format!("series:{series}")),
        request,
        outcome: json!({
            "effect": "series_booked",
            "appointments": made.iter().map(Appointment::id).collect::<Vec<_>>(),
        }),
    })
}

const fn free(found: &Occurrence) -> Option<Slot> {
    match found.state {
        OccurrenceState::Free(slot, _) => Some(slot),
        OccurrenceState::Own(_) | OccurrenceState::Taken { .. } => None,
    }
}

#[cfg(test)]
mod tests;
