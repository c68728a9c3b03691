//! Rules of the time of rooms, places and devices.

use appointment::model::{AppointmentSnapshot, AppointmentStatus, BusyKind, FacilityUse, Span};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::ChangeSet;

use super::build::is_occupied;
use super::{AppointmentFixture, AppointmentTenant};

impl AppointmentFixture {
    fn using(&self, tenant: &AppointmentTenant, index: usize, stretches: &[(i64, i64)]) -> FacilityUse {
        let spans = stretches.iter().map(|(from, until)| self.span(*from, *until));
        FacilityUse { facility: tenant.facility(index), spans: spans.collect() }
    }

    /// An appointment of the second person, so that only facilities can be in the way of those of the first.
    fn furnished(
        &self,
        tenant: &AppointmentTenant,
        (from, until): (i64, i64),
        uses: Vec<FacilityUse>,
    ) -> AppointmentSnapshot {
        let mut made = self.appointment(tenant, from, until);
        made.staff = tenant.staff(1);
        made.uses = uses;
        made
    }

    async fn taken(&self, tenant: &AppointmentTenant) -> Vec<(usize, Span)> {
        let load = self.load(tenant, &self.query(tenant)).await;
        let index = |busy: &appointment::model::FacilityBusy| {
            tenant.catalogue.facilities.iter().position(|known| known.id == busy.facility)
        };
        let mut taken: Vec<_> =
            load.facilities.iter().map(|busy| (index(busy).unwrap(), busy.span())).collect();
        taken.sort_unstable();
        taken
    }
}

/// Appointments and holds come back with the time of their facilities, and a load tells it apart from people's.
pub async fn facilities_come_back_with_what_uses_them(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let two = vec![fixture.using(tenant, 0, &[(0, 30), (75, 105)]), fixture.using(tenant, 1, &[(30, 75)])];
    let made = fixture.furnished(tenant, (0, 105), two);
    fixture.insert(tenant, &made).await.unwrap();
    assert_eq!(fixture.find(tenant, made.id).await, Some(made.clone()));
    let mut hold = fixture.hold(tenant, 200, 230);
    hold.uses = vec![fixture.using(tenant, 1, &[(190, 240)])];
    fixture.claim_hold(tenant, &hold).await.unwrap();
    assert_eq!(fixture.live_holds(tenant, hold.call).await, [hold.clone()]);

    let load = fixture.load(tenant, &fixture.query(tenant)).await;
    assert_eq!(load.busy.len(), 2, "people's time is people's time");
    let span = |from, until| fixture.span(from, until);
    let all = [(0, span(0, 30)), (0, span(75, 105)), (1, span(30, 75)), (1, span(190, 240))];
    assert_eq!(fixture.taken(tenant).await, all);
    let held = load.facilities.iter().find(|busy| busy.start == fixture.at(190)).unwrap();
    assert_eq!((held.kind, held.expires_at), (BusyKind::Hold(hold.call), Some(hold.expires_at)));

    let mut excluding = fixture.query(tenant);
    excluding.exclude = Some(made.id);
    assert_eq!(fixture.load(tenant, &excluding).await.facilities.len(), 1);
    let mut without = fixture.query(tenant);
    without.facilities.clear();
    assert_eq!(fixture.load(tenant, &without).await.facilities, []);
}

/// Two people do not use one facility at one time, whoever came first: appointment or hold.
pub async fn a_facility_is_taken_once(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let made = fixture.furnished(tenant, (0, 30), vec![fixture.using(tenant, 0, &[(0, 30)])]);
    fixture.insert(tenant, &made).await.unwrap();
    for (from, until) in [(0, 30), (29, 59), (-29, 1), (10, 20)] {
        let mut hold = fixture.hold(tenant, from, until);
        hold.call = tenant.calls[1];
        hold.uses = vec![fixture.using(tenant, 0, &[(from, until)])];
        assert!(is_occupied(&fixture.claim_hold(tenant, &hold).await), "{from}");
        let mut booked = fixture.appointment(tenant, from, until);
        booked.uses = hold.uses.clone();
        assert!(is_occupied(&fixture.insert(tenant, &booked).await), "{from}");
        assert_eq!(fixture.find(tenant, booked.id).await, None);
    }
    let mut beside = fixture.hold(tenant, 0, 60);
    beside.uses = vec![fixture.using(tenant, 0, &[(30, 60)]), fixture.using(tenant, 1, &[(0, 30)])];
    fixture.claim_hold(tenant, &beside).await.unwrap();
}

