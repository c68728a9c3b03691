//! The use cases: load, decide, commit.
//!
//! One picture of the days in question is loaded in one round trip, a pure decision is made on it, and what was
//! decided is committed as a whole. The store has the last word about occupied time: if it says that somebody was
//! faster, the picture is loaded and decided again, and in the end the caller hears alternatives, never an error.

mod book;
mod catalogues;
mod check;
mod explain;
mod modify;
mod picture;
mod search;
mod sequence;
mod sequence_changes;
mod sequence_moves;
mod sequence_place;
mod sequence_search;
mod sequence_starts;
mod series;
mod waiting;

pub(crate) use waiting::{Along, PersonDays};

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use kernel::{
    AppointmentId, BranchId, CallId, ChangeSet, Clock, CommitError, CustomerId, IdGenerator, ServiceId,
    StaffId, TenantScope,
};

use crate::calendar::{CalendarLink, OutsideTimes};
use crate::commands::Requester;
use crate::error::BookingError;
use crate::model::{
    Appointment, AppointmentSnapshot, Catalogue, CustomerHistory, DateRange, Hold, HoldId, Minute, Sought,
    local_date,
};
use crate::policy::alternatives::{
    Never, RANKED, RANKED_IN_A_CROWD, RankedSlot, TimeWish, Wish, rank, select,
};
use crate::policy::sequence::SequenceLimits;
use crate::policy::series::SeriesLimits;
use crate::ports::{AppointmentRepository, AppointmentWrite, CatalogueRepository, SoftOffers};
use catalogues::Catalogues;
use picture::{Picture, choose_hopefully, kept_by, own_holds, own_holds_for};

pub use explain::{Explanation, FacilityExplanation, PersonExplanation, WhyRequest};

/// How often a decision is made anew because somebody was faster. Each time at least one other caller got a slot, so
/// this is a bound on patience, not on correctness.
const ATTEMPTS: usize = 3;

/// How long an offered alternative is remembered, so that other callers are offered something else first.
const OFFER_SECONDS: i64 = 60;

/// Availability, holds, booking, moving and cancelling for all branches of all tenants.
pub struct BookingService {
    catalogues: Catalogues,
    appointments: Arc<dyn AppointmentRepository>,
    offers: Arc<dyn SoftOffers>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    outside: Option<Arc<dyn OutsideTimes>>,
    sequences: SequenceLimits,
    series: SeriesLimits,
}

/// What a question is about: a service that shall be booked, or an appointment that shall be moved.
#[derive(Debug, Clone, Copy)]
enum Subject<'a> {
    Service(ServiceId),
    Moving(&'a AppointmentSnapshot),
}

/// A question: where, what, with whom, on whose behalf.
#[derive(Debug, Clone, Copy)]
struct Ask<'a> {
    branch: BranchId,
    subject: Subject<'a>,
    staff: Option<StaffId>,
    requester: &'a Requester,
    /// The customer for whom a booking is, if stored already and perhaps not on the line.
    customer: Option<CustomerId>,
}

impl Ask<'_> {
    fn sought(&self, catalogue: &Catalogue) -> Option<Sought> {
        match self.subject {
            Subject::Service(service) => Sought::service(catalogue, service),
            Subject::Moving(appointment) => Some(Sought::another_time(catalogue, appointment)),
        }
    }

    const fn exclude(&self) -> Option<AppointmentId> {
        match self.subject {
            Subject::Service(_) => None,
            Subject::Moving(appointment) => Some(appointment.id),
        }
    }

    const fn service(&self) -> ServiceId {
        match self.subject {
            Subject::Service(service) => service,
            Subject::Moving(appointment) => appointment.service,
        }
    }

    /// What the service is in outside calendars, for each of these people who has it in one.
    fn links(&self, catalogue: &Catalogue, people: &[StaffId]) -> Vec<(StaffId, CalendarLink)> {
        let link = |staff: &StaffId| Some((*staff, catalogue.link(self.service(), *staff)?.clone()));
        people.iter().filter_map(link).collect()
    }

    fn customers(&self) -> Vec<CustomerId> {
        let mut customers = self.requester.customers().to_vec();
        let booked_for = match self.subject {
            Subject::Service(_) => self.customer,
            Subject::Moving(appointment) => Some(appointment.customer),
        };
        customers.extend(booked_for.filter(|customer| !customers.contains(customer)));
        customers
    }
}

