//! Processes one stored webhook of the voice provider.
//!
//! Enqueued with the row, in the statement that stored it. Idempotent: a row that is no longer `received` is left alone,
//! and merging an event into its call twice changes nothing.
//!
//! What cannot be decoded is quarantined, not retried: the same bytes will not decode tomorrow. After the decoder has
//! been mended the row is replayed by an operator. Everything else that fails is tried again.

use adapter_retell::decode::{self, DecodeError};
use async_trait::async_trait;
use call::CallError;
use operations::WebhookProcessing;
use operations::ports::{InboxEntry, Provider};
use operations::processing::{CallNews, Processed, ProcessingError};
use operations::work::ProcessWebhook;

use crate::handler::{JobContext, JobFailure, JobHandler};

/// The handler.
#[derive(Clone)]
pub struct ProcessWebhookHandler(pub WebhookProcessing);

/// What a stored body turned out to be.
enum Content {
    News(Box<CallNews>),
    Nothing(&'static str),
    Unreadable(&'static str),
}

#[async_trait]
impl JobHandler for ProcessWebhookHandler {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let ProcessWebhook { inbox_id } = context.payload()?;
        let platform = context.platform();
        let Some(entry) = self.0.waiting(platform, inbox_id).await? else {
            return Ok(());
        };
        let result = match read(&entry) {
            Content::Nothing(reason) => {
                self.0.ignore(platform, inbox_id, reason).await?;
                "ignored"
            }
            Content::Unreadable(reason) => {
                tracing::error!(inbox_id = %inbox_id, reason, "a webhook was quarantined");
                self.0.quarantine(platform, inbox_id, reason).await?;
                "quarantined"
            }
            Content::News(news) => match self.0.apply(platform, &entry, *news).await {
                Ok(Processed::Applied { changed: true, .. }) => "applied",
                Ok(Processed::Applied { changed: false, .. }) => "repeated",
                Ok(Processed::Unrouted(reason)) => {
                    metrics::counter!("webhooks_unrouted_total", "reason" => reason).increment(1);
                    tracing::warn!(inbox_id = %inbox_id, reason, "a webhook belongs to no active tenant");
                    "unrouted"
                }
                Err(error) => return Err(failure(&error)),
            },
        };
        metrics::counter!("webhooks_processed_total", "result" => result).increment(1);
        Ok(())
    }
}

fn read(entry: &InboxEntry) -> Content {
    let Provider::Retell = entry.provider;
    match decode::webhook(&entry.body) {
        Ok(decoded) => match (decoded.call, decoded.signal) {
            (Some(provider_call_id), Some(signal)) => Content::News(Box::new(CallNews {
                provider_call_id,
                from_number: decoded.from_number,
                to_number: decoded.to_number,
                signal,
            })),
            _ => Content::Nothing("says_nothing_about_a_call"),
        },
        Err(DecodeError::NotJson) => Content::Unreadable("not JSON"),
        Err(DecodeError::Undecodable { reason, .. }) => Content::Unreadable(reason),
    }
}

fn failure(error: &ProcessingError) -> JobFailure {
    match error {
        // Somebody made the call known between our look and our write: the next look finds it.
        ProcessingError::Call(CallError::ForeignCall) => JobFailure::retry(error),
        _ => JobFailure::of(error),
    }
}
