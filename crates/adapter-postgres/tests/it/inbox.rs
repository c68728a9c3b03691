//! The inbox: stored once, with its job, by a role that may not even look.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use adapter_postgres::PgInbox;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use kernel::{CorrelationId, IdGenerator as _, JobSpec, RandomIds, StoreError, SystemClock};
use operations::intake::MAX_BODY_BYTES;
use operations::ports::{
    Conclusion, Inbox as _, InboxId, InboxState, Provider, ReceivedWebhook, Stored, body_digest,
};
use operations::{Admission, Delivery, WebhookIntake};
use serde_json::json;
use testkit::TestDatabase;
use testkit::scenario::Salon;

use crate::support::{count, now, platform};

fn job(id: InboxId) -> JobSpec {
    JobSpec::new("process_webhook", json!({ "inbox": id.to_string() })).unique(format!("inbox:{id}"))
}

fn webhook(body: &[u8], at: DateTime<Utc>) -> ReceivedWebhook {
    let digest = body_digest(body);
    let id = InboxId::of(Provider::Retell, "call_ended", "call_1", &digest);
    ReceivedWebhook {
        id,
        provider: Provider::Retell,
        event: "call_ended".to_owned(),
        subject: "call_1".to_owned(),
        body_sha256: digest,
        body: body.to_vec(),
        received_at: at,
        correlation: CorrelationId::from_uuid(RandomIds.next_uuid()),
        state: InboxState::Received,
        reason: None,
        job: Some(job(id)),
    }
}

#[tokio::test]
async fn a_delivery_is_stored_once_with_one_job() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let at = now(&database).await;
    let gateway = PgInbox::new(database.gateway().clone());
    assert_eq!(gateway.store(webhook(b"{}", at)).await.unwrap(), Stored::New);
    assert_eq!(gateway.store(webhook(b"{}", at)).await.unwrap(), Stored::Duplicate);
    assert_eq!(
        gateway.store(webhook(b"{\"a\": 1}", at)).await.unwrap(),
        Stored::New,
        "other contents, other delivery"
    );
    assert_eq!(count(admin, "SELECT count(*) FROM intake.webhook_inbox").await, 2);
    assert_eq!(
        count(admin, "SELECT count(*) FROM engine.jobs WHERE tenant_id IS NULL AND correlation IS NOT NULL")
            .await,
        2
    );
}

#[tokio::test]
async fn the_longest_words_that_the_intake_keeps_can_be_stored() {
    let database = TestDatabase::fresh().await;
    let clock = Arc::new(SystemClock::default());
    let intake = WebhookIntake::new(Arc::new(PgInbox::new(database.gateway().clone())), clock);
    // Characters, not bytes: each of these takes two.
    let (event, subject) = ("ü".repeat(150), "é".repeat(300));
    for (length, admission) in [
        (150, Admission::Process),
        (101, Admission::Answered),
        (100, Admission::Quarantine("ß".repeat(900))),
        (99, Admission::Unrouted("unknown_number")),
    ] {
        let body = length.to_string();
        let delivery = Delivery {
            provider: Provider::Retell,
            event: &event[..2 * length],
            subject: &subject,
            body: body.as_bytes(),
            correlation: CorrelationId::from_uuid(RandomIds.next_uuid()),
        };
        assert_eq!(intake.receive(delivery, admission.clone()).await.unwrap(), Stored::New, "{length}");
        assert_eq!(intake.receive(delivery, admission).await.unwrap(), Stored::Duplicate, "{length}");
    }
    let cut = "SELECT count(*) FROM intake.webhook_inbox WHERE char_length(event) = 100";
    assert_eq!(count(database.admin_pool(), cut).await, 3);
    let whole = "SELECT count(*) FROM intake.webhook_inbox WHERE char_length(event) = 99";
    assert_eq!(count(database.admin_pool(), whole).await, 1);
}

#[tokio::test]
async fn the_largest_body_that_the_intake_admits_can_be_stored() {
    let database = TestDatabase::fresh().await;
    let gateway = PgInbox::new(database.gateway().clone());
    let largest = vec![b' '; MAX_BODY_BYTES];
    let at = now(&database).await;
    assert_eq!(gateway.store(webhook(&largest, at)).await.unwrap(), Stored::New);
}

