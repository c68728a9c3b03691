//! What scripts can name besides replies: days that are free, times that are taken, people of the demo.
//!
//! Scripts say `${free.altona[0].date}` instead of a date, so that they can be played at any time, again and again,
//! against a fresh world as well as against a demo that has been running for days.
//!
//! * `free.<branch>[n]`: weekdays five to eleven weeks ahead on which nobody there has anything: `date`, `weekday`,
//!   `spoken`;
//! * `taken.<branch>[n]`: appointments from the day after tomorrow on: `date`, `time`, `weekday`, `spoken`, `staff`,
//!   `service`;
//! * `closed.<branch>[n]`: closed days within the next weeks, weekends left out: `date`, `weekday`, `spoken`, `reason`;
//! * `people.<tenant>.<who>[n]`: `name` and `phone` of `regular`, `two_on_one_day`, `shared`, `without`, `soon`, `later`
//!   and `blocked`.

use anyhow::Context;
use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};
use simulators::script::Names;
use sqlx::PgPool;

use crate::world::people;

const WEEKDAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

const FREE: &str = "
    SELECT b.slug, d.day::date
      FROM public.branches b
      JOIN public.tenants t ON t.id = b.tenant_id AND t.state = 'active'
     CROSS JOIN LATERAL (
        SELECT (app.now() AT TIME ZONE b.timezone)::date + n AS day FROM generate_series(35, 77) AS n
     ) AS d
     WHERE extract(isodow FROM d.day) BETWEEN 2 AND 5
       AND EXISTS (SELECT FROM public.opening_hours h WHERE h.tenant_id = b.tenant_id AND h.branch_id = b.id
                      AND h.weekday = extract(isodow FROM d.day))
       AND NOT EXISTS (SELECT FROM public.closed_days c WHERE c.tenant_id = b.tenant_id AND c.branch_id = b.id
                          AND c.day = d.day)
       AND NOT EXISTS (SELECT FROM public.occupancy o
                         JOIN public.staff s ON s.tenant_id = o.tenant_id AND s.id = o.resource_id
                        WHERE s.tenant_id = b.tenant_id AND s.branch_id = b.id
                          AND (o.starts_at AT TIME ZONE b.timezone)::date = d.day)
     ORDER BY 1, 2";

const TAKEN: &str = "
    SELECT b.slug, (a.starts_at AT TIME ZONE b.timezone)::date, to_char(a.starts_at AT TIME ZONE b.timezone, 'HH24:MI'),
           s.name, v.name
      FROM public.appointments a
      JOIN public.branches b ON b.tenant_id = a.tenant_id AND b.id = a.branch_id
      JOIN public.staff s ON s.tenant_id = a.tenant_id AND s.id = a.staff_id
      JOIN public.services v ON v.tenant_id = a.tenant_id AND v.id = a.service_id
     WHERE a.status = 'confirmed' AND a.source = 'import' AND a.starts_at > app.now() + interval '2 days'
     ORDER BY 1, 2, 3, 4";

const CLOSED: &str = "
    SELECT b.slug, c.day, c.reason
      FROM public.closed_days c
      JOIN public.branches b ON b.tenant_id = c.tenant_id AND b.id = c.branch_id
     WHERE c.day - (app.now() AT TIME ZONE b.timezone)::date BETWEEN 2 AND 85
       AND EXISTS (SELECT FROM public.opening_hours h WHERE h.tenant_id = b.tenant_id AND h.branch_id = b.id
                      AND h.weekday = extract(isodow FROM c.day))
     ORDER BY 1, 2";

const PEOPLE: &str = "
    SELECT t.slug, c.phone_e164, coalesce(c.name, '')
      FROM public.customers c JOIN public.tenants t ON t.id = c.tenant_id
     WHERE c.phone_e164 = ANY($1)
     ORDER BY 1, 2, c.created_at, c.id";

