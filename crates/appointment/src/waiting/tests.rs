//! The waiting list over the fakes.

mod ending;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{AppointmentId, ChangeSet, CustomerId, PersonName, PhoneNumber, TenantScope};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::calendar::{CalendarLink, ConnectionId, RemoteEventType};
use crate::commands::{BookOutcome, BookRequest, BookTarget, BookingParty, Requester};
use crate::model::{Appointment, AppointmentSource, AppointmentStatus, Catalogue, DateRange, Minute, Slot};
use crate::policy::change::{ChangeRules, RecentChanges};
use crate::ports::AppointmentWrite;
use crate::service::BookingService;
use crate::testing::{
    CatalogueBuilder, InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, branch_id, facility_id,
    salon, salon_with_basins, service_id, staff_id,
};

/// Friday before the Tuesday that the tests are about, 09:00 in Berlin; the salon is open.
const NOW: &str = "2026-11-20T08:00:00Z";
/// Tuesday, 10:00 in Berlin.
const TEN: &str = "2026-11-24T09:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

struct World {
    store: Arc<InMemoryAppointments>,
    clock: Arc<FixedClock>,
    scope: TenantScope,
    bookings: Arc<BookingService>,
    desk: WishDesk,
    list: WaitingList,
    catalogue: Catalogue,
}

fn world() -> World {
    world_of(salon(branch_id(1)).unwrap())
}

fn world_of(salon: CatalogueBuilder) -> World {
    let clock = Arc::new(FixedClock::at(at(NOW)));
    let ids = Arc::new(SequentialIds::default());
    let scope = scope(1, Some(branch_id(1)));
    let catalogues = Arc::new(InMemoryCatalogues::default());
    let snapshot = salon.snapshot();
    catalogues.put(&scope, snapshot.clone());
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock.clone()));
    let offers = Arc::new(InMemorySoftOffers::new(clock.clone()));
    let bookings =
        Arc::new(BookingService::new(catalogues, store.clone(), offers, clock.clone(), ids.clone()));
    let desk = WishDesk::new(store.clone(), store.clone(), clock.clone(), ids, WishLimits::default());
    let list = WaitingList::new(desk.clone(), Arc::clone(&bookings));
    World { store, clock, scope, bookings, desk, list, catalogue: Catalogue::restore(snapshot).unwrap() }
}

fn wish(number: u32) -> NewWish {
    NewWish {
        branch: branch_id(1),
        service: service_id(1),
        staff: None,
        customer: None,
        call: None,
        phone: PhoneNumber::from_e164(&format!("+4917011122{number:02}")).unwrap(),
        name: PersonName::clean(["Ada", "Berta", "Cora", "Dora", "Elsa"][number as usize - 1]).ok(),
        days: DateRange::day(day("2026-11-24")),
        window: DayWindow::ANY,
    }
}

impl World {
    async fn note(&self, new: NewWish) -> NoteOutcome {
        let wish = self.desk.prepare(&self.catalogue, new).unwrap();
        let outcome = self.desk.record(&self.scope, &self.catalogue, &wish, None).await.unwrap();
        self.clock.advance(TimeDelta::seconds(1));
        outcome
    }

    async fn noted(&self, new: NewWish) -> WishId {
        match self.note(new).await {
            NoteOutcome::Noted(wish) => wish.snapshot().id,
            other => panic!("{other:?}"),
        }
    }

