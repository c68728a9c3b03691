//! What a caller has heard, and whether what was done was said, asked for and told.

use std::collections::{BTreeMap, BTreeSet};

use appointment::model::{AppointmentSnapshot, Note};
use appointment::testing::{service_id, staff_id};
use chrono::{DateTime, Utc};
use chrono_tz::Europe::Berlin;
use customer::CustomerRepository;
use kernel::{AppointmentId, CustomerId, StaffId};
use serde_json::Value;
use voice::{Status, ToolReply};

use super::{BOOKING, LOOKING, NAMES, SERVICES, Step};
use crate::world::World;

/// About nothing new.
const OF_OTHER: &[&str] = &[
    "cancel_appointment",
    "reschedule_appointment",
    "query_appointment",
    "request_callback",
    "release_slot_reservation",
    "list_services",
];

pub(super) fn staff_of(name: &str) -> StaffId {
    staff_id(match name {
        "Anna" => 1,
        "Boris" => 2,
        _ => 0,
    })
}

pub(super) type Open = BTreeMap<AppointmentId, AppointmentSnapshot>;

pub(super) fn open(world: &World) -> Open {
    let rows = world.appointments.appointments(&world.scope).into_iter();
    rows.filter(|row| row.status.is_open()).map(|row| (row.id, row)).collect()
}

/// What a caller has heard so far.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) slots: Vec<String>,
    pub(super) starts: BTreeSet<DateTime<Utc>>,
    /// What the last answer that spoke of times spoke of, and what was said to those that spoke of none.
    pub(super) last: BTreeSet<DateTime<Utc>>,
    /// What came of the last question about appointments.
    pub(super) status: Option<Status>,
    /// The fee that was told last.
    pub(super) fee: Option<Value>,
    /// The last answer asked for whom it is: a yes, or a name, is about what that was asked of.
    pub(super) whom: bool,
    /// For whom something new was to be, since the last booking; whether that was "for myself".
    pub(super) named: BTreeSet<&'static str>,
    pub(super) is_self: bool,
    pub(super) is_other: bool,
    /// Whoever was booked for so is not who calls.
    pub(super) has_booked_for_other: bool,
    /// Something was told in the call, with this time or another that may be booked yet.
    pub(super) has_told: bool,
    /// What was told beside it.
    pub(super) remark: Option<&'static str>,
    /// The services that were said, as long as no answer spoke of any.
    pub(super) services: Option<usize>,
    /// What was said, in any combination.
    pub(super) days: BTreeSet<&'static str>,
    pub(super) clocks: BTreeSet<&'static str>,
}

impl Heard {
    /// What is said with this use of a tool counts for it.
    pub(super) fn say(&mut self, step: &Step) {
        // No to waiting is no wish for what is named with it.
        if step.tool == "join_waiting_list" && step.confirm == Some(false) {
            return;
        }
        if !OF_OTHER.contains(&step.tool) {
            self.named.extend(step.name);
            self.is_self |= step.other == Some(false);
            self.is_other |= step.other == Some(true);
            self.remark = step.remark.or(self.remark);
            self.has_told |= step.remark.is_some();
            self.services = step.service.or(self.services);
        } else {
            // Whoever asks to be called is who calls.
            self.is_self |= step.tool == "request_callback" && step.name.is_some();
            // The call has gone on to something else.
            self.services = None;
        }
    }

