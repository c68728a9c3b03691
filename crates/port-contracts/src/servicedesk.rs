//! What every store of callbacks does: [`CallbackRepository`].
//!
//! An implementation gives a fixture and lists the suite: `port_contracts::servicedesk_contract!(fixture);` where
//! `fixture` is an `async fn() -> CallbackFixture` that starts from a store without callbacks each time.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

use std::any::Any;
use std::sync::Arc;

use kernel::{
    BranchId, CallId, ChangeSet, Claim, CommitError, CustomerId, IdempotencyKey, PersonName, PhoneNumber,
    RandomIds, RequestHash, TenantScope,
};
use serde_json::json;
use servicedesk::testing::callback;
use servicedesk::{
    Callback, CallbackId, CallbackReason, CallbackRepository, CallbackSnapshot, CallbackStatus,
    CallbackWrite, Overdue, Priority,
};

/// A store without callbacks, and what its rows may refer to.
pub struct CallbackFixture {
    /// The store.
    pub callbacks: Arc<dyn CallbackRepository>,
    /// A tenant.
    pub scope: TenantScope,
    /// A branch of that tenant.
    pub branch: BranchId,
    /// A customer of that tenant.
    pub customer: CustomerId,
    /// A call of that tenant.
    pub call: CallId,
    /// Another tenant.
    pub stranger: TenantScope,
    /// Whatever must live as long as the fixture (a database).
    pub guard: Box<dyn Any + Send>,
}

/// Runs every rule of the store of callbacks as a test of its own.
#[macro_export]
macro_rules! servicedesk_contract {
    ($fixture:path) => {
        $crate::servicedesk_contract!(@each $fixture;
            a_callback_comes_back,
            every_word_of_a_callback_is_storable,
            a_callback_is_moved_on_in_turn,
            a_stranger_sees_no_callback,
            what_is_overdue_is_found_in_pieces,
            a_change_of_callbacks_is_all_or_nothing,
        );
    };
    (@each $fixture:path; $($rule:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::servicedesk::$rule(&$fixture().await).await;
            }
        )+
    };
}

fn fresh() -> CallbackSnapshot {
    CallbackSnapshot { id: CallbackId::generate(&RandomIds), ..callback(1) }
}

async fn insert(fixture: &CallbackFixture, row: &CallbackSnapshot) -> Result<(), CommitError> {
    let change = ChangeSet::one(CallbackWrite::Insert(row.clone()));
    fixture.callbacks.commit(&fixture.scope, change).await
}

async fn stored(fixture: &CallbackFixture, id: CallbackId) -> Option<CallbackSnapshot> {
    fixture.callbacks.find(&fixture.scope, id).await.unwrap()
}

/// Every field, with everything (texts as long as they may be) and with nothing that may be missing.
pub async fn a_callback_comes_back(fixture: &CallbackFixture) {
    let whole = CallbackSnapshot {
        branch: Some(fixture.branch),
        customer: Some(fixture.customer),
        call: Some(fixture.call),
        phone: Some(PhoneNumber::from_e164("+491701112233").unwrap()),
        name: Some(PersonName::clean("Jörg Groß").unwrap()),
        note: Some("ä".repeat(Callback::MAX_NOTE_CHARS)),
        preferred_window: Some("ü".repeat(Callback::MAX_WINDOW_CHARS)),
        priority: Priority::Urgent,
        escalated_at: Some(callback(1).due_at),
        ..fresh()
    };
    let bare = fresh();
    for row in [whole, bare] {
        insert(fixture, &row).await.unwrap();
        assert_eq!(stored(fixture, row.id).await, Some(row));
    }
    assert_eq!(stored(fixture, CallbackId::generate(&RandomIds)).await, None);
}

/// No word of the model is missing in the store.
pub async fn every_word_of_a_callback_is_storable(fixture: &CallbackFixture) {
    let by_reason = CallbackReason::ALL.iter().map(|reason| CallbackSnapshot { reason: *reason, ..fresh() });
    let by_priority =
        Priority::ALL.iter().map(|priority| CallbackSnapshot { priority: *priority, ..fresh() });
    let by_status = CallbackStatus::ALL.iter().map(|status| CallbackSnapshot { status: *status, ..fresh() });
    for row in by_reason.chain(by_priority).chain(by_status) {
        insert(fixture, &row).await.unwrap();
        assert_eq!(stored(fixture, row.id).await, Some(row));
    }
}

