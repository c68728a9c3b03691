//! The judge: a pure function over what the outside world saw, what the database has, and what the outside calendar has.
//!
//! It knows nothing of how the product works. It asks for the end, after everything that can be done has been done:
//!
//! * `lost_webhook`: what was answered 2xx is stored, once, and was dealt with;
//! * `double_booking`: nobody has two appointments at the same moment, counted from services, phases and buffers, here and
//!   in the outside calendar, and no room two stays; `booked_twice`: no appointment had two bookings there at any moment;
//! * `wrong_occupancy`: what blocks a person is what their appointments need, no more and no less;
//! * `orphan`: what stands on one side stands on the other, or a person was asked; `unresolved`: nothing is left open;
//! * `torn_visit`: services of one visit stand together, one after the other, or none of them does, unless somebody
//!   changed one of them in the outside calendar, a person was asked about it, or the caller was told how they stand;
//! * `false_word`: what a caller was told last is so, or a person was asked and tells them; `unsaid`: nothing was done
//!   that the caller does not know of;
//! * `cross_tenant`: nobody heard of, and nothing stands under, another company's ids;
//! * `offered_twice`: one wish of the waiting list has one offer at a time, one freed time is offered to one wish at a time
//!   and to none twice; what is offered is nobody's appointment (`double_booking`), and what was offered keeps no time;
//! * `broken_offer`: what was accepted is one appointment, made of the service, with the person and at the time that were
//!   offered, and its wish is fulfilled; no other wish is;
//! * `charged_wrongly`: a call that ended is paid for once.

mod offers;
mod rooms;
mod sides;
mod spoken;
mod visits;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::history::{History, Told};

/// From and until.
pub type Span = (DateTime<Utc>, DateTime<Utc>);
/// Facilities that stand in for each other: branch and group.
pub type FacilityKind = (Uuid, Uuid);

/// An appointment, with what it needs of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRow {
    /// Slug of its company.
    pub tenant: String,
    /// Its id.
    pub id: Uuid,
    /// Who performs it.
    pub staff: Uuid,
    /// Whom it is for.
    pub customer: Uuid,
    /// The provider's id of the call in which it was booked.
    pub call: Option<String>,
    /// Beginning of the stay.
    pub start: DateTime<Utc>,
    /// End of the stay.
    pub end: DateTime<Utc>,
    /// Its status.
    pub status: String,
    /// Staffed phases.
    pub staffed: Vec<Span>,
    /// Minutes kept free before and after the stay.
    pub buffers: (i64, i64),
    /// Kinds of facilities of which it needs one for the stay with its buffers.
    pub needs: Vec<FacilityKind>,
    /// The visit that it is a part of, if it was booked together with others.
    pub visit: Option<Uuid>,
    /// Event type at the outside calendar, if its service and person are linked to one.
    pub event_type: Option<String>,
}

impl AppointmentRow {
    fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "confirmed" | "needs_attention")
    }

    fn with_buffers(&self) -> Span {
        let minutes = |count| chrono::TimeDelta::minutes(count);
        (self.start - minutes(self.buffers.0), self.end + minutes(self.buffers.1))
    }

    /// When its person is busy: staffed phases and buffers, joined where they touch.
    fn blocks(&self) -> Vec<Span> {
        let (from, until) = self.with_buffers();
        let mut spans = self.staffed.clone();
        spans.push((from, self.start));
        spans.push((self.end, until));
        joined(spans)
    }
}

fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(from, until)| from < until);
    spans.sort();
    let mut all: Vec<Span> = Vec::new();
    for (from, until) in spans {
        match all.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(until),
            _ => all.push((from, until)),
        }
    }
    all
}

/// A span that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccupancyRow {
    /// Slug of its company.
    pub tenant: String,
    /// Whose.
    pub staff: Uuid,
    /// From and until.
    pub span: Span,
    /// For which appointment; `None` is a hold or an offer.
    pub appointment: Option<Uuid>,
    /// For which offer of the waiting list.
    pub offer: Option<Uuid>,
}

/// An offer of the waiting list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRow {
    /// Slug of its company.
    pub tenant: String,
    /// Its id.
    pub id: Uuid,
    /// To which wish.
    pub wish: Uuid,
    /// The freed time: whose it was, and where it begins.
    pub freed: (Uuid, DateTime<Utc>),
    /// Whose time is offered.
    pub staff: Uuid,
    /// Whether nobody has settled it.
    pub is_open: bool,
    /// Until when it keeps its time.
    pub expires_at: DateTime<Utc>,
    /// What is offered.
    pub service: Uuid,
    /// When that begins.
    pub start: DateTime<Utc>,
    /// Whether it was accepted.
    pub is_accepted: bool,
    /// The appointment that it became.
    pub appointment: Option<Uuid>,
}

