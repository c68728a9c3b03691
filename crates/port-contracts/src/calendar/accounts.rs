//! Rules about accounts, links, routes and questions.

use appointment::calendar::{Became, Connection, Difference, KeptDifference, Review, ReviewId, ReviewReason};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::RandomIds;
use tenancy::ConnectionKey;

use super::{CalendarFixture, tenant_links, uid};

/// A connection is found with its secrets while it is switched on, by its own tenant alone.
pub async fn connections_come_back_with_their_secrets(fixture: &CalendarFixture) {
    let (book, scope) = (&fixture.book, fixture.scope());
    let stranger = &fixture.appointments.stranger.scope;
    let [first, second, foreign] = &fixture.connections;
    assert_eq!(book.connection(scope, first.id).await.unwrap().as_ref(), Some(first));
    assert_eq!(book.connections(scope).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(book.connections(stranger).await.unwrap(), std::slice::from_ref(foreign));
    let address = |account: &Connection| (account.id, account.base_url.clone());
    assert_eq!(book.addresses(scope).await.unwrap(), [address(first), address(second)]);
    assert_eq!(book.addresses(stranger).await.unwrap(), [address(foreign)]);
    assert_eq!(book.connection(stranger, first.id).await.unwrap(), None);
    assert_eq!(book.connection(scope, foreign.id).await.unwrap(), None);

    fixture.backstage.switch(scope, first.id, false).await;
    assert_eq!(book.connection(scope, first.id).await.unwrap(), None);
    assert_eq!(book.connections(scope).await.unwrap(), std::slice::from_ref(second));
    assert_eq!(book.addresses(scope).await.unwrap(), [address(second)]);
    fixture.backstage.switch(scope, first.id, true).await;
    assert_eq!(book.connection(scope, first.id).await.unwrap().as_ref(), Some(first));
}

/// Links come by service then person, each with the person's branch, and are part of the catalogue.
pub async fn links_come_back_with_their_branch(fixture: &CalendarFixture) {
    let tenant = fixture.tenant();
    let expected = tenant_links(tenant, &fixture.connections);
    for connection in &fixture.connections {
        let own: Vec<_> = expected
            .iter()
            .filter(|link| link.link.connection == connection.id)
            .map(|link| (tenant.catalogue.branch, link.clone()))
            .collect();
        assert_eq!(fixture.book.links(&tenant.scope, connection.id).await.unwrap(), own);
        let stranger = &fixture.appointments.stranger.scope;
        assert_eq!(fixture.book.links(stranger, connection.id).await.unwrap(), []);
    }
    let catalogue =
        fixture.appointments.catalogues.load(&tenant.scope, tenant.catalogue.branch).await.unwrap().unwrap();
    assert_eq!(catalogue.links, expected);
}

/// A connection leads to its tenant, on or off; the sole one is the only one of all tenants that is on.
pub async fn a_connection_leads_to_its_tenant(fixture: &CalendarFixture) {
    let routes = &fixture.routes;
    let owners = [&fixture.appointments.tenant, &fixture.appointments.tenant, &fixture.appointments.stranger];
    let key = |index: usize| ConnectionKey::from_uuid(fixture.connections[index].id.as_uuid());
    for (index, owner) in owners.iter().enumerate() {
        let route = routes.route_connection(key(index)).await.unwrap().unwrap();
        assert_eq!((route.tenant, route.active), (owner.scope.tenant(), true));
        assert_eq!(route.connection.to_string(), fixture.connections[index].id.to_string());
    }
    let nobodys = ConnectionKey::generate(&RandomIds);
    assert_eq!(routes.route_connection(nobodys).await.unwrap(), None);

    assert_eq!(routes.sole_connection().await.unwrap(), None, "there are three");
    for index in [0, 2] {
        fixture.backstage.switch(&owners[index].scope, fixture.connections[index].id, false).await;
    }
    assert!(!routes.route_connection(key(0)).await.unwrap().unwrap().active);
    assert_eq!(routes.sole_connection().await.unwrap().unwrap().connection, key(1));
    fixture.backstage.switch(fixture.scope(), fixture.connections[1].id, false).await;
    assert_eq!(routes.sole_connection().await.unwrap(), None, "there is none");
}

/// The same question is not asked twice while it is open, and may be asked again once it is answered.
pub async fn a_question_is_asked_once_while_it_is_open(fixture: &CalendarFixture) {
    let tenant = fixture.tenant();
    let made = fixture.appointments.appointment(tenant, 0, 30);
    fixture.appointments.insert(tenant, &made).await.unwrap();
    let now = fixture.appointments.now;
    let review = |reason, appointment, name: Option<&str>, seconds| Review {
        id: ReviewId::generate(&RandomIds),
        connection: fixture.connections[0].id,
        reason,
        appointment,
        uid: name.map(uid),
        detail: "slot_taken 2026-11-24T09:00Z".to_owned(),
        opened_at: now + TimeDelta::seconds(seconds),
    };
    let open = async |review: &Review| {
        fixture.write(AppointmentWrite::OpenReview(review.clone())).await.unwrap();
    };
    let of_account = review(ReviewReason::AccountRefused, None, None, 0);
    let of_booking = review(ReviewReason::NotAssignable, None, Some("uid-1"), 1);
    let of_copy = review(ReviewReason::CopyRefused, Some(made.id), None, 2);
    let asked = [of_account.clone(), of_booking.clone(), of_copy.clone()];
    for review in &asked {
        open(review).await;
        open(&Review { id: ReviewId::generate(&RandomIds), ..review.clone() }).await;
        open(review).await;
    }
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, asked);
    // What was found last is what somebody has to decide about.
    let found_again = Review { detail: "slot_taken 2026-11-24T15:00Z".to_owned(), ..of_copy.clone() };
    open(&Review { id: ReviewId::generate(&RandomIds), ..found_again.clone() }).await;
    let of_copy = found_again;
    let elsewhere = Review {
        id: ReviewId::generate(&RandomIds),
        connection: fixture.connections[1].id,
        opened_at: now + TimeDelta::seconds(3),
        ..of_account.clone()
    };
    open(&elsewhere).await;
    let other_reason = review(ReviewReason::CopyMissing, Some(made.id), None, 4);
    open(&other_reason).await;

    fixture.backstage.resolve(fixture.scope(), of_account.id).await;
    let again = review(ReviewReason::AccountRefused, None, None, 5);
    open(&again).await;
    let changed = review(ReviewReason::ChangedThere, Some(made.id), Some("uid-2"), 6);
    open(&changed).await;
    let expected = [of_booking.clone(), of_copy, elsewhere, other_reason, again, changed.clone()];
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, expected);

    // What stands there is found by every comparison: it is asked about again once something about it has changed.
    for answered in [&of_booking, &changed] {
        fixture.backstage.resolve(fixture.scope(), answered.id).await;
        open(&Review { id: ReviewId::generate(&RandomIds), ..answered.clone() }).await;
    }
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, expected[1..5]);
    let moved = Review {
        id: ReviewId::generate(&RandomIds),
        detail: "not_assignable 2026-11-25T09:00Z".to_owned(),
        opened_at: now + TimeDelta::seconds(7),
        ..of_booking
    };
    open(&moved).await;
    let mut expected = expected[1..5].to_vec();
    expected.push(moved);
    for (reason, seconds) in ReviewReason::ALL.iter().zip(8..) {
        let any = review(*reason, Some(made.id), Some("uid-3"), seconds);
        open(&any).await;
        expected.push(any);
    }
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, expected);
    let stranger = &fixture.appointments.stranger.scope;
    assert_eq!(fixture.backstage.open_reviews(stranger).await, []);
}

