//! Reservations of slots.

use appointment::calendar::{CalendarLink, RefusalReason, RemoteReservation, ReservationUid, WriteFailure};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;

use super::Work;
use super::bookings::{number, wire_time};
use super::exchange::Ask;
use super::failure::{root, unknown};

impl Work<'_> {
    /// In whole minutes, as the provider counts, and not beyond what the configuration allows. The length of the slot is
    /// that of the event type: naming it is refused wherever there is no choice.
    pub(super) async fn reserve(
        &mut self,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
    ) -> Result<RemoteReservation, WriteFailure> {
        let client = self.client;
        let event_type = number(link)?;
        let lasting = lasting.min(client.config.longest_reservation);
        // Up, so that it does not end before what it is made for; at least one, since the provider takes no less.
        let minutes = (lasting + TimeDelta::minutes(1) - TimeDelta::nanoseconds(1)).num_minutes().max(1);
        let ask = Ask {
            name: "reserve slot",
            method: Method::POST,
            path: &["slots", "reservations"],
            query: Vec::new(),
            version: Some(&client.config.versions.slots),
            body: Some(json!({
                "eventTypeId": event_type,
                "slotStart": wire_time(start),
                "reservationDuration": minutes,
            })),
        };
        let body = self.write(ask).await?;
        let root = root(&body).map_err(unknown)?;
        let made = root.object(&["data"]).ok_or_else(|| unknown("no reservation in it"))?;
        if made.instant(&["slotStart"]).map(|start| start.timestamp()) != Some(start.timestamp()) {
            return Err(unknown("an answer about another slot"));
        }
        let uid = made.exact(&["reservationUid"]).and_then(|uid| ReservationUid::parse(&uid).ok());
        let uid = uid.ok_or_else(|| unknown("a reservation without a name"))?;
        let granted = made.count(&["reservationDuration"]).map_or(minutes, i64::from);
        Ok(RemoteReservation { uid, lasts: TimeDelta::minutes(granted) })
    }

    pub(super) async fn release(&mut self, uid: &ReservationUid) -> Result<(), WriteFailure> {
        let client = self.client;
        let ask = Ask {
            name: "release slot",
            method: Method::DELETE,
            path: &["slots", "reservations", uid.as_str()],
            query: Vec::new(),
            version: Some(&client.config.versions.slots),
            body: None,
        };
        match self.write(ask).await {
            Ok(body) => root(&body).map(drop).map_err(unknown),
            Err(WriteFailure::Refused { reason: RefusalReason::NotFound, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}