    /// An appointment with the first person on Tuesday at ten, booked by the desk.
    async fn booked(&self, start: &str) -> Appointment {
        let request = BookRequest {
            branch: branch_id(1),
            target: BookTarget::At { service: service_id(1), staff: Some(staff_id(1)), start: at(start) },
            party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(9))),
            requester: Requester::Desk,
            source: AppointmentSource::Desk,
            notes: None,
            additional: true,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        match self.bookings.book(&self.scope, request).await.unwrap() {
            BookOutcome::Booked(made) => made,
            other => panic!("{other:?}"),
        }
    }

    /// The appointment is called off; its time is free.
    async fn freed(&self, start: &str) -> FreedTime {
        let made = self.booked(start).await;
        let rules = ChangeRules::default();
        let gone = made.cancel(None, (&rules, RecentChanges::default()), at(NOW)).unwrap();
        let update = AppointmentWrite::Update { next: gone.snapshot().clone(), expected: 1 };
        self.store.apply(&self.scope, &ChangeSet::one(update)).unwrap();
        freed_by(&made)
    }

    async fn offered(&self, freed: FreedTime) -> Offer {
        match self.list.offer(&self.scope, freed, Unasked::Wait).await.unwrap() {
            OfferOutcome::Made(offer) => *offer,
            other => panic!("{other:?}"),
        }
    }

    fn status(&self, wish: WishId) -> WishStatus {
        self.store.wishes(&self.scope).into_iter().find(|one| one.id == wish).unwrap().status
    }
}

fn freed_by(made: &Appointment) -> FreedTime {
    FreedTime {
        branch: branch_id(1),
        staff: made.snapshot().staff,
        appointment: made.id(),
        starts_at: made.starts_at(),
        ends_at: made.snapshot().ends_at,
    }
}

#[tokio::test]
async fn the_one_who_waits_longest_is_asked_first_and_the_next_one_after_a_no() {
    let world = world();
    let first = world.noted(wish(1)).await;
    let second = world.noted(wish(2)).await;
    let freed = world.freed(TEN).await;
    let offer = world.offered(freed).await;
    assert_eq!((offer.snapshot().wish, offer.snapshot().slot.start), (first, at(TEN)));
    assert_eq!((world.status(first), world.status(second)), (WishStatus::Offered, WishStatus::Waiting));
    // Asked as often as one likes, nobody is asked twice or beside the first.
    assert_eq!(
        world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(),
        OfferOutcome::AlreadyOpen
    );

    let answer = world.list.answer(&world.scope, offer.snapshot().id, Answer::No).await.unwrap();
    assert_eq!(answer, Answered::Settled(OfferState::Declined));
    assert_eq!(world.status(first), WishStatus::Waiting);
    let next = world.offered(freed).await;
    assert_eq!(next.snapshot().wish, second);
    let answer = world.list.answer(&world.scope, next.snapshot().id, Answer::Withdraw).await.unwrap();
    assert_eq!(answer, Answered::Settled(OfferState::Declined));
    assert_eq!(world.status(second), WishStatus::Withdrawn);
    assert_eq!(world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(), OfferOutcome::Nobody);
    // For another freed time, whoever said no is asked again.
    let other = world.freed("2026-11-24T10:00:00Z").await;
    assert_eq!(world.offered(other).await.snapshot().wish, first);
}

#[tokio::test]
async fn an_offer_keeps_its_time_and_a_yes_books_it_once() {
    let world = world();
    let waiting = world.noted(wish(1)).await;
    let freed = world.freed(TEN).await;
    let offer = world.offered(freed).await.snapshot().clone();
    let elses = BookRequest {
        branch: branch_id(1),
        target: BookTarget::Slot(offer.slot),
        party: BookingParty::Existing(CustomerId::from_uuid(Uuid::from_u128(8))),
        requester: Requester::Desk,
        source: AppointmentSource::Desk,
        notes: None,
        additional: false,
        other_person: false,
        held_for_others: Vec::new(),
        claim: None,
    };
    let refused = world.bookings.book(&world.scope, elses).await.unwrap();
    assert!(matches!(refused, BookOutcome::SlotGone { .. }), "{refused:?}");

    let answered = world.list.answer(&world.scope, offer.id, Answer::Yes).await.unwrap();
    let Answered::Booked(made) = answered else { panic!("{answered:?}") };
    assert_eq!((made.starts_at(), made.snapshot().staff), (at(TEN), staff_id(1)));
    assert_eq!(world.status(waiting), WishStatus::Fulfilled);
    let customers = world.store.new_customers(&world.scope);
    assert_eq!(customers.len(), 1);
    assert_eq!(customers[0].phone.as_ref().unwrap().as_e164(), "+491701112201");
    let again = world.list.answer(&world.scope, offer.id, Answer::Yes).await.unwrap();
    assert_eq!(again, Answered::SettledBefore(OfferState::Accepted));
    let stored = &world.store.offers(&world.scope)[0];
    assert_eq!((stored.state, stored.booked), (OfferState::Accepted, Some(made.id())));
    let confirmed = |one: &&crate::model::AppointmentSnapshot| one.status == AppointmentStatus::Confirmed;
    assert_eq!(world.store.appointments(&world.scope).iter().filter(confirmed).count(), 1);
    assert_eq!(world.store.overlaps(&world.scope), 0);
}

