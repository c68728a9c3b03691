//! Nobody sees or touches what belongs to another company.
//!
//! Three ways in are tried: the REST API with each company's key, the voice tools with the ids of another company, and
//! SQL in the role in which the product itself works, with another company's name in the transaction.

use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Verdict;
use super::evidence::owners;
use super::history::typed_ids;
use crate::http;
use crate::ready::TenantReady;
use crate::venue::{Venue, status};
use crate::world::people;

/// The lists of the REST API.
const LISTS: [&str; 4] = ["calls", "appointments", "customers", "callbacks"];
/// Tables that must have rows of every company: the catalogue, people, appointments, calls and what belongs to them.
const GUARDED: usize = 20;
/// Pages read of each list.
const MAX_PAGES: usize = 50;

/// Runs the proof between every pair of active companies.
///
/// # Errors
/// If the product cannot be reached; what it does wrong is in the verdict.
pub async fn run(venue: &Venue, seed: u64) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("isolation", seed, 1);
    let active: Vec<&TenantReady> =
        venue.ready.tenants.iter().filter(|tenant| !tenant.staff.is_empty()).collect();
    anyhow::ensure!(active.len() >= 2, "isolation needs two companies");
    let run: i64 = venue.now().await?.timestamp_micros();
    for (place, tenant) in active.iter().enumerate() {
        seed_rows(venue, tenant, &format!("{run:x}_{place}")).await?;
    }
    rest(venue, &active, &mut verdict).await?;
    for own in &active {
        for other in active.iter().filter(|other| other.id != own.id) {
            tools(venue, own, other, run, &mut verdict).await?;
        }
    }
    sql(venue, &active, &mut verdict).await?;
    Ok(verdict)
}

/// Something of every list: a call, a callback of it. Customers and appointments the demo has.
async fn seed_rows(venue: &Venue, tenant: &TenantReady, run: &str) -> anyhow::Result<()> {
    let line = venue.line(format!("call_isolation_{run}"), people::REGULAR, &tenant.branches[0].phone);
    let answer = line.tool("request_callback", json!({"reason": "Rückfrage"})).await;
    anyhow::ensure!(
        status(&answer) == "callback_requested",
        "no callback at {}: {}",
        tenant.slug,
        answer.reply
    );
    Ok(())
}

async fn rest(venue: &Venue, tenants: &[&TenantReady], verdict: &mut Verdict) -> anyhow::Result<()> {
    let http = http::client()?;
    let owners = owners(&venue.administrator).await?;
    let mut seen = 0_usize;
    for list in LISTS {
        let url = format!("{}/api/v1/{list}", venue.ready.gateway);
        for key in [None, Some("ask_"), Some("ask_0000000000000000000000000000000000000000")] {
            let mut request = http.get(&url);
            if let Some(key) = key {
                request = request.bearer_auth(key);
            }
            let refused = http::send(request).await.context("the gateway does not answer")?.status().as_u16();
            verdict.check(refused == 401, || format!("{list} with the key {key:?} was answered {refused}"));
        }
        let mut cursors = Vec::new();
        for tenant in tenants {
            let mut cursor: Option<String> = None;
            for _ in 0..MAX_PAGES {
                let page = page(&http, &url, &tenant.api_key, cursor.as_deref()).await?;
                for id in typed_ids(&page) {
                    seen += 1;
                    let owner = owners.get(&id).map(String::as_str);
                    verdict.check(owner.is_none_or(|owner| owner == tenant.slug), || {
                        format!("{} sees {id} of {} in {list}", tenant.slug, owner.unwrap_or("nobody"))
                    });
                }
                cursor = next_cursor(&page);
                match &cursor {
                    Some(cursor) => cursors.push((tenant.slug.clone(), cursor.clone())),
                    None => break,
                }
            }
        }
        // A cursor is no key: with another company's it may be refused, but never shows that company's rows.
        for tenant in tenants {
            for (_, cursor) in cursors.iter().filter(|(of, _)| *of != tenant.slug).take(3) {
                let page = page(&http, &url, &tenant.api_key, Some(cursor)).await?;
                let strange = typed_ids(&page)
                    .into_iter()
                    .filter_map(|id| owners.get(&id))
                    .find(|owner| **owner != tenant.slug);
                verdict.check(strange.is_none(), || {
                    format!("{} reads {list} of {strange:?} by its cursor", tenant.slug)
                });
            }
        }
    }
    verdict.check(seen > 0, || "the lists showed no row at all".to_owned());
    verdict.tell(format!(
        "REST: {} lists with the keys of {} companies, {seen} ids looked up",
        LISTS.len(),
        tenants.len()
    ));
    Ok(())
}

async fn page(http: &reqwest::Client, url: &str, key: &str, cursor: Option<&str>) -> anyhow::Result<Value> {
    let mut request = http.get(url).bearer_auth(key).query(&[("limit", "100")]);
    if let Some(cursor) = cursor {
        request = request.query(&[("cursor", cursor)]);
    }
    http::send(request).await?.json().await.context("an answer that is no JSON")
}

