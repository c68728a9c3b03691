//! Rules of reading.

use appointment::model::{
    Appointment, AppointmentStatus, BusyKind, Catalogue, ChangeKind, DayQuery, Further, MAX_HISTORY,
    PhaseKind, PhaseSpan,
};
use appointment::ports::AppointmentWrite;
use chrono::TimeDelta;
use kernel::{AppointmentId, BranchId, ChangeSet, PhoneNumber, RandomIds};

use super::AppointmentFixture;
use super::build::new_customer;

/// A branch's catalogue is read as it is stored, and only by its tenant.
pub async fn the_catalogue_comes_back(fixture: &AppointmentFixture) {
    for tenant in [&fixture.tenant, &fixture.stranger] {
        let catalogues = &fixture.catalogues;
        let loaded = catalogues.load(&tenant.scope, tenant.branch()).await.unwrap().unwrap();
        assert_eq!(loaded, tenant.catalogue);
        assert_eq!(catalogues.version(&tenant.scope, tenant.branch()).await.unwrap(), Some(loaded.version));
        Catalogue::restore(loaded).unwrap();
    }
    let foreign = fixture.stranger.branch();
    for branch in [foreign, BranchId::generate(&RandomIds)] {
        let scope = &fixture.tenant.scope;
        assert_eq!(fixture.catalogues.load(scope, branch).await.unwrap(), None);
        assert_eq!(fixture.catalogues.version(scope, branch).await.unwrap(), None);
    }
}

/// Every field of an appointment survives, with its phases, spans and a customer who came with it.
pub async fn an_appointment_comes_back_whole(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let customer = new_customer();
    let mut made = fixture.appointment(tenant, 0, 105);
    made.customer = customer.id;
    made.phases =
        [(PhaseKind::Staffed, 0, 30), (PhaseKind::Processing, 30, 75), (PhaseKind::Staffed, 75, 105)]
            .into_iter()
            .zip(0..)
            .map(|((kind, from, until), position)| PhaseSpan {
                position,
                kind,
                starts_at: fixture.at(from),
                ends_at: fixture.at(until),
            })
            .collect();
    made.spans = vec![fixture.span(-5, 30), fixture.span(75, 110)];
    let change = ChangeSet::one(AppointmentWrite::Insert {
        appointment: made.clone(),
        new_customer: Some(customer),
        from_hold: None,
    })
    .write(fixture.history(ChangeKind::Booked, None, &made, tenant));
    fixture.commit(tenant, change).await.unwrap();

    assert_eq!(fixture.find(tenant, made.id).await, Some(made.clone()));
    assert_eq!(fixture.occupied(tenant).await, made.spans);
    let of_call = fixture.appointments.list_of_call(&tenant.scope, tenant.calls[0]).await.unwrap();
    assert_eq!(of_call, [made]);
    assert_eq!(fixture.find(tenant, AppointmentId::generate(&RandomIds)).await, None);
}

