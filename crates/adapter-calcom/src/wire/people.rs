//! People: whom a booking is for, and who performs it.

use appointment::calendar::{Attendee, RemoteHost, RemoteHostRef};
use kernel::{EmailAddress, PersonName, PhoneNumber};

use crate::json::Object;

/// Addresses under this domain are made up by the provider for people who have none.
const MADE_UP_DOMAIN: &str = "sms.cal.com";

/// The person of a booking. An empty object is a person of whom nothing is known.
pub(crate) fn attendee(person: &Object<'_>) -> Attendee {
    let whole = person.text(&["name"]).or_else(|| {
        let parts = [person.text(&["firstName"]), person.text(&["lastName"])];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    Attendee {
        name: whole.and_then(|name| PersonName::clean(&name).ok()),
        email: email(person),
        phone: person.text(&["phoneNumber", "phone"]).and_then(|text| phone(&text)),
    }
}

/// A person who performs bookings; `None` without a usable reference.
pub(crate) fn host(person: &Object<'_>) -> Option<RemoteHost> {
    let user = person.object(&["user"]).unwrap_or_default();
    let reference = person.id(&["userId"]).or_else(|| user.id(&["id"])).or_else(|| person.id(&["id"]))?;
    named(&reference, person)
}

/// A person who performs bookings, with a reference from elsewhere. Of a booking that has lost its user the provider says
/// that all of them is "unknown".
pub(crate) fn named(reference: &str, person: &Object<'_>) -> Option<RemoteHost> {
    let user = person.object(&["user"]).unwrap_or_default();
    let name = person.text(&["name"]).or_else(|| user.text(&["name"]));
    Some(RemoteHost {
        reference: RemoteHostRef::parse(reference).ok().filter(|_| reference != "unknown")?,
        name: name.or_else(|| person.text(&["username"])).unwrap_or_default(),
        email: email(person).or_else(|| email(&user)),
    })
}

/// A number that is in E.164 form but for marks between its digits.
pub(crate) fn phone(text: &str) -> Option<PhoneNumber> {
    let bare: String = text.chars().filter(|c| !" -/().\u{a0}".contains(*c)).collect();
    PhoneNumber::from_e164(&bare).ok()
}

fn email(person: &Object<'_>) -> Option<EmailAddress> {
    // The first spelling is without the suffix that the provider adds for users that it manages.
    let text = person.text(&["displayEmail", "email"])?;
    let address = EmailAddress::parse(&text).ok()?;
    let (_, domain) = address.as_str().rsplit_once('@')?;
    let made_up = domain == MADE_UP_DOMAIN || domain.ends_with(&format!(".{MADE_UP_DOMAIN}"));
    (!made_up).then_some(address)
}
