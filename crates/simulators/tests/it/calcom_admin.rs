//! Event types, teams, the owner, and subscriptions.

use serde_json::{Value, json};
use simulators::calcom::Config;

use crate::calcom::{BOOKINGS, COLOUR, CONSULTATION, Cal, EVENT_TYPES, HAIRCUT, PRACTICE};

#[tokio::test]
async fn event_types_show_what_there_is() {
    let cal = Cal::start().await;
    let own = cal.get("/v2/event-types", EVENT_TYPES).await;
    let ids = |list: &Value| {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    // Those of the owner; teams have lists of their own.
    assert_eq!(ids(own.data()), [4711, 4714]);
    let bens = cal.get("/v2/event-types?username=ben", EVENT_TYPES).await;
    assert_eq!(ids(bens.data()), [4713]);
    let slug = cal.get("/v2/event-types?username=ben&eventSlug=x", EVENT_TYPES).await;
    assert_eq!(slug.data(), &json!([]));
    let one = cal.get(&format!("/v2/event-types/{COLOUR}"), EVENT_TYPES).await;
    assert_eq!(one.data()["lengthInMinutes"], 60);
    assert_eq!(one.data()["lengthInMinutesOptions"], json!([60, 90]));
    assert_eq!(one.data()["locations"], json!([{"type": "attendeePhone"}]));
    let fields = one.data()["bookingFields"].as_array().unwrap();
    assert!(fields.iter().any(|field| field["slug"] == "haarlaenge" && field["required"] == json!(true)));
    assert_eq!(cal.get("/v2/event-types/5001", EVENT_TYPES).await.status, 404);
    assert_eq!(cal.get("/v2/event-types/x", EVENT_TYPES).await.status, 400);

    let older = cal.get("/v2/event-types", "").await;
    assert_eq!(older.data()["eventTypeGroups"][0]["eventTypes"][0]["length"], 45);
    let older = cal.get(&format!("/v2/event-types/{CONSULTATION}"), "").await;
    assert_eq!(older.data()["eventType"]["slug"], "beratung");

    cal.sim.remove_event_type(CONSULTATION).unwrap();
    assert_eq!(cal.get("/v2/event-types/4711", EVENT_TYPES).await.status, 404);
    assert_eq!(cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await.status, 404);
}

#[tokio::test]
async fn teams_have_event_types_and_members() {
    let cal = Cal::start().await;
    let types = cal.get("/v2/teams/30/event-types", "").await;
    let haircut = &types.data()[0];
    assert_eq!((&haircut["schedulingType"], &haircut["teamId"]), (&json!("roundRobin"), &json!(30)));
    assert_eq!(haircut["hosts"][1]["userId"], 8);
    let members = cal.get("/v2/teams/30/memberships", "").await;
    assert_eq!(members.data()[0]["role"], "OWNER");
    assert_eq!(members.data()[1]["user"]["email"], "ben@example.org");
    let foreign = cal.request(PRACTICE, "GET", "/v2/teams/30/memberships", "");
    assert_eq!(cal.send(foreign).await.unwrap().status, 404);
    assert_eq!(cal.get("/v2/teams/30/moons", "").await.status, 404);
}

#[tokio::test]
async fn the_key_speaks_for_its_owner() {
    let cal = Cal::start().await;
    let me = cal.get("/v2/me", "").await;
    assert_eq!((me.status, &me.data()["email"]), (200, &json!("anna@example.org")));
    let other = cal.send(cal.request(PRACTICE, "GET", "/v2/me", "")).await.unwrap();
    assert_eq!(other.data()["id"], 9);
}

#[tokio::test]
async fn subscriptions_come_change_and_go() {
    let cal = Cal::start().await;
    let url = format!("{}/second", cal.hook_url);
    let wish = json!({"active": true, "subscriberUrl": url, "triggers": ["BOOKING_CREATED"], "secret": "s2"});
    let made = cal.call("POST", "/v2/webhooks", "", wish.clone()).await;
    assert_eq!((made.status, &made.data()["version"]), (201, &json!("2021-10-20")));
    assert_eq!(made.data()["payloadTemplate"], Value::Null);
    let id = made.data()["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let path = format!("/v2/webhooks/{id}");
    assert_eq!(cal.get(&path, "").await.data(), made.data());
    assert_eq!(cal.get("/v2/webhooks", "").await.data().as_array().unwrap().len(), 2);
    assert_eq!(cal.call("POST", "/v2/webhooks", "", wish).await.status, 409);

    cal.book(CONSULTATION, "2026-11-26T08:00:00Z").await;
    assert_eq!(cal.sim.queue().len(), 2);
    let off = cal.call("PATCH", &path, "", json!({"active": false, "version": "2026-07-27"})).await;
    assert_eq!((off.status, &off.data()["version"]), (200, &json!("2026-07-27")));
    cal.book(CONSULTATION, "2026-11-26T09:00:00Z").await;
    assert_eq!(cal.sim.queue().len(), 3);
    assert_eq!(cal.call("DELETE", &path, "", json!(null)).await.status, 200);
    assert_eq!(cal.get(&path, "").await.status, 404);

    for wrong in [
        json!({"active": true, "triggers": []}),
        json!({"active": "yes", "subscriberUrl": "http://x/y", "triggers": []}),
        json!({"active": true, "subscriberUrl": "ftp://x/y", "triggers": []}),
        json!({"active": true, "subscriberUrl": "http://x/y", "triggers": ["BOOKING.CREATED"]}),
        json!({"active": true, "subscriberUrl": "http://x/y", "triggers": [], "version": "1"}),
    ] {
        assert_eq!(cal.call("POST", "/v2/webhooks", "", wrong.clone()).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_hosted_product_wants_public_subscribers() {
    let cal = Cal::with(Config { public_subscribers_only: true, ..Config::default() }).await;
    for (url, status) in [
        ("http://gw.example/cal", 400),
        ("https://127.0.0.1/cal", 400),
        ("https://localhost/cal", 400),
        ("https://[::1]/cal", 400),
        ("https://10.0.0.7/cal", 400),
        ("https://gw.example/cal", 201),
    ] {
        let body = json!({"active": true, "subscriberUrl": url, "triggers": ["BOOKING_CREATED"]});
        assert_eq!(cal.call("POST", "/v2/webhooks", BOOKINGS, body).await.status, status, "{url}");
    }
}

#[tokio::test]
async fn what_a_team_offers_is_told_by_its_own_subscriptions_alone() {
    let cal = Cal::start().await;
    let path = format!("/v2/teams/30/event-types/{HAIRCUT}/webhooks");
    let told = || {
        let queue = cal.sim.queue();
        queue.into_iter().map(|parcel| parcel.subscription).collect::<Vec<_>>()
    };
    cal.book(HAIRCUT, "2026-11-26T08:00:00Z").await;
    assert!(told().is_empty(), "that of the account hears nothing of it");
    let wish = json!({"active": true, "subscriberUrl": cal.hook_url, "triggers": ["BOOKING_CREATED"]});
    let made = cal.call("POST", &path, "", wish.clone()).await;
    assert_eq!((made.status, &made.data()["eventTypeId"]), (201, &json!(HAIRCUT)));
    assert_eq!(cal.call("POST", &path, "", wish).await.status, 409);
    let id = made.data()["id"].as_str().unwrap();
    cal.book(HAIRCUT, "2026-11-26T09:00:00Z").await;
    cal.book(CONSULTATION, "2026-11-26T10:00:00Z").await;
    assert_eq!(told(), [id, "sub-salon"]);
    assert_eq!(cal.get(&path, "").await.data()[0]["id"], id);
    assert_eq!(cal.get(&format!("/v2/webhooks/{id}"), "").await.status, 404);
    let foreign = format!("/v2/teams/30/event-types/{CONSULTATION}/webhooks");
    assert_eq!(cal.get(&foreign, "").await.status, 404, "not of the team");
    assert_eq!(cal.call("DELETE", &format!("{path}/{id}"), "", json!(null)).await.status, 200);
    assert_eq!(cal.get(&path, "").await.data(), &json!([]));
}
