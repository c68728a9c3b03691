//! Whoever has an appointment is not called about it any more.

use appointment::waiting::WishStatus;

use super::*;

/// The number of the customer who books.
const THEIRS: &str = "+491701112201";

impl World {
    async fn noted(&self, change: impl FnOnce(NewWish) -> NewWish) -> WishId {
        let new = change(NewWish { name: None, ..self.new_wish(THEIRS) });
        let wish = self.desk.prepare(&self.catalogue, new).unwrap();
        let noted = self.desk.record(&self.scope, &self.catalogue, &wish, None).await.unwrap();
        assert!(matches!(noted, NoteOutcome::Noted(_)), "{noted:?}");
        self.clock.advance(chrono::TimeDelta::seconds(1));
        wish.snapshot().id
    }

    /// A wish of that name from the same number, at hours of its own.
    async fn named(&self, name: Option<PersonName>) -> WishId {
        let new = NewWish { name, window: DayWindow::new(0, 1_000).unwrap(), ..self.new_wish(THEIRS) };
        let wish = self.desk.prepare(&self.catalogue, new).unwrap();
        let noted = self.desk.record(&self.scope, &self.catalogue, &wish, None).await.unwrap();
        assert!(matches!(noted, NoteOutcome::Noted(_)), "{noted:?}");
        wish.snapshot().id
    }

    async fn status(&self, wish: WishId) -> WishStatus {
        self.desk.find(&self.scope, wish).await.unwrap().unwrap().snapshot().status
    }

    async fn met(&self, made: AppointmentId) -> u64 {
        self.freed.met_by(&self.scope, made).await.unwrap()
    }

    fn knows_erika(&self) {
        self.customers.add(self.scope.tenant(), customer::testing::customer(9, "Erika Muster", Some(THEIRS)));
    }
}

fn on(day: &str) -> DateRange {
    DateRange::day(day.parse().unwrap())
}

fn the_customer() -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(9))
}

#[tokio::test]
async fn an_appointment_ends_what_its_customer_has_waited_for_and_nothing_else() {
    let world = world().await;
    world.knows_erika();
    let elsewhere = PhoneNumber::from_e164("+491701112299").unwrap();
    let by_id = world.noted(|new| NewWish { customer: Some(the_customer()), phone: elsewhere, ..new }).await;
    let by_number = world.noted(|new| new).await;
    let other_day = world.noted(|new| NewWish { days: on("2026-11-25"), ..new }).await;
    let other_service = world.noted(|new| NewWish { service: service_id(2), ..new }).await;
    let other_number =
        world.noted(|new| NewWish { phone: PhoneNumber::from_e164("+491701112202").unwrap(), ..new }).await;
    let made = world.booked("2026-11-24T09:00:00Z").await.id();
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let another = PhoneNumber::from_e164("+491701112298").unwrap();
    let later = world.noted(|new| NewWish { phone: another, customer: Some(the_customer()), ..new }).await;

    assert_eq!(world.met(made).await, 2);
    for wish in [by_id, by_number] {
        assert_eq!(world.status(wish).await, WishStatus::Fulfilled);
    }
    for wish in [other_day, other_service, other_number] {
        assert_eq!(world.status(wish).await, WishStatus::Waiting);
    }
    assert_eq!(world.status(later).await, WishStatus::Waiting, "wished beside what was booked");
    assert_eq!(world.met(made).await, 0, "however often it is told");
}

#[tokio::test]
async fn of_several_people_at_one_number_each_waits_for_themselves() {
    let world = world().await;
    world.knows_erika();
    let of = |name: &str| Some(PersonName::clean(name).unwrap());
    let sons = world.noted(|new| NewWish { name: of("Max Muster"), ..new }).await;
    let days = on("2026-11-25");
    let sisters = CustomerId::from_uuid(Uuid::from_u128(8));
    let sisters = world.noted(|new| NewWish { customer: Some(sisters), days, ..new }).await;
    let made = world.booked("2026-11-24T09:00:00Z").await.id();
    let on_wednesday = world.booked("2026-11-25T09:00:00Z").await.id();
    assert_eq!((world.met(made).await, world.met(on_wednesday).await), (0, 0));
    assert_eq!(
        (world.status(sons).await, world.status(sisters).await),
        (WishStatus::Waiting, WishStatus::Waiting)
    );
}

