use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use appointment::waiting::{OfferId, WishId};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use kernel::testing::scope;
use kernel::{
    AppointmentId, BranchId, CallId, ChangeSet, Currency, CustomerId, EmailAddress, Money, PersonName,
    PhoneNumber, ServiceId, StaffId,
};
use operations::ports::{
    AppointmentListItem, CallCount, CallListItem, CallbackListItem, CustomerListItem, WishListItem,
};
use serde_json::{Value, json};
use tenancy::{ApiKeyToken, KeyPrefix, TenancyWrite, TenantRepository, TenantState};
use uuid::Uuid;

use crate::world::{Answer, Rows, World, now, small_limits};

const LISTS: [&str; 5] =
    ["/api/v1/calls", "/api/v1/appointments", "/api/v1/customers", "/api/v1/callbacks", "/api/v1/wishes"];

pub(crate) async fn get(world: &World, path: &str, key: &str) -> Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {key}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn rows() -> Rows {
    let phone = || PhoneNumber::from_e164("+491701112233").ok();
    let name = || PersonName::clean("Erika Muster").ok();
    Rows {
        calls: vec![CallListItem {
            id: CallId::from_uuid(uuid(1)),
            provider_call_id: "call_0a1b2c".to_owned(),
            branch: Some(BranchId::from_uuid(uuid(2))),
            direction: "inbound".to_owned(),
            status: "analyzed".to_owned(),
            from: phone(),
            to: PhoneNumber::from_e164("+4940555100").ok(),
            started_at: Some(now()),
            ended_at: None,
            duration_ms: Some(61_000),
            customer: Some(CustomerId::from_uuid(uuid(3))),
            outcome: None,
            successful: Some(true),
            sentiment: None,
            disconnection_reason: Some("user_hangup".to_owned()),
            created_at: now(),
        }],
        appointments: vec![AppointmentListItem {
            id: AppointmentId::from_uuid(uuid(4)),
            branch: BranchId::from_uuid(uuid(2)),
            customer: CustomerId::from_uuid(uuid(3)),
            customer_name: name(),
            service: ServiceId::from_uuid(uuid(5)),
            service_name: "Herrenhaarschnitt".to_owned(),
            staff: StaffId::from_uuid(uuid(6)),
            staff_name: "Anna Petersen".to_owned(),
            call: None,
            starts_at: now(),
            ends_at: now() + chrono::TimeDelta::minutes(30),
            timezone: "Europe/Berlin".to_owned(),
            status: "confirmed".to_owned(),
            source: "phone".to_owned(),
            price: Money::new(3200, Currency::Eur),
            sequence: Some(appointment::model::SequenceId::from_uuid(uuid(8))),
            series: None,
            created_at: now(),
        }],
        customers: vec![CustomerListItem {
            id: CustomerId::from_uuid(uuid(3)),
            name: name(),
            phone: phone(),
            email: EmailAddress::parse("erika@example.org").ok(),
            anonymous: false,
            status: "active".to_owned(),
            created_at: now(),
        }],
        callbacks: vec![CallbackListItem {
            id: uuid(7),
            branch: None,
            customer: None,
            call: None,
            phone: phone(),
            name: name(),
            reason: "requested".to_owned(),
            note: None,
            priority: "normal".to_owned(),
            preferred_window: Some("nachmittags".to_owned()),
            status: "pending".to_owned(),
            due_at: now(),
            created_at: now(),
        }],
        wishes: vec![WishListItem {
            id: WishId::from_uuid(uuid(8)),
            branch: BranchId::from_uuid(uuid(2)),
            service: ServiceId::from_uuid(uuid(5)),
            service_name: "Herrenhaarschnitt".to_owned(),
            staff: None,
            customer: None,
            call: None,
            phone: phone(),
            name: name(),
            first_day: now().date_naive(),
            last_day: now().date_naive(),
            from_minute: 540,
            until_minute: 1439,
            status: "offered".to_owned(),
            asked: 1,
            offer: Some(OfferId::from_uuid(uuid(9))),
            offered_start: Some(now()),
            offered_until: Some(now()),
            created_at: now(),
        }],
        counts: vec![
            CallCount { status: "failed".to_owned(), calls: 1, duration_ms: 500 },
            CallCount { status: "analyzed".to_owned(), calls: 2, duration_ms: 61_000 },
        ],
    }
}

