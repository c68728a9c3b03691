//! The account of the physiotherapists at the stand-in of Cal.com.
//!
//! The stand-in lives in memory, the product in its database: at each start the account is filled with the bookings
//! that the product's copies name, so that both calendars agree from the first question on.

use adapter_calcom::{MARKER_KEY, TENANT_KEY};
use anyhow::Context;
use appointment::calendar::{ConnectionId, RemoteEventType, Secret};
use chrono::{DateTime, NaiveTime, Utc, Weekday};
use kernel::{AppointmentId, TenantId};
use operations::onboarding::{CalendarBlueprint, LinkBlueprint};
use serde_json::{Map, Value};
use simulators::calcom::{Account, Attendee, Booking, BookingStatus, EventType, Host, Hours, Subscription};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Dice;
use crate::blueprint::{BranchFile, TenantFile};

/// Slug of the company, and name of its account.
pub const TENANT: &str = "physio-lindt";
/// Opens the account. No secret: the stand-in listens on the loopback interface.
pub const API_KEY: &str = "cal_demo_physio";
/// Signs the account's webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_demo_calcom";
/// Domain of the addresses of those who have none; the product's default.
const PLACEHOLDER_DOMAIN: &str = "termine.example.org";
/// The person at the place `n` of the file is `FIRST_HOST + n` there.
const FIRST_HOST: u64 = 101;
/// The service at the place `n`, by the person at the place `m`, is `FIRST_EVENT_TYPE + 10 * n + m` there.
const FIRST_EVENT_TYPE: u64 = 2_001;
/// Distance of starts, as in the product.
const GRID: u32 = 15;
/// Letters and digits in the provider's names of bookings.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What somebody performs, and its event type.
struct Item<'a> {
    branch: &'a BranchFile,
    service: &'a str,
    staff: &'a str,
    minutes: u32,
    event_type: u64,
    host: u64,
}

fn items(file: &TenantFile) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for branch in &file.branches {
        for (person, host) in branch.staff.iter().zip(FIRST_HOST..) {
            for (service, row) in file.services.iter().zip(0_u64..) {
                items.push(Item {
                    branch,
                    service: &service.name,
                    staff: &person.name,
                    minutes: service.total_minutes(),
                    event_type: FIRST_EVENT_TYPE + 10 * row + (host - FIRST_HOST),
                    host,
                });
            }
        }
    }
    items
}

/// The outside calendar of a company of the demo, if it has one.
///
/// # Errors
/// If a name of the provider cannot be one.
pub fn blueprint(file: &TenantFile, base_url: &str) -> anyhow::Result<Option<CalendarBlueprint>> {
    if file.slug != TENANT {
        return Ok(None);
    }
    let links = items(file).into_iter().map(|item| {
        Ok(LinkBlueprint {
            branch: item.branch.slug.clone(),
            staff: item.staff.to_owned(),
            service: item.service.to_owned(),
            event_type: RemoteEventType::parse(&item.event_type.to_string())?,
            host: None,
        })
    });
    Ok(Some(CalendarBlueprint {
        base_url: base_url.to_owned(),
        api_key: Secret::new(API_KEY.to_owned()),
        webhook_secret: Secret::new(WEBHOOK_SECRET.to_owned()),
        team: None,
        links: links.collect::<anyhow::Result<_>>()?,
    }))
}

/// The account as its owner has set it up; its webhooks go to `subscriber`.
///
/// # Errors
/// If the file's hours cannot be read.
pub fn account(file: &TenantFile, subscriber: &str) -> anyhow::Result<Account> {
    let mut account: Option<Account> = None;
    let items = items(file);
    for item in &items {
        let known =
            account.as_ref().is_some_and(|account| account.hosts.iter().any(|host| host.id == item.host));
        if !known {
            let host = host(item)?;
            account = Some(match account {
                Some(account) => account.host(host),
                None => Account::new(&file.slug, API_KEY, host),
            });
        }
    }
    let account = account.with_context(|| format!("nobody works at {}", file.slug))?;
    let account = items.iter().fold(account, |account, item| {
        let slug = format!("{}-{}", slug(item.service), slug(item.staff));
        let mut event_type = EventType::new(item.event_type, &slug, item.minutes, item.host);
        event_type.title = format!("{} bei {}", item.service, item.staff);
        event_type.slot_interval = Some(GRID);
        account.event_type(event_type)
    });
    Ok(account.subscription(Subscription::new(
        "5f1b6f0e-6f43-4c55-a1de-0c1b6a3b8d01",
        subscriber,
        WEBHOOK_SECRET,
    )))
}

