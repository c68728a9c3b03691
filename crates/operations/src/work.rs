//! Background work that the use cases of this crate set in motion, by name and payload.
//!
//! Kinds and payloads are promises: work that an older process enqueued must still be understood. Tests pin them.

use kernel::JobSpec;
use serde::{Deserialize, Serialize};

use crate::ports::InboxId;

/// Process one stored webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessWebhook {
    /// Which one.
    pub inbox_id: InboxId,
}

impl ProcessWebhook {
    /// Stable name of the kind.
    pub const KIND: &'static str = "process_webhook";

    /// The job for a stored webhook about `subject`.
    ///
    /// Webhooks of one subject run one after another, so that the events of one call do not compete for its row. They
    /// go before ordinary work: bills and lists wait for them.
    #[must_use]
    pub fn job(self, subject: &str) -> JobSpec {
        let id = self.inbox_id;
        let mut job =
            JobSpec::new(Self::KIND, json_of(&self)).in_queue("gateway").unique(format!("webhook:{id}"));
        if !subject.is_empty() {
            job = job.serial(format!("subject:{subject}"));
        }
        JobSpec { priority: 50, ..job }
    }
}

/// Payloads hold ids only, for which writing JSON cannot fail.
fn json_of(payload: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn kind_payload_and_keys_are_pinned() {
        let work = ProcessWebhook { inbox_id: InboxId::from_uuid(Uuid::from_u128(1)) };
        let job = work.clone().job("call_a1");
        assert_eq!((job.kind, job.queue, job.priority), ("process_webhook", "gateway", 50));
        assert_eq!(job.payload, json!({"inbox_id": "inb_00000000000000000000000000000001"}));
        assert_eq!(job.unique_key.as_deref(), Some("webhook:inb_00000000000000000000000000000001"));
        assert_eq!(job.serial_key.as_deref(), Some("subject:call_a1"));
        assert_eq!(work.job("").serial_key, None);
    }
}
