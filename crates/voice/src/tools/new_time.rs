//! Where an appointment shall go, as far as it was said.

use appointment::model::Appointment;
use chrono::{DateTime, Utc};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::Stop;
use crate::names;
use crate::ports::CallNotes;
use crate::reply::{NextAction, ToolReply};
use crate::status::Status;
use crate::tools::wish::{self, Offer};
use crate::when::{Stretch, When};

/// Where an appointment shall go.
pub(crate) enum NewTime {
    /// What was offered.
    Offered(Offer),
    /// A minute that was said in words.
    Minute(DateTime<Utc>),
    /// Hours of days, out of which a minute has yet to be chosen.
    Hours(Stretch),
}

/// The new time: a slot id, or words. A day alone keeps the clock time, a clock time alone keeps the day.
pub(crate) fn new_time(
    args: Args<'_>,
    talk: &Conversation,
    appointment: &Appointment,
    notes: &CallNotes,
) -> Result<Option<NewTime>, Stop> {
    let (day, time) = (args.text(names::NEW_DATE)?, args.text(names::NEW_TIME)?);
    if let Some(offer) = wish::offered(args, talk, notes, day.is_some() || time.is_some())? {
        return Ok(Some(NewTime::Offered(offer)));
    }
    let old = appointment.starts_at().with_timezone(&talk.zone());
    let listener = talk.listener();
    let which_day = || {
        let message = "An welchem Tag genau und um wie viel Uhr soll der Termin dann sein?";
        Stop::from(ToolReply::new(Status::NeedsNewTime, message).next(NextAction::AskCaller))
    };
    // "Nächste Woche" - "um drei": on one of those days, and not on that of the appointment.
    let days = notes.moving.and(notes.wished).map(|wished| wished.days);
    let when = match (&day, &time) {
        (None, None) => return Ok(None),
        (None, Some(_)) if days.is_some_and(|days| days.first() < days.last()) => return Err(which_day()),
        (None, Some(time)) => {
            let same_day = old.format("%Y-%m-%d").to_string();
            listener.hear(Some(&same_day), Some(time))?
        }
        (Some(day), time) => listener.hear(Some(day), time.as_deref())?,
    };
    match when {
        When::Moment(moment) => Ok(Some(NewTime::Minute(moment.at.to_utc()))),
        When::Stretch(stretch) if stretch.days.len() == 1 && !stretch.has_hours => {
            let same_time = stretch.days[0].and_time(old.time());
            Ok(Some(NewTime::Minute(german_datetime::in_zone(same_time, talk.zone()).first().to_utc())))
        }
        When::Stretch(stretch) if stretch.has_hours => Ok(Some(NewTime::Hours(stretch))),
        When::Stretch(_) => Err(which_day()),
        When::Unsaid => Ok(None),
    }
}

/// Whether a yes is one to moving there: to no other time than was asked about last, and to no day of which nobody has heard
/// yet at what time ("Doch lieber Donnerstag").
pub(crate) fn is_yes_to(
    args: Args<'_>,
    asked: Option<DateTime<Utc>>,
    start: DateTime<Utc>,
) -> Result<bool, Stop> {
    if let Some(asked) = asked {
        return Ok(asked == start);
    }
    let lacks_clock = args.text(names::NEW_DATE)?.is_some()
        && !args.says_any(&[names::NEW_TIME, names::SLOT, names::CHOICE])?;
    Ok(!lacks_clock)
}

/// Whether anything says where to.
pub(crate) fn says_where(args: Args<'_>) -> Result<bool, Stop> {
    Ok(args.says_any(&[names::NEW_DATE, names::NEW_TIME, names::SLOT, names::CHOICE])?)
}