impl BookingService {
    /// A service over these ports.
    #[must_use]
    pub fn new(
        catalogues: Arc<dyn CatalogueRepository>,
        appointments: Arc<dyn AppointmentRepository>,
        offers: Arc<dyn SoftOffers>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        let catalogues = Catalogues::new(catalogues);
        let (sequences, series) = (SequenceLimits::default(), SeriesLimits::default());
        Self { catalogues, appointments, offers, clock, ids, outside: None, sequences, series }
    }

    /// The same with outside calendars.
    #[must_use]
    pub fn with_outside(self, outside: Arc<dyn OutsideTimes>) -> Self {
        Self { outside: Some(outside), ..self }
    }

    /// The branch's catalogue, at most a few seconds behind; every decision about time checks its version anyway.
    ///
    /// # Errors
    /// [`BookingError::UnknownBranch`] if the tenant has no such branch; store failures.
    pub async fn catalogue(
        &self,
        scope: &TenantScope,
        branch: BranchId,
    ) -> Result<Arc<Catalogue>, BookingError> {
        self.catalogues.recent(scope, branch, self.clock.real_now()).await
    }

    /// One appointment of the tenant.
    ///
    /// # Errors
    /// Store failures.
    pub async fn find(
        &self,
        scope: &TenantScope,
        id: AppointmentId,
    ) -> Result<Option<Appointment>, BookingError> {
        let found = self.appointments.find(scope, id).await?;
        Ok(found.map(Appointment::restore).transpose()?)
    }

