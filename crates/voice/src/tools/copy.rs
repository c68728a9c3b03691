//! What is said of an appointment whose copy in an outside calendar decides whether it stands.

use std::time::Instant;

use appointment::commands::{CallContext, Requester, SearchRequest};
use appointment::model::{Appointment, SyncState, Unavailable};
use appointment::policy::alternatives::{RankedSlot, TimeWish, Wish};

use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::effect::{Effect, Standing};
use crate::ports::Settlement;
use crate::speech;
use crate::tools::customer::spoken;
use crate::tools::offers::{self, Asked};
use crate::trace::{CALENDAR, spent};

/// An appointment that is mirrored in an outside calendar stands once that calendar agrees.
pub(crate) async fn after_booking(
    desk: &VoiceDesk,
    talk: &Conversation,
    made: &Appointment,
    asked: &Asked,
) -> ToolResult {
    let effect = Effect::booked(made.snapshot());
    match copied(desk, talk, made).await {
        Settlement::Agreed => Ok(effect.render(talk, Standing::Firm)),
        Settlement::Open => Ok(effect.render(talk, Standing::Noted)),
        Settlement::Refused => {
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let slots = around(desk, talk, made).await?;
            let reply =
                offers::not_free(talk, &Unavailable::BusyElsewhere, asked, &slots).with("booked", false);
            Err(offers::offer(desk, talk, reply, &slots, notes).await.into())
        }
    }
}

/// Brings the copy of an appointment up to date, if it has one.
async fn copied(desk: &VoiceDesk, talk: &Conversation, appointment: &Appointment) -> Settlement {
    match appointment.snapshot().sync_state {
        SyncState::NotNeeded | SyncState::Synced => Settlement::Agreed,
        SyncState::Pending | SyncState::Failed => {
            let asked = Instant::now();
            let settlement = desk.parts.copies.settle(&talk.scope, appointment.id()).await;
            spent(CALENDAR, asked.elapsed());
            settlement
        }
    }
}

/// What is free around the time of an appointment that could not be had.
async fn around(
    desk: &VoiceDesk,
    talk: &Conversation,
    appointment: &Appointment,
) -> Result<Vec<RankedSlot>, Stop> {
    let state = appointment.snapshot();
    let at = state.starts_at.with_timezone(&talk.zone());
    let minute = german_datetime::MinuteOfDay::from(at.time()).minutes();
    let context =
        CallContext { call: talk.call, caller: talk.caller.clone(), customers: vec![appointment.customer()] };
    let request = SearchRequest {
        branch: state.branch,
        service: state.service,
        staff: None,
        wish: Wish { day: at.date_naive(), time: TimeWish::At(minute) },
        moving: appointment.status().is_open().then_some(state.id),
        requester: Requester::Caller(context),
        limit: None,
    };
    Ok(desk.parts.bookings.search(&talk.scope, request).await?.slots)
}

/// A move that is mirrored in an outside calendar stands once that calendar agrees; otherwise the appointment is back.
pub(crate) async fn after_moving(
    desk: &VoiceDesk,
    talk: &Conversation,
    before: &Appointment,
    after: &Appointment,
) -> ToolResult {
    let effect = Effect::moved(after.snapshot(), before.starts_at());
    match copied(desk, talk, after).await {
        Settlement::Agreed => Ok(effect.render(talk, Standing::Firm)),
        Settlement::Open => Ok(effect.render(talk, Standing::Noted)),
        Settlement::Refused => {
            let notes = desk.parts.memory.recall(&talk.scope, talk.call).await;
            let now = desk.parts.bookings.find(&talk.scope, after.id()).await?;
            let is_back =
                now.is_some_and(|now| now.starts_at() == before.starts_at() && now.status().is_open());
            let slots = around(desk, talk, before).await?;
            let asked = Asked::new(after.snapshot().service, None, after.starts_at());
            let mut reply = offers::not_free(talk, &Unavailable::BusyElsewhere, &asked, &slots);
            let stays = if is_back {
                format!("Ihr Termin {} bleibt bestehen", spoken(talk, before.snapshot()))
            } else {
                "Um Ihren bisherigen Termin kümmert sich jemand und meldet sich bei Ihnen".to_owned()
            };
            reply.message = format!("{stays}, denn {}", speech::small(&reply.message));
            Err(offers::offer(desk, talk, reply, &slots, notes).await.into())
        }
    }
}
