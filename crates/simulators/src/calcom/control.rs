//! `/_sim`: looking in, ordering faults, and playing the people in front of Cal.com.
//!
//! | Path, below `/_sim` | |
//! | --- | --- |
//! | `GET /health` | that it is there |
//! | `GET /bookings`, `/reservations` | of all accounts |
//! | `GET /requests`, `/counters` | what was asked of `/v2`; `DELETE /requests` forgets it |
//! | `GET`, `POST`, `DELETE /faults` | those that wait; one more ([`Fault`]), answers `{"id": …}`; none |
//! | `DELETE /faults/{id}` | takes one back |
//! | `POST /limits/block`, `DELETE /limits` | `{"key": …}` is blocked as if it had asked too much; nobody is |
//! | `GET /webhooks` | mode, queue and deliveries |
//! | `POST /webhooks/mode` | `{"mode": "queued"}` or `immediate` |
//! | `POST /webhooks/flush` | posts the queue, or `{"count": n}` of it; answers with the deliveries |
//! | `POST /webhooks/duplicate`, `/reverse`, `/drop` | bends the queue |
//! | `POST /webhooks/ping/{account}` | the test button |
//! | `POST /actions/book` | [`CustomerBooking`] |
//! | `POST /actions/cancel`, `/reschedule`, `/decide` | [`OwnerCancellation`], [`OwnerMove`], [`OwnerDecision`] |
//! | `POST /actions/busy` | [`HostBusy`] |
//! | `POST /actions/end-meetings` | tells of meetings that are over |
//! | `POST /accounts` | one more ([`Account`]) |
//! | `PUT /accounts/{account}/event-types` | adds or changes one ([`EventType`]) |
//! | `DELETE /event-types/{id}` | deletes one |
//! | `POST /reset` | as in the beginning |
//!
//! It is for the loopback interface alone and wants no key.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{delete, get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::{CustomerBooking, HostBusy, OwnerCancellation, OwnerDecision, OwnerMove};
use super::config::WebhookMode;
use super::event_type::EventType;
use super::faults::Fault;
use super::limiter::Limiter;
use super::post::Parcel;
use super::shared::{Log, Shared};
use super::state::Tenant;
use super::wire::Refusal;
use super::world::Account;

type Sim = Extract<Arc<Shared>>;

/// The routes below `/_sim`.
pub(crate) fn router(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let webhooks = Router::new()
        .route("/", get(webhooks))
        .route("/mode", post(set_mode))
        .route("/flush", post(flush))
        .route("/duplicate", post(duplicate_queue))
        .route("/reverse", post(reverse_queue))
        .route("/drop", post(drop_queue))
        .route("/ping/{account}", post(ping));
    let actions = Router::new()
        .route("/book", post(book))
        .route("/cancel", post(cancel))
        .route("/reschedule", post(reschedule))
        .route("/decide", post(decide))
        .route("/busy", post(busy))
        .route("/end-meetings", post(end_meetings));
    Router::new()
        .route("/health", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/bookings", get(bookings))
        .route("/reservations", get(reservations))
        .route("/requests", get(requests).delete(forget_requests))
        .route("/counters", get(counters))
        .route("/faults", get(faults).post(order).delete(clear_faults))
        .route("/faults/{id}", delete(take_back))
        .route("/limits", delete(clear_limits))
        .route("/limits/block", post(block_key))
        .route("/accounts", post(add_account))
        .route("/accounts/{account}/event-types", put(put_event_type))
        .route("/event-types/{id}", delete(remove_event_type))
        .route("/reset", post(reset))
        .nest("/webhooks", webhooks)
        .nest("/actions", actions)
        .with_state(shared.clone())
}

/// Everything twice, one right after the other.
pub(crate) fn duplicate(queue: &mut VecDeque<Parcel>) {
    *queue = queue.drain(..).flat_map(|parcel| [parcel.clone(), parcel]).collect();
}

fn outcome<T: serde::Serialize>(result: Result<T, Refusal>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(json!({"message": refusal.message}))).into_response()
        }
    }
}

async fn bookings(Extract(shared): Sim) -> Json<Value> {
    let inner = shared.lock();
    Json(json!(inner.state.tenants.iter().flat_map(|tenant| &tenant.bookings).collect::<Vec<_>>()))
}

async fn reservations(Extract(shared): Sim) -> Json<Value> {
    let inner = shared.lock();
    Json(json!(inner.state.tenants.iter().flat_map(|tenant| &tenant.reservations).collect::<Vec<_>>()))
}

