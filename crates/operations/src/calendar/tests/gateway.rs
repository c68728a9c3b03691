//! A gateway in front of the scripted calendar, which lets something else happen during a write or after a reading, or
//! goes blind.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use appointment::calendar::{
    CalendarGateway, CalendarLink, Connection, CopySearch, Effort, Lane, PageCursor, ReadFailure,
    RemoteBooking, RemoteEventType, RemotePage, RemoteRequest, RemoteReservation, RemoteService, RemoteUid,
    ReservationUid, WriteFailure,
};
use appointment::model::Span;
use appointment::testing::ScriptedCalendar;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use kernel::TenantScope;

/// Something that happens at a certain point.
pub(super) type Event = BoxFuture<'static, ()>;

pub(super) struct Hooked {
    inner: Arc<ScriptedCalendar>,
    /// Nothing is found by its marker.
    pub(super) blind: AtomicBool,
    before: Mutex<VecDeque<Event>>,
    after: Mutex<VecDeque<Event>>,
    read: Mutex<VecDeque<Event>>,
    /// Bookings about which a question fails.
    pub(super) broken: Mutex<BTreeMap<RemoteUid, ReadFailure>>,
    /// An event type that was deleted there: its bookings stand, and are not listed.
    pub(super) deleted: Mutex<Option<RemoteEventType>>,
    /// Pages that were asked for in search of our bookings.
    pub(super) searches: Mutex<Vec<CopySearch>>,
    /// Questions about single bookings that may still be asked.
    pub(super) budget: AtomicU32,
    /// Changes of what nobody waits for that may still be sent.
    pub(super) upkeep: AtomicU32,
}

impl Hooked {
    pub(super) fn new(inner: Arc<ScriptedCalendar>) -> Self {
        Self {
            inner,
            blind: AtomicBool::new(false),
            before: Mutex::default(),
            after: Mutex::default(),
            read: Mutex::default(),
            broken: Mutex::default(),
            deleted: Mutex::default(),
            searches: Mutex::default(),
            budget: AtomicU32::new(u32::MAX),
            upkeep: AtomicU32::new(u32::MAX),
        }
    }

    /// Happens once the next write is announced, before it is sent.
    pub(super) fn before_write(&self, event: Event) {
        self.before.lock().unwrap().push_back(event);
    }

    /// Happens once the next write was answered, before the answer arrives here.
    pub(super) fn after_write(&self, event: Event) {
        self.after.lock().unwrap().push_back(event);
    }

    /// Happens once the next booking or listing was read, before it arrives here.
    pub(super) fn after_read(&self, event: Event) {
        self.read.lock().unwrap().push_back(event);
    }

    async fn happen(&self, what: &Mutex<VecDeque<Event>>) {
        let event = what.lock().unwrap().pop_front();
        if let Some(event) = event {
            event.await;
        }
    }
}

/// False if there is none left.
fn take_one(budget: &AtomicU32) -> bool {
    budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl CalendarGateway for Hooked {
    async fn free_starts<'a>(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        window: Span,
        moving: Option<&'a RemoteUid>,
        effort: Effort,
    ) -> Result<Vec<DateTime<Utc>>, ReadFailure> {
        self.inner.free_starts(scope, connection, link, window, moving, effort).await
    }

    async fn services(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        effort: Effort,
    ) -> Result<Vec<RemoteService>, ReadFailure> {
        self.inner.services(scope, connection, effort).await
    }

    async fn create(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        request: &RemoteRequest,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        if effort.lane == Lane::Upkeep && !take_one(&self.upkeep) {
            return Err(WriteFailure::NotSent { why: "limited".to_owned() });
        }
        self.happen(&self.before).await;
        let made = self.inner.create(scope, connection, request, effort).await;
        self.happen(&self.after).await;
        made
    }

    async fn reschedule(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        start: DateTime<Utc>,
        effort: Effort,
    ) -> Result<RemoteBooking, WriteFailure> {
        self.happen(&self.before).await;
        let moved = self.inner.reschedule(scope, connection, uid, start, effort).await;
        self.happen(&self.after).await;
        moved
    }

    async fn cancel(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.happen(&self.before).await;
        let gone = self.inner.cancel(scope, connection, uid, effort).await;
        self.happen(&self.after).await;
        gone
    }

    async fn get(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &RemoteUid,
        effort: Effort,
    ) -> Result<Option<RemoteBooking>, ReadFailure> {
        if !take_one(&self.budget) {
            return Err(ReadFailure::Unavailable { why: "limited".to_owned() });
        }
        if let Some(failure) = self.broken.lock().unwrap().get(uid) {
            return Err(failure.clone());
        }
        let read = self.inner.get(scope, connection, uid, effort).await;
        self.happen(&self.read).await;
        read
    }

    async fn find_marked(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        search: &CopySearch,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        self.searches.lock().unwrap().push(search.clone());
        let mut page = self.inner.find_marked(scope, connection, search, from, effort).await?;
        if self.blind.load(Ordering::Relaxed) {
            page.bookings.clear();
        }
        Ok(page)
    }

    async fn list(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        window: Span,
        from: Option<PageCursor>,
        effort: Effort,
    ) -> Result<RemotePage, ReadFailure> {
        if effort.lane == Lane::Upkeep && self.upkeep.load(Ordering::Relaxed) == 0 {
            return Err(ReadFailure::Unavailable { why: "limited".to_owned() });
        }
        let mut read = self.inner.list(scope, connection, window, from, effort).await;
        if let (Ok(page), Some(deleted)) = (&mut read, &*self.deleted.lock().unwrap()) {
            page.bookings.retain(|booking| booking.event_type.as_ref() != Some(deleted));
        }
        self.happen(&self.read).await;
        read
    }

    async fn reserve(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        link: &CalendarLink,
        start: DateTime<Utc>,
        lasting: TimeDelta,
        effort: Effort,
    ) -> Result<RemoteReservation, WriteFailure> {
        self.inner.reserve(scope, connection, link, start, lasting, effort).await
    }

    async fn release(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        uid: &ReservationUid,
        effort: Effort,
    ) -> Result<(), WriteFailure> {
        self.inner.release(scope, connection, uid, effort).await
    }
}