#[tokio::test]
async fn the_offer_to_whoever_has_booked_is_for_the_next_one() {
    let world = world().await;
    world.knows_erika();
    let first = world.noted(|new| new).await;
    world.wish("+491701112202").await;
    let freed = world.cancelled().await;
    let offer = world.made(freed).await;
    world.freed.ask_staff(&world.scope, offer).await.unwrap();
    let made = world.booked("2026-11-24T13:00:00Z").await.id();
    assert_eq!(world.met(made).await, 1);
    assert_eq!(world.status(first).await, WishStatus::Fulfilled);
    let (ended, _) = world.list.find(&world.scope, offer).await.unwrap().unwrap();
    assert_eq!(ended.snapshot().state, OfferState::Lapsed);
    assert!(world.freed.close_task(&world.scope, offer, OfferState::Lapsed).await.unwrap());
    assert_eq!(world.task(offer).await.status, CallbackStatus::Expired);
    let next = world.made(freed).await;
    let (next, wish) = world.list.find(&world.scope, next).await.unwrap().unwrap();
    assert!(next.is_open());
    assert_eq!(wish.snapshot().phone.as_e164(), "+491701112202");
}

#[tokio::test]
async fn what_was_called_off_again_ends_no_wish() {
    let world = world().await;
    world.knows_erika();
    let waiting = world.noted(|new| new).await;
    let freed = world.cancelled().await;
    assert_eq!(world.met(freed.appointment).await, 0);
    assert_eq!(world.met(AppointmentId::from_uuid(Uuid::from_u128(5))).await, 0, "there is none");
    assert_eq!(world.status(waiting).await, WishStatus::Waiting);
}

/// What the outside calendar did not take was nobody's appointment.
#[tokio::test]
async fn a_wish_waits_again_once_what_met_it_is_called_off_as_not_taken() {
    let world = world().await;
    let wish = world.noted(|new| new).await;
    let freed = world.cancelled().await;
    let offer = world.made(freed).await;
    let answered = world.list.answer(&world.scope, offer, Answer::Yes).await.unwrap();
    let Answered::Booked(made) = answered else { panic!("{answered:?}") };
    assert_eq!(world.status(wish).await, WishStatus::Fulfilled);
    // It stands, or came of no offer.
    for appointment in [made.id(), freed.appointment] {
        world.freed.unmet_by(&world.scope, appointment).await.unwrap();
        assert_eq!(world.status(wish).await, WishStatus::Fulfilled);
    }
    world.called_off(made.id()).await;
    for _ in 0..2 {
        world.freed.unmet_by(&world.scope, made.id()).await.unwrap();
        assert_eq!(world.status(wish).await, WishStatus::Waiting);
    }
    let again = world.desk.find(&world.scope, wish).await.unwrap().unwrap();
    assert_eq!((again.snapshot().status, again.snapshot().asked), (WishStatus::Waiting, 0));
}

/// Nobody waits for what they have got otherwise, and old news of the first does not undo what met the wish since.
#[tokio::test]
async fn a_wish_that_was_met_otherwise_meanwhile_does_not_wait_again() {
    let world = world().await;
    world.knows_erika();
    let wish = world.noted(|new| NewWish { customer: Some(the_customer()), ..new }).await;
    let freed = world.cancelled().await;
    let offer = world.made(freed).await;
    let answered = world.list.answer(&world.scope, offer, Answer::Yes).await.unwrap();
    let Answered::Booked(made) = answered else { panic!("{answered:?}") };
    let other = world.booked("2026-11-24T13:00:00Z").await.id();
    assert_eq!(world.met(other).await, 0, "it is met");
    world.called_off(made.id()).await;
    for _ in 0..2 {
        world.freed.unmet_by(&world.scope, made.id()).await.unwrap();
        assert_eq!(world.status(wish).await, WishStatus::Fulfilled);
    }
}

/// Who has no name may be one of those who have one, and takes the place of none.
#[tokio::test]
async fn an_appointment_without_a_name_ends_no_wish_that_has_one() {
    let world = world().await;
    let phone = PhoneNumber::from_e164(THEIRS).unwrap();
    let named = |name: &str| PersonName::clean(name).ok();
    let [ina, jon] = [named("Ina Zwei"), named("Jon Zwei")];
    let nameless = world.noted(|new| NewWish { window: DayWindow::new(0, 500).unwrap(), ..new }).await;
    let ina = world.named(ina).await;
    let jon = world.named(jon).await;
    let mut nobody = customer::testing::customer(9, "Nobody", Some(phone.as_e164()));
    nobody.name = None;
    world.customers.add(world.scope.tenant(), nobody);
    let made = world.booked("2026-11-24T09:00:00Z").await.id();
    assert_eq!(world.met(made).await, 1);
    for (wish, status) in
        [(nameless, WishStatus::Fulfilled), (ina, WishStatus::Waiting), (jon, WishStatus::Waiting)]
    {
        assert_eq!(world.status(wish).await, status);
    }
}
