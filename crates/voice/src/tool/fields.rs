//! Fields of an answer's `data` that tools share.

pub(super) const WHEN_FIELDS: &[&str] = &["start", "date", "time"];
pub(super) const WHAT_FIELDS: &[&str] = &["service", "staff"];
pub(super) const SLOT_FIELDS: &[&str] = &[
    "available",
    "slot_id",
    "requested_time",
    "service_id",
    "staff_id",
    "duration_minutes",
    "held_until",
    "awaiting_confirmation",
    "inferred",
];
/// Why a time cannot be had, and what stands in its way.
pub(super) const REFUSED_FIELDS: &[&str] = &[
    "reason",
    "earliest_bookable",
    "minimum_notice_minutes",
    "has_existing_appointment",
    "existing_appointment_id",
    "existing_appointment_time",
    "existing_appointment",
    "options",
];
/// Of several services one after the other.
pub(super) const PARTS_FIELDS: &[&str] =
    &["parts", "missing_part", "end", "price", "price_minor", "currency"];
/// The same once it is more than a question.
pub(super) const SEQUENCE_FIELDS: &[&str] = &["sequence_id"];
pub(super) const HELD_FIELDS: &[&str] = &["reserved", "reservation_uid", "reservation_until", "datetime"];
pub(super) const BOOKED_FIELDS: &[&str] = &[
    "booked",
    "appointment_id",
    "booking_id",
    "appointment_time",
    "end",
    "duration_minutes",
    "confirmation",
    "sync_mode",
];
/// A move that was made, or the question whether to make it.
pub(super) const MOVED_FIELDS: &[&str] = &[
    "appointment_id",
    "old_time",
    "new_time",
    "confirmation",
    "sync_mode",
    "current_appointment",
    "new_appointment",
    "held_until",
    "fee_minor",
];
pub(super) const LISTED_FIELDS: &[&str] = &[
    "appointments",
    "appointment_count",
    "appointment",
    "same_day",
    "showing",
    "next_appointment",
    "remaining_count",
];
pub(super) const SERVICES_FIELDS: &[&str] =
    &["services", "count", "shown", "categories", "progressive_disclosure", "auto_selected"];
pub(super) const NO_FIELDS: &[&[&str]] = &[];

/// Fields of `data` that any tool may fill when it asks back or refuses.
pub const SHARED_FIELDS: &[&str] = &[
    "alternative_staff",
    "appointment_id",
    "appointments",
    "current_appointment",
    "fee_minor",
    "new_appointment",
    "argument",
    "available",
    "held_until",
    "parts",
    "sequence_id",
    "slot_id",
    "booked",
    "callback_id",
    "callback_status",
    "due_at",
    "priority",
    "status",
    "first_day",
    "last_day",
    "wish_id",
    "as_of",
    "candidates",
    "certainty",
    "decides",
    "name_differs",
    "current_time",
    "details",
    "earliest_bookable",
    "existing_appointment",
    "existing_appointment_id",
    "existing_appointment_time",
    "has_existing_appointment",
    "inferred",
    "max_services",
    "minimum_notice_minutes",
    "options",
    "readings",
    "reason",
    "requested_service",
    "requested_staff",
    "requested_time",
    "requires_phone_number",
    "retry_after_seconds",
    "services",
    "staff",
    "staff_preference",
];
