//! The names of arguments, each with its aliases, the preferred one first: for the tools and for the generated
//! reference.

pub(crate) const DATE: &[&str] =
    &["datum", "date", "date_string", "appointment_date", "selected_alternative_date", "tag"];
pub(crate) const TIME: &[&str] =
    &["uhrzeit", "time", "preferred_time", "appointment_time", "selected_alternative_time", "zeitraum"];
pub(crate) const DATETIME: &[&str] = &["datetime", "date_time", "zeitangabe"];
pub(crate) const SERVICE: &[&str] = &["dienstleistung", "service_name", "service", "service_id"];
/// Services that follow the one that is named, or the one that was spoken of last, in the same visit.
pub(crate) const FURTHER: &[&str] =
    &["weitere_dienstleistungen", "weitere_leistungen", "additional_services", "further_services"];
pub(crate) const STAFF: &[&str] =
    &["mitarbeiter", "staff", "preferred_staff", "preferred_staff_id", "staff_name"];
pub(crate) const NAME: &[&str] = &["customer_name", "name", "kundename"];
pub(crate) const EMAIL: &[&str] = &["customer_email", "email"];
pub(crate) const PHONE: &[&str] = &["phone_number", "customer_phone", "phone", "telefonnummer"];
pub(crate) const SLOT: &[&str] = &["slot_id", "alternative_id", "reservation_uid", "booking_token"];
pub(crate) const CHOICE: &[&str] = &["selected_alternative", "auswahl", "alternative"];
pub(crate) const CONFIRM: &[&str] = &["bestaetigung", "confirm_booking", "confirm_reschedule", "confirm"];
pub(crate) const APPOINTMENT: &[&str] = &["appointment_id", "termin_id"];
pub(crate) const OLD_DATE: &[&str] = &["old_date", "old_datum", "appointment_date", "datum"];
pub(crate) const OLD_TIME: &[&str] = &["old_uhrzeit", "old_time", "uhrzeit"];
pub(crate) const NEW_DATE: &[&str] = &["new_date", "new_datum", "neues_datum"];
pub(crate) const NEW_TIME: &[&str] = &["new_time", "new_uhrzeit", "neue_uhrzeit"];
pub(crate) const NOTES: &[&str] = &["notes", "notizen", "bemerkung"];
pub(crate) const REASON: &[&str] = &["reason", "grund"];
pub(crate) const CALL: &[&str] = &["call_id"];
pub(crate) const AFTER: &[&str] = &["after", "ab"];
pub(crate) const SEARCH_DAYS: &[&str] = &["search_days"];
pub(crate) const MAX: &[&str] = &["max_alternatives"];
pub(crate) const WINDOW: &[&str] = &["preferred_time_window", "zeitfenster"];
pub(crate) const PRIORITY: &[&str] = &["priority", "dringlichkeit"];
pub(crate) const CATEGORY: &[&str] = &["category", "kategorie"];
pub(crate) const GENDER: &[&str] = &["gender", "geschlecht"];
/// Whether the appointment is for somebody else than the customer of the number; an explicit no is an answer too.
pub(crate) const OTHER_PERSON: &[&str] = &["fuer_andere_person", "for_other_person"];
pub(crate) const ADDITIONAL: &[&str] = &["zusaetzlich", "book_additional", "additional"];
pub(crate) const DAY_OF_WEEK: &[&str] = &["day_of_week", "wochentag"];
pub(crate) const TO_NUMBER: &[&str] = &["to_number", "called_number"];