/// Looks up what scripts can name now.
///
/// # Errors
/// If the database does not answer.
pub async fn look_up(administrator: &PgPool) -> anyhow::Result<Names> {
    let free: Vec<(String, NaiveDate)> =
        sqlx::query_as(FREE).fetch_all(administrator).await.context("free days")?;
    let free = by_key(free.into_iter().map(|(branch, day)| (branch, json!(day_fields(day)))));

    let taken: Vec<(String, NaiveDate, String, String, String)> =
        sqlx::query_as(TAKEN).fetch_all(administrator).await.context("taken times")?;
    let taken = by_key(taken.into_iter().map(|(branch, day, time, staff, service)| {
        let mut fields = day_fields(day);
        fields.extend([
            ("time".to_owned(), json!(time)),
            ("staff".to_owned(), json!(staff)),
            ("service".to_owned(), json!(service)),
        ]);
        (branch, json!(fields))
    }));

    let closed: Vec<(String, NaiveDate, String)> =
        sqlx::query_as(CLOSED).fetch_all(administrator).await.context("closed days")?;
    let closed = by_key(closed.into_iter().map(|(branch, day, reason)| {
        let mut fields = day_fields(day);
        fields.insert("reason".to_owned(), json!(reason));
        (branch, json!(fields))
    }));

    let phones: Vec<&str> = stories().iter().map(|(phone, _)| *phone).collect();
    let people: Vec<(String, String, String)> =
        sqlx::query_as(PEOPLE).bind(&phones).fetch_all(administrator).await.context("people")?;
    let mut by_tenant: Map<String, Value> = Map::new();
    for (tenant, phone, name) in people {
        let Some((_, who)) = stories().into_iter().find(|(known, _)| *known == phone) else { continue };
        let of_tenant = by_tenant.entry(tenant).or_insert_with(|| json!({}));
        push(of_tenant, who, json!({"name": name, "phone": phone}));
    }
    Ok(Names::from([
        ("free".to_owned(), free),
        ("taken".to_owned(), taken),
        ("closed".to_owned(), closed),
        ("people".to_owned(), Value::Object(by_tenant)),
    ]))
}

fn stories() -> Vec<(&'static str, &'static str)> {
    let mut stories = vec![
        (people::REGULAR, "regular"),
        (people::TWO_ON_ONE_DAY, "two_on_one_day"),
        (people::SHARED, "shared"),
        (people::WITHOUT, "without"),
        (people::SOON, "soon"),
        (people::BLOCKED, "blocked"),
    ];
    stories.extend(people::LATER.map(|phone| (phone, "later")));
    stories
}

fn by_key(rows: impl Iterator<Item = (String, Value)>) -> Value {
    let mut all = json!({});
    for (key, value) in rows {
        push(&mut all, &key, value);
    }
    all
}

fn push(lists: &mut Value, key: &str, value: Value) {
    if let Some(lists) = lists.as_object_mut()
        && let Value::Array(list) = lists.entry(key.to_owned()).or_insert_with(|| json!([]))
    {
        list.push(value);
    }
}

fn day_fields(day: NaiveDate) -> Map<String, Value> {
    Map::from_iter([
        ("date".to_owned(), json!(day.to_string())),
        ("weekday".to_owned(), json!(weekday(day))),
        ("spoken".to_owned(), json!(spoken(day))),
    ])
}

/// The German name of a day's weekday.
#[must_use]
pub fn weekday(day: NaiveDate) -> &'static str {
    usize::try_from(day.weekday().num_days_from_monday())
        .ok()
        .and_then(|n| WEEKDAYS.get(n))
        .copied()
        .unwrap_or_default()
}

/// `5. Oktober`.
#[must_use]
pub fn spoken(day: NaiveDate) -> String {
    let month = usize::try_from(day.month0()).ok().and_then(|n| MONTHS.get(n)).copied().unwrap_or_default();
    format!("{}. {month}", day.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_german_names() {
        let day = NaiveDate::from_ymd_opt(2027, 10, 5).unwrap();
        assert_eq!((weekday(day), spoken(day).as_str()), ("Dienstag", "5. Oktober"));
        let lists = by_key([("a".to_owned(), json!(1)), ("a".to_owned(), json!(2))].into_iter());
        assert_eq!(lists, json!({"a": [1, 2]}));
    }
}
