//! What the judge looks at, read from outside: the database as an administrator sees it, with SQL of its own, and the
//! state of the outside calendar's stand-in.

use std::collections::BTreeMap;

use adapter_calcom::{MARKER_KEY, TENANT_KEY};
use anyhow::Context;
use chrono::{DateTime, Utc};
use simulators::calcom::{Booking, Delivery};
use sqlx::PgPool;
use uuid::Uuid;

use super::checker::{
    AppointmentRow, CopyRow, FacilityKind, InboxRow, MadeRow, OccupancyRow, OfferRow, OutsideRow, Rows, Span,
};
use super::history::{Posted, typed_id};

type Stay = (DateTime<Utc>, DateTime<Utc>);
type Taken = (String, Uuid, DateTime<Utc>, DateTime<Utc>, Option<Uuid>, Option<Uuid>);

#[derive(sqlx::FromRow)]
struct Offered {
    slug: String,
    id: Uuid,
    wish_id: Uuid,
    freed_appointment_id: Uuid,
    freed_starts_at: DateTime<Utc>,
    staff_id: Uuid,
    state: String,
    expires_at: DateTime<Utc>,
    service_id: Uuid,
    starts_at: DateTime<Utc>,
    appointment_id: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct Appointment {
    tenant: String,
    id: Uuid,
    staff_id: Uuid,
    customer_id: Uuid,
    provider_call_id: Option<String>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    status: String,
    buffer_before_minutes: i32,
    buffer_after_minutes: i32,
    branch_id: Uuid,
    groups: Vec<Uuid>,
    sequence_id: Option<Uuid>,
    event_type_ref: Option<String>,
}

/// Which company each id belongs to, from every table that has both.
///
/// # Errors
/// If the database does not answer.
pub async fn owners(administrator: &PgPool) -> anyhow::Result<BTreeMap<Uuid, String>> {
    let mut owners = BTreeMap::new();
    for (table, column) in [
        ("appointments", "id"),
        ("customers", "id"),
        ("callbacks", "id"),
        ("call_keys", "call_id"),
        ("branches", "id"),
        ("staff", "id"),
        ("services", "id"),
        ("tenants", "id"),
    ] {
        let tenant = if table == "tenants" { "id" } else { "tenant_id" };
        let rows: Vec<(Uuid, String)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT r.{column}, t.slug FROM public.{table} r JOIN public.tenants t ON t.id = r.{tenant}"
        )))
        .fetch_all(administrator)
        .await?;
        owners.extend(rows);
    }
    Ok(owners)
}

/// Reads everything that the judge wants to see of the database.
///
/// # Errors
/// If the database does not answer.
pub async fn rows(administrator: &PgPool) -> anyhow::Result<Rows> {
    let found = match read(administrator).await {
        // That a connection of ours broke says nothing about what is stored.
        Err(error) if matches!(error.downcast_ref(), Some(sqlx::Error::Io(_))) => read(administrator).await,
        found => found,
    };
    found.context("the evidence cannot be read")
}

/// The same of one company whose calendar is ours, while others go on: what is judged is whom it has promised what time.
///
/// # Errors
/// If the database does not answer.
pub async fn promises(administrator: &PgPool, tenant: &str) -> anyhow::Result<Rows> {
    let all = rows(administrator).await?;
    let is_theirs = |slug: &str| slug == tenant;
    Ok(Rows {
        now: all.now,
        appointments: all.appointments.into_iter().filter(|row| is_theirs(&row.tenant)).collect(),
        occupancy: all.occupancy.into_iter().filter(|row| is_theirs(&row.tenant)).collect(),
        facilities: all.facilities,
        owners: all.owners,
        reviews: all.reviews,
        called_back: all.called_back,
        ..Rows::default()
    })
}

