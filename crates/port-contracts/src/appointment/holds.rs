//! Rules of holds and of occupied time.

use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{ChangeSet, RandomIds};

use super::AppointmentFixture;
use super::build::is_occupied;

/// The second claim of a person's time is refused, by another call and by the same one.
pub async fn two_overlapping_claims_leave_one(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let first = fixture.hold(tenant, 0, 30);
    fixture.claim_hold(tenant, &first).await.unwrap();
    for (from, until) in [(0, 30), (29, 59), (-29, 1), (-60, 90), (10, 20)] {
        let mut second = fixture.hold(tenant, from, until);
        assert!(is_occupied(&fixture.claim_hold(tenant, &second).await));
        second.call = tenant.calls[1];
        assert!(is_occupied(&fixture.claim_hold(tenant, &second).await));
        let mut booked = fixture.appointment(tenant, from, until);
        booked.customer = tenant.customers[1];
        assert!(is_occupied(&fixture.insert(tenant, &booked).await));
        assert_eq!(fixture.find(tenant, booked.id).await, None);
    }
    assert_eq!(fixture.occupied(tenant).await, first.spans);
    assert_eq!(fixture.live_holds(tenant, tenant.calls[1]).await, []);
}

/// Two claims that overlap in time of day and in time of arrival: one is committed, the other one is refused.
pub async fn claims_at_the_same_moment_leave_one(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    for round in 0..5 {
        let first = fixture.hold(tenant, round * 60, round * 60 + 30);
        let mut second = fixture.hold(tenant, round * 60 + 15, round * 60 + 45);
        second.call = tenant.calls[1];
        let (one, other) =
            tokio::join!(fixture.claim_hold(tenant, &first), fixture.claim_hold(tenant, &second));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert!(is_occupied(&one) || is_occupied(&other), "{one:?} {other:?}");
    }
    assert_eq!(fixture.occupied(tenant).await.len(), 5);
}

/// Spans that only touch fit, and so do equal times of different people.
pub async fn touching_and_other_people_do_not_collide(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    for (from, until) in [(0, 30), (30, 60), (-30, 0)] {
        fixture.claim_hold(tenant, &fixture.hold(tenant, from, until)).await.unwrap();
    }
    let mut with_another = fixture.hold(tenant, 0, 30);
    with_another.staff = tenant.staff(1);
    fixture.claim_hold(tenant, &with_another).await.unwrap();
    assert_eq!(fixture.occupied(tenant).await.len(), 4);
}

/// Only spans occupy; another stay fits between two spans of one.
pub async fn processing_time_is_free_for_others(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let mut long = fixture.appointment(tenant, 0, 105);
    long.spans = vec![fixture.span(0, 30), fixture.span(75, 105)];
    fixture.insert(tenant, &long).await.unwrap();
    let between = fixture.hold(tenant, 30, 75);
    fixture.claim_hold(tenant, &between).await.unwrap();
    let too_long = fixture.hold(tenant, 60, 80);
    assert!(is_occupied(&fixture.claim_hold(tenant, &too_long).await));
}

/// A hold that has expired stands in nobody's way and is seen by nobody.
pub async fn an_expired_hold_blocks_nobody(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let expired = |from, until| {
        let mut hold = fixture.hold(tenant, from, until);
        hold.created_at = fixture.now - TimeDelta::minutes(10);
        hold.expires_at = fixture.now - TimeDelta::seconds(1);
        hold
    };
    fixture.claim_hold(tenant, &expired(0, 30)).await.unwrap();
    fixture.claim_hold(tenant, &expired(60, 90)).await.unwrap();
    assert_eq!(fixture.occupied(tenant).await, []);
    assert_eq!(fixture.live_holds(tenant, tenant.calls[0]).await, []);

    let mut fresh = fixture.hold(tenant, 15, 45);
    fresh.call = tenant.calls[1];
    fixture.claim_hold(tenant, &fresh).await.unwrap();
    fixture.insert(tenant, &fixture.appointment(tenant, 75, 105)).await.unwrap();
    assert_eq!(fixture.occupied(tenant).await, [fixture.span(15, 45), fixture.span(75, 105)]);
}

