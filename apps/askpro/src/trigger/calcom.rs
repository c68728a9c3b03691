//! Events of Cal.com: somebody does something in its stand-in, which then tells the gateway as Cal.com does.
//!
//! The gateway reads a booking again before it believes a word of what it was told, so an event without a booking
//! behind it would come to nothing.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};
use simulators::retell::Exchange;

use super::TriggerArgs;
use crate::http;
use crate::ready::Ready;
use crate::world::calcom::{API_KEY, TENANT};

/// The events of Cal.com that can be sent.
pub const EVENTS: [&str; 4] =
    ["calcom.booking_created", "calcom.booking_cancelled", "calcom.booking_rescheduled", "calcom.ping"];

/// Krankengymnastik by Eva Lindt.
const EVENT_TYPE: u64 = 2_011;
/// Longest wait for the gateway's answer to a webhook.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between two looks whether there is one.
const PAUSE: Duration = Duration::from_millis(30);
/// Days ahead that free times are looked for in.
const DAYS_AHEAD: u64 = 28;

struct Desk {
    http: reqwest::Client,
    simulator: String,
}

/// Lets it happen; the booking's uid and the gateway's answer to the webhook.
pub(super) async fn send(args: &TriggerArgs) -> anyhow::Result<(String, Exchange)> {
    let ready = Ready::read(&args.ready)?;
    let calcom = ready.calcom.context("the demo has no outside calendar")?;
    let desk = Desk { http: http::client()?, simulator: calcom.simulator };
    let told = desk.deliveries().await?.len();
    let begun = Instant::now();
    let uid = match args.event.strip_prefix("calcom.").unwrap_or(&args.event) {
        "booking_created" => {
            let start = desk.start(args, EVENT_TYPE).await?;
            let wish = json!({"event_type_id": EVENT_TYPE, "start": start, "name": "Paula Seite",
                "email": "paula@example.org", "phone_number": args.from});
            uid_of(&desk.act("book", wish).await?)
        }
        "booking_cancelled" => {
            let booking = desk.booking(args).await?;
            uid_of(&desk.act("cancel", json!({"uid": booking["uid"], "reason": "Praxis geschlossen"})).await?)
        }
        "booking_rescheduled" => {
            let booking = desk.booking(args).await?;
            let event_type = booking["event_type_id"].as_u64().unwrap_or(EVENT_TYPE);
            let start = desk.start(args, event_type).await?;
            uid_of(&desk.act("reschedule", json!({"uid": booking["uid"], "start": start})).await?)
        }
        "ping" => {
            let request = desk.http.post(format!("{}/_sim/webhooks/ping/{TENANT}", desk.simulator));
            read(request).await?;
            String::new()
        }
        _ => bail!("there is no event `{}`; there are {}", args.event, EVENTS.join(", ")),
    };
    desk.delivered(told, begun).await.map(|answer| (uid, answer))
}

impl Desk {
    async fn act(&self, action: &str, wish: Value) -> anyhow::Result<Value> {
        let url = format!("{}/_sim/actions/{action}", self.simulator);
        let request = self.http.post(url).header("content-type", "application/json").body(wish.to_string());
        read(request).await
    }

    async fn deliveries(&self) -> anyhow::Result<Vec<Value>> {
        let seen = read(self.http.get(format!("{}/_sim/webhooks", self.simulator))).await?;
        Ok(seen["deliveries"].as_array().cloned().unwrap_or_default())
    }

    /// The gateway's answer to the first webhook after those that were there.
    async fn delivered(&self, told: usize, begun: Instant) -> anyhow::Result<Exchange> {
        loop {
            if let Some(delivery) = self.deliveries().await?.get(told) {
                let status = delivery["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                let Some(status) = status else {
                    bail!("the gateway does not answer: {}", delivery["error"])
                };
                return Ok(Exchange {
                    status: Some(status),
                    reply: json!({"trigger": delivery["trigger"], "url": delivery["url"]}),
                    latency: begun.elapsed(),
                    error: None,
                });
            }
            if begun.elapsed() > PATIENCE {
                bail!("no webhook has left within {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The booking that is meant, or the next one that stands.
    async fn booking(&self, args: &TriggerArgs) -> anyhow::Result<Value> {
        let all = read(self.http.get(format!("{}/_sim/bookings", self.simulator))).await?;
        let all = all.as_array().cloned().unwrap_or_default();
        let now = self.now(args).await?;
        let found = match &args.booking {
            Some(uid) => all.into_iter().find(|booking| booking["uid"] == **uid),
            None => all
                .into_iter()
                .filter(|booking| booking["status"] == "accepted")
                .filter_map(|booking| Some((instant(&booking["start"])?, booking)))
                .filter(|(start, _)| *start > now)
                .min_by_key(|(start, _)| *start)
                .map(|(_, booking)| booking),
        };
        found.context("there is no such booking")
    }

    /// The time that is asked for, or the first that is free from tomorrow on.
    async fn start(&self, args: &TriggerArgs, event_type: u64) -> anyhow::Result<DateTime<Utc>> {
        if let Some(start) = args.start {
            return Ok(start.to_utc());
        }
        let today = self.now(args).await?.date_naive();
        let day = |days| today.checked_add_days(Days::new(days)).unwrap_or(today);
        let url = format!(
            "{}/v2/slots?eventTypeId={event_type}&start={}&end={}",
            self.simulator,
            day(1),
            day(DAYS_AHEAD)
        );
        let request = self.http.get(url).bearer_auth(API_KEY).header("cal-api-version", "2024-09-04");
        let answer = read(request).await?;
        let days = answer["data"].as_object().into_iter().flatten();
        let mut starts = days.flat_map(|(_, slots)| slots.as_array().into_iter().flatten());
        starts.find_map(|slot| instant(&slot["start"])).context("nothing is free within four weeks")
    }

    async fn now(&self, args: &TriggerArgs) -> anyhow::Result<DateTime<Utc>> {
        let ready = Ready::read(&args.ready)?;
        let venue = crate::venue::Venue::open(ready).await?;
        let now = venue.now().await;
        venue.administrator.close().await;
        now
    }
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.to_utc())
}

fn uid_of(booking: &Value) -> String {
    booking["uid"].as_str().unwrap_or_default().to_owned()
}

async fn read(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let answer = http::send(request).await.context("the stand-in of Cal.com does not answer")?;
    let status = answer.status();
    let text = answer.text().await.context("the stand-in of Cal.com")?;
    let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
    if !status.is_success() {
        bail!("Cal.com refuses: {}", body["message"].as_str().unwrap_or(&text));
    }
    Ok(body)
}
