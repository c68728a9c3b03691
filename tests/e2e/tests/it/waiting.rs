//! A cancelled appointment is offered to whoever waits, one after another, until somebody says yes.

use std::time::{Duration, Instant};

use askpro::admin::{Office, Said, Shown, WishesCommand};
use askpro::http;
use askpro::venue::{Venue, status};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde_json::{Value, json};
use simulators::calcom::Reservation;

use crate::calendar::{at, book, expect_agreement, free_day, line, standing};
use crate::house::{House, PATIENCE, target};

/// A Wednesday beyond the weeks that the demo world has filled.
async fn quiet_wednesday(venue: &Venue) -> NaiveDate {
    let mut day = venue.now().await.unwrap().date_naive() + Days::new(45);
    while day.weekday() != Weekday::Wed {
        day = day + Days::new(1);
    }
    day
}

async fn wishes(venue: &Venue, tenant: &str, filter: &str) -> Vec<Value> {
    let tenant = venue.ready.tenant(tenant).unwrap();
    let path = format!("{}/api/v1/wishes{filter}", venue.ready.gateway);
    let request = http::client().unwrap().get(path).bearer_auth(&tenant.api_key);
    let page: Value = http::send(request).await.unwrap().json().await.unwrap();
    page["data"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

/// The offer that is open, once the worker has made it and asked the staff.
async fn open_offer(house: &House, tenant: &str, made: u32) -> String {
    house
        .expect_rows(json!([
            {"table": "wish_offers", "where": {"state": "open"}, "count": 1},
            {"table": "wish_offers", "where": {}, "count": made},
            {"table": "callbacks", "where": {"reason": "time_freed", "status": "pending"}, "count": 1},
            {"table": "occupancy", "where": {"kind": "offer"}, "count": 1},
        ]))
        .await;
    let offered = wishes(&house.venue, tenant, "?status=offered").await;
    assert_eq!(offered.len(), 1, "{offered:?}");
    offered[0]["offer_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_appointment_goes_to_whoever_waits() {
    let house = House::open().await;
    let venue = &house.venue;
    let salon = venue.ready.tenant("salon-nord").unwrap().branches[0].phone.clone();
    let day = quiet_wednesday(venue).await.to_string();
    let leaving = venue.line("call_leaving", "+4915201230001", &salon);
    let booked = leaving
        .tool(
            "book_appointment",
            json!({"datum": day, "uhrzeit": "11:00", "dienstleistung": "Herrenhaarschnitt", "name": "Lena Abreise"}),
        )
        .await;
    assert_eq!(status(&booked), "booked", "{}", booked.reply);
    for (call, number, name) in
        [("call_first", "+4915201230002", "Frida Erste"), ("call_second", "+4915201230003", "Zora Zweite")]
    {
        let line = venue.line(call, number, &salon);
        let wish = json!({"datum": day, "zeitraum": "vormittags", "dienstleistung": "Herrenhaarschnitt", "name": name});
        // Other times of the morning are free and told first; whoever wants to wait all the same, waits.
        let offered = line.tool("join_waiting_list", wish.clone()).await;
        assert_eq!(status(&offered), "options", "{}", offered.reply);
        let noted = line.tool("join_waiting_list", wish).await;
        assert_eq!(status(&noted), "waiting_listed", "{}", noted.reply);
    }
    let cancelled = leaving.tool("cancel_appointment", json!({})).await;
    assert_eq!(status(&cancelled), "cancelled", "{}", cancelled.reply);

    let office = Office::open(&target(&house.venue), "wishes").await.unwrap();
    let report = async |offer: &str, answer: Said| {
        let tenant = "salon-nord".to_owned();
        WishesCommand::Answer { tenant, offer: offer.to_owned(), answer }.run(&office).await
    };
    let first = open_offer(&house, "salon-nord", 1).await;
    // While it is asked, the time is kept: somebody else does not get it with that person.
    let lines = report(&first, Said::No).await.unwrap();
    assert_eq!(lines[0]["state"], "declined", "{lines:?}");
    assert!(report(&first, Said::Yes).await.is_err(), "an offer is settled once");

    let second = open_offer(&house, "salon-nord", 2).await;
    assert_ne!(first, second);
    let lines = report(&second, Said::Yes).await.unwrap();
    assert!(lines[0]["booked"].as_str().unwrap().starts_with("apt_"), "{lines:?}");
    house
        .expect_rows(json!([
            {"table": "wishes", "where": {"phone_e164": "+4915201230003", "status": "fulfilled"}, "count": 1},
            {"table": "wishes", "where": {"phone_e164": "+4915201230002", "status": "waiting"}, "count": 1},
            {"table": "customers", "where": {"phone_e164": "+4915201230003", "name": "Zora Zweite"}, "count": 1},
            {"table": "occupancy", "where": {"kind": "offer"}, "count": 0},
            {"table": "callbacks", "where": {"reason": "time_freed", "status": "completed"}, "count": 2},
        ]))
        .await;
    let listed =
        WishesCommand::List { tenant: "salon-nord".to_owned(), status: None, shown: Shown::default() }
            .run(&office)
            .await
            .unwrap();
    assert_eq!(listed.len(), 2);
    assert!(!json!(listed).to_string().contains("Zora"), "a terminal shows no names: {listed:?}");
    office.close().await;
    house.close().await;
}

/// What the outside calendar hides now, once that is as many.
async fn hidden(house: &House, count: usize) -> Vec<Reservation> {
    let begun = Instant::now();
    loop {
        let hidden = house.calcom().reservations();
        if hidden.len() == count {
            return hidden;
        }
        assert!(begun.elapsed() < PATIENCE, "{hidden:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_offered_is_hidden_outside_until_somebody_has_it() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let (_, done) = book(&house, "call_leaving_there", 81, &day, "10:00").await;
    assert_eq!(status(&done), "booked", "{}", done.reply);
    // What is fetched while its webhook comes in is old at once, and others' verified times go before.
    house.calcom().settle().await;
    house.ground().idle().await.unwrap();
    for (call, number) in [("call_first_there", 82), ("call_second_there", 83)] {
        let line = line(&house, call, number);
        let wish = json!({
            "datum": day, "zeitraum": "vormittags", "dienstleistung": "Krankengymnastik",
            "mitarbeiter": "Eva Lindt", "name": "Frida Erste",
        });
        let offered = line.tool("join_waiting_list", wish.clone()).await;
        assert_eq!(status(&offered), "options", "{}", offered.reply);
        let noted = line.tool("join_waiting_list", wish).await;
        assert_eq!(status(&noted), "waiting_listed", "{}", noted.reply);
    }
    let cancelled = line(&house, "call_leaving_there", 81).tool("cancel_appointment", json!({})).await;
    assert_eq!(status(&cancelled), "cancelled", "{}", cancelled.reply);

    let office = Office::open(&target(&house.venue), "wishes").await.unwrap();
    let report = async |offer: String, answer: Said| {
        let tenant = "physio-lindt".to_owned();
        WishesCommand::Answer { tenant, offer, answer }.run(&office).await.unwrap()
    };
    let first = open_offer(&house, "physio-lindt", 1).await;
    let there = hidden(&house, 1).await;
    assert_eq!((there[0].start, there[0].host), (at(&day, "10:00"), 101));
    report(first, Said::No).await;
    // Its own reservation does not make the time look taken.
    let second = open_offer(&house, "physio-lindt", 2).await;
    let next = hidden(&house, 1).await;
    assert_eq!(next[0].start, at(&day, "10:00"));
    assert_ne!(there[0].uid, next[0].uid);
    let booked = report(second, Said::Yes).await;
    assert!(booked[0]["noted"].as_str().unwrap().starts_with("apt_"), "{booked:?}");
    expect_agreement(&house, PATIENCE).await;
    let at_ten = standing(&house).into_iter().filter(|booking| booking.start == at(&day, "10:00"));
    assert_eq!(at_ten.filter(|booking| booking.hosts == [101]).count(), 1);
    hidden(&house, 0).await;
    house.expect_rows(json!([{"table": "wish_offers", "where": {"unasked": true}, "count": 0}])).await;
    office.close().await;
    house.close().await;
}