    /// Open appointments of these customers that are not over, by start.
    ///
    /// # Errors
    /// Store failures.
    pub async fn upcoming(
        &self,
        scope: &TenantScope,
        customers: &[CustomerId],
    ) -> Result<Vec<Appointment>, BookingError> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.appointments.list_upcoming_of_customers(scope, customers, self.clock.now()).await?;
        restore_all(found)
    }

    /// What a customer has had so far.
    ///
    /// # Errors
    /// Store failures.
    pub async fn history(
        &self,
        scope: &TenantScope,
        customer: CustomerId,
    ) -> Result<CustomerHistory, BookingError> {
        Ok(self.appointments.history_of_customer(scope, customer, self.clock.now()).await?)
    }

    /// Appointments made in a call, whatever became of them, by start.
    ///
    /// # Errors
    /// Store failures.
    pub async fn of_call(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Appointment>, BookingError> {
        restore_all(self.appointments.list_of_call(scope, call).await?)
    }

    /// Live holds of a call, oldest first.
    ///
    /// # Errors
    /// Store failures.
    pub async fn holds_of_call(&self, scope: &TenantScope, call: CallId) -> Result<Vec<Hold>, BookingError> {
        let found = self.appointments.live_holds_of_call(scope, call).await?;
        Ok(found.into_iter().map(Hold::restore).collect())
    }

    /// Renews the holds of a call that are past half of their life: the caller is still there.
    ///
    /// # Errors
    /// Store failures.
    pub async fn keep_holds(&self, scope: &TenantScope, call: CallId) -> Result<(), BookingError> {
        let now = self.clock.now();
        let mut change = ChangeSet::new().relaxed();
        for hold in self.holds_of_call(scope, call).await? {
            let catalogue = self.catalogue(scope, hold.snapshot().branch).await?;
            let life = TimeDelta::seconds(i64::from(catalogue.policy().hold_seconds));
            if let Some(expires_at) = hold.renewal(now, life) {
                change = change.write(AppointmentWrite::RenewHold { id: hold.id(), expires_at });
            }
        }
        self.commit_holds(scope, change).await
    }

    /// Frees one hold of a call, with all that is held as one with it. False if the call has no such live hold.
    ///
    /// # Errors
    /// Store failures.
    pub async fn release_hold(
        &self,
        scope: &TenantScope,
        call: CallId,
        hold: HoldId,
    ) -> Result<bool, BookingError> {
        let live = self.appointments.live_holds_of_call(scope, call).await?;
        if !live.iter().any(|known| known.id == hold) {
            return Ok(false);
        }
        let together = live.iter().filter(|known| known.id.unit() == hold.unit());
        let change = together.fold(ChangeSet::new().relaxed(), |change, known| {
            change.write(AppointmentWrite::ReleaseHold(known.id))
        });
        self.commit_holds(scope, change).await?;
        Ok(true)
    }

    /// Frees everything that is held for a call: it is over, or the caller wants something else.
    ///
    /// # Errors
    /// Store failures.
    pub async fn release_call(&self, scope: &TenantScope, call: CallId) -> Result<(), BookingError> {
        let change = ChangeSet::one(AppointmentWrite::ReleaseHoldsOfCall(call)).relaxed();
        self.commit_holds(scope, change).await
    }

    async fn commit_holds(
        &self,
        scope: &TenantScope,
        change: ChangeSet<AppointmentWrite>,
    ) -> Result<(), BookingError> {
        if change.is_empty() {
            return Ok(());
        }
        self.appointments.commit(scope, change).await.map_err(BookingError::Commit)
    }

    /// What can be offered for a wish: near days first, the week after if those have nothing. The person who was asked
    /// for first, others only if that person has nothing. The picture of the near days comes along.
    ///
    /// `asked` is the minute that was refused; without it a wish for one minute means that minute. A picture that was
    /// loaded for the refusal is looked at first, if it shows the near days. `last_day`: see
    /// [`SearchRequest`](crate::commands::SearchRequest).
    async fn alternatives(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        wish: Wish,
        (asked, seen): (Option<Minute>, Option<Picture>),
        (last_day, limit): (Option<NaiveDate>, Option<u32>),
    ) -> Result<(Vec<RankedSlot>, Picture), BookingError> {
        let near_days = |catalogue: &Catalogue, today| wish.near_days(today, latest_day(catalogue, today));
        let shows_them =
            |seen: &Picture| seen.days == near_days(&seen.catalogue, seen.catalogue.date_at(seen.view.now));
        let mut near = match seen.filter(shows_them) {
            Some(seen) => seen,
            None => self.picture_of_wished(scope, ask, &near_days).await?,
        };
        let never = Never {
            minute: asked.or(match wish.time {
                TimeWish::At(wall) => Some(near.catalogue.minute_at(wish.day, wall)),
                _ => None,
            }),
        };
        let mut ranked = self.rank(scope, &mut near, ask, (wish, never), RANKED).await;
        let mut further = None;
        let today = near.catalogue.date_at(near.view.now);
        if ranked.is_empty() && wish.far_days(today, latest_day(&near.catalogue, today)).is_some() {
            let far = self
                .picture_of_wished(scope, ask, &|catalogue, today| {
                    wish.far_days(today, latest_day(catalogue, today))
                        .unwrap_or_else(|| DateRange::day(today))
                })
                .await?;
            let far = further.insert(far);
            ranked = self.rank(scope, far, ask, (wish, never), RANKED).await;
        }
        let allowed = near.catalogue.policy().max_alternatives;
        let max = limit.map_or(allowed, |limit| limit.min(allowed)) as usize;
        let zone = near.catalogue.timezone();
        let is_wished = |entry: &RankedSlot| {
            let date = local_date(zone, entry.slot.start);
            entry.matches_preference && last_day.is_some_and(|last| (wish.day..=last).contains(&date))
        };
        let mut offered = self.offered(scope, ask.requester, &ranked).await;
        // One may be missing: the place that a move begins at.
        if ranked.len() + 1 >= RANKED && !offered.is_empty() && count_new(&ranked, &offered) < max {
            let picture = further.as_mut().unwrap_or(&mut near);
            ranked = self.rank(scope, picture, ask, (wish, never), RANKED_IN_A_CROWD).await;
            offered = self.offered(scope, ask.requester, &ranked).await;
        }
        let wished: Vec<_> = ranked.iter().map(is_wished).collect();
        let chosen = self.offer(scope, ask.requester, (&ranked, &wished, &offered), max).await;
        Ok((chosen, near))
    }

    /// What is certain of the wished person's time; if nothing is, what the company's own plan leaves open of it, and said so:
    /// that somebody else is certain to be free is no answer while nobody knows about whom the wish is for. Then the same of
    /// everybody, whose calendars are asked only then.
    async fn rank(
        &self,
        scope: &TenantScope,
        picture: &mut Picture,
        ask: &Ask<'_>,
        wish: (Wish, Never),
        most: usize,
    ) -> Vec<RankedSlot> {
        let wanted = match (ask.staff, ask.subject) {
            (Some(staff), _) => Some(staff),
            (None, Subject::Moving(appointment)) => Some(appointment.staff),
            (None, Subject::Service(_)) => None,
        };
        let of_wanted = wanted.map(|staff| rank_of(picture, &[staff], ask, wish, most)).unwrap_or_default();
        if !of_wanted.is_empty() {
            return of_wanted;
        }
        self.ask_others(scope, picture).await;
        rank_of(picture, &picture.performers, ask, wish, most)
    }

    /// Which of these were just offered to others; nothing is known of somebody without a call.
    async fn offered(&self, scope: &TenantScope, requester: &Requester, ranked: &[RankedSlot]) -> Vec<bool> {
        let Some(call) = requester.call().filter(|_| !ranked.is_empty()) else { return Vec::new() };
        let slots: Vec<_> = ranked.iter().map(|entry| entry.slot).collect();
        self.offers.offered_to_others(scope, &slots, call).await
    }

    /// Chooses from ranked slots, with regard to which of them are within the wish and what was just offered to others, and
    /// remembers the offer.
    async fn offer(
        &self,
        scope: &TenantScope,
        requester: &Requester,
        (ranked, wished, offered): (&[RankedSlot], &[bool], &[bool]),
        max: usize,
    ) -> Vec<RankedSlot> {
        let chosen = select(ranked, (wished, offered), max);
        if let Some(call) = requester.call().filter(|_| !chosen.is_empty()) {
            let slots: Vec<_> = chosen.iter().map(|entry| entry.slot).collect();
            self.offers.offered(scope, &slots, call, TimeDelta::seconds(OFFER_SECONDS)).await;
        }
        chosen
    }
}

