//! Rules about writing records of copies.

use appointment::calendar::{CopyRecord, CopyState};
use appointment::model::ChangeKind;
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{AppointmentId, ChangeSet, CommitError, RandomIds};

use super::{CalendarFixture, link, uid};

fn is_refused(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Refused { .. }))
}

fn is_stale(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Stale))
}

/// A booking and the record of its copy are written together or not at all; an appointment has one record.
pub async fn a_booking_and_its_copy_are_one(fixture: &CalendarFixture) {
    let first = fixture.booked(0, 30, |id| CopyRecord::due(id, fixture.first_link())).await;
    assert_eq!(fixture.copy(first.id()).await.as_ref(), Some(&first.record));
    let found = fixture.appointments.find(fixture.tenant(), first.id()).await;
    assert_eq!(found.as_ref(), Some(&first.appointment));

    let late = fixture.appointments.appointment(fixture.tenant(), 15, 45);
    let record = CopyRecord::due(late.id, fixture.first_link());
    let refused = fixture.commit(fixture.booking(&late, &record)).await;
    assert!(matches!(refused, Err(CommitError::Occupied)), "{refused:?}");
    assert_eq!(fixture.copy(late.id).await, None);

    assert!(is_refused(&fixture.write(AppointmentWrite::AddCopy(first.record.clone())).await));
    let nobodys = CopyRecord::due(AppointmentId::generate(&RandomIds), fixture.first_link());
    assert!(is_refused(&fixture.write(AppointmentWrite::AddCopy(nobodys)).await));

    let plain = fixture.appointments.appointment(fixture.tenant(), 60, 90);
    fixture.appointments.insert(fixture.tenant(), &plain).await.unwrap();
    assert_eq!(fixture.copy(plain.id).await, None);
    let added = CopyRecord::due(plain.id, link(&fixture.connections[1], "21", None));
    fixture.write(AppointmentWrite::AddCopy(added.clone())).await.unwrap();
    assert_eq!(fixture.copy(plain.id).await, Some(added));
}

fn full(fixture: &CalendarFixture, before: &CopyRecord) -> CopyRecord {
    let now = fixture.appointments.now;
    CopyRecord {
        placed: Some(link(&fixture.connections[1], "21", Some("boris"))),
        state: CopyState::Sending,
        uid: Some(uid("uid-1")),
        remote_start: Some(fixture.appointments.at(0)),
        remote_end: Some(fixture.appointments.at(30)),
        awaits_host: true,
        attempts: 3,
        sent_at: Some(now),
        sent_start: Some(now),
        changed_since: true,
        lease_until: Some(now + TimeDelta::microseconds(1_234_567)),
        next_try: Some(now + TimeDelta::microseconds(2_345_678)),
        error: Some("status 503: „später“".to_owned()),
        version: before.version + 1,
        ..before.clone()
    }
}

/// What was written comes back, field by field; what is gone is gone.
pub async fn a_record_keeps_every_field(fixture: &CalendarFixture) {
    let made = fixture.booked(0, 30, |id| CopyRecord::due(id, fixture.first_link())).await;
    let next = full(fixture, &made.record);
    fixture.write(AppointmentWrite::UpdateCopy(next.clone())).await.unwrap();
    assert_eq!(fixture.copy(made.id()).await.as_ref(), Some(&next));
    let bare =
        CopyRecord { version: 3, ..CopyRecord::due(made.id(), link(&fixture.connections[1], "9", None)) };
    fixture.write(AppointmentWrite::UpdateCopy(bare.clone())).await.unwrap();
    assert_eq!(fixture.copy(made.id()).await, Some(bare));

    let arrived = fixture
        .booked(60, 90, |id| CopyRecord {
            version: 1,
            // What is new was never tried.
            next_try: None,
            ..full(fixture, &CopyRecord::due(id, fixture.first_link()))
        })
        .await;
    assert_eq!(fixture.copy(arrived.id()).await, Some(arrived.record));
}

/// A record is replaced only by the one that follows it; otherwise nothing of the change set happens.
pub async fn a_record_that_has_moved_on_is_stale(fixture: &CalendarFixture) {
    let made = fixture.booked(0, 30, |id| CopyRecord::due(id, fixture.first_link())).await;
    let next = made.record.sending(
        fixture.appointments.now,
        fixture.appointments.now,
        fixture.appointments.now,
        TimeDelta::seconds(20),
    );
    fixture.write(AppointmentWrite::UpdateCopy(next.clone())).await.unwrap();
    for version in [1, 2, 4] {
        let wrong = CopyRecord { version, ..made.record.clone() };
        assert!(is_stale(&fixture.write(AppointmentWrite::UpdateCopy(wrong)).await), "{version}");
    }
    let nobodys = CopyRecord {
        version: 2,
        ..CopyRecord::due(AppointmentId::generate(&RandomIds), fixture.first_link())
    };
    assert!(is_stale(&fixture.write(AppointmentWrite::UpdateCopy(nobodys)).await));

    let moved = made.moved(fixture, 60, 90);
    let change = ChangeSet::one(AppointmentWrite::Update { next: moved, expected: 1 })
        .write(AppointmentWrite::UpdateCopy(CopyRecord { version: 2, ..made.record.clone() }));
    assert!(is_stale(&fixture.commit(change).await));
    let kept = fixture.appointments.find(fixture.tenant(), made.id()).await;
    assert_eq!(kept.as_ref(), Some(&made.appointment));
    assert_eq!(fixture.copy(made.id()).await, Some(next));
}

