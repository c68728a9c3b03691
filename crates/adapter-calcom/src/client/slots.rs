//! Free starts.

use appointment::calendar::{CalendarLink, ReadFailure, RemoteUid};
use appointment::model::Span;
use chrono::{DateTime, Utc};
use reqwest::Method;

use super::Work;
use super::bookings::wire_time;
use super::exchange::Ask;
use super::failure::{malformed, root_of_times};
use crate::json::{Object, list_of};

impl Work<'_> {
    pub(super) async fn free_starts(
        &mut self,
        link: &CalendarLink,
        window: Span,
        moving: Option<&RemoteUid>,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        if window.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = vec![
            ("eventTypeId", link.event_type.as_str().to_owned()),
            ("start", wire_time(window.start)),
            ("end", wire_time(window.end)),
        ];
        if let Some(uid) = moving {
            query.push(("bookingUidToReschedule", uid.as_str().to_owned()));
        }
        let client = self.client;
        let ask = Ask {
            name: "slots",
            method: Method::GET,
            path: &["slots"],
            query,
            version: Some(&client.config.versions.slots),
            body: None,
        };
        let body = self.read(ask).await?;
        let mut starts = starts(&body)?;
        // The provider has been seen to answer for other days than those that were asked about.
        starts.retain(|start| window.start <= *start && *start < window.end);
        starts.sort_unstable();
        starts.dedup();
        Ok(starts)
    }
}

/// Every start of the answer. One that cannot be read spoils the answer: what it stood for is not known.
fn starts(body: &[u8]) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
    let root = root_of_times(body).map_err(malformed)?;
    let days = root.object(&["data"]).ok_or_else(|| malformed("no days"))?;
    let mut starts = Vec::new();
    // The names of the days depend on a zone; the instants do not.
    for (_, day) in days.values().filter(|(_, day)| day.get() != "null") {
        let slots = list_of(day).ok_or_else(|| malformed("a day is not a list"))?;
        for slot in slots {
            let start = Object::of(slot).and_then(|slot| slot.instant(&["start"]));
            starts.push(start.ok_or_else(|| malformed("a slot without a start"))?);
        }
    }
    Ok(starts)
}
