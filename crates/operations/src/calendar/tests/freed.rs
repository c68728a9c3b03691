//! Freed time of a company with an outside calendar: asked about there, hidden there while a wish is asked, shown again.

use appointment::calendar::RefusalReason;
use appointment::model::{AppointmentStatus, DateRange};
use appointment::testing::{Mishap, Reserved, branch_id, service_id, staff_id};
use appointment::waiting::{
    Answer, Answered, DayWindow, FreedTime, Later, NewWish, NoteOutcome, OfferId, OfferOutcome,
    OfferSnapshot, OfferState, Unasked, WaitingList, WishDesk, WishLimits, WishRepository as _, WishStatus,
};
use chrono::TimeDelta;
use customer::CustomerService;
use customer::testing::InMemoryCustomers;
use kernel::testing::SequentialIds;
use kernel::{Clock as _, PhoneNumber};
use servicedesk::CallbackService;
use std::sync::Arc;
use tenancy::testing::InMemoryTenancy;

use super::super::{Heard, Pushed};
use super::world::{World, effort, event_type, slot};
use crate::FreedTimes;
use crate::waiting::{OutsideSlots, Released, SlotParts};

struct List {
    world: World,
    list: WaitingList,
    desk: WishDesk,
    freed: FreedTimes,
}

impl List {
    fn new() -> Self {
        Self::over(World::new())
    }

    fn over(world: World) -> Self {
        let ids = Arc::new(SequentialIds::default());
        let (store, clock) = (&world.store, &world.clock);
        let desk =
            WishDesk::new(store.clone(), store.clone(), clock.clone(), ids.clone(), WishLimits::default());
        let list = WaitingList::new(desk.clone(), world.bookings.clone());
        let callbacks = CallbackService::new(world.callbacks.clone(), clock.clone(), ids.clone());
        let customers = CustomerService::new(Arc::new(InMemoryCustomers::default()), clock.clone(), ids);
        let mut outside = appointment::calendar::MockOutsideTimes::new();
        outside.expect_changed().returning(|_, _, _| ());
        let (bookings, tenants) = (world.bookings.clone(), Arc::new(InMemoryTenancy::default()));
        let freed = FreedTimes::new(list.clone(), desk.clone(), bookings, callbacks, customers, tenants);
        let freed = freed.with_outside(OutsideSlots::new(SlotParts {
            book: store.clone(),
            gateway: world.gateway.clone(),
            outside: Arc::new(outside),
            wishes: store.clone(),
            appointments: store.clone(),
            clock: clock.clone(),
            effort: effort(),
        }));
        Self { world, list, desk, freed }
    }

    async fn wish(&self, number: u32) {
        let snapshot = self.world.bookings.catalogue(&self.world.scope, branch_id(1)).await.unwrap();
        let new = NewWish {
            branch: branch_id(1),
            service: service_id(1),
            staff: Some(staff_id(1)),
            customer: None,
            call: None,
            phone: PhoneNumber::from_e164(&format!("+4917011122{number:02}")).unwrap(),
            name: None,
            days: DateRange::day(slot(0).date_naive()),
            window: DayWindow::ANY,
        };
        let wish = self.desk.prepare(&snapshot, new).unwrap();
        let noted = self.desk.record(&self.world.scope, &snapshot, &wish, None).await.unwrap();
        assert!(matches!(noted, NoteOutcome::Noted(_)), "{noted:?}");
        self.world.advance(1);
    }

    /// An appointment that stood on both sides is called off here; not yet there.
    async fn called_off(&self) -> FreedTime {
        let (id, _) = self.world.settled(1, slot(0)).await;
        self.world.cancel(id).await;
        let row = self.world.row(id);
        FreedTime {
            branch: branch_id(1),
            staff: staff_id(1),
            appointment: id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
        }
    }

    /// And there.
    async fn freed(&self) -> FreedTime {
        let freed = self.called_off().await;
        assert!(matches!(self.world.push(freed.appointment).await, Pushed::Settled(_)));
        freed
    }