/// An update needs the version it was decided on; the loser writes nothing.
pub async fn a_callback_is_moved_on_in_turn(fixture: &CallbackFixture) {
    let first = fresh();
    insert(fixture, &first).await.unwrap();
    let update = |status| {
        let next = CallbackSnapshot { status, version: 2, ..first.clone() };
        ChangeSet::one(CallbackWrite::Update { next, expected: 1 })
    };
    let commit = |change| fixture.callbacks.commit(&fixture.scope, change);
    commit(update(CallbackStatus::Assigned)).await.unwrap();
    let result = commit(update(CallbackStatus::Cancelled)).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    let now = stored(fixture, first.id).await.unwrap();
    assert_eq!((now.status, now.version), (CallbackStatus::Assigned, 2));
    let unknown = CallbackWrite::Update { next: fresh(), expected: 1 };
    let result = commit(ChangeSet::one(unknown)).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
}

/// Only open callbacks whose time is over count; marked ones are counted and not listed again.
pub async fn what_is_overdue_is_found_in_pieces(fixture: &CallbackFixture) {
    let due = callback(1).due_at;
    let mut late = Vec::new();
    for status in [CallbackStatus::Pending, CallbackStatus::Assigned, CallbackStatus::Contacted] {
        let row = CallbackSnapshot { status, ..fresh() };
        insert(fixture, &row).await.unwrap();
        late.push(row.id);
    }
    late.sort();
    for row in [
        CallbackSnapshot { escalated_at: Some(due), ..fresh() },
        CallbackSnapshot { status: CallbackStatus::Completed, ..fresh() },
        CallbackSnapshot { due_at: due + chrono::TimeDelta::hours(1), ..fresh() },
    ] {
        insert(fixture, &row).await.unwrap();
    }
    let look = |now, after, limit| fixture.callbacks.overdue(&fixture.scope, now, after, limit);
    assert_eq!(look(due, None, 10).await.unwrap(), Overdue::default(), "on the minute is in time");
    let now = due + chrono::TimeDelta::minutes(1);
    let first = look(now, None, 2).await.unwrap();
    assert_eq!((first.total, &first.unmarked[..]), (4, &late[..2]));
    let rest = look(now, Some(late[1]), 2).await.unwrap();
    assert_eq!((rest.total, &rest.unmarked[..]), (4, &late[2..]));
    let stranger = fixture.callbacks.overdue(&fixture.stranger, now, None, 10).await.unwrap();
    assert_eq!(stranger, Overdue::default());
}

/// Another tenant neither reads nor changes, also with id and version in hand.
pub async fn a_stranger_sees_no_callback(fixture: &CallbackFixture) {
    let row = fresh();
    insert(fixture, &row).await.unwrap();
    let found = fixture.callbacks.find(&fixture.stranger, row.id).await;
    assert_eq!(found.unwrap(), None);
    let next = CallbackSnapshot { status: CallbackStatus::Cancelled, version: 2, ..row.clone() };
    let change = ChangeSet::one(CallbackWrite::Update { next, expected: 1 });
    let result = fixture.callbacks.commit(&fixture.stranger, change).await;
    assert!(matches!(result, Err(CommitError::Stale)), "{result:?}");
    assert_eq!(stored(fixture, row.id).await, Some(row));
}

/// A write that fails takes those before it along, and a repeated claim promises nothing twice.
pub async fn a_change_of_callbacks_is_all_or_nothing(fixture: &CallbackFixture) {
    let (first, second, third) = (fresh(), fresh(), fresh());
    insert(fixture, &first).await.unwrap();
    let change = ChangeSet::new()
        .write(CallbackWrite::Insert(second.clone()))
        .write(CallbackWrite::Insert(first.clone()));
    let result = fixture.callbacks.commit(&fixture.scope, change).await;
    assert!(matches!(result, Err(CommitError::Refused { .. })), "{result:?}");
    assert_eq!(stored(fixture, second.id).await, None);

    let claimed = |row: &CallbackSnapshot| {
        ChangeSet::one(CallbackWrite::Insert(row.clone())).claim(Some(Claim {
            key: IdempotencyKey::new("one and the same"),
            request: RequestHash([3; 32]),
            outcome: json!({"done": true}),
        }))
    };
    let commit = |change| fixture.callbacks.commit(&fixture.scope, change);
    commit(claimed(&second)).await.unwrap();
    let result = commit(claimed(&third)).await;
    assert!(matches!(result, Err(CommitError::AlreadyClaimed)), "{result:?}");
    assert_eq!(stored(fixture, second.id).await, Some(second));
    assert_eq!(stored(fixture, third.id).await, None);
}
