//! Rules of appointments as rows: versions, claims, all or nothing, tenants.

use appointment::model::{
    AppointmentSnapshot, AppointmentStatus, ChangeKind, NewCustomerRow, Note, Span, SyncState,
};
use appointment::policy::change::ChangeAct;
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{ChangeSet, CommitError, CustomerId, PersonName, RandomIds};

use super::AppointmentFixture;
use super::build::{claim, insert, is_occupied, new_customer};

pub(super) fn moved(
    fixture: &AppointmentFixture,
    made: &AppointmentSnapshot,
    from: i64,
    until: i64,
) -> AppointmentSnapshot {
    let mut next = made.clone();
    next.starts_at = fixture.at(from);
    next.ends_at = fixture.at(until);
    next.phases[0].starts_at = fixture.at(from);
    next.phases[0].ends_at = fixture.at(until);
    next.spans = vec![fixture.span(from, until)];
    next.reschedule_count += 1;
    next.version += 1;
    next
}

/// A move frees the old time and takes the new one, also where the two overlap, and not where somebody else is.
pub async fn a_move_replaces_the_occupied_time(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let made = fixture.appointment(tenant, 0, 30);
    fixture.insert(tenant, &made).await.unwrap();
    let overlapping = moved(fixture, &made, 15, 45);
    let change = ChangeSet::one(AppointmentWrite::Update { next: overlapping.clone(), expected: 1 })
        .write(fixture.history(ChangeKind::Moved, Some(&made), &overlapping, tenant));
    fixture.commit(tenant, change).await.unwrap();
    assert_eq!(fixture.find(tenant, made.id).await, Some(overlapping.clone()));
    assert_eq!(fixture.occupied(tenant).await, overlapping.spans);

    let mut in_the_way = fixture.appointment(tenant, 60, 90);
    in_the_way.customer = tenant.customers[1];
    fixture.insert(tenant, &in_the_way).await.unwrap();
    let onto = AppointmentWrite::Update { next: moved(fixture, &overlapping, 75, 105), expected: 2 };
    assert!(is_occupied(&fixture.write(tenant, onto).await));
    assert_eq!(fixture.find(tenant, made.id).await, Some(overlapping.clone()));
    assert_eq!(fixture.occupied(tenant).await, [fixture.span(15, 45), fixture.span(60, 90)]);

    let mut to_another = moved(fixture, &overlapping, 60, 90);
    to_another.staff = tenant.staff(1);
    to_another.status = AppointmentStatus::NeedsAttention;
    to_another.sync_state = SyncState::Pending;
    let change = AppointmentWrite::Update { next: to_another.clone(), expected: 2 };
    fixture.write(tenant, change).await.unwrap();
    assert_eq!(fixture.find(tenant, made.id).await, Some(to_another));
    assert_eq!(fixture.occupied(tenant).await, [fixture.span(60, 90), fixture.span(60, 90)]);
}

/// An update that was decided on an old version, or on nothing, is refused and writes nothing.
pub async fn a_stale_version_writes_nothing(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let made = fixture.appointment(tenant, 0, 30);
    fixture.insert(tenant, &made).await.unwrap();
    let first = moved(fixture, &made, 60, 90);
    let update =
        |next: &AppointmentSnapshot, expected| AppointmentWrite::Update { next: next.clone(), expected };
    fixture.write(tenant, update(&first, 1)).await.unwrap();
    let second = moved(fixture, &made, 120, 150);
    let refused = fixture.write(tenant, update(&second, 1)).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    let unknown = fixture.appointment(tenant, 200, 230);
    let refused = fixture.write(tenant, update(&unknown, 1)).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    assert_eq!(fixture.find(tenant, made.id).await, Some(first.clone()));
    assert_eq!(fixture.occupied(tenant).await, first.spans);
}

/// A key claims once: the same change set again, or another one under the key, is told so and writes nothing.
pub async fn a_repeated_claim_writes_nothing(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let made = fixture.appointment(tenant, 0, 30);
    let change = ChangeSet::one(insert(&made)).claim(Some(claim("call:book:1")));
    fixture.commit(tenant, change.clone()).await.unwrap();
    let again = fixture.commit(tenant, change).await;
    assert!(matches!(again, Err(CommitError::AlreadyClaimed)), "{again:?}");

    let other = fixture.appointment(tenant, 60, 90);
    let change = ChangeSet::one(insert(&other)).claim(Some(claim("call:book:1")));
    let again = fixture.commit(tenant, change).await;
    assert!(matches!(again, Err(CommitError::AlreadyClaimed)), "{again:?}");
    assert_eq!(fixture.find(tenant, other.id).await, None);
    assert_eq!(fixture.occupied(tenant).await, made.spans);

    let change = ChangeSet::one(insert(&other)).claim(Some(claim("call:book:2")));
    fixture.commit(tenant, change).await.unwrap();
    let foreign = fixture.appointment(&fixture.stranger, 0, 30);
    let change = ChangeSet::one(insert(&foreign)).claim(Some(claim("call:book:1")));
    fixture.commit(&fixture.stranger, change).await.unwrap();
}