fn next_cursor(page: &Value) -> Option<String> {
    page.get("next_cursor").and_then(Value::as_str).map(str::to_owned)
}

/// A caller of one company who knows ids of another one.
async fn tools(
    venue: &Venue,
    own: &TenantReady,
    other: &TenantReady,
    run: i64,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let pool = &venue.administrator;
    let (Some(branch), Some(foreign_service), Some(foreign_person)) =
        (own.branches.first(), other.services.first(), other.staff.first())
    else {
        anyhow::bail!("a company without a branch, a service or staff");
    };
    // The same number is known at both: at each it proves only that company's customer.
    let call = format!("call_stranger_{run:x}_{}_{}", own.slug, other.slug);
    let line = venue.line(&call, people::REGULAR, &branch.phone);
    let before = fingerprint(pool, &other.id).await?;
    let foreign: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT a.id, c.name FROM public.appointments a
           JOIN public.customers c ON c.tenant_id = a.tenant_id AND c.id = a.customer_id
           JOIN public.tenants t ON t.id = a.tenant_id
          WHERE t.slug = $1 AND c.phone_e164 = $2 AND a.status = 'confirmed' AND a.starts_at > app.now()",
    )
    .bind(&other.slug)
    .bind(people::REGULAR)
    .fetch_all(pool)
    .await?;
    let listed = line.tool("get_customer_appointments", json!({})).await;
    let told = listed.reply.to_string();
    for (id, name) in &foreign {
        let shown = format!("apt_{}", id.simple());
        verdict.check(!told.contains(&shown) && !told.contains(name.as_str()), || {
            format!("a caller of {} hears of {shown} of {}", own.slug, other.slug)
        });
        for (tool, args) in [
            ("cancel_appointment", json!({"appointment_id": shown})),
            (
                "reschedule_appointment",
                json!({"appointment_id": shown, "new_time": "11:00", "bestaetigung": true}),
            ),
        ] {
            let answer = line.tool(tool, args).await;
            let reply = answer.reply.to_string();
            // It may answer about the caller's own appointments, never about the foreign one.
            verdict.check(
                answer.status == Some(200) && !reply.contains(&shown) && !reply.contains(name.as_str()),
                || format!("{tool} of {shown} from {} was answered {reply}", own.slug),
            );
        }
    }
    for (tool, args) in [
        (
            "check_availability",
            json!({"datum": "morgen", "uhrzeit": "10:00", "service_id": foreign_service.id}),
        ),
        (
            "check_availability",
            json!({"datum": "morgen", "uhrzeit": "10:00", "preferred_staff_id": foreign_person.id}),
        ),
        ("get_service_info", json!({"service_id": foreign_service.id})),
        (
            "query_appointment_by_name",
            json!({"customer_name": foreign.first().map(|(_, name)| name.clone())}),
        ),
    ] {
        let answer = line.tool(tool, args).await;
        let reply = answer.reply.to_string();
        let quiet = !reply.contains(&foreign_service.id) && !reply.contains(&foreign_person.id);
        let quiet = quiet && foreign.iter().all(|(id, _)| !reply.contains(&id.simple().to_string()));
        verdict.check(answer.status == Some(200) && quiet, || {
            format!("{tool} from {} was answered {reply}", own.slug)
        });
    }
    // A body of arguments alone that names an ongoing call of the other company, at one's own number.
    let theirs = venue.line(format!("{call}_theirs"), people::REGULAR, &other.branches[0].phone);
    let opened = theirs.tool("get_current_context", json!({})).await;
    anyhow::ensure!(opened.status == Some(200), "a call of {} could not be opened", other.slug);
    let before_arguments = fingerprint(pool, &other.id).await?;
    for tool in ["get-customer-appointments", "cancel-appointment", "check-customer"] {
        let body = json!({"call_id": theirs.call_id, "to_number": branch.phone}).to_string();
        let path = format!("/api/retell/{tool}");
        let answer = venue.client().post(&path, body.as_bytes(), Duration::from_secs(10)).await;
        verdict.check(status(&answer) == "call_unknown", || {
            format!(
                "{tool} for a call of {} at the number of {} was answered {}",
                other.slug, own.slug, answer.reply
            )
        });
    }
    verdict.check(before_arguments == fingerprint(pool, &other.id).await?, || {
        format!("rows of {} changed by bodies of arguments alone", other.slug)
    });
    // The fingerprint leaves out calls: opening one at the other company was legitimate.
    verdict.check(before == fingerprint(pool, &other.id).await?, || {
        format!("rows of {} changed while {} was called", other.slug, own.slug)
    });
    verdict.tell(format!("tools: a caller of {} with {} ids of {}", own.slug, foreign.len() + 2, other.slug));
    Ok(())
}