#[tokio::test]
async fn an_offer_that_nobody_answers_lapses_and_its_time_is_anybodys() {
    let world = world();
    let first = world.noted(wish(1)).await;
    let second = world.noted(wish(2)).await;
    let freed = world.freed(TEN).await;
    let offer = world.offered(freed).await.snapshot().clone();
    let job = world.store.jobs(&world.scope).pop().unwrap();
    assert_eq!((job.kind, job.run_at), (WaitingList::LAPSE_OFFER, Some(offer.expires_at)));
    assert_eq!(world.list.lapse(&world.scope, offer.id).await.unwrap(), TimeUp::NotYet(offer.expires_at));
    world.clock.advance(offer.expires_at - kernel::Clock::now(&*world.clock));
    assert_eq!(world.list.lapse(&world.scope, offer.id).await.unwrap(), TimeUp::Ended);
    assert_eq!(world.list.lapse(&world.scope, offer.id).await.unwrap(), TimeUp::Before);
    assert_eq!(world.status(first), WishStatus::Waiting);
    assert_eq!(world.offered(freed).await.snapshot().wish, second);
}

#[tokio::test]
async fn a_yes_to_a_time_that_is_gone_ends_the_offer_and_claims_nothing() {
    let world = world();
    let waiting = world.noted(wish(1)).await;
    let freed = world.freed(TEN).await;
    let offer = world.offered(freed).await.snapshot().clone();
    world.clock.advance(offer.expires_at - kernel::Clock::now(&*world.clock));
    // The job that ends it has not run yet; somebody else books what it no longer keeps.
    world.booked(TEN).await;
    let answered = world.list.answer(&world.scope, offer.id, Answer::Yes).await.unwrap();
    assert!(matches!(answered, Answered::Gone(_)), "{answered:?}");
    assert_eq!(world.status(waiting), WishStatus::Waiting);
    assert_eq!(world.store.new_customers(&world.scope), []);
}

/// Whoever waits for more than one thing is asked once about the same time; somebody else of the number is asked as well.
#[tokio::test]
async fn nobody_is_asked_twice_about_the_same_time() {
    let world = world();
    let narrow = world.noted(NewWish { window: DayWindow::new(540, 620).unwrap(), ..wish(1) }).await;
    world.noted(NewWish { window: DayWindow::new(560, 720).unwrap(), ..wish(1) }).await;
    let other = NewWish { name: PersonName::clean("Emil Meier").ok(), ..wish(1) };
    let other = world.noted(other).await;
    let freed = world.freed(TEN).await;
    for expected in [narrow, other] {
        let offer = world.offered(freed).await.snapshot().clone();
        assert_eq!(offer.wish, expected);
        world.list.answer(&world.scope, offer.id, Answer::No).await.unwrap();
    }
    assert_eq!(world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(), OfferOutcome::Nobody);
}

#[tokio::test]
async fn only_what_was_wished_is_offered() {
    let world = world();
    let mut elsewhen = wish(1);
    elsewhen.days = DateRange::day(day("2026-11-25"));
    let mut afternoon = wish(2);
    afternoon.window = DayWindow::new(780, 1080).unwrap();
    let mut with_boris = wish(3);
    with_boris.staff = Some(staff_id(2));
    let mut longer = wish(4);
    longer.service = service_id(2);
    for new in [elsewhen, afternoon, with_boris] {
        world.noted(new).await;
    }
    // Neighbours on both sides and where its second part would be: the longer service does not fit.
    world.booked("2026-11-24T08:30:00Z").await;
    world.booked("2026-11-24T09:30:00Z").await;
    world.booked("2026-11-24T10:00:00Z").await;
    world.noted(longer).await;
    let freed = world.freed(TEN).await;
    assert_eq!(world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(), OfferOutcome::Nobody);
    let fits = world.noted(wish(5)).await;
    assert_eq!(world.offered(freed).await.snapshot().wish, fits);
}