#[tokio::test]
async fn ten_deliveries_at_once_leave_one_row() {
    let database = TestDatabase::fresh().await;
    let at = now(&database).await;
    let gateway = PgInbox::new(database.gateway().clone());
    let stored = futures_util::future::join_all((0..10).map(|_| gateway.store(webhook(b"{}", at)))).await;
    let new = stored.iter().filter(|stored| matches!(stored, Ok(Stored::New))).count();
    assert_eq!(new, 1, "{stored:?}");
    assert!(stored.iter().all(Result::is_ok), "{stored:?}");
    assert_eq!(count(database.admin_pool(), "SELECT count(*) FROM engine.jobs").await, 1);
}

#[tokio::test]
async fn a_crowd_is_stored_in_groups_and_every_repetition_is_known() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let at = now(&database).await;
    let gateway = PgInbox::new(database.gateway().clone());
    // Forty at once, some without work to do, and one too large to join a group; then all of them once more.
    let deliveries = || {
        (0..40_u32).map(|n| {
            let large = " ".repeat(if n == 7 { 1 << 20 } else { 0 });
            let mut webhook = webhook(format!("{{\"n\": {n}}}{large}").as_bytes(), at);
            if n % 10 == 0 {
                webhook.job = None;
            }
            webhook
        })
    };
    for expected in [40, 0] {
        let stored = futures_util::future::join_all(deliveries().map(|webhook| gateway.store(webhook))).await;
        assert!(stored.iter().all(Result::is_ok), "{stored:?}");
        let new = stored.iter().filter(|stored| matches!(stored, Ok(Stored::New))).count();
        assert_eq!(new, expected);
    }
    assert_eq!(count(admin, "SELECT count(*) FROM intake.webhook_inbox").await, 40);
    assert_eq!(count(admin, "SELECT count(*) FROM engine.jobs").await, 36);
    // What is stored in a group carries its own chain, as what is stored alone does.
    let chains = "SELECT count(DISTINCT correlation) FROM engine.jobs";
    assert_eq!(count(admin, chains).await, 36);
    let commits = "SELECT count(DISTINCT xmin::text) FROM intake.webhook_inbox";
    assert!(count(admin, commits).await < 40, "everybody was stored alone");
}

/// A delivery on its way.
type Storing<'g> = Pin<Box<dyn Future<Output = Result<Stored, StoreError>> + Send + 'g>>;

/// As many deliveries as said, none of which another one is, each on its way or waiting. The gateway must be a new one: over a
/// connection that is there already the first might be stored before anybody looks.
fn begun(gateway: &PgInbox, many: u32, at: DateTime<Utc>) -> Vec<Storing<'_>> {
    let mut all: Vec<Storing<'_>> = Vec::new();
    for n in 0..many {
        let mut store = Box::pin(gateway.store(numbered(n, at)));
        assert!(store.as_mut().now_or_never().is_none());
        all.push(store);
    }
    all
}

fn numbered(n: u32, at: DateTime<Utc>) -> ReceivedWebhook {
    webhook(format!("{{\"n\": {n}}}").as_bytes(), at)
}

/// What should come at once, within a time that no machine needs.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(20), work).await;
    done.unwrap_or_else(|_| panic!("nobody took it along"))
}

/// The first is on its way and never comes back. The twentieth behind it takes along at once whoever has come by then, and of
/// few the one who has waited long enough.
#[tokio::test]
async fn nobody_waits_long_for_who_is_on_the_way() {
    for (many, place, together) in [(22, 20, 20), (3, 2, 2)] {
        let database = TestDatabase::fresh().await;
        let at = now(&database).await;
        let gateway = PgInbox::new(database.gateway().clone());
        let mut all = begun(&gateway, many, at);
        assert_eq!(soon(all.remove(place)).await.unwrap(), Stored::New);
        let largest =
            "SELECT max(n) FROM (SELECT count(*) AS n FROM intake.webhook_inbox GROUP BY xmin::text) AS c";
        assert_eq!(count(database.admin_pool(), largest).await, together);
        assert_eq!(soon(all.remove(1)).await.unwrap(), Stored::New);
    }
}

#[tokio::test]
async fn who_stores_a_group_may_be_cancelled_and_nobody_else_is_lost() {
    // Ten: the first is on its way alone, and the second is the next in line. Thirty: the twentieth behind the first has
    // taken all of those along.
    for (many, second) in [(10, 1), (30, 20)] {
        let database = TestDatabase::fresh().await;
        let at = now(&database).await;
        let gateway = PgInbox::new(database.gateway().clone());
        let mut all: Vec<_> = begun(&gateway, many, at).into_iter().map(Some).collect();
        all[0] = None;
        if second == 1 {
            // It takes everybody along.
            assert!(all[1].as_mut().unwrap().as_mut().now_or_never().is_none());
        }
        all[second] = None;
        let stored = soon(futures_util::future::join_all(all.into_iter().flatten())).await;
        assert!(stored.iter().all(Result::is_ok), "{stored:?}");
        for n in (0..many).filter(|n| ![0, second].contains(&usize::try_from(*n).unwrap())) {
            let again = gateway.store(numbered(n, at)).await.unwrap();
            assert_eq!(again, Stored::Duplicate, "{n} was acknowledged and is not there");
        }
    }
}

