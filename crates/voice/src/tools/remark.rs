//! "Ach, und ich komme mit Hund." - what is told with a yes, or after it, stands at the appointment that it is about.

use call::EffectRef;
use customer::read_spoken_email;
use kernel::AppointmentId;

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult, VoiceDesk};
use crate::status::Status;
use crate::told::Told;
use crate::tool::Tool;
use crate::tools::party::keep_learned;

/// The same answer, once what was told with it is kept: what is new was booked with it, what stands gets it now.
pub(crate) async fn keeping(
    desk: &VoiceDesk,
    (tool, args): (Tool, Args<'_>),
    talk: &Conversation,
    result: ToolResult,
) -> ToolResult {
    let done = result?;
    let is_told = matches!(
        done.reply.status,
        Status::AlreadyBooked | Status::Rescheduled | Status::PendingConfirmation
    );
    if let (true, true, Some(EffectRef::Appointment(appointment))) =
        (tool.takes_remarks(), is_told, done.effect)
    {
        keep(desk, talk, appointment, &Told::now(args)?).await?;
    }
    Ok(done)
}

async fn keep(
    desk: &VoiceDesk,
    talk: &Conversation,
    appointment: AppointmentId,
    told: &Told,
) -> Result<(), Stop> {
    if let Some(note) = told.for_staff() {
        desk.parts.bookings.add_note(&talk.scope, appointment, &note).await?;
    }
    let Some(email) = told.email.as_deref().and_then(read_spoken_email) else { return Ok(()) };
    let Some(of) = desk.parts.bookings.find(&talk.scope, appointment).await? else { return Ok(()) };
    let Some(customer) = desk.parts.customers.find(&talk.scope, of.customer()).await? else { return Ok(()) };
    let learned = customer.learn(None, Some(&email)).map(|next| next.update_over(&customer));
    keep_learned(desk, talk, learned).await;
    Ok(())
}
