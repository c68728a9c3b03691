//! The REST API and its keys.

use askpro::admin::{KeyCommand, Office, TenantCommand};
use askpro::http;
use askpro::venue::{Venue, status};
use askpro::world::people;
use serde_json::{Value, json};

use crate::house::{House, target, with_shared};

async fn get(venue: &Venue, path: &str, key: &str) -> (u16, Value) {
    let request = http::client().unwrap().get(format!("{}{path}", venue.ready.gateway)).bearer_auth(key);
    let answer = http::send(request).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    with_shared(async |venue| {
        let tenant = venue.ready.tenant("helpline-it").unwrap();
        let everything: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM customers c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = 'helpline-it'",
        )
        .fetch_one(&venue.administrator)
        .await
        .unwrap();
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let (code, page) =
                get(venue, &format!("/api/v1/customers?limit=7{cursor}"), &tenant.api_key).await;
            assert_eq!(code, 200, "{page}");
            let ids =
                page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
            seen.extend(ids);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), seen.len());
        // Other tests may add a customer meanwhile, none is taken away.
        assert!(seen.len() >= usize::try_from(everything).unwrap(), "{} of {everything}", seen.len());
    });
}

#[test]
fn a_second_companys_key_sees_nothing_of_the_first() {
    with_shared(async |venue| {
        let (first, second) =
            (venue.ready.tenant("salon-nord").unwrap(), venue.ready.tenant("physio-lindt").unwrap());
        let line = venue.line("call_seen_by_one", people::REGULAR, &first.branches[0].phone);
        assert_eq!(status(&line.tool("get_current_context", json!({})).await), "ok");
        for list in ["calls", "appointments", "customers", "callbacks"] {
            let (code, own) = get(venue, &format!("/api/v1/{list}?limit=100"), &first.api_key).await;
            assert_eq!(code, 200);
            let (code, other) = get(venue, &format!("/api/v1/{list}?limit=100"), &second.api_key).await;
            assert_eq!(code, 200);
            let other = other.to_string();
            for row in own["data"].as_array().unwrap() {
                assert!(!other.contains(row["id"].as_str().unwrap()), "{list}");
            }
        }
        let (code, refused) = get(venue, "/api/v1/calls", "ask_nobody").await;
        assert_eq!(code, 401);
        assert!(
            refused["code"].is_string()
                && refused["message"].is_string()
                && refused["request_id"].is_string(),
            "{refused}"
        );
    });
}

/// In a house of its own: it locks a company out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_refused_and_a_company_is_switched_off() {
    let house = House::open().await;
    let venue = &house.venue;
    let office = Office::open(&target(venue), "key").await.unwrap();
    let create = KeyCommand::Create {
        slug: "physio-lindt".to_owned(),
        name: "Kasse".to_owned(),
        expires_in_days: Some(1),
        allow_from: Vec::new(),
    };
    let made = create.run(&office).await.unwrap();
    let key = made[0]["api_key"].as_str().unwrap().to_owned();
    assert_eq!(get(venue, "/api/v1/calls", &key).await.0, 200);
    let listed = KeyCommand::List { slug: Some("physio-lindt".to_owned()) }.run(&office).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(!json!(listed).to_string().contains(&key), "a list shows no secret");
    let prefix = key[4..12].to_owned();
    for (from, is_let_in) in [
        (vec!["192.0.2.0/24".parse().unwrap()], false),
        (vec!["127.0.0.0/8".parse().unwrap()], true),
        (Vec::new(), true),
    ] {
        let allow = KeyCommand::Allow { prefix: prefix.clone(), from_anywhere: from.is_empty(), from };
        allow.run(&office).await.unwrap();
        assert_eq!(get(venue, "/api/v1/calls", &key).await.0 == 200, is_let_in);
    }
    KeyCommand::Revoke { prefix }.run(&office).await.unwrap();
    assert_eq!(get(venue, "/api/v1/calls", &key).await.0, 401);

    let tenant = venue.ready.tenant("physio-lindt").unwrap().clone();
    let blueprint = std::env::temp_dir().join(format!("askpro-blueprint-{}.toml", std::process::id()));
    std::fs::write(&blueprint, BLUEPRINT).unwrap();
    for created in [true, false] {
        let create = TenantCommand::Create { file: blueprint.clone(), with_key: created };
        let lines = create.run(&office).await.unwrap();
        assert_eq!((&lines[0]["created"], &lines[0]["tenant"]), (&json!(created), &json!("salon-sued")));
        assert_eq!(lines[0].get("api_key").is_some(), created);
    }
    std::fs::remove_file(&blueprint).unwrap();
    let line = venue.line("call_new_company", "+4915201239300", "+4989555999");
    let answer = line.tool("list_services", json!({})).await;
    assert!(answer.reply.to_string().contains("Dauerwelle"), "{}", answer.reply);

    TenantCommand::Deactivate { slug: tenant.slug.clone() }.run(&office).await.unwrap();
    house
        .expect_rows(
            json!([{"table": "tenants", "where": {"slug": tenant.slug}, "values": {"state": "inactive"}}]),
        )
        .await;
    // A copy of the directory may be as old as the cache allows.
    let begun = std::time::Instant::now();
    loop {
        let refused = get(venue, "/api/v1/calls", &tenant.api_key).await.0;
        let line = venue.line(
            format!("call_inactive_{}", begun.elapsed().as_micros()),
            "+4915201239301",
            "+4989555200",
        );
        let answer = line.tool("list_services", json!({})).await;
        if (refused, status(&answer)) == (401, "tenant_inactive") {
            break;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{refused} {}", answer.reply);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    office.close().await;
    house.close().await;
}

const BLUEPRINT: &str = r#"
slug = "salon-sued"
name = "Salon Süd"
call_rate_minor_per_minute = 15

[[services]]
name = "Dauerwelle"
phases = [{ staffed = 40 }, { processing = 30 }, { staffed = 20 }]
price_minor = 7900

[[branches]]
slug = "mitte"
name = "Mitte"
federal_state = "BY"
numbers = ["+4989555999"]
hours = [{ days = "tue-fri", from = "09:00", until = "18:00" }]

[[branches.staff]]
name = "Pia Sommer"
breaks = [{ from = "12:30", until = "13:00" }]
"#;