/// What a comparison finds nothing to ask about any more is closed, and asked again if it is found again.
pub async fn a_question_that_has_ended_by_itself_is_closed(fixture: &CalendarFixture) {
    let account = fixture.connections[0].id;
    let now = fixture.appointments.now;
    let open = async |reason, name, seconds| {
        let review = Review {
            id: ReviewId::generate(&RandomIds),
            connection: account,
            reason,
            appointment: None,
            uid: Some(uid(name)),
            detail: "at 2026-11-24T09:00Z".to_owned(),
            opened_at: now + TimeDelta::seconds(seconds),
        };
        fixture.write(AppointmentWrite::OpenReview(review.clone())).await.unwrap();
        review
    };
    let close = async |connection, names: &[&str]| {
        let bookings = names.iter().copied().map(uid).collect();
        fixture.write(AppointmentWrite::CloseReviews { connection, bookings, at: now }).await.unwrap();
    };
    let mut left = Vec::new();
    for (reason, seconds) in ReviewReason::ALL.iter().zip(0..) {
        let review = open(*reason, "uid-1", seconds).await;
        left.extend((!reason.ends_by_itself()).then_some(review));
    }
    let other = open(ReviewReason::DoubleBooked, "uid-2", 20).await;
    left.push(other);
    close(fixture.connections[1].id, &["uid-1", "uid-2"]).await;
    close(account, &["uid-1", "uid-3"]).await;
    close(account, &[]).await;
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, left);
    left.push(open(ReviewReason::DoubleBooked, "uid-1", 30).await);
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, left, "nobody has answered it");
    // That of an appointment whose calling off was refused.
    let tenant = fixture.tenant();
    let made = fixture.appointments.appointment(tenant, 0, 30);
    fixture.appointments.insert(tenant, &made).await.unwrap();
    let refusal = Review { appointment: Some(made.id), ..open(ReviewReason::CopyRefused, "uid-4", 40).await };
    left.push(Review { appointment: None, ..refusal.clone() });
    fixture
        .write(AppointmentWrite::OpenReview(Review { id: ReviewId::generate(&RandomIds), ..refusal }))
        .await
        .unwrap();
    fixture.write(AppointmentWrite::CloseRefusals { appointment: made.id, at: now }).await.unwrap();
    assert_eq!(fixture.backstage.open_reviews(fixture.scope()).await, left);
}

