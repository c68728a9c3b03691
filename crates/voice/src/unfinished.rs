//! What a tool was told before it had to ask: the answer to "Um welchen Termin geht es?" says nothing of the new time, and need
//! not.

use serde_json::{Map, Value};

use crate::args::Args;
use crate::conversation::Conversation;
use crate::desk::{Stop, ToolResult};
use crate::names;
use crate::ports::{CallNotes, LastQuestion};
use crate::reply::ToolReply;
use crate::status::Status;
use crate::tool::Tool;
use crate::when::When;

/// Longest arguments that are kept, as text. What people say of one wish is far shorter.
const MAX_CHARS: usize = 2000;

/// What a call back is about: another reason is another matter.
const ABOUT: &[&[&str]] = &[names::NOTES, names::SERVICE, names::PRIORITY];

/// The arguments of a tool that ended in a question about what is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// What it was about.
    pub matter: Matter,
    /// The arguments, by their first names.
    pub args: Map<String, Value>,
    /// The time that was said is not what is meant: half of it is what was meant by the other half when that is said anew.
    pub is_other_time: bool,
}

/// What arguments are about: those of one matter complete each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Something new: a time that is looked at or booked.
    New,
    /// Calling off.
    Cancel,
    /// Moving.
    Move,
    /// A call back.
    Callback,
}

impl Matter {
    const fn of(tool: Tool) -> Option<Self> {
        match tool {
            Tool::CheckAvailability
            | Tool::ReserveSlot
            | Tool::GetAlternatives
            | Tool::FindNextAvailable
            | Tool::JoinWaitingList
            | Tool::CollectAppointmentInfo
            | Tool::BookAppointment
            | Tool::ConfirmBooking => Some(Self::New),
            Tool::CancelAppointment => Some(Self::Cancel),
            Tool::RescheduleAppointment => Some(Self::Move),
            Tool::RequestCallback => Some(Self::Callback),
            _ => None,
        }
    }

    /// Arguments that stand alone.
    const fn single(self) -> &'static [&'static [&'static str]] {
        match self {
            // For whom it is, and what was told beside it, the notes know.
            Self::New => &[names::SERVICE, names::FURTHER, names::STAFF],
            Self::Cancel | Self::Move => {
                &[names::APPOINTMENT, names::SERVICE, names::FURTHER, names::NAME, names::OTHER_PERSON]
            }
            Self::Callback => &[
                names::NAME,
                names::REASON,
                names::NOTES,
                names::SERVICE,
                names::PRIORITY,
                names::WINDOW,
                names::PHONE,
            ],
        }
    }

    /// Arguments that say when together: a new one of them is another time, unless it is the half that was missing.
    const fn times(self) -> &'static [(&'static [&'static str], &'static [&'static str])] {
        match self {
            Self::New => &[(names::DATE, names::TIME)],
            Self::Cancel => &[(names::OLD_DATE, names::OLD_TIME)],
            Self::Callback => &[],
            Self::Move => &[(names::OLD_DATE, names::OLD_TIME), (names::NEW_DATE, names::NEW_TIME)],
        }
    }

    /// Whether this asks for what is missing, or may be followed by more of the same.
    const fn asks(self, status: Status) -> bool {
        match self {
            // Who has asked for a call back may have more to say of it.
            Self::Callback => matches!(status, Status::PhoneNumberRequired | Status::CallbackRequested),
            Self::New => matches!(
                status,
                Status::ServiceRequired
                    | Status::ServiceAmbiguous
                    | Status::ServiceUnknown
                    | Status::StaffUnknown
                    | Status::StaffCannot
                    | Status::SlotUnknown
                    | Status::DateRequired
                    | Status::TimeRequired
                    | Status::AmbiguousTime
                    | Status::TimeNotUnderstood
                    | Status::NonexistentDate
                    | Status::NothingToConfirm
            ),
            Self::Move if matches!(status, Status::NotFound) => true,
            Self::Cancel | Self::Move => matches!(
                status,
                Status::MultipleFound
                    | Status::CustomerAmbiguous
                    | Status::NeedsNewTime
                    | Status::AmbiguousTime
                    | Status::TimeNotUnderstood
                    | Status::NonexistentDate
            ),
        }
    }
}

/// The first of the names that carries something.
fn said<'a>(args: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    let args = Args::new(args);
    names.iter().find_map(|name| args.carried(name))
}

impl Unfinished {
    /// Whether these arguments say the time that was said before.
    pub(crate) fn says_same_time(&self, args: &Map<String, Value>) -> bool {
        let times = [names::DATE, names::TIME, names::DATETIME];
        times.into_iter().all(|names| said(args, names) == said(&self.args, names))
    }

    /// Whether these arguments, completed, say what was said before, when at least, and nothing else.
    pub(crate) fn is_all_of(&self, args: &Map<String, Value>) -> bool {
        let says_when =
            [names::DATE, names::TIME, names::DATETIME].iter().any(|names| said(args, names).is_some());
        self.matter == Matter::New
            && !self.is_other_time
            && says_when
            && known(self.matter, args) == self.args
    }

