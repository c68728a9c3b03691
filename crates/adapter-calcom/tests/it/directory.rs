//! What an account consists of.

use appointment::calendar::{
    CalendarDirectory, CalendarGateway as _, ReadFailure, RefusalReason, RemoteHostRef, Subscription,
    WriteFailure,
};
use serde_json::{Value, json};

use crate::fixtures::{client, config, connection, effort, error, scope, success, with};
use crate::server::{Reply, Server};

const URL: &str = "https://gateway.example/api/calcom/webhook/cnx_1";

#[tokio::test]
async fn a_probe_asks_for_the_account() {
    let server = Server::json(200, success(json!({ "id": 31, "email": "anna@praxis.example" }))).await;
    client().probe(&scope(), &connection(&server.base_url), effort()).await.unwrap();
    assert_eq!(server.only().path, "/v2/me");
    let server = Server::json(200, json!({})).await;
    let found = client().probe(&scope(), &connection(&server.base_url), effort()).await;
    assert!(matches!(found, Err(ReadFailure::Malformed { .. })));
}

fn event_type(id: u32, more: Value) -> Value {
    with(
        json!({
            "id": id, "title": "Erstgespräch", "slug": "erstgespraech", "lengthInMinutes": 45,
            "beforeEventBuffer": 5, "afterEventBuffer": 10, "minimumBookingNotice": 120, "hidden": false,
        }),
        more,
    )
}

#[tokio::test]
async fn services_of_an_account_and_of_a_team() {
    let hosts =
        json!([{ "userId": 31, "name": "Anna Weber", "mandatory": false }, { "userId": 32, "name": "Ben" }]);
    let pages = [
        json!({ "status": "success", "data": [event_type(1, json!({ "hosts": hosts }))],
            "pagination": { "hasNextPage": true } }),
        success(json!([
            event_type(
                2,
                json!({ "hidden": true, "schedulingType": "managed", "confirmationPolicy": { "type": "always" } })
            ),
            event_type(
                3,
                json!({ "confirmationPolicy": { "disabled": true }, "users": [{ "id": 33, "name": "Cem" }] })
            ),
        ])),
    ];
    let server = Server::start(pages.map(|page| Reply::Json(200, page))).await;
    let mut connection = connection(&server.base_url);
    connection.team = Some(RemoteHostRef::parse("44").unwrap());
    let services = client().services(&scope(), &connection, effort()).await.unwrap();
    assert_eq!(services.len(), 3);
    assert_eq!(services[0].reference.as_str(), "1");
    assert_eq!((services[0].minutes, services[0].notice), (45, 120));
    assert_eq!((services[0].buffer_before, services[0].buffer_after), (5, 10));
    assert_eq!(services[0].hosts[1].reference.as_str(), "32");
    assert!(!services[0].needs_confirmation && !services[0].hidden);
    assert!(services[1].needs_confirmation && services[1].hidden);
    assert!(services[1].is_template);
    assert!(!services[2].needs_confirmation && !services[2].is_template);
    assert_eq!(services[2].hosts[0].name, "Cem");
    let asked = server.asked();
    assert_eq!(asked[0].path, "/v2/teams/44/event-types");
    assert_eq!(asked[0].headers["cal-api-version"], "2024-06-14");
    assert_eq!(asked[1].query["skip"], "1");

    let server = Server::json(200, success(json!([event_type(1, json!({ "lengthInMinutes": null }))]))).await;
    connection.base_url.clone_from(&server.base_url);
    connection.team = None;
    let found = client().services(&scope(), &connection, effort()).await;
    assert!(matches!(found, Err(ReadFailure::Malformed { .. })), "nothing is dropped silently");
    assert_eq!(server.only().path, "/v2/event-types");
}

