//! People who call a practice whose calendar is kept elsewhere: what each of them wants is drawn from a seed.

use anyhow::Context;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Value, json};
use simulators::calcom::{CustomerBooking, Effect, Fault, Operation, OwnerCancellation, OwnerMove};
use simulators::retell::Exchange;

use super::Verdict;
use super::ground::{Ground, Report};
use crate::admin::Said;
use crate::cues;
use crate::venue::{Line, status};
use crate::world::{Dice, calcom};

/// The company.
pub const TENANT: &str = calcom::TENANT;
const NUMBER: &str = "+4989555200";
const BRANCH: &str = "schwabing";
const PEOPLE: [&str; 3] = ["Eva Lindt", "Farid Amiri", "Greta Huber"];
const SERVICES: [&str; 4] = ["Erstgespräch", "Krankengymnastik", "Massage", "Lymphdrainage"];
/// Beginnings that leave room for the longest service before the break and before closing time.
const TIMES: [&str; 10] =
    ["08:00", "09:00", "09:30", "10:00", "11:00", "13:00", "14:30", "15:00", "16:30", "18:00"];

/// How many of a hundred want two services in one visit; what they do then is about both.
const VISITS: usize = 30;

/// What somebody does once they have an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Then {
    Keep,
    Move { date: String, time: &'static str },
    Cancel,
}

/// Somebody who calls.
pub struct Caller {
    line: Line,
    /// One, or two in one visit.
    services: Vec<&'static str>,
    staff: &'static str,
    date: String,
    time: &'static str,
    asks_first: bool,
    then: Then,
    dice: Dice,
}

/// Days on which nobody has anything yet.
///
/// # Errors
/// If the database does not answer.
pub async fn free_days(ground: &Ground<'_>) -> anyhow::Result<Vec<String>> {
    let names = cues::look_up(&ground.venue.administrator).await?;
    let days = names.get("free").and_then(|free| free.get(BRANCH)).and_then(Value::as_array);
    let days: Vec<String> = days
        .into_iter()
        .flatten()
        .filter_map(|day| day.get("date").and_then(Value::as_str).map(str::to_owned))
        .collect();
    anyhow::ensure!(!days.is_empty(), "no day is free");
    Ok(days)
}

impl Caller {
    /// Draws somebody. `key` tells callers of one seed apart; numbers of different keys and seeds differ.
    #[must_use]
    pub fn draw(ground: &Ground<'_>, days: &[String], seed: u64, key: &str) -> Self {
        let mut dice = Dice::new(seed, &["caller", key]);
        let number = dice.next() % 10_000_000;
        let mut slot = || {
            let date = dice.pick(days).cloned().unwrap_or_default();
            (date, dice.pick(&TIMES).copied().unwrap_or(TIMES[0]))
        };
        let ((date, time), (later, at)) = (slot(), slot());
        let then = match dice.below(10) {
            0..=2 => Then::Move { date: later, time: at },
            3 | 4 => Then::Cancel,
            _ => Then::Keep,
        };
        let place = dice.below(SERVICES.len());
        let mut services = vec![SERVICES[place]];
        if dice.chance(VISITS) {
            services.push(SERVICES[(place + 1 + dice.below(SERVICES.len() - 1)) % SERVICES.len()]);
        }
        Self {
            line: ground.venue.line(format!("call_{seed:x}_{key}"), format!("+49152{number:08}"), NUMBER),
            services,
            staff: dice.pick(&PEOPLE).copied().unwrap_or(PEOPLE[0]),
            date,
            time,
            asks_first: dice.chance(60),
            then,
            dice,
        }
    }

    /// The whole conversation. Before every tool that writes, `disturb` may let something go wrong.
    pub async fn talk(mut self, ground: &Ground<'_>, disturb: impl Fn(&mut Dice, Operation)) {
        let services = if let [only] = self.services.as_slice() { json!(only) } else { json!(self.services) };
        let wish = json!({"datum": self.date, "uhrzeit": self.time, "dienstleistung": services,
            "mitarbeiter": self.staff, "customer_name": "Kim Probe"});
        let offer = if self.asks_first {
            Some(ground.tool(TENANT, &self.line, "check_availability_v17", wish.clone()).await)
        } else {
            None
        };
        let slot = offer.as_ref().and_then(chosen);
        disturb(&mut self.dice, Operation::Create);
        let answer = match (&slot, self.asks_first) {
            (Some(slot), _) => {
                let args = json!({"slot_id": slot, "customer_name": "Kim Probe"});
                ground.tool(TENANT, &self.line, "start_booking", args).await
            }
            (None, true) => return,
            (None, false) => ground.tool(TENANT, &self.line, "book_appointment", wish).await,
        };
        let Some(id) = appointment(&answer) else { return };
        match self.then {
            Then::Keep => {}
            Then::Move { date, time } => {
                disturb(&mut self.dice, Operation::Reschedule);
                let args =
                    json!({"appointment_id": id, "new_date": date, "new_time": time, "bestaetigung": true});
                ground.tool(TENANT, &self.line, "reschedule_appointment", args).await;
            }
            Then::Cancel => {
                disturb(&mut self.dice, Operation::Cancel);
                let args = json!({"appointment_id": id, "bestaetigung": true});
                ground.tool(TENANT, &self.line, "cancel_appointment", args).await;
            }
        }
    }
}

