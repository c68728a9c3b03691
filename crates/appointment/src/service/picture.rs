//! One load, read in one way by every use case.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{ServiceId, StaffId, TenantScope};

use super::{ATTEMPTS, Ask, BookingService, Subject};
use crate::calendar::{CalendarLink, Moving, Offered, Outside};
use crate::error::BookingError;
use crate::model::{
    Availability, BusyKind, Catalogue, DateRange, DayLoad, FacilityId, Further, HoldSnapshot, Minute, Sought,
    Unavailable, View, local_date,
};
use crate::policy::choice::choose;

/// One load with everything needed to read it.
pub(super) struct Picture {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) sought: Option<Sought>,
    pub(super) days: DateRange,
    pub(super) performers: Vec<StaffId>,
    pub(super) load: DayLoad,
    pub(super) view: View,
    pub(super) outside: Outside,
    /// Whose outside calendars were not asked.
    pub(super) unasked: Vec<(StaffId, CalendarLink)>,
    /// Days ahead that can be booked, if others than the branch's.
    pub(super) horizon: Option<u32>,
}

impl Picture {
    /// The same with another horizon than the branch's.
    pub(super) fn within(self, horizon_days: u32) -> Self {
        Self { horizon: Some(horizon_days), ..self }
    }

    /// Free time, verified.
    pub(super) fn availability(&self) -> Availability<'_> {
        self.seen(self.outside.clone())
    }

    /// Free time, as far as is known: what an outside calendar leaves open counts as free.
    pub(super) fn hoped_for(&self) -> Availability<'_> {
        self.seen(self.outside.trusting())
    }

    fn seen(&self, outside: Outside) -> Availability<'_> {
        let seen = Availability::new(&self.catalogue, self.days, &self.performers, &self.load, self.view);
        let seen = seen.with_outside(outside);
        match self.horizon {
            Some(days) => seen.within(days),
            None => seen,
        }
    }
}

/// Whose outside calendars a question about more than a day needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of all who perform it.
    All,
    /// Of the person who is wished for, if one is; the others only if that person has nothing.
    Wished,
}

/// The dates that a question is about, given the catalogue and today.
pub(super) type Days<'a> = dyn Fn(&Catalogue, NaiveDate) -> DateRange + Sync + 'a;

impl BookingService {
    /// Loads what is needed to decide about some dates. `days` is asked anew if the catalogue turns out to be old.
    pub(super) async fn picture(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        days: &Days<'_>,
    ) -> Result<Picture, BookingError> {
        self.picture_or(scope, ask, days, None, Whose::All).await
    }

    /// As [`Self::picture`], of nobody else's outside calendar than the wished person's.
    pub(super) async fn picture_of_wished(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        days: &Days<'_>,
    ) -> Result<Picture, BookingError> {
        self.picture_or(scope, ask, days, None, Whose::Wished).await
    }

    /// Asks the outside calendars that were not, since nothing else helps.
    pub(super) async fn ask_others(&self, scope: &TenantScope, picture: &mut Picture) {
        let unasked = std::mem::take(&mut picture.unasked);
        if let (Some(outside), false) = (&self.outside, unasked.is_empty()) {
            let window = Availability::window(&picture.catalogue, picture.days);
            let people = outside.offered(scope, &unasked, window).await;
            picture.outside = std::mem::take(&mut picture.outside).with(people);
        }
    }