#[tokio::test]
async fn a_number_waits_once_for_the_same_thing_and_for_few_things_at_all() {
    let world = world();
    world.noted(wish(1)).await;
    let morning = NewWish { window: DayWindow::new(540, 660).unwrap(), ..wish(1) };
    for part in [wish(1), morning, NewWish { staff: Some(staff_id(1)), ..wish(1) }] {
        assert!(matches!(world.note(part).await, NoteOutcome::Already(_)));
    }
    for other in ["2026-11-25", "2026-11-26"] {
        world.noted(NewWish { days: DateRange::day(day(other)), ..wish(1) }).await;
    }
    let fourth = NewWish { days: DateRange::day(day("2026-11-27")), ..wish(1) };
    assert_eq!(world.note(fourth).await, NoteOutcome::TooMany);
    assert_eq!(world.store.wishes(&world.scope).len(), 3);
    // Other hours, other people of the same day are other wishes.
    let early = NewWish { window: DayWindow::new(540, 570).unwrap(), ..wish(2) };
    let of_father = NewWish { name: PersonName::clean("Emil Meier").ok(), ..early.clone() };
    for other in [early, NewWish { window: DayWindow::new(540, 600).unwrap(), ..wish(2) }, of_father] {
        world.noted(other).await;
    }
}

#[tokio::test]
async fn a_name_that_is_said_later_is_noted_with_the_wish() {
    let world = world();
    let id = world.noted(NewWish { name: None, ..wish(1) }).await;
    for (said, noted) in [
        (None, None),
        (Some("Emil Eins"), Some("Emil Eins")),
        (Some("Herr Eins"), Some("Emil Eins")),
        (Some("EMIL"), Some("Emil Eins")),
        (Some("Dr. Emil Eins"), Some("Emil Eins")),
    ] {
        let name = said.map(|name| PersonName::clean(name).unwrap());
        let NoteOutcome::Already(same) = world.note(NewWish { name, ..wish(1) }).await else {
            panic!("{said:?}")
        };
        let known = same.snapshot();
        assert_eq!((known.id, known.name.as_ref().map(PersonName::as_str)), (id, noted), "{said:?}");
    }
    let stored = world.store.wishes(&world.scope);
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].name.as_ref().unwrap().as_str(), "Emil Eins");
}

/// A wish of somebody known is not renamed after somebody else who has the same number.
#[tokio::test]
async fn a_name_of_somebody_else_is_not_noted_with_the_wish_of_somebody_known() {
    let world = world();
    let mother = Some(CustomerId::from_uuid(Uuid::from_u128(21)));
    let daughter = Some(CustomerId::from_uuid(Uuid::from_u128(22)));
    let id = world.noted(NewWish { name: None, customer: mother, ..wish(1) }).await;
    let NoteOutcome::Already(same) = world.note(NewWish { name: None, ..wish(1) }).await else {
        panic!("it may be the mother's")
    };
    assert_eq!(same.snapshot().id, id);
    world.noted(NewWish { customer: daughter, ..wish(1) }).await;
    let names: Vec<_> =
        world.store.wishes(&world.scope).into_iter().map(|wish| wish.name.is_some()).collect();
    assert_eq!(names, [false, true]);
}

