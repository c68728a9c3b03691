//! Soft offers in memory.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{CallId, Clock, TenantId, TenantScope};

use crate::model::Slot;
use crate::ports::SoftOffers;

struct Offer {
    tenant: TenantId,
    call: CallId,
    slot: Slot,
    until: DateTime<Utc>,
}

/// Remembers offers for as long as it is told, by the clock's real time.
pub struct InMemorySoftOffers {
    clock: Arc<dyn Clock>,
    offers: Mutex<Vec<Offer>>,
}

impl InMemorySoftOffers {
    /// Nothing was offered yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, offers: Mutex::new(Vec::new()) }
    }
}

#[async_trait]
impl SoftOffers for InMemorySoftOffers {
    async fn offered(&self, scope: &TenantScope, slots: &[Slot], call: CallId, ttl: TimeDelta) {
        let until = self.clock.real_now() + ttl;
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.extend(slots.iter().map(|slot| Offer { tenant: scope.tenant(), call, slot: *slot, until }));
    }

    async fn offered_to_others(&self, scope: &TenantScope, slots: &[Slot], call: CallId) -> Vec<bool> {
        let now = self.clock.real_now();
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.retain(|offer| now < offer.until);
        slots
            .iter()
            .map(|slot| {
                offers.iter().any(|offer| {
                    offer.tenant == scope.tenant()
                        && offer.call != call
                        && offer.slot.staff == slot.staff
                        && offer.slot.stay().overlaps(&slot.stay())
                })
            })
            .collect()
    }
}
