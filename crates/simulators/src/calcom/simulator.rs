//! The stand-in as a server, and the handle of whoever runs it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::actions::{CustomerBooking, HostBusy, OwnerCancellation, OwnerDecision, OwnerMove};
use super::booking::{Booking, Reservation};
use super::clock::Clock;
use super::config::{Config, WebhookMode};
use super::event_type::EventType;
use super::faults::{Fault, OrderedFault};
use super::line::{Exchange, Line};
use super::operation::Operation;
use super::post::{Delivery, Parcel};
use super::shared::{LoggedRequest, Shared};
use super::wire::Refusal;
use super::world::{Account, World};
use super::{control, courier, front};

/// How long connections may take to end when the stand-in stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves the stand-in on a listener of the loopback interface, from inside a Tokio runtime.
///
/// # Errors
/// If the listener has no address or no HTTP client can be built.
pub fn serve(listener: TcpListener, world: World, clock: impl Clock + 'static) -> anyhow::Result<Simulator> {
    serve_with(listener, world, Arc::new(clock), Config::default())
}

/// [`serve`] with other habits.
///
/// # Errors
/// If the listener has no address or no HTTP client can be built.
pub fn serve_with(
    listener: TcpListener,
    world: World,
    clock: Arc<dyn Clock>,
    config: Config,
) -> anyhow::Result<Simulator> {
    let url = format!("http://{}", listener.local_addr().context("address of the listener")?);
    // Cal.com does not follow redirects.
    let http = crate::http::loopback_client()?
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("calcom-simulator")
        .build()
        .context("HTTP client")?;
    let (orders, jobs) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared::new(world, clock, config, orders));
    let exchange = Exchange::new(listener);
    let down = exchange.down.clone();
    let router = Router::new()
        .nest("/_sim", control::router(&shared))
        .fallback(any(front::api))
        .with_state(shared.clone())
        .into_make_service_with_connect_info::<Line>();
    let mut stop = shared.stop.subscribe();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let stopped = async move {
            // An error means that the stand-in is gone, which is a reason to stop as well.
            let _ = stop.wait_for(|stopped| *stopped).await;
        };
        // The listener of this server cannot fail.
        let _ = axum::serve(exchange, router).with_graceful_shutdown(stopped).await;
    });
    serving.spawn(courier::work(shared.clone(), http, jobs));
    Ok(Simulator { url, shared, down, serving })
}

/// A running stand-in. It ends when this is dropped.
pub struct Simulator {
    url: String,
    shared: Arc<Shared>,
    down: Arc<AtomicBool>,
    serving: JoinSet<()>,
}

impl Simulator {
    /// Where it listens: scheme, host and port.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it; whoever still waits for an answer gets none.
    pub async fn stop(mut self) {
        self.shared.stop.send_replace(true);
        self.down.store(true, Ordering::SeqCst);
        // Whatever is not over by then is cut off.
        let _ = tokio::time::timeout(FAREWELL, self.serving.join_next()).await;
    }

    /// Everything is as it was in the beginning.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// One account more.
    pub fn add_account(&self, account: &Account) {
        self.shared.lock().state.tenants.push(super::state::Tenant::of(account));
    }

    /// Bookings that were made before this stand-in was there; nobody is told, no rule is checked, and numbers are
    /// given anew. Bookings of unknown accounts are left out.
    pub fn restore(&self, bookings: Vec<Booking>) {
        let mut inner = self.shared.lock();
        let state = &mut inner.state;
        for mut booking in bookings {
            booking.id = state.ids.number();
            let mut tenants = state.tenants.iter_mut();
            if let Some(tenant) = tenants.find(|tenant| tenant.account.name == booking.account) {
                tenant.bookings.push(booking);
            }
        }
    }

    /// Orders a fault; the number takes it back.
    pub fn order(&self, fault: Fault) -> u64 {
        let mut inner = self.shared.lock();
        let inner = &mut *inner;
        inner.faults.order(fault, &inner.state.tenants)
    }

    /// Takes a fault back. Whether there was one.
    pub fn take_back(&self, fault: u64) -> bool {
        self.shared.lock().faults.take_back(fault)
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Faults that are waiting.
    #[must_use]
    pub fn faults(&self) -> Vec<OrderedFault> {
        self.shared.lock().faults.waiting()
    }

    /// A key is blocked from now on, as if it had asked too much.
    pub fn block_key(&self, key: &str) {
        let config = &self.shared.config;
        self.shared.lock().limiter.block(key, config);
    }

    /// Nobody has asked anything yet, as far as rate limits go.
    pub fn clear_limits(&self) {
        self.shared.lock().limiter = super::limiter::Limiter::default();
    }

    /// All bookings of all accounts, in the order in which they were made within each account.
    #[must_use]
    pub fn bookings(&self) -> Vec<Booking> {
        self.shared.lock().state.tenants.iter().flat_map(|tenant| tenant.bookings.clone()).collect()
    }

    /// One booking.
    #[must_use]
    pub fn booking(&self, uid: &str) -> Option<Booking> {
        self.bookings().into_iter().find(|booking| booking.uid == uid)
    }

    /// All reservations, also those that have lapsed.
    #[must_use]
    pub fn reservations(&self) -> Vec<Reservation> {
        self.shared.lock().state.tenants.iter().flat_map(|tenant| tenant.reservations.clone()).collect()
    }

    /// All requests to `/v2`, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.lock().log.requests.iter().cloned().collect()
    }