    async fn offer(&self, freed: FreedTime, unasked: Unasked) -> OfferOutcome {
        self.freed.offer(&self.world.scope, freed, unasked).await.unwrap()
    }

    async fn made(&self, freed: FreedTime) -> OfferId {
        match self.offer(freed, Unasked::Wait).await {
            OfferOutcome::Made(offer) => offer.snapshot().id,
            other => panic!("{other:?}"),
        }
    }

    async fn stored(&self, id: OfferId) -> OfferSnapshot {
        self.world.store.find_offer(&self.world.scope, id).await.unwrap().unwrap()
    }

    fn hidden(&self) -> Vec<Reserved> {
        self.world.remote.reservations()
    }

    fn wishes(&self) -> Vec<WishStatus> {
        let wishes = self.world.store.wishes(&self.world.scope);
        wishes.iter().map(|wish| wish.status).collect()
    }

    async fn answer(&self, id: OfferId, answer: Answer) -> Answered {
        self.list.answer(&self.world.scope, id, answer).await.unwrap()
    }

    async fn release(&self, id: OfferId) -> Released {
        self.freed.release(&self.world.scope, id).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_offered_is_hidden_there_for_as_long_as_it_is_kept() {
    let list = List::new();
    list.wish(1).await;
    let freed = list.freed().await;
    let id = list.made(freed).await;
    let offer = list.stored(id).await;
    let hidden = list.hidden();
    assert_eq!(hidden.len(), 1, "{hidden:?}");
    assert_eq!((hidden[0].event_type.clone(), hidden[0].start), (event_type(1), slot(0)));
    assert_eq!(hidden[0].until, offer.expires_at);
    let known = offer.reservation.unwrap();
    assert_eq!((known.uid.as_ref(), known.until), (Some(&hidden[0].uid), hidden[0].until));
    assert!(!offer.unasked);
    assert_eq!(list.offer(freed, Unasked::Wait).await, OfferOutcome::AlreadyOpen);
    assert_eq!(list.hidden().len(), 1, "it is asked for once");
    assert_eq!(list.release(id).await, Released::Gone);
    assert_eq!(list.hidden().len(), 1, "an open offer keeps it");
}

#[tokio::test]
async fn every_end_of_an_offer_shows_it_again_and_more_than_once_is_no_harm() {
    for answer in [Answer::No, Answer::Withdraw, Answer::Yes] {
        let list = List::new();
        list.wish(1).await;
        let id = list.made(list.freed().await).await;
        list.answer(id, answer).await;
        for _ in 0..2 {
            assert_eq!(list.release(id).await, Released::Gone, "{answer:?}");
        }
        assert_eq!(list.hidden(), [], "{answer:?}");
        assert_eq!(list.stored(id).await.reservation, None, "{answer:?}");
    }
    let list = List::new();
    list.wish(1).await;
    let id = list.made(list.freed().await).await;
    let over = list.stored(id).await.expires_at - list.world.clock.now();
    list.world.advance(over.num_seconds());
    list.freed.lapse(&list.world.scope, id).await.unwrap();
    assert_eq!(list.release(id).await, Released::Gone);
    assert_eq!(list.stored(id).await.reservation, None);
}

#[tokio::test]
async fn a_yes_is_booked_there_although_it_is_still_hidden() {
    let list = List::new();
    list.wish(1).await;
    let id = list.made(list.freed().await).await;
    let Answered::Booked(made) = list.answer(id, Answer::Yes).await else { panic!("it is kept") };
    assert_eq!(list.hidden().len(), 1);
    assert!(matches!(list.world.push(made.id()).await, Pushed::Settled(_)));
    let standing = list.world.only();
    assert_eq!((standing.start, standing.marker), (slot(0), Some(made.id())));
}

#[tokio::test]
async fn what_is_not_offered_there_is_offered_to_nobody() {
    let list = List::new();
    list.wish(1).await;
    let freed = list.freed().await;
    list.world.remote.book_outside(&event_type(1), slot(0), None).unwrap();
    for unasked in [Unasked::Wait, Unasked::Offer] {
        assert_eq!(list.offer(freed, unasked).await, OfferOutcome::Later(Later::NotOffered));
    }
    assert_eq!((list.wishes(), list.hidden()), (vec![WishStatus::Waiting], Vec::new()));
    // A visitor had it in front of them, and went away.
    let list = List::new();
    list.wish(1).await;
    let freed = list.freed().await;
    list.world.remote.reserve_outside(&event_type(1), slot(0), TimeDelta::minutes(5));
    assert_eq!(list.offer(freed, Unasked::Wait).await, OfferOutcome::Later(Later::NotOffered));
    list.world.advance(301);
    list.made(freed).await;
}

#[tokio::test]
async fn a_copy_that_still_stands_is_waited_for() {
    let list = List::new();
    list.wish(1).await;
    let freed = list.called_off().await;
    for unasked in [Unasked::Wait, Unasked::Offer] {
        assert_eq!(list.offer(freed, unasked).await, OfferOutcome::Later(Later::NotYet));
    }
    assert_eq!(list.wishes(), [WishStatus::Waiting]);
    // Called off there, and nobody heard of it: still in doubt.
    list.world.script(Mishap::LostAfter);
    list.world.push(freed.appointment).await;
    assert_eq!(list.offer(freed, Unasked::Wait).await, OfferOutcome::Later(Later::NotYet));
    list.world.settle();
    list.world.push(freed.appointment).await;
    list.made(freed).await;
}

#[tokio::test]
async fn a_silent_calendar_is_waited_for_and_then_the_offer_says_so() {
    let list = List::new();
    list.wish(1).await;
    let freed = list.freed().await;
    list.world.remote.set_down(true);
    assert_eq!(list.offer(freed, Unasked::Wait).await, OfferOutcome::Later(Later::Silent));
    assert_eq!(list.wishes(), [WishStatus::Waiting]);
    let OfferOutcome::Made(offer) = list.offer(freed, Unasked::Offer).await else { panic!("it waited") };
    let stored = list.stored(offer.snapshot().id).await;
    assert!(stored.unasked && stored.reservation.is_none(), "{stored:?}");
    assert_eq!(list.offer(freed, Unasked::Offer).await, OfferOutcome::AlreadyOpen);
    list.freed.ask_staff(&list.world.scope, stored.id).await.unwrap();
    let tasks = list.world.callbacks.all();
    let note = tasks[0].note.clone().unwrap();
    assert!(note.contains("Der externe Kalender antwortet nicht"), "{note}");
}

#[tokio::test]
async fn what_was_given_away_between_question_and_hiding_is_taken_back() {
    let list = List::new();
    list.wish(1).await;
    let freed = list.freed().await;
    list.world.script(Mishap::Refused(RefusalReason::SlotTaken));
    assert_eq!(list.offer(freed, Unasked::Wait).await, OfferOutcome::TakenThere);
    let offers = list.world.store.offers(&list.world.scope);
    assert_eq!((offers.len(), offers[0].state), (1, OfferState::Lapsed));
    assert_eq!(offers[0].reservation, None);
    assert_eq!(list.wishes(), [WishStatus::Waiting]);
    assert_eq!(list.world.store.wishes(&list.world.scope)[0].asked, 0, "nobody was asked");
}

#[tokio::test]
async fn an_offer_stands_without_being_hidden() {
    for mishap in [Mishap::Refused(RefusalReason::Unauthorized), Mishap::NotSent] {
        let list = List::new();
        list.wish(1).await;
        let freed = list.freed().await;
        list.world.script(mishap);
        let id = list.made(freed).await;
        let stored = list.stored(id).await;
        assert_eq!((stored.state, stored.reservation), (OfferState::Open, None), "{mishap:?}");
    }
    // Of several hosts the first one's time would be hidden, whoever is meant.
    let list = List::over(World::with_hosts(Some("anna")));
    list.wish(1).await;
    let id = list.made(list.freed().await).await;
    assert_eq!((list.hidden(), list.stored(id).await.reservation), (Vec::new(), None));
}

/// The reservation of the first offer is there, and nobody knows its name or can end it: the next wish is asked once it
/// hides nothing, and not told that the time is gone.
#[tokio::test]
async fn what_we_hide_from_ourselves_is_not_taken_for_gone() {
    let list = List::new();
    for number in [1, 2] {
        list.wish(number).await;
    }
    let freed = list.freed().await;
    list.world.script(Mishap::LostAfter);
    let first = list.made(freed).await;
    let known = list.stored(first).await.reservation.unwrap();
    assert_eq!((known.uid, list.hidden().len()), (None, 1));
    list.answer(first, Answer::No).await;
    assert_eq!(list.release(first).await, Released::RunsOut);
    assert_eq!(list.offer(freed, Unasked::Offer).await, OfferOutcome::Later(Later::NotYet));
    list.world.advance((known.until - list.world.clock.now()).num_seconds());
    let second = list.made(freed).await;
    assert_ne!(first, second);
    assert_eq!(list.hidden().len(), 1);
}

#[tokio::test]
async fn a_reservation_that_could_not_be_ended_is_ended_before_the_next_question() {
    let list = List::new();
    for number in [1, 2] {
        list.wish(number).await;
    }
    let freed = list.freed().await;
    let first = list.made(freed).await;
    list.answer(first, Answer::No).await;
    list.world.script(Mishap::NotSent);
    assert_eq!(list.release(first).await, Released::Later);
    let second = list.made(freed).await;
    assert_eq!(list.hidden().len(), 1, "the second offer's");
    assert_eq!(list.stored(first).await.reservation, None);
    assert!(list.stored(second).await.reservation.unwrap().uid.is_some());
}

/// An appointment goes to a person whose time a left reservation hides: that is no refusal.
#[tokio::test]
async fn a_copy_that_changes_people_is_not_refused_for_our_own_reservation() {
    let list = List::new();
    list.wish(1).await;
    let first = list.made(list.freed().await).await;
    list.answer(first, Answer::Withdraw).await;
    let (id, _) = list.world.settled(2, slot(0)).await;
    list.world.move_to(id, 1, slot(0)).await;
    assert!(matches!(list.world.push(id).await, Pushed::Open { .. }));
    assert_eq!(list.world.row(id).staff, staff_id(1));
    assert_eq!(list.release(first).await, Released::Gone);
    assert!(matches!(list.world.push(id).await, Pushed::Settled(_)));
}

#[tokio::test]
async fn what_is_booked_or_moved_there_takes_the_time_from_whoever_is_asked_about_it() {
    for moved in [false, true] {
        let list = List::new();
        list.wish(1).await;
        let freed = list.freed().await;
        let offer = list.made(freed).await;
        let world = &list.world;
        let (id, uid) = if moved {
            let (id, uid) = world.settled(1, slot(4)).await;
            (Some(id), world.remote.move_outside(&uid, slot(0)).unwrap())
        } else {
            (None, world.remote.book_outside(&event_type(1), slot(0), None).unwrap())
        };
        let heard = world.hear(&uid).await;
        let standing = match heard {
            Heard::Imported(made) => made,
            Heard::Followed(followed) => {
                assert_eq!(Some(followed), id);
                followed
            }
            other => panic!("{other:?}"),
        };
        assert_eq!((world.start(standing), world.status(standing)), (slot(0), AppointmentStatus::Confirmed));
        assert_eq!(list.stored(offer).await.state, OfferState::Lapsed);
        assert_eq!(list.wishes(), [WishStatus::Waiting]);
        assert!(matches!(list.answer(offer, Answer::Yes).await, Answered::SettledBefore(OfferState::Lapsed)));
        assert_eq!(world.reviews().len(), 0);
        world.assert_converged().await;
    }
}
