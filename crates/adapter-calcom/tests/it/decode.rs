//! What the documented events say.

use adapter_calcom::decode::{CalendarNews, DecodeError, Delivery, Trigger, event_label, identify, webhook};
use appointment::calendar::RemoteStatus;
use serde_json::{Value, json};

use crate::fixtures::{
    ASKS_TO_MOVE, CANCELLED, CREATED, CREATED_DOTTED, CREATED_HALF_EMOJI, FORM, MEETING_ENDED,
    MEETING_STARTED, NO_SHOW, OOO, PING, REJECTED, REQUESTED, RESCHEDULED, at,
};

fn news(body: &str) -> CalendarNews {
    match webhook(body.as_bytes()).unwrap() {
        Delivery::News(news) => *news,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_booking_says_everything() {
    let news = news(CREATED);
    assert_eq!(news.trigger, Trigger::Created);
    assert_eq!(news.created_at, Some(at("2026-11-30T08:15:00.123Z")));
    assert_eq!(news.uid.as_str(), "kT4wJq8ZxN2");
    assert_eq!(news.previous_uid, None);
    assert_eq!(news.marker.unwrap().to_string(), "apt_018f3c5a7b1c7d2e8f90a1b2c3d4e5f6");
    assert_eq!(news.event_type.unwrap().as_str(), "5120");
    assert_eq!(news.start, Some(at("2026-12-03T09:00:00Z")));
    assert_eq!(news.end, Some(at("2026-12-03T09:45:00Z")));
    assert_eq!(news.status, Some(RemoteStatus::Accepted));
    let attendee = news.attendee.unwrap();
    assert_eq!(attendee.name.unwrap().as_str(), "Jonas Feld");
    assert_eq!(attendee.email.unwrap().as_str(), "jonas.feld@example.org");
    assert_eq!(attendee.phone.unwrap().as_e164(), "+4915155501234");
    assert_eq!(news.hosts.len(), 1);
    assert_eq!(news.hosts[0].reference.as_str(), "31");
    assert_eq!(news.hosts[0].name, "Anna Weber");
    assert_eq!(news.hosts[0].email.as_ref().unwrap().as_str(), "anna@praxis.example");
    assert!(!news.asks_to_move);
    assert_eq!(news.no_show, None);
}

#[test]
fn the_dotted_spelling_is_the_same_event() {
    let news = news(CREATED_DOTTED);
    assert_eq!(news.trigger, Trigger::Created);
    assert_eq!(news.marker, None);
    let attendee = news.attendee.unwrap();
    assert_eq!(attendee.email, None, "an address made up for a number is no address");
    assert_eq!(attendee.phone.unwrap().as_e164(), "+4915155501234");
    assert_eq!(identify(CREATED_DOTTED.as_bytes()).unwrap().event, "BOOKING_CREATED");
}

#[test]
fn a_broken_word_costs_that_word_only() {
    let mut whole = news(CREATED);
    whole.created_at = news(CREATED_HALF_EMOJI).created_at;
    assert_eq!(news(CREATED_HALF_EMOJI), whole);
}

#[test]
fn a_move_names_both_bookings() {
    let news = news(RESCHEDULED);
    assert_eq!(news.trigger, Trigger::Rescheduled);
    assert_eq!(news.uid.as_str(), "nW7uidAfter");
    assert_eq!(news.previous_uid.unwrap().as_str(), "kT4wJq8ZxN2");
    assert_eq!(news.start, Some(at("2026-12-04T14:00:00Z")));
    assert!(news.marker.is_some());
}

#[test]
fn a_cancellation_may_say_less() {
    let gone = news(CANCELLED);
    assert_eq!((gone.trigger, gone.status), (Trigger::Cancelled, Some(RemoteStatus::Cancelled)));
    assert_eq!(gone.marker, None);
    assert_eq!(gone.start, Some(at("2026-12-03T09:00:00Z")), "whatever the offset");
    assert_eq!(gone.attendee.unwrap().phone.unwrap().as_e164(), "+4915155501234", "from the answers");
    assert!(!gone.asks_to_move);
    assert!(news(ASKS_TO_MOVE).asks_to_move);
}

#[test]
fn states_are_told_apart() {
    let told = |body: &str| (news(body).trigger, news(body).status);
    assert_eq!(told(REQUESTED), (Trigger::Requested, Some(RemoteStatus::Pending)));
    assert_eq!(told(REJECTED), (Trigger::Rejected, Some(RemoteStatus::Rejected)));
}

#[test]
fn a_no_show_is_about_its_booking() {
    let news = news(NO_SHOW);
    assert_eq!((news.trigger, news.uid.as_str()), (Trigger::NoShow, "kT4wJq8ZxN2"));
    assert_eq!(news.no_show, Some(true));
    assert_eq!((news.attendee, news.start, news.status), (None, None, None));
}

#[test]
fn meetings_are_flat() {
    for (body, trigger) in
        [(MEETING_STARTED, Trigger::MeetingStarted), (MEETING_ENDED, Trigger::MeetingEnded)]
    {
        let news = news(body);
        assert_eq!((news.trigger, news.uid.as_str()), (trigger, "kT4wJq8ZxN2"));
        assert!(news.marker.is_some());
        assert_eq!(news.event_type.unwrap().as_str(), "5120");
        assert_eq!(news.hosts[0].reference.as_str(), "31");
        assert_eq!(news.no_show, Some(false));
        assert_eq!(news.attendee.unwrap().name.unwrap().as_str(), "Jonas Feld");
    }
}

#[test]
fn what_is_not_about_a_booking_is_ignored() {
    assert_eq!(webhook(PING.as_bytes()), Ok(Delivery::Ping));
    let ignored = |body: &str| match webhook(body.as_bytes()) {
        Ok(Delivery::Ignored { trigger }) => trigger,
        other => panic!("{other:?}"),
    };
    assert_eq!(ignored(OOO), "OOO_CREATED");
    assert_eq!(ignored(FORM), "FORM_SUBMITTED");
    assert_eq!(
        ignored(r#"{"triggerEvent":"EVENT_TYPE.DELETED","payload":{"id":5120}}"#),
        "EVENT_TYPE_DELETED"
    );
    assert_eq!(ignored(r#"{"triggerEvent":"new thing\n<b>"}"#), "NEWTHINGB");
}

#[test]
fn identities_make_inbox_keys() {
    let identity = |body: &str| identify(body.as_bytes()).unwrap();
    let moved = identity(RESCHEDULED);
    assert_eq!((moved.event.as_str(), moved.subject.as_str()), ("BOOKING_RESCHEDULED", "nW7uidAfter"));
    assert_eq!(moved.created_at, Some(at("2026-11-30T08:15:00.123Z")));
    assert_eq!(identity(NO_SHOW).subject, "kT4wJq8ZxN2");
    assert_eq!(identity(MEETING_ENDED).subject, "kT4wJq8ZxN2");
    assert_eq!(identity(OOO).subject, "");
    assert_eq!(
        identity(r#"{"triggerEvent":"BOOKING_PAID","payload":{"bookingId":41}}"#).subject,
        "booking:41"
    );
    assert_eq!(identity("[1]").event, "");
    assert_eq!(identify(b"<html>"), Err(DecodeError::NotJson));
}

#[test]
fn what_cannot_be_decoded_says_why() {
    let reason = |body: &Value| match webhook(body.to_string().as_bytes()) {
        Err(DecodeError::Undecodable { reason, identity }) => (reason, identity.event),
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(&json!([])), ("not an object", String::new()));
    assert_eq!(reason(&json!({ "payload": {} })), ("no event name", String::new()));
    for payload in
        [json!({}), json!({ "uid": "" }), json!({ "uid": "two words" }), json!({ "uid": 7 }), json!(null)]
    {
        let body = json!({ "triggerEvent": "BOOKING_CREATED", "payload": payload });
        assert_eq!(reason(&body), ("no usable booking uid", "BOOKING_CREATED".to_owned()));
    }
    assert_eq!(webhook(b""), Err(DecodeError::NotJson));
}

#[test]
fn nobody_is_shown() {
    for body in [CREATED, CREATED_DOTTED, REQUESTED, CANCELLED, NO_SHOW, MEETING_ENDED] {
        let shown = format!("{:?} {:?}", webhook(body.as_bytes()), identify(body.as_bytes()));
        for secret in ["Jonas", "Feld", "jonas", "55501234", "Anna", "Weber", "krank", "otp-"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn names_of_events_become_few_labels() {
    for known in ["BOOKING_CREATED", "BOOKING_COMPLETED", "PING"] {
        assert_eq!(event_label(known), known);
    }
    assert_eq!(event_label(""), "none");
    assert_eq!(event_label("FORM_SUBMITTED"), "other");
    assert_eq!(event_label("booking_created"), "other", "names are in capitals once they were read");
}
