//! Noting wishes, and ending them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{
    BranchId, CallId, ChangeSet, Claim, Clock, CommitError, CustomerId, IdGenerator, JobSpec, PersonName,
    PhoneNumber, ServiceId, StaffId, TenantScope,
};
use serde_json::json;

use super::events::WaitingEvent;
use super::model::{DayWindow, UnmetWish, WishId, WishSnapshot, WishStatus};
use super::policy::WishLimits;
use super::ports::{WaitingWrite, WishRepository};
use crate::error::BookingError;
use crate::model::{Catalogue, DateRange, MINUTES_PER_DAY, add_days};
use crate::ports::{AppointmentRepository, AppointmentWrite};

/// A wish that could not be met and shall be noted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewWish {
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// With whom; `None` is anybody.
    pub staff: Option<StaffId>,
    /// For whom, if the company knows them.
    pub customer: Option<CustomerId>,
    /// In which call, if in one.
    pub call: Option<CallId>,
    /// The number to call.
    pub phone: PhoneNumber,
    /// Whom to ask for.
    pub name: Option<PersonName>,
    /// On which days; cut to what can be booked and to the bound of one wish.
    pub days: DateRange,
    /// At which hours.
    pub window: DayWindow,
}

/// What came of noting a wish.
#[derive(Debug, Clone, PartialEq)]
pub enum NoteOutcome {
    /// It is in the list.
    Noted(UnmetWish),
    /// What is wished for is part of a wish that the number has already, for nobody else. Nothing was written but a name that
    /// it lacked.
    Already(UnmetWish),
    /// The number or the company has as many open wishes as are allowed. Nothing was written.
    TooMany,
    /// The claim was taken: this request was carried out before.
    Repeated,
}

/// What came of looking whether the time of an offer, or of a wish, is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUp {
    /// It is, and it has ended by that now.
    Ended,
    /// It had ended before, or there is none.
    Before,
    /// It is over at this instant: whoever asked has a clock that is ahead of this one.
    NotYet(DateTime<Utc>),
}

/// Notes wishes.
#[derive(Clone)]
pub struct WishDesk {
    pub(super) wishes: Arc<dyn WishRepository>,
    pub(super) appointments: Arc<dyn AppointmentRepository>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdGenerator>,
    pub(super) limits: WishLimits,
}

impl WishDesk {
    /// Kind of the job that ends a wish whose days are over.
    pub const EXPIRE_WISH: &'static str = "expire_wish";

    /// A desk over these ports.
    #[must_use]
    pub fn new(
        wishes: Arc<dyn WishRepository>,
        appointments: Arc<dyn AppointmentRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        limits: WishLimits,
    ) -> Self {
        Self { wishes, appointments, clock, ids, limits }
    }

    /// The wish as it would be noted, for a claim whose outcome names it. `None`: none of its days can be booked.
    #[must_use]
    pub fn prepare(&self, catalogue: &Catalogue, new: NewWish) -> Option<UnmetWish> {
        let now = self.clock.now();
        let today = catalogue.date_at(now);
        let first = new.days.first().max(today);
        let longest = add_days(first, u64::from(self.limits.days.max(1)) - 1);
        let horizon = add_days(today, u64::from(catalogue.policy().horizon_days));
        let last = new.days.last().min(longest).min(horizon);
        (first <= last).then(|| {
            UnmetWish::restore(WishSnapshot {
                id: WishId::generate(self.ids.as_ref()),
                branch: new.branch,
                service: new.service,
                staff: new.staff,
                customer: new.customer,
                call: new.call,
                phone: new.phone,
                name: new.name,
                days: DateRange::new(first, last),
                window: new.window,
                status: WishStatus::Waiting,
                asked: 0,
                created_at: now,
                version: 1,
            })
        })
    }

    /// Puts a prepared wish into the list, with the job that ends it after its last day.
    ///
    /// # Errors
    /// Store failures.
    pub async fn record(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        wish: &UnmetWish,
        claim: Option<Claim>,
    ) -> Result<NoteOutcome, BookingError> {
        let state = wish.snapshot();
        let open = self.wishes.open_of(scope, None, Some(&state.phone)).await?;
        let mut same: Vec<_> = open.into_iter().filter(|other| covers(other, state)).collect();
        same.sort_by_key(|other| other.name.is_none());
        for same in same {
            // What cannot take the name stays somebody else's, and whoever has it waits for themselves.
            if let Some(same) = self.named(scope, UnmetWish::restore(same), state).await? {
                return Ok(NoteOutcome::Already(same));
            }
        }
        let note = WaitingWrite::Note { wish: state.clone(), limits: self.limits };
        let over = over(catalogue, state);
        let change = ChangeSet::one(AppointmentWrite::Waiting(note))
            .emit(WaitingEvent::noted(state).into_outgoing(self.ids.as_ref(), state.created_at)?)
            .enqueue(expiry(state.id, over))
            .claim(claim);
        match self.appointments.commit(scope, change).await {
            Ok(()) => {
                tracing::info!(wish.id = %state.id, "an unmet wish was noted");
                Ok(NoteOutcome::Noted(wish.clone()))
            }
            Err(CommitError::AlreadyClaimed) => Ok(NoteOutcome::Repeated),
            Err(CommitError::Stale) => Ok(NoteOutcome::TooMany),
            Err(error) => Err(BookingError::Commit(error)),
        }
    }

