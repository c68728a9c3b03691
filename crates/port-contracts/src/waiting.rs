//! What every store of the waiting list does: [`WishRepository`], and its writes with
//! [`AppointmentRepository`](appointment::ports::AppointmentRepository).
//!
//! An implementation lists the suite with `port_contracts::waiting_contract!(fixture);` where `fixture` is an
//! `async fn() -> WaitingFixture` that starts from an empty store each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

mod wishes;

use std::sync::Arc;

use appointment::calendar::{ConnectionId, ReservationUid};
use appointment::model::{AppointmentSnapshot, BusyKind, DateRange, DayQuery, FacilityUse, Slot, Span};
use appointment::ports::AppointmentWrite;
use appointment::waiting::{
    DayWindow, FreedTime, OfferId, OfferReservation, OfferSnapshot, OfferState, WaitingWrite, WishId,
    WishLimits, WishRepository, WishSnapshot, WishStatus,
};
use chrono::{NaiveDate, TimeDelta};
use kernel::{ChangeSet, CommitError, PhoneNumber, RandomIds};

pub use wishes::*;

use crate::appointment::{AppointmentFixture, AppointmentTenant};

/// A store of appointments with its waiting list, both empty.
pub struct WaitingFixture {
    /// Appointments and what they refer to.
    pub base: AppointmentFixture,
    /// The same store as a waiting list.
    pub wishes: Arc<dyn WishRepository>,
    /// An account of the tenant at an outside calendar, in the store.
    pub connection: ConnectionId,
}

/// Runs every rule of the waiting list as a test of its own.
#[macro_export]
macro_rules! waiting_contract {
    ($fixture:path) => {
        $crate::waiting_contract!(@each $fixture;
            a_wish_comes_back_whole,
            a_wish_is_changed_in_turn,
            the_list_is_as_long_as_allowed,
            who_waits_is_read_in_order_of_time,
            open_wishes_of_customer_and_number_are_found,
            an_offer_keeps_its_time,
            one_is_asked_at_a_time_and_none_twice,
            a_settled_offer_frees_its_time_once,
            an_accepted_offer_becomes_an_appointment_in_one_step,
            an_expired_offer_blocks_nobody,
            a_reservation_is_noted_and_found_until_it_ends,
            a_stranger_sees_no_wish,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::waiting::$rule(&$fixture().await).await;
            }
        )+
    };
}

const LIMITS: WishLimits = WishLimits { of_number: 2, of_tenant: 4, days: 31, offer_minutes: 60 };

fn waiting(write: WaitingWrite) -> AppointmentWrite {
    AppointmentWrite::Waiting(write)
}

fn is_stale<T>(result: &Result<T, CommitError>) -> bool {
    matches!(result, Err(CommitError::Stale))
}

impl WaitingFixture {
    fn tenant(&self) -> &AppointmentTenant {
        &self.base.tenant
    }

    fn day(&self) -> NaiveDate {
        self.base.at(0).date_naive()
    }

    fn wish(&self, number: u32) -> WishSnapshot {
        let tenant = self.tenant();
        WishSnapshot {
            id: WishId::generate(&RandomIds),
            branch: tenant.catalogue.branch,
            service: tenant.catalogue.services[0].id,
            staff: None,
            customer: None,
            call: None,
            phone: PhoneNumber::from_e164(&format!("+4917011122{number:02}")).unwrap(),
            name: None,
            days: DateRange::day(self.day()),
            window: DayWindow::ANY,
            status: WishStatus::Waiting,
            asked: 0,
            created_at: self.base.now + TimeDelta::seconds(i64::from(number)),
            version: 1,
        }
    }

    async fn note(&self, wish: &WishSnapshot) -> Result<(), CommitError> {
        let write = WaitingWrite::Note { wish: wish.clone(), limits: LIMITS };
        self.base.write(self.tenant(), waiting(write)).await
    }

    async fn stored(&self, id: WishId) -> Option<WishSnapshot> {
        self.wishes.find_wish(&self.tenant().scope, id).await.unwrap()
    }

    async fn offer_of(&self, id: OfferId) -> Option<OfferSnapshot> {
        self.wishes.find_offer(&self.tenant().scope, id).await.unwrap()
    }

    /// An appointment whose time was given back.
    async fn freed(&self, from: i64, until: i64) -> FreedTime {
        let tenant = self.tenant();
        let gone = AppointmentSnapshot {
            spans: Vec::new(),
            uses: Vec::new(),
            ..self.base.appointment(tenant, from, until)
        };
        self.base.insert(tenant, &gone).await.unwrap();
        FreedTime {
            branch: gone.branch,
            staff: gone.staff,
            appointment: gone.id,
            starts_at: gone.starts_at,
            ends_at: gone.ends_at,
        }
    }

