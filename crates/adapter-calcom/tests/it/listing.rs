//! Listings in both of the provider's ways.

use adapter_calcom::client::Client;
use adapter_calcom::config::{Config, Paging};
use appointment::calendar::{
    CalendarGateway, CopySearch, PageCursor, ReadFailure, RemoteBooking, RemoteEventType, RemoteHostRef,
};
use serde_json::{Value, json};

use crate::fixtures::{booking, client, config, connection, effort, marker, scope, week};
use crate::server::{Reply, Server};

fn page(entries: &[Value], pagination: Value) -> Reply {
    let mut body = json!({ "status": "success", "data": entries });
    if !pagination.is_null() {
        body["pagination"] = pagination;
    }
    Reply::Json(200, body)
}

fn entry(uid: &str, day: u32) -> Value {
    booking(uid, &format!("2026-12-{day:02}T09:00:00Z"), json!({}))
}

fn foreign(uid: &str, day: u32) -> Value {
    booking(uid, &format!("2026-12-{day:02}T09:00:00Z"), json!({ "metadata": {} }))
}

fn uids(bookings: &[RemoteBooking]) -> Vec<&str> {
    bookings.iter().map(|booking| booking.uid.as_str()).collect()
}

fn with_cursors() -> Client {
    Client::new(Config { paging: Paging::Cursor, ..config() }).unwrap()
}

fn end() -> Value {
    json!({ "hasNextPage": false })
}

/// Reads until the end, page by page.
async fn walk(client: &Client, server: &Server) -> Result<(Vec<String>, u32), ReadFailure> {
    let mut found = Vec::new();
    let mut unreadable = 0;
    let mut from: Option<PageCursor> = None;
    loop {
        let page = client.list(&scope(), &connection(&server.base_url), week(), from, effort()).await?;
        found.extend(uids(&page.bookings).into_iter().map(str::to_owned));
        unreadable += page.unreadable;
        from = page.next;
        if from.is_none() {
            return Ok((found, unreadable));
        }
    }
}

#[tokio::test]
async fn counting_what_to_skip() {
    let more = json!({ "totalItems": 3, "remainingItems": 1, "hasNextPage": true, "currentPage": 0 });
    let end = json!({ "totalItems": 3, "remainingItems": 0, "hasNextPage": false });
    let server =
        Server::start([page(&[entry("a", 1), entry("b", 2)], more), page(&[entry("c", 3)], end)]).await;
    let found = walk(&client(), &server).await.unwrap();
    assert_eq!(found, (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 0));
    let asked = server.asked();
    assert_eq!(asked[0].headers["cal-api-version"], "2024-08-13");
    assert_eq!((asked[0].query["take"].as_str(), asked[0].query["skip"].as_str()), ("2", "0"));
    assert_eq!(asked[1].query["skip"], "2");
    assert_eq!(asked[0].query["afterStart"], "2026-11-30T23:59:59Z");
    assert_eq!(asked[0].query["beforeEnd"], "2026-12-09T00:00:00Z", "whoever begins within may end later");
    assert!(!asked[0].query.contains_key("status"), "whatever their state");
}

#[tokio::test]
async fn following_cursors() {
    let server = Server::start([
        page(&[entry("c", 3), entry("b", 2)], json!({ "nextCursor": "2026:b", "hasMore": true })),
        page(&[entry("a", 1)], json!({ "nextCursor": null, "hasMore": false })),
    ])
    .await;
    let found = walk(&with_cursors(), &server).await.unwrap();
    assert_eq!(found.0, ["c", "b", "a"]);
    let asked = server.asked();
    assert_eq!(asked[0].headers["cal-api-version"], "2026-05-01");
    assert_eq!(asked[0].query["limit"], "2");
    assert!(!asked[0].query.contains_key("cursor") && !asked[0].query.contains_key("skip"));
    assert_eq!(asked[1].query["cursor"], "2026:b");
}

