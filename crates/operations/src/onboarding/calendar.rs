//! The outside calendar of a blueprint.

use std::collections::{BTreeMap, BTreeSet};

use appointment::calendar::{CalendarLink, Connection, ConnectionId, RemoteEventType, RemoteHostRef, Secret};
use appointment::model::ServiceLink;
use kernel::{IdGenerator, ServiceId};

use super::plan::{check_count, problem};
use super::{BlueprintProblem, TenantBlueprint};
use crate::ports::{NewBranch, NewCalendar};

/// Longest address of a provider, in bytes.
const MAX_URL: usize = 500;
/// Longest secret, in bytes; a provider's has about fifty.
const MAX_SECRET: usize = 2000;

/// What a blueprint links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBlueprint {
    /// Slug of the branch.
    pub branch: String,
    /// Name of a person there.
    pub staff: String,
    /// Name of a service that the person performs.
    pub service: String,
    /// What it is at the provider.
    pub event_type: RemoteEventType,
    /// The person there, if the event type has several.
    pub host: Option<RemoteHostRef>,
}

/// A connection with everything linked to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarBlueprint {
    /// Where the provider's interface is, without a path.
    pub base_url: String,
    /// The key that requests carry.
    pub api_key: Secret,
    /// The secret that webhooks are signed with.
    pub webhook_secret: Secret,
    /// The team whose event types count.
    pub team: Option<RemoteHostRef>,
    /// What is mirrored.
    pub links: Vec<LinkBlueprint>,
}

/// The address of a provider's interface as it is stored: scheme and authority, nothing behind them.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn base_url(text: &str) -> Result<String, &'static str> {
    let text = text.trim().trim_end_matches('/');
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or("the address must begin with https:// or http://")?;
    if rest.is_empty() || text.len() > MAX_URL {
        return Err("the address has no host or is too long");
    }
    if rest.bytes().any(|byte| !byte.is_ascii_graphic() || b"/?#@\\".contains(&byte)) {
        return Err("the address is a scheme and a host, without a path, a query or a user");
    }
    Ok(text.to_owned())
}

/// A secret as it came from a file.
///
/// # Errors
/// What is wrong with it, without it.
pub fn secret(text: &str) -> Result<Secret, &'static str> {
    let text = text.trim();
    if (1..=MAX_SECRET).contains(&text.len()) && !text.chars().any(char::is_control) {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("a secret is one line that is not empty")
    }
}

pub(super) fn plan_calendar(
    ids: &dyn IdGenerator,
    blueprint: &TenantBlueprint,
    services: &BTreeMap<&str, ServiceId>,
    branches: &[NewBranch],
) -> Result<Option<NewCalendar>, BlueprintProblem> {
    let Some(calendar) = &blueprint.calendar else { return Ok(None) };
    check_count("calendar", calendar.links.len())?;
    let wrong = |what: &str| problem("calendar", what);
    let connection = Connection {
        id: ConnectionId::generate(ids),
        base_url: base_url(&calendar.base_url).map_err(wrong)?,
        api_key: secret(calendar.api_key.reveal()).map_err(wrong)?,
        webhook_secret: secret(calendar.webhook_secret.reveal()).map_err(wrong)?,
        team: calendar.team.clone(),
    };
    let mut seen = BTreeSet::new();
    let mut links = Vec::with_capacity(calendar.links.len());
    for link in &calendar.links {
        let place = format!("calendar, branch {}, {} by {}", link.branch, link.service, link.staff);
        let branch = branches.iter().find(|branch| branch.slug == link.branch);
        let person = branch
            .and_then(|branch| branch.staff.iter().find(|person| person.name == link.staff))
            .ok_or_else(|| problem(&place, "there is no such person"))?;
        let service = services
            .get(link.service.as_str())
            .filter(|service| person.performs.contains(service))
            .ok_or_else(|| problem(&place, "the person does not perform this service"))?;
        if !seen.insert((*service, person.id)) {
            return Err(problem(&place, "stands twice"));
        }
        links.push(ServiceLink {
            service: *service,
            staff: person.id,
            link: CalendarLink {
                connection: connection.id,
                event_type: link.event_type.clone(),
                host: link.host.clone(),
            },
        });
    }
    Ok(Some(NewCalendar { connection, links }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_and_a_host() {
        assert_eq!(base_url(" https://api.cal.com/ ").unwrap(), "https://api.cal.com");
        assert_eq!(base_url("http://127.0.0.1:9000").unwrap(), "http://127.0.0.1:9000");
        for wrong in
            ["", "api.cal.com", "ftp://x", "https://", "https://a/v2", "https://u:p@a", "https://a b"]
        {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_one_line() {
        assert_eq!(secret(" cal_live_x\n").unwrap().reveal(), "cal_live_x");
        assert!(secret("\n").is_err() && secret("a\nb").is_err());
        assert!(secret(&"x".repeat(MAX_SECRET + 1)).is_err());
    }
}
