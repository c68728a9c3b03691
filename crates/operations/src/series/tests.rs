//! Series over the fakes.

use std::sync::Arc;
use std::time::Duration;

use appointment::BookingService;
use appointment::calendar::{Effort, Lane};
use appointment::commands::{
    BookOutcome, BookRequest, BookTarget, BookingParty, CancelOutcome, CancelRequest, MoveOutcome,
    MoveRequest,
};
use appointment::policy::series::{NotASeries, SeriesRule};
use appointment::testing::{
    InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, ScriptedCalendar, branch_id, salon,
    service_id, staff_id,
};
use chrono::{DateTime, Utc};
use customer::CustomerStatus;
use customer::testing::{InMemoryCustomers, customer};
use kernel::testing::{FixedClock, SequentialIds, scope};

use super::*;

const PHONE: &str = "+4940555777";
const SHARED: &str = "+4940555888";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

struct World {
    scope: TenantScope,
    store: Arc<InMemoryAppointments>,
    customers: Arc<InMemoryCustomers>,
    bookings: Arc<BookingService>,
    desk: SeriesDesk,
}

/// The salon on Friday, 20 November, with Erika (1), a couple at one number (2 and 3), and somebody who is barred (4).
fn world() -> World {
    let clock = Arc::new(FixedClock::at(at("2026-11-20T08:00:00Z")));
    let ids = Arc::new(SequentialIds::default());
    let scope = scope(1, Some(branch_id(1)));
    let catalogues = Arc::new(InMemoryCatalogues::default());
    catalogues.put(&scope, salon(branch_id(1)).unwrap().snapshot());
    let store = Arc::new(InMemoryAppointments::new(Arc::clone(&catalogues), clock.clone()));
    let customers = Arc::new(InMemoryCustomers::default());
    let barred = |row| customer::CustomerSnapshot { status: CustomerStatus::Blocked, ..row };
    for row in [
        customer(1, "Erika Muster", Some(PHONE)),
        customer(2, "Max Muster", Some(SHARED)),
        customer(3, "Moritz Muster", Some(SHARED)),
        barred(customer(4, "Bar Barred", Some("+4940555999"))),
    ] {
        customers.add(scope.tenant(), row);
    }
    let offers = Arc::new(InMemorySoftOffers::new(clock.clone()));
    let bookings = BookingService::new(catalogues, store.clone(), offers, clock.clone(), ids.clone());
    let bookings = Arc::new(bookings);
    let effort = Effort { lane: Lane::Background, within: Duration::from_secs(1) };
    let gateway = Arc::new(ScriptedCalendar::new(clock.clone()));
    let why = WhyDesk::new(Arc::clone(&bookings), store.clone(), gateway, effort);
    let desk = SeriesDesk::new(why, CustomerService::new(customers.clone(), clock, ids));
    World { scope, store, customers, bookings, desk }
}

/// Every four weeks on Tuesdays at ten with Anna, four times.
fn tuesdays() -> SeriesQuestion {
    let first = "2026-12-01".parse().unwrap();
    let rule = SeriesRule { first, wall: 600, every: Interval::Weeks(4), count: 4 };
    SeriesQuestion { branch: branch_id(1), service: service_id(1), staff: Some(staff_id(1)), rule }
}

fn erika() -> CustomerId {
    customer(1, "Erika Muster", None).id
}

impl World {
    async fn book(&self, question: SeriesQuestion, whom: &Whom) -> Result<BookedSeries, SeriesError> {
        self.desk.book(&self.scope, question, whom, Conflict::BookTheOthers).await
    }

    async fn erikas(&self, question: SeriesQuestion) -> BookedSeries {
        self.book(question, &Whom::Id(erika())).await.unwrap()
    }

    /// Somebody else has an appointment with Anna.
    async fn take(&self, start: &str) {
        self.book_one(customer(2, "Max Muster", None).id, 1, start).await;
    }

