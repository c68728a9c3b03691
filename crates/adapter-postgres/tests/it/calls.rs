//! The store of calls.

use std::sync::Arc;

use adapter_postgres::{PgAppointmentRepository, PgCallRepository, PgCallReviews, PgToolTrace};
use appointment::model::{
    AppointmentChange, AppointmentSnapshot, AppointmentStatus, ChangeFacts, ChangeKind,
};
use appointment::ports::{AppointmentRepository as _, AppointmentWrite};
use call::{ToolTrace as _, ToolUse, ToolUseId};
use chrono::TimeDelta;
use kernel::{Actor, CallId, ChangeSet, RandomIds};
use operations::said_and_done::{CallReview, CallReviews, Finding, Mismatch, Whence};
use port_contracts::call::CallFixture;
use testkit::TestDatabase;
use testkit::scenario::Salon;
use voice::{Status, Tool};

use crate::effort::{appointment, messages};
use crate::support::now;

async fn fixture() -> CallFixture {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await.with_customer(database.admin_pool()).await;
    let other = Salon::company(database.admin_pool(), 2).await;
    CallFixture {
        calls: Arc::new(PgCallRepository::new(database.worker().clone())),
        trace: Arc::new(PgToolTrace::new(database.gateway().clone())),
        scope: salon.scope,
        branch: salon.branch,
        customer: salon.customer,
        stranger: other.scope,
        strange_branch: other.branch,
        now: now(&database).await,
        guard: Box::new(database),
    }
}

port_contracts::call_contract!(fixture);

#[tokio::test]
async fn whatever_does_not_fit_is_stored_once() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let reviews = PgCallReviews::new(database.worker().clone());
    let opened_at = now(&database).await;
    for is_new in [true, false] {
        for mismatch in Mismatch::ALL {
            let finding = Finding {
                mismatch: *mismatch,
                sentence: Some("Ihr Termin ist fest gebucht.".to_owned()),
                untold: Vec::new(),
            };
            let review = CallReview { call: salon.call, finding, opened_at };
            let opened = reviews.open(&salon.scope, &review).await.unwrap();
            assert_eq!(opened, is_new, "{}", mismatch.as_str());
        }
    }
}

/// In the order of their use, and no others; what each means is known by the names that are written.
#[tokio::test]
async fn the_tools_of_a_call_are_read_in_order() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let other = Salon::company(database.admin_pool(), 2).await;
    let reviews = PgCallReviews::new(database.worker().clone());
    assert_eq!(reviews.used_in(&salon.scope, salon.call).await.unwrap(), []);
    let begun = now(&database).await;
    let found = [
        (Tool::QueryAppointment, Status::Ok),
        (Tool::QueryAppointmentByName, Status::Ok),
        (Tool::GetCustomerAppointments, Status::Ok),
        (Tool::CancelAppointment, Status::MultipleFound),
        (Tool::CancelAppointment, Status::Denied),
        (Tool::RescheduleAppointment, Status::ReadyForConfirmation),
        (Tool::RescheduleAppointment, Status::Unchanged),
    ];
    let past = [
        (Tool::BookAppointment, Status::SlotTaken),
        (Tool::ConfirmBooking, Status::Pending),
        (Tool::CollectAppointmentInfo, Status::Unavailable),
        (Tool::CancelAppointment, Status::Cancelled),
    ];
    let all: Vec<_> = found.into_iter().chain(past).collect();
    let lines = all.iter().zip(1..).map(|((tool, status), minute)| ToolUse {
        id: ToolUseId::generate(&RandomIds),
        call: salon.call,
        tool: tool.name().to_owned(),
        tool_call_id: None,
        args_redacted: serde_json::json!({}),
        status: status.code().to_owned(),
        success: status.is_success(),
        effect: None,
        started_at: begun + TimeDelta::minutes(minute),
        duration_us: 1,
        hops: Vec::new(),
    });
    // Not in the order in which they are written.
    let mut lines: Vec<_> = lines.collect();
    lines.reverse();
    PgToolTrace::new(database.gateway().clone()).record(&salon.scope, lines).await.unwrap();
    let used = reviews.used_in(&salon.scope, salon.call).await.unwrap();
    let names: Vec<_> = used.iter().map(|used| (used.tool.as_str(), used.status.as_str())).collect();
    assert_eq!(names, all.iter().map(|(tool, status)| (tool.name(), status.code())).collect::<Vec<_>>());
    for (at, used) in used.iter().enumerate() {
        let is_found = at < found.len();
        assert_eq!((used.has_found(), used.is_past_it()), (is_found, !is_found), "{used:?}");
    }
    assert_eq!(reviews.used_in(&other.scope, salon.call).await.unwrap(), []);
}

