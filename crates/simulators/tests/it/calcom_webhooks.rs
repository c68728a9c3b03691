//! What subscribers are told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use simulators::calcom::{Config, CustomerBooking, OwnerCancellation, OwnerDecision, OwnerMove, WebhookMode};

use crate::calcom::{CONSULTATION, Cal, TRIAL, at};

const START: &str = "2026-11-26T08:00:00Z";

#[tokio::test]
async fn a_booking_is_told_signed_and_once() {
    let cal = Cal::start().await;
    let made = cal.book(CONSULTATION, START).await;
    assert!(cal.hooks().is_empty());
    let deliveries = cal.sim.flush().await;
    assert_eq!((deliveries.len(), deliveries[0].status), (1, Some(200)));
    assert!(cal.sim.queue().is_empty() && cal.sim.flush().await.is_empty());
    let hooks = cal.hooks();
    let hook = &hooks[0];
    assert!(hook.is_authentic());
    assert_eq!(hook.headers["x-cal-webhook-version"], "2021-10-20");
    assert_eq!(hook.headers["content-type"], "application/json");
    assert_eq!(hook.body["createdAt"], "2026-11-23T07:00:00.000Z");
    let payload = &hook.body["payload"];
    for (field, value) in [
        ("uid", made.data()["uid"].clone()),
        ("bookingId", made.data()["id"].clone()),
        ("type", json!("beratung")),
        ("startTime", json!("2026-11-26T08:00:00Z")),
        ("endTime", json!("2026-11-26T08:45:00Z")),
        ("eventTypeId", json!(4711)),
        ("status", json!("ACCEPTED")),
        ("length", json!(45)),
        ("price", json!(0)),
        ("metadata", json!({"gw_appointment": "apt_1"})),
        ("appsStatus", json!([])),
        ("seatsPerTimeSlot", Value::Null),
    ] {
        assert_eq!(payload[field], value, "{field}");
    }
    assert_eq!(payload["organizer"]["utcOffset"], 60);
    let attendee = &payload["attendees"][0];
    assert_eq!((&attendee["firstName"], &attendee["lastName"]), (&json!("Erika"), &json!("Beispiel")));
    assert_eq!(payload["responses"]["attendeePhoneNumber"]["value"], "+4915112345678");
    // Not answered means no value at all.
    assert!(payload["responses"]["notes"].get("value").is_none());
}

#[tokio::test]
async fn each_trigger_has_its_own_fields() {
    let cal = Cal::start().await;
    let waiting = cal.book(TRIAL, START).await;
    cal.post(&format!("/v2/bookings/{}/confirm", waiting.uid()), json!(null)).await;
    let declined = cal.book(TRIAL, "2026-11-26T09:00:00Z").await;
    let body = json!({"reason": "Urlaub"});
    cal.post(&format!("/v2/bookings/{}/decline", declined.uid()), body).await;
    let old = cal.book(CONSULTATION, "2026-11-27T08:00:00Z").await;
    let body = json!({"start": "2026-11-27T09:00:00Z", "rescheduledBy": "erika@example.org"});
    let new = cal.post(&format!("/v2/bookings/{}/reschedule", old.uid()), body).await;
    let body = json!({"attendees": [{"email": "erika@example.org", "absent": true}]});
    cal.post(&format!("/v2/bookings/{}/mark-absent", new.uid()), body).await;
    cal.cancel(&new.uid()).await;
    cal.sim.flush().await;
    assert_eq!(
        cal.triggers(),
        [
            "BOOKING_REQUESTED",
            "BOOKING_CREATED",
            "BOOKING_REQUESTED",
            "BOOKING_REJECTED",
            "BOOKING_CREATED",
            "BOOKING_RESCHEDULED",
            "BOOKING_NO_SHOW_UPDATED",
            "BOOKING_CANCELLED"
        ]
    );
    let hooks = cal.hooks();
    assert!(hooks.iter().all(crate::calcom::Hook::is_authentic));
    let payload = |at: usize| &hooks[at].body["payload"];
    assert_eq!((&payload(0)["status"], &payload(1)["status"]), (&json!("PENDING"), &json!("ACCEPTED")));
    assert_eq!(payload(0)["uid"], payload(1)["uid"]);
    assert!(payload(0)["oneTimePassword"].is_string());
    assert_eq!(
        (&payload(3)["status"], &payload(3)["rejectionReason"]),
        (&json!("REJECTED"), &json!("Urlaub"))
    );
    assert_eq!(payload(3)["destinationCalendar"], json!([]));

    let moved = payload(5);
    assert_eq!((&moved["uid"], &moved["rescheduleUid"]), (&json!(new.uid()), &json!(old.uid())));
    assert_eq!(moved["rescheduleId"], old.data()["id"]);
    assert_eq!(moved["rescheduleStartTime"], "2026-11-27T08:00:00Z");
    assert_eq!(moved["rescheduleEndTime"], "2026-11-27T08:45:00Z");
    assert_eq!(moved["rescheduledBy"], "erika@example.org");
    assert_eq!(moved["metadata"]["gw_appointment"], "apt_1");

    assert_eq!(
        payload(6),
        &json!({"message": "no_show_updated", "bookingUid": new.uid(), "bookingId": new.data()["id"],
            "attendees": [{"email": "erika@example.org", "noShow": true}]})
    );

    let cancelled = payload(7);
    assert_eq!(
        (&cancelled["status"], &cancelled["cancellationReason"]),
        (&json!("CANCELLED"), &json!("krank"))
    );
    assert_eq!(cancelled["cancelledBy"], "anna@example.org");
    assert_eq!(cancelled["requestReschedule"], json!(false));
    assert_eq!(cancelled["startTime"], "2026-11-27T09:00:00+00:00");
    assert_eq!(cancelled["responses"]["name"]["label"], "name");
    assert!(cancelled.get("metadata").is_none() && cancelled["price"].is_null());
    let attendee = cancelled["attendees"][0].as_object().unwrap();
    assert!(!attendee.contains_key("firstName") && attendee["phoneNumber"].is_null());
}