    async fn book_one(&self, customer: CustomerId, person: u128, start: &str) -> AppointmentId {
        let staff = Some(staff_id(person));
        let request = BookRequest {
            branch: branch_id(1),
            target: BookTarget::At { service: service_id(1), staff, start: at(start) },
            party: BookingParty::Existing(customer),
            requester: Requester::Desk,
            source: AppointmentSource::Desk,
            notes: None,
            additional: false,
            other_person: false,
            held_for_others: Vec::new(),
            claim: None,
        };
        match self.bookings.book(&self.scope, request).await.unwrap() {
            BookOutcome::Booked(made) => made.id(),
            other => panic!("{other:?}"),
        }
    }

    async fn call_off(&self, id: AppointmentId) {
        let requester = Requester::Desk;
        let request =
            CancelRequest { appointment: id, reason: None, requester, claim: None, agreed_fee: None };
        let done = self.bookings.cancel(&self.scope, request).await.unwrap();
        assert!(matches!(done, CancelOutcome::Cancelled(_)), "{done:?}");
    }

    fn of_erika(&self) -> Vec<AppointmentId> {
        let all = self.store.appointments(&self.scope).into_iter();
        all.filter(|row| row.customer == erika()).map(|row| row.id).collect()
    }
}

fn states(booked: &BookedSeries) -> Vec<&'static str> {
    booked.dates.iter().map(|date| date.state.as_str()).collect()
}

#[tokio::test]
async fn a_date_without_that_time_says_so_before_it_is_booked() {
    let world = world();
    let rule =
        SeriesRule { first: "2027-03-21".parse().unwrap(), wall: 150, every: Interval::Weeks(1), count: 2 };
    let asked = SeriesQuestion { rule, ..tuesdays() };
    let shown = world.desk.preview(&world.scope, asked, None).await.unwrap();
    let branch = |date: &SeriesDate| date.why.as_ref().unwrap().branch.as_ref().map(|reason| reason.code);
    assert_eq!(branch(&shown[0]), Some("closed"), "{:?}", shown[0]);
    assert_eq!(branch(&shown[1]), Some("clock_put_forward"));
    assert_eq!(shown[1].why.as_ref().unwrap().start, "2027-03-28T02:30");
    let rule = SeriesRule { first: "2027-10-24".parse().unwrap(), ..rule };
    let shown = world.desk.preview(&world.scope, SeriesQuestion { rule, ..asked }, None).await.unwrap();
    assert_eq!(
        (branch(&shown[1]), shown[1].free),
        (Some("clock_put_back"), false),
        "which of two is not said"
    );
}

#[tokio::test]
async fn what_is_free_is_booked_and_a_date_in_conflict_is_named_and_not_moved() {
    let world = world();
    world.take("2026-12-29T09:00:00Z").await;
    let before = world.store.appointments(&world.scope).len();
    let shown = world.desk.preview(&world.scope, tuesdays(), Some(&Whom::Id(erika()))).await.unwrap();
    assert_eq!(world.store.appointments(&world.scope).len(), before, "a preview books nothing");
    let booked = world.erikas(tuesdays()).await;
    assert_eq!(booked.preview, shown, "what is booked is what was shown");
    assert_eq!(states(&booked), ["booked", "refused", "booked", "booked"]);
    assert!(!booked.booked_before && !booked.is_as_asked());
    let refused = &booked.dates[1];
    assert_eq!((refused.reasons.as_slice(), &refused.appointment), (&["appointment"][..], &None));
    assert_eq!(refused.nearest.as_ref().unwrap().start, "2026-12-29T09:30:00+01:00");
    let made = world.bookings.series(&world.scope, booked.series.unwrap()).await.unwrap();
    let starts: Vec<_> = made.iter().map(|one| one.starts_at().to_rfc3339()).collect();
    assert_eq!(
        starts,
        ["2026-12-01T09:00:00+00:00", "2027-01-26T09:00:00+00:00", "2027-02-23T09:00:00+00:00"]
    );
    assert!(made.iter().all(|one| one.snapshot().source == AppointmentSource::Desk));
    assert_eq!(world.of_erika().len(), 3);
}

