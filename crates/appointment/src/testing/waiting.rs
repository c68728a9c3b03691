//! The waiting list in memory.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{
    AppointmentId, BranchId, CommitError, CustomerId, PhoneNumber, StaffId, StoreError, TenantScope,
};

use super::memory::InMemoryAppointments;
use super::rows::{Owner, Rows, refused};
use crate::model::Span;
use crate::waiting::{
    FreedTime, MOST_RESERVED, OfferId, OfferSnapshot, OfferState, WaitingWrite, WishId, WishLimits,
    WishRepository, WishSnapshot, WishStatus,
};

impl Rows {
    pub(super) fn apply_waiting(
        &mut self,
        write: &WaitingWrite,
        now: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        match write {
            WaitingWrite::Note { wish, limits } => {
                let open = self.wishes.values().filter(|other| other.status.is_open());
                let (mut of_number, mut of_tenant) = (0, 0);
                for other in open {
                    of_tenant += 1;
                    of_number += u32::from(other.phone == wish.phone);
                }
                if of_number >= limits.of_number || of_tenant >= limits.of_tenant {
                    return Err(CommitError::Stale);
                }
                if self.wishes.insert(wish.id, wish.clone()).is_some() {
                    return refused("wishes_pk");
                }
            }
            WaitingWrite::Update(next) => {
                let stored = self.wishes.get(&next.id).map(|stored| stored.version);
                if stored != Some(next.version - 1) {
                    return Err(CommitError::Stale);
                }
                self.wishes.insert(next.id, next.clone());
            }
            WaitingWrite::Offer(offer) => {
                let clashes = |other: &OfferSnapshot| {
                    let same_time = same(&other.freed, &offer.freed);
                    let open = other.state == OfferState::Open;
                    (open && (same_time || other.wish == offer.wish))
                        || (same_time && other.wish == offer.wish)
                };
                if self.offers.values().any(clashes) {
                    return Err(CommitError::Stale);
                }
                let wanted = (offer.slot.staff, offer.spans.as_slice(), offer.uses.as_slice());
                self.occupy(wanted, Owner::Offer(offer.id), now)?;
                self.offers.insert(offer.id, offer.clone());
            }
            WaitingWrite::Settle { offer, state, booked } => {
                let stored = self.offers.get_mut(offer).filter(|stored| stored.state == OfferState::Open);
                let stored = stored.ok_or(CommitError::Stale)?;
                (stored.state, stored.booked) = (*state, *booked);
                stored.spans.clear();
                stored.uses.clear();
                self.vacate(Owner::Offer(*offer));
            }
            WaitingWrite::NoteReservation { offer, reservation } => {
                let stored = self.offers.get_mut(offer).ok_or(CommitError::Stale)?;
                stored.reservation.clone_from(reservation);
            }
        }
        Ok(())
    }

    /// An offer that nobody has answered keeps nothing once its time is over.
    pub(super) fn drop_overdue_offers(&mut self, now: DateTime<Utc>) {
        let overdue: Vec<OfferId> =
            self.offers.values().filter(|offer| offer.expires_at <= now).map(|offer| offer.id).collect();
        for id in overdue {
            self.vacate(Owner::Offer(id));
        }
    }
}

fn same(one: &FreedTime, other: &FreedTime) -> bool {
    (one.appointment, one.starts_at) == (other.appointment, other.starts_at)
}

impl InMemoryAppointments {
    /// All wishes of the tenant.
    #[must_use]
    pub fn wishes(&self, scope: &TenantScope) -> Vec<WishSnapshot> {
        self.read(scope, |rows| rows.wishes.values().cloned().collect())
    }

    /// All offers of the tenant.
    #[must_use]
    pub fn offers(&self, scope: &TenantScope) -> Vec<OfferSnapshot> {
        self.read(scope, |rows| rows.offers.values().cloned().collect())
    }

    fn listed(
        &self,
        scope: &TenantScope,
        which: impl Fn(&WishSnapshot) -> bool,
        most: u32,
    ) -> Vec<WishSnapshot> {
        let mut found: Vec<_> =
            self.read(scope, |rows| rows.wishes.values().filter(|wish| which(wish)).cloned().collect());
        found.sort_by_key(|wish: &WishSnapshot| (wish.created_at, wish.id));
        found.truncate(most as usize);
        found
    }
}

