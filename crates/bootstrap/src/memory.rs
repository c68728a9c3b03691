//! What one machine remembers about calls in progress. Losing it costs a question, never a booking.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use appointment::model::{Slot, Span};
use appointment::ports::SoftOffers;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{CallId, Clock, PhoneNumber, StaffId, TenantId, TenantScope};
use moka::Entry;
use moka::future::Cache;
use voice::{CallMemory, CallNotes, FailedIdentifications};

/// Calls whose notes are kept at most; notes are a few hundred bytes.
const MAX_CALLS: u64 = 50_000;
/// Notes outlive the longest pause in a call by far.
const NOTES_IDLE: Duration = Duration::from_secs(30 * 60);
/// Offers to one person's customers kept at most; they live for a minute.
const MAX_OFFERS_PER_PERSON: usize = 256;
/// People with offers kept at most.
const MAX_PEOPLE: usize = 20_000;

/// Notes of ongoing calls, keyed by tenant and call.
#[derive(Debug, Clone)]
pub struct NotesInMemory(Cache<(TenantId, CallId), CallNotes>);

impl Default for NotesInMemory {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(MAX_CALLS).time_to_idle(NOTES_IDLE).build();
        Self(cache)
    }
}

#[async_trait]
impl CallMemory for NotesInMemory {
    async fn recall(&self, scope: &TenantScope, call: CallId) -> CallNotes {
        self.0.get(&(scope.tenant(), call)).await.unwrap_or_default()
    }

    async fn remember(&self, scope: &TenantScope, call: CallId, notes: CallNotes) {
        self.0.insert((scope.tenant(), call), notes).await;
    }
}

struct Offer {
    call: CallId,
    stay: Span,
    until: DateTime<Utc>,
}

/// By the person whose time it is.
type OffersByPerson = HashMap<(TenantId, StaffId), Vec<Offer>>;

/// Slots that were named to callers a moment ago.
#[derive(Clone)]
pub struct OffersInMemory {
    clock: Arc<dyn Clock>,
    offers: Arc<Mutex<OffersByPerson>>,
}

impl OffersInMemory {
    /// Nothing was offered yet. Offers age by real time.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offers: Arc::default() }
    }
}

#[async_trait]
impl SoftOffers for OffersInMemory {
    async fn offered(&self, scope: &TenantScope, slots: &[Slot], call: CallId, ttl: TimeDelta) {
        let now = self.clock.real_now();
        let until = now.checked_add_signed(ttl).unwrap_or(now);
        let mut people = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MAX_PEOPLE {
            people.retain(|_, offers| offers.iter().any(|offer| now < offer.until));
        }
        for slot in slots {
            let key = (scope.tenant(), slot.staff);
            if people.len() >= MAX_PEOPLE && !people.contains_key(&key) {
                continue;
            }
            let offers = people.entry(key).or_default();
            offers.retain(|offer| now < offer.until);
            if offers.len() < MAX_OFFERS_PER_PERSON {
                offers.push(Offer { call, stay: slot.stay(), until });
            }
        }
    }

    async fn offered_to_others(&self, scope: &TenantScope, slots: &[Slot], call: CallId) -> Vec<bool> {
        let now = self.clock.real_now();
        let people = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .iter()
            .map(|slot| {
                people.get(&(scope.tenant(), slot.staff)).is_some_and(|offers| {
                    offers.iter().any(|offer| {
                        now < offer.until && offer.call != call && offer.stay.overlaps(&slot.stay())
                    })
                })
            })
            .collect()
    }
}

/// Failed identifications are remembered for an hour after the first one.
const ATTEMPTS_WINDOW: Duration = Duration::from_secs(60 * 60);
/// Numbers whose attempts are remembered at most; a few dozen bytes each.
const MAX_NUMBERS: u64 = 50_000;

/// Failed identifications per number within one company, in real time.
#[derive(Clone)]
pub struct AttemptsInMemory {
    clock: Arc<dyn Clock>,
    allowed: u32,
    counted: Cache<(TenantId, PhoneNumber), (u32, DateTime<Utc>)>,
}

impl AttemptsInMemory {
    /// Nobody has tried yet; each number may fail `allowed` times an hour.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, allowed: u32) -> Self {
        Self { clock, allowed, counted: Cache::builder().max_capacity(MAX_NUMBERS).build() }
    }

    /// Changes the attempts of the hour in one step; they, and the end of the hour.
    async fn change(
        &self,
        scope: &TenantScope,
        number: &PhoneNumber,
        change: impl FnOnce(u32) -> u32,
    ) -> (u32, DateTime<Utc>) {
        let now = self.clock.real_now();
        let counted = self.counted.entry((scope.tenant(), number.clone()));
        let counted = counted.and_upsert_with(|known| {
            let known = known.map(Entry::into_value).filter(|(_, until)| now < *until);
            let (attempts, until) = known.unwrap_or((0, now + ATTEMPTS_WINDOW));
            ready((change(attempts), until))
        });
        counted.await.into_value()
    }
}