    /// As [`Self::picture`]; if nobody has time at a wished instant, of the longer range of dates that begins with those of `days`,
    /// where others are looked for.
    pub(super) async fn picture_or(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        days: &Days<'_>,
        instead: Option<(DateTime<Utc>, &Days<'_>)>,
        whose: Whose,
    ) -> Result<Picture, BookingError> {
        let mut catalogue = self.catalogues.known(scope, ask.branch).await?;
        for _ in 0..ATTEMPTS {
            let view = View { now: self.clock.now(), call: ask.requester.call(), exclude: ask.exclude() };
            let today = local_date(catalogue.timezone(), view.now);
            let mut days = days(&catalogue, today);
            let sought = ask.sought(&catalogue);
            let performers = sought.as_ref().map(|sought| sought.performers(&catalogue)).unwrap_or_default();
            let caller = (ask.requester.number().cloned(), ask.customers());
            let facilities = sought.as_ref().map(|sought| sought.facilities(&catalogue)).unwrap_or_default();
            let resources = (performers.clone(), facilities);
            let mut query = Availability::query(&catalogue, days, resources, view, caller);
            let longer = instead.map(|(wish, longer)| (wish, longer(&catalogue, today)));
            if let (Some((wish, longer)), Some(sought)) = (longer, &sought) {
                query.further = self.further(ask, (&catalogue, sought, &performers), (days, longer), wish);
            }
            let mut load = self.appointments.day_load(scope, &query).await?;
            if let Some(offer) = ask.requester.offer() {
                // What an offer keeps is kept for whoever says yes to it.
                load.busy.retain(|span| span.kind != BusyKind::Offer(offer));
                load.facilities.retain(|span| span.kind != BusyKind::Offer(offer));
            }
            if let (true, Some((_, longer))) = (load.is_further, longer) {
                days = longer;
            }
            if load.catalogue_version == catalogue.version() {
                self.catalogues.confirm(scope, &catalogue, self.clock.real_now());
                let (outside, unasked) =
                    self.outside(scope, ask, &catalogue, days, (&performers, whose)).await;
                return Ok(Picture {
                    catalogue,
                    sought,
                    days,
                    performers,
                    load,
                    view,
                    outside,
                    unasked,
                    horizon: None,
                });
            }
            catalogue = self.catalogues.reload(scope, ask.branch, self.clock.real_now()).await?;
        }
        Err(BookingError::Unsettled)
    }

    /// What is wanted besides if nobody has time for a wish. Nothing where an outside calendar has a say: what it leaves
    /// open is not in our load.
    fn further(
        &self,
        ask: &Ask<'_>,
        (catalogue, sought, performers): (&Catalogue, &Sought, &[StaffId]),
        (days, longer): (DateRange, DateRange),
        wish: DateTime<Utc>,
    ) -> Option<Further> {
        let staff = ask.staff.map_or_else(|| performers.to_vec(), |staff| vec![staff]);
        let is_linked = !ask.links(catalogue, performers).is_empty();
        let span = sought.footprint().spans_at(Minute::floor(wish)).first().copied()?;
        let goes_on = longer.first() == days.first() && longer.last() > days.last();
        let until = Availability::stretch(catalogue, longer).end;
        (goes_on && !is_linked && !staff.is_empty()).then_some(Further { staff, span, until })
    }

    /// What outside calendars say about these people on these days, and whose were not asked; nothing is asked where there
    /// are none.
    async fn outside(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        catalogue: &Catalogue,
        days: DateRange,
        (performers, whose): (&[StaffId], Whose),
    ) -> (Outside, Vec<(StaffId, CalendarLink)>) {
        let links = ask.links(catalogue, performers).into_iter();
        // A question about one person's day is one question there; the others are asked about when they are offered.
        let (asked, others): (Vec<_>, Vec<_>) = links.partition(|(staff, _)| {
            let is_wanted = ask.staff.is_none_or(|wanted| wanted == *staff);
            is_wanted || whose == Whose::All && days.first() != days.last()
        });
        if asked.is_empty() && others.is_empty() {
            return (Outside::none(), Vec::new());
        }
        let unknown = |links: &[(StaffId, CalendarLink)]| {
            links.iter().map(|(staff, _)| (*staff, Offered::Unknown)).collect::<Vec<_>>()
        };
        let mut people = match &self.outside {
            Some(outside) if !asked.is_empty() => {
                outside.offered(scope, &asked, Availability::window(catalogue, days)).await
            }
            _ => unknown(&asked),
        };
        people.extend(unknown(&others));
        (Outside::new(people).moving(self.moving(scope, ask, catalogue, (performers, days)).await), others)
    }

    /// What the outside calendar says about the time where an appointment that is to be moved stands there.
    async fn moving(
        &self,
        scope: &TenantScope,
        ask: &Ask<'_>,
        catalogue: &Catalogue,
        (performers, days): (&[StaffId], DateRange),
    ) -> Option<Moving> {
        let (Subject::Moving(appointment), Some(outside)) = (ask.subject, &self.outside) else { return None };
        let people: Vec<StaffId> = match ask.staff {
            Some(staff) => vec![staff],
            None => {
                let others = performers.iter().copied().filter(|staff| *staff != appointment.staff);
                std::iter::once(appointment.staff).chain(others).collect()
            }
        };
        let links = ask.links(catalogue, &people);
        if links.is_empty() {
            return None;
        }
        let window = Availability::window(catalogue, days);
        let length = appointment.ends_at - appointment.starts_at;
        outside.offered_without(scope, appointment.id, &links, window, length).await
    }
}

/// Who takes a stay at an instant. Where an outside calendar does not answer, whoever is free as far as is known; what
/// comes of it is not verified.
pub(super) fn choose_hopefully(
    picture: &Picture,
    sought: &Sought,
    preferred: &[StaffId],
    others: &[StaffId],
    start: DateTime<Utc>,
) -> Result<StaffId, Unavailable> {
    match choose(&picture.availability(), sought, preferred, others, start) {
        Err(Unavailable::NotVerified) => choose(&picture.hoped_for(), sought, preferred, others, start),
        decided => decided,
    }
}

/// The holds of the call that asks.
pub(super) fn own_holds(picture: &Picture) -> impl Iterator<Item = &HoldSnapshot> {
    let call = picture.view.call;
    picture.load.holds.iter().filter(move |hold| Some(hold.call) == call)
}

/// Those of them that keep a service at a time, with whomever.
pub(super) fn own_holds_for(
    picture: &Picture,
    service: ServiceId,
    start: DateTime<Utc>,
) -> impl Iterator<Item = &HoldSnapshot> {
    own_holds(picture)
        .filter(move |hold| hold.service == service && hold.starts_at == start && hold.moves.is_none())
}

/// The facilities that holds keep.
pub(super) fn kept_by<'a>(holds: impl Iterator<Item = &'a HoldSnapshot>) -> Vec<FacilityId> {
    holds.flat_map(|hold| hold.uses.iter().map(|used| used.facility)).collect()
}