/// A move of the call is told from the one that puts it back, which is nobody's; what the call has not touched is left out.
#[tokio::test]
async fn what_a_call_has_done_is_in_the_histories_that_it_touched() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let other = Salon::company(database.admin_pool(), 2).await;
    let store = PgAppointmentRepository::new(database.gateway().clone());
    let reviews = PgCallReviews::new(database.worker().clone());
    let begun = now(&database).await;
    let step =
        async |before: Option<&AppointmentSnapshot>, after: &AppointmentSnapshot, kind, call, minute| {
            let by = (Actor::VoiceAgent("call_1".to_owned()), call);
            let at = begun + TimeDelta::minutes(minute);
            let entry = AppointmentChange::new(&RandomIds, kind, before, after, by, at);
            let write = match before {
                None => AppointmentWrite::Insert {
                    appointment: after.clone(),
                    new_customer: None,
                    from_hold: None,
                },
                Some(before) => AppointmentWrite::Update { next: after.clone(), expected: before.version },
            };
            let change = ChangeSet::one(write).write(AppointmentWrite::RecordChange(entry));
            store.commit(&salon.scope, change).await.unwrap();
        };
    let made = AppointmentSnapshot { call: None, ..appointment(&salon, begun + TimeDelta::days(1)) };
    let elsewhere = AppointmentSnapshot { call: None, ..appointment(&salon, begun + TimeDelta::days(3)) };
    let mut moved = appointment(&salon, begun + TimeDelta::days(2));
    (moved.id, moved.call, moved.version, moved.status) = (made.id, None, 2, AppointmentStatus::Pending);
    let back = AppointmentSnapshot { version: 3, ..made.clone() };
    step(None, &made, ChangeKind::Booked, None, 0).await;
    step(None, &elsewhere, ChangeKind::Booked, None, 0).await;
    let (done, sent) = messages(reviews.done_in(&salon.scope, salon.call)).await;
    assert_eq!((done.unwrap(), sent), (Vec::new(), 1));

    step(Some(&made), &moved, ChangeKind::Moved, Some(salon.call), 1).await;
    step(Some(&moved), &back, ChangeKind::Moved, None, 2).await;
    let done = reviews.done_in(&salon.scope, salon.call).await.unwrap();
    let [touched] = done.as_slice() else { panic!("{done:?}") };
    assert_eq!((touched.timezone, touched.status, touched.is_refused), (made.timezone, made.status, false));
    let entries: Vec<_> = touched
        .history
        .iter()
        .map(|entry| (entry.kind, entry.whence, entry.before.clone(), entry.after.clone(), entry.at))
        .collect();
    let facts = ChangeFacts::of;
    assert_eq!(
        entries,
        [
            (ChangeKind::Booked, Whence::NoCall, None, facts(&made), begun),
            (
                ChangeKind::Moved,
                Whence::ThisCall,
                Some(facts(&made)),
                facts(&moved),
                begun + TimeDelta::minutes(1)
            ),
            (
                ChangeKind::Moved,
                Whence::NoCall,
                Some(facts(&moved)),
                facts(&back),
                begun + TimeDelta::minutes(2)
            ),
        ]
    );
    assert_eq!(reviews.done_in(&other.scope, salon.call).await.unwrap(), []);
    let again = AppointmentSnapshot { version: 4, ..moved.clone() };
    step(Some(&back), &again, ChangeKind::Moved, Some(salon.other_call), 3).await;
    for (call, whence) in [(salon.call, Whence::AnotherCall), (salon.other_call, Whence::ThisCall)] {
        let done = reviews.done_in(&salon.scope, call).await.unwrap();
        assert_eq!(done[0].history.last().unwrap().whence, whence);
    }
    assert_eq!(reviews.done_in(&salon.scope, CallId::generate(&RandomIds)).await.unwrap(), []);

    // What was asked last counts.
    sqlx::query(
        "INSERT INTO calendar_connections
            (tenant_id, id, provider, base_url, api_key_sealed, webhook_secret_sealed, key_id, created_at)
         VALUES ($1, $1, 'calcom', 'https://api.cal.com', sha256('key'), sha256('secret'), 'one', app.now())",
    )
    .bind(salon.tenant.as_uuid())
    .execute(database.admin_pool())
    .await
    .unwrap();
    for (reason, minute, is_refused) in [("copy_refused", 3, true), ("copy_missing", 4, false)] {
        sqlx::query(
            "INSERT INTO calendar_reviews (tenant_id, id, connection_id, reason, appointment_id, detail, opened_at)
             VALUES ($1, gen_random_uuid(), $1, $2, $3, '', $4)",
        )
        .bind(salon.tenant.as_uuid())
        .bind(reason)
        .bind(made.id.as_uuid())
        .bind(begun + TimeDelta::minutes(minute))
        .execute(database.admin_pool())
        .await
        .unwrap();
        let done = reviews.done_in(&salon.scope, salon.call).await.unwrap();
        assert_eq!(
            done.iter().map(|touched| touched.is_refused).collect::<Vec<_>>(),
            [is_refused],
            "{reason}"
        );
    }
}