/// Whoever settles an offer must find the wish as it was when the offer was made, or nobody ends it.
#[tokio::test]
async fn a_name_that_is_said_while_something_is_offered_keeps_nobody_from_settling_it() {
    let world = world();
    let id = world.noted(NewWish { name: None, ..wish(1) }).await;
    let freed = world.freed("2026-11-24T09:00:00Z").await;
    let offer = world.offered(freed).await;
    let before = world.list.find(&world.scope, offer.snapshot().id).await.unwrap().unwrap().1;
    let emil = world.noted(wish(1)).await;
    let after = world.list.find(&world.scope, offer.snapshot().id).await.unwrap().unwrap().1;
    assert_eq!((after, world.status(id)), (before, WishStatus::Offered));
    assert_ne!(emil, id, "who has a name waits for themselves");
    let NoteOutcome::Already(same) = world.note(wish(1)).await else { panic!("once") };
    assert_eq!(same.snapshot().id, emil);
}

#[tokio::test]
async fn a_wish_ends_with_its_days_and_after_five_offers() {
    let world = world();
    let tuesday = world.noted(wish(1)).await;
    let long = NewWish { days: DateRange::new(day("2026-11-24"), day("2027-12-24")), ..wish(2) };
    let long = world.noted(long).await;
    let stored = world.desk.find(&world.scope, long).await.unwrap().unwrap();
    assert_eq!(stored.snapshot().days.last(), day("2026-12-24"), "a month and no longer");
    for (times, hour) in (1_u128..=5).zip(0..) {
        let start = at(TEN) + TimeDelta::hours(hour);
        let freed = FreedTime {
            branch: branch_id(1),
            staff: staff_id(1),
            appointment: AppointmentId::from_uuid(Uuid::from_u128(700 + times)),
            starts_at: start,
            ends_at: start + TimeDelta::minutes(30),
        };
        let offer = world.offered(freed).await;
        assert_eq!(offer.snapshot().wish, tuesday);
        world.list.answer(&world.scope, offer.snapshot().id, Answer::No).await.unwrap();
    }
    assert_eq!(world.status(tuesday), WishStatus::Expired);
    let over = world.desk.find(&world.scope, long).await.unwrap().unwrap();
    let early = world.desk.expire(&world.scope, &world.catalogue, &over).await.unwrap();
    let due = world.store.jobs(&world.scope).into_iter().filter_map(|job| job.run_at).max();
    assert!(matches!(early, TimeUp::NotYet(at) if Some(at) == due), "{early:?} {due:?}");
    world.clock.advance(TimeDelta::days(40));
    let expired = async || world.desk.expire(&world.scope, &world.catalogue, &over).await;
    assert_eq!(expired().await.unwrap(), TimeUp::Ended);
    assert_eq!(world.status(long), WishStatus::Expired);
    let past = world.desk.prepare(&world.catalogue, wish(3));
    assert_eq!(past, None, "what is past cannot be waited for");
}

#[test]
fn an_offer_is_kept_while_somebody_is_there_to_ask() {
    let catalogue = world().catalogue;
    let slot = |start: &str| Slot {
        service: service_id(1),
        staff: staff_id(1),
        start: at(start),
        end: at(start) + TimeDelta::minutes(30),
    };
    let until = |start: &str, now: &str| offer_until(&catalogue, &slot(start), 60, at(now));
    // Open until six: an hour of it.
    assert_eq!(until(TEN, "2026-11-20T12:00:00Z"), Some(at("2026-11-20T13:00:00Z")));
    // Half an hour before closing on Saturday: the rest on Tuesday morning.
    assert_eq!(until(TEN, "2026-11-21T12:30:00Z"), Some(at("2026-11-24T08:30:00Z")));
    // Not longer than it could be booked.
    assert_eq!(until(TEN, "2026-11-24T08:20:00Z"), Some(at("2026-11-24T08:45:00Z")));
    assert_eq!(until(TEN, "2026-11-24T08:45:00Z"), None);
}

