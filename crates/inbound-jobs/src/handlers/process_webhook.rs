//! Processes one stored webhook.
//!
//! Enqueued with the row, in the statement that stored it. Idempotent: a row that is no longer `received` is left alone,
//! and merging an event into its call twice changes nothing.
//!
//! What cannot be decoded is quarantined, not retried: the same bytes will not decode tomorrow. After the decoder has
//! been mended the row is replayed by an operator. Everything else that fails is tried again.

use adapter_calcom::decode::Trigger;
use adapter_retell::decode::{self, DecodeError};
use async_trait::async_trait;
use call::CallError;
use chrono::TimeDelta;
use operations::WebhookProcessing;
use operations::calendar::{BookingNews, CalendarProcessing, Heard};
use operations::ports::{InboxEntry, Provider};
use operations::processing::{CallNews, Processed, ProcessingError};
use operations::work::ProcessWebhook;

use crate::handler::{JobContext, JobFailure, JobHandler};

/// How long news wait for a calendar that does not answer; the comparison of both sides finds what they told long before.
const WAITS_FOR_CALENDAR: TimeDelta = TimeDelta::days(1);
/// Until such a calendar is asked again: as long as its budget and its breaker take to be there again.
const ASKS_AGAIN: TimeDelta = TimeDelta::seconds(60);

/// The handler.
#[derive(Clone)]
pub struct ProcessWebhookHandler {
    /// News of calls.
    pub calls: WebhookProcessing,
    /// News of outside calendars.
    pub calendars: CalendarProcessing,
}

