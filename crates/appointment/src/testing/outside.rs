//! An outside calendar in memory, which does what it is told to do wrong.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, Clock, TenantScope};

use crate::calendar::{
    Attendee, CalendarGateway, CalendarLink, Connection, CopySearch, Effort, PageCursor, ReadFailure,
    RefusalReason, RemoteBooking, RemoteEventType, RemoteHost, RemotePage, RemoteRequest, RemoteReservation,
    RemoteService, RemoteStatus, RemoteUid, ReservationUid, WriteFailure,
};
use crate::model::Span;

mod reserved;
mod searched;

pub use reserved::Reserved;
use reserved::is_hidden;
use searched::{found_on, listed};

/// What goes wrong with the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// A write is refused.
    Refused(RefusalReason),
    /// It does not reach the calendar.
    NotSent,
    /// It is not sent, since our own budget is used up.
    Limited,
    /// It gets lost on the way there.
    LostBefore,
    /// It takes effect, and the answer gets lost.
    LostAfter,
    /// It takes effect when [`ScriptedCalendar::catch_up`] is called, and the answer gets lost.
    Late,
}

#[derive(Debug, Clone)]
enum Write {
    Create(Box<RemoteRequest>),
    Reschedule(RemoteUid, DateTime<Utc>),
    Cancel(RemoteUid),
}

#[derive(Debug, Default)]
struct State {
    bookings: Vec<RemoteBooking>,
    made: u32,
    mishaps: VecDeque<Mishap>,
    late: Vec<Write>,
    writes: u32,
    is_down: bool,
    asks_hosts: bool,
    shown: Vec<RemoteService>,
    hosts: Vec<RemoteHost>,
    reservations: Vec<Reserved>,
}

/// An outside calendar in memory. Each event type is one person's: two bookings of it do not overlap.
pub struct ScriptedCalendar {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl ScriptedCalendar {
    /// An empty one; bookings carry this clock's product time.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// The next writes go wrong like this, one after the other.
    pub fn script(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.lock().mishaps.extend(mishaps);
    }

    /// Nothing that was scripted goes wrong any more.
    pub fn calm(&self) {
        self.lock().mishaps.clear();
    }

    /// From now on, bookings are performed by these people.
    pub fn performed_by(&self, hosts: Vec<RemoteHost>) {
        self.lock().hosts = hosts;
    }

    /// From now on it shows these event types, and no others.
    pub fn shows(&self, shown: Vec<RemoteService>) {
        self.lock().shown = shown;
    }

    /// From now on, what is booked waits for its host, or nothing does any more.
    pub fn asks_hosts(&self, asks: bool) {
        self.lock().asks_hosts = asks;
    }

    /// From now on nothing is reached, or everything again.
    pub fn set_down(&self, is_down: bool) {
        self.lock().is_down = is_down;
    }

    /// Late writes take effect.
    pub fn catch_up(&self) {
        let mut state = self.lock();
        for write in std::mem::take(&mut state.late) {
            let _ = apply(&mut state, &write, self.clock.now());
        }
    }

    /// Every booking, the oldest first.
    #[must_use]
    pub fn bookings(&self) -> Vec<RemoteBooking> {
        self.lock().bookings.clone()
    }

    /// Bookings that stand.
    #[must_use]
    pub fn open(&self) -> Vec<RemoteBooking> {
        self.bookings().into_iter().filter(|booking| booking.status.is_open()).collect()
    }

    /// Writes that reached the calendar.
    #[must_use]
    pub fn writes(&self) -> u32 {
        self.lock().writes
    }

    /// Somebody books there, without us; `None` if the time is taken.
    pub fn book_outside(
        &self,
        event_type: &RemoteEventType,
        start: DateTime<Utc>,
        attendee: Option<Attendee>,
    ) -> Option<RemoteUid> {
        let mut state = self.lock();
        if is_taken(&state, event_type, start, None) {
            return None;
        }
        Some(add(&mut state, self.clock.now(), event_type, start, attendee, None, None).uid)
    }

    /// Somebody moves a booking there; `None` if that cannot be.
    pub fn move_outside(&self, uid: &RemoteUid, start: DateTime<Utc>) -> Option<RemoteUid> {
        let write = Write::Reschedule(uid.clone(), start);
        apply(&mut self.lock(), &write, self.clock.now()).ok().map(|moved| moved.uid)
    }