/// What is cancelled occupies nothing and is not upcoming, but is still there.
pub async fn a_cancelled_appointment_frees_its_time(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let made = fixture.appointment(tenant, 0, 30);
    fixture.insert(tenant, &made).await.unwrap();
    let mut cancelled = made.clone();
    cancelled.status = AppointmentStatus::Cancelled;
    cancelled.spans = Vec::new();
    cancelled.cancelled_at = Some(fixture.now + TimeDelta::seconds(5));
    cancelled.cancel_reason = Note::clean("krank");
    cancelled.version = 2;
    let change = ChangeSet::one(AppointmentWrite::Update { next: cancelled.clone(), expected: 1 })
        .write(fixture.history(ChangeKind::Cancelled, Some(&made), &cancelled, tenant));
    fixture.commit(tenant, change).await.unwrap();
    assert_eq!(fixture.find(tenant, made.id).await, Some(cancelled));
    assert_eq!(fixture.occupied(tenant).await, []);
    let upcoming = fixture
        .appointments
        .list_upcoming_of_customers(&tenant.scope, &tenant.customers, fixture.now)
        .await
        .unwrap();
    assert_eq!(upcoming, []);
    fixture.insert(tenant, &fixture.appointment(tenant, 0, 30)).await.unwrap();
}

/// If one write fails nothing of the change set remains: no customer, no released hold, no claim.
pub async fn a_change_set_is_all_or_nothing(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let held = fixture.hold(tenant, 0, 30);
    fixture.claim_hold(tenant, &held).await.unwrap();
    let mut taken = fixture.hold(tenant, 60, 90);
    taken.call = tenant.calls[1];
    fixture.claim_hold(tenant, &taken).await.unwrap();
    let customer = new_customer();
    let mut booked = fixture.appointment(tenant, 60, 90);
    booked.customer = customer.id;
    let change = ChangeSet::one(AppointmentWrite::ReleaseHold(held.id))
        .write(AppointmentWrite::Insert {
            appointment: booked.clone(),
            new_customer: Some(customer.clone()),
            from_hold: None,
        })
        .claim(Some(claim("half")));
    assert!(is_occupied(&fixture.commit(tenant, change).await));
    assert_eq!(fixture.live_holds(tenant, held.call).await, [held]);
    assert_eq!(fixture.find(tenant, booked.id).await, None);

    let change = ChangeSet::one(AppointmentWrite::ReleaseHold(taken.id))
        .write(AppointmentWrite::Insert {
            appointment: booked.clone(),
            new_customer: Some(customer),
            from_hold: None,
        })
        .claim(Some(claim("half")));
    fixture.commit(tenant, change).await.unwrap();
    assert_eq!(fixture.find(tenant, booked.id).await, Some(booked));
}

/// A customer's own changes are counted, their fees kept; those of others and of the company itself are left out.
pub async fn a_customers_changes_are_counted(fixture: &AppointmentFixture) {
    let (tenant, store) = (&fixture.tenant, &fixture.appointments);
    let since = fixture.now - TimeDelta::days(1);
    let made = fixture.appointment(tenant, 0, 30);
    let mut others = fixture.appointment(tenant, 60, 90);
    others.customer = tenant.customers[1];
    let second = fixture.appointment(tenant, 120, 150);
    for appointment in [&made, &others, &second] {
        fixture.insert(tenant, appointment).await.unwrap();
    }
    let counted = async |id, since| {
        let found = store.find_to_change(&tenant.scope, id, since).await.unwrap();
        found.map(|(found, recent)| (found.id, recent.cancelled, recent.moved))
    };
    assert_eq!(counted(made.id, since).await, Some((made.id, 0, 0)));

    let mut later = moved(fixture, &made, 180, 210);
    later.fee = Some(kernel::Money::new(500, kernel::Currency::Eur));
    let mut off = others.clone();
    (off.status, off.cancelled_at, off.version) = (AppointmentStatus::Cancelled, Some(fixture.now), 2);
    off.spans = Vec::new();
    for (kind, before, after) in [(ChangeKind::Moved, &made, &later), (ChangeKind::Cancelled, &others, &off)]
    {
        let change = ChangeSet::one(AppointmentWrite::Update { next: after.clone(), expected: 1 })
            .write(fixture.history(kind, Some(before), after, tenant));
        fixture.commit(tenant, change).await.unwrap();
    }
    let mut by_desk = moved(fixture, &second, 240, 270);
    by_desk.call = None;
    let change = ChangeSet::one(AppointmentWrite::Update { next: by_desk.clone(), expected: 1 })
        .write(fixture.history(ChangeKind::Moved, Some(&second), &by_desk, tenant));
    fixture.commit(tenant, change).await.unwrap();

    assert_eq!(fixture.find(tenant, made.id).await, Some(later), "with its fee");
    assert_eq!(counted(second.id, since).await, Some((second.id, 0, 1)));
    assert_eq!(counted(others.id, since).await, Some((others.id, 1, 0)));
    assert_eq!(counted(made.id, fixture.now).await, Some((made.id, 0, 0)), "not since then");
    assert_eq!(store.find_to_change(&fixture.stranger.scope, made.id, since).await.unwrap(), None);
}