#[tokio::test]
async fn all_or_nothing_books_nothing_if_one_date_is_refused() {
    let world = world();
    let whom = Whom::Id(erika());
    let whole =
        async || world.desk.book(&world.scope, tuesdays(), &whom, Conflict::BookNothing).await.unwrap();
    let elsewhere = world.book_one(erika(), 2, "2026-12-29T09:15:00Z").await;
    let refused = whole().await;
    assert_eq!(states(&refused), ["left_out", "refused", "left_out", "left_out"]);
    assert_eq!(refused.dates[0].reasons, ["another_date_refused"]);
    assert_eq!(refused.dates[1].reasons, ["own_appointment"]);
    assert_eq!(refused.dates[1].appointment, Some(elsewhere.to_string()));
    assert_eq!((refused.series, refused.is_as_asked()), (None, false));
    assert_eq!(world.of_erika(), [elsewhere]);
    world.call_off(elsewhere).await;
    let booked = whole().await;
    assert_eq!(states(&booked), ["booked"; 4]);
    assert!(booked.is_as_asked());
}

#[tokio::test]
async fn a_repetition_books_nothing_whatever_became_of_the_series_since() {
    let world = world();
    world.take("2026-12-29T09:00:00Z").await;
    let booked = world.erikas(tuesdays()).await;
    let key = IdempotencyKey::new(&format!("series:{}", booked.series.unwrap()));
    let claim = world.store.claim(&world.scope, &key).unwrap();
    assert_eq!(claim.outcome["appointments"].as_array().unwrap().len(), 3, "the same at the same moment");
    let again = world.book(tuesdays(), &Whom::Number(PhoneNumber::from_e164(PHONE).unwrap())).await.unwrap();
    assert!(again.booked_before, "the number names the same customer");
    assert_eq!((again.series, &again.dates), (booked.series, &booked.dates));

    // The last one is moved and the first is called off: neither time is booked again.
    let made = world.bookings.series(&world.scope, booked.series.unwrap()).await.unwrap();
    let request = MoveRequest {
        appointment: made[2].id(),
        start: at("2027-02-17T09:00:00Z"),
        staff: None,
        requester: Requester::Desk,
        claim: None,
        agreed_fee: None,
    };
    let moved = world.bookings.move_appointment(&world.scope, &request).await.unwrap();
    assert!(matches!(moved, MoveOutcome::Moved { .. }), "{moved:?}");
    world.call_off(made[0].id()).await;
    let again = world.erikas(tuesdays()).await;
    assert_eq!(states(&again), ["cancelled", "refused", "booked", "left_out", "booked"]);
    assert_eq!(again.dates[3].reasons, ["not_in_the_series"]);
    assert_eq!(again.dates[4].date, "2027-02-17");
    assert!(again.booked_before && !again.is_as_asked());
    assert_eq!(world.of_erika().len(), 3);

    // Once all of it is called off, the same wish is a new one.
    for one in &made[1..] {
        world.call_off(one.id()).await;
    }
    let anew = world.erikas(tuesdays()).await;
    assert!(!anew.booked_before && anew.series != booked.series);
    assert_eq!(states(&anew), ["booked", "refused", "booked", "booked"]);
    assert!(world.erikas(tuesdays()).await.booked_before);
    assert_eq!(world.of_erika().len(), 6);
}