/// Whatever was under way for the copy is judged anew once its appointment was changed.
pub async fn a_changed_appointment_makes_its_copy_due(fixture: &CalendarFixture) {
    for (hour, state) in (0..).zip(CopyState::ALL) {
        let (from, until) = (hour * 120, hour * 120 + 30);
        let made = fixture.booked(from, until, |id| CopyRecord::due(id, fixture.first_link())).await;
        let uid = uid(&format!("uid-{hour}"));
        let stored = CopyRecord { state: *state, uid: Some(uid), ..full(fixture, &made.record) };
        fixture.write(AppointmentWrite::UpdateCopy(stored.clone())).await.unwrap();
        let moved = made.moved(fixture, from + 60, until + 60);
        let due = AppointmentWrite::CopyDue { appointment: made.id(), link: None };
        let update = AppointmentWrite::Update { next: moved.clone(), expected: 1 };
        let change = ChangeSet::one(update.clone())
            .write(fixture.appointments.history(
                ChangeKind::Moved,
                Some(&made.appointment),
                &moved,
                fixture.tenant(),
            ))
            .write(due.clone());
        fixture.commit(change).await.unwrap();
        let after = stored.due_again(None);
        assert_eq!(fixture.copy(made.id()).await.as_ref(), Some(&after), "{state:?}");
        assert!(is_stale(&fixture.commit(ChangeSet::one(update).write(due.clone())).await));
        assert_eq!(fixture.copy(made.id()).await.as_ref(), Some(&after), "a stale change leaves it alone");
        fixture.write(due).await.unwrap();
        assert_eq!(fixture.copy(made.id()).await, Some(after.due_again(None)), "alone");
    }
    let plain = fixture.appointments.appointment(fixture.tenant(), 1200, 1230);
    fixture.appointments.insert(fixture.tenant(), &plain).await.unwrap();
    for appointment in [plain.id, AppointmentId::generate(&RandomIds)] {
        let due = AppointmentWrite::CopyDue { appointment, link: Some(fixture.first_link()) };
        fixture.write(due).await.unwrap();
        assert_eq!(fixture.copy(appointment).await, None, "without a copy nothing is due");
    }
}

/// With the appointment the copy moves to another person's place, host or not.
pub async fn a_copy_that_is_due_elsewhere_gets_the_new_place(fixture: &CalendarFixture) {
    let made = fixture.booked(0, 30, |id| CopyRecord::due(id, fixture.first_link())).await;
    let elsewhere = link(&fixture.connections[1], "21", None);
    let moved = made.moved(fixture, 60, 90);
    let change = ChangeSet::one(AppointmentWrite::Update { next: moved, expected: 1 })
        .write(AppointmentWrite::CopyDue { appointment: made.id(), link: Some(elsewhere.clone()) });
    fixture.commit(change).await.unwrap();
    let after = made.record.due_again(Some(&elsewhere));
    assert_eq!(fixture.copy(made.id()).await.as_ref(), Some(&after));
    let back = fixture.first_link();
    let due = AppointmentWrite::CopyDue { appointment: made.id(), link: Some(back.clone()) };
    fixture.write(due).await.unwrap();
    assert_eq!(fixture.copy(made.id()).await, Some(after.due_again(Some(&back))));
}

/// One booking of an account is the copy of one appointment.
pub async fn a_uid_names_one_copy_of_an_account(fixture: &CalendarFixture) {
    let first = fixture.booked(0, 30, |id| CopyRecord::due(id, fixture.first_link())).await;
    let second = fixture.booked(60, 90, |id| CopyRecord::due(id, fixture.first_link())).await;
    let placed = |record: &CopyRecord, index: usize| CopyRecord {
        placed: Some(link(&fixture.connections[index], "11", None)),
        uid: Some(uid("uid-1")),
        version: record.version + 1,
        ..record.clone()
    };
    fixture.write(AppointmentWrite::UpdateCopy(placed(&first.record, 0))).await.unwrap();
    let same = AppointmentWrite::UpdateCopy(placed(&second.record, 0));
    assert!(is_refused(&fixture.write(same).await));
    assert_eq!(fixture.copy(second.id()).await.as_ref(), Some(&second.record));
    let other_account = AppointmentWrite::UpdateCopy(placed(&second.record, 1));
    fixture.write(other_account).await.unwrap();
}