#[tokio::test]
async fn people_of_an_account_and_of_a_team() {
    let me = json!({ "id": 31, "username": "anna", "email": "anna@praxis.example" });
    let server = Server::json(200, success(me)).await;
    let mut connection = connection(&server.base_url);
    let people = client().people(&scope(), &connection, effort()).await.unwrap();
    assert_eq!((people[0].reference.as_str(), people[0].name.as_str()), ("31", "anna"));
    assert_eq!(people[0].email.as_ref().unwrap().as_str(), "anna@praxis.example");

    let members = json!([
        { "id": 900, "userId": 31, "teamId": 44, "role": "OWNER",
            "user": { "id": 31, "name": "Anna Weber", "email": "anna@praxis.example" } },
        { "id": 901, "teamId": 44, "user": { "id": 32, "name": "Ben Ott" } },
    ]);
    let server = Server::json(200, success(members)).await;
    connection.base_url.clone_from(&server.base_url);
    connection.team = Some(RemoteHostRef::parse("44").unwrap());
    let people = client().people(&scope(), &connection, effort()).await.unwrap();
    let shown: Vec<_> = people.iter().map(|host| (host.reference.as_str(), host.name.as_str())).collect();
    assert_eq!(shown, [("31", "Anna Weber"), ("32", "Ben Ott")]);
    assert_eq!(server.only().path, "/v2/teams/44/memberships");
}

fn hook(more: Value) -> Value {
    with(
        json!({
            "id": "wh-1", "userId": 31, "subscriberUrl": URL, "triggers": config().triggers, "active": true,
            "secret": "whsec_77", "payloadTemplate": null, "version": "2021-10-20",
        }),
        more,
    )
}

async fn subscribe(server: &Server) -> Result<Vec<Subscription>, WriteFailure> {
    client().subscribe(&scope(), &connection(&server.base_url), URL, effort()).await
}

#[tokio::test]
async fn a_webhook_is_registered_once() {
    let registered = Subscription { reference: "wh-1".to_owned(), url: URL.to_owned(), active: true };
    let others = json!([hook(json!({ "id": "wh-0", "subscriberUrl": "https://other.example" })), "odd"]);
    let server =
        Server::start([Reply::Json(200, success(others)), Reply::Json(201, success(hook(json!({}))))]).await;
    assert_eq!(subscribe(&server).await, Ok(vec![registered.clone()]));
    let asked = server.asked();
    assert_eq!((asked[1].method.as_str(), asked[1].path.as_str()), ("POST", "/v2/webhooks"));
    let body = json!({
        "active": true, "subscriberUrl": URL, "triggers": config().triggers, "secret": "whsec_77",
        "version": "2021-10-20",
    });
    assert_eq!(asked[1].body, body, "without a template");

    let server = Server::json(200, success(json!([hook(json!({}))]))).await;
    assert_eq!(subscribe(&server).await, Ok(vec![registered]));
    server.only();
}

#[tokio::test]
async fn a_webhook_that_differs_is_brought_up_to_date() {
    for (difference, resets_template) in [
        (json!({ "active": false }), false),
        (json!({ "secret": "other" }), false),
        (json!({ "secret": null }), false),
        (json!({ "triggers": ["BOOKING_CREATED"] }), false),
        (json!({ "payloadTemplate": "{{uid}}" }), true),
        // The gateway has moved.
        (json!({ "subscriberUrl": "https://former.example/api/calcom/webhook/cnx_1" }), false),
    ] {
        let server = Server::start([
            Reply::Json(200, success(json!([hook(difference)]))),
            Reply::Json(200, success(hook(json!({})))),
        ])
        .await;
        assert!(subscribe(&server).await.unwrap()[0].active);
        let asked = server.asked();
        assert_eq!((asked[1].method.as_str(), asked[1].path.as_str()), ("PATCH", "/v2/webhooks/wh-1"));
        assert_eq!(asked[1].body.get("payloadTemplate").is_some(), resets_template);
    }
}

