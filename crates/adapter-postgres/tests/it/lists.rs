//! Lists for API clients: pages that neither repeat nor lose a row.

use adapter_postgres::PgLists;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::BranchId;
use operations::ports::{
    AppointmentListQueries as _, CallListQueries as _, CallbackListQueries as _, CustomerListQueries as _,
    ListFilter, Position, WishListQueries as _,
};
use sqlx::PgPool;
use testkit::TestDatabase;
use testkit::scenario::Salon;
use uuid::Uuid;

use crate::support::now;

/// Nine customers: three instants, three customers each, so that pages end within an instant.
async fn customers(admin: &PgPool, salon: &Salon, at: DateTime<Utc>) {
    for number in 0..9_i64 {
        sqlx::query("INSERT INTO customers (tenant_id, id, name, source, status, created_at) VALUES ($1, $2, $3, 'import', $4, $5)")
            .bind(salon.tenant.as_uuid())
            .bind(Uuid::from_u128(1000 + u128::try_from(number * 7 % 9).unwrap()))
            .bind(format!("Kunde {number}"))
            .bind(if number == 4 { "blocked" } else { "active" })
            .bind(at - TimeDelta::hours(number / 3))
            .execute(admin)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    let at = now(&database).await;
    customers(admin, &salon, at).await;
    let lists = PgLists::new(database.gateway().clone());
    let all = lists.list_customers(&salon.scope, &ListFilter::default(), 100).await.unwrap();
    assert_eq!(all.len(), 9);
    assert!(
        all.windows(2).all(|pair| (pair[0].created_at, pair[0].id) > (pair[1].created_at, pair[1].id)),
        "newest first, and by id within an instant"
    );
    let mut paged = Vec::new();
    let mut filter = ListFilter::default();
    loop {
        let page = lists.list_customers(&salon.scope, &filter, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some(Position { at: last.created_at, id: last.id.as_uuid() });
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn filters_bound_the_instant_and_the_state() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::company(admin, 1).await;
    let at = now(&database).await;
    customers(admin, &salon, at).await;
    let lists = PgLists::new(database.gateway().clone());
    let with = |filter: ListFilter| {
        let (lists, scope) = (lists.clone(), salon.scope.clone());
        async move { lists.list_customers(&scope, &filter, 100).await.unwrap().len() }
    };
    let hour = TimeDelta::hours(1);
    assert_eq!(
        with(ListFilter { from: Some(at - hour), ..ListFilter::default() }).await,
        6,
        "from is included"
    );
    assert_eq!(with(ListFilter { until: Some(at - hour), ..ListFilter::default() }).await, 3, "until is not");
    assert_eq!(with(ListFilter { status: Some("blocked".to_owned()), ..ListFilter::default() }).await, 1);
}

#[tokio::test]
async fn each_list_shows_its_rows_to_their_tenant_alone() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = Salon::insert(admin, 1).await;
    let stranger = Salon::company(admin, 2).await;
    let tenant = salon.tenant.as_uuid();
    sqlx::query(
        "INSERT INTO appointments (tenant_id, id, branch_id, customer_id, service_id, staff_id, call_id, starts_at, ends_at,
                                   timezone, status, source, price_minor, currency, sync_state, created_at)
         SELECT $1, $2, $3, $4, $5, $6, $2, app.now(), app.now() + interval '30 minutes', 'Europe/Berlin', 'confirmed',
                'voice_agent', 3200, 'EUR', 'not_needed', app.now()",
    )
    .bind(tenant)
    .bind(salon.call.as_uuid())
    .bind(salon.branch.as_uuid())
    .bind(salon.customer.as_uuid())
    .bind(salon.service.as_uuid())
    .bind(salon.staff.as_uuid())
    .execute(admin)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO callbacks (tenant_id, id, branch_id, reason, priority, status, due_at, created_at)
         VALUES ($1, $2, $3, 'requested', 'normal', 'pending', app.now(), app.now())",
    )
    .bind(tenant)
    .bind(salon.call.as_uuid())
    .bind(salon.branch.as_uuid())
    .execute(admin)
    .await
    .unwrap();

    sqlx::query(
        "INSERT INTO wishes (tenant_id, id, branch_id, service_id, phone_e164, first_day, last_day, from_minute,
                             until_minute, status, created_at)
         VALUES ($1, $2, $3, $4, '+491701112233', '2026-12-01', '2026-12-02', 540, 720, 'waiting', app.now())",
    )
    .bind(tenant)
    .bind(salon.call.as_uuid())
    .bind(salon.branch.as_uuid())
    .bind(salon.service.as_uuid())
    .execute(admin)
    .await
    .unwrap();

    let lists = PgLists::new(database.gateway().clone());
    let all = ListFilter::default();
    let wishes = lists.list_wishes(&salon.scope, &all, 10).await.unwrap();
    assert_eq!((wishes.len(), wishes[0].service_name.as_str()), (1, "Herrenhaarschnitt"));
    assert!(lists.list_wishes(&stranger.scope, &all, 10).await.unwrap().is_empty());
    let calls = lists.list_calls(&salon.scope, &all, 10).await.unwrap();
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| !call.provider_call_id.is_empty()), "{calls:?}");
    assert_eq!((calls[0].direction.as_str(), calls[0].status.as_str()), ("inbound", "ongoing"));
    let appointments = lists.list_appointments(&salon.scope, &all, 10).await.unwrap();
    assert_eq!(
        (appointments.len(), appointments[0].service_name.as_str(), appointments[0].staff_name.as_str()),
        (1, "Herrenhaarschnitt", "Anna Petersen")
    );
    assert_eq!(lists.list_callbacks(&salon.scope, &all, 10).await.unwrap().len(), 1);
    assert_eq!(lists.list_customers(&salon.scope, &all, 10).await.unwrap().len(), 1);

    let elsewhere =
        ListFilter { branch: Some(BranchId::from_uuid(Uuid::from_u128(99))), ..ListFilter::default() };
    assert!(lists.list_calls(&salon.scope, &elsewhere, 10).await.unwrap().is_empty());
    assert!(lists.list_appointments(&salon.scope, &elsewhere, 10).await.unwrap().is_empty());
    assert!(lists.list_callbacks(&salon.scope, &elsewhere, 10).await.unwrap().is_empty());

    assert!(lists.list_calls(&stranger.scope, &all, 10).await.unwrap().is_empty());
    assert!(lists.list_appointments(&stranger.scope, &all, 10).await.unwrap().is_empty());
    assert!(lists.list_callbacks(&stranger.scope, &all, 10).await.unwrap().is_empty());
    assert!(lists.list_customers(&stranger.scope, &all, 10).await.unwrap().is_empty());
}
