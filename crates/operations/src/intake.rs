//! Receiving webhooks: store first, understand later.
//!
//! The provider is answered as soon as the bytes are on disk. Whatever goes wrong afterwards can be repeated from them.

use std::sync::Arc;

use kernel::{Clock, CorrelationId, JobSpec, PlatformScope, StoreError};

use crate::ports::{
    Inbox, InboxId, InboxState, InboxSummary, Provider, ReceivedWebhook, Stored, body_digest,
};
use crate::work::ProcessWebhook;

/// Longest event name that is kept, in characters: what the inbox takes. Real ones have fewer than 40, and a longer one
/// must be cut, since a delivery that cannot be stored is sent again for ever.
pub const MAX_EVENT_CHARS: usize = 100;
/// Longest subject that is kept, in characters. Real ones have fewer than 40.
pub const MAX_SUBJECT_CHARS: usize = 120;
/// Largest body that the inbox takes, in bytes.
pub const MAX_BODY_BYTES: usize = 8 << 20;
/// Longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 300;

/// One delivery whose signature holds.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Who sent it.
    pub provider: Provider,
    /// The provider's name of the event; empty if unknown.
    pub event: &'a str,
    /// What it is about (the call's id); empty if unknown.
    pub subject: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The chain that it starts.
    pub correlation: CorrelationId,
}

/// What shall become of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A job processes it.
    Process,
    /// It was answered while the sender waited; nothing is left to do.
    Answered,
    /// It belongs to no active tenant; the reason is a code.
    Unrouted(&'static str),
    /// It cannot be understood; the reason says how far one got, without quoting it.
    Quarantine(String),
}

/// Use case: receive webhooks, look through those that went nowhere, and let them go again.
#[derive(Clone)]
pub struct WebhookIntake {
    inbox: Arc<dyn Inbox>,
    clock: Arc<dyn Clock>,
}

impl WebhookIntake {
    /// Intake into this inbox.
    #[must_use]
    pub fn new(inbox: Arc<dyn Inbox>, clock: Arc<dyn Clock>) -> Self {
        Self { inbox, clock }
    }

    /// Stores a delivery. When this returns it survives a crash; a repetition of the same bytes stores nothing.
    ///
    /// # Errors
    /// The store's failure: then the delivery must be refused, so that the provider sends it again.
    pub async fn receive(&self, delivery: Delivery<'_>, admission: Admission) -> Result<Stored, StoreError> {
        let event = storable(delivery.event, MAX_EVENT_CHARS);
        let subject = storable(delivery.subject, MAX_SUBJECT_CHARS);
        let body_sha256 = body_digest(delivery.body);
        let id = InboxId::of(delivery.provider, &event, &subject, &body_sha256);
        let job = (admission == Admission::Process).then(|| ProcessWebhook { inbox_id: id }.job(&subject));
        let (state, reason) = match admission {
            Admission::Process => (InboxState::Received, None),
            Admission::Answered => (InboxState::Processed, None),
            Admission::Unrouted(reason) => (InboxState::Unrouted, Some(reason.to_owned())),
            Admission::Quarantine(reason) => {
                (InboxState::Quarantined, Some(storable(&reason, MAX_REASON_CHARS)))
            }
        };
        self.inbox
            .store(ReceivedWebhook {
                id,
                provider: delivery.provider,
                event,
                subject,
                body_sha256,
                body: delivery.body.to_vec(),
                received_at: self.clock.now(),
                correlation: delivery.correlation,
                state,
                reason,
                job,
            })
            .await
    }

    /// Stored webhooks in a state that needs a person, newest first, at most 200.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn list(
        &self,
        scope: &PlatformScope,
        state: InboxState,
        limit: u32,
    ) -> Result<Vec<InboxSummary>, StoreError> {
        self.inbox.list(scope, state, limit.min(200)).await
    }

    /// Processes a quarantined or unrouted webhook again, after whatever kept it from being understood was mended.
    /// `false` if there is none with that id in one of those states.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn replay(&self, scope: &PlatformScope, id: InboxId) -> Result<bool, StoreError> {
        let Some(entry) = self.inbox.load(scope, id).await? else {
            return Ok(false);
        };
        let job: JobSpec = ProcessWebhook { inbox_id: id }.job(&entry.subject);
        self.inbox.replay(scope, id, job).await
    }

    /// Deletes a quarantined or unrouted webhook that nothing shall come of. `false` if there is none with that id in
    /// one of those states.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn discard(&self, scope: &PlatformScope, id: InboxId) -> Result<bool, StoreError> {
        let discarded = self.inbox.discard(scope, id).await?;
        if discarded {
            // It belongs to no company, so there is no company's audit log that it could stand in.
            tracing::info!(inbox.id = %id, actor = %scope.actor(), "a stored webhook was discarded");
        }
        Ok(discarded)
    }
}

