//! Rules of appointments that belong together.

use appointment::model::{AppointmentSnapshot, SequenceId, SeriesId, Tie};
use appointment::ports::AppointmentWrite;
use kernel::{ChangeSet, RandomIds};

use super::build::{insert, is_occupied};
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
