use super::*;
use crate::testing::InMemoryCallbacks;
use chrono::TimeDelta;
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{Classify, CommitError, ErrorClass, IdempotencyKey, RequestHash};
use serde_json::Value;
use uuid::Uuid;

fn noon() -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12)
}

fn service() -> (CallbackService, Arc<InMemoryCallbacks>) {
    let store = Arc::new(InMemoryCallbacks::default());
    let clock = Arc::new(FixedClock::at(noon()));
    let service = CallbackService::new(store.clone(), clock, Arc::new(SequentialIds::default()));
    (service, store)
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

fn branch() -> BranchId {
    BranchId::from_uuid(Uuid::from_u128(77))
}

fn claim() -> Claim {
    Claim { key: IdempotencyKey::new("call:tool"), request: RequestHash([1; 32]), outcome: Value::Null }
}

#[tokio::test]
async fn the_reason_proposes_the_priority_and_the_priority_the_due_time() {
    let (service, store) = service();
    let scope = scope(1, Some(branch()));
    for (reason, chosen, hours) in [
        (CallbackReason::Requested, None, 24),
        (CallbackReason::IdentityUnproven, None, 4),
        (CallbackReason::PartialBooking, None, 2),
        (CallbackReason::Requested, Some(Priority::Urgent), 2),
    ] {
        let request = RequestCallback {
            priority: chosen,
            ..RequestCallback::because(reason, Caller::Known(phone("+491701112233")))
        };
        let callback = service.request(&scope, request, None).await.unwrap();
        assert_eq!(callback.due_at(), noon() + TimeDelta::hours(hours));
        assert_eq!(callback.status(), CallbackStatus::Pending);
        assert_eq!(callback.snapshot().branch, Some(branch()));
        assert_eq!(service.find(&scope, callback.id()).await.unwrap(), Some(callback));
    }
    assert_eq!(store.events().len(), 4);
    assert!(store.events().iter().all(|event| event.name == "callback.requested"));
}

#[tokio::test]
async fn a_promise_needs_a_number() {
    let (service, store) = service();
    let scope = scope(1, None);
    let anonymous = RequestCallback::because(CallbackReason::Requested, Caller::Anonymous);
    let error = service.request(&scope, anonymous.clone(), None).await.unwrap_err();
    assert!(matches!(error, RequestError::NumberRequired));
    assert_eq!(error.class(), ErrorClass::CallerMistake);
    assert!(store.all().is_empty());

    let given = RequestCallback { phone: Some(phone("+491701112233")), ..anonymous };
    let callback = service.request(&scope, given, None).await.unwrap();
    assert_eq!(callback.phone(), Some(&phone("+491701112233")));

    let both = RequestCallback {
        phone: Some(phone("+491709999999")),
        ..RequestCallback::because(CallbackReason::Requested, Caller::Known(phone("+491701112233")))
    };
    let callback = service.request(&scope, both, None).await.unwrap();
    assert_eq!(callback.phone(), Some(&phone("+491709999999")));
}

#[tokio::test]
async fn a_repetition_promises_nothing_twice() {
    let (service, store) = service();
    let scope = scope(1, None);
    let request = RequestCallback::because(CallbackReason::Requested, Caller::Known(phone("+491701112233")));
    service.request(&scope, request.clone(), Some(claim())).await.unwrap();
    let error = service.request(&scope, request, Some(claim())).await.unwrap_err();
    assert!(matches!(error, RequestError::Commit(CommitError::AlreadyClaimed)));
    assert_eq!((store.all().len(), store.events().len()), (1, 1));
}

#[tokio::test]
async fn a_callback_is_moved_on_by_its_own_tenant() {
    let (service, store) = service();
    let scope = scope(1, None);
    let request = RequestCallback::because(CallbackReason::Requested, Caller::Known(phone("+491701112233")));
    let id = service.request(&scope, request, None).await.unwrap().id();
    let skipped = service.advance(&scope, id, CallbackStatus::Completed).await;
    assert!(matches!(skipped, Err(AdvanceError::NotAllowed { .. })));
    for step in [CallbackStatus::Assigned, CallbackStatus::Contacted, CallbackStatus::Completed] {
        assert_eq!(service.advance(&scope, id, step).await.unwrap().status(), step);
    }
    let stranger = kernel::testing::scope(2, None);
    let result = service.advance(&stranger, id, CallbackStatus::Cancelled).await;
    assert!(matches!(result, Err(AdvanceError::Unknown)));
    assert_eq!(store.events().len(), 4);
}

#[tokio::test]
async fn whom_to_ask_for_may_be_said_later_while_somebody_calls() {
    let (service, store) = service();
    let scope = scope(1, Some(branch()));
    let request = RequestCallback::because(CallbackReason::Requested, Caller::Known(phone("+491701112233")));
    let callback = service.request(&scope, request, None).await.unwrap();
    let name = |text: &str| PersonName::clean(text).unwrap();
    let stored = async || service.find(&scope, callback.id()).await.unwrap().unwrap().snapshot().clone();
    for (said, version) in [("Lia Veit", 2), ("Lia Veit", 2), ("Lia Veith", 3)] {
        service.name(&scope, callback.id(), name(said)).await.unwrap();
        let now = stored().await;
        assert_eq!((now.name.clone(), now.version), (Some(name(said)), version));
    }
    service.advance(&scope, callback.id(), CallbackStatus::Cancelled).await.unwrap();
    service.name(&scope, callback.id(), name("Otto Klar")).await.unwrap();
    assert_eq!(stored().await.name, Some(name("Lia Veith")));
    assert_eq!(store.events().len(), 2, "a name is told to nobody");
}
