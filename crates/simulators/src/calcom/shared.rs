//! What the server, the courier and the handle have in common.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::clock::Clock;
use super::config::Config;
use super::faults::{Effect, FaultBook};
use super::limiter::Limiter;
use super::operation::Operation;
use super::payload;
use super::post::{Delivery, Parcel, Post, Treatment};
use super::state::{Desk, State, Twist};
use super::wire::Refusal;
use super::world::World;

/// Most requests that are remembered; the oldest are forgotten.
const MAX_REMEMBERED: usize = 20_000;

/// One request, as it went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// Counts all requests since the last reset, from 1.
    pub number: u64,
    /// When it came, by the calendar's clock.
    pub at: DateTime<Utc>,
    /// The name of the account; absent if the key is nobody's.
    pub account: Option<String>,
    /// For which endpoint.
    pub operation: Operation,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `cal-api-version`.
    pub version: Option<String>,
    /// The body; nothing if there was none, or if it was no JSON.
    pub body: Value,
    /// The answer; absent if there was none, or none yet.
    pub status: Option<u16>,
    /// What went wrong on demand.
    pub effects: Vec<Effect>,
}

/// What is counted and written down.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) requests: VecDeque<LoggedRequest>,
    pub(crate) counters: BTreeMap<Operation, u64>,
    last: u64,
}

impl Log {
    pub(crate) fn note(&mut self, mut request: LoggedRequest) -> u64 {
        self.last += 1;
        request.number = self.last;
        *self.counters.entry(request.operation).or_default() += 1;
        self.requests.push_back(request);
        if self.requests.len() > MAX_REMEMBERED {
            self.requests.pop_front();
        }
        self.last
    }

    pub(crate) fn finish(&mut self, number: u64, status: Option<u16>) {
        if let Some(entry) = self.requests.iter_mut().rev().find(|entry| entry.number == number) {
            entry.status = status;
        }
    }
}

/// Everything that changes.
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) faults: FaultBook,
    pub(crate) limiter: Limiter,
    pub(crate) post: Post,
    pub(crate) log: Log,
}

/// Parcels to post, and whom to tell when they are.
pub(crate) struct Job {
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) done: Option<oneshot::Sender<Vec<Delivery>>>,
}

/// What the server, the courier and the handle have in common.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: watch::Sender<bool>,
    origin: World,
    inner: Mutex<Inner>,
    courier: mpsc::UnboundedSender<Job>,
    tasks: Mutex<JoinSet<()>>,
    /// How many requests are being worked on.
    under_way: watch::Sender<usize>,
}

/// One request that is being worked on, until it is done or given up.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn begin(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Shared {
    pub(crate) fn new(
        world: World,
        clock: Arc<dyn Clock>,
        config: Config,
        courier: mpsc::UnboundedSender<Job>,
    ) -> Self {
        let inner = Mutex::new(beginning(&world, &config));
        let tasks = Mutex::new(JoinSet::new());
        let (stop, under_way) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { config, clock, stop, origin: world, inner, courier, tasks, under_way }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything is as it was in the beginning.
    pub(crate) fn reset(&self) {
        *self.lock() = beginning(&self.origin, &self.config);
    }

    /// Nothing goes wrong any more.
    pub(crate) fn clear_faults(&self) {
        let mut inner = self.lock();
        inner.faults.clear();
        inner.state.lies.clear();
    }

    /// Runs on even if whoever asked has gone.
    pub(crate) fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        let under_way = UnderWay::begin(&self.under_way);
        tasks.spawn(async move {
            let _under_way = under_way;
            work.await;
        });
    }

    /// Waits until what was asked so far has had the effect that it will have.
    pub(crate) async fn requests_done(&self) {
        // An error would mean that the sender is gone, which lives as long as this.
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    pub(crate) fn abort(&self) {
        self.stop.send_replace(true);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Something that happens outside of the API: in the calendar itself, or on the booking page.
    pub(crate) fn act<T>(
        &self,
        at: impl FnOnce(&State) -> Option<usize>,
        action: impl FnOnce(&mut Desk<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let inner = &mut *inner;
        let at = at(&inner.state).ok_or_else(|| Refusal::missing("no account has this"))?;
        let twist = Twist::default();
        let mut desk = Desk { state: &mut inner.state, at, now, config: &self.config, twist: &twist };
        let outcome = action(&mut desk);
        self.send(inner, Treatment::default());
        outcome
    }

    /// Hands over what there is to tell.
    pub(crate) fn send(&self, inner: &mut Inner, treatment: Treatment) {
        let parcels = self.collect(inner, treatment);
        let parcels = inner.post.accept(parcels);
        self.dispatch(parcels, None);
    }

    /// What there is to tell.
    pub(crate) fn collect(&self, inner: &mut Inner, treatment: Treatment) -> Vec<Parcel> {
        let events = std::mem::take(&mut inner.state.events);
        inner.post.wrap(&inner.state.tenants, events, treatment)
    }

    fn dispatch(&self, parcels: Vec<Parcel>, done: Option<oneshot::Sender<Vec<Delivery>>>) {
        if !parcels.is_empty() || done.is_some() {
            // The courier ends with the stand-in, and then nobody waits for anything.
            let _ = self.courier.send(Job { parcels, done });
        }
    }

    /// Posts now, after whatever is under way, and waits for the answers.
    pub(crate) async fn post_now(&self, parcels: Vec<Parcel>) -> Vec<Delivery> {
        let (done, answers) = oneshot::channel();
        self.dispatch(parcels, Some(done));
        answers.await.unwrap_or_default()
    }

    /// Tells of meetings that are over by now.
    pub(crate) fn end_meetings(&self, inner: &mut Inner, now: DateTime<Utc>) -> usize {
        let mut ended = 0;
        for at in 0..inner.state.tenants.len() {
            let tenant = &mut inner.state.tenants[at];
            let over = |booking: &super::Booking| {
                booking.status == super::BookingStatus::Accepted && booking.end <= now && !booking.ended
            };
            let mut bodies = Vec::new();
            for booking in tenant.bookings.iter_mut().filter(|booking| over(booking)) {
                booking.ended = true;
                bodies.push((booking.event_type_id, payload::meeting_ended(&tenant.account, booking)));
            }
            ended += bodies.len();
            let twist = Twist::default();
            let mut desk = Desk { state: &mut inner.state, at, now, config: &self.config, twist: &twist };
            for (event_type, body) in bodies {
                desk.tell("MEETING_ENDED", Some(event_type), body);
            }
        }
        self.send(inner, Treatment::default());
        ended
    }
}

fn beginning(world: &World, config: &Config) -> Inner {
    Inner {
        state: State::new(world, config.seed),
        faults: FaultBook::default(),
        limiter: Limiter::default(),
        post: Post::new(config.webhooks),
        log: Log::default(),
    }
}
