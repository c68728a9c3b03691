//! What a script expects of the database, compared with what is there.
//!
//! A row is shown as JSON with the names behind its ids beside them, so that a script can say `service: Massage` instead
//! of an id: `tenant` (slug), `branch`, `service`, `staff`, `customer`, `customer_phone`, `call` (the provider's id)
//! and `local_start` (`YYYY-MM-DD HH:MM` on the branch's clock). Ids may be written as interfaces show them (`apt_…`).

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Map, Value};
use simulators::script::{Matcher, RowExpectation, unmet};
use sqlx::PgPool;

/// Rows fetched for one expectation: more is not what a script means.
const MAX_ROWS: i64 = 1_000;
/// Between two looks while the background work is still at it.
const PAUSE: Duration = Duration::from_millis(40);

/// Waits until the expectations hold, at most `patience`: part of what is expected is written in the background.
/// Returns what still does not hold, one line each.
///
/// # Errors
/// If a table or column is not there, or the database does not answer.
pub async fn wait_for(
    administrator: &PgPool,
    expectations: &[RowExpectation],
    patience: Duration,
) -> anyhow::Result<Vec<String>> {
    let begun = Instant::now();
    loop {
        let failures = check(administrator, expectations).await?;
        if failures.is_empty() || begun.elapsed() >= patience {
            return Ok(failures);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What does not hold now, one line each.
///
/// # Errors
/// If a table or column is not there, or the database does not answer.
pub async fn check(administrator: &PgPool, expectations: &[RowExpectation]) -> anyhow::Result<Vec<String>> {
    let mut failures = Vec::new();
    for expectation in expectations {
        let rows = fetch(administrator, &expectation.table, &expectation.filter).await?;
        failures.extend(compare(expectation, &rows));
    }
    Ok(failures)
}

fn compare(expectation: &RowExpectation, rows: &[Value]) -> Vec<String> {
    let name = format!("{} where {}", expectation.table, Value::Object(expectation.filter.clone()));
    let mut failures = Vec::new();
    let counted = Value::from(rows.len());
    let count = match (&expectation.count, expectation.values.is_empty()) {
        (Some(count), _) => count.check(Some(&counted)),
        (None, true) => Matcher::AtLeast(1.0).check(Some(&counted)),
        // Values of no row would hold by themselves.
        (None, false) if rows.is_empty() => Err("expected a row, found none".to_owned()),
        (None, false) => Ok(()),
    };
    failures.extend(count.err().map(|problem| format!("{name}: count: {problem}")));
    for row in rows {
        failures
            .extend(unmet(&expectation.values, row).into_iter().map(|problem| format!("{name}: {problem}")));
    }
    failures
}

/// Rows of a table that have these values, as JSON.
///
/// # Errors
/// If the table or a column is not there, or the database does not answer.
pub async fn fetch(
    administrator: &PgPool,
    table: &str,
    filter: &Map<String, Value>,
) -> anyhow::Result<Vec<Value>> {
    let (schema, name) = table.split_once('.').unwrap_or(("public", table));
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2",
    )
    .bind(schema)
    .bind(name)
    .fetch_all(administrator)
    .await
    .context("the catalogue cannot be read")?;
    anyhow::ensure!(!columns.is_empty(), "there is no table `{table}`");
    let has = |column: &str| columns.iter().any(|known| known == column);

    // Names come from the catalogue above, never from the script.
    let mut shown = String::from("to_jsonb(t)");
    let mut names = Vec::new();
    for (column, adds, sql) in NAMES_BEHIND_IDS {
        if has(column) && has("tenant_id") {
            shown.push_str(" || ");
            shown.push_str(sql);
            names.extend(*adds);
        }
    }
    if has("starts_at") && has("timezone") {
        shown.push_str(
            " || jsonb_build_object('local_start', to_char(t.starts_at AT TIME ZONE t.timezone, 'YYYY-MM-DD HH24:MI'))",
        );
        names.push("local_start");
    }
    if let Some(unknown) = filter.keys().find(|column| !has(column) && !names.contains(&column.as_str())) {
        anyhow::bail!("`{table}` has no column `{unknown}`");
    }
    let wanted =
        Value::Object(filter.iter().map(|(column, value)| (column.clone(), plain_id(value))).collect());
    let sql = format!(
        "SELECT d.doc FROM (SELECT {shown} AS doc FROM {}.{} AS t) AS d WHERE d.doc @> $1 LIMIT {MAX_ROWS}",
        quoted(schema),
        quoted(name),
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(&wanted)
        .fetch_all(administrator)
        .await
        .with_context(|| format!("rows of `{table}` cannot be read"))
}

/// A column, the names that it adds, and SQL for them over the row `t`.
const NAMES_BEHIND_IDS: &[(&str, &[&str], &str)] = &[
    (
        "tenant_id",
        &["tenant"],
        "jsonb_build_object('tenant', (SELECT x.slug FROM public.tenants x WHERE x.id = t.tenant_id))",
    ),
    (
        "branch_id",
        &["branch"],
        "jsonb_build_object('branch', (SELECT x.name FROM public.branches x \
         WHERE x.tenant_id = t.tenant_id AND x.id = t.branch_id))",
    ),
    (
        "service_id",
        &["service"],
        "jsonb_build_object('service', (SELECT x.name FROM public.services x \
         WHERE x.tenant_id = t.tenant_id AND x.id = t.service_id))",
    ),
    (
        "staff_id",
        &["staff"],
        "jsonb_build_object('staff', (SELECT x.name FROM public.staff x \
         WHERE x.tenant_id = t.tenant_id AND x.id = t.staff_id))",
    ),
    (
        "customer_id",
        &["customer", "customer_phone"],
        "coalesce((SELECT jsonb_build_object('customer', x.name, 'customer_phone', x.phone_e164) \
         FROM public.customers x WHERE x.tenant_id = t.tenant_id AND x.id = t.customer_id), '{}')",
    ),
    (
        "call_id",
        &["call"],
        "jsonb_build_object('call', (SELECT x.provider_call_id FROM public.call_keys x \
         WHERE x.tenant_id = t.tenant_id AND x.call_id = t.call_id))",
    ),
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `apt_…` as the UUID that the database holds; everything else as it is.
fn plain_id(value: &Value) -> Value {
    let uuid = value.as_str().and_then(|text| {
        let (prefix, digits) = text.split_once('_')?;
        let fits = prefix.len() == 3 && digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { uuid::Uuid::try_parse(digits).ok() } else { None }
    });
    uuid.map_or_else(|| value.clone(), |uuid| Value::String(uuid.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expectation(value: Value) -> RowExpectation {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn counts_and_values_are_compared() {
        let rows = [json!({"status": "confirmed"}), json!({"status": "cancelled"})];
        let holds = |value| compare(&expectation(value), &rows);
        assert_eq!(holds(json!({"table": "a", "count": 2})), Vec::<String>::new());
        assert_eq!(holds(json!({"table": "a", "count": 1})).len(), 1);
        assert_eq!(holds(json!({"table": "a", "values": {"status": "confirmed"}})).len(), 1);
        assert_eq!(compare(&expectation(json!({"table": "a", "values": {"status": "x"}})), &[]).len(), 1);
        assert_eq!(
            compare(&expectation(json!({"table": "a", "count": 0, "values": {"status": "x"}})), &[]),
            [""; 0]
        );
        assert_eq!(compare(&expectation(json!({"table": "a"})), &[]).len(), 1);
    }

    #[test]
    fn ids_are_written_as_interfaces_show_them() {
        let shown = json!("apt_0190c5a0000070008000000000000001");
        assert_eq!(plain_id(&shown), json!("0190c5a0-0000-7000-8000-000000000001"));
        for other in [json!("call_0190c5a0000070008000000000000001"), json!("apt_1"), json!(7), json!(null)] {
            assert_eq!(plain_id(&other), other);
        }
    }
}