async fn read(pool: &PgPool) -> anyhow::Result<Rows> {
    let now = sqlx::query_scalar("SELECT app.now()").fetch_one(pool).await?;
    // What an appointment has of a person is judged against phases and buffers. Which room it has is not: no two may have
    // the same, and no more may need one than there are.
    let occupancy: Vec<Taken> = sqlx::query_as(
        "SELECT t.slug, o.resource_id, lower(o.span), upper(o.span),
                CASE WHEN o.resource_kind = 'staff' THEN o.appointment_id END, o.offer_id
           FROM public.occupancy o JOIN public.tenants t ON t.id = o.tenant_id
          WHERE o.expires_at IS NULL OR o.expires_at > app.now()",
    )
    .fetch_all(pool)
    .await?;
    let copies: Vec<(Uuid, String, Option<String>)> =
        sqlx::query_as("SELECT appointment_id, state, uid FROM public.calendar_copies")
            .fetch_all(pool)
            .await?;
    let inbox: Vec<(String, Vec<u8>, String)> =
        sqlx::query_as("SELECT provider, body_sha256, state FROM intake.webhook_inbox")
            .fetch_all(pool)
            .await?;
    Ok(Rows {
        now,
        owners: owners(pool).await?,
        appointments: appointments(pool).await?,
        facilities: facilities(pool).await?,
        occupancy: occupancy
            .into_iter()
            .map(|(tenant, staff, from, until, appointment, offer)| OccupancyRow {
                tenant,
                staff,
                span: (from, until),
                appointment,
                offer,
            })
            .collect(),
        offers: offers(pool).await?,
        wishes: sqlx::query_as("SELECT id, status FROM public.wishes")
            .fetch_all(pool)
            .await?
            .into_iter()
            .collect(),
        made: made(pool).await?,
        copies: copies
            .into_iter()
            .map(|(appointment, state, uid)| CopyRow { appointment, state, uid })
            .collect(),
        reviews: sqlx::query_as(
            // Whom nobody can reach says nothing about what stands where.
            "SELECT appointment_id, uid FROM public.calendar_reviews
              WHERE resolved_at IS NULL AND reason <> 'customer_unreachable'",
        )
        .fetch_all(pool)
        .await?,
        called_back: sqlx::query_scalar(
            "SELECT DISTINCT customer_id FROM public.callbacks WHERE customer_id IS NOT NULL",
        )
        .fetch_all(pool)
        .await?
        .into_iter()
        .collect(),
        inbox: inbox
            .into_iter()
            .map(|(provider, sha256, state)| InboxRow { provider, sha256, state })
            .collect(),
        charges: sqlx::query_scalar(
            "SELECT k.provider_call_id FROM public.call_charges c
               JOIN public.call_keys k ON k.tenant_id = c.tenant_id AND k.call_id = c.call_id
              WHERE c.kind = 'charge'",
        )
        .fetch_all(pool)
        .await?,
        dead_jobs: sqlx::query_scalar("SELECT kind FROM engine.jobs WHERE state = 'dead'")
            .fetch_all(pool)
            .await?,
    })
}