    /// The arguments with what was said before and is not said otherwise now.
    fn complete(&self, now: &Map<String, Value>, of_time: bool) -> Map<String, Value> {
        let mut all = now.clone();
        let mut keep = |names: &[&'static str]| {
            if let (None, Some(before)) = (said(now, names), said(&self.args, names)) {
                all.insert(names[0].to_owned(), before.clone());
            }
        };
        // Whoever names an appointment by its id names all of it.
        let is_by_id = self.matter != Matter::New && said(now, names::APPOINTMENT).is_some();
        let names_slot = said(now, names::SLOT).is_some() || said(now, names::CHOICE).is_some();
        let is_new = self.matter == Matter::New;
        let is_slot = is_new && names_slot;
        let reason = said(now, names::REASON);
        let is_other =
            self.matter == Matter::Callback && reason.is_some() && reason != said(&self.args, names::REASON);
        for names in self.matter.single() {
            // "Dann nur den Haarschnitt": what shall follow is said with it, or does not follow.
            let is_dropped = is_new && *names == names::FURTHER && said(now, names::SERVICE).is_some()
                || is_other && ABOUT.contains(names);
            if !is_by_id && !is_slot && !is_dropped {
                keep(names);
            }
        }
        let times = self.matter.times();
        let is_half = times.iter().any(|(date, time)| said(now, date).or(said(now, time)).is_some());
        for (date, time) in times {
            let is_old = *date == names::OLD_DATE;
            let is_said = if is_old { is_by_id } else { names_slot || said(now, names::DATETIME).is_some() };
            match (said(now, date), said(now, time)) {
                _ if is_said || !of_time => {}
                (None, None) if self.is_other_time && !is_half => {}
                (None, None) => {
                    keep(date);
                    keep(time);
                    if !is_old {
                        keep(names::DATETIME);
                    }
                }
                (None, Some(_)) if self.is_other_time || said(&self.args, time).is_none() => keep(date),
                (Some(_), None) if self.is_other_time || said(&self.args, date).is_none() => keep(time),
                _ => {}
            }
        }
        all
    }
}

/// The arguments of a tool, completed by what was said before of the same matter.
pub(crate) fn completed(
    tool: Tool,
    now: &Map<String, Value>,
    talk: &Conversation,
    notes: &CallNotes,
) -> Option<Map<String, Value>> {
    let matter = Matter::of(tool)?;
    let unfinished = notes.unfinished.as_ref().filter(|before| before.matter == matter)?;
    // A no is none to what was said before.
    if Args::new(now).is_refused(names::CONFIRM) && known(matter, now).is_empty() {
        return None;
    }
    // "Wann ist denn das nächste Mal frei?": at whatever time that is.
    let mut all = unfinished.complete(now, tool != Tool::FindNextAvailable);
    // "Am Mittwoch" - "nachmittags": one time in two pieces.
    if let (Some(Value::String(window)), Some(Value::String(before))) =
        (said(now, names::WINDOW), said(&unfinished.args, names::WINDOW))
        && let Some(together) = talk.listener().together(before, window)
    {
        for name in names::WINDOW {
            all.remove(*name);
        }
        all.insert(names::WINDOW[0].to_owned(), together.into());
    }
    Some(all)
}

/// The notes with what was said if it was not enough; without, once it was, or once something else is spoken of.
pub(crate) fn keeping(
    (tool, args): (Tool, &Map<String, Value>),
    talk: &Conversation,
    result: &ToolResult,
    notes: CallNotes,
) -> CallNotes {
    let status = match result {
        Ok(done) => done.reply.status,
        Err(Stop::Reply(reply)) => reply.status,
        Err(_) => return notes,
    };
    let Some(matter) = Matter::of(tool) else { return notes };
    // A yes to nothing brings nothing new.
    let is_of_other = notes.unfinished.as_ref().is_some_and(|known| known.matter != matter);
    if tool == Tool::ConfirmBooking && is_of_other && status == Status::NothingToConfirm {
        return notes;
    }
    // What was looked at and is asked about lacks nothing.
    let is_asked = matter == Matter::New && matches!(notes.asked, LastQuestion::Open(_));
    let lacks_day = matter == Matter::New && is_clock_alone(args) && is_refusal(status);
    let unfinished = ((matter.asks(status) || lacks_day) && !is_asked).then(|| {
        let mut args = known(matter, args);
        // What is not known is said anew, or not at all: "Darf es auch bei Boris sein?" - "Ja."
        let unknown: &[_] = match status {
            Status::StaffUnknown | Status::StaffCannot => &[names::STAFF],
            Status::ServiceUnknown => &[names::SERVICE, names::FURTHER],
            Status::PhoneNumberRequired => &[names::PHONE],
            // Another appointment is meant, or what was said of it was wrong.
            Status::NotFound => {
                &[names::APPOINTMENT, names::SERVICE, names::FURTHER, names::OLD_DATE, names::OLD_TIME]
            }
            _ => &[],
        };
        for names in unknown {
            args.remove(names[0]);
        }
        if matches!(status, Status::TimeNotUnderstood | Status::NonexistentDate) {
            forget_what_is_no_time(matter, &mut args, talk);
        }
        let is_other_time =
            matches!(status, Status::AmbiguousTime | Status::TimeNotUnderstood | Status::NonexistentDate);
        Unfinished { matter, args, is_other_time }
    });
    let unfinished =
        unfinished.filter(|unfinished| Value::Object(unfinished.args.clone()).to_string().len() <= MAX_CHARS);
    CallNotes { unfinished, ..notes }
}