/// A hash over everything that a stranger could change of a company and that does not expire by itself.
async fn fingerprint(administrator: &PgPool, tenant: &str) -> anyhow::Result<String> {
    let tenant = Uuid::try_parse(tenant.trim_start_matches("cmp_")).context("an id of a tenant")?;
    sqlx::query_scalar(
        "SELECT md5(coalesce(string_agg(r.doc, '|' ORDER BY r.doc), '')) FROM (
            SELECT to_jsonb(a)::text AS doc FROM public.appointments a WHERE a.tenant_id = $1
            UNION ALL SELECT to_jsonb(c)::text FROM public.customers c WHERE c.tenant_id = $1
            UNION ALL SELECT to_jsonb(o)::text FROM public.occupancy o WHERE o.tenant_id = $1 AND o.kind = 'appointment'
            UNION ALL SELECT to_jsonb(b)::text FROM public.callbacks b WHERE b.tenant_id = $1
         ) AS r",
    )
    .bind(tenant)
    .fetch_one(administrator)
    .await
    .context("fingerprint")
}

/// SQL in the product's own roles.
async fn sql(venue: &Venue, tenants: &[&TenantReady], verdict: &mut Verdict) -> anyhow::Result<()> {
    // From the catalogue, so that a table that is added tomorrow is tried tomorrow.
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "SELECT c.relname::text, c.relispartition FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
            AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
          ORDER BY 1",
    )
    .fetch_all(&venue.administrator)
    .await?;
    let gateway = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .connect(&venue.ready.app_database_url)
        .await
        .context("the gateway's connection of the ready file")?;
    let mut guarded = 0_usize;
    let mut empty = Vec::new();
    for (table, is_partition) in &tables {
        let mut with_rows = 0_usize;
        for tenant in tenants {
            let stranger = tenants.iter().find(|other| other.id != tenant.id).context("a second company")?;
            let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                "SELECT count(*) FROM public.\"{table}\" WHERE tenant_id = $1"
            )))
            .bind(uuid_of(tenant)?)
            .fetch_one(&venue.administrator)
            .await?;
            with_rows += usize::from(rows > 0);
            for attempt in attempts(table, uuid_of(tenant)?) {
                for setting in [Some(uuid_of(stranger)?), None] {
                    let touched = try_as_tenant(&gateway, setting, &attempt).await?;
                    verdict.check(touched == 0, || {
                        format!("as {setting:?}: `{attempt}` reached {touched} rows")
                    });
                }
            }
        }
        guarded += usize::from(!is_partition && with_rows == tenants.len());
        if !is_partition && with_rows == 0 {
            empty.push(table.as_str());
        }
        // Without switching to a tenant the login role itself has no right on tenant tables; routing tables it may read.
        let routing = ["phone_numbers", "call_keys", "api_keys", "calendar_routes"].contains(&table.as_str());
        if !routing {
            let sql = format!("SELECT 1 FROM public.\"{table}\" LIMIT 1");
            let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&gateway).await.is_err();
            verdict.check(refused, || format!("the role gateway reads {table} without a tenant"));
        }
    }
    gateway.close().await;
    // A table without rows is tried, but proves little; the ones that matter must have some of every company.
    verdict
        .check(guarded >= GUARDED, || format!("only {guarded} tables had rows of every company to protect"));
    verdict.tell(format!(
        "SQL: {} tables and partitions in the roles of the product, {guarded} of them with rows of every company; none in {}",
        tables.len(),
        if empty.is_empty() { "no table".to_owned() } else { empty.join(", ") },
    ));
    Ok(())
}

fn uuid_of(tenant: &TenantReady) -> anyhow::Result<Uuid> {
    Uuid::try_parse(tenant.id.trim_start_matches("cmp_")).context("an id of a tenant")
}

/// Statements that reach for a company's rows. Each counts the rows that it reached.
fn attempts(table: &str, victim: Uuid) -> Vec<String> {
    vec![
        format!("SELECT count(*) FROM public.\"{table}\" WHERE tenant_id = '{victim}'"),
        format!(
            "WITH gone AS (DELETE FROM public.\"{table}\" WHERE tenant_id = '{victim}' RETURNING 1) SELECT count(*) FROM gone"
        ),
        format!(
            "WITH taken AS (UPDATE public.\"{table}\" SET tenant_id = tenant_id WHERE tenant_id = '{victim}' RETURNING 1) SELECT count(*) FROM taken"
        ),
    ]
}

/// Rows reached in the role `tenant`; a refusal reaches none. Nothing of it stays.
async fn try_as_tenant(gateway: &PgPool, setting: Option<Uuid>, sql: &str) -> anyhow::Result<i64> {
    let mut transaction = gateway.begin().await?;
    let connection: &mut PgConnection = &mut transaction;
    sqlx::query("SET LOCAL ROLE tenant").execute(&mut *connection).await.context("the role tenant")?;
    if let Some(tenant) = setting {
        sqlx::query("SELECT set_config('app.tenant_id', $1, true)")
            .bind(tenant.to_string())
            .execute(&mut *connection)
            .await?;
    }
    let reached =
        sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut *connection).await;
    transaction.rollback().await?;
    match reached {
        Ok(rows) => Ok(rows),
        Err(sqlx::Error::Database(_)) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_are() {
        let id = "0190c5a0000070008000000000000001";
        let page = json!({"items": [{"id": format!("apt_{id}"), "customer": {"id": format!("cus_{id}"), "name": "a_b"}}]});
        assert_eq!(typed_ids(&page).len(), 2);
    }
}
