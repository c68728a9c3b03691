//! Who an appointment is for, in the words of an outside calendar.

use appointment::calendar::Attendee;
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

/// Whether an address is one of ours that stands for nobody.
pub(super) fn is_placeholder(email: &EmailAddress, domain: &str) -> bool {
    email.as_str().starts_with("termin+") && email.as_str().ends_with(&format!("@{domain}"))
}
