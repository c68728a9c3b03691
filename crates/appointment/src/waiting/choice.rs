//! Whose turn it is, and for what.

use kernel::TenantScope;

use super::desk::is_of_same;
use super::list::{Later, WaitingList};
use super::model::{
    FreedTime, Offer, OfferId, OfferReservation, OfferSnapshot, OfferState, UnmetWish, WishSnapshot,
};
use super::policy::{offer_until, slot_for};
use super::ports::There;
use crate::calendar::{CalendarLink, Offered, Outside};
use crate::error::BookingError;
use crate::model::{Availability, DateRange, Minute, Slot, Sought};
use crate::service::PersonDays;

/// What to do with time in which an outside calendar has a say, if it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unasked {
    /// Nobody is asked: it may answer soon.
    Wait,
    /// It is offered all the same, and the offer says so: it has been silent for long enough.
    Offer,
}

/// Whose turn it is.
pub(super) enum Turn {
    Of(Box<(UnmetWish, Offer)>),
    Later(Later),
    Nobodys,
}

/// What the calendar lets a wish have.
enum Allowed {
    Slot { slot: Slot, unasked: bool },
    Nothing { some_hidden: bool },
    Later(Later),
}

/// What was heard in one run, so that each event type is asked about once.
type HeardThere = Vec<(CalendarLink, There)>;

impl WaitingList {
    /// The wish that has waited longest and fits, and the offer to be made to it.
    pub(super) async fn next(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
        asked: &[WishSnapshot],
        unasked: Unasked,
    ) -> Result<Turn, BookingError> {
        let now = self.desk.clock.now();
        if freed.ends_at <= now {
            return Ok(Turn::Nobodys);
        }
        let person = self.days_of(scope, freed).await?;
        let catalogue = &person.catalogue;
        let day = catalogue.date_at(freed.starts_at);
        let waiting = self.desk.wishes.waiting(scope, freed.branch, freed.staff, day).await?;
        let minutes = self.desk.limits.offer_minutes;
        let (mut heard, mut not_now) = (HeardThere::new(), None);
        let was_asked = |wish: &WishSnapshot| asked.iter().any(|known| is_of_same(known, wish));
        for wish in waiting.into_iter().filter(|wish| !was_asked(wish)).map(UnmetWish::restore) {
            let Some(slot) = slot_for(&person.availability(), &wish, freed) else { continue };
            let link = catalogue.link(slot.service, slot.staff);
            let (slot, unasked) =
                match self.allowed(scope, freed, &wish, (slot, link), &person, &mut heard).await? {
                    Allowed::Slot { unasked: true, .. } if unasked == Unasked::Wait => {
                        return Ok(Turn::Later(Later::Silent));
                    }
                    Allowed::Slot { slot, unasked } => (slot, unasked),
                    Allowed::Nothing { some_hidden: true } => {
                        not_now = Some(Later::NotYet);
                        continue;
                    }
                    Allowed::Nothing { some_hidden: false } => {
                        not_now = not_now.or(Some(Later::NotOffered));
                        continue;
                    }
                    // Whoever waits behind this wish is not asked before it.
                    Allowed::Later(why) => return Ok(Turn::Later(why)),
                };
            let Some(expires_at) = offer_until(catalogue, &slot, minutes, now) else { continue };
            let (Ok(offered), Some(sought)) = (wish.offered(), Sought::service(catalogue, slot.service))
            else {
                continue;
            };
            let Some(uses) = person.availability().facilities_for(&sought, slot.staff, slot.start, &[])
            else {
                continue;
            };
            // Of several hosts the provider hides the first one's time, whoever is meant.
            let reserved_at = link.filter(|link| link.host.is_none() && !unasked);
            let offer = Offer::restore(OfferSnapshot {
                id: OfferId::generate(self.desk.ids.as_ref()),
                wish: wish.snapshot().id,
                freed: *freed,
                slot,
                spans: sought.footprint().spans_at(Minute::floor(slot.start)),
                uses,
                state: OfferState::Open,
                booked: None,
                made_at: now,
                expires_at,
                unasked,
                reservation: reserved_at.map(|link| OfferReservation {
                    connection: link.connection,
                    uid: None,
                    until: expires_at,
                }),
            });
            return Ok(Turn::Of(Box::new((offered, offer))));
        }
        Ok(not_now.map_or(Turn::Nobodys, Turn::Later))
    }

    /// What a wish may have of freed time, after the outside calendar was asked if it has a say. `slot` is free here.
    async fn allowed(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
        wish: &UnmetWish,
        (slot, link): (Slot, Option<&CalendarLink>),
        person: &PersonDays,
        heard: &mut HeardThere,
    ) -> Result<Allowed, BookingError> {
        let (Some(link), Some(there)) = (link, &self.there) else {
            return Ok(Allowed::Slot { slot, unasked: false });
        };
        if !heard.iter().any(|(known, _)| known == link) {
            let catalogue = &person.catalogue;
            let window = Availability::window(catalogue, days(person, freed));
            heard.push((link.clone(), there.ask(scope, freed, link, window).await?));
        }
        let said = heard.iter().find(|(known, _)| known == link).map(|(_, said)| said);
        Ok(match said {
            Some(There::Offers { starts, some_hidden }) => {
                let offered = Offered::Fresh { starts: starts.clone(), as_of: self.desk.clock.now() };
                let outside = Outside::new(vec![(freed.staff, offered)]);
                let both = person.availability().with_outside(outside);
                match slot_for(&both, wish, freed) {
                    Some(slot) => Allowed::Slot { slot, unasked: false },
                    None => Allowed::Nothing { some_hidden: *some_hidden },
                }
            }
            Some(There::NotYet) => Allowed::Later(Later::NotYet),
            Some(There::Silent) | None => Allowed::Slot { slot, unasked: true },
        })
    }

    async fn days_of(&self, scope: &TenantScope, freed: &FreedTime) -> Result<PersonDays, BookingError> {
        self.bookings
            .person_days(scope, (freed.branch, freed.staff), &|catalogue| {
                DateRange::new(catalogue.date_at(freed.starts_at), catalogue.date_at(freed.ends_at))
            })
            .await
    }
}

fn days(person: &PersonDays, freed: &FreedTime) -> DateRange {
    DateRange::new(person.catalogue.date_at(freed.starts_at), person.catalogue.date_at(freed.ends_at))
}
