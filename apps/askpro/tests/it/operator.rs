//! What an operator does for a company, and what is left of it in the company's audit log.

use std::path::PathBuf;

use appointment::waiting::WishId;
use askpro::admin::{CallbacksCommand, CostsArgs, KeyCommand, Office, Target, WishesCommand};
use clap::Parser as _;
use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::scenario::Salon;

#[derive(Debug, clap::Parser)]
enum Line {
    #[command(subcommand)]
    Callbacks(CallbacksCommand),
    Costs(CostsArgs),
    #[command(subcommand)]
    Key(KeyCommand),
    #[command(subcommand)]
    Wishes(WishesCommand),
}

async fn say(database: &TestDatabase, line: &str) -> Result<Vec<Value>, String> {
    let words = std::iter::once("askpro").chain(line.split(' '));
    let parsed = Line::try_parse_from(words).map_err(|error| error.to_string())?;
    let target = Target {
        database: Some(database.administrator_url()),
        ready: PathBuf::from("unused"),
        person: "anna".to_owned(),
    };
    let command = line.split(' ').next().unwrap();
    let office = Office::open(&target, command).await.unwrap();
    let told = match parsed {
        Line::Callbacks(command) => command.run(&office).await,
        Line::Costs(args) => args.run(&office).await,
        Line::Key(command) => command.run(&office).await,
        Line::Wishes(command) => command.run(&office).await,
    };
    office.close().await;
    told.map_err(|error| format!("{error:#}"))
}

/// Actor and action of the audit log, in order.
async fn audited(database: &TestDatabase) -> Vec<(String, String)> {
    sqlx::query_as("SELECT actor, action FROM audit_log ORDER BY at, action")
        .fetch_all(database.admin_pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_promise_is_found_made_urgent_and_kept_by_name() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::company(database.admin_pool(), 1).await;
    for (number, due) in [(7_u128, "-1 hour"), (8, "1 hour")] {
        sqlx::query(
            "INSERT INTO callbacks (tenant_id, id, phone_e164, name, reason, note, priority, status, due_at, created_at)
             VALUES ($1, $2, '+491701112233', 'Erika Muster', 'requested', 'Rückruf', 'normal', 'pending',
                     app.now() + $3::interval, app.now() - interval '2 days')",
        )
        .bind(salon.tenant.as_uuid())
        .bind(uuid::Uuid::from_u128(number))
        .bind(due)
        .execute(database.admin_pool())
        .await
        .unwrap();
    }
    let all = say(&database, "callbacks list").await.unwrap();
    assert_eq!(all.len(), 2);
    for secret in ["1701112233", "Muster", "Rückruf"] {
        assert!(!format!("{all:?}").contains(secret), "{all:?}");
    }
    let late = say(&database, "callbacks list salon-1 --overdue").await.unwrap();
    assert_eq!((late.len(), &late[0]["overdue"]), (1, &json!(true)));
    let id = late[0]["id"].as_str().unwrap().to_owned();

    let marked = say(&database, "callbacks escalate salon-1").await.unwrap();
    assert_eq!((&marked[0]["overdue"], &marked[0]["marked"]), (&json!(1), &json!(1)));
    let late = say(&database, "callbacks list --overdue").await.unwrap();
    assert_eq!(late[0]["priority"], "urgent");
    assert!(late[0]["escalated_at"].is_string());

    let skipped = say(&database, &format!("callbacks advance salon-1 {id} completed")).await.unwrap_err();
    assert!(skipped.contains("does not become"), "{skipped}");
    for to in ["assigned", "contacted", "completed"] {
        let moved = say(&database, &format!("callbacks advance salon-1 {id} {to}")).await.unwrap();
        assert_eq!(moved[0]["status"], to);
    }
    assert_eq!(say(&database, "callbacks list --overdue").await.unwrap(), Vec::<Value>::new());
    let unknown =
        say(&database, "callbacks advance salon-1 cbk_00000000000000000000000000000009 assigned").await;
    assert!(unknown.unwrap_err().contains("no such callback"));
    let word = say(&database, &format!("callbacks advance salon-1 {id} done")).await.unwrap_err();
    assert!(word.contains("contacted"), "{word}");

    let lines = audited(&database).await;
    assert!(lines.iter().all(|(actor, _)| actor == "operator:anna (askpro callbacks)"), "{lines:?}");
    let count = |wanted: &str| lines.iter().filter(|(_, action)| action == wanted).count();
    assert_eq!((count("callback.changed"), count("operator.acted")), (4, 6), "{lines:?}");
}

#[tokio::test]
async fn whoever_looks_at_the_costs_of_a_company_is_named_and_sees_one_view() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    for sql in [
        "INSERT INTO call_provider_costs VALUES ($1, $2, 1, 10000000, 900000, 'manual', 9, 'actual', app.now())",
        "INSERT INTO call_charges VALUES ($1, $2, 1, 'charge', 30, 'EUR', 120000, 15, app.now())",
    ] {
        sqlx::query(sql)
            .bind(salon.tenant.as_uuid())
            .bind(salon.call.as_uuid())
            .execute(database.admin_pool())
            .await
            .unwrap();
    }
    let euro = |minor: i64| json!({"minor": minor, "currency": "EUR"});
    let shown = async |line: &str| {
        let lines = say(&database, line).await.unwrap();
        let call = salon.call.to_string();
        lines.into_iter().find(|line| line["call"] == call.as_str()).unwrap()
    };
    let platform = shown("costs salon-1").await;
    assert_eq!((&platform["external_cost"], &platform["profit"]), (&euro(9), &euro(21)));
    let reseller = shown("costs salon-1 --view reseller --reseller-markup 2000").await;
    assert_eq!((&reseller["cost"], &reseller["profit"]), (&euro(11), &euro(19)));
    assert!(reseller.get("external_cost").is_none());
    let company = shown("costs salon-1 --view company").await;
    assert_eq!(company["price"], euro(30));
    assert!(company.get("cost").is_none() && company.get("external_cost").is_none(), "{company}");
    let lines = audited(&database).await;
    let acted: Vec<_> = lines.iter().filter(|(_, action)| action == "operator.acted").collect();
    assert_eq!(acted.len(), 3);
    assert!(acted.iter().all(|(actor, _)| actor == "operator:anna (askpro costs)"), "{acted:?}");
}