proptest! {
    #[test]
    fn an_offer_ends_later_than_now_and_before_the_stay(minutes_before in 0_i64..30_000, keep in 1_u32..2_000) {
        let catalogue = world().catalogue;
        let slot = Slot { service: service_id(1), staff: staff_id(1), start: at(TEN), end: at(TEN) };
        let now = at(TEN) - TimeDelta::minutes(minutes_before);
        let last = at(TEN) - TimeDelta::minutes(15);
        match offer_until(&catalogue, &slot, keep, now) {
            Some(until) => prop_assert!(now < until && until <= last),
            None => prop_assert!(now >= last),
        }
        let longer = offer_until(&catalogue, &slot, keep + 1, now);
        prop_assert!(longer >= offer_until(&catalogue, &slot, keep, now));
    }

    #[test]
    fn what_is_offered_is_free_wished_and_part_of_the_freed_time(
        from in 0_u16..1440, length in 0_u16..600, starts in -20_i64..20, taken in 0_i64..30, service in 1_u128..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = world();
            let window = DayWindow::new(from, (from + length).min(1439)).unwrap();
            let id = world.noted(NewWish { window, service: service_id(service), ..wish(1) }).await;
            let neighbour = at("2026-11-24T08:00:00Z") + TimeDelta::minutes(15 * taken);
            if neighbour < at("2026-11-24T11:00:00Z") {
                world.booked(&neighbour.to_rfc3339()).await;
            }
            let freed = FreedTime {
                branch: branch_id(1),
                staff: staff_id(1),
                appointment: AppointmentId::from_uuid(Uuid::from_u128(700)),
                starts_at: at(TEN) + TimeDelta::minutes(15 * starts),
                ends_at: at(TEN) + TimeDelta::minutes(15 * starts + 45),
            };
            if let OfferOutcome::Made(offer) = world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap() {
                let slot = offer.snapshot().slot;
                assert_eq!((offer.snapshot().wish, slot.service), (id, service_id(service)));
                assert!(slot.stay().overlaps(&freed.span()));
                let person = world.bookings.person_days(
                    &world.scope, (branch_id(1), staff_id(1)), &|_| DateRange::day(day("2026-11-24")),
                ).await.unwrap();
                let (_, wall) = person.availability().wall(Minute::floor(slot.start)).unwrap();
                assert!(window.contains(wall));
                assert_eq!(world.store.overlaps(&world.scope), 0);
                let answered = world.list.answer(&world.scope, offer.snapshot().id, Answer::Yes).await.unwrap();
                assert!(matches!(answered, Answered::Booked(_)), "{answered:?}");
            }
        });
    }
}

#[tokio::test]
async fn freed_time_is_offered_with_a_room_or_not_at_all() {
    let week: Vec<(u8, u16, u16)> = (2..=6).map(|weekday| (weekday, 540, 1080)).collect();
    let salon = salon_with_basins(branch_id(1)).unwrap().person(3, "Cem Aydin", &week, &[1]).unwrap();
    let world = world_of(salon);
    world.noted(wish(1)).await;
    let freed = world.freed(TEN).await;
    let offer = world.offered(freed).await;
    let uses = &offer.snapshot().uses;
    assert_eq!(uses.iter().map(|used| used.facility).collect::<Vec<_>>(), [facility_id(1)]);
    world.list.answer(&world.scope, offer.snapshot().id, Answer::No).await.unwrap();

    // Both basins go to other people for the whole day; the freed person has nowhere to work.
    for (number, staff) in [(1_u128, 2), (2, 3)] {
        let catalogue = &world.catalogue;
        let sought = crate::model::Sought::service(catalogue, service_id(1)).unwrap().lasting(540);
        let start = Minute::floor(at("2026-11-24T08:00:00Z"));
        let draft = crate::model::Draft {
            id: AppointmentId::from_uuid(Uuid::from_u128(500 + number)),
            branch: branch_id(1),
            timezone: catalogue.timezone(),
            customer: CustomerId::from_uuid(Uuid::from_u128(9)),
            call: None,
            source: AppointmentSource::Import,
            price: kernel::Money::new(0, kernel::Currency::Eur),
            notes: None,
        };
        let uses = sought.footprint().uses_at(start, &[facility_id(number)]);
        let made = Appointment::book(draft, &sought, staff_id(staff), start, at(NOW)).using(uses);
        let insert = AppointmentWrite::Insert {
            appointment: made.into_snapshot(),
            new_customer: None,
            from_hold: None,
        };
        world.store.apply(&world.scope, &ChangeSet::one(insert)).unwrap();
    }
    world.noted(wish(2)).await;
    assert_eq!(world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap(), OfferOutcome::Nobody);
}