#[async_trait]
impl FailedIdentifications for AttemptsInMemory {
    async fn take(&self, scope: &TenantScope, number: &PhoneNumber) -> Option<Duration> {
        let (attempts, until) = self.change(scope, number, |attempts| attempts.saturating_add(1)).await;
        let left = until.signed_duration_since(self.clock.real_now()).to_std().ok()?;
        (attempts > self.allowed).then_some(left)
    }

    async fn give_back(&self, scope: &TenantScope, number: &PhoneNumber) {
        self.change(scope, number, |attempts| attempts.saturating_sub(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use kernel::ServiceId;
    use kernel::testing::{FixedClock, scope};
    use port_contracts::appointment::SoftOffersFixture;
    use port_contracts::voice::{AttemptsFixture, CallMemoryFixture};
    use uuid::Uuid;

    use super::*;

    fn call(number: u128) -> CallId {
        CallId::from_uuid(Uuid::from_u128(number))
    }

    fn slot(staff: u128, minute: i64) -> Slot {
        let start = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        Slot {
            service: ServiceId::from_uuid(Uuid::from_u128(1)),
            staff: StaffId::from_uuid(Uuid::from_u128(staff)),
            start,
            end: start + TimeDelta::minutes(30),
        }
    }

    #[tokio::test]
    async fn an_offer_is_others_business_for_a_minute_and_within_one_company() {
        let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        let offers = OffersInMemory::new(clock.clone());
        let ours = scope(1, None);
        offers.offered(&ours, &[slot(1, 0)], call(1), TimeDelta::seconds(60)).await;
        let asked = [slot(1, 0), slot(1, 15), slot(1, 30), slot(2, 0)];
        assert_eq!(offers.offered_to_others(&ours, &asked, call(2)).await, [true, true, false, false]);
        assert_eq!(offers.offered_to_others(&ours, &asked, call(1)).await, [false; 4]);
        assert_eq!(offers.offered_to_others(&scope(2, None), &asked, call(2)).await, [false; 4]);
        clock.advance(TimeDelta::seconds(60));
        assert_eq!(offers.offered_to_others(&ours, &asked, call(2)).await, [false; 4]);
    }

    #[tokio::test]
    async fn offers_to_one_person_are_bounded_and_old_ones_make_room() {
        let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        let offers = OffersInMemory::new(clock.clone());
        let ours = scope(1, None);
        for minute in 0..1000 {
            offers.offered(&ours, &[slot(1, minute * 30)], call(1), TimeDelta::seconds(60)).await;
        }
        let late = [slot(1, 999 * 30)];
        assert_eq!(offers.offered_to_others(&ours, &late, call(2)).await, [false]);
        clock.advance(TimeDelta::seconds(61));
        offers.offered(&ours, &late, call(1), TimeDelta::seconds(60)).await;
        assert_eq!(offers.offered_to_others(&ours, &late, call(2)).await, [true]);
    }

    #[tokio::test]
    async fn notes_belong_to_one_call_of_one_company() {
        let notes = NotesInMemory::default();
        let noted =
            CallNotes { service: Some(ServiceId::from_uuid(Uuid::from_u128(1))), ..CallNotes::default() };
        notes.remember(&scope(1, None), call(1), noted.clone()).await;
        assert_eq!(notes.recall(&scope(1, None), call(1)).await, noted);
        assert_eq!(notes.recall(&scope(1, None), call(2)).await, CallNotes::default());
        assert_eq!(notes.recall(&scope(2, None), call(1)).await, CallNotes::default());
    }

    fn fixed() -> Arc<FixedClock> {
        Arc::new(FixedClock::at(DateTime::UNIX_EPOCH))
    }

    fn notes() -> CallMemoryFixture {
        let memory = Arc::new(NotesInMemory::default());
        CallMemoryFixture { here: memory.clone(), there: memory }
    }

    fn attempts() -> AttemptsFixture {
        let clock = fixed();
        let memory = Arc::new(AttemptsInMemory::new(clock.clone(), 3));
        AttemptsFixture { here: memory.clone(), there: memory, clock }
    }

    fn offers() -> SoftOffersFixture {
        let clock = fixed();
        SoftOffersFixture { offers: Arc::new(OffersInMemory::new(clock.clone())), clock }
    }

    port_contracts::call_memory_contract!(notes);
    port_contracts::attempts_contract!(attempts);
    port_contracts::soft_offers_contract!(offers);
}
