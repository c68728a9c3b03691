//! What goes wrong on demand.

use serde_json::json;
use simulators::calcom::{Config, Effect, Fault, Operation, WebhookMode, When};

use crate::calcom::{BOOKINGS, CONSULTATION, Cal, PRACTICE, SALON, SLOTS, at, client, skip, until};

const START: &str = "2026-11-26T08:00:00Z";

async fn with(on: Operation, effect: Effect) -> Cal {
    let cal = Cal::start().await;
    cal.sim.order(Fault::once(on, effect));
    cal
}

#[tokio::test]
async fn connections_break_before_or_after_it_has_happened() {
    for (effect, bookings) in [(Effect::ResetBefore, 0), (Effect::ResetAfter, 1)] {
        let cal = with(Operation::Create, effect).await;
        let lost = cal.try_book(CONSULTATION, START).await;
        assert!(lost.unwrap_err().status().is_none());
        assert_eq!(cal.sim.bookings().len(), bookings);
        assert_eq!(cal.sim.queue().len(), bookings);
        let log = cal.sim.requests();
        assert_eq!((log[0].operation, log[0].status), (Operation::Create, None));
        // The list tells what has become of it, and a second try is refused or not.
        let list = cal.get("/v2/bookings?attendeeEmail=erika@example.org", BOOKINGS).await;
        assert_eq!(list.data().as_array().unwrap().len(), bookings);
        let again = cal.book(CONSULTATION, START).await.status;
        assert_eq!(again, if bookings == 0 { 201 } else { 400 });
    }
}

#[tokio::test]
async fn an_answer_can_hang_after_it_has_happened() {
    let cal = with(Operation::Create, Effect::Hang).await;
    tokio::select! {
        answer = cal.book(CONSULTATION, START) => panic!("{answer:?}"),
        () = until(|| !cal.sim.bookings().is_empty()) => {}
    }
    assert_eq!((cal.sim.bookings().len(), cal.sim.queue().len()), (1, 1));
}

#[tokio::test]
async fn whoever_gives_up_does_not_take_it_back() {
    let cal = with(Operation::Create, Effect::Delay { ms: 47_000 }).await;
    tokio::select! {
        answer = cal.book(CONSULTATION, START) => panic!("{answer:?}"),
        () = until(|| !cal.sim.requests().is_empty()) => {}
    }
    tokio::select! {
        () = cal.sim.requests_done() => panic!("it is still under way"),
        () = skip(46) => assert!(cal.sim.bookings().is_empty()),
    }
    skip(1).await;
    cal.sim.requests_done().await;
    assert_eq!(cal.sim.bookings().len(), 1);
}

#[tokio::test]
async fn answers_take_forty_seven_seconds() {
    let cal = Cal::start().await;
    for (effect, bookings) in [(Effect::Delay { ms: 47_000 }, 0), (Effect::SlowAnswer { ms: 47_000 }, 1)] {
        cal.sim.reset();
        cal.sim.order(Fault::once(Operation::Create, effect));
        let (got, ()) = tokio::join!(cal.book(CONSULTATION, START), async {
            until(|| cal.sim.requests().len() == 1 && cal.sim.bookings().len() == bookings).await;
            skip(46).await;
            assert_eq!((cal.sim.requests()[0].status, cal.sim.bookings().len()), (None, bookings));
            skip(1).await;
        });
        assert_eq!((got.status, cal.sim.bookings().len()), (201, 1));
    }
}