#[tokio::test]
async fn the_gateway_may_put_in_and_not_look() {
    let database = TestDatabase::fresh().await;
    let webhook = webhook(b"{}", now(&database).await);
    let gateway = PgInbox::new(database.gateway().clone());
    gateway.store(webhook.clone()).await.unwrap();
    assert!(gateway.load(&platform(), webhook.id).await.is_err());

    let worker = PgInbox::new(database.worker().clone());
    let entry = worker.load(&platform(), webhook.id).await.unwrap().unwrap();
    assert_eq!((entry.body, entry.state, entry.event), (webhook.body, InboxState::Received, webhook.event));
    let unknown = InboxId::of(Provider::Retell, "call_ended", "call_2", &[0; 32]);
    assert_eq!(worker.load(&platform(), unknown).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_not_understood_is_kept_and_can_be_replayed() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let at = now(&database).await;
    let mut unreadable = webhook(b"not json", at);
    unreadable.event = String::new();
    unreadable.state = InboxState::Quarantined;
    unreadable.reason = Some("not JSON".to_owned());
    unreadable.job = None;
    let gateway = PgInbox::new(database.gateway().clone());
    assert_eq!(gateway.store(unreadable.clone()).await.unwrap(), Stored::New);
    assert_eq!(count(admin, "SELECT count(*) FROM engine.jobs").await, 0);

    let worker = PgInbox::new(database.worker().clone());
    let listed = worker.list(&platform(), InboxState::Quarantined, 10).await.unwrap();
    assert_eq!((listed.len(), listed[0].id, listed[0].bytes), (1, unreadable.id, 8));
    assert_eq!(listed[0].reason.as_deref(), Some("not JSON"));

    let mut unwanted = webhook(b"not json either", at);
    unwanted.state = InboxState::Unrouted;
    unwanted.job = None;
    gateway.store(unwanted.clone()).await.unwrap();
    assert!(worker.discard(&platform(), unwanted.id).await.unwrap());
    assert!(!worker.discard(&platform(), unwanted.id).await.unwrap());
    let later = at + TimeDelta::seconds(1);
    assert_eq!(worker.erase(&platform(), InboxState::FINISHED, later, 10).await.unwrap(), 0);
    assert_eq!(worker.erase(&platform(), InboxState::FOR_REVIEW, at, 10).await.unwrap(), 0);

    assert!(worker.replay(&platform(), unreadable.id, job(unreadable.id)).await.unwrap());
    assert_eq!(count(admin, "SELECT count(*) FROM engine.jobs").await, 1);
    assert!(
        !worker.replay(&platform(), unreadable.id, job(unreadable.id)).await.unwrap(),
        "it is on its way already"
    );
    assert_eq!(count(admin, "SELECT count(*) FROM engine.jobs").await, 1);
}

#[tokio::test]
async fn a_conclusion_is_kept_until_retention() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await;
    let at = now(&database).await;
    let webhook = webhook(b"{}", at);
    PgInbox::new(database.gateway().clone()).store(webhook.clone()).await.unwrap();
    let worker = PgInbox::new(database.worker().clone());
    let conclusion =
        Conclusion { state: InboxState::Processed, reason: None, tenant: Some(salon.tenant), at };
    for _ in 0..2 {
        worker.conclude(&platform(), webhook.id, conclusion.clone()).await.unwrap();
    }
    let listed = worker.list(&platform(), InboxState::Processed, 10).await.unwrap();
    assert_eq!((listed.len(), listed[0].attempts), (1, 2));

    assert_eq!(
        worker.erase(&platform(), InboxState::FINISHED, at, 10).await.unwrap(),
        0,
        "not older than itself"
    );
    let later = at + TimeDelta::seconds(1);
    assert_eq!(worker.erase(&platform(), InboxState::FOR_REVIEW, later, 10).await.unwrap(), 0);
    assert!(!worker.discard(&platform(), webhook.id).await.unwrap(), "it went where it should");
    assert_eq!(worker.erase(&platform(), InboxState::FINISHED, later, 10).await.unwrap(), 1);
    assert_eq!(worker.load(&platform(), webhook.id).await.unwrap(), None);
}