fn host(item: &Item<'_>) -> anyhow::Result<Host> {
    let person = item.branch.staff.iter().find(|person| person.name == item.staff);
    let working = person.context("a person of the branch")?.working(item.branch)?;
    let time = |minute: u16| {
        // Midnight at the end of a day is midnight there.
        let seconds = u32::from(minute % 1440) * 60;
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap_or(NaiveTime::MIN)
    };
    let mut host = Host::new(item.host, item.staff, &format!("{}@physio-lindt.example", slug(item.staff)));
    host.hours = working
        .into_iter()
        .filter_map(|(day, from, until)| {
            let day = Weekday::try_from(day.checked_sub(1)?).ok()?;
            Some(Hours { days: vec![day], from: time(from), to: time(until) })
        })
        .collect();
    Ok(host)
}

fn slug(name: &str) -> String {
    let plain =
        name.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss");
    plain.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// The provider's name of the booking of an appointment of the demo world.
#[must_use]
pub fn uid(seed: u64, key: &str) -> String {
    let mut dice = Dice::new(seed, &["booking", key]);
    (0..22).map(|_| char::from(ALPHABET[dice.below(ALPHABET.len())])).collect()
}

/// Copies of appointments that were there before anybody called: both sides have them already. Does nothing for a
/// company without an outside calendar.
///
/// # Errors
/// If the database refuses.
pub async fn add_copies(
    connection: &mut PgConnection,
    tenant: Uuid,
    appointments: &[Uuid],
    uids: &[String],
) -> anyhow::Result<()> {
    sqlx::query(
        "WITH copied AS (
            INSERT INTO public.calendar_copies
                (tenant_id, appointment_id, connection_id, event_type_ref, host_ref, placed_connection_id,
                 placed_event_type_ref, placed_host_ref, state, uid, remote_start, attempts, version)
            SELECT a.tenant_id, a.id, l.connection_id, l.event_type_ref, l.host_ref, l.connection_id,
                   l.event_type_ref, l.host_ref, 'settled', c.uid, a.starts_at, 0, 1
              FROM unnest($2::uuid[], $3::text[]) AS c (id, uid)
              JOIN public.appointments a ON a.tenant_id = $1 AND a.id = c.id AND a.status <> 'cancelled'
              JOIN public.calendar_links l
                ON l.tenant_id = a.tenant_id AND l.service_id = a.service_id AND l.staff_id = a.staff_id
            RETURNING appointment_id)
         UPDATE public.appointments AS a SET sync_state = 'synced'
           FROM copied WHERE a.tenant_id = $1 AND a.id = copied.appointment_id",
    )
    .bind(tenant)
    .bind(appointments)
    .bind(uids)
    .execute(connection)
    .await?;
    Ok(())
}

/// Says that the provider is at `base_url` now, and returns the company's connection, if it has one.
///
/// # Errors
/// If the database refuses.
pub async fn connect(administrator: &PgPool, base_url: &str) -> anyhow::Result<Option<ConnectionId>> {
    // The stand-in listens elsewhere after a restart.
    let connection: Option<Uuid> = sqlx::query_scalar(
        "UPDATE public.calendar_connections AS c SET base_url = $2
           FROM public.tenants t WHERE t.id = c.tenant_id AND t.slug = $1 AND c.active RETURNING c.id",
    )
    .bind(TENANT)
    .bind(base_url)
    .fetch_optional(administrator)
    .await
    .context("the outside calendar's address")?;
    Ok(connection.map(ConnectionId::from_uuid))
}

