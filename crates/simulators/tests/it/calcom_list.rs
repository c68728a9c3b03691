//! Lists of bookings.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::calcom::{BOOKINGS, CONSULTATION, Cal, HAIRCUT, PRACTICE, TRIAL, at, wish};

const CURSOR: &str = "2026-05-01";

/// Six bookings, one minute after the other: four of one kind, of which one is cancelled, one of a team, one that waits.
async fn six() -> (Cal, Vec<String>) {
    let cal = Cal::start().await;
    let mut uids = Vec::new();
    for (event_type, start) in [
        (CONSULTATION, "2026-11-24T08:00:00Z"),
        (CONSULTATION, "2026-11-27T08:00:00Z"),
        (CONSULTATION, "2026-11-26T08:00:00Z"),
        (CONSULTATION, "2026-11-25T08:00:00Z"),
        (HAIRCUT, "2026-11-24T10:00:00Z"),
        (TRIAL, "2026-11-24T12:00:00Z"),
    ] {
        let mut body = wish(event_type, start);
        body["attendee"]["email"] = json!(format!("kunde+{}@example.org", uids.len()));
        uids.push(cal.post("/v2/bookings", body).await.uid());
        cal.clock.advance(TimeDelta::minutes(1));
    }
    cal.cancel(&uids[3]).await;
    (cal, uids)
}

fn which(list: &Value, uids: &[String]) -> String {
    let found = list.as_array().unwrap().iter();
    let place = |one: &Value| uids.iter().position(|uid| one["uid"] == json!(uid)).unwrap().to_string();
    found.map(place).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn filters_narrow_down() {
    let (cal, uids) = six().await;
    for (query, expected) in [
        ("", "0 1 2 3 4 5"),
        ("eventTypeId=4711", "0 1 2 3"),
        ("eventTypeIds=4712,4714", "4 5"),
        ("teamId=30", "4"),
        ("teamsIds=31", ""),
        ("attendeeEmail=kunde%2B2@example.org", "2"),
        ("attendeeEmail=kunde+2@example.org", "2"),
        ("attendeeName=erika", "0 1 2 3 4 5"),
        ("afterStart=2026-11-26T00:00:00Z", "1 2"),
        ("beforeEnd=2026-11-24T11:00:00Z", "0 4"),
        ("afterCreatedAt=2026-11-23T07:04:00Z", "4 5"),
        ("beforeCreatedAt=2026-11-23T07:00:30Z", "0"),
        ("afterUpdatedAt=2026-11-23T07:05:30Z", "3"),
        ("beforeUpdatedAt=2026-11-23T07:00:00Z", "0"),
        ("status=cancelled", "3"),
        ("status=unconfirmed", "5"),
        ("status=cancelled,unconfirmed", "3 5"),
        ("status=recurring", ""),
        ("sortStart=asc&eventTypeId=4711", "0 3 2 1"),
        ("sortStart=desc&eventTypeId=4711", "1 2 3 0"),
        ("sortUpdatedAt=desc&take=2", "3 5"),
    ] {
        let got = cal.get(&format!("/v2/bookings?{query}"), BOOKINGS).await;
        assert_eq!(which(got.data(), &uids), expected, "{query}");
    }
    let one = cal.get(&format!("/v2/bookings?bookingUid={}", uids[4]), BOOKINGS).await;
    assert_eq!(which(one.data(), &uids), "4");
    for wrong in ["afterStart=morgen", "status=moon", "take=0", "take=251", "eventTypeIds=a", "sortStart=up"]
    {
        assert_eq!(cal.get(&format!("/v2/bookings?{wrong}"), BOOKINGS).await.status, 400, "{wrong}");
    }
    let foreign = cal.request(PRACTICE, "GET", "/v2/bookings", BOOKINGS);
    assert_eq!(cal.send(foreign).await.unwrap().data(), &json!([]));
    // What begins later today is past tomorrow.
    cal.clock.set(at("2026-11-25T00:00:00Z"));
    let past = cal.get("/v2/bookings?status=past", BOOKINGS).await;
    assert_eq!(which(past.data(), &uids), "0 4 5");
    let upcoming = cal.get("/v2/bookings?status=upcoming", CURSOR).await;
    assert_eq!(which(upcoming.data(), &uids), "2 1");
}

#[tokio::test]
async fn pages_by_offset_say_where_they_are() {
    let (cal, uids) = six().await;
    let page = cal.get("/v2/bookings?take=4&skip=4", "2024-08-13").await;
    assert_eq!(which(page.data(), &uids), "4 5");
    assert_eq!(
        page.body["pagination"],
        json!({"totalItems": 6, "remainingItems": 0, "returnedItems": 2, "itemsPerPage": 4, "currentPage": 1,
            "totalPages": 2, "hasNextPage": false, "hasPreviousPage": true})
    );
    let first = cal.get("/v2/bookings?take=4", "2024-08-13").await;
    assert_eq!(first.body["pagination"]["currentPage"], 0);
    assert_eq!(first.body["pagination"]["hasNextPage"], json!(true));
    let older = cal.get("/v2/bookings", "").await;
    assert!(older.data()[0].get("startTime").is_some());
}

#[tokio::test]
async fn pages_by_cursor_are_complete_and_disjoint() {
    let (cal, uids) = six().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = cal.get(&format!("/v2/bookings?limit=4{cursor}"), CURSOR).await;
        seen.push(which(page.data(), &uids));
        if page.body["pagination"]["hasMore"] == json!(false) {
            assert_eq!(page.body["pagination"]["nextCursor"], Value::Null);
            break;
        }
        cursor = format!("&cursor={}", page.body["pagination"]["nextCursor"].as_str().unwrap());
    }
    assert_eq!(seen, ["5 4 3 2", "1 0"]);
    for wrong in ["cursor=zz", "status=past,upcoming", "limit=0"] {
        assert_eq!(cal.get(&format!("/v2/bookings?{wrong}"), CURSOR).await.status, 400, "{wrong}");
    }
}