    pub(super) fn hear(&mut self, step: &Step, reply: &ToolReply) {
        if !["release_slot_reservation", "list_services"].contains(&step.tool) {
            self.status = Some(reply.status);
        }
        if reply.status == Status::ReadyForConfirmation {
            self.fee = reply.data.get("fee_minor").cloned();
        }
        if reply.status == Status::Booked {
            self.has_booked_for_other |= self.is_other;
            self.named.clear();
            self.is_self = false;
            self.is_other = false;
        }
        // What is told of what was done stands there.
        if [Status::Booked, Status::AlreadyBooked, Status::Rescheduled].contains(&reply.status) {
            self.remark = None;
        }
        if step.slot.is_some() || reply.data.contains_key("service") || reply.data.contains_key("parts") {
            self.services = None;
        }
        self.whom = matches!(reply.status, Status::CustomerAmbiguous | Status::CustomerNameRequired);
        self.days.extend(step.date);
        self.clocks.extend(step.time.filter(|time| time.contains(':')));
        let offered = self.starts.iter().map(|start| start.with_timezone(&Berlin).date_naive().to_string());
        let days: BTreeSet<_> = self.days.iter().map(|day| (*day).to_owned()).chain(offered).collect();
        let combined: Vec<DateTime<Utc>> = days
            .iter()
            .flat_map(|day| self.clocks.iter().map(move |clock| format!("{day}T{clock}:00+01:00")))
            .filter_map(|minute| minute.parse().ok())
            .collect();
        self.starts.extend(&combined);
        let data = &reply.data;
        let mut ids: Vec<_> =
            data.get("slot_id").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
        ids.extend(reply.alternatives.iter().map(|offer| offer.slot_id.clone()));
        self.slots.extend(ids);
        let new = data.get("new_appointment").and_then(|new| new.get("start"));
        let said = [data.get("start"), data.get("next_available"), new];
        let said = said.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let starts: BTreeSet<DateTime<Utc>> = said
            .chain(reply.alternatives.iter().map(|offer| offer.start.clone()))
            .filter_map(|start| start.parse().ok())
            .collect();
        if starts.is_empty() {
            self.last.extend(combined);
        } else {
            self.starts.extend(starts.iter().copied());
            self.last = starts;
        }
    }
}

/// Whose appointments these are.
pub(super) async fn names(
    world: &World,
    rows: impl Iterator<Item = &AppointmentSnapshot>,
) -> BTreeMap<CustomerId, String> {
    let mut names = BTreeMap::new();
    for row in rows {
        let found = world.customers.find(&world.scope, row.customer).await.unwrap();
        names.extend(found.and_then(|found| Some((row.customer, found.name?.as_str().to_owned()))));
    }
    names
}

pub(super) fn start_in(reply: &ToolReply) -> Option<DateTime<Utc>> {
    reply.data.get("start").and_then(Value::as_str).and_then(|start| start.parse().ok())
}

pub(super) fn ids_in(reply: &ToolReply) -> Vec<AppointmentId> {
    let data = &reply.data;
    let one = data.get("appointment_id").and_then(Value::as_str).map(str::to_owned);
    let listed = ["appointments", "parts"].into_iter().filter_map(|name| data.get(name)?.as_array().cloned());
    let rows = listed.flatten().filter_map(|row| {
        let id = row.get("id").or_else(|| row.get("appointment_id"))?;
        id.as_str().map(str::to_owned)
    });
    one.into_iter().chain(rows).filter_map(|id| id.parse().ok()).collect()
}