    fn offer(&self, wish: &WishSnapshot, freed: FreedTime) -> OfferSnapshot {
        OfferSnapshot {
            id: OfferId::generate(&RandomIds),
            wish: wish.id,
            freed,
            slot: Slot {
                service: wish.service,
                staff: freed.staff,
                start: freed.starts_at,
                end: freed.ends_at,
            },
            spans: vec![Span::new(freed.starts_at, freed.ends_at)],
            uses: Vec::new(),
            state: OfferState::Open,
            booked: None,
            made_at: self.base.now,
            expires_at: self.base.now + TimeDelta::minutes(60),
            unasked: false,
            reservation: None,
        }
    }

    async fn make(&self, offer: &OfferSnapshot) -> Result<(), CommitError> {
        self.base.write(self.tenant(), waiting(WaitingWrite::Offer(offer.clone()))).await
    }

    async fn settle(&self, offer: OfferId, state: OfferState) -> Result<(), CommitError> {
        let write = WaitingWrite::Settle { offer, state, booked: None };
        self.base.write(self.tenant(), waiting(write)).await
    }
}

/// An offer occupies time as a hold does: it comes back, is part of the day, and nothing else fits in.
pub async fn an_offer_keeps_its_time(fixture: &WaitingFixture) {
    let (tenant, wish) = (fixture.tenant(), fixture.wish(1));
    fixture.note(&wish).await.unwrap();
    let freed = fixture.freed(0, 30).await;
    let mut offer = fixture.offer(&wish, freed);
    let room = tenant.facility(0);
    offer.uses = vec![FacilityUse { facility: room, spans: vec![fixture.base.span(0, 40)] }];
    fixture.make(&offer).await.unwrap();
    assert_eq!(fixture.offer_of(offer.id).await, Some(offer.clone()));
    let query = DayQuery {
        branch: tenant.catalogue.branch,
        staff: vec![tenant.staff(0)],
        facilities: vec![room],
        from: fixture.base.at(-60),
        until: fixture.base.at(60),
        exclude: None,
        for_call: None,
        for_number: None,
        customers: Vec::new(),
        further: None,
    };
    let load = fixture.base.appointments.day_load(&tenant.scope, &query).await.unwrap();
    assert_eq!(load.busy.len(), 1, "{load:?}");
    assert_eq!(load.busy[0].kind, BusyKind::Offer(offer.id));
    assert_eq!((load.busy[0].span(), load.busy[0].expires_at), (offer.spans[0], Some(offer.expires_at)));
    assert_eq!(load.facilities.len(), 1, "{load:?}");
    assert_eq!((load.facilities[0].facility, load.facilities[0].kind), (room, BusyKind::Offer(offer.id)));
    let mut in_the_room = fixture.base.appointment(tenant, 30, 60);
    in_the_room.staff = tenant.staff(1);
    in_the_room.uses = vec![FacilityUse { facility: room, spans: vec![fixture.base.span(30, 60)] }];
    let result = fixture.base.insert(tenant, &in_the_room).await;
    assert!(matches!(result, Err(CommitError::Occupied)), "{result:?}");
    for (from, until) in [(0, 30), (29, 59), (-29, 1)] {
        let booked = fixture.base.appointment(tenant, from, until);
        let result = fixture.base.insert(tenant, &booked).await;
        assert!(matches!(result, Err(CommitError::Occupied)), "{result:?}");
    }
    fixture.base.insert(tenant, &fixture.base.appointment(tenant, 30, 60)).await.unwrap();
    let second = fixture.wish(2);
    fixture.note(&second).await.unwrap();
    let taken = fixture.offer(&second, fixture.freed(45, 75).await);
    let result = fixture.make(&taken).await;
    assert!(matches!(result, Err(CommitError::Occupied)), "{result:?}");
    assert_eq!(fixture.offer_of(taken.id).await, None);
}