#[tokio::test]
async fn meetings_end_flat_and_once() {
    let cal = Cal::start().await;
    let made = cal.book(CONSULTATION, START).await;
    cal.sim.drop_queue();
    cal.clock.set(at("2026-11-26T08:44:00Z"));
    assert_eq!(cal.sim.end_meetings(), 0);
    cal.clock.advance(TimeDelta::minutes(1));
    assert_eq!((cal.sim.end_meetings(), cal.sim.end_meetings()), (1, 0));
    cal.sim.flush().await;
    let hook = &cal.hooks()[0];
    assert!(hook.is_authentic());
    assert_eq!(hook.trigger(), "MEETING_ENDED");
    assert!(hook.body.get("payload").is_none());
    assert_eq!((&hook.body["uid"], &hook.body["id"]), (&made.data()["uid"], &made.data()["id"]));
    assert_eq!(hook.body["status"], "ACCEPTED");
    assert_eq!(hook.body["attendees"][0]["noShow"], json!(false));
}

#[tokio::test]
async fn people_in_the_calendar_are_told_about_as_well() {
    let cal = Cal::start().await;
    let wish = CustomerBooking {
        event_type_id: TRIAL,
        start: at(START),
        name: "Max Muster".to_owned(),
        email: "max@example.org".to_owned(),
        phone_number: None,
        minutes: None,
        responses: serde_json::Map::new(),
    };
    let booked = cal.sim.customer_books(wish.clone()).unwrap();
    assert!(cal.sim.customer_books(wish).unwrap_err().message.contains("already has booking"));
    let yes = OwnerDecision { uid: booked.uid.clone(), confirm: true, reason: None };
    cal.sim.owner_decides(yes).unwrap();
    let later = OwnerMove { uid: booked.uid.clone(), start: at("2026-11-26T10:00:00Z"), reason: None };
    let moved = cal.sim.owner_reschedules(later).unwrap();
    assert_eq!(moved.rescheduled_from.as_ref(), Some(&booked.uid));
    let off = OwnerCancellation { uid: moved.uid.clone(), reason: None, request_reschedule: true };
    cal.sim.owner_cancels(off).unwrap();
    cal.sim.ping("salon").unwrap();
    cal.sim.flush().await;
    assert_eq!(
        cal.triggers(),
        ["BOOKING_REQUESTED", "BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED", "PING"]
    );
    let hooks = cal.hooks();
    assert_eq!(hooks[0].body["payload"]["metadata"], json!({}));
    assert_eq!(hooks[2].body["payload"]["rescheduledBy"], "anna@example.org");
    assert_eq!(hooks[3].body["payload"]["requestReschedule"], json!(true));
    assert_eq!(hooks[4].body["payload"]["type"], "Test");
    assert!(hooks[4].is_authentic());
    // The API sees what people did.
    assert_eq!(
        cal.get(&format!("/v2/bookings/{}", moved.uid), "2024-08-13").await.data()["status"],
        "cancelled"
    );
}

#[tokio::test]
async fn the_queue_can_be_bent() {
    let cal = Cal::start().await;
    for hour in 8..11 {
        cal.book(CONSULTATION, &format!("2026-11-26T{hour:02}:00:00Z")).await;
    }
    let numbers = || cal.sim.queue().iter().map(|parcel| parcel.number).collect::<Vec<_>>();
    cal.sim.reverse_queue();
    assert_eq!(numbers(), [3, 2, 1]);
    assert_eq!(cal.sim.flush_some(1).await[0].parcel.number, 3);
    cal.sim.duplicate_queue();
    assert_eq!(numbers(), [2, 2, 1, 1]);
    assert_eq!(cal.sim.flush_some(3).await.len(), 3);
    assert_eq!(cal.sim.drop_queue(), 1);
    assert_eq!((cal.hooks().len(), cal.sim.deliveries().len()), (4, 4));
}

#[tokio::test]
async fn what_leaves_at_once_arrives_without_being_asked() {
    let cal = Cal::with(Config { webhooks: WebhookMode::Immediate, ..Config::default() }).await;
    cal.book(CONSULTATION, START).await;
    cal.sim.settle().await;
    assert_eq!(cal.triggers(), ["BOOKING_CREATED"]);
    cal.sim.set_webhooks(WebhookMode::Queued);
    cal.book(CONSULTATION, "2026-11-26T09:00:00Z").await;
    cal.sim.settle().await;
    assert_eq!((cal.hooks().len(), cal.sim.queue().len()), (1, 1));
}

#[tokio::test]
async fn nobody_tries_again_when_a_subscriber_is_away() {
    let cal = Cal::start().await;
    let list = cal.get("/v2/webhooks", "").await;
    let path = format!("/v2/webhooks/{}", list.data()[0]["id"].as_str().unwrap());
    let body = json!({"subscriberUrl": "http://127.0.0.1:1/away", "secret": null});
    assert_eq!(cal.call("PATCH", &path, "", body).await.status, 200);
    cal.book(CONSULTATION, START).await;
    let failed = cal.sim.flush().await;
    assert_eq!(failed[0].status, None);
    assert!(failed[0].error.is_some());
    assert_eq!(failed[0].parcel.signature, "no-secret-provided");
    assert!(cal.sim.flush().await.is_empty());
}