/// A wish that waits, the wish with this number.
async fn wish(database: &TestDatabase, salon: &Salon, number: u128, status: &str) -> WishId {
    let id = uuid::Uuid::from_u128(number);
    sqlx::query(
        "INSERT INTO wishes (tenant_id, id, branch_id, service_id, phone_e164, first_day, last_day, from_minute,
                             until_minute, status, created_at)
         VALUES ($1, $2, $3, $4, '+491701112233', '2099-12-01', '2099-12-02', 0, 1439, $5, app.now())",
    )
    .bind(salon.tenant.as_uuid())
    .bind(id)
    .bind(salon.branch.as_uuid())
    .bind(salon.service.as_uuid())
    .bind(status)
    .execute(database.admin_pool())
    .await
    .unwrap();
    WishId::from_uuid(id)
}

#[tokio::test]
async fn a_wish_is_withdrawn_with_the_offer_that_is_open_for_it() {
    let database = TestDatabase::fresh().await;
    let salon = Salon::insert(database.admin_pool(), 1).await;
    let waiting = wish(&database, &salon, 7, "waiting").await;
    let asked = wish(&database, &salon, 8, "offered").await;
    let made = "WITH freed AS (
            INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, starts_at, ends_at,
                                      timezone, status, source, price_minor, currency, sync_state, cancelled_at, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, '2099-12-01 10:00+00', '2099-12-01 10:30+00', 'Europe/Berlin', 'cancelled',
                    'desk', 3200, 'EUR', 'not_needed', app.now(), app.now())
            RETURNING tenant_id, id, branch_id, service_id, staff_id, starts_at, ends_at
        ), offer AS (
            INSERT INTO wish_offers (tenant_id, id, wish_id, branch_id, freed_appointment_id, freed_staff_id,
                                     freed_starts_at, freed_ends_at, service_id, staff_id, starts_at, ends_at, state,
                                     made_at, expires_at)
            SELECT tenant_id, id, $2, branch_id, id, staff_id, starts_at, ends_at, service_id, staff_id, starts_at,
                   ends_at, 'open', app.now(), app.now() + interval '1 hour' FROM freed
        )
        INSERT INTO occupancy (tenant_id, resource_id, span, kind, offer_id, expires_at)
        SELECT tenant_id, staff_id, tstzrange(starts_at, ends_at), 'offer', id, app.now() + interval '1 hour' FROM freed";
    sqlx::query(made)
        .bind(salon.tenant.as_uuid())
        .bind(asked.as_uuid())
        .bind(salon.branch.as_uuid())
        .bind(salon.customer.as_uuid())
        .bind(salon.service.as_uuid())
        .bind(salon.staff.as_uuid())
        .execute(database.admin_pool())
        .await
        .unwrap();
    for wish in [waiting, asked] {
        let line = format!("wishes withdraw --tenant salon-1 {wish}");
        let told = say(&database, &line).await.unwrap();
        assert_eq!(told, [json!({"wish": wish.to_string(), "status": "withdrawn"})]);
        let again = say(&database, &line).await.unwrap_err();
        assert!(again.contains("ended before: withdrawn"), "{again}");
    }
    let left = "SELECT (SELECT count(*) FROM wishes WHERE status <> 'withdrawn')
                     + (SELECT count(*) FROM wish_offers WHERE state <> 'declined')
                     + (SELECT count(*) FROM occupancy WHERE kind = 'offer')";
    let left: i64 = sqlx::query_scalar(left).fetch_one(database.admin_pool()).await.unwrap();
    assert_eq!(left, 0);
    let nobodys = WishId::from_uuid(uuid::Uuid::from_u128(9));
    let none = say(&database, &format!("wishes withdraw --tenant salon-1 {nobodys}")).await.unwrap_err();
    assert!(none.contains("no such wish"), "{none}");
    assert!(say(&database, "wishes withdraw --tenant salon-1 off_7").await.is_err());
}
