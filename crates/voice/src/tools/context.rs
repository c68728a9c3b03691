//! What the agent must know before the first word: the time, the caller, the rules.

use chrono::{DateTime, Datelike, TimeDelta};
use chrono_tz::Tz;
use customer::Identification;
use german_datetime::speak;
use kernel::Actor;
use serde_json::{Map, Value, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::reply::ToolReply;
use crate::request::ToolRequest;
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;
use crate::tools::customer::{day_of, fields, history};
use crate::tools::hours::week;
use crate::{names, numbers};

/// Days of the table that keeps a model from inventing weekdays.
const TABLE_DAYS: i64 = 14;
/// How long the agent may wait for its first facts.
const TARGET_MS: u32 = 300;

pub(crate) async fn get_current_context(desk: &VoiceDesk, talk: &Conversation) -> ToolResult {
    let identified = desk.parts.customers.identify(&talk.scope, &talk.caller).await?;
    let customer = about_the_caller(desk, talk, &identified).await?;
    let policy = talk.catalogue.policy();
    let today = talk.today();
    let message = format!(
        "Es ist {}, {}, willkommen bei {}, was darf ich für Sie tun?",
        speech::day(today, today),
        speech::clock(talk.local_now().time()),
        speech::plain(&talk.tenant.name),
    );
    Ok(ToolReply::new(Status::Ok, message)
        .with("current_time", time_fields(talk))
        .with("customer", customer)
        .with("company", talk.tenant.name.clone())
        .with("branch", talk.premises.name.clone())
        .with(
            "policies",
            json!({
                "cancel_hours": policy.cancel_until_minutes / 60,
                "reschedule_hours": policy.reschedule_until_minutes / 60,
                "notice_minutes": policy.min_notice_minutes,
                "horizon_days": policy.horizon_days,
                "office_hours": week(talk),
            }),
        )
        .with("days", day_table(talk))
        .into())
}

/// The part about the customer. What was before is told only where the number proves one person.
async fn about_the_caller(
    desk: &VoiceDesk,
    talk: &Conversation,
    identified: &Identification,
) -> Result<Value, Stop> {
    let without_number = format!("{}.", talk.without_number());
    let (status, message) = match identified {
        Identification::Known(customer) if customer.is_blocked() => {
            ("blocked_customer", "Für diese Nummer ist am Telefon keine Buchung möglich.")
        }
        Identification::Known(_) => ("existing_customer", "Schön, dass Sie wieder anrufen."),
        Identification::SharedNumber(_) => {
            ("shared_number", "Unter dieser Nummer sind mehrere Personen bei uns eingetragen.")
        }
        Identification::Unknown(_) => ("new_customer", "Ich habe Sie noch nicht bei uns eingetragen."),
        Identification::Anonymous => ("anonymous", without_number.as_str()),
    };
    let mut about = Map::new();
    if let Identification::Known(customer) = identified {
        about.extend(fields(customer));
        about.insert("id".to_owned(), json!(customer.id().to_string()));
        let history = history(desk, talk, customer).await?;
        about.insert("last_visit".to_owned(), json!(history.last_visit().map(|visit| day_of(talk, visit))));
    }
    about.insert("status".to_owned(), json!(status));
    about.insert("message".to_owned(), json!(message));
    Ok(Value::Object(about))
}

/// Adds how long the answer took, as far as it is known here: everything but the way through the edge.
pub(crate) fn measured(tool: Option<Tool>, reply: &mut ToolReply, micros: u32) {
    if tool == Some(Tool::GetCurrentContext) && reply.success {
        let latency = f64::from(micros) / 1000.0;
        let performance = json!({"latency_ms": latency, "target_ms": TARGET_MS});
        reply.data.insert("performance".to_owned(), performance);
    }
}

pub(crate) fn current_time(local: DateTime<Tz>) -> ToolReply {
    let today = local.date_naive();
    let message = format!(
        "Es ist {}, {}, was darf ich für Sie tun?",
        speech::day(today, today),
        speech::clock(local.time())
    );
    ToolReply::new(Status::Ok, message)
        .with("current_time", local.to_rfc3339())
        .with("date", local.format("%Y-%m-%d").to_string())
        .with("time", local.format("%H:%M").to_string())
        .with("weekday", speak::weekday(local.weekday()))
        .with("timezone", local.timezone().name())
}

/// The time for a request that no ongoing call stands behind: that of the branch whose number it names, else Berlin's.
/// It is nobody's secret.
pub(crate) async fn current_time_without_call(desk: &VoiceDesk, request: &ToolRequest) -> ToolReply {
    let named = zone_of_named_number(desk, request).await;
    current_time(desk.parts.clock.now().with_timezone(&named.unwrap_or(Tz::Europe__Berlin)))
}

async fn zone_of_named_number(desk: &VoiceDesk, request: &ToolRequest) -> Option<Tz> {
    let text = Args::new(&request.args).text(names::TO_NUMBER).ok().flatten()?;
    let number = numbers::number(&text, numbers::HOME)?;
    let actor = Actor::VoiceAgent("-".to_owned());
    let found = desk.parts.resolver.by_called_number(&number, actor, request.correlation).await.ok()?;
    let place = desk.place(&found.scope, found.route.branch).await.ok()?;
    Some(place.catalogue.timezone())
}

fn time_fields(talk: &Conversation) -> Value {
    let local = talk.local_now();
    let weekday = speak::weekday(local.weekday());
    json!({
        "iso": local.to_rfc3339(),
        "date": local.format("%Y-%m-%d").to_string(),
        "time": local.format("%H:%M").to_string(),
        "weekday": weekday,
        "weekday_short": weekday.get(..2),
        "timezone": talk.zone().name(),
    })
}

/// The next two weeks by date and weekday, as the agent's model needs them.
pub(crate) fn day_table(talk: &Conversation) -> Value {
    let today = talk.today();
    let rows = (0..TABLE_DAYS).map(|ahead| {
        let day = today + TimeDelta::days(ahead);
        json!({"date": day.to_string(), "weekday": speak::weekday(day.weekday())})
    });
    rows.collect()
}

/// The same table as one line of text: "2026-11-23 Montag, 2026-11-24 Dienstag, …".
pub(crate) fn day_table_text(today: chrono::NaiveDate) -> String {
    let rows = (0..TABLE_DAYS).map(|ahead| {
        let day = today + TimeDelta::days(ahead);
        format!("{day} {}", speak::weekday(day.weekday()))
    });
    rows.collect::<Vec<_>>().join(", ")
}
