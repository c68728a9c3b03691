//! Rules about finding records of copies.

use appointment::calendar::{CopyRecord, CopyState, OpenCopies};
use appointment::model::{AppointmentStatus, Span};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::AppointmentId;

use super::{CalendarFixture, link, uid};

/// Copies of appointments that begin within a half-open window, of one account, earliest first, up to a limit; and by
/// the uid that they have now, at the account where they are.
pub async fn copies_of_a_window_come_in_order(fixture: &CalendarFixture) {
    let (book, scope) = (&fixture.book, fixture.scope());
    let [first, second, _] = &fixture.connections;
    let late = fixture.booked(60, 90, |id| CopyRecord::due(id, fixture.first_link())).await;
    let early = fixture.booked(0, 30, |id| CopyRecord::due(id, fixture.first_link())).await;
    let other = fixture.booked(30, 60, |id| CopyRecord::due(id, link(second, "21", None))).await;
    let window = |from, until| Span::new(fixture.appointments.at(from), fixture.appointments.at(until));
    let ids = async |connection, span, limit| -> Vec<AppointmentId> {
        let found = book.copies(scope, connection, span, limit).await.unwrap();
        found.into_iter().map(|copy| copy.appointment).collect()
    };
    assert_eq!(
        book.copies(scope, first.id, window(0, 61), 10).await.unwrap(),
        [early.record.clone(), late.record.clone()]
    );
    assert_eq!(ids(first.id, window(0, 60), 10).await, [early.id()]);
    assert_eq!(ids(first.id, window(1, 61), 10).await, [late.id()]);
    assert_eq!(ids(first.id, window(0, 61), 1).await, [early.id()]);
    assert_eq!(ids(second.id, window(0, 61), 10).await, [other.id()]);

    // Its place is the second account from now on, but it still is at the first.
    let away = CopyRecord {
        placed: Some(early.record.link.clone()),
        link: link(second, "21", None),
        uid: Some(uid("uid-1")),
        version: 2,
        ..early.record.clone()
    };
    fixture.write(AppointmentWrite::UpdateCopy(away.clone())).await.unwrap();
    assert_eq!(ids(first.id, window(0, 61), 10).await, [early.id(), late.id()]);
    assert_eq!(ids(second.id, window(0, 61), 10).await, [early.id(), other.id()]);
    assert_eq!(book.copy_by_uid(scope, first.id, &uid("uid-1")).await.unwrap().as_ref(), Some(&away));
    assert_eq!(book.copy_by_uid(scope, second.id, &uid("uid-1")).await.unwrap(), None);

    let renamed = CopyRecord { uid: Some(uid("UID-1")), version: 3, ..away };
    fixture.write(AppointmentWrite::UpdateCopy(renamed.clone())).await.unwrap();
    assert_eq!(book.copy_by_uid(scope, first.id, &uid("uid-1")).await.unwrap(), None);
    assert_eq!(book.copy_by_uid(scope, first.id, &uid("UID-1")).await.unwrap(), Some(renamed));
}

/// Open appointments of who is linked for their service to the account, that begin within a half-open window and have no
/// copy, earliest first, up to a limit.
pub async fn what_is_linked_and_has_no_copy_is_found(fixture: &CalendarFixture) {
    let (book, scope, tenant) = (&fixture.book, fixture.scope(), fixture.tenant());
    let [first, second, _] = &fixture.connections;
    let plain = async |from, until| {
        let made = fixture.appointments.appointment(tenant, from, until);
        fixture.appointments.insert(tenant, &made).await.unwrap();
        made
    };
    let late = plain(60, 90).await;
    let early = plain(0, 30).await;
    fixture.booked(30, 60, |id| CopyRecord::due(id, fixture.first_link())).await;
    let gone = plain(90, 120).await;
    let mut off = gone.clone();
    off.status = AppointmentStatus::Cancelled;
    (off.spans, off.cancelled_at, off.version) =
        (Vec::new(), Some(fixture.appointments.now), gone.version + 1);
    fixture.write(AppointmentWrite::Update { next: off, expected: gone.version }).await.unwrap();

    let window = |from, until| Span::new(fixture.appointments.at(from), fixture.appointments.at(until));
    let found = async |connection, span, limit| book.uncopied(scope, connection, span, limit).await.unwrap();
    let expected = [(early.id, fixture.first_link()), (late.id, fixture.first_link())];
    assert_eq!(found(first.id, window(0, 121), 10).await, expected);
    assert_eq!(found(first.id, window(0, 60), 10).await, expected[..1]);
    assert_eq!(found(first.id, window(1, 121), 10).await, expected[1..]);
    assert_eq!(found(first.id, window(0, 121), 1).await, expected[..1]);
    assert_eq!(found(second.id, window(0, 121), 10).await, []);
    let stranger = &fixture.appointments.stranger.scope;
    assert_eq!(book.uncopied(stranger, first.id, window(0, 121), 10).await.unwrap(), []);
}

