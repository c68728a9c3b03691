//! Who an appointment is for, in the words of an outside calendar.

use appointment::calendar::{Attendee, RemoteBooking};
use customer::Customer;
use kernel::{AppointmentId, EmailAddress};

/// Name of somebody who gave none: providers insist on one.
const NAMELESS: &str = "Telefonkunde";

/// The customer as an attendee.
pub(super) fn attendee(customer: Option<&Customer>) -> Attendee {
    Attendee {
        name: customer.and_then(Customer::name).cloned().or_else(|| kernel::PersonName::clean(NAMELESS).ok()),
        email: customer.and_then(Customer::email).cloned(),
        phone: customer.and_then(Customer::phone).cloned(),
    }
}

/// An address for an appointment whose customer has none: nobody's, and no other appointment's.
pub(super) fn placeholder(appointment: AppointmentId, domain: &str) -> Option<EmailAddress> {
    EmailAddress::parse(&format!("termin+{}@{domain}", appointment.as_uuid().simple())).ok()
}

/// Whether the provider has an address of the person whom a booking is for.
pub(super) fn is_written_to(booking: &RemoteBooking, domain: &str) -> bool {
    let address = booking.attendee.as_ref().and_then(|who| who.email.as_ref());
    address.is_some_and(|address| !is_placeholder(address, domain))
}

/// Whether an address is one of ours that stands for nobody.
pub(super) fn is_placeholder(email: &EmailAddress, domain: &str) -> bool {
    email.as_str().starts_with("termin+") && email.as_str().ends_with(&format!("@{domain}"))
}