/// One open offer for one freed time and for one wish, and no wish twice for the same freed time.
pub async fn one_is_asked_at_a_time_and_none_twice(fixture: &WaitingFixture) {
    let (first, second) = (fixture.wish(1), fixture.wish(2));
    for wish in [&first, &second] {
        fixture.note(wish).await.unwrap();
    }
    let (freed, elsewhen) = (fixture.freed(0, 30).await, fixture.freed(60, 90).await);
    let offer = fixture.offer(&first, freed);
    fixture.make(&offer).await.unwrap();
    let scope = &fixture.tenant().scope;
    let open = async |wish: &WishSnapshot| {
        fixture.wishes.open_offer(scope, wish.id).await.unwrap().map(|open| open.id)
    };
    assert_eq!((open(&first).await, open(&second).await), (Some(offer.id), None));
    assert_eq!(fixture.wishes.open_offer(&fixture.base.stranger.scope, first.id).await.unwrap(), None);
    // Parts that do not overlap, so that only the list's own rules are in the way.
    let mut beside = fixture.offer(&second, freed);
    beside.spans = vec![fixture.base.span(120, 150)];
    assert!(is_stale(&fixture.make(&beside).await));
    assert!(is_stale(&fixture.make(&fixture.offer(&first, elsewhen)).await));
    fixture.settle(offer.id, OfferState::Declined).await.unwrap();
    assert_eq!(open(&first).await, None);
    assert!(is_stale(&fixture.make(&fixture.offer(&first, freed)).await));
    fixture.make(&beside).await.unwrap();
    fixture.make(&fixture.offer(&first, elsewhen)).await.unwrap();
    let of_freed = fixture.wishes.offers_of(&fixture.tenant().scope, &freed).await.unwrap();
    let states: Vec<_> = of_freed.iter().map(|offer| (offer.wish, offer.state)).collect();
    assert_eq!(states.len(), 2);
    assert!(states.contains(&(first.id, OfferState::Declined)));
    assert!(states.contains(&(second.id, OfferState::Open)));
}

/// What is settled stays settled.
pub async fn a_settled_offer_frees_its_time_once(fixture: &WaitingFixture) {
    let (tenant, wish) = (fixture.tenant(), fixture.wish(1));
    fixture.note(&wish).await.unwrap();
    let mut offer = fixture.offer(&wish, fixture.freed(0, 30).await);
    offer.uses = vec![FacilityUse { facility: tenant.facility(0), spans: offer.spans.clone() }];
    fixture.make(&offer).await.unwrap();
    fixture.settle(offer.id, OfferState::Lapsed).await.unwrap();
    let stored = fixture.offer_of(offer.id).await.unwrap();
    assert_eq!((stored.state, stored.spans, stored.uses), (OfferState::Lapsed, Vec::new(), Vec::new()));
    assert!(is_stale(&fixture.settle(offer.id, OfferState::Declined).await));
    assert!(is_stale(&fixture.settle(OfferId::generate(&RandomIds), OfferState::Declined).await));
    fixture.base.insert(tenant, &fixture.base.appointment(tenant, 0, 30)).await.unwrap();
}

/// The offer's time becomes the appointment's without a moment in which it is anybody's; two answers leave one.
pub async fn an_accepted_offer_becomes_an_appointment_in_one_step(fixture: &WaitingFixture) {
    let (tenant, wish) = (fixture.tenant(), fixture.wish(1));
    fixture.note(&wish).await.unwrap();
    let offer = fixture.offer(&wish, fixture.freed(0, 30).await);
    fixture.make(&offer).await.unwrap();
    let accept = |booked: &AppointmentSnapshot| {
        let settle =
            WaitingWrite::Settle { offer: offer.id, state: OfferState::Accepted, booked: Some(booked.id) };
        ChangeSet::one(waiting(settle)).write(AppointmentWrite::Insert {
            appointment: booked.clone(),
            new_customer: None,
            from_hold: None,
        })
    };
    let (one, other) = (fixture.base.appointment(tenant, 0, 30), fixture.base.appointment(tenant, 0, 30));
    let results =
        tokio::join!(fixture.base.commit(tenant, accept(&one)), fixture.base.commit(tenant, accept(&other)));
    assert!(results.0.is_ok() != results.1.is_ok(), "{results:?}");
    let made = if results.0.is_ok() { one } else { other };
    let stored = fixture.offer_of(offer.id).await.unwrap();
    assert_eq!((stored.state, stored.booked), (OfferState::Accepted, Some(made.id)));
    for (scope, expected) in [(&tenant.scope, Some(offer.id)), (&fixture.base.stranger.scope, None)] {
        let became = fixture.wishes.offer_booked(scope, made.id).await.unwrap();
        assert_eq!(became.map(|offer| offer.id), expected);
    }
    assert_eq!(fixture.base.find(tenant, made.id).await, Some(made));
}

/// An offer whose time is over stands in nobody's way, and can still be settled.
pub async fn an_expired_offer_blocks_nobody(fixture: &WaitingFixture) {
    let (tenant, wish) = (fixture.tenant(), fixture.wish(1));
    fixture.note(&wish).await.unwrap();
    let mut offer = fixture.offer(&wish, fixture.freed(0, 30).await);
    offer.expires_at = fixture.base.now - TimeDelta::seconds(1);
    fixture.make(&offer).await.unwrap();
    fixture.base.insert(tenant, &fixture.base.appointment(tenant, 15, 45)).await.unwrap();
    fixture.settle(offer.id, OfferState::Lapsed).await.unwrap();
    let mut again = fixture.offer(&wish, fixture.freed(120, 150).await);
    again.expires_at = offer.expires_at;
    fixture.make(&again).await.unwrap();
    let second = fixture.wish(2);
    fixture.note(&second).await.unwrap();
    let later = fixture.offer(&second, fixture.freed(135, 165).await);
    fixture.make(&later).await.unwrap();
    assert_eq!(fixture.offer_of(later.id).await, Some(later));
}

