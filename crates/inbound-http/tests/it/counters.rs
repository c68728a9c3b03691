//! The counters of calls: the list's filters, without pages.

use kernel::BranchId;
use kernel::testing::scope;
use serde_json::json;
use tenancy::KeyPrefix;
use uuid::Uuid;

use crate::api::{get, rows};
use crate::world::{World, small_limits};

const PATH: &str = "/api/v1/calls/counters";

#[tokio::test]
async fn counters_have_the_promised_shape_and_are_the_keys_companys() {
    let world = World::with(small_limits(), rows());
    let (one, two) = (world.company(1, "one").await, world.company(2, "two").await);
    let body = get(&world, PATH, &one).await.json();
    let count =
        |status: &str, calls, length| json!({"status": status, "calls": calls, "duration_ms": length});
    let expected =
        [count("ongoing", 0, 0), count("ended", 0, 0), count("analyzed", 2, 61_000), count("failed", 1, 500)];
    assert_eq!(body, json!({"calls": 3, "duration_ms": 61_500, "by_status": expected}));
    assert_eq!(get(&world, PATH, &two).await.status, 200);
    let asked = world.lists_asked.lock().unwrap();
    let tenants: Vec<_> = asked.iter().map(|(scope, _, _)| scope.tenant()).collect();
    assert_eq!(tenants, [scope(1, None).tenant(), scope(2, None).tenant()]);
}

#[tokio::test]
async fn parameters_become_the_filter_of_the_list() {
    let world = World::with(small_limits(), rows());
    let key = world.company(1, "one").await;
    let branch = BranchId::from_uuid(Uuid::from_u128(2));
    let path = format!(
        "{PATH}?status=failed&from=2026-09-01T00:00:00%2B02:00&to=2026-09-02T00:00:00Z&branch={branch}"
    );
    let body = get(&world, &path, &key).await.json();
    assert_eq!(body["by_status"], json!([{"status": "failed", "calls": 1, "duration_ms": 500}]));
    let asked = world.lists_asked.lock().unwrap();
    let filter = &asked[0].1;
    assert_eq!(filter.status.as_deref(), Some("failed"));
    assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-08-31T22:00:00+00:00");
    assert_eq!(filter.until.unwrap().to_rfc3339(), "2026-09-02T00:00:00+00:00");
    assert_eq!((filter.branch, filter.after), (Some(branch), None));
}

#[tokio::test]
async fn wrong_parameters_are_refused_by_name() {
    let world = World::new();
    let key = world.company(1, "one").await;
    for (query, named) in [
        ("status=gone", "status"),
        ("status=ended&status=failed", "status"),
        ("from=gestern", "from"),
        ("to=2026-02-30T00:00:00Z", "to"),
        ("from=2026-09-02T00:00:00Z&to=2026-09-01T00:00:00Z", "to"),
        ("branch=cus_00000000000000000000000000000001", "branch"),
        ("limit=5", "only these parameters: status, from, to, branch"),
        ("cursor=00", "only these parameters: status, from, to, branch"),
        ("direction=inbound", "only these parameters: status, from, to, branch"),
        ("%ff=1", ""),
    ] {
        let answer = get(&world, &format!("{PATH}?{query}"), &key).await;
        assert_eq!(answer.refused(400), "invalid_request", "{query}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(named), "{query}: {message}");
    }
    assert!(world.lists_asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn counters_need_a_key_that_may_read() {
    let world = World::new();
    let key = world.company(1, "one").await;
    let unknown = "ask_zzzzzzzz00000000000000000000000000000000";
    assert_eq!(get(&world, PATH, unknown).await.refused(401), "unauthorized");
    world.tenancy.set_key_scopes(KeyPrefix::parse(&key[4..12]).unwrap(), vec!["write".to_owned()]);
    assert_eq!(get(&world, PATH, &key).await.refused(403), "scope_missing");
    assert!(world.lists_asked.lock().unwrap().is_empty());
}