async fn offers(pool: &PgPool) -> anyhow::Result<Vec<OfferRow>> {
    let rows: Vec<Offered> = sqlx::query_as(
        "SELECT t.slug, f.id, f.wish_id, f.freed_appointment_id, f.freed_starts_at, f.staff_id, f.state, f.expires_at,
                f.service_id, f.starts_at, f.appointment_id
           FROM public.wish_offers f JOIN public.tenants t ON t.id = f.tenant_id",
    )
    .fetch_all(pool)
    .await?;
    let row = |row: Offered| OfferRow {
        tenant: row.slug,
        id: row.id,
        wish: row.wish_id,
        freed: (row.freed_appointment_id, row.freed_starts_at),
        staff: row.staff_id,
        is_open: row.state == "open",
        expires_at: row.expires_at,
        service: row.service_id,
        start: row.starts_at,
        is_accepted: row.state == "accepted",
        appointment: row.appointment_id,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Appointments as the first entry of their histories has them: later ones are not asked for.
async fn made(pool: &PgPool) -> anyhow::Result<Vec<MadeRow>> {
    let rows: Vec<(Uuid, Uuid, Uuid, DateTime<Utc>)> = sqlx::query_as(
        "SELECT a.id, a.service_id, split_part(c.after ->> 'staff', '_', 2)::uuid, (c.after ->> 'starts_at')::timestamptz
           FROM public.appointment_changes c
           JOIN public.appointments a ON a.tenant_id = c.tenant_id AND a.id = c.appointment_id
          WHERE c.kind = 'booked'",
    )
    .fetch_all(pool)
    .await?;
    let row = |(appointment, service, staff, start)| MadeRow { appointment, service, staff, start };
    Ok(rows.into_iter().map(row).collect())
}

/// How many facilities of each group a branch has.
async fn facilities(pool: &PgPool) -> anyhow::Result<BTreeMap<FacilityKind, usize>> {
    let all: Vec<FacilityKind> =
        sqlx::query_as("SELECT branch_id, group_id FROM public.facilities WHERE active")
            .fetch_all(pool)
            .await?;
    let mut many = BTreeMap::new();
    for kind in all {
        *many.entry(kind).or_default() += 1;
    }
    Ok(many)
}

async fn appointments(pool: &PgPool) -> anyhow::Result<Vec<AppointmentRow>> {
    let phases: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT appointment_id, starts_at, ends_at FROM public.appointment_phases WHERE kind = 'staffed'",
    )
    .fetch_all(pool)
    .await?;
    let mut staffed: BTreeMap<Uuid, Vec<Stay>> = BTreeMap::new();
    for (id, from, until) in phases {
        staffed.entry(id).or_default().push((from, until));
    }
    let rows: Vec<Appointment> = sqlx::query_as(
        "SELECT t.slug AS tenant, a.id, a.staff_id, a.customer_id, k.provider_call_id, a.starts_at, a.ends_at, a.status,
                s.buffer_before_minutes, s.buffer_after_minutes, a.branch_id,
                ARRAY (SELECT n.group_id FROM public.service_facilities n
                        WHERE n.tenant_id = a.tenant_id AND n.service_id = a.service_id AND n.need = 'stay') AS groups,
                a.sequence_id, l.event_type_ref
           FROM public.appointments a
           JOIN public.tenants t ON t.id = a.tenant_id
           JOIN public.services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
           LEFT JOIN public.call_keys k ON k.tenant_id = a.tenant_id AND k.call_id = a.call_id
           LEFT JOIN public.calendar_links l
             ON l.tenant_id = a.tenant_id AND l.service_id = a.service_id AND l.staff_id = a.staff_id",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AppointmentRow {
            staffed: staffed.remove(&row.id).unwrap_or_default(),
            tenant: row.tenant,
            id: row.id,
            staff: row.staff_id,
            customer: row.customer_id,
            call: row.provider_call_id,
            start: row.starts_at,
            end: row.ends_at,
            status: row.status,
            buffers: (row.buffer_before_minutes.into(), row.buffer_after_minutes.into()),
            needs: row.groups.into_iter().map(|group| (row.branch_id, group)).collect(),
            visit: row.sequence_id,
            event_type: row.event_type_ref,
        })
        .collect())
}

/// The outside calendar's bookings.
#[must_use]
pub fn outside(bookings: &[Booking]) -> Vec<OutsideRow> {
    bookings.iter().map(outside_row).collect()
}

fn outside_row(booking: &Booking) -> OutsideRow {
    let marker = |key: &str| booking.metadata.get(key).and_then(|value| value.as_str()).and_then(typed_id);
    let span: Span = (booking.start, booking.end);
    OutsideRow {
        uid: booking.uid.clone(),
        account: booking.account.clone(),
        host: booking.hosts.first().copied().unwrap_or_default(),
        event_type: booking.event_type_id.to_string(),
        span,
        stands: booking.status.occupies(),
        marker: marker(MARKER_KEY),
        tenant_marker: marker(TENANT_KEY),
        is_move: booking.rescheduled_from.is_some(),
        lived: (booking.created_at, booking.updated_at),
    }
}

/// The outside calendar's webhooks, and whether each was acknowledged.
#[must_use]
pub fn deliveries(all: &[Delivery]) -> Vec<Posted> {
    all.iter()
        .map(|delivery| {
            let acknowledged = delivery.status.is_some_and(|status| (200..300).contains(&status));
            let parcel = &delivery.parcel;
            Posted::new("calcom", &parcel.trigger, &parcel.account, parcel.body.as_bytes(), acknowledged)
        })
        .collect()
}