/// A facility of an expired hold is free, also for another person, and the hold goes as a whole.
pub async fn an_expired_hold_keeps_no_facility(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let mut expired = fixture.hold(tenant, 0, 30);
    expired.created_at = fixture.now - TimeDelta::minutes(10);
    expired.expires_at = fixture.now - TimeDelta::seconds(1);
    expired.uses = vec![fixture.using(tenant, 0, &[(0, 30)])];
    fixture.claim_hold(tenant, &expired).await.unwrap();
    assert_eq!(fixture.taken(tenant).await, []);
    let made = fixture.furnished(tenant, (0, 30), vec![fixture.using(tenant, 0, &[(0, 30)])]);
    fixture.insert(tenant, &made).await.unwrap();
    let again = fixture.hold(tenant, 0, 30);
    fixture.claim_hold(tenant, &again).await.unwrap();
}

/// Of two people who want the last facility at the same moment, one gets it.
pub async fn the_last_facility_goes_to_one(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    for round in 0..5 {
        let (from, until) = (round * 60, round * 60 + 30);
        let uses = vec![fixture.using(tenant, 0, &[(from, until)])];
        let mut first = fixture.appointment(tenant, from, until);
        first.uses = uses.clone();
        let mut second = fixture.furnished(tenant, (from, until), uses);
        second.customer = tenant.customers[1];
        let (one, other) = tokio::join!(fixture.insert(tenant, &first), fixture.insert(tenant, &second));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert!(is_occupied(&one) || is_occupied(&other), "{one:?} {other:?}");
    }
    assert_eq!(fixture.taken(tenant).await.len(), 5);
}

/// A moved appointment leaves its facilities for others and is not in its own way; a cancelled one has none.
pub async fn a_move_changes_and_a_cancellation_frees_facilities(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let made = fixture.furnished(tenant, (0, 30), vec![fixture.using(tenant, 0, &[(0, 30)])]);
    fixture.insert(tenant, &made).await.unwrap();
    let mut later = fixture.furnished(tenant, (15, 45), vec![fixture.using(tenant, 0, &[(15, 45)])]);
    (later.id, later.version) = (made.id, 2);
    let update = |next: &AppointmentSnapshot, expected| {
        ChangeSet::one(AppointmentWrite::Update { next: next.clone(), expected })
    };
    fixture.commit(tenant, update(&later, 1)).await.unwrap();
    assert_eq!(fixture.find(tenant, made.id).await, Some(later.clone()));
    assert_eq!(fixture.taken(tenant).await, [(0, fixture.span(15, 45))]);

    let mut blocker = fixture.appointment(tenant, 100, 130);
    blocker.uses = vec![fixture.using(tenant, 1, &[(100, 130)])];
    fixture.insert(tenant, &blocker).await.unwrap();
    let mut into_it = later.clone();
    (into_it.uses, into_it.version) = (vec![fixture.using(tenant, 1, &[(110, 140)])], 3);
    assert!(is_occupied(&fixture.commit(tenant, update(&into_it, 2)).await));

    let mut off = later;
    (off.status, off.cancelled_at, off.version) = (AppointmentStatus::Cancelled, Some(fixture.now), 3);
    (off.spans, off.uses) = (Vec::new(), Vec::new());
    fixture.commit(tenant, update(&off, 2)).await.unwrap();
    assert_eq!(fixture.taken(tenant).await, [(1, fixture.span(100, 130))]);
}