#[tokio::test]
async fn without_a_key_there_is_nothing_and_no_reason() {
    let world = World::new();
    let good = world.company(1, "one").await;
    let mut other_secret = good.clone();
    other_secret.replace_range(43..44, if good.ends_with('b') { "c" } else { "b" });
    for path in LISTS {
        for header in [
            None,
            Some(String::new()),
            Some("Bearer".to_owned()),
            Some("Bearer ".to_owned()),
            Some(format!("Basic {good}")),
            Some(good.clone()),
            Some("Bearer ask_".to_owned()),
            Some(format!("Bearer {}", &good[..43])),
            Some(format!("Bearer {good}x")),
            Some(format!("Bearer {other_secret}")),
            Some("Bearer ask_zzzzzzzz00000000000000000000000000000000".to_owned()),
        ] {
            let mut request = Request::get(path);
            if let Some(header) = &header {
                request = request.header("authorization", header);
            }
            let answer = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.refused(401), "unauthorized", "{path} {header:?}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
        let doubled = Request::get(path)
            .header("authorization", format!("Bearer {good}"))
            .header("authorization", format!("Bearer {good}"));
        assert_eq!(world.send(doubled.body(Body::empty()).unwrap()).await.refused(401), "unauthorized");
    }
    assert!(world.lists_asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn revoked_keys_and_inactive_companies_look_like_unknown_keys() {
    let world = World::new();
    let revoked = world.company(1, "one").await;
    let prefix = KeyPrefix::parse(&revoked[4..12]).unwrap();
    let change = ChangeSet::one(TenancyWrite::RevokeKey { prefix, at: now() });
    world.tenancy.commit(&scope(1, None), change).await.unwrap();
    let sleeping = world.company(2, "two").await;
    let change = ChangeSet::one(TenancyWrite::SetTenantState(TenantState::Inactive));
    world.tenancy.commit(&scope(2, None), change).await.unwrap();
    let unknown = get(&world, LISTS[0], "ask_zzzzzzzz00000000000000000000000000000000").await.json();
    for key in [revoked, sleeping] {
        let answer = get(&world, LISTS[0], &key).await;
        assert_eq!(answer.refused(401), "unauthorized");
        assert_eq!(answer.json()["message"], unknown["message"]);
    }
}

#[tokio::test]
async fn a_key_opens_its_own_company_and_no_other() {
    let world = World::with(small_limits(), rows());
    let (one, two) = (world.company(1, "one").await, world.company(2, "two").await);
    for path in LISTS {
        assert_eq!(get(&world, path, &one).await.status, 200);
        assert_eq!(get(&world, path, &two).await.status, 200);
    }
    let asked = world.lists_asked.lock().unwrap();
    let tenants: Vec<_> = asked.iter().map(|(scope, _, _)| scope.tenant()).collect();
    let expected = [scope(1, None).tenant(), scope(2, None).tenant()];
    assert!(tenants.chunks(2).all(|pair| pair == expected), "{tenants:?}");
    assert_eq!(tenants.len(), 2 * LISTS.len());
}

#[tokio::test]
async fn rows_have_the_promised_shape() {
    let world = World::with(small_limits(), rows());
    let key = world.company(1, "one").await;
    let mut shown = Vec::new();
    for path in LISTS {
        let body = get(&world, path, &key).await.json();
        assert_eq!(body["next_cursor"], Value::Null);
        shown.push(body["data"][0].clone());
    }
    let at = "2026-09-21T14:13:20.000Z";
    let id = |prefix: &str, number: u128| format!("{prefix}_{number:032x}");
    assert_eq!(
        shown,
        [
            json!({
                "id": id("cal", 1), "provider_call_id": "call_0a1b2c", "branch_id": id("brn", 2), "direction": "inbound", "status": "analyzed",
                "from_number": "+491701112233", "to_number": "+4940555100", "started_at": at, "ended_at": null,
                "duration_ms": 61_000, "customer_id": id("cus", 3), "outcome": null, "successful": true,
                "sentiment": null, "disconnection_reason": "user_hangup", "created_at": at,
            }),
            json!({
                "id": id("apt", 4), "branch_id": id("brn", 2), "customer_id": id("cus", 3),
                "customer_name": "Erika Muster", "service_id": id("svc", 5), "service_name": "Herrenhaarschnitt",
                "staff_id": id("stf", 6), "staff_name": "Anna Petersen", "call_id": null, "starts_at": at,
                "ends_at": "2026-09-21T14:43:20.000Z", "timezone": "Europe/Berlin", "status": "confirmed",
                "source": "phone", "price_minor": 3200, "currency": "EUR", "sequence_id": id("seq", 8),
                "series_id": null, "created_at": at,
            }),
            json!({
                "id": id("cus", 3), "name": "Erika Muster", "phone": "+491701112233", "email": "erika@example.org",
                "anonymous": false, "status": "active", "created_at": at,
            }),
            json!({
                "id": id("cbk", 7), "branch_id": null, "customer_id": null, "call_id": null,
                "phone": "+491701112233", "name": "Erika Muster", "reason": "requested", "note": null,
                "priority": "normal", "preferred_window": "nachmittags", "status": "pending", "due_at": at,
                "created_at": at,
            }),
            json!({
                "id": id("wsh", 8), "branch_id": id("brn", 2), "service_id": id("svc", 5),
                "service_name": "Herrenhaarschnitt", "staff_id": null, "customer_id": null, "call_id": null,
                "phone": "+491701112233", "name": "Erika Muster", "first_day": "2026-09-21",
                "last_day": "2026-09-21", "from_time": "09:00", "until_time": "23:59", "status": "offered",
                "asked": 1, "offer_id": id("off", 9), "offered_start": at, "offered_until": at,
                "created_at": at,
            }),
        ]
    );
}

#[tokio::test]
async fn parameters_become_a_filter() {
    let world = World::new();
    let key = world.company(1, "one").await;
    let branch = BranchId::from_uuid(uuid(2));
    let path = format!(
        "/api/v1/calls?limit=5&status=ended&from=2026-09-01T00:00:00%2B02:00&to=2026-09-02T00:00:00+02:00&branch={branch}"
    );
    assert_eq!(get(&world, &path, &key).await.status, 200);
    let asked = world.lists_asked.lock().unwrap();
    let (_, filter, rows) = &asked[0];
    assert_eq!(*rows, 6, "one more than asked for, to see whether there is another page");
    assert_eq!(filter.status.as_deref(), Some("ended"));
    assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-08-31T22:00:00+00:00");
    assert_eq!(filter.until.unwrap().to_rfc3339(), "2026-09-01T22:00:00+00:00");
    assert_eq!(filter.branch, Some(branch));
}

#[tokio::test]
async fn in_an_outbound_call_the_company_rang() {
    let mut rung = rows();
    rung.calls[0].direction = "outbound".to_owned();
    for (rows, from, to) in [(rows(), "+491701112233", "+4940555100"), (rung, "+4940555100", "+491701112233")]
    {
        let world = World::with(small_limits(), rows);
        let key = world.company(1, "one").await;
        let call = &get(&world, "/api/v1/calls", &key).await.json()["data"][0];
        assert_eq!((&call["from_number"], &call["to_number"]), (&json!(from), &json!(to)));
    }
}

#[tokio::test]
async fn a_page_leads_to_the_next_one() {
    let mut many = rows();
    many.calls = (0..3)
        .map(|number| CallListItem { id: CallId::from_uuid(uuid(100 + number)), ..many.calls[0].clone() })
        .collect();
    let world = World::with(small_limits(), many);
    let key = world.company(1, "one").await;
    let body = get(&world, "/api/v1/calls?limit=2", &key).await.json();
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    let cursor = body["next_cursor"].as_str().unwrap();
    get(&world, &format!("/api/v1/calls?cursor={cursor}"), &key).await;
    let after = world.lists_asked.lock().unwrap()[1].1.after.unwrap();
    assert_eq!((after.at, after.id), (now(), uuid(101)));
    let elsewhere = get(&world, &format!("/api/v1/customers?cursor={cursor}"), &key).await;
    assert_eq!(elsewhere.refused(400), "invalid_request", "a cursor belongs to one list");
}

#[tokio::test]
async fn wrong_parameters_are_refused_by_name() {
    let world = World::new();
    let key = world.company(1, "one").await;
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=zwanzig", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=5&limit=6", "limit"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("status=gone", "status"),
        ("status=", "status"),
        ("from=gestern", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("from=2026-09-02T00:00:00Z&to=2026-09-01T00:00:00Z", "to"),
        ("branch=cus_00000000000000000000000000000001", "branch"),
        ("branch=1%27%20OR%201=1", "branch"),
        ("tenant=cmp_00000000000000000000000000000002", "only these parameters"),
        ("state=ended", "only these parameters"),
        ("%ff=1", ""),
    ] {
        let answer = get(&world, &format!("/api/v1/calls?{query}"), &key).await;
        assert_eq!(answer.refused(400), "invalid_request", "{query}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(named), "{query}: {message}");
    }
    assert!(world.lists_asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_filter_that_a_list_does_not_have_is_refused_and_not_ignored() {
    let world = World::new();
    let key = world.company(1, "one").await;
    let branch = BranchId::from_uuid(uuid(2));
    for path in LISTS {
        let answer = get(&world, &format!("{path}?branch={branch}"), &key).await;
        if path == "/api/v1/customers" {
            assert_eq!(answer.refused(400), "invalid_request");
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains("only these parameters") && !message.contains("branch"), "{message}");
        } else {
            assert_eq!(answer.status, 200, "{path}");
        }
    }
    assert_eq!(world.lists_asked.lock().unwrap().len(), LISTS.len() - 1);
}

#[tokio::test]
async fn a_key_that_may_not_read_is_told_so() {
    let world = World::new();
    let key = world.company(1, "one").await;
    let prefix = KeyPrefix::parse(&key[4..12]).unwrap();
    for (scopes, allowed) in
        [(vec![], false), (vec!["write"], false), (vec!["reader"], false), (vec!["write", "read"], true)]
    {
        let scopes = scopes.into_iter().map(str::to_owned).collect();
        world.tenancy.set_key_scopes(prefix.clone(), scopes);
        for path in LISTS {
            let answer = get(&world, path, &key).await;
            if allowed {
                assert_eq!(answer.status, 200, "{path}");
            } else {
                assert_eq!(answer.refused(403), "scope_missing", "{path}");
            }
        }
    }
    assert_eq!(world.lists_asked.lock().unwrap().len(), LISTS.len(), "only the last key saw something");
}

#[tokio::test]
async fn a_company_that_asks_too_much_is_told_to_wait_and_nothing_is_looked_up() {
    let world = World::new();
    let key = world.company(1, "salon-nord").await;
    world.allowance.0.store(false, Ordering::Relaxed);
    let answer = get(&world, "/api/v1/calls", &key).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (429, Some("too_many_requests")));
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(world.lists_asked.lock().unwrap().is_empty());
    // Whoever has no key learns nothing of it.
    assert_eq!(get(&world, "/api/v1/calls", "ask_wrong").await.status.as_u16(), 401);
    world.allowance.0.store(true, Ordering::Relaxed);
    assert_eq!(get(&world, "/api/v1/calls", &key).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_key_that_is_bound_to_networks_is_refused_from_elsewhere() {
    let world = World::new();
    let bound = world.company_bound_to(1, "salon-nord", &["192.0.2.0/24"]).await;
    let free = world.company(2, "physio-lindt").await;
    let (inside, outside, proxy) = ("192.0.2.7:1", "203.0.113.9:1", "10.0.0.2:1");
    for (key, peer, forwarded, status) in [
        (&bound, Some(inside), None, 200),
        (&bound, Some(outside), None, 401),
        // Nobody but a proxy of ours speaks for somebody else.
        (&bound, Some(outside), Some("192.0.2.7"), 401),
        (&bound, Some(proxy), Some("192.0.2.7"), 200),
        (&bound, Some(proxy), Some("192.0.2.7, 203.0.113.9"), 401),
        (&bound, Some(proxy), Some("203.0.113.9, 192.0.2.7"), 200),
        (&bound, Some(proxy), Some("garbage"), 401),
        (&bound, Some(proxy), None, 401),
        (&bound, None, Some("192.0.2.7"), 401),
        (&free, Some(outside), None, 200),
        (&free, None, None, 200),
    ] {
        let mut request = Request::get(LISTS[0]).header("authorization", format!("Bearer {key}"));
        if let Some(peer) = peer {
            request = request.extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        }
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{peer:?} {forwarded:?}");
        if status == 401 {
            let code = answer.refused(401);
            assert_eq!(
                code,
                get(&world, LISTS[0], "ask_unknown").await.refused(401),
                "the same words for all"
            );
        }
    }
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_beside_the_answer_and_once_a_minute() {
    let world = World::new();
    let key = world.company(1, "salon-nord").await;
    let token = ApiKeyToken::parse(&key).unwrap();
    assert!(world.tenancy.key_uses(token.prefix()).is_empty());
    for _ in 0..5 {
        assert_eq!(get(&world, LISTS[0], &key).await.status.as_u16(), 200);
    }
    world.tasks.close();
    world.tasks.wait().await;
    assert_eq!(world.tenancy.key_uses(token.prefix()), [now()]);
}