/// What is known of a reservation comes back, and is found once the offer has ended, as long as it may hide something.
pub async fn a_reservation_is_noted_and_found_until_it_ends(fixture: &WaitingFixture) {
    let (tenant, wish, now) = (fixture.tenant(), fixture.wish(1), fixture.base.now);
    fixture.note(&wish).await.unwrap();
    let freed = fixture.freed(0, 30).await;
    let announced =
        OfferReservation { connection: fixture.connection, uid: None, until: now + TimeDelta::minutes(60) };
    let offer =
        OfferSnapshot { unasked: true, reservation: Some(announced.clone()), ..fixture.offer(&wish, freed) };
    fixture.make(&offer).await.unwrap();
    assert_eq!(fixture.offer_of(offer.id).await.as_ref(), Some(&offer));
    let note = |offer, reservation| waiting(WaitingWrite::NoteReservation { offer, reservation });
    let uid = ReservationUid::parse("rsv-!~1").unwrap();
    let made = OfferReservation { uid: Some(uid), until: now + TimeDelta::minutes(61), ..announced };
    fixture.base.write(tenant, note(offer.id, Some(made.clone()))).await.unwrap();
    let left = async |tenant: &AppointmentTenant, from, until, at| {
        let within = fixture.base.span(from, until);
        let found = fixture.wishes.left_reserved(&tenant.scope, freed.staff, within, at).await.unwrap();
        found.into_iter().map(|offer| (offer.id, offer.reservation)).collect::<Vec<_>>()
    };
    assert_eq!(left(tenant, 0, 30, now).await, [], "an open offer keeps its time by itself");
    fixture.settle(offer.id, OfferState::Declined).await.unwrap();
    let found = [(offer.id, Some(made.clone()))];
    for (from, until) in [(0, 30), (29, 60), (-30, 1)] {
        assert_eq!(left(tenant, from, until, now).await, found, "{from} to {until}");
    }
    for (from, until, at) in [(30, 60, now), (-30, 0, now), (0, 30, made.until)] {
        assert_eq!(left(tenant, from, until, at).await, [], "{from} to {until} at {at}");
    }
    let stranger = &fixture.base.stranger;
    assert_eq!(left(stranger, 0, 30, now).await, []);
    assert!(is_stale(&fixture.base.write(stranger, note(offer.id, None)).await));
    assert!(is_stale(&fixture.base.write(tenant, note(OfferId::generate(&RandomIds), None)).await));
    fixture.base.write(tenant, note(offer.id, None)).await.unwrap();
    assert_eq!(left(tenant, 0, 30, now).await, []);
    assert_eq!(fixture.offer_of(offer.id).await.unwrap().reservation, None);
}

/// Another tenant neither reads nor changes.
pub async fn a_stranger_sees_no_wish(fixture: &WaitingFixture) {
    let (tenant, stranger) = (fixture.tenant(), &fixture.base.stranger);
    let wish = fixture.wish(1);
    fixture.note(&wish).await.unwrap();
    let freed = fixture.freed(0, 30).await;
    let offer = fixture.offer(&wish, freed);
    fixture.make(&offer).await.unwrap();
    let wishes = &fixture.wishes;
    assert_eq!(wishes.find_wish(&stranger.scope, wish.id).await.unwrap(), None);
    assert_eq!(wishes.find_offer(&stranger.scope, offer.id).await.unwrap(), None);
    assert_eq!(wishes.open_of(&stranger.scope, None, Some(&wish.phone)).await.unwrap(), []);
    assert_eq!(wishes.offers_of(&stranger.scope, &freed).await.unwrap(), []);
    let (branch, day) = (tenant.catalogue.branch, fixture.day());
    assert_eq!(wishes.waiting(&stranger.scope, branch, tenant.staff(0), day).await.unwrap(), []);
    for write in [
        WaitingWrite::Update(WishSnapshot { status: WishStatus::Expired, version: 2, ..wish.clone() }),
        WaitingWrite::Settle { offer: offer.id, state: OfferState::Lapsed, booked: None },
    ] {
        assert!(is_stale(&fixture.base.write(stranger, waiting(write)).await));
    }
    assert_eq!(fixture.stored(wish.id).await, Some(wish));
    assert_eq!(fixture.offer_of(offer.id).await, Some(offer));
}