/// What is due, lost or of unknown outcome needs work; what is being sent, settled or refused does not.
pub async fn the_longest_untouched_is_looked_at_first(fixture: &CalendarFixture) {
    let (book, scope, now) = (&fixture.book, fixture.scope(), fixture.appointments.now);
    let hour = TimeDelta::hours(1);
    let mut made = Vec::new();
    for (place, (state, lease)) in (0..).zip([
        (CopyState::Due, None),
        (CopyState::Sending, Some(now + hour)),
        (CopyState::Sending, Some(now - hour)),
        (CopyState::Unknown, None),
        (CopyState::Settled, None),
        (CopyState::Refused, None),
        (CopyState::Sending, None),
    ]) {
        let record =
            |id| CopyRecord { state, lease_until: lease, ..CopyRecord::due(id, fixture.first_link()) };
        made.push(fixture.booked(place * 60, place * 60 + 30, record).await);
    }
    let unsettled = async |limit| book.unsettled(scope, now, limit).await.unwrap().due;
    let ids = |places: &[usize]| places.iter().map(|place| made[*place].id()).collect::<Vec<_>>();
    assert_eq!(unsettled(10).await, ids(&[0, 2, 3, 6]));
    assert_eq!(unsettled(2).await, ids(&[0, 2]));

    let touched = made[0].record.next(CopyState::Unknown);
    fixture.write(AppointmentWrite::UpdateCopy(touched)).await.unwrap();
    assert_eq!(unsettled(10).await, ids(&[2, 3, 6, 0]));
    let due = AppointmentWrite::CopyDue { appointment: made[4].id(), link: None };
    fixture.write(due).await.unwrap();
    assert_eq!(unsettled(10).await, ids(&[2, 3, 6, 0, 4]));
}

/// What waits for its next try is left alone until then, or until its account answers again, wherever it is there; a change
/// of its appointment makes it due at once.
pub async fn a_copy_waits_for_its_next_try(fixture: &CalendarFixture) {
    let (book, scope, now) = (&fixture.book, fixture.scope(), fixture.appointments.now);
    let [first, second, _] = &fixture.connections;
    let next_try = Some(now + TimeDelta::minutes(4));
    let mut made = Vec::new();
    for (place, (state, connection, placed)) in (0..).zip([
        (CopyState::Due, first, None),
        (CopyState::Unknown, first, None),
        (CopyState::Due, second, None),
        (CopyState::Due, second, Some(link(first, "9", None))),
        (CopyState::Settled, first, None),
    ]) {
        let booked = fixture
            .booked(place * 60, place * 60 + 30, |id| CopyRecord::due(id, link(connection, "21", None)))
            .await;
        let waits = CopyRecord { placed, next_try, ..booked.record.next(state) };
        fixture.write(AppointmentWrite::UpdateCopy(waits.clone())).await.unwrap();
        assert_eq!(fixture.copy(booked.id()).await, Some(waits));
        made.push(booked);
    }
    let open = async |minutes| book.unsettled(scope, now + TimeDelta::minutes(minutes), 10).await.unwrap();
    let ids = |places: &[usize]| places.iter().map(|place| made[*place].id()).collect::<Vec<_>>();
    let expect = |places: &[usize], waiting| OpenCopies { due: ids(places), waiting };
    assert_eq!(open(0).await, expect(&[], 4));
    assert_eq!(open(3).await, expect(&[], 4));
    assert_eq!(open(4).await, expect(&[0, 1, 2, 3], 0));
    fixture.write(AppointmentWrite::CopyDue { appointment: made[2].id(), link: None }).await.unwrap();
    assert_eq!(open(0).await, expect(&[2], 3));
    fixture.write(AppointmentWrite::TryCopiesNow(first.id)).await.unwrap();
    // It is no work on them: the order stays.
    assert_eq!(open(0).await, expect(&[0, 1, 3, 2], 0));
    let stranger = &fixture.appointments.stranger;
    let again = CopyRecord { next_try, version: 3, ..fixture.copy(made[0].id()).await.unwrap() };
    fixture.write(AppointmentWrite::UpdateCopy(again)).await.unwrap();
    fixture.appointments.write(stranger, AppointmentWrite::TryCopiesNow(first.id)).await.unwrap();
    assert_eq!(open(0).await.waiting, 1, "another tenant wakes nothing");
}

/// Another tenant neither finds a record nor changes one.
pub async fn a_stranger_has_no_part_in_copies(fixture: &CalendarFixture) {
    let stranger = &fixture.appointments.stranger;
    let made = fixture
        .booked(0, 30, |id| CopyRecord {
            uid: Some(uid("uid-1")),
            ..CopyRecord::due(id, fixture.first_link())
        })
        .await;
    let (book, scope, connection) = (&fixture.book, &stranger.scope, fixture.connections[0].id);
    assert_eq!(book.copy(scope, made.id()).await.unwrap(), None);
    assert_eq!(book.copy_by_uid(scope, connection, &uid("uid-1")).await.unwrap(), None);
    let everything = Span::new(fixture.appointments.at(-600), fixture.appointments.at(600));
    assert_eq!(book.copies(scope, connection, everything, 10).await.unwrap(), []);
    let now = fixture.appointments.now;
    assert_eq!(book.unsettled(scope, now, 10).await.unwrap(), OpenCopies::default());

    let next = made.record.next(CopyState::Settled);
    for write in [AppointmentWrite::AddCopy(made.record.clone()), AppointmentWrite::UpdateCopy(next)] {
        assert!(fixture.appointments.write(stranger, write).await.is_err());
    }
    let due = AppointmentWrite::CopyDue { appointment: made.id(), link: None };
    fixture.appointments.write(stranger, due).await.unwrap();
    assert_eq!(fixture.copy(made.id()).await, Some(made.record));
}
