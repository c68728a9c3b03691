//! Rules of wishes: what is waited for, and who is found.

use appointment::model::DateRange;
use appointment::waiting::{DayWindow, OfferId, WaitingWrite, WishId, WishSnapshot, WishStatus};
use chrono::TimeDelta;
use kernel::{CommitError, CustomerId, PersonName, RandomIds};

use super::{WaitingFixture, is_stale, waiting};

/// Every field, with everything and with nothing that may be missing; every status.
pub async fn a_wish_comes_back_whole(fixture: &WaitingFixture) {
    let tenant = fixture.tenant();
    let whole = WishSnapshot {
        staff: Some(tenant.staff(0)),
        customer: Some(tenant.customers[0]),
        call: Some(tenant.calls[0]),
        name: Some(PersonName::clean("Jörg Groß").unwrap()),
        days: DateRange::new(fixture.day(), fixture.day() + TimeDelta::days(30)),
        window: DayWindow::new(540, 719).unwrap(),
        asked: 3,
        ..fixture.wish(1)
    };
    let bare = fixture.wish(2);
    for wish in [&whole, &bare] {
        fixture.note(wish).await.unwrap();
        assert_eq!(fixture.stored(wish.id).await.as_ref(), Some(wish));
    }
    assert_eq!(fixture.stored(WishId::generate(&RandomIds)).await, None);
    assert_eq!(fixture.offer_of(OfferId::generate(&RandomIds)).await, None);
    let mut next = bare;
    for status in WishStatus::ALL {
        next = WishSnapshot { status: *status, version: next.version + 1, ..next };
        fixture.base.write(tenant, waiting(WaitingWrite::Update(next.clone()))).await.unwrap();
        assert_eq!(fixture.stored(next.id).await.as_ref(), Some(&next));
    }
    let unknown = WishSnapshot { customer: Some(CustomerId::generate(&RandomIds)), ..fixture.wish(3) };
    if let Err(error) = fixture.note(&unknown).await {
        assert!(matches!(error, CommitError::Refused { .. }), "{error:?}");
    }
}

/// An update needs the version it was decided on.
pub async fn a_wish_is_changed_in_turn(fixture: &WaitingFixture) {
    let wish = fixture.wish(1);
    fixture.note(&wish).await.unwrap();
    let update = |status| waiting(WaitingWrite::Update(WishSnapshot { status, version: 2, ..wish.clone() }));
    fixture.base.write(fixture.tenant(), update(WishStatus::Withdrawn)).await.unwrap();
    assert!(is_stale(&fixture.base.write(fixture.tenant(), update(WishStatus::Expired)).await));
    assert_eq!(fixture.stored(wish.id).await.unwrap().status, WishStatus::Withdrawn);
    let unknown = WishSnapshot { version: 2, ..fixture.wish(2) };
    let result = fixture.base.write(fixture.tenant(), waiting(WaitingWrite::Update(unknown))).await;
    assert!(is_stale(&result), "{result:?}");
}

/// The bounds of a number and of a company hold for open wishes, also at the same moment.
pub async fn the_list_is_as_long_as_allowed(fixture: &WaitingFixture) {
    let same = || WishSnapshot { id: WishId::generate(&RandomIds), ..fixture.wish(1) };
    let (one, two, three) = (same(), same(), same());
    let results = tokio::join!(fixture.note(&one), fixture.note(&two), fixture.note(&three));
    let results = [results.0, results.1, results.2];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2, "{results:?}");
    assert_eq!(results.iter().filter(|result| is_stale(result)).count(), 1, "{results:?}");
    let (four, five, six) = (fixture.wish(2), fixture.wish(3), fixture.wish(4));
    fixture.note(&four).await.unwrap();
    fixture.note(&five).await.unwrap();
    assert!(is_stale(&fixture.note(&six).await));
    let over = WishSnapshot { status: WishStatus::Expired, version: 2, ..four };
    fixture.base.write(fixture.tenant(), waiting(WaitingWrite::Update(over))).await.unwrap();
    fixture.note(&six).await.unwrap();
    let open = fixture.wishes.open_of(&fixture.tenant().scope, None, Some(&one.phone)).await.unwrap();
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|wish| wish.phone == one.phone));
}

/// Whoever waits for this person and day at this branch, by time of wish; nobody else.
pub async fn who_waits_is_read_in_order_of_time(fixture: &WaitingFixture) {
    let tenant = fixture.tenant();
    let late = fixture.wish(9);
    let early = WishSnapshot { staff: Some(tenant.staff(0)), ..fixture.wish(1) };
    let other_person = WishSnapshot { staff: Some(tenant.staff(1)), ..fixture.wish(2) };
    let tomorrow = DateRange::day(fixture.day() + TimeDelta::days(1));
    let other_day = WishSnapshot { days: tomorrow, ..fixture.wish(3) };
    for wish in [&late, &early, &other_person, &other_day] {
        fixture.note(wish).await.unwrap();
    }
    let read =
        || fixture.wishes.waiting(&tenant.scope, tenant.catalogue.branch, tenant.staff(0), fixture.day());
    assert_eq!(read().await.unwrap(), [early.clone(), late.clone()]);
    let asked = WishSnapshot { status: WishStatus::Offered, version: 2, ..early };
    fixture.base.write(tenant, waiting(WaitingWrite::Update(asked))).await.unwrap();
    assert_eq!(read().await.unwrap(), [late]);
    let elsewhere = fixture.base.stranger.catalogue.branch;
    let none = fixture.wishes.waiting(&tenant.scope, elsewhere, tenant.staff(0), fixture.day()).await;
    assert_eq!(none.unwrap(), []);
}

/// Open wishes that name the customer, at whatever number, and those of the number, whomever they name: each once, oldest
/// first; nobody else's.
pub async fn open_wishes_of_customer_and_number_are_found(fixture: &WaitingFixture) {
    let tenant = fixture.tenant();
    let of = |number: u32, customer| WishSnapshot { customer, ..fixture.wish(number) };
    let [customer, other] = tenant.customers;
    let (late, early) = (of(3, Some(customer)), of(1, Some(customer)));
    let (others, nobodys) = (of(2, Some(other)), of(4, None));
    for wish in [&late, &early, &others, &nobodys] {
        fixture.note(wish).await.unwrap();
    }
    let read = |customer, wish: Option<&WishSnapshot>| {
        let phone = wish.map(|wish| wish.phone.clone());
        async move { fixture.wishes.open_of(&tenant.scope, customer, phone.as_ref()).await.unwrap() }
    };
    let theirs = [early.clone(), late.clone()];
    assert_eq!(read(Some(customer), None).await, theirs);
    assert_eq!(read(Some(customer), Some(&early)).await, theirs, "each once");
    let with_others = [early.clone(), others.clone(), late.clone()];
    assert_eq!(read(Some(customer), Some(&others)).await, with_others);
    assert_eq!(read(None, Some(&nobodys)).await, [nobodys]);
    assert_eq!(read(None, None).await, []);
    let over = WishSnapshot { status: WishStatus::Fulfilled, version: 2, ..early };
    let asked = WishSnapshot { status: WishStatus::Offered, version: 2, ..late };
    for next in [over, asked.clone()] {
        fixture.base.write(tenant, waiting(WaitingWrite::Update(next))).await.unwrap();
    }
    assert_eq!(read(Some(customer), Some(&others)).await, [others.clone(), asked]);
    let stranger = &fixture.base.stranger.scope;
    let none = fixture.wishes.open_of(stranger, Some(customer), Some(&others.phone)).await;
    assert_eq!(none.unwrap(), []);
}