type Row = (
    Uuid,
    Uuid,
    String,
    String,
    DateTime<Utc>,
    i64,
    DateTime<Utc>,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// The bookings that stand at the provider, as far as the product knows.
///
/// # Errors
/// If the database does not answer.
pub async fn bookings(
    administrator: &PgPool,
    connection: ConnectionId,
    account: &Account,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Booking>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT a.tenant_id, a.id, c.uid, coalesce(c.placed_event_type_ref, c.event_type_ref), c.remote_start,
                extract(epoch FROM a.ends_at - a.starts_at)::bigint, a.created_at, a.status, k.name, k.phone_e164, k.email
           FROM public.calendar_copies c
           JOIN public.appointments a ON a.tenant_id = c.tenant_id AND a.id = c.appointment_id
           JOIN public.customers k ON k.tenant_id = a.tenant_id AND k.id = a.customer_id
          WHERE c.holder_id = $1 AND c.uid IS NOT NULL AND c.remote_start IS NOT NULL
          ORDER BY a.created_at, a.id",
    )
    .bind(connection.as_uuid())
    .fetch_all(administrator)
    .await
    .context("the copies of appointments")?;
    Ok(rows.into_iter().filter_map(|row| booking(row, account, now)).collect())
}

fn booking(row: Row, account: &Account, now: DateTime<Utc>) -> Option<Booking> {
    let (tenant, id, uid, event_type, start, seconds, created_at, status, name, phone, email) = row;
    let event_type: u64 = event_type.parse().ok()?;
    let event_type = account.event_types.iter().find(|known| known.id == event_type)?;
    let name = name.unwrap_or_else(|| "Telefonkunde".to_owned());
    let end = start + chrono::TimeDelta::seconds(seconds);
    let metadata = Map::from_iter([
        (MARKER_KEY.to_owned(), Value::from(AppointmentId::from_uuid(id).to_string())),
        (TENANT_KEY.to_owned(), Value::from(TenantId::from_uuid(tenant).to_string())),
    ]);
    Some(Booking {
        // Numbers below those that the stand-in gives.
        id: 0,
        uid,
        account: account.name.clone(),
        event_type_id: event_type.id,
        event_type_slug: event_type.slug.clone(),
        title: format!("{} zwischen Physiotherapie Lindt und {name}", event_type.title),
        hosts: event_type.hosts.clone(),
        status: BookingStatus::Accepted,
        start,
        end,
        created_at,
        updated_at: created_at,
        attendee: Attendee {
            email: email.unwrap_or_else(|| format!("termin+{}@{PLACEHOLDER_DOMAIN}", id.simple())),
            name,
            time_zone: "Europe/Berlin".to_owned(),
            language: "de".to_owned(),
            phone_number: phone,
            absent: status == "no_show",
        },
        guests: Vec::new(),
        responses: Map::new(),
        metadata,
        location: None,
        cancellation_reason: None,
        cancelled_by: None,
        rejection_reason: None,
        rescheduling_reason: None,
        rescheduled_by: None,
        rescheduled_from: None,
        rescheduled_to: None,
        absent_host: false,
        // What ended while nothing ran and is still open here will be told.
        ended: end <= now && matches!(status.as_str(), "completed" | "no_show"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::tenants;

    #[test]
    fn everybody_has_an_event_type_for_everything() {
        let files = tenants::all();
        let physio = files.iter().find(|file| file.slug == TENANT).unwrap();
        let account = account(physio, "http://127.0.0.1:1/hook").unwrap();
        assert_eq!((account.hosts.len(), account.event_types.len()), (3, 12));
        assert_eq!(account.hosts[0].hours.len(), 10);
        assert_eq!(account.event_types[3].slug, "lymphdrainage-eva-lindt");
        let linked = blueprint(physio, "http://127.0.0.1:1").unwrap().unwrap().links;
        let mut ids: Vec<_> = linked.iter().map(|link| link.event_type.as_str().to_owned()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 12);
        assert_eq!(blueprint(&files[0], "http://127.0.0.1:1").unwrap(), None);
    }

    #[test]
    fn names_of_bookings_stay() {
        assert_eq!(uid(7, "a"), uid(7, "a"));
        assert!(uid(7, "a") != uid(7, "b") && uid(7, "a").len() == 22);
    }
}
