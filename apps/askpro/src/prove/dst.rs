//! Every change of the clocks from 2026 to 2030: appointments before, across and after it, in the hour that is missing and
//! in the hour that comes twice.
//!
//! A service that works around the clock is called on the Thursday before. What callers ask for, what they are told in
//! fields and in words, and what is stored must be the same minute, by a calendar that is computed here and not there.

mod calendar;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use self::calendar::{Change, ahead, eve, local, names};
use super::Verdict;
use super::ground::Ground;
use super::history::typed_id;
use crate::blueprint::{BranchFile, HoursFile, PolicyFile, ServiceFile, StaffFile, TenantFile};
use crate::onboard;
use crate::venue::{Line, status};
use crate::world::Dice;

/// When the world begins: before the first change.
pub const BEGINS: &str = "2026-03-20T09:00:00+01:00";
/// Rounds that one world has room for: they share the nights of the changes, and each gives back what it took.
pub const SEEDS_OF_A_WORLD: u64 = 1_000;

const TENANT: &str = "nachtdienst";
const NUMBER: &str = "+4940555400";
const SERVICES: [(&str, i64); 3] = [("Bereitschaft", 30), ("Nachtwache", 120), ("Doppelwache", 240)];
/// Beginnings that are asked for at every change, besides drawn ones.
const TIMES: [&str; 6] = ["00:30", "01:30", "02:00", "02:30", "02:45", "03:00"];
/// Drawn beginnings.
const DRAWN: usize = 3;

/// A wish: a clock time on a day, and for how long.
struct Wish {
    wall: NaiveDateTime,
    service: &'static str,
    minutes: i64,
}

/// Runs one round for each seed at every change.
///
/// # Errors
/// If the product cannot be reached; what it does wrong is in the verdict.
pub async fn run(
    ground: &Ground<'_>,
    seeds: std::ops::Range<u64>,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    ground.found(&onboard::blueprint(&company(), Vec::new())?).await?;
    for change in Change::all() {
        let Some(thursday) = eve(change) else { continue };
        ground.pass(thursday - ground.venue.now().await?).await?;
        ground.idle().await?;
        for seed in seeds.clone() {
            let mut dice = Dice::new(seed, &["dst", &change.day.to_string()]);
            let mut wishes: Vec<Wish> =
                TIMES.iter().filter_map(|time| wish(change, 0, time, &mut dice)).collect();
            for _ in 0..DRAWN {
                let time = format!("{:02}:{:02}", dice.below(6), 15 * dice.below(4));
                // The night before, the night of the change, the night after.
                let day = i64::try_from(dice.below(3))? - 1;
                wishes.extend(wish(change, day, &time, &mut dice));
            }
            for (place, wish) in wishes.iter().enumerate() {
                let key = format!("call_dst_{}_{seed:x}_{place}", change.day);
                let line = ground.venue.line(key, format!("+49152{:08}", dice.next() % 10_000_000), NUMBER);
                book(ground, change, &line, wish, verdict).await?;
            }
        }
        verdict.judged(seeds.start, &ground.judge_without_news().await?);
        verdict.add("changes", 1);
    }
    Ok(())
}

fn wish(change: Change, day: i64, time: &str, dice: &mut Dice) -> Option<Wish> {
    let day = change.day.checked_add_signed(TimeDelta::days(day))?;
    let wall = day.and_time(format!("{time}:00").parse().ok()?);
    let (service, minutes) = *dice.pick(&SERVICES)?;
    Some(Wish { wall, service, minutes })
}

