//! The inbox: what providers sent, byte for byte, before anybody has understood it.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{CorrelationId, JobSpec, PlatformScope, StoreError, TenantId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

kernel::define_id!(
    /// One stored webhook. It is derived from what was sent ([`InboxId::of`]), so a repeated delivery has the same id.
    InboxId,
    "inb"
);

impl InboxId {
    /// The id of a delivery: provider, event, subject and the digest of the body decide it.
    ///
    /// A gateway may insert into the inbox but not read it, so it could not learn the id of a row that is already
    /// there; an id that follows from the content lets the job of a repeated delivery find the first one's row.
    #[must_use]
    pub fn of(provider: Provider, event: &str, subject: &str, body_sha256: &[u8; 32]) -> Self {
        let mut digest = Sha256::new();
        for part in [provider.code().as_bytes(), event.as_bytes(), subject.as_bytes(), body_sha256] {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        }
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest.finalize()[..16]);
        Self::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// Who sends webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// The voice provider.
    Retell,
    /// The provider of outside calendars.
    Calcom,
}

impl Provider {
    /// The code that is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Retell => "retell",
            Self::Calcom => "calcom",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is no provider's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider")]
pub struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        match text {
            "retell" => Ok(Self::Retell),
            "calcom" => Ok(Self::Calcom),
            _ => Err(UnknownProvider),
        }
    }
}

/// Where a stored webhook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InboxState {
    /// Stored, waits for its job.
    Received,
    /// Its effects are done.
    Processed,
    /// Understood, and nothing follows from it.
    Ignored,
    /// Understood, but it belongs to no active tenant; for review.
    Unrouted,
    /// Not understood; for review and replay.
    Quarantined,
}

impl InboxState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Received, Self::Processed, Self::Ignored, Self::Unrouted, Self::Quarantined];

    /// States of webhooks that nobody needs to look at again.
    pub const FINISHED: &'static [Self] = &[Self::Processed, Self::Ignored];
    /// States of webhooks that wait for a person.
    pub const FOR_REVIEW: &'static [Self] = &[Self::Unrouted, Self::Quarantined];

    /// The code that is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processed => "processed",
            Self::Ignored => "ignored",
            Self::Unrouted => "unrouted",
            Self::Quarantined => "quarantined",
        }
    }
}

/// The text is no state's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown state of a stored webhook")]
pub struct UnknownInboxState;

impl FromStr for InboxState {
    type Err = UnknownInboxState;

    fn from_str(text: &str) -> Result<Self, UnknownInboxState> {
        Self::ALL.into_iter().find(|state| state.code() == text).ok_or(UnknownInboxState)
    }
}

/// One delivery as it arrived, with what shall become of it.
#[derive(Clone, PartialEq)]
pub struct ReceivedWebhook {
    /// Follows from the content; see [`InboxId::of`].
    pub id: InboxId,
    /// Who sent it.
    pub provider: Provider,
    /// The provider's name of the event; empty if the body could not be read.
    pub event: String,
    /// What it is about in the provider's words (the call's id); empty if unknown.
    pub subject: String,
    /// SHA-256 of the body.
    pub body_sha256: [u8; 32],
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Product time of arrival.
    pub received_at: DateTime<Utc>,
    /// The chain that this delivery starts.
    pub correlation: CorrelationId,
    /// State of the new row.
    pub state: InboxState,
    /// Why it is in that state; `None` for [`InboxState::Received`]. No personal data.
    pub reason: Option<String>,
    /// The job that processes it; inserted in the same statement. Its `unique_key` names the row.
    pub job: Option<JobSpec>,
}

impl fmt::Debug for ReceivedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedWebhook")
            .field("id", &self.id)
            .field("event", &self.event)
            .field("bytes", &self.body.len())
            .field("state", &self.state)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// What [`Inbox::store`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The delivery was new and is on disk with its job.
    New,
    /// The same bytes for the same event and subject are there already; nothing was written but, at most, a job
    /// that will find the row processed.
    Duplicate,
}

/// A stored webhook, for its job.
#[derive(Clone, PartialEq)]
pub struct InboxEntry {
    /// Its id.
    pub id: InboxId,
    /// Who sent it.
    pub provider: Provider,
    /// The provider's name of the event.
    pub event: String,
    /// What it is about, in the provider's words.
    pub subject: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Product time of arrival.
    pub received_at: DateTime<Utc>,
    /// Where it stands.
    pub state: InboxState,
}