/// What a stored body turned out to be.
enum Content {
    News(Box<CallNews>),
    Booking(BookingNews),
    Nothing(&'static str),
    Unreadable(&'static str),
}

#[async_trait]
impl JobHandler for ProcessWebhookHandler {
    async fn run(&self, context: JobContext) -> Result<(), JobFailure> {
        let ProcessWebhook { inbox_id } = context.payload()?;
        let platform = context.platform();
        let Some(entry) = self.calls.waiting(platform, inbox_id).await? else {
            return Ok(());
        };
        let result = match read(&entry) {
            Content::Nothing(reason) => {
                self.calls.ignore(platform, inbox_id, reason).await?;
                "ignored"
            }
            Content::Unreadable(reason) => {
                tracing::error!(inbox_id = %inbox_id, reason, "a webhook was quarantined");
                self.calls.quarantine(platform, inbox_id, reason).await?;
                "quarantined"
            }
            Content::Booking(news) => self.booking(&context, &entry, &news).await?,
            Content::News(news) => match self.calls.apply(platform, &entry, *news).await {
                Ok(Processed::Applied { changed: true, .. }) => "applied",
                Ok(Processed::Applied { changed: false, .. }) => "repeated",
                Ok(Processed::Unrouted(reason)) => {
                    metrics::counter!("webhooks_unrouted_total", "reason" => reason).increment(1);
                    tracing::warn!(inbox_id = %inbox_id, reason, "a webhook belongs to no active tenant");
                    "unrouted"
                }
                Ok(Processed::Early(at)) => return Err(JobFailure::Snooze { at }),
                Ok(Processed::Contradictory(reason)) => {
                    tracing::error!(inbox_id = %inbox_id, reason, "a webhook contradicts itself");
                    "quarantined"
                }
                Err(error) => return Err(failure(&error)),
            },
        };
        metrics::counter!("webhooks_processed_total", "result" => result).increment(1);
        Ok(())
    }
}

impl ProcessWebhookHandler {
    /// The account was proven when the webhook was stored; its id leads the subject.
    async fn booking(
        &self,
        context: &JobContext,
        entry: &InboxEntry,
        news: &BookingNews,
    ) -> Result<&'static str, JobFailure> {
        let (platform, now) = (context.platform(), context.clock().now());
        let connection = entry.subject.split('/').next().unwrap_or_default();
        let heard = match self.calendars.take_in(connection, news, platform.correlation()).await {
            // An account that is away, or may be asked no more for now, must not use up the tries of its news.
            Err(error) if error.is_unanswered() && now - entry.received_at < WAITS_FOR_CALENDAR => {
                return Err(JobFailure::Snooze { at: now + ASKS_AGAIN });
            }
            heard => heard.map_err(|error| JobFailure::of(&error))?,
        };
        let Some((scope, heard)) = heard else {
            self.calls.ignore(platform, entry.id, "the account is not there any more").await?;
            return Ok("ignored");
        };
        self.calls.processed(platform, entry.id, &scope).await?;
        tracing::info!(tenant.id = %scope.tenant(), ?heard, "news of an outside calendar were taken in");
        Ok(if heard == Heard::Disputed { "disputed" } else { "applied" })
    }
}

fn read(entry: &InboxEntry) -> Content {
    match entry.provider {
        Provider::Retell => read_call(entry),
        Provider::Calcom => read_booking(&entry.body),
    }
}

fn read_booking(body: &[u8]) -> Content {
    match adapter_calcom::decode::webhook(body) {
        Ok(adapter_calcom::decode::Delivery::News(news)) => {
            Content::Booking(match (news.trigger, news.no_show) {
                (Trigger::NoShow, Some(no_show)) => BookingNews::Marked(news.uid, no_show),
                (Trigger::MeetingEnded, _) => BookingNews::Over(news.uid),
                _ => BookingNews::LookAt(news.uid),
            })
        }
        Ok(adapter_calcom::decode::Delivery::Ping) => Content::Nothing("ping"),
        Ok(adapter_calcom::decode::Delivery::Ignored { .. }) => Content::Nothing("not_about_a_booking"),
        Err(_) => Content::Unreadable("an event about a booking that does not name it"),
    }
}

fn read_call(entry: &InboxEntry) -> Content {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kind_of(body: &Value) -> String {
        match read_booking(body.to_string().as_bytes()) {
            Content::Booking(BookingNews::LookAt(uid)) => format!("look at {}", uid.as_str()),
            Content::Booking(BookingNews::Over(uid)) => format!("over {}", uid.as_str()),
            Content::Booking(BookingNews::Marked(uid, absent)) => format!("marked {} {absent}", uid.as_str()),
            Content::Nothing(reason) | Content::Unreadable(reason) => reason.to_owned(),
            Content::News(_) => "a call".to_owned(),
        }
    }

    #[test]
    fn every_event_about_a_booking_goes_its_way() {
        let event = |trigger: &str, payload: Value| json!({"triggerEvent": trigger, "createdAt": "2026-11-24T09:00:00Z", "payload": payload});
        for trigger in ["CREATED", "RESCHEDULED", "CANCELLED", "REJECTED", "REQUESTED", "PAID"] {
            let body = event(&format!("BOOKING_{trigger}"), json!({"uid": "u1"}));
            assert_eq!(kind_of(&body), "look at u1", "{trigger}");
        }
        let mark = |absent: Value| {
            event("BOOKING_NO_SHOW_UPDATED", json!({"bookingUid": "u1", "attendees": [absent]}))
        };
        assert_eq!(kind_of(&mark(json!({"email": "a@example.org", "noShow": true}))), "marked u1 true");
        assert_eq!(kind_of(&mark(json!({"email": "a@example.org", "noShow": false}))), "marked u1 false");
        assert_eq!(kind_of(&mark(json!({"email": "a@example.org"}))), "look at u1");
        // The body of an ended meeting is the booking itself.
        let ended = json!({"triggerEvent": "MEETING_ENDED", "uid": "u1", "status": "ACCEPTED"});
        assert_eq!(kind_of(&ended), "over u1");
        assert_eq!(kind_of(&event("PING", json!({}))), "ping");
        assert_eq!(kind_of(&event("FORM_SUBMITTED", json!({}))), "not_about_a_booking");
        let nameless = "an event about a booking that does not name it";
        assert_eq!(kind_of(&event("BOOKING_CREATED", json!({}))), nameless);
    }
}