    /// Notes a name that was said later. `None`: the wish has no name and cannot get this one, since it is of somebody known,
    /// who may be another, is offered something, or changes meanwhile.
    async fn named(
        &self,
        scope: &TenantScope,
        wish: UnmetWish,
        later: &WishSnapshot,
    ) -> Result<Option<UnmetWish>, BookingError> {
        let known = wish.snapshot();
        if known.name.is_some() || later.name.is_none() {
            return Ok(Some(wish));
        }
        let may_be = known.customer.is_none() || known.customer == later.customer;
        let Some(next) = wish.named(later.name.as_ref()).filter(|_| may_be) else { return Ok(None) };
        let write = WaitingWrite::Update(next.snapshot().clone());
        match self.appointments.commit(scope, ChangeSet::one(AppointmentWrite::Waiting(write))).await {
            Ok(()) => Ok(Some(next)),
            Err(CommitError::Stale) => Ok(None),
            Err(error) => Err(BookingError::Commit(error)),
        }
    }

    /// Ends a wish whose days are over. One that waits for an answer is ended by that.
    ///
    /// # Errors
    /// Store failures.
    pub async fn expire(
        &self,
        scope: &TenantScope,
        catalogue: &Catalogue,
        wish: &UnmetWish,
    ) -> Result<TimeUp, BookingError> {
        let Ok(next) = wish.ended(WishStatus::Expired) else { return Ok(TimeUp::Before) };
        let over = over(catalogue, wish.snapshot());
        if self.clock.now() < over {
            return Ok(TimeUp::NotYet(over));
        }
        let write = WaitingWrite::Update(next.snapshot().clone());
        let change = ChangeSet::one(AppointmentWrite::Waiting(write));
        self.appointments.commit(scope, change).await.map_err(BookingError::Commit)?;
        Ok(TimeUp::Ended)
    }

    /// One wish. `None`: the tenant has no such wish.
    ///
    /// # Errors
    /// Store failures.
    pub async fn find(&self, scope: &TenantScope, id: WishId) -> Result<Option<UnmetWish>, BookingError> {
        Ok(self.wishes.find_wish(scope, id).await?.map(UnmetWish::restore))
    }

    /// Open wishes that name this customer, and those to call this number, whomever they name.
    ///
    /// # Errors
    /// Store failures.
    pub async fn open_of(
        &self,
        scope: &TenantScope,
        customer: CustomerId,
        phone: Option<&PhoneNumber>,
    ) -> Result<Vec<UnmetWish>, BookingError> {
        let open = self.wishes.open_of(scope, Some(customer), phone).await?;
        Ok(open.into_iter().map(UnmetWish::restore).collect())
    }
}

/// Whether all that would meet a wish is waited for already, for the same person as far as both are named. Another time of
/// the day is another wish, and so is another member of the family.
fn covers(other: &WishSnapshot, wish: &WishSnapshot) -> bool {
    let has_days = other.days.first() <= wish.days.first() && wish.days.last() <= other.days.last();
    let has_hours = other.window.contains(wish.window.from()) && other.window.contains(wish.window.until());
    let has_staff = other.staff.is_none_or(|staff| wish.staff == Some(staff));
    (other.branch, other.service) == (wish.branch, wish.service)
        && has_days
        && has_hours
        && has_staff
        && is_of_same(other, wish)
}

/// Whether two wishes are one person's, as far as both are known or named: "Frau Muster" may be Erika Muster.
pub(super) fn is_of_same(one: &WishSnapshot, other: &WishSnapshot) -> bool {
    let may_be_one =
        |(one, other): (&PersonName, &PersonName)| one.is_short_for(other) || other.is_short_for(one);
    one.phone == other.phone
        && one.customer.zip(other.customer).is_none_or(|(one, other)| one == other)
        && one.name.as_ref().zip(other.name.as_ref()).is_none_or(may_be_one)
}

/// When the last day of a wish is over.
fn over(catalogue: &Catalogue, wish: &WishSnapshot) -> DateTime<Utc> {
    catalogue.minute_at(wish.days.last(), MINUTES_PER_DAY).instant()
}

fn expiry(wish: WishId, over: DateTime<Utc>) -> JobSpec {
    JobSpec::new(WishDesk::EXPIRE_WISH, json!({ "wish": wish })).at(over)
}
