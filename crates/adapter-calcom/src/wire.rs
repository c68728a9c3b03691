//! Shapes that answers and webhooks share: bookings, people, our marker.

mod booking;
mod people;

pub(crate) use booking::{Marked, booking, event_type, marked, marker, status};
pub(crate) use people::{attendee, host, named, phone};

/// The key in a booking's metadata under which our appointment is named.
pub const MARKER_KEY: &str = "askpro_appointment";

/// The key in a booking's metadata under which our tenant is named.
pub const TENANT_KEY: &str = "askpro_tenant";