/// A quota holds at the commit: of two changes at once, which both saw room for one, one is told to look again, and it
/// leaves nothing behind.
pub async fn a_quota_holds_at_the_commit(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let since = fixture.now - TimeDelta::days(1);
    let (first, second) = (fixture.appointment(tenant, 0, 30), fixture.appointment(tenant, 60, 90));
    let mut others = fixture.appointment(tenant, 120, 150);
    others.customer = tenant.customers[1];
    for appointment in [&first, &second, &others] {
        fixture.insert(tenant, appointment).await.unwrap();
    }
    let off = |made: &AppointmentSnapshot| {
        let mut off = made.clone();
        (off.status, off.cancelled_at, off.version) = (AppointmentStatus::Cancelled, Some(fixture.now), 2);
        off.spans = Vec::new();
        let quota =
            AppointmentWrite::WithinQuota { customer: made.customer, act: ChangeAct::Cancel, since, max: 1 };
        let entry = fixture.history(ChangeKind::Cancelled, Some(made), &off, tenant);
        let update = AppointmentWrite::Update { next: off, expected: 1 };
        fixture.commit(tenant, ChangeSet::one(quota).write(update).write(entry))
    };
    let (one, two, another) = tokio::join!(off(&first), off(&second), off(&others));
    assert!(another.is_ok(), "another customer has a quota of its own: {another:?}");
    let (won, lost) = if one.is_ok() { (&first, two) } else { (&second, one) };
    assert!(matches!(lost, Err(CommitError::Stale)), "{lost:?}");
    for made in [&first, &second] {
        let found = fixture.find(tenant, made.id).await.unwrap();
        let wanted = if made.id == won.id { AppointmentStatus::Cancelled } else { made.status };
        assert_eq!(found.status, wanted);
    }
}

/// Of two series at once, for one customer at the same times with different people, one is told to look again, and it leaves
/// nothing behind. Another customer is in nobody's way, nor is what was called off or ends where a stay begins.
pub async fn a_customer_is_in_one_place_at_a_time(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let [customer, other] = tenant.customers;
    let series = |person: usize, customer: CustomerId, times: [(i64, i64); 2]| {
        let made = times.map(|(from, until)| {
            let mut made = fixture.appointment(tenant, from, until);
            (made.staff, made.customer) = (tenant.staff(person), customer);
            made
        });
        let stays = made.iter().map(|made| Span::new(made.starts_at, made.ends_at)).collect();
        let mut change = ChangeSet::one(AppointmentWrite::CustomerFree { customer, stays });
        for made in made.clone() {
            change = change.write(AppointmentWrite::Insert {
                appointment: made,
                new_customer: None,
                from_hold: None,
            });
        }
        (made, change)
    };
    let (of_one, one) = series(0, customer, [(0, 30), (60, 90)]);
    let (of_two, two) = series(1, customer, [(15, 45), (120, 150)]);
    let (_, another) = series(1, other, [(60, 90), (200, 230)]);
    let (one, two, another) = tokio::join!(
        fixture.commit(tenant, one),
        fixture.commit(tenant, two),
        fixture.commit(tenant, another)
    );
    assert!(another.is_ok(), "another customer is somewhere else: {another:?}");
    let (had, none, lost) = if one.is_ok() { (of_one, of_two, two) } else { (of_two, of_one, one) };
    assert!(matches!(lost, Err(CommitError::Stale)), "{lost:?}");
    for made in had {
        assert!(fixture.find(tenant, made.id).await.is_some());
    }
    for made in none {
        assert_eq!(fixture.find(tenant, made.id).await, None);
    }

    let (_, first) = series(0, customer, [(300, 330), (360, 390)]);
    fixture.commit(tenant, first).await.unwrap();
    let (_, between) = series(1, customer, [(330, 360), (390, 420)]);
    fixture.commit(tenant, between).await.unwrap();
    let mut off = fixture.appointment(tenant, 500, 530);
    (off.customer, off.status) = (customer, AppointmentStatus::Cancelled);
    (off.cancelled_at, off.spans) = (Some(fixture.now), Vec::new());
    fixture.insert(tenant, &off).await.unwrap();
    let (_, again) = series(1, customer, [(500, 530), (560, 590)]);
    fixture.commit(tenant, again).await.unwrap();
}

