//! `/v2/webhooks`, and those of a team's event types.

use serde_json::{Map, Value, json};

use super::payload::PAYLOAD_VERSION;
use super::state::Desk;
use super::wire::{Ask, Refusal, Reply, text};
use super::world::Subscription;

/// Everything that can be subscribed to.
const TRIGGERS: &[&str] = &[
    "BOOKING_CREATED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_REQUESTED",
    "BOOKING_PAYMENT_INITIATED",
    "BOOKING_PAID",
    "BOOKING_NO_SHOW_UPDATED",
    "BOOKING_LOCATION_UPDATED",
    "BOOKING_REASSIGNED",
    "MEETING_STARTED",
    "MEETING_ENDED",
    "RECORDING_READY",
    "RECORDING_TRANSCRIPTION_GENERATED",
    "INSTANT_MEETING",
    "INSTANT_MEETING_ACCEPTED",
    "OOO_CREATED",
    "FORM_SUBMITTED",
    "FORM_SUBMITTED_NO_EVENT",
    "ROUTING_FORM_FALLBACK_HIT",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
    "WRONG_ASSIGNMENT_REPORT",
    "CALENDAR_ENTRY_REJECTED",
];
const PAYLOAD_VERSIONS: &[&str] = &[PAYLOAD_VERSION, "2026-07-27"];

/// `GET` and `POST` of those of the account, or of an event type.
pub(crate) fn all(desk: &mut Desk<'_>, ask: &Ask, event_type: Option<u64>) -> Result<Reply, Refusal> {
    match ask.method.as_str() {
        "GET" => list(desk, ask, event_type),
        "POST" => create(desk, ask, event_type),
        _ => Err(Refusal::no_route(ask)),
    }
}

/// With `take` and `skip`.
fn list(desk: &Desk<'_>, ask: &Ask, event_type: Option<u64>) -> Result<Reply, Refusal> {
    let take = usize::try_from(ask.query.number("take")?.unwrap_or(250)).unwrap_or(usize::MAX);
    let skip = usize::try_from(ask.query.number("skip")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let all = desk.tenant().subscriptions.iter().filter(|one| one.event_type == event_type);
    let page = all.skip(skip).take(take);
    Ok(Reply::ok(page.map(|one| show(desk, one)).collect()))
}

fn create(desk: &mut Desk<'_>, ask: &Ask, event_type: Option<u64>) -> Result<Reply, Refusal> {
    let body = ask.object()?;
    for field in ["subscriberUrl", "triggers", "active"] {
        if body.get(field).is_none_or(Value::is_null) {
            return Err(Refusal::bad(&format!("{field} should not be empty")));
        }
    }
    let mut subscription = Subscription {
        id: desk.state.ids.uuid(),
        subscriber_url: String::new(),
        triggers: Vec::new(),
        secret: None,
        active: false,
        version: PAYLOAD_VERSION.to_owned(),
        payload_template: None,
        event_type,
    };
    apply(&mut subscription, &body, desk.config.public_subscribers_only)?;
    let known = desk.tenant().subscriptions.iter();
    let same = |one: &Subscription| {
        one.event_type == event_type && one.subscriber_url == subscription.subscriber_url
    };
    if known.into_iter().any(same) {
        return Err(Refusal::new(409, "Webhook with this subscriberUrl already exists"));
    }
    let shown = show(desk, &subscription);
    desk.tenant_mut().subscriptions.push(subscription);
    Ok(Reply::created(shown))
}

/// `GET`, `PATCH` and `DELETE` of one.
pub(crate) fn one(
    desk: &mut Desk<'_>,
    ask: &Ask,
    event_type: Option<u64>,
    id: &str,
) -> Result<Reply, Refusal> {
    let is_meant = |one: &Subscription| one.event_type == event_type && one.id == id;
    let at = desk.tenant().subscriptions.iter().position(is_meant);
    let at = at.ok_or_else(|| Refusal::missing(&format!("Webhook ({id}) not found")))?;
    let mut subscription = desk.tenant().subscriptions[at].clone();
    match ask.method.as_str() {
        "GET" => {}
        "PATCH" => {
            apply(&mut subscription, &ask.object()?, desk.config.public_subscribers_only)?;
            desk.tenant_mut().subscriptions[at] = subscription.clone();
        }
        "DELETE" => {
            desk.tenant_mut().subscriptions.remove(at);
        }
        _ => return Err(Refusal::no_route(ask)),
    }
    Ok(Reply::ok(show(desk, &subscription)))
}

fn apply(
    subscription: &mut Subscription,
    body: &Map<String, Value>,
    public_only: bool,
) -> Result<(), Refusal> {
    if let Some(url) = text(body, "subscriberUrl")? {
        if !is_acceptable(&url, public_only) {
            return Err(Refusal::bad("subscriberUrl must be a public https URL"));
        }
        subscription.subscriber_url = url;
    }
    if let Some(triggers) = body.get("triggers") {
        let triggers: Option<Vec<String>> = triggers.as_array().and_then(|all| {
            all.iter()
                .map(|one| one.as_str().filter(|one| TRIGGERS.contains(one)).map(str::to_owned))
                .collect()
        });
        subscription.triggers = triggers.ok_or_else(|| {
            Refusal::bad(&format!("each value in triggers must be one of {}", TRIGGERS.join(", ")))
        })?;
    }
    if let Some(active) = body.get("active") {
        subscription.active =
            active.as_bool().ok_or_else(|| Refusal::bad("active must be a boolean value"))?;
    }
    if let Some(version) = text(body, "version")? {
        if !PAYLOAD_VERSIONS.contains(&version.as_str()) {
            return Err(Refusal::bad(&format!("version must be one of {}", PAYLOAD_VERSIONS.join(", "))));
        }
        subscription.version = version;
    }
    if body.contains_key("secret") {
        subscription.secret = text(body, "secret")?;
    }
    if body.contains_key("payloadTemplate") {
        subscription.payload_template = text(body, "payloadTemplate")?;
    }
    Ok(())
}

fn is_acceptable(url: &str, public_only: bool) -> bool {
    let Ok(parsed) = reqwest::Url::parse(url) else { return false };
    let Some(host) = parsed.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_private = host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(is_private);
    matches!(parsed.scheme(), "http" | "https") && !(public_only && (parsed.scheme() == "http" || is_private))
}

fn is_private(address: std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
        }
        std::net::IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified()
        }
    }
}

fn show(desk: &Desk<'_>, subscription: &Subscription) -> Value {
    let (of, whose) = match subscription.event_type {
        Some(event_type) => ("eventTypeId", event_type),
        None => ("userId", desk.tenant().account.owner),
    };
    json!({
        "id": subscription.id,
        of: whose,
        "subscriberUrl": subscription.subscriber_url,
        "triggers": subscription.triggers,
        "active": subscription.active,
        "secret": subscription.secret,
        "payloadTemplate": subscription.payload_template,
        "version": subscription.version,
    })
}