/// Upcoming appointments are open ones of those customers that are not over, by start; those of a call are all.
pub async fn lists_hold_what_they_promise(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let late = fixture.appointment(tenant, 120, 150);
    let early = fixture.appointment(tenant, 0, 30);
    let mut elses = fixture.appointment(tenant, 60, 90);
    elses.customer = tenant.customers[1];
    elses.call = None;
    let done = |status| {
        let mut done = fixture.appointment(tenant, 200, 230);
        done.status = status;
        done.spans = Vec::new();
        done
    };
    let (completed, no_show) = (done(AppointmentStatus::Completed), done(AppointmentStatus::NoShow));
    for made in [&late, &early, &elses, &completed, &no_show] {
        fixture.insert(tenant, made).await.unwrap();
    }
    let upcoming = async |customers: &[_], from| {
        let found =
            fixture.appointments.list_upcoming_of_customers(&tenant.scope, customers, from).await.unwrap();
        found.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let [first, second] = tenant.customers;
    assert_eq!(upcoming(&[first], fixture.now).await, [early.id, late.id]);
    assert_eq!(upcoming(&[first, second], fixture.now).await, [early.id, elses.id, late.id]);
    assert_eq!(upcoming(&[first], fixture.at(29)).await, [early.id, late.id]);
    assert_eq!(upcoming(&[first], fixture.at(30)).await, [late.id]);
    assert_eq!(upcoming(&[], fixture.now).await, []);

    let of_call = fixture.appointments.list_of_call(&tenant.scope, tenant.calls[0]).await.unwrap();
    assert_eq!(of_call.len(), 4);
    assert!(of_call.is_sorted_by_key(|row| (row.starts_at, row.id)));
    for row in of_call {
        Appointment::restore(row).unwrap();
    }
}

/// A history has what has ended and was not cancelled, newest first and bounded, and counts all of it.
pub async fn a_history_is_what_is_over(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let [first, second] = tenant.customers;
    let of_status = |minute, status| {
        let mut made = fixture.appointment(tenant, minute, minute + 30);
        made.status = status;
        made.call = None;
        made.spans = Vec::new();
        made
    };
    let came = of_status(-90, AppointmentStatus::Completed);
    let stayed_away = of_status(-150, AppointmentStatus::NoShow);
    let mut called_off = of_status(-120, AppointmentStatus::Cancelled);
    called_off.cancelled_at = Some(called_off.created_at);
    let mut elses = of_status(-60, AppointmentStatus::Completed);
    elses.customer = second;
    let running = of_status(-10, AppointmentStatus::Confirmed);
    let ahead = of_status(60, AppointmentStatus::Confirmed);
    for made in [&came, &stayed_away, &called_off, &elses, &running, &ahead] {
        fixture.insert(tenant, made).await.unwrap();
    }
    let store = &fixture.appointments;
    let history =
        async |customer, until| store.history_of_customer(&tenant.scope, customer, until).await.unwrap();
    let past = history(first, fixture.at(0)).await;
    assert_eq!(past.total, 2);
    let [newest, oldest] = past.recent.as_slice() else { panic!("two are over: {past:?}") };
    assert_eq!((newest.id, oldest.id), (came.id, stayed_away.id));
    assert_eq!(
        (newest.branch, newest.service, newest.staff, newest.status),
        (came.branch, came.service, came.staff, came.status)
    );
    assert_eq!((newest.starts_at, newest.ends_at), (came.starts_at, came.ends_at));
    assert_eq!(history(first, fixture.at(20)).await.total, 3, "what ends at that instant is over");
    let foreign = store.history_of_customer(&fixture.stranger.scope, first, fixture.at(600)).await.unwrap();
    assert_eq!((foreign.total, foreign.recent.len()), (0, 0));

    for number in 0..22 {
        fixture.insert(tenant, &of_status(-1000 - number * 60, AppointmentStatus::Completed)).await.unwrap();
    }
    let long = history(first, fixture.at(0)).await;
    assert_eq!((long.total, long.recent.len()), (24, MAX_HISTORY));
    assert!(long.recent.is_sorted_by_key(|visit| std::cmp::Reverse((visit.starts_at, visit.id))));
}

/// One load has the version, occupied time, the caller's appointments and holds, and nothing that was excluded.
pub async fn a_day_load_tells_everything(fixture: &AppointmentFixture) {
    let tenant = &fixture.tenant;
    let mine = fixture.appointment(tenant, 0, 30);
    let mut elses = fixture.appointment(tenant, 60, 90);
    elses.customer = tenant.customers[1];
    elses.call = Some(tenant.calls[1]);
    fixture.insert(tenant, &mine).await.unwrap();
    fixture.insert(tenant, &elses).await.unwrap();
    let held = fixture.hold(tenant, 120, 150);
    let mut other_call = fixture.hold(tenant, 180, 210);
    other_call.call = tenant.calls[1];
    other_call.staff = tenant.staff(1);
    let mut other_number = fixture.hold(tenant, 240, 270);
    other_number.call = tenant.calls[1];
    other_number.caller_number = PhoneNumber::from_e164("+491705555555").ok();
    let mut far = fixture.hold(tenant, 5000, 5030);
    far.created_at = fixture.now + TimeDelta::seconds(1);
    for hold in [&held, &other_call, &other_number, &far] {
        fixture.claim_hold(tenant, hold).await.unwrap();
    }

    let all = fixture.load(tenant, &fixture.query(tenant)).await;
    assert_eq!(all.catalogue_version, tenant.catalogue.version);
    assert_eq!((all.own.len(), all.holds.len()), (0, 0));
    let mut kinds: Vec<_> = all.busy.iter().map(|busy| (busy.start, busy.staff, busy.kind)).collect();
    kinds.sort_unstable_by_key(|(start, ..)| *start);
    let first = tenant.staff(0);
    assert_eq!(
        kinds,
        [
            (fixture.at(0), first, BusyKind::Appointment(mine.id)),
            (fixture.at(60), first, BusyKind::Appointment(elses.id)),
            (fixture.at(120), first, BusyKind::Hold(held.call)),
            (fixture.at(180), tenant.staff(1), BusyKind::Hold(other_call.call)),
            (fixture.at(240), first, BusyKind::Hold(other_call.call)),
        ]
    );
    for busy in &all.busy {
        let is_hold = matches!(busy.kind, BusyKind::Hold(_));
        assert_eq!(busy.expires_at, is_hold.then_some(held.expires_at));
    }

    let asked = DayQuery {
        staff: vec![tenant.staff(1)],
        exclude: Some(mine.id),
        for_call: Some(tenant.calls[0]),
        for_number: held.caller_number.clone(),
        customers: vec![tenant.customers[1]],
        ..fixture.query(tenant)
    };
    let some = fixture.load(tenant, &asked).await;
    assert_eq!(some.busy.len(), 1);
    let own: Vec<_> = some.own.iter().map(|own| own.id).collect();
    assert_eq!(own, [elses.id], "the excluded one is left out, though made in the call");
    let mut holds = some.holds.clone();
    assert!(holds.is_sorted_by_key(|hold| hold.created_at));
    holds.sort_by_key(|hold| hold.starts_at);
    assert_eq!(holds, [held, other_call, far]);

    let in_call = DayQuery { exclude: None, customers: Vec::new(), ..asked.clone() };
    let own: Vec<_> = fixture.load(tenant, &in_call).await.own;
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].id, own[0].starts_at, own[0].ends_at), (mine.id, mine.starts_at, mine.ends_at));
    assert_eq!(
        (own[0].customer, own[0].service, own[0].staff, own[0].call),
        (mine.customer, mine.service, mine.staff, mine.call)
    );

    let wish = |people: &[usize], from, until| {
        let staff = people.iter().map(|person| tenant.staff(*person)).collect();
        let further = Further { staff, span: fixture.span(from, until), until: fixture.at(300) };
        DayQuery { until: fixture.at(150), further: Some(further), ..fixture.query(tenant) }
    };
    for (people, from, until, is_further, busy) in [
        (&[0][..], 70, 80, true, 5),
        (&[0], 30, 60, false, 3),
        (&[0, 1], 70, 80, false, 3),
        (&[0, 1], 180, 200, false, 3),
        (&[1], 180, 200, true, 5),
    ] {
        let load = fixture.load(tenant, &wish(people, from, until)).await;
        assert_eq!((load.is_further, load.busy.len()), (is_further, busy), "{people:?} {from}");
    }

    let beside = DayQuery {
        from: fixture.at(30),
        until: fixture.at(60),
        customers: tenant.customers.to_vec(),
        ..fixture.query(tenant)
    };
    let nothing = fixture.load(tenant, &beside).await;
    assert_eq!((nothing.busy.len(), nothing.own.len()), (0, 0), "touching is not overlapping");
    let nobody =
        DayQuery { branch: BranchId::generate(&RandomIds), staff: Vec::new(), ..fixture.query(tenant) };
    let nothing = fixture.load(tenant, &nobody).await;
    assert_eq!((nothing.catalogue_version, nothing.busy.len()), (0, 0));
}