/// Somebody asks for the wish, hears about it again, and gives it back.
async fn book(
    ground: &Ground<'_>,
    change: Change,
    line: &Line,
    wish: &Wish,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let instants = change.instants(wish.wall);
    let args = json!({"datum": wish.wall.date().to_string(), "uhrzeit": wish.wall.format("%H:%M").to_string(),
        "dienstleistung": wish.service, "customer_name": "Kim Nacht"});
    let answer = ground.tool(TENANT, line, "book_appointment", args).await;
    let (code, message) = (status(&answer).to_owned(), sentence(&answer.reply));
    verdict.add("wishes", 1);
    let told = || format!("{} {} was answered {code}: {message}", wish.wall, wish.service);
    match instants.as_slice() {
        [] => {
            // It is not there, so nobody may get it, not even shifted.
            verdict.check(code == "nonexistent_date" && message.contains("Zeitumstellung"), told);
            return Ok(());
        }
        [_] => verdict.check(code == "booked", told),
        // Two minutes have this name: either one is taken and said so, or it is asked which.
        _ => verdict.check(matches!(code.as_str(), "booked" | "ambiguous_time"), told),
    }
    if code != "booked" {
        let readings = answer.reply["data"]["readings"].as_array().map_or(&[][..], Vec::as_slice);
        let spoken: BTreeSet<_> = readings.iter().filter_map(|reading| reading["spoken"].as_str()).collect();
        verdict.check(spoken.len() == instants.len(), || {
            format!("{}: nobody can choose between {spoken:?}", told())
        });
        return Ok(());
    }
    let data = &answer.reply["data"];
    let id = data["appointment_id"].as_str().and_then(typed_id);
    let Some((start, end)) = stored(ground, id).await? else {
        verdict.check(false, || format!("{}: nothing is stored", told()));
        return Ok(());
    };
    verdict.check(instants.contains(&start), || format!("{}: stored is {start}", told()));
    verdict.check(end - start == TimeDelta::minutes(wish.minutes), || {
        format!("{}: it takes {} minutes", told(), (end - start).num_minutes())
    });
    verdict.check(names(&message, wish.wall), || format!("{}: the sentence names another minute", told()));
    for (field, instant) in [("start", start), ("end", end)] {
        verdict.check(written(&data[field]) == Some((instant, ahead(instant))), || {
            format!("{}: `{field}` is {}, stored is {instant}", told(), data[field])
        });
    }
    let clock = (local(start).format("%Y-%m-%d").to_string(), local(start).format("%H:%M").to_string());
    verdict.check((data["date"].as_str(), data["time"].as_str()) == (Some(&clock.0), Some(&clock.1)), || {
        format!("{}: date and time are {} {}", told(), data["date"], data["time"])
    });

    let asked = ground.tool(TENANT, line, "get_customer_appointments", json!({})).await;
    let again = sentence(&asked.reply);
    verdict.check(names(&again, wish.wall), || format!("{}: asked again, it is \"{again}\"", told()));
    let gone = ground
        .tool(
            TENANT,
            line,
            "cancel_appointment",
            json!({"appointment_id": data["appointment_id"], "bestaetigung": true}),
        )
        .await;
    let farewell = sentence(&gone.reply);
    verdict.check(status(&gone) == "cancelled" && names(&farewell, wish.wall), || {
        format!("{}: called off, it is \"{farewell}\"", told())
    });
    Ok(())
}

fn sentence(reply: &Value) -> String {
    reply["message"].as_str().unwrap_or_default().to_owned()
}

/// An instant with its offset in hours, as the field has it.
fn written(field: &Value) -> Option<(DateTime<Utc>, i64)> {
    let at = DateTime::parse_from_rfc3339(field.as_str()?).ok()?;
    Some((at.to_utc(), i64::from(at.offset().local_minus_utc()) / 3600))
}

async fn stored(
    ground: &Ground<'_>,
    id: Option<Uuid>,
) -> anyhow::Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
    let row = sqlx::query_as("SELECT starts_at, ends_at FROM public.appointments WHERE id = $1")
        .bind(id)
        .fetch_optional(&ground.venue.administrator);
    Ok(row.await?)
}

/// Open around the clock, every day.
fn company() -> TenantFile {
    let services = SERVICES.iter().map(|(name, minutes)| ServiceFile {
        name: (*name).to_owned(),
        minutes: u32::try_from(*minutes).ok(),
        ..ServiceFile::default()
    });
    let hours = HoursFile { days: "mon-sun".to_owned(), from: "00:00".to_owned(), until: "24:00".to_owned() };
    TenantFile {
        slug: TENANT.to_owned(),
        name: "Nachtdienst".to_owned(),
        active: true,
        timezone: "Europe/Berlin".to_owned(),
        locale: "de-DE".to_owned(),
        currency: "EUR".to_owned(),
        default_country: "DE".to_owned(),
        call_rate_minor_per_minute: 0,
        services: services.collect(),
        changes: Vec::new(),
        facility_groups: Vec::new(),
        branches: vec![BranchFile {
            slug: "wache".to_owned(),
            name: "Wache".to_owned(),
            timezone: None,
            federal_state: None,
            numbers: vec![NUMBER.to_owned()],
            hours: vec![hours],
            closed: Vec::new(),
            services: Vec::new(),
            policy: PolicyFile::default(),
            facilities: Vec::new(),
            staff: vec![StaffFile { name: "Nora Nacht".to_owned(), ..StaffFile::default() }],
        }],
    }
}