/// Booking from a hold takes its place without a gap in which somebody else could slip in.
pub async fn a_hold_becomes_an_appointment(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let hold = fixture.hold(tenant, 0, 30);
    fixture.claim_hold(tenant, &hold).await.unwrap();
    let booked = fixture.appointment(tenant, 0, 30);
    let from_hold = |id| AppointmentWrite::Insert {
        appointment: booked.clone(),
        new_customer: None,
        from_hold: Some(id),
    };
    let unknown = appointment::model::HoldId::generate(&RandomIds);
    assert!(is_occupied(&fixture.write(tenant, from_hold(unknown)).await));
    fixture.write(tenant, from_hold(hold.id)).await.unwrap();
    assert_eq!(fixture.occupied(tenant).await, booked.spans);
    assert_eq!(fixture.live_holds(tenant, hold.call).await, []);
    assert_eq!(fixture.find(tenant, booked.id).await, Some(booked));
}

/// Renewing prolongs, releasing frees, one hold or all of a call; holds that are gone are no error.
pub async fn holds_are_renewed_and_released(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let mut holds: Vec<_> = (0..3).map(|n| fixture.hold(tenant, n * 60, n * 60 + 30)).collect();
    for (hold, age) in holds.iter_mut().zip([3, 2, 1]) {
        hold.created_at = fixture.now - TimeDelta::seconds(age);
        fixture.claim_hold(tenant, hold).await.unwrap();
    }
    let mut of_other_call = fixture.hold(tenant, 300, 330);
    of_other_call.call = tenant.calls[1];
    of_other_call.caller_number = None;
    fixture.claim_hold(tenant, &of_other_call).await.unwrap();
    assert_eq!(fixture.live_holds(tenant, tenant.calls[0]).await, holds, "oldest first");

    let later = fixture.now + TimeDelta::minutes(20);
    let renew = AppointmentWrite::RenewHold { id: holds[1].id, expires_at: later };
    fixture.commit(tenant, ChangeSet::one(renew).relaxed()).await.unwrap();
    holds[1].expires_at = later;
    assert_eq!(fixture.live_holds(tenant, tenant.calls[0]).await, holds);
    let load = fixture.load(tenant, &fixture.query(tenant)).await;
    let renewed = load.busy.iter().find(|busy| busy.start == holds[1].starts_at).unwrap();
    assert_eq!(renewed.expires_at, Some(later), "occupied time learns of it too");

    for _ in 0..2 {
        fixture.write(tenant, AppointmentWrite::ReleaseHold(holds[0].id)).await.unwrap();
        assert_eq!(fixture.live_holds(tenant, tenant.calls[0]).await, holds[1..]);
    }
    for _ in 0..2 {
        fixture.write(tenant, AppointmentWrite::ReleaseHoldsOfCall(tenant.calls[0])).await.unwrap();
        assert_eq!(fixture.live_holds(tenant, tenant.calls[0]).await, []);
    }
    assert_eq!(fixture.occupied(tenant).await, of_other_call.spans);
    let gone = AppointmentWrite::RenewHold { id: holds[0].id, expires_at: later };
    fixture.write(tenant, gone).await.unwrap();
    assert_eq!(fixture.live_holds(tenant, tenant.calls[0]).await, []);
}

/// A commit that does not wait for the disk is visible as soon as it returns.
pub async fn a_relaxed_hold_is_visible_at_once(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    for n in 0..10 {
        let hold = fixture.hold(tenant, n * 30, n * 30 + 30);
        fixture.claim_hold(tenant, &hold).await.unwrap();
        assert!(fixture.live_holds(tenant, hold.call).await.contains(&hold));
        assert!(fixture.occupied(tenant).await.contains(&hold.spans[0]));
    }
}