#[tokio::test]
async fn a_cursor_goes_back_as_it_came() {
    let cursor = format!(" {}+/=&ü", "x".repeat(700));
    let server = Server::start([
        page(&[entry("a", 1)], json!({ "nextCursor": cursor, "hasMore": true })),
        page(&[], json!({ "hasMore": false })),
    ])
    .await;
    walk(&with_cursors(), &server).await.unwrap();
    assert_eq!(server.asked()[1].query["cursor"], cursor);
}

#[tokio::test]
async fn asked_in_one_way_and_answered_in_the_other() {
    let server = Server::start([
        page(&[entry("c", 3)], json!({ "hasNextPage": true })),
        page(&[entry("a", 1), entry("b", 2)], json!({ "hasNextPage": true })),
        page(&[entry("c", 3)], json!({ "hasNextPage": false })),
    ])
    .await;
    let found = walk(&with_cursors(), &server).await.unwrap();
    assert_eq!(found.0, ["c", "a", "b", "c"], "from the beginning again rather than with a gap");
    assert_eq!(server.asked()[1].headers["cal-api-version"], "2024-08-13");
    let server = Server::start([
        page(&[entry("a", 1)], json!({ "nextCursor": "x", "hasMore": true })),
        page(&[entry("b", 2)], json!({ "hasMore": false })),
    ])
    .await;
    assert_eq!(walk(&client(), &server).await.unwrap().0, ["a", "b"]);
    assert_eq!(server.asked()[1].query["cursor"], "x");
}

#[tokio::test]
async fn a_full_page_without_a_word_is_not_the_last_one() {
    for silent in [json!(null), json!({})] {
        let pages = [page(&[entry("a", 1), entry("b", 2)], silent.clone()), page(&[entry("c", 3)], silent)];
        let server = Server::start(pages).await;
        assert_eq!(walk(&client(), &server).await.unwrap().0, ["a", "b", "c"]);
        assert_eq!(server.asked()[1].query["skip"], "2");
    }
}

#[tokio::test]
async fn entries_outside_are_left_out_and_unreadable_ones_counted() {
    let odd = [
        entry("a", 1),
        entry("late", 8),
        booking("early", "2026-11-30T23:59:00Z", json!({})),
        booking("odd", "2026-12-02T09:00:00Z", json!({ "status": "dreaming" })),
        booking("odd", "2026-12-02T09:00:00Z", json!({ "uid": null })),
        booking("backwards", "2026-12-02T09:00:00Z", json!({ "end": "2026-12-01T09:00:00Z" })),
        booking("short", "2026-12-02T09:00:00Z", json!({ "end": null })),
        json!("row"),
    ];
    let server = Server::start([page(&odd, json!({ "hasNextPage": false }))]).await;
    let found = walk(&client(), &server).await.unwrap();
    assert_eq!(found, (vec!["a".to_owned(), "short".to_owned()], 4));
}

#[tokio::test]
async fn half_an_emoji_does_not_cost_a_listing() {
    let body = json!({ "status": "success", "data": [entry("a", 1)] }).to_string();
    let broken = body.replace("Erstgespr", "\\ud83d Erstgespr");
    let server = Server::start([Reply::Raw(200, Vec::new(), broken.into_bytes())]).await;
    assert_eq!(walk(&client(), &server).await.unwrap(), (vec!["a".to_owned()], 0));
}

#[tokio::test]
async fn a_team_is_named() {
    let server = Server::start([page(&[], json!(null))]).await;
    let mut connection = connection(&server.base_url);
    connection.team = Some(RemoteHostRef::parse("44").unwrap());
    client().list(&scope(), &connection, week(), None, effort()).await.unwrap();
    assert_eq!(server.only().query["teamId"], "44");
}

#[tokio::test]
async fn a_listing_that_does_not_advance_is_a_failure() {
    for (pagination, client) in [
        (json!({ "hasNextPage": true }), client()),
        (json!({ "hasMore": true }), client()),
        (json!({ "hasMore": true }), with_cursors()),
    ] {
        let server = Server::start([page(&[], pagination)]).await;
        assert!(matches!(walk(&client, &server).await, Err(ReadFailure::Malformed { .. })));
    }
    let again = || page(&[entry("a", 1)], json!({ "nextCursor": "x", "hasMore": true }));
    let server = Server::start([again(), again()]).await;
    assert!(matches!(walk(&with_cursors(), &server).await, Err(ReadFailure::Malformed { .. })));
    let server = Server::start([]).await;
    let foreign = Some(PageCursor("page 2".to_owned()));
    let found = client().list(&scope(), &connection(&server.base_url), week(), foreign, effort()).await;
    assert!(matches!(found, Err(ReadFailure::Malformed { .. })));
}

