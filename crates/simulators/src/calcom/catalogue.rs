//! `/v2/event-types`, `/v2/teams`, `/v2/me`.

use serde_json::{Value, json};

use super::state::Desk;
use super::version::{Shape, shape_of};
use super::wire::{Ask, Refusal, Reply};
use super::world::{Account, Membership};

const VERSIONS: &[&str] = &["2024-06-14"];

/// `GET /v2/event-types`: those of the owner, or of the user that is named. Teams have a list of their own.
pub(crate) fn event_types(desk: &Desk<'_>, ask: &Ask) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let account = &desk.tenant().account;
    let username = ask.query.get("username");
    let owner = match username {
        Some(name) => account.hosts.iter().find(|host| host.username == name),
        None => account.owner_host(),
    };
    let slug = ask.query.get("eventSlug");
    let found = account.event_types.iter().filter(|event| {
        event.team_id.is_none()
            && event.hosts.first().copied() == owner.map(|owner| owner.id)
            && slug.is_none_or(|slug| event.slug == slug)
    });
    Ok(match shape {
        Shape::Present => Reply::ok(found.map(|event| event.to_json(account)).collect()),
        Shape::Older => {
            let event_types: Vec<Value> = found.map(super::EventType::to_older_json).collect();
            Reply::ok(json!({"eventTypeGroups": [{"teamId": null, "eventTypes": event_types}]}))
        }
    })
}

/// `GET /v2/event-types/{id}`.
pub(crate) fn event_type(desk: &Desk<'_>, ask: &Ask, id: &str) -> Result<Reply, Refusal> {
    let shape = shape_of(ask, VERSIONS, desk.config)?;
    let id = id.parse::<u64>().map_err(|_| Refusal::bad("Validation failed (numeric string is expected)"))?;
    let event = desk.tenant().event_type(id)?;
    Ok(Reply::ok(match shape {
        Shape::Present => event.to_json(&desk.tenant().account),
        Shape::Older => json!({"eventType": event.to_older_json()}),
    }))
}

/// `GET /v2/teams/{id}/event-types` and `/memberships`.
pub(crate) fn team(desk: &Desk<'_>, ask: &Ask, id: &str, what: &str) -> Result<Reply, Refusal> {
    let id = id.parse::<u64>().map_err(|_| Refusal::bad("Validation failed (numeric string is expected)"))?;
    let account = &desk.tenant().account;
    let team = account.teams.iter().find(|team| team.id == id);
    let team = team.ok_or_else(|| Refusal::missing(&format!("Team with id {id} not found")))?;
    match what {
        "event-types" => {
            let slug = ask.query.get("eventSlug");
            let own = account.event_types.iter().filter(|event| event.team_id == Some(id));
            let own = own.filter(|event| slug.is_none_or(|slug| event.slug == slug));
            Ok(Reply::ok(own.map(|event| event.to_json(account)).collect()))
        }
        "memberships" => {
            let members = team.members.iter().map(|member| membership(account, id, member));
            Ok(Reply::ok(members.collect()))
        }
        _ => Err(Refusal::no_route(ask)),
    }
}

/// The event type that a path names, if it is of the team that it names.
pub(crate) fn event_type_of_team(desk: &Desk<'_>, team: &str, id: &str) -> Result<u64, Refusal> {
    let number = |text: &str| {
        text.parse::<u64>().map_err(|_| Refusal::bad("Validation failed (numeric string is expected)"))
    };
    let (team, id) = (number(team)?, number(id)?);
    let found = desk.tenant().account.find_event_type(id).filter(|event| event.team_id == Some(team));
    found.map(|event| event.id).ok_or_else(|| Refusal::missing(&format!("Event type with id {id} not found")))
}

fn membership(account: &Account, team: u64, member: &Membership) -> Value {
    let user = account.find_host(member.user_id);
    json!({
        "id": member.id,
        "userId": member.user_id,
        "teamId": team,
        "accepted": member.accepted,
        "role": member.role,
        "disableImpersonation": false,
        "user": user.map(|user| json!({"email": user.email, "username": user.username, "name": user.name,
            "avatarUrl": null, "bio": null, "metadata": {}})),
    })
}

/// `GET /v2/me`.
pub(crate) fn me(desk: &Desk<'_>) -> Result<Reply, Refusal> {
    let owner = desk.tenant().account.owner_host().ok_or_else(|| Refusal::missing("User not found"))?;
    Ok(Reply::ok(json!({
        "id": owner.id,
        "email": owner.email,
        "username": owner.username,
        "name": owner.name,
        "timeFormat": 24,
        "defaultScheduleId": null,
        "weekStart": "Monday",
        "timeZone": owner.time_zone.name(),
        "locale": "de",
    })))
}