#[tokio::test]
async fn what_was_asked_for_otherwise_is_no_repetition_and_is_refused() {
    let world = world();
    let booked = world.erikas(tuesdays()).await;
    let (usual, whom) = (tuesdays(), Whom::Id(erika()));
    let rule = |change: fn(&mut SeriesRule)| {
        let mut asked = usual;
        change(&mut asked.rule);
        asked
    };
    for other in [
        rule(|rule| rule.count = 5),
        rule(|rule| rule.count = 3),
        rule(|rule| rule.every = Interval::Weeks(2)),
        rule(|rule| rule.every = Interval::MonthsByWeekday(1)),
        rule(|rule| rule.first = "2026-12-29".parse().unwrap()),
        SeriesQuestion { staff: Some(staff_id(2)), ..usual },
        SeriesQuestion { staff: None, ..usual },
    ] {
        let refused = world.book(other, &whom).await.unwrap_err();
        let SeriesError::Differs { series, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(Some(series), booked.series, "{other:?}");
    }
    assert_eq!(world.of_erika().len(), 4);
    // Another customer asks for the same: that is not a repetition either, and Anna is taken.
    let max = world.book(usual, &Whom::Id(customer(2, "Max", None).id)).await.unwrap();
    assert_eq!(states(&max), ["refused"; 4]);
    assert_eq!((max.series, max.booked_before), (None, false));
}

#[tokio::test]
async fn what_cannot_be_booked_for_somebody_is_refused_and_nothing_is_written() {
    let world = world();
    let number = |text: &str| Whom::parse(text, "DE").unwrap();
    let refused = async |whom: Whom| world.book(tuesdays(), &whom).await.unwrap_err();
    let nobody = refused(Whom::Id(customer(77, "Niemand", None).id)).await;
    assert!(matches!(nobody, SeriesError::UnknownCustomer), "{nobody:?}");
    let nobody = refused(number("040 555666")).await;
    assert!(matches!(nobody, SeriesError::UnknownCustomer), "{nobody:?}");
    for barred in [Whom::Id(customer(4, "Bar", None).id), number("+49 40 555999")] {
        let barred = refused(barred).await;
        assert!(matches!(barred, SeriesError::Blocked), "{barred:?}");
    }
    let several = refused(number(SHARED)).await;
    let (max, moritz) = (customer(2, "Max", None).id, customer(3, "Moritz", None).id);
    assert!(matches!(&several, SeriesError::SharedNumber(ids) if ids[..] == [max, moritz]), "{several:?}");
    assert!(several.to_string().contains(&moritz.to_string()) && !several.to_string().contains("Moritz"));
    // Of two at one number one is barred: who is meant has to be said.
    let row = customer::CustomerSnapshot {
        status: CustomerStatus::Blocked,
        ..customer(2, "Max Muster", Some(SHARED))
    };
    world.customers.add(world.scope.tenant(), row);
    let several = refused(number(SHARED)).await;
    assert!(matches!(&several, SeriesError::SharedNumber(ids) if ids[..] == [moritz]), "{several:?}");
    // Somebody else's customer.
    let foreign = kernel::testing::scope(2, Some(branch_id(1)));
    let asked = world.desk.preview(&foreign, tuesdays(), Some(&Whom::Id(erika()))).await.unwrap_err();
    assert!(matches!(asked, SeriesError::UnknownCustomer), "{asked:?}");

    let many = SeriesQuestion { rule: SeriesRule { count: 13, ..tuesdays().rule }, ..tuesdays() };
    let many = world.book(many, &Whom::Id(erika())).await.unwrap_err();
    assert!(
        matches!(many, SeriesError::Booking(BookingError::NotASeries(NotASeries::Count(12)))),
        "{many:?}"
    );
    let nothing = SeriesQuestion { service: service_id(66), ..tuesdays() };
    let nothing = world.erikas(nothing).await;
    assert!(nothing.dates.iter().all(|date| date.reasons == ["not_offered"]), "{nothing:?}");
    // The first two of four weeks are over.
    let first = "2026-11-10".parse().unwrap();
    let rule = SeriesRule { first, every: Interval::Weeks(1), ..tuesdays().rule };
    let past = world
        .desk
        .book(&world.scope, SeriesQuestion { rule, ..tuesdays() }, &Whom::Id(erika()), Conflict::BookNothing)
        .await
        .unwrap();
    assert_eq!(states(&past), ["refused", "refused", "left_out", "left_out"]);
    assert!(past.dates[..2].iter().all(|date| date.reasons == ["past"]), "{past:?}");
    assert_eq!(world.store.appointments(&world.scope), []);
}

#[test]
fn a_customer_is_named_by_id_or_number() {
    let id = erika();
    assert_eq!(Whom::parse(&id.to_string(), "DE"), Some(Whom::Id(id)));
    let number = Some(Whom::Number(PhoneNumber::from_e164(PHONE).unwrap()));
    for text in ["+4940555777", "040 555777", "0049 (40) 555 777"] {
        assert_eq!(Whom::parse(text, "DE"), number, "{text}");
    }
    for text in ["", "Erika", "cus_123", "svc_00000000000000000000000000000001", "anonymous", "12"] {
        assert_eq!(Whom::parse(text, "DE"), None, "{text}");
    }
}