    /// Somebody books anew there over the link of a booking that was called off, or is over; `None` if there is none, or
    /// the time is taken.
    pub fn book_anew_outside(&self, uid: &RemoteUid, start: DateTime<Utc>) -> Option<RemoteUid> {
        let mut state = self.lock();
        let old = state.bookings.iter().find(|booking| booking.uid == *uid).cloned()?;
        let event_type = old.event_type?;
        if is_taken(&state, &event_type, start, Some(uid)) {
            return None;
        }
        let now = self.clock.now();
        let new = add(&mut state, now, &event_type, start, old.attendee, old.marker, Some(uid.clone())).uid;
        for booking in state.bookings.iter_mut().filter(|booking| booking.uid == *uid) {
            booking.status = RemoteStatus::Cancelled;
            booking.successor = Some(new.clone());
        }
        Some(new)
    }

    /// Somebody calls a booking off there; false if there is nothing to call off.
    pub fn cancel_outside(&self, uid: &RemoteUid) -> bool {
        apply(&mut self.lock(), &Write::Cancel(uid.clone()), self.clock.now()).is_ok()
    }

    /// Somebody else changes something there.
    pub fn change(&self, change: impl FnOnce(&mut Vec<RemoteBooking>)) {
        change(&mut self.lock().bookings);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, write: &Write) -> Result<RemoteBooking, WriteFailure> {
        let unknown = |why: &str| WriteFailure::Unknown { why: why.to_owned() };
        let not_sent = |why: &str| WriteFailure::NotSent { why: why.to_owned() };
        let now = self.clock.now();
        let mut state = self.lock();
        if state.is_down {
            return Err(not_sent("connect"));
        }
        match state.mishaps.pop_front() {
            Some(Mishap::Refused(reason)) => {
                Err(WriteFailure::Refused { reason, detail: "scripted".to_owned() })
            }
            Some(Mishap::NotSent) => Err(not_sent("scripted")),
            Some(Mishap::Limited) => Err(not_sent("limited")),
            Some(Mishap::LostBefore) => Err(unknown("timeout")),
            Some(Mishap::LostAfter) => {
                let _ = apply(&mut state, write, now);
                Err(unknown("timeout"))
            }
            Some(Mishap::Late) => {
                state.late.push(write.clone());
                Err(unknown("timeout"))
            }
            None => apply(&mut state, write, now),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, ReadFailure> {
        let state = self.lock();
        if state.is_down {
            return Err(ReadFailure::Unavailable { why: "connect".to_owned() });
        }
        Ok(read(&state))
    }
}

fn refused(reason: RefusalReason) -> WriteFailure {
    WriteFailure::Refused { reason, detail: "by the calendar".to_owned() }
}

fn apply(state: &mut State, write: &Write, now: DateTime<Utc>) -> Result<RemoteBooking, WriteFailure> {
    state.writes += 1;
    match write {
        Write::Create(request) => {
            if is_taken(state, &request.link.event_type, request.start, None) {
                return Err(refused(RefusalReason::SlotTaken));
            }
            let attendee = Attendee { ..request.attendee.clone() };
            Ok(add(
                state,
                now,
                &request.link.event_type,
                request.start,
                Some(attendee),
                Some(request.marker),
                None,
            ))
        }
        Write::Reschedule(uid, start) => {
            let Some(old) = state.bookings.iter().find(|booking| booking.uid == *uid).cloned() else {
                return Err(refused(RefusalReason::NotFound));
            };
            if !old.status.is_open() {
                return Err(refused(RefusalReason::AlreadyChanged));
            }
            let Some(event_type) = old.event_type.clone() else {
                return Err(refused(RefusalReason::Invalid));
            };
            if is_taken(state, &event_type, *start, Some(uid)) {
                return Err(refused(RefusalReason::SlotTaken));
            }
            let new = add(state, now, &event_type, *start, old.attendee, old.marker, Some(uid.clone()));
            for booking in state.bookings.iter_mut().filter(|booking| booking.uid == *uid) {
                booking.status = RemoteStatus::Cancelled;
                booking.successor = Some(new.uid.clone());
            }
            Ok(new)
        }
        Write::Cancel(uid) => {
            let Some(booking) = state.bookings.iter_mut().find(|booking| booking.uid == *uid) else {
                return Err(refused(RefusalReason::NotFound));
            };
            if booking.successor.is_some() {
                return Err(refused(RefusalReason::AlreadyChanged));
            }
            booking.status = RemoteStatus::Cancelled;
            Ok(booking.clone())
        }
    }
}

fn is_taken(
    state: &State,
    event_type: &RemoteEventType,
    start: DateTime<Utc>,
    except: Option<&RemoteUid>,
) -> bool {
    let end = start + TimeDelta::minutes(30);
    state.bookings.iter().any(|booking| {
        booking.status.is_open()
            && Some(&booking.uid) != except
            && booking.event_type.as_ref() == Some(event_type)
            && booking.start < end
            && start < booking.end
    })
}

fn add(
    state: &mut State,
    now: DateTime<Utc>,
    event_type: &RemoteEventType,
    start: DateTime<Utc>,
    attendee: Option<Attendee>,
    marker: Option<AppointmentId>,
    predecessor: Option<RemoteUid>,
) -> RemoteBooking {
    state.made += 1;
    let booking = RemoteBooking {
        uid: uid(state.made),
        status: if state.asks_hosts { RemoteStatus::Pending } else { RemoteStatus::Accepted },
        start,
        end: start + TimeDelta::minutes(30),
        event_type: Some(event_type.clone()),
        hosts: state.hosts.clone(),
        attendee,
        absent: None,
        marker,
        predecessor,
        successor: None,
        why_ended: None,
        created_at: Some(now),
        updated_at: Some(now),
    };
    state.bookings.push(booking.clone());
    booking
}

/// The uid of the booking that was made as the `number`th, from 1.
///
/// # Panics
/// Never: the text is a usable reference.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant shape of text")]
pub fn uid(number: u32) -> RemoteUid {
    RemoteUid::parse(&format!("uid_{number}")).expect("a usable reference")
}

#[async_trait]
impl CalendarGateway for ScriptedCalendar {
    async fn free_starts<'a>(
        &self,
        _: &TenantScope,
        _: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        _: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        let now = self.clock.now();
        self.read(|state| {
            let mut at = window.start;
            let mut free = Vec::new();
            while at < window.end {
                let hidden = is_hidden(state, &link.event_type, at, now);
                if !hidden && !is_taken(state, &link.event_type, at, moving) {
                    free.push(at);
                }
                at += TimeDelta::minutes(15);
            }
            free
        })
    }

    async fn services(
        &self,
        _: &TenantScope,
        _: &Connection,
        _: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        self.read(|state| state.shown.clone())
    }

    async fn create(
        &self,
        _: &TenantScope,
        _: &Connection,
        request: &RemoteRequest,
        _: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.write(&Write::Create(Box::new(request.clone())))
    }

    async fn reschedule(
        &self,
        _: &TenantScope,
        _: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        _: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.write(&Write::Reschedule(uid.clone(), start))
    }

    async fn cancel(
        &self,
        _: &TenantScope,
        _: &Connection,
        uid: &RemoteUid,
        _: Effort,
    ) -> Result<(), WriteFailure> {
        self.write(&Write::Cancel(uid.clone())).map(drop)
    }

    async fn get(
        &self,
        _: &TenantScope,
        _: &Connection,
        uid: &RemoteUid,
        _: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        self.read(|state| state.bookings.iter().find(|booking| booking.uid == *uid).cloned())
    }

    async fn find_marked(
        &self,
        _: &TenantScope,
        _: &Connection,
        search: &CopySearch,
        from: Option<PageCursor>,
        _: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        self.read(|state| found_on(state, search, from.as_ref()))
    }

    async fn list(
        &self,
        _: &TenantScope,
        _: &Connection,
        window: Span,
        from: Option<PageCursor>,
        _: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        self.read(|state| listed(state, window, from.as_ref(), |_| true))
    }

    async fn reserve(
        &self,
        _: &TenantScope,
        _: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        _: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        self.hide(&link.event_type, start, lasting)
    }

    async fn release(
        &self,
        _: &TenantScope,
        _: &Connection,
        uid: &ReservationUid,
        _: Effort,
    ) -> Result<(), WriteFailure> {
        self.show(uid)
    }
}
