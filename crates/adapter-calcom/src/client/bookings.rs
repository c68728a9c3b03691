//! The gateway: making, moving, cancelling and reading bookings.

use appointment::calendar::{
    CalendarGateway, CalendarLink, Connection, CopySearch, Effort, PageCursor, ReadFailure, RefusalReason,
    RemoteBooking, RemotePage, RemoteRequest, RemoteReservation, RemoteService, RemoteStatus, RemoteUid,
    ReservationUid, WriteFailure,
};
use appointment::model::Span;
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use kernel::{EmailAddress, TenantScope};
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::exchange::Ask;
use super::failure::{malformed, root, unknown};
use super::{Client, Work};
use crate::json::Object;
use crate::wire::{MARKER_KEY, TENANT_KEY, booking};

/// An instant as it is sent: UTC, without a fraction where there is none.
pub(super) fn wire_time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[async_trait]
impl CalendarGateway for Client {
    async fn free_starts<'a>(
        &self,
        _: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        self.work(connection, effort).free_starts(link, window, moving).await
    }

    async fn services(
        &self,
        _: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        self.work(connection, effort).services(connection.team.as_ref()).await
    }

    async fn create(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        request: &RemoteRequest,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.work(connection, effort).create(scope, request).await
    }

    async fn reschedule(
        &self,
        _: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.work(connection, effort).reschedule(uid, start).await
    }

    async fn cancel(
        &self,
        _: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.work(connection, effort).cancel(uid).await
    }

    async fn get(
        &self,
        _: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        self.work(connection, effort).get(uid).await
    }

    async fn find_marked(
        &self,
        _: &TenantScope,
        connection: &Connection,
        search: &CopySearch,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        self.work(connection, effort).find_marked(search, from.as_ref()).await
    }

    async fn list(
        &self,
        _: &TenantScope,
        connection: &Connection,
        window: Span,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        self.work(connection, effort).list(window, from.as_ref()).await
    }

    async fn reserve(
        &self,
        _: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        effort: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        self.work(connection, effort).reserve(link, start, lasting).await
    }

    async fn release(
        &self,
        _: &TenantScope,
        connection: &Connection,
        uid: &ReservationUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.work(connection, effort).release(uid).await
    }
}