fn search() -> CopySearch {
    let event_type = RemoteEventType::parse("5120").unwrap();
    CopySearch { marker: marker(1), event_type, window: week() }
}

/// Searches until the end, page by page.
async fn find(client: &Client, server: &Server) -> Result<Vec<RemoteBooking>, ReadFailure> {
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let connection = connection(&server.base_url);
        let page = client.find_marked(&scope(), &connection, &search(), from, effort()).await?;
        found.extend(page.bookings);
        from = page.next;
        if from.is_none() {
            return Ok(found);
        }
    }
}

#[tokio::test]
async fn marked_bookings_are_found_on_all_pages_of_their_event_type() {
    let younger = booking("young", "2026-12-01T09:00:00Z", json!({ "createdAt": "2026-11-30T09:00:00Z" }));
    let gone = booking("old", "2026-12-02T09:00:00Z", json!({ "status": "cancelled" }));
    let elsewhere = booking("elsewhere", "2026-12-09T09:00:00Z", json!({}));
    let more = || json!({ "hasNextPage": true });
    let server = Server::start([
        page(&[younger, foreign("x", 2)], more()),
        page(&[foreign("y", 2), elsewhere], more()),
        page(&[gone], json!({ "hasNextPage": false })),
    ])
    .await;
    assert_eq!(uids(&find(&client(), &server).await.unwrap()), ["young", "old"]);
    let asked = server.asked();
    assert!(asked.iter().all(|one| one.query["eventTypeId"] == "5120" && !one.query.contains_key("status")));
    assert_eq!(asked.iter().map(|one| one.query["skip"].as_str()).collect::<Vec<_>>(), ["0", "2", "4"]);
}

#[tokio::test]
async fn however_many_pages_there_are_each_has_the_whole_effort() {
    let full = |_| page(&[foreign("x", 2), foreign("y", 3)], json!({ "hasNextPage": true }));
    let pages = (0..1_020).map(full).chain([page(&[entry("a", 1)], end())]);
    let server = Server::start(pages).await;
    assert_eq!(uids(&find(&client(), &server).await.unwrap()), ["a"]);
    assert_eq!(server.asked().len(), 1_021, "more than 2,000 bookings");
}

#[tokio::test]
async fn a_search_that_broke_off_is_not_a_shorter_list() {
    let more = || json!({ "hasNextPage": true });
    let server = Server::start([page(&[entry("a", 1)], more()), Reply::Json(500, json!({}))]).await;
    assert_eq!(
        find(&client(), &server).await,
        Err(ReadFailure::Unavailable { why: "status 500".to_owned() })
    );
    let server = Server::start([Reply::Json(200, json!({ "status": "success" }))]).await;
    assert!(matches!(find(&client(), &server).await, Err(ReadFailure::Malformed { .. })));
}

#[tokio::test]
async fn what_is_unreadable_counts_only_if_it_may_be_the_one() {
    let spoiled = |metadata: Value| {
        booking("odd", "2026-12-02T09:00:00Z", json!({ "status": "dreaming", "metadata": metadata }))
    };
    let others = json!({ "askpro_appointment": marker(2).to_string() });
    let server = Server::start([page(&[spoiled(others), spoiled(json!({})), entry("a", 1)], end())]).await;
    assert_eq!(uids(&find(&client(), &server).await.unwrap()), ["a"]);
    let ours = json!({ "askpro_appointment": marker(1).to_string() });
    for doubtful in [spoiled(ours), spoiled(json!(null)), json!("row")] {
        let server = Server::start([page(&[doubtful, entry("a", 1)], end())]).await;
        assert!(matches!(find(&client(), &server).await, Err(ReadFailure::Malformed { .. })));
    }
}