    /// How often each endpoint was called.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<Operation, u64> {
        self.shared.lock().log.counters.clone()
    }

    /// How often an endpoint was called.
    #[must_use]
    pub fn calls(&self, operation: Operation) -> u64 {
        let counters = self.counters();
        counters.iter().filter(|(known, _)| operation.covers(**known)).map(|(_, count)| count).sum()
    }

    /// Forgets the requests, but not what they did.
    pub fn clear_log(&self) {
        self.shared.lock().log = super::shared::Log::default();
    }

    /// When webhooks leave from now on. What is queued stays queued.
    pub fn set_webhooks(&self, mode: WebhookMode) {
        self.shared.lock().post.mode = mode;
    }

    /// Webhooks that wait to be flushed.
    #[must_use]
    pub fn queue(&self) -> Vec<Parcel> {
        self.shared.lock().post.queue.iter().cloned().collect()
    }

    /// Posts everything that waits, in order, and says how that went.
    pub async fn flush(&self) -> Vec<Delivery> {
        self.release(None).await
    }

    /// Posts the first of what waits.
    pub async fn flush_some(&self, count: usize) -> Vec<Delivery> {
        self.release(Some(count)).await
    }

    async fn release(&self, count: Option<usize>) -> Vec<Delivery> {
        let parcels = self.shared.lock().post.release(count);
        self.shared.post_now(parcels).await
    }

    /// Everything that waits is there twice, one right after the other.
    pub fn duplicate_queue(&self) {
        control::duplicate(&mut self.shared.lock().post.queue);
    }

    /// What waits comes in the opposite order.
    pub fn reverse_queue(&self) {
        self.shared.lock().post.queue.make_contiguous().reverse();
    }

    /// What waits is lost. How much that was.
    pub fn drop_queue(&self) -> usize {
        let queue = &mut self.shared.lock().post.queue;
        let lost = queue.len();
        queue.clear();
        lost
    }

    /// Waits until every request so far has had the effect that it will have, also those whose client has given up.
    pub async fn requests_done(&self) {
        self.shared.requests_done().await;
    }

    /// Waits until everything that has left has arrived or failed.
    pub async fn settle(&self) {
        self.shared.post_now(Vec::new()).await;
    }

    /// Every webhook that was posted, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.lock().post.posted.iter().cloned().collect()
    }

    /// A customer books on the booking page.
    ///
    /// # Errors
    /// If the calendar refuses it.
    pub fn customer_books(&self, wish: CustomerBooking) -> Result<Booking, Refusal> {
        self.shared.customer_books(wish)
    }

    /// The owner cancels in Cal.com.
    ///
    /// # Errors
    /// If there is no such booking, or it is off already.
    pub fn owner_cancels(&self, wish: OwnerCancellation) -> Result<Booking, Refusal> {
        self.shared.owner_cancels(wish)
    }

    /// The owner moves a booking in Cal.com; what comes back is the new one.
    ///
    /// # Errors
    /// If there is no such booking, it is off already, or nobody is free.
    pub fn owner_reschedules(&self, wish: OwnerMove) -> Result<Booking, Refusal> {
        self.shared.owner_reschedules(wish)
    }

    /// The owner says yes or no to a booking that waits.
    ///
    /// # Errors
    /// If it does not wait.
    pub fn owner_decides(&self, wish: OwnerDecision) -> Result<Booking, Refusal> {
        self.shared.owner_decides(wish)
    }

    /// Something appears in another calendar of a host. Nobody is told.
    ///
    /// # Errors
    /// If there is no such host.
    pub fn host_busy(&self, busy: &HostBusy) -> Result<(), Refusal> {
        self.shared.host_busy(busy)
    }

    /// Adds an event type to an account, or changes it.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn put_event_type(&self, account: &str, event_type: EventType) -> Result<(), Refusal> {
        self.shared.put_event_type(account, event_type)
    }

    /// Deletes an event type; its bookings stay.
    ///
    /// # Errors
    /// If there is no such event type.
    pub fn remove_event_type(&self, id: u64) -> Result<(), Refusal> {
        self.shared.remove_event_type(id)
    }

    /// Somebody presses the test button of an account's webhooks.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn ping(&self, account: &str) -> Result<(), Refusal> {
        self.shared.ping(account)
    }

    /// Tells of meetings that are over by now, which every request does as well. How many there were.
    pub fn end_meetings(&self) -> usize {
        let now = self.shared.clock.now();
        self.shared.end_meetings(&mut self.shared.lock(), now)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.down.store(true, Ordering::SeqCst);
        self.shared.abort();
    }
}
