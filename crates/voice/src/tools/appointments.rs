//! "Wann war noch mal mein Termin?"
//!
//! Only the number proves who somebody is. Whoever hides it can hear of what was booked in the same call, nothing else.

use appointment::model::{Appointment, Tie};
use appointment::policy::change::ChangeAct;
use chrono::Datelike;
use german_datetime::number::cardinal;
use german_datetime::speak;
use serde_json::{Value as Json, json};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{ToolResult, VoiceDesk};
use crate::reply::{NextAction, ToolReply};
use crate::speech;
use crate::status::Status;
use crate::tool::Tool;
use crate::tools::asker;
use crate::tools::calling_off::ruled;
use crate::tools::meant::{nothing, on_asked_day, own, whose};
use crate::tools::person::{of_another, whose_it_is};
use crate::tools::sequence::changing::{service_words, spoken_together, together};
use crate::tools::services;
use crate::tools::standing::{Saying, spoken_all, spoken_next, spoken_standing_of, standing_of};

/// Appointments read out in one breath.
pub(crate) const SPOKEN: usize = 3;
/// Appointments in the data of one answer.
pub(crate) const LISTED: usize = 10;

pub(crate) async fn query(desk: &VoiceDesk, tool: Tool, args: Args<'_>, talk: &Conversation) -> ToolResult {
    let asker = asker::asker(desk, args, talk).await?;
    let all = own(desk, talk, &asker).await?;
    if asker.is_unclear() && all.is_empty() {
        return Err(whose_it_is(&asker).into());
    }
    if !all.is_empty()
        && let Some(asked) = of_another(&asker)
    {
        return Err(asked.into());
    }
    let on_day: Vec<_> = on_asked_day(args, talk, all.clone())?.iter().map(Appointment::id).collect();
    let mut units = together(desk, all);
    units.retain(|unit| unit.iter().any(|part| on_day.contains(&part.id())));
    let named =
        if service_words(args)?.is_empty() { Vec::new() } else { services::all_named(args, talk)?.ids() };
    if !named.is_empty() {
        // Who asks about a part hears of all that belongs to it.
        units.retain(|unit| unit.iter().any(|part| named.contains(&part.snapshot().service)));
    }
    let listed: Vec<_> = units.iter().flatten().cloned().collect();
    if let Some(asked) = whose(talk, &asker, listed.iter()) {
        return Err(asked.into());
    }
    let rows: Vec<_> = listed.iter().take(LISTED).map(|appointment| row(talk, appointment)).collect();
    let reply = match units.as_slice() {
        [] => nothing(talk, &asker),
        [unit] => {
            let stands = spoken_standing_of(talk, unit, Saying::Stands);
            // Nobody is invited to what is refused a moment later.
            let question = if may_be_changed(talk, unit) {
                "möchten Sie daran etwas ändern?"
            } else {
                "kann ich sonst noch etwas für Sie tun?"
            };
            let message = format!("{stands}, {question}");
            ToolReply::new(Status::Ok, message).with("appointment", rows.first().cloned())
        }
        [first, ..] => {
            let zone = talk.zone();
            let day = |unit: &Vec<Appointment>| {
                unit.first().map(|part| part.starts_at().with_timezone(&zone).date_naive())
            };
            let same_day = units.iter().all(|unit| day(unit) == day(first));
            if units.len() <= SPOKEN && (same_day || tool == Tool::GetCustomerAppointments) {
                let said = |unit: &Vec<Appointment>| (spoken_together(talk, unit), standing_of(unit));
                let message = format!(
                    "{}, um welchen geht es?",
                    spoken_all(talk, &units.iter().map(said).collect::<Vec<_>>())
                );
                ToolReply::new(Status::Ok, message).with("same_day", same_day)
            } else {
                let more = match u32::try_from(units.len() - 1) {
                    Ok(1) => "danach kommt noch ein weiterer".to_owned(),
                    more => format!("danach kommen noch {} weitere", cardinal(more.unwrap_or(u32::MAX))),
                };
                let message = format!("{}, {more}, um welchen geht es?", spoken_next(talk, first));
                ToolReply::new(Status::Ok, message)
                    .with("showing", "next_only")
                    .with("next_appointment", rows.first().cloned())
                    .with("remaining_count", listed.len() - first.len())
            }
        }
    };
    let reply = reply.with("appointment_count", listed.len()).with("appointments", rows);
    let next = reply.next_action.unwrap_or(NextAction::AskCaller);
    Ok(reply.next(next).into())
}

/// Whether any of what belongs together may still be moved or called off.
fn may_be_changed(talk: &Conversation, unit: &[Appointment]) -> bool {
    unit.iter()
        .any(|part| [ChangeAct::Cancel, ChangeAct::Move].iter().any(|act| ruled(talk, part, *act).is_ok()))
}

/// One appointment as fields.
pub(crate) fn row(talk: &Conversation, appointment: &Appointment) -> Json {
    talk.about(appointment.snapshot().branch, |there| row_there(there, appointment))
}

fn row_there(talk: &Conversation, appointment: &Appointment) -> Json {
    let state = appointment.snapshot();
    let at = state.starts_at.with_timezone(&talk.zone());
    let (sequence, series) = match state.tie {
        Some(Tie::Sequence(id)) => (Some(id.to_string()), None),
        Some(Tie::Series(id)) => (None, Some(id.to_string())),
        None => (None, None),
    };
    json!({
        "id": state.id.to_string(),
        "sequence_id": sequence,
        "series_id": series,
        "start": at.to_rfc3339(),
        "datetime": at.to_rfc3339(),
        "date": at.format("%Y-%m-%d").to_string(),
        "time": at.format("%H:%M").to_string(),
        "weekday": speak::weekday(at.weekday()),
        "service": talk.service_name(state.service),
        "staff": talk.staff_name(state.staff),
        "branch": talk.premises.name,
        "status": state.status.as_str(),
        "duration_minutes": (state.ends_at - state.starts_at).num_minutes(),
        "human_date": speech::on_day(at.date_naive(), talk.today()),
        "human_time": speech::clock(at.time()),
    })
}
