//! The stable codes of a reply. Agents branch on them; a code is never renamed, and its meaning never changes.

use serde::{Serialize, Serializer};

macro_rules! statuses {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $success:literal;)+) => {
        /// What came of a tool call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Status {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Status {
            /// Every status, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Whether the reply says `success: true`.
            #[must_use]
            pub const fn is_success(self) -> bool {
                match self { $(Self::$variant => $success,)+ }
            }

            /// The meaning in one sentence, for the generated reference.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

statuses! {
    /// The question was answered.
    Ok = "ok", true;
    /// The asked time is free; `held_until` says until when it is held for this call, unless the call asks for more than three
    /// others (each service of a visit counts) or books another one of that service for the same person, `as_of` when an outside
    /// calendar that has a say was heard. Nothing is booked yet.
    Available = "available", true;
    /// The asked time is free but not held, since the caller holds too many others.
    NotHeld = "not_held", false;
    /// The asked time is free by the company's own plan, but its outside calendar does not answer; `as_of` says when it
    /// was last known to be free there. Nothing is booked yet.
    Unverified = "available_unverified", true;
    /// Free times in the asked stretch were found; none is held or booked.
    Options = "options", true;
    /// The asked time is not free; alternatives, if any, are in the reply.
    Unavailable = "unavailable", false;
    /// Nothing is free in the whole stretch that was searched.
    NoAvailability = "no_availability", false;
    /// The appointment is committed.
    Booked = "booked", true;
    /// The appointment is committed here, and its confirmation by the company's outside calendar is still open. If that
    /// fails, a person tells the customer.
    PendingConfirmation = "pending_confirmation", true;
    /// What this request did was changed again since, or an outside calendar took only a part of it: then `appointments`
    /// shows how each part stands, and a person looks at it. Else it must be looked up.
    Superseded = "superseded", false;
    /// This call has already booked exactly this appointment.
    AlreadyBooked = "already_booked", true;
    /// Somebody else was faster; alternatives, if any, are in the reply.
    SlotTaken = "slot_taken", false;
    /// The caller's own appointment lies at or across the asked time; `options` says what can be done.
    OwnAppointmentOverlaps = "own_appointment_overlaps", false;
    /// The slot id is not one of ours or no longer fits the catalogue.
    SlotUnknown = "slot_unknown", false;
    /// Nothing was asked last that a yes could answer. Where a time is still held or was offered, the answer asks about it.
    NothingToConfirm = "nothing_to_confirm", false;
    /// A day is missing.
    DateRequired = "date_required", false;
    /// A clock time is missing.
    TimeRequired = "time_required", false;
    /// The words can mean two things; both are in the reply.
    AmbiguousTime = "ambiguous_time", false;
    /// The words name no day or time that is understood.
    TimeNotUnderstood = "time_not_understood", false;
    /// The day does not exist in the calendar, or the time not on that day.
    NonexistentDate = "nonexistent_date", false;
    /// The time has passed.
    PastTime = "past_time", false;
    /// The time is further ahead than bookings reach.
    TooFar = "too_far", false;
    /// The time is nearer than the minimum notice allows.
    TooSoon = "too_soon", false;
    /// A service is missing.
    ServiceRequired = "service_required", false;
    /// The name fits several services.
    ServiceAmbiguous = "service_ambiguous", false;
    /// The name fits no service of this branch.
    ServiceUnknown = "service_unknown", false;
    /// More services were named than can be booked one after the other; `max_services` says how many can.
    TooManyServices = "too_many_services", false;
    /// The name fits no member of staff of this branch.
    StaffUnknown = "staff_unknown", false;
    /// The wished person does not offer the service.
    StaffCannot = "staff_cannot_provide_service", false;
    /// The customer's name is missing.
    CustomerNameRequired = "customer_name_required", false;
    /// What was given as the customer's name is a member of staff's name.
    StaffNameAsCustomerName = "staff_name_as_customer_name", false;
    /// What was given as the customer's name is a wish for somebody ("bei Anna").
    StaffPreferenceAsName = "staff_preference_confused_with_customer_name", false;
    /// Several customers share the number, and the name does not tell which.
    CustomerAmbiguous = "customer_ambiguous", false;
    /// The customer may not book by telephone.
    CustomerBlocked = "customer_blocked", false;
    /// A telephone number is missing or not usable.
    PhoneNumberRequired = "phone_number_required", false;
    /// The caller's number is withheld; personal data stay closed.
    AnonymousCaller = "anonymous_caller", false;
    /// No appointment fits.
    NotFound = "not_found", false;
    /// Several appointments fit; they are in the reply.
    MultipleFound = "multiple_found", false;
    /// The appointment belongs to somebody else.
    Unauthorized = "unauthorized", false;
    /// This number has named appointments that are not its own too often; `retry_after_seconds` says how long to wait.
    TooManyAttempts = "rate_limit_exceeded", false;
    /// The appointment is cancelled.
    Cancelled = "cancelled", true;
    /// It was cancelled before.
    AlreadyCancelled = "already_cancelled", true;
    /// The company's policy does not allow it; the reason is in the reply.
    Denied = "denied", false;
    /// The new time is missing.
    NeedsNewTime = "needs_new_time", false;
    /// The new time is free and held; nothing is moved yet.
    ReadyForConfirmation = "ready_for_confirmation", true;
    /// The appointment is moved.
    Rescheduled = "rescheduled", true;
    /// The appointment is already at that time.
    Unchanged = "unchanged", true;
    /// The hold was given back.
    Released = "released", true;
    /// A person will call back; the request is committed.
    CallbackRequested = "callback_requested", true;
    /// The wish is in the waiting list; somebody calls when a time becomes free.
    WaitingListed = "waiting_listed", true;
    /// The number or the company has as many open wishes as are allowed.
    WaitingListFull = "waiting_list_full", false;
    /// The number or the call belongs to no company.
    TenantUnknown = "tenant_unknown", false;
    /// The company's account is not active.
    TenantInactive = "tenant_inactive", false;
    /// No ongoing call is proven by the request.
    CallUnknown = "call_unknown", false;
    /// The call has ended; nothing was done.
    CallOver = "call_over", false;
    /// No tool has this name.
    UnknownTool = "unknown_tool", false;
    /// The tool belongs to another mode than the company's.
    WrongMode = "wrong_mode", false;
    /// An argument has a wrong type or length.
    InvalidArguments = "invalid_arguments", false;
    /// The deadline came first, or too much is going on; nothing is claimed, the next call of the tool tells the outcome.
    Pending = "pending", false;
    /// A part that is needed does not answer, or too much is going on; nothing was done.
    Degraded = "degraded", false;
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<_> = Status::ALL.iter().map(|status| status.code()).collect();
        assert_eq!(codes.len(), Status::ALL.len());
    }
}
