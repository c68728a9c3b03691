//! Support reads lists, of one company at a time, and nothing personal.

use sqlx::{AssertSqlSafe, PgConnection};
use testkit::TestDatabase;

use super::seed::everything;
use super::{routing_tables, tenant_tables};

/// Every column that support can read in the views. A new one stands here only if it says nothing about a person.
const COLUMNS: &[(&str, &str)] = &[
    (
        "appointments",
        "tenant_id id branch_id service_id staff_id call_id starts_at ends_at timezone status source price_minor \
         currency fee_minor reschedule_count sync_state cancelled_at created_at updated_at version",
    ),
    ("callbacks", "tenant_id id branch_id call_id priority status due_at created_at updated_at version"),
    (
        "calls",
        "tenant_id id branch_id created_at direction agent_version status disconnection_reason started_at ended_at \
         duration_ms outcome successful in_voicemail has_customer link_method version provider_usd_microcents \
         telephony_usd_microcents billed_seconds charged_minor",
    ),
    ("inbox", "id provider event received_at tenant_id state attempts processed_at body_octets"),
    (
        "jobs",
        "id tenant_id kind queue priority run_at state attempt max_attempts run leased_at lease_until correlation \
         created_at",
    ),
];

async fn rows(connection: &mut PgConnection, view: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT row_to_json(v)::text FROM support.{view} v")))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{view}: {error}"))
}

#[tokio::test]
async fn the_views_have_these_columns_and_no_other() {
    let database = TestDatabase::fresh().await;
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.relname::text, string_agg(a.attname, ' ' ORDER BY a.attnum)
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
          WHERE c.relnamespace = 'support'::regnamespace GROUP BY 1 ORDER BY 1",
    )
    .fetch_all(database.admin_pool())
    .await
    .unwrap();
    let expected: Vec<_> =
        COLUMNS.iter().map(|(view, columns)| ((*view).to_owned(), (*columns).to_owned())).collect();
    assert_eq!(found, expected);
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'support'::regnamespace
            AND NOT coalesce('security_barrier=true' = ANY(reloptions), false)",
    )
    .fetch_all(database.admin_pool())
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new(), "a condition of the reader must not see rows before the policy");
}

#[tokio::test]
async fn support_reads_one_company_and_nothing_personal() {
    let database = TestDatabase::fresh().await;
    let admin = database.admin_pool();
    let salon = everything(admin, 1).await;
    everything(admin, 2).await;
    let secrets = ["Erika Geheim", "+491701112233", "Bitte leise", "Guten Tag", "Zusammenfassung"];
    for sql in [
        "UPDATE customers SET name = 'Erika Geheim'",
        "UPDATE appointments SET notes = 'Bitte leise', cancel_reason = 'Bitte leise'",
        "UPDATE calls SET caller_e164 = '+491701112233'",
        "UPDATE callbacks SET name = 'Erika Geheim', note = 'Bitte leise', phone_e164 = '+491701112233'",
        "INSERT INTO intake.webhook_inbox (id, provider, event, subject, body_sha256, body, received_at, reason)
         VALUES (gen_random_uuid(), 'retell', 'call_ended', 'Erika Geheim', sha256('x'), 'Guten Tag', app.now(),
                 '+491701112233')",
        "INSERT INTO engine.jobs (kind, payload, last_error, unique_key)
         VALUES ('settle_call', '{\"said\": \"Guten Tag\"}', 'Erika Geheim', '+491701112233')",
    ] {
        sqlx::raw_sql(sql).execute(admin).await.unwrap();
    }
    let mut connection = admin.acquire().await.unwrap();
    sqlx::raw_sql("SET ROLE support").execute(&mut *connection).await.unwrap();
    for (view, _) in COLUMNS {
        let platform = matches!(*view, "inbox" | "jobs");
        sqlx::raw_sql("RESET app.tenant_id").execute(&mut *connection).await.unwrap();
        assert_eq!(rows(&mut connection, view).await.is_empty(), !platform, "{view} without a company");
        sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
            .bind(salon.tenant.as_uuid().to_string())
            .execute(&mut *connection)
            .await
            .unwrap();
        let found = rows(&mut connection, view).await;
        assert!(!found.is_empty(), "{view}: support sees the company");
        for row in found {
            assert!(platform || row.contains(&salon.tenant.as_uuid().to_string()), "{view}: {row}");
            for secret in secrets {
                assert!(!row.contains(secret), "{view}: {row}");
            }
        }
    }
    let mut closed = tenant_tables(admin).await;
    closed.extend(routing_tables(admin).await);
    closed.extend(["intake.webhook_inbox", "engine.jobs", "engine.outbox_events"].map(str::to_owned));
    for table in closed {
        let refused =
            sqlx::query(AssertSqlSafe(format!("SELECT FROM {table} LIMIT 1"))).execute(&mut *connection);
        let refused = refused.await.unwrap_err();
        let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("42501"), "{table}");
    }
    for sql in ["UPDATE support.calls SET status = status", "DELETE FROM support.jobs"] {
        assert!(sqlx::raw_sql(sql).execute(&mut *connection).await.is_err(), "{sql}");
    }
}