/// Somebody who would rather wait for a day, whatever is free, and hangs up.
pub async fn wait_for(ground: &Ground<'_>, days: &[String], seed: u64, key: &str) {
    let mut dice = Dice::new(seed, &["waits", key]);
    let number = format!("+49154{:08}", dice.next() % 10_000_000);
    let line = ground.venue.line(format!("call_{seed:x}_{key}"), number, NUMBER);
    let wish = json!({"datum": dice.pick(days), "dienstleistung": dice.pick(&SERVICES),
        "mitarbeiter": dice.pick(&PEOPLE), "name": "Kim Wartet"});
    // What is free is told first; whoever wants to wait all the same, says it again.
    for _ in 0..2 {
        let answer = ground.tool(TENANT, &line, "join_waiting_list", wish.clone()).await;
        if status(&answer) == "waiting_listed" {
            break;
        }
    }
}

/// The staff has called some of those who are being asked. Counts the answers that were heard, and of them the offers that
/// were accepted.
///
/// # Errors
/// If the offers cannot be read, or an answer not be reported.
pub async fn answer_some(ground: &Ground<'_>, dice: &mut Dice, verdict: &mut Verdict) -> anyhow::Result<()> {
    for offer in ground.open_offers(TENANT).await? {
        let said = match dice.below(6) {
            0 | 1 => Said::Yes,
            2 => Said::No,
            3 => Said::Withdraw,
            _ => continue,
        };
        let report = ground.report(TENANT, &offer, said).await?;
        verdict.add("answers", u64::from(report != Report::Nothing));
        verdict.add("accepted", u64::from(report == Report::Accepted));
    }
    Ok(())
}

/// The slot that was asked for if it is free, else the first that was offered instead.
fn chosen(offer: &Exchange) -> Option<String> {
    let reply = &offer.reply;
    let path = match status(offer) {
        "available" | "available_unverified" | "not_held" => "/data/slot_id",
        _ => "/alternatives/0/slot_id",
    };
    reply.pointer(path).and_then(Value::as_str).map(str::to_owned)
}

fn appointment(answer: &Exchange) -> Option<String> {
    let made = matches!(status(answer), "booked" | "pending_confirmation");
    answer.reply.pointer("/data/appointment_id").and_then(Value::as_str).filter(|_| made).map(str::to_owned)
}

/// What goes wrong with the next write, if anything does.
pub fn mishap(dice: &mut Dice, on: Operation) -> Option<Fault> {
    let status = |status, took_effect| Effect::Status { status, body: None, took_effect };
    let effect = match dice.below(16) {
        0 | 1 => Effect::ResetBefore,
        2..=4 => Effect::ResetAfter,
        5 => status(500, false),
        6 => status(502, true),
        7 => Effect::HtmlPage { status: 504, took_effect: true },
        8 => Effect::MalformedJson,
        9 => Effect::OldBooking { uid: None },
        10 => Effect::Refuse { message: None },
        11 => Effect::SlowAnswer { ms: 700 },
        12 => Effect::Delay { ms: 700 },
        13 => Effect::Hang,
        _ => return None,
    };
    Some(Fault::once(on, effect))
}

/// Somebody does something in the outside calendar itself.
///
/// # Errors
/// If a day is none.
pub fn meddle(ground: &Ground<'_>, days: &[String], dice: &mut Dice) -> anyhow::Result<()> {
    let day = dice.pick(days).context("a day")?;
    let start = at(day, dice.pick(&TIMES).copied().unwrap_or(TIMES[0]))?;
    let ours: Vec<_> = ground
        .calcom()
        .bookings()
        .into_iter()
        .filter(|booking| booking.status.occupies() && days.iter().any(|day| is_on(booking.start, day)))
        .collect();
    let chosen = dice.pick(&ours);
    // What is refused there does not happen: a past booking, a host who is busy.
    let _ = match (dice.below(3), chosen) {
        (0, Some(booking)) => {
            note(ground, booking);
            let uid = booking.uid.clone();
            ground.calcom().owner_cancels(OwnerCancellation { uid, reason: None, request_reschedule: false })
        }
        (1, Some(booking)) => {
            note(ground, booking);
            ground.calcom().owner_reschedules(OwnerMove { uid: booking.uid.clone(), start, reason: None })
        }
        _ => {
            let event_type_id = 2_001 + 10 * u64::try_from(dice.below(SERVICES.len()))?;
            let event_type_id = event_type_id + u64::try_from(dice.below(PEOPLE.len()))?;
            ground.calcom().customer_books(CustomerBooking {
                event_type_id,
                start,
                name: "Paula Seite".to_owned(),
                email: "paula@example.org".to_owned(),
                phone_number: Some(format!("+49153{:08}", dice.next() % 10_000_000)),
                minutes: None,
                responses: serde_json::Map::new(),
            })
        }
    };
    Ok(())
}

/// Whoever has this appointment was told something else before.
fn note(ground: &Ground<'_>, booking: &simulators::calcom::Booking) {
    let marker = booking.metadata.get(adapter_calcom::MARKER_KEY).and_then(Value::as_str);
    if let Some(id) = marker.and_then(super::history::typed_id) {
        ground.ledger().changed_outside(id);
    }
}

fn is_on(at: DateTime<Utc>, day: &str) -> bool {
    at.with_timezone(&chrono_tz::Europe::Berlin).date_naive().to_string() == day
}

fn at(day: &str, time: &str) -> anyhow::Result<DateTime<Utc>> {
    let local: NaiveDateTime = format!("{day}T{time}:00").parse().context("a day and a time")?;
    let at = local.and_local_timezone(chrono_tz::Europe::Berlin).earliest();
    Ok(at.context("a time that there is")?.to_utc())
}