#[async_trait]
impl WishRepository for InMemoryAppointments {
    async fn find_wish(&self, scope: &TenantScope, id: WishId) -> Result<Option<WishSnapshot>, StoreError> {
        Ok(self.read(scope, |rows| rows.wishes.get(&id).cloned()))
    }

    async fn find_offer(
        &self,
        scope: &TenantScope,
        id: OfferId,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        Ok(self.read(scope, |rows| rows.offers.get(&id).cloned()))
    }

    async fn open_offer(
        &self,
        scope: &TenantScope,
        wish: WishId,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        let open = |offer: &&OfferSnapshot| offer.state == OfferState::Open && offer.wish == wish;
        let found = self.read(scope, |rows| rows.offers.values().find(open).cloned());
        Ok(found.map(|offer| OfferSnapshot { spans: Vec::new(), uses: Vec::new(), ..offer }))
    }

    async fn offer_booked(
        &self,
        scope: &TenantScope,
        appointment: AppointmentId,
    ) -> Result<Option<OfferSnapshot>, StoreError> {
        let made = |offer: &&OfferSnapshot| offer.booked == Some(appointment);
        let found = self.read(scope, |rows| rows.offers.values().find(made).cloned());
        Ok(found.map(|offer| OfferSnapshot { spans: Vec::new(), uses: Vec::new(), ..offer }))
    }

    async fn open_of<'p>(
        &self,
        scope: &TenantScope,
        customer: Option<CustomerId>,
        phone: Option<&'p PhoneNumber>,
    ) -> Result<Vec<WishSnapshot>, StoreError> {
        let is_theirs = |wish: &WishSnapshot| customer.is_some() && wish.customer == customer;
        let open_of = |whose: &dyn Fn(&WishSnapshot) -> bool| {
            let which = |wish: &WishSnapshot| wish.status.is_open() && whose(wish);
            self.listed(scope, which, WishLimits::MOST_OF_NUMBER)
        };
        let mut all = open_of(&is_theirs);
        all.extend(open_of(&|wish| Some(&wish.phone) == phone && !is_theirs(wish)));
        all.sort_by_key(|wish| (wish.created_at, wish.id));
        Ok(all)
    }

    async fn waiting(
        &self,
        scope: &TenantScope,
        branch: BranchId,
        staff: StaffId,
        day: NaiveDate,
    ) -> Result<Vec<WishSnapshot>, StoreError> {
        let which = |wish: &WishSnapshot| {
            wish.status == WishStatus::Waiting
                && wish.branch == branch
                && wish.staff.is_none_or(|wanted| wanted == staff)
                && wish.days.contains(day)
        };
        Ok(self.listed(scope, which, WishLimits::MOST_OF_TENANT))
    }

    async fn offers_of(
        &self,
        scope: &TenantScope,
        freed: &FreedTime,
    ) -> Result<Vec<OfferSnapshot>, StoreError> {
        let mut found: Vec<_> = self.read(scope, |rows| {
            rows.offers.values().filter(|offer| same(&offer.freed, freed)).cloned().collect()
        });
        found.sort_by_key(|offer: &OfferSnapshot| (offer.made_at, offer.id));
        for offer in &mut found {
            offer.spans.clear();
            offer.uses.clear();
        }
        Ok(found)
    }

    async fn left_reserved(
        &self,
        scope: &TenantScope,
        staff: StaffId,
        within: Span,
        now: DateTime<Utc>,
    ) -> Result<Vec<OfferSnapshot>, StoreError> {
        let hides = |offer: &&OfferSnapshot| {
            offer.state != OfferState::Open
                && offer.slot.staff == staff
                && offer.slot.stay().overlaps(&within)
                && offer.reservation.as_ref().is_some_and(|reservation| now < reservation.until)
        };
        let mut found: Vec<_> =
            self.read(scope, |rows| rows.offers.values().filter(hides).cloned().collect());
        found.sort_by_key(|offer: &OfferSnapshot| (offer.made_at, offer.id));
        found.truncate(MOST_RESERVED as usize);
        Ok(found)
    }
}