/// How many minutes there are at which something was not just offered to others.
fn count_new(ranked: &[RankedSlot], offered: &[bool]) -> usize {
    let new = ranked.iter().zip(offered).filter(|(_, offered)| !**offered);
    new.map(|(entry, _)| entry.slot.start).collect::<BTreeSet<_>>().len()
}

/// What is certain of these people's time; if nothing is, what the company's own plan leaves open of it.
fn rank_of(
    picture: &Picture,
    people: &[StaffId],
    ask: &Ask<'_>,
    wish: (Wish, Never),
    most: usize,
) -> Vec<RankedSlot> {
    let Some(sought) = &picture.sought else {
        return Vec::new();
    };
    let certain = picture.availability();
    let hoped_for = (!picture.outside.is_complete()).then(|| picture.hoped_for());
    let ranked = std::iter::once(&certain).chain(&hoped_for).map(|availability| {
        let mut ranked = rank(availability, sought, people, wish, most);
        if let Subject::Moving(appointment) = ask.subject {
            // Its own place is free to it, and no other time.
            let here = (appointment.staff, appointment.starts_at);
            ranked.retain(|entry| (entry.slot.staff, entry.slot.start) != here);
        }
        ranked
    });
    ranked.into_iter().find(|ranked| !ranked.is_empty()).unwrap_or_default()
}

fn latest_day(catalogue: &Catalogue, today: NaiveDate) -> NaiveDate {
    crate::model::add_days(today, u64::from(catalogue.policy().horizon_days))
}

/// The wish that an instant expresses on a wall clock.
fn wish_for(tz: Tz, start: DateTime<Utc>) -> Wish {
    let day = local_date(tz, start);
    let minute = Minute::floor(start).instant();
    let local = if local_date(tz, minute) == day { minute.with_timezone(&tz).time() } else { minute.time() };
    let wall = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
    Wish { day, time: TimeWish::At(wall) }
}

fn restore_all(found: Vec<AppointmentSnapshot>) -> Result<Vec<Appointment>, BookingError> {
    found.into_iter().map(|snapshot| Appointment::restore(snapshot).map_err(BookingError::from)).collect()
}

/// True if the commit failed in a way that a new decision may mend.
const fn worth_another_look(error: &CommitError) -> bool {
    matches!(error, CommitError::Occupied | CommitError::Stale)
}

#[cfg(test)]
mod tests;