/// Text from outside as a store takes it: no control characters, and not longer than it must be.
fn storable(text: &str, max_chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use kernel::Actor;
    use kernel::testing::FixedClock;
    use uuid::Uuid;

    use super::*;
    use crate::testing::InMemoryInbox;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn delivery(body: &[u8]) -> Delivery<'_> {
        Delivery {
            provider: Provider::Retell,
            event: "call_ended",
            subject: "call_a1",
            body,
            correlation: CorrelationId::from_uuid(Uuid::from_u128(9)),
        }
    }

    fn scope() -> PlatformScope {
        PlatformScope::new(Actor::Operator("test".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(1)))
    }

    fn intake() -> (WebhookIntake, Arc<InMemoryInbox>) {
        let inbox = Arc::new(InMemoryInbox::default());
        (WebhookIntake::new(inbox.clone(), Arc::new(FixedClock::at(at()))), inbox)
    }

    #[tokio::test]
    async fn a_delivery_is_stored_once_with_its_job() {
        let (intake, inbox) = intake();
        let first = intake.receive(delivery(b"{}"), Admission::Process).await.unwrap();
        let again = intake.receive(delivery(b"{}"), Admission::Process).await.unwrap();
        let other = intake.receive(delivery(b"{ }"), Admission::Process).await.unwrap();
        assert_eq!((first, again, other), (Stored::New, Stored::Duplicate, Stored::New));
        let rows = inbox.list(&scope(), InboxState::Received, 9).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.received_at == at()));
        assert_eq!(inbox.jobs().len(), 2, "the second job has the first one's unique key");
    }

    #[tokio::test]
    async fn what_was_answered_or_not_understood_has_no_job() {
        let (intake, inbox) = intake();
        intake.receive(delivery(b"1"), Admission::Answered).await.unwrap();
        intake.receive(delivery(b"2"), Admission::Unrouted("unknown_number")).await.unwrap();
        let odd = Delivery { event: "a\u{0}b", subject: &"x".repeat(500), ..delivery(b"\xff\x00") };
        intake.receive(odd, Admission::Quarantine("not JSON\u{0}".to_owned())).await.unwrap();
        assert_eq!(inbox.jobs(), Vec::new());
        let kept = inbox.list(&scope(), InboxState::Quarantined, 9).await.unwrap();
        assert_eq!(kept[0].event, "ab");
        assert_eq!(kept[0].subject.len(), MAX_SUBJECT_CHARS);
        assert_eq!(kept[0].reason.as_deref(), Some("not JSON"));
        let unrouted = inbox.list(&scope(), InboxState::Unrouted, 9).await.unwrap();
        assert_eq!(unrouted[0].reason.as_deref(), Some("unknown_number"));
    }

    #[tokio::test]
    async fn only_what_went_nowhere_can_be_replayed() {
        let (intake, inbox) = intake();
        intake.receive(delivery(b"2"), Admission::Unrouted("unknown_number")).await.unwrap();
        let id = inbox.list(&scope(), InboxState::Unrouted, 9).await.unwrap()[0].id;
        assert!(intake.replay(&scope(), id).await.unwrap());
        assert_eq!(inbox.jobs().len(), 1);
        assert!(!intake.replay(&scope(), id).await.unwrap(), "it is on its way already");
        let nobody = InboxId::from_uuid(Uuid::from_u128(5));
        assert!(!intake.replay(&scope(), nobody).await.unwrap());
    }

    #[tokio::test]
    async fn only_what_went_nowhere_can_be_discarded() {
        let (intake, inbox) = intake();
        intake.receive(delivery(b"1"), Admission::Quarantine("not JSON".to_owned())).await.unwrap();
        intake.receive(delivery(b"2"), Admission::Unrouted("unknown_number")).await.unwrap();
        intake.receive(delivery(b"3"), Admission::Process).await.unwrap();
        intake.receive(delivery(b"4"), Admission::Answered).await.unwrap();
        for row in inbox.all() {
            let waits = matches!(row.state, InboxState::Quarantined | InboxState::Unrouted);
            assert_eq!(intake.discard(&scope(), row.id).await.unwrap(), waits, "{row:?}");
            assert!(!intake.discard(&scope(), row.id).await.unwrap(), "once");
        }
        assert_eq!(inbox.all().len(), 2);
    }
}