/// What was done by this use of a tool was said, asked for, and is told.
pub(super) fn judge(
    step: &Step,
    heard: &Heard,
    (before, after): (&Open, &Open),
    (names, family): (&BTreeMap<CustomerId, String>, usize),
    reply: &ToolReply,
) {
    let made: Vec<_> = after.values().filter(|row| !before.contains_key(&row.id)).collect();
    let gone: Vec<_> = before.values().filter(|row| !after.contains_key(&row.id)).collect();
    let is_moved =
        |row: &&AppointmentSnapshot| before.get(&row.id).is_some_and(|was| was.starts_at != row.starts_at);
    let moved: Vec<_> = after.values().filter(is_moved).collect();
    let kinds = [&made, &gone, &moved].iter().filter(|rows| !rows.is_empty()).count();
    assert!(kinds <= 1, "two things at once");
    let told = match reply.status {
        Status::Booked => Some(&made),
        Status::Cancelled => Some(&gone),
        Status::Rescheduled => Some(&moved),
        _ => None,
    };
    if kinds == 1 {
        let told = told.unwrap_or_else(|| panic!("done and not told"));
        assert!(!told.is_empty(), "something else was told than done");
        assert!(!LOOKING.contains(&step.tool) && !step.looks_only, "done by a look");
        assert_ne!(step.confirm, Some(false), "done in spite of a no");
        let ids: BTreeSet<_> = ids_in(reply).into_iter().collect();
        assert!(told.iter().all(|row| ids.contains(&row.id)), "another one is told of: {ids:?}");
        // A name that is nobody's of the number is who calls, beside an id that says what is meant.
        let calls = step.name.filter(|name| {
            step.appointment.is_none() || made.is_empty() && names.values().any(|theirs| theirs == name)
        });
        if let Some(name) = calls {
            for row in told {
                assert_eq!(names.get(&row.customer).map(String::as_str), Some(name), "done for another");
            }
        }
    }
    if let (Some(only), 1, false) = (heard.named.first(), heard.named.len(), heard.is_self) {
        for row in &made {
            assert_eq!(names.get(&row.customer).map(String::as_str), Some(*only), "made for another");
        }
    }
    let was_asked = heard.is_other || heard.status == Some(Status::CustomerAmbiguous);
    for row in made.iter().filter(|_| family > 0 && !was_asked && !heard.has_booked_for_other) {
        let name = names.get(&row.customer).map(String::as_str);
        let is_known = NAMES.iter().take(family).any(|known| Some(*known) == name);
        assert!(is_known, "somebody new whom nobody was asked about");
    }
    for row in made.iter().filter(|_| heard.named.len() < 2 && !heard.is_self && !heard.is_other) {
        let remark = row.notes.as_ref().map(Note::as_str);
        assert!(remark.is_none() || heard.has_told, "a remark that nobody made");
        assert!(
            heard.remark.is_none_or(|told| remark.is_some_and(|all| all.contains(told))),
            "another remark"
        );
    }
    for row in &made {
        let is_with = |name| staff_of(name) == row.staff;
        assert!(step.staff.is_none_or(is_with) || made.len() > 1, "with another person");
    }
    // What is chosen is what was offered.
    let is_chosen = step.slot.is_some() || step.choice && step.service.is_none();
    if let (Some(said), false, false) = (heard.services, is_chosen, made.is_empty()) {
        let mut booked: Vec<_> = made.iter().map(|row| row.service).collect();
        booked.sort_unstable();
        let (cut, beard) = (service_id(1), service_id(3));
        let asked: [_; SERVICES] = [vec![cut], vec![beard], vec![cut, beard], Vec::new()];
        assert_eq!(booked, asked[said], "another service");
    }
    let is_yes = step.confirm == Some(true);
    if !made.is_empty() {
        let books = BOOKING.contains(&step.tool) && (is_yes || step.tool != "collect_appointment_info");
        assert!(books, "booked without a yes");
    }
    // By another tool than the one for it, a yes is one to what was asked last.
    if !moved.is_empty() {
        let is_asked = heard.status == Some(Status::ReadyForConfirmation);
        assert!(is_yes && step.tool == "reschedule_appointment" || is_asked, "moved without a yes");
    }
    if !gone.is_empty() && step.tool != "cancel_appointment" {
        let asks = [Status::ReadyForConfirmation, Status::CustomerAmbiguous];
        assert!(heard.status.is_some_and(|last| asks.contains(&last)), "called off without a yes");
    }
    if let (Some(fee), false) = (reply.data.get("fee_minor"), gone.is_empty() && moved.is_empty()) {
        assert_eq!(Some(fee), heard.fee.as_ref(), "a fee that nobody had told of");
    }
    for row in made.iter().chain(&moved) {
        let is_first = made.iter().chain(&moved).all(|other| other.starts_at >= row.starts_at);
        let is_known = step.said_minute() == Some(row.starts_at) || heard.starts.contains(&row.starts_at);
        let halves = step.date.is_some() || step.time.is_some();
        assert!(!is_first || is_known || halves, "nobody has heard of {}", row.starts_at);
        // A yes by a name is one to what was asked for that name.
        let says_when = halves || step.slot.is_some() || step.choice || heard.whom || step.name.is_some();
        assert!(!is_first || says_when || heard.last.contains(&row.starts_at), "a yes to an older question");
    }
    // What is told as done stands so.
    match reply.status {
        Status::Booked | Status::AlreadyBooked | Status::Rescheduled => {
            let ids = ids_in(reply);
            let starts: Vec<_> = ids.iter().filter_map(|id| after.get(id)).map(|row| row.starts_at).collect();
            assert!(
                start_in(reply).is_none_or(|start| starts.contains(&start)),
                "{starts:?} is told otherwise"
            );
            assert!(!ids.is_empty() && ids.iter().all(|id| after.contains_key(id)), "told as there");
        }
        Status::Cancelled | Status::AlreadyCancelled => {
            assert!(ids_in(reply).iter().all(|id| !after.contains_key(id)), "told as gone");
        }
        _ => {}
    }
}