impl Work<'_> {
    async fn create(
        &mut self,
        scope: &TenantScope,
        request: &RemoteRequest,
    ) -> Result<RemoteBooking, WriteFailure> {
        let client = self.client;
        let event_type = number(&request.link)?;
        let ask = Ask {
            name: "create booking",
            method: Method::POST,
            path: &["bookings"],
            query: Vec::new(),
            version: Some(&client.config.versions.bookings),
            body: Some(client.creation(scope, request, event_type)),
        };
        let body = self.write(ask).await?;
        let ours = |booking: &RemoteBooking| {
            booking.marker == Some(request.marker) && booking.start.timestamp() == request.start.timestamp()
        };
        // A repeated request is answered with an older booking of the same person, perhaps not ours.
        let made = bookings(&body)?.into_iter().find(ours);
        let made = made.ok_or_else(|| unknown("an answer about another booking"))?;
        client.organizers.note(&made);
        Ok(made)
    }

    async fn reschedule(
        &mut self,
        uid: &RemoteUid,
        start: DateTime<Utc>,
    ) -> Result<RemoteBooking, WriteFailure> {
        let client = self.client;
        let mut body = json!({
            "start": wire_time(start),
            "reschedulingReason": client.config.texts.moved,
            "rescheduleWithSameHost": true,
        });
        // Without it, a booking whose event type wants a confirmation would wait for one again.
        if let Some(organizer) = self.organizer(uid).await {
            body["rescheduledBy"] = organizer.as_str().into();
        }
        let ask = Ask {
            name: "move booking",
            method: Method::POST,
            path: &["bookings", uid.as_str(), "reschedule"],
            query: Vec::new(),
            version: Some(&client.config.versions.bookings),
            body: Some(body),
        };
        let body = self.write(ask).await?;
        let moved = |booking: &RemoteBooking| {
            booking.uid != *uid
                && booking.start.timestamp() == start.timestamp()
                && booking.predecessor.as_ref().is_none_or(|predecessor| predecessor == uid)
        };
        let found = bookings(&body)?.into_iter().find(moved);
        let mut booking = found.ok_or_else(|| unknown("an answer about another booking"))?;
        booking.predecessor = Some(uid.clone());
        client.organizers.note(&booking);
        Ok(booking)
    }

    /// Who performs a booking, from memory; with time to spare it is asked for. `None`: not known, which is no reason not
    /// to move it.
    async fn organizer(&mut self, uid: &RemoteUid) -> Option<EmailAddress> {
        if let Some(known) = self.client.organizers.of(uid) {
            return Some(known);
        }
        if self.effort.lane.is_live() {
            return None;
        }
        let booking = self.get(uid).await.ok()??;
        self.client.organizers.note(&booking);
        self.client.organizers.of(uid)
    }

    async fn cancel(&mut self, uid: &RemoteUid) -> Result<(), WriteFailure> {
        let client = self.client;
        let ask = Ask {
            name: "cancel booking",
            method: Method::POST,
            path: &["bookings", uid.as_str(), "cancel"],
            query: Vec::new(),
            version: Some(&client.config.versions.bookings),
            body: Some(json!({ "cancellationReason": client.config.texts.cancelled })),
        };
        match self.write(ask).await {
            Ok(body) => {
                let cancelled = |booking: &RemoteBooking| {
                    booking.uid == *uid && booking.status == RemoteStatus::Cancelled
                };
                let done = bookings(&body)?.iter().any(cancelled);
                if done { Ok(()) } else { Err(unknown("an answer about another booking")) }
            }
            Err(WriteFailure::Refused { reason, detail }) if might_be_done(reason) => {
                // The refusal does not say reliably what the booking is now, the booking does. One that was moved is
                // cancelled too, but its successor stands.
                match self.get(uid).await {
                    Ok(Some(now)) if now.status == RemoteStatus::Cancelled && now.successor.is_none() => {
                        Ok(())
                    }
                    _ => Err(WriteFailure::Refused { reason, detail }),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    async fn get(&mut self, uid: &RemoteUid) -> Result<Option<RemoteBooking>, ReadFailure> {
        let client = self.client;
        let ask = Ask {
            name: "get booking",
            method: Method::GET,
            path: &["bookings", uid.as_str()],
            query: Vec::new(),
            version: Some(&client.config.versions.bookings),
            body: None,
        };
        let of_account = ask.is_of_account();
        let outcome = self.ask(ask, client.config.limits.read).await;
        if outcome.as_ref().is_ok_and(|answer| answer.status == 404) {
            return Ok(None);
        }
        let body = super::failure::read(outcome, of_account)?;
        let root = root(&body).map_err(malformed)?;
        let found = entries(&root).into_iter().filter_map(booking).find(|booking| booking.uid == *uid);
        let found = found.ok_or_else(|| malformed("no such booking in it"))?;
        client.organizers.note(&found);
        Ok(Some(found))
    }
}

const fn might_be_done(reason: RefusalReason) -> bool {
    matches!(reason, RefusalReason::AlreadyChanged | RefusalReason::Invalid)
}

pub(super) fn refused(reason: RefusalReason, detail: &str) -> WriteFailure {
    WriteFailure::Refused { reason, detail: detail.to_owned() }
}

/// The event type as the provider counts it.
pub(super) fn number(link: &CalendarLink) -> Result<u64, WriteFailure> {
    let number = link.event_type.as_str().parse();
    number.map_err(|_| refused(RefusalReason::Invalid, "the event type is not a number"))
}

/// The bookings that the answer to a change is about: one, or several of a recurring one.
fn bookings(body: &[u8]) -> Result<Vec<RemoteBooking>, WriteFailure> {
    let root = root(body).map_err(unknown)?;
    Ok(entries(&root).into_iter().filter_map(booking).collect())
}

fn entries<'a>(root: &Object<'a>) -> Vec<&'a RawValue> {
    root.list(&["data"]).or_else(|| root.raw(&["data"]).map(|one| vec![one])).unwrap_or_default()
}

impl Client {
    fn creation(&self, scope: &TenantScope, request: &RemoteRequest, event_type: u64) -> Value {
        let texts = &self.config.texts;
        let person = &request.attendee;
        let name = person.name.as_ref().map_or(texts.nameless.as_str(), |name| name.as_str());
        let email = person.email.as_ref().unwrap_or(&request.placeholder_email);
        let mut attendee = json!({
            "name": name,
            "email": email.as_str(),
            "timeZone": request.timezone.name(),
            "language": texts.language,
        });
        if let Some(phone) = &person.phone {
            attendee["phoneNumber"] = phone.as_e164().into();
        }
        let mut metadata = Map::new();
        metadata.insert(MARKER_KEY.to_owned(), request.marker.to_string().into());
        metadata.insert(TENANT_KEY.to_owned(), scope.tenant().to_string().into());
        let mut body = json!({
            "eventTypeId": event_type,
            "start": wire_time(request.start),
            "attendee": attendee,
            "metadata": metadata,
        });
        // Of several hosts the one that was asked for; who it became is checked in the answer.
        if let Some(host) = request.link.host.as_ref().and_then(|host| host.as_str().parse::<u64>().ok()) {
            body["routing"] = json!({ "teamMemberIds": [host] });
        }
        if !self.config.booking_fields.is_empty() {
            body["bookingFieldsResponses"] = json!(self.config.booking_fields);
        }
        body
    }
}
