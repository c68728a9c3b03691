//! Rules of appointments that belong together.

use appointment::model::{AppointmentSnapshot, ChangeKind, SequenceId, SeriesId, Tie};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{ChangeSet, RandomIds};

use super::build::{insert, is_occupied};
use super::writing::moved;
use super::{AppointmentFixture, AppointmentTenant};

impl AppointmentFixture {
    async fn tied(&self, tenant: &AppointmentTenant, tie: Tie) -> Vec<AppointmentSnapshot> {
        self.appointments.list_tied(&tenant.scope, tie).await.unwrap()
    }
}

/// Whatever is tied together comes back together and in order, and nothing else does.
pub async fn what_belongs_together_comes_back_together(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let sequence = Tie::Sequence(SequenceId::generate(&RandomIds));
    let series = Tie::Series(SeriesId::generate(&RandomIds));
    let made = |from: i64, tie| {
        let mut made = fixture.appointment(tenant, from, from + 30);
        made.tie = tie;
        made
    };
    let (later, first) = (made(30, Some(sequence)), made(0, Some(sequence)));
    let (recurring, single) = (made(60, Some(series)), made(90, None));
    let all = ChangeSet::one(insert(&later)).write(insert(&first)).write(insert(&recurring));
    fixture.commit(tenant, all.write(insert(&single))).await.unwrap();
    assert_eq!(fixture.find(tenant, first.id).await, Some(first.clone()));
    assert_eq!(fixture.tied(tenant, sequence).await, [first, later]);
    assert_eq!(fixture.tied(tenant, series).await, [recurring]);
    let unknown = Tie::Sequence(SequenceId::generate(&RandomIds));
    assert_eq!(fixture.tied(tenant, unknown).await, []);
    assert_eq!(fixture.tied(&fixture.stranger, sequence).await, [], "a stranger learns nothing");
}

/// Of several appointments in one change set all are stored or none.
pub async fn a_taken_part_undoes_all(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    fixture.claim_hold(tenant, &fixture.hold(tenant, 45, 60)).await.unwrap();
    let tie = Tie::Sequence(SequenceId::generate(&RandomIds));
    let mut first = fixture.appointment(tenant, 0, 30);
    let mut second = fixture.appointment(tenant, 30, 60);
    (first.tie, second.tie) = (Some(tie), Some(tie));
    let both = ChangeSet::one(insert(&first)).write(insert(&second));
    assert!(is_occupied(&fixture.commit(tenant, both).await));
    assert_eq!(fixture.tied(tenant, tie).await, []);
}

/// The places before a move in a call are those of the parts that were moved with it, as long as nothing has changed them
/// since.
pub async fn what_was_moved_together_is_known_to_have_been_elsewhere(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let visit = SequenceId::generate(&RandomIds);
    let made = |from: i64| {
        let mut made = fixture.appointment(tenant, from, from + 30);
        made.tie = Some(Tie::Sequence(visit));
        made
    };
    let parts = [made(0), made(30), made(60)];
    let booked = parts.iter().fold(ChangeSet::new(), |change, part| {
        change.write(insert(part)).write(fixture.history(ChangeKind::Booked, None, part, tenant))
    });
    fixture.commit(tenant, booked).await.unwrap();
    let before = async |part: &AppointmentSnapshot| {
        let places = fixture.appointments.places_before(&tenant.scope, visit, part.id).await.unwrap();
        let known = places.iter().map(|place| (place.appointment, place.staff, place.starts_at));
        known.collect::<Vec<_>>()
    };
    let place = |part: &AppointmentSnapshot| (part.id, part.staff, part.starts_at);
    let sorted = |parts: &[&AppointmentSnapshot]| {
        let mut places: Vec<_> = parts.iter().map(|part| place(part)).collect();
        places.sort();
        places
    };
    assert_eq!(before(&parts[0]).await, [], "it was not moved");
    let later = |part: &AppointmentSnapshot, by: i64, second: i64| {
        let mut next = moved(fixture, part, by, by + 30);
        next.tie = part.tie;
        let mut history = fixture.history(ChangeKind::Moved, Some(part), &next, tenant);
        if let AppointmentWrite::RecordChange(change) = &mut history {
            change.at += TimeDelta::seconds(second);
        }
        (next, history)
    };
    let commit = async |(next, history): (AppointmentSnapshot, AppointmentWrite)| {
        let expected = next.version - 1;
        let change = ChangeSet::one(AppointmentWrite::Update { next, expected }).write(history);
        fixture.commit(tenant, change).await.unwrap();
    };
    let (first, second) = (later(&parts[0], 120, 1), later(&parts[1], 150, 1));
    let (again, now) = (second.0.clone(), first.0.clone());
    commit(first).await;
    commit(second).await;
    assert_eq!(before(&parts[0]).await, sorted(&[&parts[0], &parts[1]]));
    assert_eq!(before(&parts[1]).await, sorted(&[&parts[0], &parts[1]]));
    assert_eq!(before(&parts[2]).await, [], "it was not moved with them");
    let last = fixture.appointments.last_changed(&tenant.scope, parts[0].id).await.unwrap();
    let never = fixture.appointments.last_changed(&fixture.stranger.scope, parts[0].id).await;
    assert_eq!(never.unwrap(), None, "a stranger learns nothing");
    let unmoved = fixture.appointments.last_changed(&tenant.scope, parts[2].id).await.unwrap();
    assert_eq!(last, unmoved.map(|booked| booked + TimeDelta::seconds(1)), "each has its own");
    let strange = fixture.appointments.places_before(&fixture.stranger.scope, visit, parts[0].id).await;
    assert_eq!(strange.unwrap(), [], "a stranger learns nothing");
    commit(later(&again, 180, 2)).await;
    assert_eq!(before(&parts[0]).await, [place(&parts[0])], "the other one was moved again");
    assert_eq!(before(&parts[1]).await, [place(&again)]);
    let mut by_desk = now.clone();
    by_desk.call = None;
    commit(later(&by_desk, 240, 3)).await;
    assert_eq!(before(&parts[0]).await, [], "it was no call that moved it last");
}

/// Appointments that move at once exchange their times; without vacating they would be in each other's way.
pub async fn vacated_time_can_be_exchanged(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let (first, second) = (fixture.appointment(tenant, 0, 30), fixture.appointment(tenant, 30, 60));
    fixture.insert(tenant, &first).await.unwrap();
    fixture.insert(tenant, &second).await.unwrap();
    let at = |made: &AppointmentSnapshot, like: &AppointmentSnapshot| AppointmentSnapshot {
        id: made.id,
        version: 2,
        ..like.clone()
    };
    let (one, two) = (at(&first, &second), at(&second, &first));
    let update = |next: &AppointmentSnapshot| AppointmentWrite::Update { next: next.clone(), expected: 1 };
    let blocked = ChangeSet::one(update(&one)).write(update(&two));
    assert!(is_occupied(&fixture.commit(tenant, blocked).await));
    let exchange = ChangeSet::one(AppointmentWrite::Vacate(first.id))
        .write(AppointmentWrite::Vacate(second.id))
        .write(update(&one))
        .write(update(&two));
    fixture.commit(tenant, exchange).await.unwrap();
    assert_eq!(fixture.find(tenant, first.id).await, Some(one));
    assert_eq!(fixture.find(tenant, second.id).await, Some(two));
    assert_eq!(fixture.occupied(tenant).await, [fixture.span(0, 30), fixture.span(30, 60)]);
}