/// What a comparison finds is kept once for each end it came to, as it was found last, until it was not found for long.
pub async fn a_difference_is_kept_once_with_when_it_was_found(fixture: &CalendarFixture) {
    let (account, other) = (fixture.connections[0].id, fixture.connections[1].id);
    let now = fixture.appointments.now;
    let tenant = fixture.tenant();
    let made = fixture.appointments.appointment(tenant, 0, 30);
    fixture.appointments.insert(tenant, &made).await.unwrap();
    let difference = |became, appointment, name: Option<&str>, detail: &str| Difference {
        booking: name.map(uid),
        appointment,
        became,
        detail: detail.to_owned(),
    };
    let at = |minutes| now + TimeDelta::minutes(minutes);
    let note = async |connection, found: Vec<Difference>, minutes, forget| {
        let (at, forget_before, is_complete) = (at(minutes), at(forget), false);
        let write = AppointmentWrite::NoteDifferences { connection, found, is_complete, at, forget_before };
        fixture.write(write).await.unwrap();
    };
    let kept = |connection, difference: &Difference, first, last| KeptDifference {
        connection,
        difference: difference.clone(),
        first_found_at: at(first),
        last_found_at: at(last),
    };
    let followed = difference(Became::Followed, Some(made.id), Some("uid-1"), "here at ten, there at eleven");
    let account_wide = difference(Became::Open, None, None, "asked too often");
    note(account, vec![followed.clone()], 0, -60).await;
    note(account, vec![account_wide.clone()], 1, -60).await;
    note(other, vec![account_wide.clone()], 2, -60).await;
    let disputed = difference(Became::Disputed, Some(made.id), Some("uid-1"), "there at noon");
    note(account, vec![disputed.clone()], 3, -60).await;
    note(account, vec![], 3, -60).await;
    let later = Difference { detail: "asked much too often".to_owned(), ..account_wide.clone() };
    note(account, vec![account_wide.clone(), later.clone()], 4, -60).await;
    let scope = fixture.scope();
    let expected = [
        kept(account, &later, 1, 4),
        kept(account, &disputed, 3, 3),
        kept(other, &account_wide, 2, 2),
        kept(account, &followed, 0, 0),
    ];
    assert_eq!(fixture.backstage.differences(scope).await, expected);
    assert_eq!(fixture.backstage.differences(&fixture.appointments.stranger.scope).await, []);
    for (became, minute) in Became::ALL.iter().zip(5..) {
        note(account, vec![difference(*became, Some(made.id), None, "")], minute, 3).await;
    }
    let left = fixture.backstage.differences(scope).await;
    assert_eq!(left.len(), 2 + Became::ALL.len(), "what was found long ago is forgotten: {left:?}");
    assert_eq!(left.last(), Some(&expected[1]));

    // Once everything was compared, what was open and is not found again is open no more; that of another account is.
    note(other, vec![account_wide.clone()], 20, 3).await;
    let open = difference(Became::Open, None, Some("uid-2"), "unknown");
    let write = AppointmentWrite::NoteDifferences {
        connection: account,
        found: vec![open.clone()],
        is_complete: true,
        at: at(21),
        forget_before: at(3),
    };
    fixture.write(write).await.unwrap();
    let left = fixture.backstage.differences(scope).await;
    let is_open = |kept: &&KeptDifference| kept.difference.became == Became::Open;
    let open: Vec<_> = left.iter().filter(is_open).map(|kept| (kept.connection, &kept.difference)).collect();
    assert_eq!(
        open,
        [(account, &difference(Became::Open, None, Some("uid-2"), "unknown")), (other, &account_wide)]
    );
    assert_eq!(left.len(), 1 + Became::ALL.len() - 1 + 2);
}