/// Two first calls from one number and under one name make one customer; the second is told to look again. Another name
/// at the number is another person, and so is anybody whose number is not known.
pub async fn a_new_customer_is_stored_once(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let booking = |customer: NewCustomerRow, from: i64| {
        let mut booked = fixture.appointment(tenant, from, from + 30);
        booked.customer = customer.id;
        AppointmentWrite::Insert { appointment: booked, new_customer: Some(customer), from_hold: None }
    };
    let first = new_customer();
    assert_eq!(fixture.double_of(tenant, &first).await, None);
    fixture.write(tenant, booking(first.clone(), 0)).await.unwrap();

    let again = NewCustomerRow { email: None, ..new_customer() };
    assert_eq!(fixture.double_of(tenant, &again).await, Some(first.id));
    let refused = fixture.write(tenant, booking(again.clone(), 60)).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    let mut known = fixture.appointment(tenant, 60, 90);
    known.customer = first.id;
    fixture.insert(tenant, &known).await.unwrap();

    let sister = NewCustomerRow { name: PersonName::clean("Anna Beispiel").ok(), ..new_customer() };
    fixture.write(tenant, booking(sister.clone(), 120)).await.unwrap();
    assert_eq!(fixture.double_of(tenant, &again).await, Some(first.id));
    for from in [180, 240] {
        let hidden = NewCustomerRow { phone: None, anonymous: true, ..new_customer() };
        assert_eq!(fixture.double_of(tenant, &hidden).await, None);
        fixture.write(tenant, booking(hidden, from)).await.unwrap();
    }
    assert_eq!(fixture.double_of(&fixture.stranger, &again).await, None, "a stranger learns nothing");
}

/// Another tenant sees neither appointments nor holds nor occupied time, and changes none of them by their ids.
pub async fn a_stranger_neither_sees_nor_changes(fixture: &AppointmentFixture) {
    let (tenant, stranger) = (&fixture.tenant, &fixture.stranger);
    let made = fixture.appointment(tenant, 0, 30);
    let hold = fixture.hold(tenant, 60, 90);
    fixture.insert(tenant, &made).await.unwrap();
    fixture.claim_hold(tenant, &hold).await.unwrap();

    assert_eq!(fixture.find(stranger, made.id).await, None);
    assert_eq!(fixture.live_holds(stranger, tenant.calls[0]).await, []);
    let store = &fixture.appointments;
    let upcoming = store.list_upcoming_of_customers(&stranger.scope, &tenant.customers, fixture.now);
    assert_eq!(upcoming.await.unwrap(), []);
    assert_eq!(store.list_of_call(&stranger.scope, tenant.calls[0]).await.unwrap(), []);
    let mut query = fixture.query(tenant);
    query.for_call = Some(tenant.calls[0]);
    query.for_number = hold.caller_number.clone();
    query.customers = tenant.customers.to_vec();
    let load = fixture.load(stranger, &query).await;
    assert_eq!((load.catalogue_version, load.busy.len()), (0, 0));
    assert_eq!((load.own.len(), load.holds.len()), (0, 0));

    for write in [
        AppointmentWrite::ReleaseHold(hold.id),
        AppointmentWrite::ReleaseHoldsOfCall(hold.call),
        AppointmentWrite::RenewHold { id: hold.id, expires_at: fixture.now + TimeDelta::hours(5) },
    ] {
        // Naming what one does not have is either nothing or refused; never an effect.
        let _ = fixture.write(stranger, write).await;
    }
    let update = AppointmentWrite::Update { next: moved(fixture, &made, 120, 150), expected: 1 };
    let refused = fixture.write(stranger, update).await;
    assert!(refused.is_err());
    assert_eq!(fixture.live_holds(tenant, hold.call).await, [hold]);
    assert_eq!(fixture.find(tenant, made.id).await, Some(made));

    let own = fixture.appointment(stranger, 0, 30);
    fixture.insert(stranger, &own).await.unwrap();
    let mut foreign = fixture.appointment(stranger, 60, 90);
    foreign.id = kernel::AppointmentId::generate(&RandomIds);
    let history = fixture.history(ChangeKind::Booked, None, &foreign, stranger);
    assert!(
        fixture.write(stranger, history).await.is_err(),
        "no history without an appointment of one's own"
    );
}
