//! What happens to bookings later.

use chrono::TimeDelta;
use serde_json::json;
use simulators::calcom::BookingStatus;

use crate::calcom::{BOOKINGS, CONSULTATION, Cal, HAIRCUT, SALON, TRIAL, at};

#[tokio::test]
async fn whoever_cancels_as_host_gives_a_reason() {
    let cal = Cal::start().await;
    let uid = cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.uid();
    let path = format!("/v2/bookings/{uid}/cancel");
    for body in [json!({}), json!({"cancellationReason": " "}), json!(null)] {
        let got = cal.post(&path, body).await;
        assert_eq!(
            (got.status, got.message()),
            (400, "Cancellation reason is required when you are the host")
        );
    }
    let seat = cal.post(&path, json!({"cancellationReason": "x", "seatUid": "y"})).await;
    assert_eq!(seat.status, 400);
    cal.clock.advance(TimeDelta::minutes(1));
    let done = cal.cancel(&uid).await;
    assert_eq!((done.status, &done.data()["status"]), (200, &json!("cancelled")));
    assert_eq!(done.data()["cancellationReason"], "krank");
    assert_eq!(done.data()["cancelledByEmail"], "anna@example.org");
    assert_eq!(done.data()["updatedAt"], "2026-11-23T07:01:00.000Z");
    assert_eq!(cal.cancel(&uid).await.status, 400);
    assert_eq!(cal.cancel("nobody").await.status, 404);
    // The slot is free again.
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.status, 201);
}

#[tokio::test]
async fn a_move_makes_a_new_uid_and_keeps_the_chain() {
    let cal = Cal::start().await;
    let first = cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await;
    let path = |uid: &str| format!("/v2/bookings/{uid}/reschedule");
    // Half of the new span is the old one, which is no obstacle.
    let body = json!({"start": "2026-11-26T08:30:00Z", "reschedulingReason": "Stau"});
    let second = cal.post(&path(&first.uid()), body).await;
    assert_eq!((second.status, &second.data()["status"]), (201, &json!("accepted")));
    assert_ne!((second.uid(), &second.data()["id"]), (first.uid(), &first.data()["id"]));
    assert_eq!(second.data()["rescheduledFromUid"], json!(first.uid()));
    assert_eq!(second.data()["reschedulingReason"], "Stau");
    assert_eq!(second.data()["metadata"], first.data()["metadata"]);
    assert_eq!(second.data()["end"], "2026-11-26T09:15:00.000Z");
    let old = cal.get(&format!("/v2/bookings/{}", first.uid()), BOOKINGS).await;
    assert_eq!(old.data()["status"], "cancelled");
    assert_eq!(old.data()["rescheduledToUid"], json!(second.uid()));

    let again = cal.post(&path(&first.uid()), json!({"start": "2026-11-26T10:00:00Z"})).await;
    assert_eq!(again.status, 400);
    assert!(again.message().contains(&second.uid()), "{}", again.message());
    let third = cal.post(&path(&second.uid()), json!({"start": "2026-11-27T10:00:00Z"})).await;
    assert_eq!(third.data()["rescheduledFromUid"], json!(second.uid()));

    for (start, status) in [("x", 400), ("2026-11-20T10:00:00Z", 400), ("2026-11-28T10:00:00Z", 400)] {
        assert_eq!(cal.post(&path(&third.uid()), json!({"start": start})).await.status, status, "{start}");
    }
    cal.cancel(&third.uid()).await;
    let gone = cal.post(&path(&third.uid()), json!({"start": "2026-11-27T12:00:00Z"})).await;
    assert!(gone.status == 400 && gone.message().contains("has been cancelled"), "{}", gone.body);
    let older = cal.call("POST", &path("x"), "", json!({"start": "2026-11-27T12:00:00Z"})).await;
    assert_eq!(older.status, 404);
}