/// A salon whose first person has the haircut in an outside calendar, which says this whenever it is asked.
fn world_asking(times: usize, said: impl Fn() -> There + Send + Sync + 'static) -> World {
    let link = CalendarLink {
        connection: ConnectionId::from_uuid(Uuid::from_u128(71)),
        event_type: RemoteEventType::parse("4711").unwrap(),
        host: None,
    };
    let mut world = world_of(salon(branch_id(1)).unwrap().linked(1, 1, link.clone()));
    let mut there = MockFreedThere::new();
    there
        .expect_ask()
        .times(times)
        .withf(move |_, freed, asked, window| *asked == link && window.overlaps(&freed.span()))
        .returning(move |_, _, _, _| Ok(said()));
    world.list = world.list.with_there(Arc::new(there));
    world
}

fn there(starts: &[&str]) -> There {
    let starts = starts.iter().map(|start| Minute::floor(at(start))).collect();
    There::Offers { starts, some_hidden: false }
}

#[tokio::test]
async fn a_slot_is_offered_that_is_free_on_both_sides() {
    let world = world_asking(1, || there(&["2026-11-24T09:15:00Z", "2026-11-24T13:00:00Z"]));
    world.noted(wish(1)).await;
    let freed = world.freed(TEN).await;
    let OfferOutcome::Made(offer) = world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap()
    else {
        panic!("a quarter past is free here and there");
    };
    let made = offer.snapshot();
    assert_eq!(made.slot.start, at("2026-11-24T09:15:00Z"));
    let announced = made.reservation.clone().unwrap();
    assert_eq!((announced.uid, announced.until, made.unasked), (None, made.expires_at, false));
}

#[tokio::test]
async fn an_event_type_is_asked_about_once_for_all_who_wait() {
    let world = world_asking(1, || there(&[]));
    world.noted(wish(1)).await;
    world.noted(wish(2)).await;
    let freed = world.freed(TEN).await;
    let outcome = world.list.offer(&world.scope, freed, Unasked::Offer).await.unwrap();
    assert_eq!(outcome, OfferOutcome::Later(Later::NotOffered));
    let hidden = world_asking(1, || There::Offers { starts: Vec::new(), some_hidden: true });
    hidden.noted(wish(1)).await;
    let freed = hidden.freed(TEN).await;
    let outcome = hidden.list.offer(&hidden.scope, freed, Unasked::Offer).await.unwrap();
    assert_eq!(outcome, OfferOutcome::Later(Later::NotYet));
}

#[tokio::test]
async fn what_the_calendar_does_not_offer_may_go_to_a_wish_in_which_it_has_no_say() {
    let world = world_asking(1, || there(&[]));
    world.noted(wish(1)).await;
    let colour = NewWish { service: service_id(2), ..wish(2) };
    let colour = world.noted(colour).await;
    let freed = world.freed(TEN).await;
    let OfferOutcome::Made(offer) = world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap()
    else {
        panic!("nobody outside has a say in colour");
    };
    assert_eq!((offer.snapshot().wish, offer.snapshot().reservation.clone()), (colour, None));
}

/// Whoever has waited longest is not passed over because a calendar is silent.
#[tokio::test]
async fn a_silent_calendar_changes_no_turn() {
    let world = world_asking(2, || There::Silent);
    let first = world.noted(wish(1)).await;
    world.noted(NewWish { service: service_id(2), ..wish(2) }).await;
    let freed = world.freed(TEN).await;
    let outcome = world.list.offer(&world.scope, freed, Unasked::Wait).await.unwrap();
    assert_eq!(outcome, OfferOutcome::Later(Later::Silent));
    let OfferOutcome::Made(offer) = world.list.offer(&world.scope, freed, Unasked::Offer).await.unwrap()
    else {
        panic!("it was silent for long enough");
    };
    let made = offer.snapshot();
    assert_eq!((made.wish, made.unasked, made.reservation.clone()), (first, true, None));
}