impl fmt::Debug for InboxEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxEntry")
            .field("id", &self.id)
            .field("event", &self.event)
            .field("bytes", &self.body.len())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A stored webhook in a list for operators: without the body, which holds personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxSummary {
    /// Its id.
    pub id: InboxId,
    /// Who sent it.
    pub provider: Provider,
    /// The provider's name of the event.
    pub event: String,
    /// What it is about, in the provider's words.
    pub subject: String,
    /// Size of the body.
    pub bytes: u64,
    /// Product time of arrival.
    pub received_at: DateTime<Utc>,
    /// Where it stands.
    pub state: InboxState,
    /// Why.
    pub reason: Option<String>,
    /// How often its job concluded something about it (column `attempts`).
    pub attempts: i32,
}

/// How the processing of a stored webhook ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The new state.
    pub state: InboxState,
    /// Why; `None` if it went as it should. No personal data.
    pub reason: Option<String>,
    /// Whose it turned out to be.
    pub tenant: Option<TenantId>,
    /// Product time.
    pub at: DateTime<Utc>,
}

/// Port: the inbox.
///
/// [`store`](Self::store) is the gateway's and needs INSERT rights alone; everything else is the worker's and the
/// operators'.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores the row and its job durably in one round trip; the answer to the provider waits for it.
    ///
    /// Idempotent by (provider, event, subject, body digest). The job, if any, carries `webhook.correlation` and no
    /// tenant.
    ///
    /// Unscoped: nobody knows yet whose webhook it is.
    async fn store(&self, webhook: ReceivedWebhook) -> Result<Stored, StoreError>;

    /// The row; `None` if there is none (erased by retention).
    async fn load(&self, scope: &PlatformScope, id: InboxId) -> Result<Option<InboxEntry>, StoreError>;

    /// Records how processing ended, and counts the attempt. Repeating it changes nothing but the counter.
    async fn conclude(
        &self,
        scope: &PlatformScope,
        id: InboxId,
        conclusion: Conclusion,
    ) -> Result<(), StoreError>;

    /// Rows in `state`, newest first, at most `limit`.
    async fn list(
        &self,
        scope: &PlatformScope,
        state: InboxState,
        limit: u32,
    ) -> Result<Vec<InboxSummary>, StoreError>;

    /// Puts a quarantined or unrouted row back to `received` and inserts `job`, in one transaction. `false` if there
    /// is no such row or it is in another state.
    async fn replay(&self, scope: &PlatformScope, id: InboxId, job: JobSpec) -> Result<bool, StoreError>;

    /// Deletes a quarantined or unrouted row for good. `false` if there is no such row or it is in another state.
    async fn discard(&self, scope: &PlatformScope, id: InboxId) -> Result<bool, StoreError>;

    /// Deletes rows in one of `states` that arrived before `before`, at most `limit`; how many it were.
    async fn erase(
        &self,
        scope: &PlatformScope,
        states: &'static [InboxState],
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError>;
}

/// SHA-256 of a body.
#[must_use]
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// The uuid inside, as jobs carry it.
impl From<InboxId> for Uuid {
    fn from(id: InboxId) -> Self {
        id.as_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_follows_from_every_part_and_from_nothing_else() {
        let digest = body_digest(b"{}");
        let id = InboxId::of(Provider::Retell, "call_ended", "call_1", &digest);
        assert_eq!(id, InboxId::of(Provider::Retell, "call_ended", "call_1", &digest));
        for other in [
            InboxId::of(Provider::Retell, "call_ende", "dcall_1", &digest),
            InboxId::of(Provider::Retell, "call_started", "call_1", &digest),
            InboxId::of(Provider::Retell, "call_ended", "call_2", &digest),
            InboxId::of(Provider::Retell, "call_ended", "call_1", &body_digest(b"{ }")),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in InboxState::ALL {
            assert_eq!(state.code().parse::<InboxState>(), Ok(state));
        }
        assert!("done".parse::<InboxState>().is_err());
        assert_eq!("retell".parse::<Provider>(), Ok(Provider::Retell));
    }

    #[test]
    fn a_body_is_not_shown() {
        let body = br#"{"from_number":"+491701112233"}"#.to_vec();
        let shown = format!(
            "{:?}",
            InboxEntry {
                id: InboxId::from_uuid(Uuid::from_u128(1)),
                provider: Provider::Retell,
                event: "call_ended".to_owned(),
                subject: "call_1".to_owned(),
                body,
                received_at: DateTime::UNIX_EPOCH,
                state: InboxState::Received,
            }
        );
        assert!(!shown.contains("1112233"), "{shown}");
    }
}