#[tokio::test]
async fn a_team_keeps_the_host_of_a_moved_booking_if_it_can() {
    let cal = Cal::start().await;
    let anna = cal.book(HAIRCUT, "2026-11-26T08:00:00Z").await;
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T09:00:00Z").await.status, 201);
    let path = format!("/v2/bookings/{}/reschedule", anna.uid());
    let same = json!({"start": "2026-11-26T09:00:00Z", "rescheduleWithSameHost": true});
    assert_eq!(cal.post(&path, same).await.status, 400);
    let other = cal.post(&path, json!({"start": "2026-11-26T09:00:00Z"})).await;
    assert_eq!(other.data()["hosts"][0]["name"], "Ben");
}

#[tokio::test]
async fn the_host_decides_about_what_waits() {
    let cal = Cal::start().await;
    let one = cal.book(TRIAL, "2026-11-26T08:00:00Z").await.uid();
    let two = cal.book(TRIAL, "2026-11-26T09:00:00Z").await.uid();
    let yes = cal.post(&format!("/v2/bookings/{one}/confirm"), json!(null)).await;
    assert_eq!((yes.status, &yes.data()["status"]), (200, &json!("accepted")));
    assert_eq!(cal.post(&format!("/v2/bookings/{one}/confirm"), json!(null)).await.status, 400);
    let no = cal.post(&format!("/v2/bookings/{two}/decline"), json!({"reason": "Urlaub"})).await;
    assert_eq!((no.status, &no.data()["status"]), (200, &json!("rejected")));
    assert_eq!(cal.sim.booking(&two).unwrap().rejection_reason.as_deref(), Some("Urlaub"));
    let moved =
        cal.post(&format!("/v2/bookings/{two}/reschedule"), json!({"start": "2026-11-27T09:00:00Z"})).await;
    assert_eq!(moved.status, 400);
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T09:00:00Z").await.status, 201);
}

#[tokio::test]
async fn a_moved_booking_waits_again_unless_the_host_moves_it() {
    let cal = Cal::start().await;
    let uid = cal.book(TRIAL, "2026-11-26T08:00:00Z").await.uid();
    cal.post(&format!("/v2/bookings/{uid}/confirm"), json!(null)).await;
    let body = json!({"start": "2026-11-26T09:00:00Z", "rescheduledBy": "erika@example.org"});
    let waits = cal.post(&format!("/v2/bookings/{uid}/reschedule"), body).await;
    assert_eq!(waits.data()["status"], "pending");
    let body = json!({"start": "2026-11-26T10:00:00Z", "rescheduledBy": "anna@example.org"});
    let stands = cal.post(&format!("/v2/bookings/{}/reschedule", waits.uid()), body).await;
    assert_eq!(stands.data()["status"], "accepted");
    assert_eq!(cal.sim.queue().last().unwrap().trigger, "BOOKING_RESCHEDULED");
}

#[tokio::test]
async fn nobody_came() {
    let cal = Cal::start().await;
    let uid = cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.uid();
    let path = format!("/v2/bookings/{uid}/mark-absent");
    let body = json!({"host": true, "attendees": [{"email": "Erika@example.org", "absent": true}]});
    let got = cal.post(&path, body).await;
    assert_eq!((got.status, &got.data()["absentHost"]), (200, &json!(true)));
    assert_eq!(got.data()["attendees"][0]["absent"], json!(true));
    let stranger = json!({"attendees": [{"email": "x@example.org", "absent": true}]});
    assert_eq!(cal.post(&path, stranger).await.status, 404);
    assert_eq!(cal.post(&path, json!({"attendees": [{"email": "x"}]})).await.status, 400);
    let booking = cal.sim.booking(&uid).unwrap();
    assert!(booking.attendee.absent && booking.status == BookingStatus::Accepted);
    assert_eq!(booking.start, at("2026-11-26T08:00:00Z"));
    let older = cal.send(
        cal.request(SALON, "POST", &format!("/v2/bookings/{uid}/cancel"), "")
            .json(&json!({"cancellationReason": "x"})),
    );
    assert_eq!(older.await.unwrap().data()["status"], "CANCELLED");
}
