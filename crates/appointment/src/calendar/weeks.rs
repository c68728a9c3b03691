//! What an outside calendar offered, where several processes may look at one answer.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::TenantScope;
use uuid::Uuid;

use super::remote::{CalendarLink, ConnectionId, RemoteEventType};
use crate::model::Minute;

/// Stands for everything that is known to have happened at an account that concerns one event type. Two of them are equal
/// or not, and neither is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventTypeVersion {
    /// Changes with every change that may concern anything there.
    pub account: Uuid,
    /// Changes with every change that concerns this event type.
    pub event_type: Uuid,
}

/// One week of one event type, as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedWeek {
    /// The starts on offer, ascending.
    pub starts: Vec<Minute>,
    /// When they were asked for, in real time.
    pub fetched_at: DateTime<Utc>,
    /// The version before they were asked for: a change meanwhile makes the answer old.
    pub version: EventTypeVersion,
}

/// Port: what processes tell each other about outside calendars. It cannot fail: an implementation without its memory
/// knows nothing and keeps nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OfferedWeeks: Send + Sync {
    /// The version of an event type now; `None` if nobody can tell.
    async fn version(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_type: &RemoteEventType,
    ) -> Option<EventTypeVersion>;

    /// Something happened at an account that concerns these event types, or, if none is named, all of them: from now on
    /// they have other versions. `false` if nobody could be told.
    async fn changed(
        &self,
        scope: &TenantScope,
        connection: ConnectionId,
        event_types: &[RemoteEventType],
    ) -> bool;

    /// The week as somebody fetched it last, whatever its version and age.
    async fn find(&self, scope: &TenantScope, link: &CalendarLink, week: i64) -> Option<OfferedWeek>;

    /// Keeps a week for the others.
    async fn keep(&self, scope: &TenantScope, link: &CalendarLink, week: i64, offered: &OfferedWeek);
}