/// Forgets the halves of a time that nobody can understand, whatever the other half is.
fn forget_what_is_no_time(matter: Matter, args: &mut Map<String, Value>, talk: &Conversation) {
    let listener = talk.listener();
    let is_none = |heard: Result<When, Box<ToolReply>>| {
        let unheard = [Status::TimeNotUnderstood, Status::NonexistentDate];
        heard.is_err_and(|reply| unheard.contains(&reply.status))
    };
    for (date, time) in matter.times().iter().copied().chain([(names::DATETIME, names::TIME)]) {
        let text = |names: &[&str]| said(args, names).and_then(Value::as_str).map(str::to_owned);
        let (day, clock) = (text(date), text(time));
        if day.is_some_and(|day| is_none(listener.hear(Some(&day), None))) {
            args.remove(date[0]);
        }
        if clock.is_some_and(|clock| is_none(listener.hear(None, Some(&clock)))) {
            args.remove(time[0]);
        }
    }
}

/// Whether a clock time was said, and no day: the day that was taken for it may not be meant.
fn is_clock_alone(args: &Map<String, Value>) -> bool {
    let says = |names: &[&str]| said(args, names).is_some();
    says(names::TIME) && ![names::DATE, names::DATETIME, names::SLOT, names::CHOICE].into_iter().any(says)
}

/// Whether the time cannot be had.
const fn is_refusal(status: Status) -> bool {
    matches!(status, Status::Unavailable | Status::TooSoon | Status::PastTime)
}

/// The arguments that complete others, by their first names.
fn known(matter: Matter, args: &Map<String, Value>) -> Map<String, Value> {
    let times = matter.times().iter().flat_map(|(date, time)| [*date, *time]);
    let datetime = (matter == Matter::New).then_some(names::DATETIME);
    let all = matter.single().iter().copied().chain(times).chain(datetime);
    all.filter_map(|names| Some((names[0].to_owned(), said(args, names)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_was_said_is_completed_and_not_mixed() {
        for (matter, before, now, after) in [
            (
                Matter::Move,
                json!({"new_date": "Freitag", "new_time": "10 Uhr"}),
                json!({"service": "Bart", "bestaetigung": true}),
                json!({"service": "Bart", "bestaetigung": true, "new_date": "Freitag", "new_time": "10 Uhr"}),
            ),
            (
                Matter::Move,
                json!({"new_date": "Freitag", "new_time": "10 Uhr"}),
                json!({"new_date": "Samstag"}),
                json!({"new_date": "Samstag"}),
            ),
            (
                Matter::New,
                json!({"datum": "Freitag"}),
                json!({"uhrzeit": "10 Uhr"}),
                json!({"uhrzeit": "10 Uhr", "datum": "Freitag"}),
            ),
            (
                Matter::New,
                json!({"datum": "Freitag", "uhrzeit": "10 Uhr", "customer_name": "Mia"}),
                json!({"datum": "Samstag", "dienstleistung": "Bart"}),
                json!({"datum": "Samstag", "dienstleistung": "Bart"}),
            ),
            (
                Matter::Cancel,
                json!({"customer_name": "Mia", "old_date": "Freitag"}),
                json!({"appointment_id": "apt_1"}),
                json!({"appointment_id": "apt_1"}),
            ),
        ] {
            let unfinished = Unfinished { matter, args: map(&before), is_other_time: false };
            assert_eq!(unfinished.complete(&map(&now), true), map(&after));
        }
    }

    #[test]
    fn a_time_that_was_asked_back_is_said_anew_by_halves() {
        let args = map(&json!({"datum": "Freitag", "uhrzeit": "acht", "dienstleistung": "Bart"}));
        let unfinished = Unfinished { matter: Matter::New, args, is_other_time: true };
        for (now, after) in [
            (json!({"uhrzeit": "zwanzig Uhr"}), json!({"uhrzeit": "zwanzig Uhr", "datum": "Freitag"})),
            (json!({"datum": "Samstag"}), json!({"datum": "Samstag", "uhrzeit": "acht"})),
            (json!({"bestaetigung": true}), json!({"bestaetigung": true})),
        ] {
            let mut after = map(&after);
            after.insert("dienstleistung".to_owned(), "Bart".into());
            assert_eq!(unfinished.complete(&map(&now), true), after);
        }
    }
}