/// An appointment as it was made, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeRow {
    /// Its id.
    pub appointment: Uuid,
    /// What was booked.
    pub service: Uuid,
    /// With whom.
    pub staff: Uuid,
    /// When it was to begin.
    pub start: DateTime<Utc>,
}

/// What the product knows of an appointment's booking in the outside calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRow {
    /// Whose.
    pub appointment: Uuid,
    /// `due`, `sending`, `unknown`, `settled` or `refused`.
    pub state: String,
    /// Its name there.
    pub uid: Option<String>,
}

/// A stored webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Whose.
    pub provider: String,
    /// Of its body.
    pub sha256: Vec<u8>,
    /// Where it stands.
    pub state: String,
}

/// What the database has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Product time when it was read.
    pub now: DateTime<Utc>,
    /// Slug of the company of every id.
    pub owners: BTreeMap<Uuid, String>,
    /// All appointments.
    pub appointments: Vec<AppointmentRow>,
    /// How many facilities of a kind there are.
    pub facilities: BTreeMap<FacilityKind, usize>,
    /// All taken spans; holds that have expired are left out.
    pub occupancy: Vec<OccupancyRow>,
    /// All offers of the waiting list.
    pub offers: Vec<OfferRow>,
    /// Wishes of the waiting list, each with its status.
    pub wishes: BTreeMap<Uuid, String>,
    /// All appointments as they were made.
    pub made: Vec<MadeRow>,
    /// All copies.
    pub copies: Vec<CopyRow>,
    /// Appointments and uids that a person was asked about.
    pub reviews: Vec<(Option<Uuid>, Option<String>)>,
    /// Customers who are called back.
    pub called_back: BTreeSet<Uuid>,
    /// All stored webhooks.
    pub inbox: Vec<InboxRow>,
    /// First charges by the provider's id of the call.
    pub charges: Vec<String>,
    /// Jobs that will not be tried again.
    pub dead_jobs: Vec<String>,
}

/// A booking in the outside calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideRow {
    /// Its name.
    pub uid: String,
    /// The account, named like its company.
    pub account: String,
    /// Who does it.
    pub host: u64,
    /// What was booked.
    pub event_type: String,
    /// From and until.
    pub span: Span,
    /// Whether it stands.
    pub stands: bool,
    /// The appointment that is written on it.
    pub marker: Option<Uuid>,
    /// The company that is written on it.
    pub tenant_marker: Option<Uuid>,
    /// Whether it replaced another one.
    pub is_move: bool,
    /// When it was made, and when it last changed, by the calendar's clock.
    pub lived: Span,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its name.
    pub kind: &'static str,
    /// Which, in words.
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind, self.what)
    }
}

/// What the judge has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Questions asked.
    pub checked: u64,
    /// Answered no.
    pub violations: Vec<Violation>,
}

impl Findings {
    fn hold(&mut self, kind: &'static str, holds: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations.push(Violation { kind, what: what() });
        }
    }

    /// Whether something of this kind was found.
    #[must_use]
    pub fn names(&self, kind: &str) -> bool {
        self.violations.iter().any(|violation| violation.kind == kind)
    }
}

/// Judges the end of a history.
#[must_use]
pub fn check(history: &History, rows: &Rows, outside: &[OutsideRow]) -> Findings {
    let mut findings = Findings::default();
    webhooks(history, rows, &mut findings);
    charges(history, rows, &mut findings);
    double_bookings(rows, outside, &mut findings);
    rooms::check(rows, &mut findings);
    occupancy(rows, &mut findings);
    offers::check(history, rows, &mut findings);
    sides::check(rows, outside, &mut findings);
    spoken::check(history, rows, outside, &mut findings);
    visits::check(history, rows, &mut findings);
    tenants(history, rows, outside, &mut findings);
    for job in &rows.dead_jobs {
        findings.hold("unresolved", false, || format!("a job of the kind {job} was given up"));
    }
    findings
}

fn webhooks(history: &History, rows: &Rows, findings: &mut Findings) {
    let mut stored: BTreeMap<(&str, &[u8]), Vec<&str>> = BTreeMap::new();
    for row in &rows.inbox {
        stored.entry((row.provider.as_str(), row.sha256.as_slice())).or_default().push(&row.state);
    }
    for posted in history.posted.iter().filter(|posted| posted.acknowledged) {
        let key = (posted.provider, posted.sha256.as_slice());
        let states = stored.get(&key).map_or(&[][..], Vec::as_slice);
        let is_kept = matches!(states, ["processed" | "ignored"]);
        findings.hold("lost_webhook", is_kept, || {
            format!("{} about {} was acknowledged and is {states:?}", posted.event, posted.subject)
        });
    }
}

