//! Links that stand for nothing any more: their event type is gone there, or their person is none of its hosts.

use std::collections::BTreeMap;

use anyhow::Context;
use appointment::calendar::{CalendarLink, Connection, ReadFailure, RemoteService};
use appointment::model::Span;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::TenantScope;
use operations::calendar::mapping::Missing;
use operations::ports::LinkSummary;
use serde_json::Value;

use super::{Remote, effort, linked};

/// A link of the account, and what of it is gone there.
pub(super) struct Gone<'a> {
    pub(super) known: &'a LinkSummary,
    missing: Missing,
}

impl Gone<'_> {
    /// A line of the report.
    pub(super) fn line(&self, tenant: &str, result: &str) -> Value {
        let mut line = linked(tenant, &self.known.service, &self.known.staff, &self.known.link);
        line["missing"] = self.missing.code().into();
        line["result"] = result.into();
        line
    }
}

impl Remote {
    /// The links of an account of which something is gone, where `theirs` are the event types that it lists. One that is
    /// not listed may be another person's or team's: the provider is asked about it.
    pub(super) async fn gone<'a>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        links: impl IntoIterator<Item = &'a LinkSummary>,
        theirs: &[RemoteService],
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<Gone<'a>>> {
        let mut asked = BTreeMap::new();
        let mut gone = Vec::new();
        for known in links {
            let link = &known.link.link;
            let Some(missing) = Missing::of(link, theirs).filter(|_| link.connection == connection.id) else {
                continue;
            };
            let is_gone = match (missing, asked.get(&link.event_type)) {
                (Missing::Host, _) => true,
                (Missing::EventType, Some(is_gone)) => *is_gone,
                (Missing::EventType, None) => {
                    let is_gone = self.is_unknown(scope, connection, link, now).await?;
                    asked.insert(&link.event_type, is_gone);
                    is_gone
                }
            };
            if is_gone {
                gone.push(Gone { known, missing });
            }
        }
        Ok(gone)
    }

    /// Whether the provider knows no such event type. One that it does not talk about is no such one.
    async fn is_unknown(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        now: DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        let window = Span::new(now, now + TimeDelta::days(1));
        match self.gateway.free_starts(scope, connection, link, window, None, effort()).await {
            Err(failure) if failure.is_about_nothing() => Ok(true),
            Ok(_) | Err(ReadFailure::Refused { .. } | ReadFailure::Withheld { .. }) => Ok(false),
            Err(failure) => Err(failure)
                .with_context(|| format!("whether {} is still there is not known", link.event_type)),
        }
    }
}
