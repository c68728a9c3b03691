//! Which endpoint a request is for.

use serde::{Deserialize, Serialize};

use super::state::Desk;
use super::wire::{Ask, Refusal, Reply};
use super::{catalogue, change, create, list, reservations, slots, subscriptions};

/// Endpoints, as faults and counters name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Whatever it is; for faults.
    Any,
    /// `GET /v2/slots`.
    Slots,
    /// `/v2/slots/reservations`.
    Reservations,
    /// `POST /v2/bookings`.
    Create,
    /// `GET /v2/bookings/{uid}`.
    Get,
    /// `GET /v2/bookings`.
    List,
    /// `POST /v2/bookings/{uid}/cancel`.
    Cancel,
    /// `POST /v2/bookings/{uid}/reschedule`.
    Reschedule,
    /// `POST /v2/bookings/{uid}/confirm`.
    Confirm,
    /// `POST /v2/bookings/{uid}/decline`.
    Decline,
    /// `POST /v2/bookings/{uid}/mark-absent`.
    MarkAbsent,
    /// `GET /v2/event-types`.
    EventTypes,
    /// `GET /v2/teams/{id}/…`.
    Teams,
    /// `GET /v2/me`.
    Me,
    /// `/v2/webhooks`, and those of a team's event types.
    Webhooks,
    /// A path that this stand-in does not have.
    Unknown,
}

impl Operation {
    pub(crate) fn of(ask: &Ask) -> Self {
        match (ask.method.as_str(), ask.segments().as_slice()) {
            ("GET", ["slots"]) => Self::Slots,
            (_, ["slots", "reservations", ..]) => Self::Reservations,
            ("POST", ["bookings"]) => Self::Create,
            ("GET", ["bookings"]) => Self::List,
            ("GET", ["bookings", _]) => Self::Get,
            ("POST", ["bookings", _, "cancel"]) => Self::Cancel,
            ("POST", ["bookings", _, "reschedule"]) => Self::Reschedule,
            ("POST", ["bookings", _, "confirm"]) => Self::Confirm,
            ("POST", ["bookings", _, "decline"]) => Self::Decline,
            ("POST", ["bookings", _, "mark-absent"]) => Self::MarkAbsent,
            ("GET", ["event-types"] | ["event-types", _]) => Self::EventTypes,
            ("GET", ["teams", _, _]) => Self::Teams,
            ("GET", ["me"]) => Self::Me,
            (
                _,
                ["webhooks"]
                | ["webhooks", _]
                | ["teams", _, "event-types", _, "webhooks"]
                | ["teams", _, "event-types", _, "webhooks", _],
            ) => Self::Webhooks,
            _ => Self::Unknown,
        }
    }

    /// Whether a fault that is meant for this is meant for `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

/// Does what a request asks for.
pub(crate) fn perform(desk: &mut Desk<'_>, ask: &Ask) -> Result<Reply, Refusal> {
    match (ask.method.as_str(), ask.segments().as_slice()) {
        ("GET", ["slots"]) => slots::list(desk, ask),
        ("POST", ["slots", "reservations"]) => reservations::create(desk, ask),
        ("GET", ["slots", "reservations", uid]) => Ok(reservations::get(desk, uid)),
        ("PATCH", ["slots", "reservations", uid]) => reservations::update(desk, ask, uid),
        ("DELETE", ["slots", "reservations", uid]) => Ok(reservations::delete(desk, uid)),
        ("POST", ["bookings"]) => create::create(desk, ask),
        ("GET", ["bookings"]) => list::list(desk, ask),
        ("GET", ["bookings", uid]) => change::get(desk, ask, uid),
        ("POST", ["bookings", uid, "cancel"]) => change::cancel(desk, ask, uid),
        ("POST", ["bookings", uid, "reschedule"]) => change::reschedule(desk, ask, uid),
        ("POST", ["bookings", uid, "confirm"]) => change::decide(desk, ask, uid, true),
        ("POST", ["bookings", uid, "decline"]) => change::decide(desk, ask, uid, false),
        ("POST", ["bookings", uid, "mark-absent"]) => change::mark_absent(desk, ask, uid),
        ("GET", ["event-types"]) => catalogue::event_types(desk, ask),
        ("GET", ["event-types", id]) => catalogue::event_type(desk, ask, id),
        ("GET", ["teams", id, what]) => catalogue::team(desk, ask, id, what),
        ("GET", ["me"]) => catalogue::me(desk),
        (_, ["webhooks"]) => subscriptions::all(desk, ask, None),
        (_, ["webhooks", id]) => subscriptions::one(desk, ask, None, id),
        (_, ["teams", team, "event-types", id, "webhooks", rest @ ..]) => {
            let event_type = Some(catalogue::event_type_of_team(desk, team, id)?);
            match rest {
                [] => subscriptions::all(desk, ask, event_type),
                [id] => subscriptions::one(desk, ask, event_type, id),
                _ => Err(Refusal::no_route(ask)),
            }
        }
        _ => Err(Refusal::no_route(ask)),
    }
}