fn charges(history: &History, rows: &Rows, findings: &mut Findings) {
    let ended = history.posted.iter().filter(|posted| posted.event == "call_ended");
    let acknowledged: BTreeMap<&str, bool> = ended.fold(BTreeMap::new(), |mut calls, posted| {
        *calls.entry(posted.subject.as_str()).or_default() |= posted.acknowledged;
        calls
    });
    for (call, is_acknowledged) in acknowledged {
        let count = rows.charges.iter().filter(|charged| *charged == call).count();
        // One that was stored but not acknowledged may have been charged, once as well.
        let holds = count == 1 || (count == 0 && !is_acknowledged);
        findings.hold("charged_wrongly", holds, || format!("{call} was charged {count} times"));
    }
}

fn overlap(one: &Span, other: &Span) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// Neighbours in time that overlap, of spans with the same owner.
fn clashes<K: Ord + Copy>(mut all: Vec<(K, Span, String)>) -> Vec<String> {
    all.sort();
    let mut found = Vec::new();
    // The one that reaches furthest so far, since a short one may hide behind a long one.
    let mut furthest: Option<&(K, Span, String)> = None;
    for item in &all {
        match furthest {
            Some(last) if last.0 == item.0 && last.2 != item.2 && overlap(&last.1, &item.1) => {
                found.push(format!("{} and {} at {}", last.2, item.2, item.1.0));
            }
            _ => {}
        }
        if furthest.is_none_or(|last| last.0 != item.0 || last.1.1 < item.1.1) {
            furthest = Some(item);
        }
    }
    found
}

fn double_bookings(rows: &Rows, outside: &[OutsideRow], findings: &mut Findings) {
    let open = rows.appointments.iter().filter(|row| row.is_open());
    let blocks: Vec<_> = open
        .flat_map(|row| {
            row.blocks().into_iter().map(|span| ((row.tenant.as_str(), row.staff), span, row.id.to_string()))
        })
        .collect();
    findings.checked += u64::try_from(blocks.len()).unwrap_or(0);
    let taken: Vec<_> = rows
        .occupancy
        .iter()
        .enumerate()
        .map(|(place, row)| {
            let owner = row.appointment.map_or_else(|| format!("hold {place}"), |id| format!("span of {id}"));
            ((row.tenant.as_str(), row.staff), row.span, owner)
        })
        .collect();
    findings.checked += u64::try_from(taken.len()).unwrap_or(0);
    let standing = outside.iter().filter(|row| row.stands);
    let standing: Vec<_> =
        standing.map(|row| ((row.account.as_str(), row.host), row.span, row.uid.clone())).collect();
    findings.checked += u64::try_from(standing.len()).unwrap_or(0);
    for what in clashes(blocks).into_iter().chain(clashes(taken)).chain(clashes(standing)) {
        findings.hold("double_booking", false, || what);
    }
}

/// The table that guards time says what the appointments say.
fn occupancy(rows: &Rows, findings: &mut Findings) {
    let mut taken: BTreeMap<Uuid, Vec<Span>> = BTreeMap::new();
    for row in &rows.occupancy {
        if let Some(id) = row.appointment {
            taken.entry(id).or_default().push(row.span);
        }
    }
    for row in rows.appointments.iter().filter(|row| row.end > rows.now || !row.is_open()) {
        let needed = if row.is_open() { row.blocks() } else { Vec::new() };
        let has = joined(taken.remove(&row.id).unwrap_or_default());
        // What is over may keep its time or give it back.
        let holds = has == needed || matches!(row.status.as_str(), "completed" | "no_show");
        findings.hold("wrong_occupancy", holds, || {
            format!("{} ({}) needs {needed:?} and has {has:?}", row.id, row.status)
        });
    }
}

fn tenants(history: &History, rows: &Rows, outside: &[OutsideRow], findings: &mut Findings) {
    for told in &history.told {
        for id in &told.ids {
            let owner = rows.owners.get(id);
            findings.hold("cross_tenant", owner.is_none_or(|owner| *owner == told.tenant), || {
                format!("{} of {} heard of {id} of {owner:?}", told.call, told.tenant)
            });
        }
    }
    for row in outside {
        for id in row.marker.iter().chain(&row.tenant_marker) {
            let owner = rows.owners.get(id);
            findings.hold("cross_tenant", owner.is_none_or(|owner| *owner == row.account), || {
                format!("{} in the account of {} names {id} of {owner:?}", row.uid, row.account)
            });
        }
    }
}

/// What a status promises about an appointment, in the judge's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// It stands at this time.
    Stands,
    /// It is noted, and will stand, or a person calls.
    Noted,
    /// It is called off.
    Off,
}

fn claim(told: &Told) -> Option<Claim> {
    match told.status.as_deref()? {
        "booked" | "already_booked" | "rescheduled" => Some(Claim::Stands),
        "pending_confirmation" => Some(Claim::Noted),
        "cancelled" | "already_cancelled" => Some(Claim::Off),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