async fn requests(Extract(shared): Sim) -> Json<Value> {
    Json(json!(shared.lock().log.requests))
}

async fn forget_requests(Extract(shared): Sim) -> StatusCode {
    shared.lock().log = Log::default();
    StatusCode::NO_CONTENT
}

async fn counters(Extract(shared): Sim) -> Json<Value> {
    Json(json!(shared.lock().log.counters))
}

async fn faults(Extract(shared): Sim) -> Json<Value> {
    Json(json!(shared.lock().faults.waiting()))
}

async fn order(Extract(shared): Sim, Json(fault): Json<Fault>) -> Json<Value> {
    let mut inner = shared.lock();
    let inner = &mut *inner;
    Json(json!({"id": inner.faults.order(fault, &inner.state.tenants)}))
}

async fn clear_faults(Extract(shared): Sim) -> StatusCode {
    shared.clear_faults();
    StatusCode::NO_CONTENT
}

async fn take_back(Extract(shared): Sim, Path(id): Path<u64>) -> StatusCode {
    if shared.lock().faults.take_back(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    key: String,
}

async fn block_key(Extract(shared): Sim, Json(wanted): Json<Key>) -> StatusCode {
    shared.lock().limiter.block(&wanted.key, &shared.config);
    StatusCode::NO_CONTENT
}

async fn clear_limits(Extract(shared): Sim) -> StatusCode {
    shared.lock().limiter = Limiter::default();
    StatusCode::NO_CONTENT
}

async fn webhooks(Extract(shared): Sim) -> Json<Value> {
    let post = &shared.lock().post;
    Json(json!({"mode": post.mode, "queue": post.queue, "deliveries": post.posted}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    mode: WebhookMode,
}

async fn set_mode(Extract(shared): Sim, Json(wanted): Json<Mode>) -> StatusCode {
    shared.lock().post.mode = wanted.mode;
    StatusCode::NO_CONTENT
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flush {
    count: Option<usize>,
}

async fn flush(Extract(shared): Sim, wanted: Option<Json<Flush>>) -> Json<Value> {
    let count = wanted.map(|Json(wanted)| wanted).unwrap_or_default().count;
    let parcels = shared.lock().post.release(count);
    Json(json!(shared.post_now(parcels).await))
}

async fn duplicate_queue(Extract(shared): Sim) -> StatusCode {
    duplicate(&mut shared.lock().post.queue);
    StatusCode::NO_CONTENT
}

async fn reverse_queue(Extract(shared): Sim) -> StatusCode {
    shared.lock().post.queue.make_contiguous().reverse();
    StatusCode::NO_CONTENT
}

async fn drop_queue(Extract(shared): Sim) -> StatusCode {
    shared.lock().post.queue.clear();
    StatusCode::NO_CONTENT
}

async fn ping(Extract(shared): Sim, Path(account): Path<String>) -> Response {
    outcome(shared.ping(&account))
}

async fn book(Extract(shared): Sim, Json(wish): Json<CustomerBooking>) -> Response {
    outcome(shared.customer_books(wish))
}

async fn cancel(Extract(shared): Sim, Json(wish): Json<OwnerCancellation>) -> Response {
    outcome(shared.owner_cancels(wish))
}

async fn reschedule(Extract(shared): Sim, Json(wish): Json<OwnerMove>) -> Response {
    outcome(shared.owner_reschedules(wish))
}

async fn decide(Extract(shared): Sim, Json(wish): Json<OwnerDecision>) -> Response {
    outcome(shared.owner_decides(wish))
}

async fn busy(Extract(shared): Sim, Json(busy): Json<HostBusy>) -> Response {
    outcome(shared.host_busy(&busy))
}

async fn end_meetings(Extract(shared): Sim) -> Json<Value> {
    let now = shared.clock.now();
    Json(json!({"ended": shared.end_meetings(&mut shared.lock(), now)}))
}

async fn add_account(Extract(shared): Sim, Json(account): Json<Account>) -> StatusCode {
    shared.lock().state.tenants.push(Tenant::of(&account));
    StatusCode::CREATED
}

async fn put_event_type(
    Extract(shared): Sim,
    Path(account): Path<String>,
    Json(event_type): Json<EventType>,
) -> Response {
    outcome(shared.put_event_type(&account, event_type))
}

async fn remove_event_type(Extract(shared): Sim, Path(id): Path<u64>) -> Response {
    outcome(shared.remove_event_type(id))
}

async fn reset(Extract(shared): Sim) -> StatusCode {
    shared.reset();
    StatusCode::NO_CONTENT
}
