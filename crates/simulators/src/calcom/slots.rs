//! `GET /v2/slots`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::event_type::EventType;
use super::free::{Diary, Seen, Span, minutes, suffices};
use super::state::{Desk, Tenant};
use super::version::{Shape, shape_of};
use super::wire::{Ask, Query, Refusal, Reply};

/// The version of this group.
const VERSIONS: &[&str] = &["2024-09-04"];

/// Slots of an event type.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let query = &ask.query;
    let start = bound(query, "start", false)?;
    let end = bound(query, "end", true)?.min(desk.now + TimeDelta::days(365));
    let event = named_event_type(desk.tenant(), query)?;
    let length = event.length_for(query.number("duration")?, "duration").map_err(|why| Refusal::bad(&why))?;
    let zone = match query.get("timeZone") {
        None => None,
        Some(name) => {
            Some(name.parse::<Tz>().map_err(|_| Refusal::bad("timeZone must be a valid time-zone"))?)
        }
    };
    let with_end = match query.get("format") {
        None | Some("time") => false,
        Some("range") => true,
        Some(_) => return Err(Refusal::bad("format must be one of the following values: range, time")),
    };
    let known =
        desk.twist.stale.as_deref().and_then(|then| then.get(desk.at)).unwrap_or_else(|| desk.tenant());
    let around = TimeDelta::days(i64::from(desk.twist.outside_days));
    let range = (start - around, end + around);
    let seen = Seen { without: query.get("bookingUidToReschedule"), reserved_at: Some(desk.now) };
    let mut starts = compute(known, &event, range, length, seen, desk.now);
    starts.extend(&desk.twist.extra_slots);
    desk.state.lies.extend(desk.twist.extra_slots.iter().map(|&start| (desk.at, start)));

    let mut days = BTreeMap::<String, Vec<Value>>::new();
    for slot in starts {
        let (day, text) = local(slot, zone);
        let entry = match shape {
            Shape::Older => json!({"time": text}),
            Shape::Present if with_end => {
                json!({"start": text, "end": local(slot + minutes(length), zone).1})
            }
            Shape::Present => json!({"start": text}),
        };
        days.entry(day).or_default().push(entry);
    }
    Ok(match shape {
        Shape::Older => Reply::ok(json!({"slots": days})),
        Shape::Present => Reply::ok(json!(days)),
    })
}

/// The starts at which an event type can be booked.
pub(crate) fn compute(
    tenant: &Tenant,
    event: &EventType,
    range: Span,
    length: u32,
    seen: Seen<'_>,
    now: DateTime<Utc>,
) -> BTreeSet<DateTime<Utc>> {
    let diaries = Diary::all(tenant, event, range, seen);
    let step = minutes(event.slot_interval.unwrap_or(length).max(1));
    let mut starts = BTreeSet::new();
    for diary in &diaries {
        for hours in &diary.working {
            let mut start = hours.0;
            while start + minutes(length) <= hours.1 && start < range.1 {
                if start >= range.0 && within_rules(event, start, now) {
                    starts.insert(start);
                }
                start += step;
            }
        }
    }
    starts.retain(|&start| {
        let span = (start, start + minutes(length));
        suffices(event, diaries.iter().filter(|diary| diary.is_free(span)).count())
    });
    starts
}

/// Neither too soon nor too far ahead.
pub(crate) fn within_rules(event: &EventType, start: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let latest = event.window_days.map(|days| now + TimeDelta::days(i64::from(days)));
    start >= now + minutes(event.minimum_notice) && latest.is_none_or(|latest| start <= latest)
}

/// The day and the text of a slot in a zone; without one it is UTC with a `Z`.
fn local(slot: DateTime<Utc>, zone: Option<Tz>) -> (String, String) {
    match zone {
        None => (slot.date_naive().to_string(), slot.to_rfc3339_opts(SecondsFormat::Millis, true)),
        Some(zone) => {
            let there = slot.with_timezone(&zone);
            (there.date_naive().to_string(), there.to_rfc3339_opts(SecondsFormat::Millis, false))
        }
    }
}

/// A bare date is the whole day.
fn bound(query: &Query, field: &str, is_end: bool) -> Result<DateTime<Utc>, Refusal> {
    let text = query
        .get(field)
        .ok_or_else(|| Refusal::bad(&format!("{field} must be a valid ISO 8601 date string")))?;
    if let Ok(day) = text.parse::<NaiveDate>() {
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
        let last = TimeDelta::days(1) - TimeDelta::seconds(1);
        return Ok(if is_end { midnight + last } else { midnight });
    }
    if let Ok(local) = text.parse::<NaiveDateTime>() {
        return Ok(local.and_utc());
    }
    super::wire::read_instant(text, field)
}

fn named_event_type(tenant: &Tenant, query: &Query) -> Result<EventType, Refusal> {
    if let Some(id) = query.number("eventTypeId")? {
        return tenant.event_type(id);
    }
    let slugs = (query.get("eventTypeSlug"), query.get("username"), query.get("teamSlug"));
    by_slugs(tenant, slugs.0, slugs.1, slugs.2)
}

/// The event type of a user or a team that has this slug.
pub(crate) fn by_slugs(
    tenant: &Tenant,
    slug: Option<&str>,
    username: Option<&str>,
    team_slug: Option<&str>,
) -> Result<EventType, Refusal> {
    let account = &tenant.account;
    let owner: Box<dyn Fn(&EventType) -> bool> = match (username, team_slug) {
        (Some(name), _) => {
            let host = account.hosts.iter().find(|host| host.username == name).map(|host| host.id);
            Box::new(move |event| event.team_id.is_none() && event.hosts.first().copied() == host)
        }
        (None, Some(name)) => {
            let team = account.teams.iter().find(|team| team.slug == name).map(|team| team.id);
            Box::new(move |event| team.is_some() && event.team_id == team)
        }
        (None, None) => {
            return Err(Refusal::bad(
                "Either eventTypeId or eventTypeSlug with username or teamSlug must be provided",
            ));
        }
    };
    let slug = slug.ok_or_else(|| Refusal::bad("eventTypeSlug must be provided"))?;
    let found = account.event_types.iter().find(|event| event.slug == slug && owner(event)).cloned();
    found.ok_or_else(|| Refusal::missing(&format!("Event type with slug {slug} not found.")))
}