/// Those of the account say nothing about what a team offers.
#[tokio::test]
async fn a_team_is_told_of_by_each_of_its_event_types() {
    let types = || Reply::Json(200, success(json!([event_type(1, json!({})), event_type(2, json!({}))])));
    let listed = |hooks: Value| Reply::Json(200, success(hooks));
    let server = Server::start([
        types(),
        listed(json!([hook(json!({ "id": "wh-5" }))])),
        listed(json!([])),
        Reply::Json(201, success(hook(json!({ "id": 6, "eventTypeId": 2 })))),
    ])
    .await;
    let mut connection = connection(&server.base_url);
    connection.team = Some(RemoteHostRef::parse("44").unwrap());
    let made = client().subscribe(&scope(), &connection, URL, effort()).await.unwrap();
    let shown: Vec<_> = made.iter().map(|one| (one.reference.as_str(), one.active)).collect();
    assert_eq!(shown, [("1/wh-5", true), ("2/6", true)]);
    let asked: Vec<_> = server.asked().iter().map(|one| format!("{} {}", one.method, one.path)).collect();
    let expected = [
        "GET /v2/teams/44/event-types",
        "GET /v2/teams/44/event-types/1/webhooks",
        "GET /v2/teams/44/event-types/2/webhooks",
        "POST /v2/teams/44/event-types/2/webhooks",
    ];
    assert_eq!(asked, expected);

    let server = Server::start([
        types(),
        listed(json!([hook(json!({ "id": "wh-5" }))])),
        listed(json!([])),
        listed(json!([hook(json!({}))])),
        Reply::Json(200, success(hook(json!({})))),
        Reply::Json(200, success(hook(json!({})))),
    ])
    .await;
    connection.base_url.clone_from(&server.base_url);
    let known = client().subscriptions(&scope(), &connection, effort()).await.unwrap();
    let shown: Vec<_> = known.iter().map(|one| one.reference.as_str()).collect();
    assert_eq!(shown, ["1/wh-5", "wh-1"], "with one of the account, from before");
    for one in &known {
        client().unsubscribe(&scope(), &connection, one, effort()).await.unwrap();
    }
    let ended: Vec<_> = server.asked().iter().skip(4).map(|one| one.path.clone()).collect();
    assert_eq!(ended, ["/v2/teams/44/event-types/1/webhooks/wh-5", "/v2/webhooks/wh-1"]);

    let server = Server::json(200, success(json!([]))).await;
    connection.base_url.clone_from(&server.base_url);
    let found = client().subscribe(&scope(), &connection, URL, effort()).await;
    assert!(matches!(found, Err(WriteFailure::Refused { reason: RefusalReason::Invalid, .. })));
}

#[tokio::test]
async fn webhooks_are_listed_and_ended() {
    let all = json!([hook(json!({})), hook(json!({ "id": "wh-2", "active": false })), "odd"]);
    let server = Server::json(200, success(all)).await;
    let connection = connection(&server.base_url);
    let known = client().subscriptions(&scope(), &connection, effort()).await.unwrap();
    let shown: Vec<_> = known.iter().map(|one| (one.reference.as_str(), one.active)).collect();
    assert_eq!(shown, [("wh-1", true), ("wh-2", false)]);
    for (status, body, ended) in [
        (200, success(hook(json!({}))), Ok(())),
        (404, error("NotFoundException", "Webhook (wh-1) not found"), Ok(())),
        (500, json!({}), Err(WriteFailure::Unknown { why: "status 500".to_owned() })),
    ] {
        let server = Server::json(status, body).await;
        let connection = self::connection(&server.base_url);
        assert_eq!(client().unsubscribe(&scope(), &connection, &known[0], effort()).await, ended);
        let asked = server.only();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("DELETE", "/v2/webhooks/wh-1"));
    }
}

#[tokio::test]
async fn a_registration_fails_in_three_ways() {
    let listed = || Reply::Json(200, success(json!([])));
    let server = Server::json(500, json!({})).await;
    assert_eq!(subscribe(&server).await, Err(WriteFailure::NotSent { why: "status 500".to_owned() }));
    let server = Server::json(401, error("UnauthorizedException", "no")).await;
    let refused = |reason, detail: &str| Err(WriteFailure::Refused { reason, detail: detail.to_owned() });
    assert_eq!(subscribe(&server).await, refused(RefusalReason::Unauthorized, "401 UnauthorizedException"));
    let server =
        Server::start([listed(), Reply::Json(400, error("BadRequestException", "subscriberUrl is private"))])
            .await;
    let detail = "400 BadRequestException: subscriberUrl";
    assert_eq!(subscribe(&server).await, refused(RefusalReason::Invalid, detail));
    for odd in [
        json!({}),
        hook(json!({ "active": false })),
        hook(json!({ "subscriberUrl": "https://other.example" })),
    ] {
        let server = Server::start([listed(), Reply::Json(201, success(odd))]).await;
        assert!(matches!(subscribe(&server).await, Err(WriteFailure::Unknown { .. })));
    }
    let server = Server::start([]).await;
    let mut connection = connection(&server.base_url);
    connection.webhook_secret = appointment::calendar::Secret::new(String::new());
    let found = client().subscribe(&scope(), &connection, URL, effort()).await;
    assert!(matches!(found, Err(WriteFailure::Refused { reason: RefusalReason::Invalid, .. })));
}