#[tokio::test]
async fn statuses_come_with_or_without_effect() {
    let cal = Cal::start().await;
    for (status, took_effect) in [(500, false), (502, true), (503, false), (524, true), (429, false)] {
        cal.sim.reset();
        let effect = Effect::Status { status, body: None, took_effect };
        cal.sim.order(Fault::once(Operation::Create, effect));
        let got = cal.book(CONSULTATION, START).await;
        assert_eq!(got.status, status);
        assert_eq!(cal.sim.bookings().len(), usize::from(took_effect), "{status}");
        if status == 524 {
            assert_eq!(got.body, json!("error code: 524"));
        } else {
            assert_eq!(got.body["status"], "error", "{status}");
        }
    }
    let body = Some(r#"{"status":"error","error":{"code":"BAD_GATEWAY"}}"#.to_owned());
    let effect = Effect::Status { status: 502, body, took_effect: false };
    cal.sim.order(Fault { when: When::Kth(2), ..Fault::once(Operation::Any, effect) });
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
    assert_eq!(cal.get("/v2/me", "").await.body["error"]["code"], "BAD_GATEWAY");
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
}

#[tokio::test]
async fn bodies_come_broken_as_pages_or_bit_by_bit() {
    let cal = with(Operation::Get, Effect::Drip { bytes: 200, pause_ms: 1 }).await;
    let made = cal.book(CONSULTATION, START).await;
    let path = format!("/v2/bookings/{}", made.uid());
    assert_eq!(cal.get(&path, BOOKINGS).await.data(), made.data());

    cal.sim.order(Fault::once(Operation::Get, Effect::MalformedJson));
    let half = cal.get(&path, BOOKINGS).await;
    assert!(half.status == 200 && half.body.is_string() && half.body.as_str().unwrap().starts_with('{'));

    cal.sim.order(Fault::once(Operation::Cancel, Effect::HtmlPage { status: 200, took_effect: false }));
    let page = cal.cancel(&made.uid()).await;
    assert!(page.body.as_str().unwrap().starts_with("<!DOCTYPE html>"));
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(cal.sim.booking(&made.uid()).unwrap().status.occupies());
}

#[tokio::test]
async fn an_old_booking_comes_back_as_if_it_were_new() {
    let cal = Cal::start().await;
    let first = cal.book(CONSULTATION, START).await;
    let second = cal.book(CONSULTATION, "2026-11-26T10:00:00Z").await;
    cal.clock.advance(chrono::TimeDelta::hours(1));
    cal.sim.order(Fault::once(Operation::Create, Effect::OldBooking { uid: None }));
    let old = cal.book(CONSULTATION, "2026-11-27T10:00:00Z").await;
    assert_eq!((old.status, old.uid()), (201, second.uid()));
    assert_eq!(old.data()["createdAt"], "2026-11-23T07:00:00.000Z");
    cal.sim.order(Fault::once(Operation::Create, Effect::OldBooking { uid: Some(first.uid()) }));
    assert_eq!(cal.book(CONSULTATION, "2026-11-27T10:00:00Z").await.uid(), first.uid());
    assert_eq!(cal.sim.bookings().len(), 2);
    assert_eq!(cal.book(CONSULTATION, "2026-11-27T10:00:00Z").await.status, 201);
}

#[tokio::test]
async fn slots_lie() {
    let start = at("2026-11-24T03:00:00Z");
    let there = at("2026-11-24T08:00:00Z");
    let cal = with(Operation::Slots, Effect::ExtraSlots { starts: vec![start, there] }).await;
    assert_eq!(cal.starts(CONSULTATION, "2026-11-24").await[0], "2026-11-24T03:00:00.000Z");
    for lie in ["2026-11-24T03:00:00Z", "2026-11-24T08:00:00Z"] {
        assert!(cal.book(CONSULTATION, lie).await.message().contains("already has booking"));
    }
    cal.sim.clear_faults();
    assert_eq!(cal.book(CONSULTATION, "2026-11-24T08:00:00Z").await.status, 201);

    cal.sim.order(Fault::once(Operation::Slots, Effect::SlotsOutsideRange { days: 1 }));
    let got = cal.get("/v2/slots?eventTypeId=4711&start=2026-11-25&end=2026-11-25", SLOTS).await;
    let days: Vec<&String> = got.data().as_object().unwrap().keys().collect();
    assert_eq!(days, ["2026-11-24", "2026-11-25", "2026-11-26"]);
}

#[tokio::test]
async fn slots_are_stale_until_released_or_for_a_while() {
    let cal = Cal::start().await;
    let fault = cal.sim.order(Fault::always(Operation::Slots, Effect::StaleSlots { for_ms: None }));
    let first = "2026-11-26T08:00:00.000Z".to_owned();
    assert_eq!(cal.book(CONSULTATION, START).await.status, 201);
    assert!(cal.starts(CONSULTATION, "2026-11-26").await.contains(&first));
    assert_eq!(cal.book(CONSULTATION, START).await.status, 400);
    assert!(cal.sim.take_back(fault));
    assert!(!cal.starts(CONSULTATION, "2026-11-26").await.contains(&first));

    cal.sim.order(Fault::always(Operation::Slots, Effect::StaleSlots { for_ms: Some(60_000) }));
    let second = "2026-11-26T12:30:00.000Z".to_owned();
    assert_eq!(cal.book(CONSULTATION, &second).await.status, 201);
    assert!(cal.starts(CONSULTATION, "2026-11-26").await.contains(&second));
    skip(60).await;
    assert!(!cal.starts(CONSULTATION, "2026-11-26").await.contains(&second));
    assert!(cal.sim.faults().is_empty());
}

#[tokio::test]
async fn a_calendar_without_manners_books_twice_or_not_at_all() {
    let cal = Cal::start().await;
    assert_eq!(cal.book(CONSULTATION, START).await.status, 201);
    cal.sim.order(Fault::once(Operation::Create, Effect::DoubleBook));
    assert_eq!(cal.book(CONSULTATION, START).await.status, 201);
    assert_eq!(cal.book(CONSULTATION, START).await.status, 400);
    let message = Some("no_available_users_found_error".to_owned());
    cal.sim.order(Fault::once(Operation::Create, Effect::Refuse { message: message.clone() }));
    let refused = cal.book(CONSULTATION, "2026-11-27T08:00:00Z").await;
    assert_eq!((refused.status, Some(refused.message())), (400, message.as_deref()));
}

#[tokio::test]
async fn a_list_by_cursor_may_be_paged_by_offset() {
    let cal = with(Operation::List, Effect::OffsetPaging).await;
    let page = cal.get("/v2/bookings", "2026-05-01").await;
    assert_eq!(page.body["pagination"]["totalItems"], 0);
    assert_eq!(cal.get("/v2/bookings", "2026-05-01").await.body["pagination"]["hasMore"], json!(false));
}

#[tokio::test]
async fn one_account_can_be_in_trouble_alone() {
    let cal = Cal::start().await;
    let effect = Effect::Status { status: 500, body: None, took_effect: false };
    cal.sim.order(Fault::always(Operation::Any, effect).of("praxis"));
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
    let other = cal.send(cal.request(PRACTICE, "GET", "/v2/me", "")).await.unwrap();
    assert_eq!((other.status, &other.body["error"]["code"]), (500, &json!("INTERNAL_SERVER_ERROR")));
}

#[tokio::test]
async fn effects_add_up() {
    let cal = Cal::start().await;
    cal.sim.order(Fault::once(Operation::Create, Effect::WebhookFirst));
    cal.sim.order(Fault::once(Operation::Any, Effect::ResetAfter));
    assert!(cal.try_book(CONSULTATION, START).await.is_err());
    // It was told although the queue holds everything else back, and although nobody heard the answer.
    assert_eq!(cal.triggers(), ["BOOKING_CREATED"]);
    assert_eq!(cal.sim.requests()[0].effects, [Effect::WebhookFirst, Effect::ResetAfter]);
}

#[tokio::test]
async fn webhooks_are_lost_doubled_or_late() {
    let cal = Cal::start().await;
    cal.sim.order(Fault::once(Operation::Create, Effect::WebhookLost));
    cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await;
    assert!(cal.sim.queue().is_empty());
    cal.sim.order(Fault::once(Operation::Create, Effect::WebhookTwice));
    cal.book(CONSULTATION, "2026-11-26T09:00:00Z").await;
    let queue = cal.sim.queue();
    assert!(queue.len() == 2 && queue[0] == queue[1]);
    cal.sim.drop_queue();
    cal.sim.order(Fault::once(Operation::Create, Effect::WebhookLater));
    let late = cal.book(CONSULTATION, "2026-11-26T10:00:00Z").await.uid();
    assert!(cal.sim.queue().is_empty());
    cal.cancel(&late).await;
    let order: Vec<String> = cal.sim.queue().into_iter().map(|parcel| parcel.trigger).collect();
    assert_eq!(order, ["BOOKING_CANCELLED", "BOOKING_CREATED"]);
}

#[tokio::test]
async fn a_stopped_stand_in_is_gone() {
    let cal = Cal::with(Config { webhooks: WebhookMode::Immediate, ..Config::default() }).await;
    let url = format!("{}/v2/me", cal.sim.url());
    assert_eq!(cal.get("/v2/me", "").await.status, 200);
    cal.sim.order(Fault::always(Operation::Me, Effect::Hang));
    let hanging = crate::send(client().get(&url).bearer_auth(SALON));
    let (hung, ()) = tokio::join!(hanging, async {
        until(|| cal.sim.requests().len() == 2).await;
        cal.sim.stop().await;
    });
    assert!(hung.is_err());
    assert!(crate::send(cal.http.get(&url).bearer_auth(SALON)).await.is_err());
}
