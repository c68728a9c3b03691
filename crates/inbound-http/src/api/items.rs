//! The rows of the lists as clients see them. Names and shapes are promises, pinned by tests.

use appointment::model::{SequenceId, SeriesId};
use appointment::waiting::{OfferId, WishId};
use call::Direction;
use chrono::{DateTime, SecondsFormat, Utc};
use kernel::{AppointmentId, BranchId, CallId, CustomerId, PhoneNumber, ServiceId, StaffId};
use operations::lists::CallCounters;
use operations::ports::{
    AppointmentListItem, CallCount, CallListItem, CallbackListItem, CustomerListItem, WishListItem,
};
use serde::Serialize;
use servicedesk::CallbackId;

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallItem {
    id: CallId,
    provider_call_id: String,
    branch_id: Option<BranchId>,
    direction: String,
    status: String,
    from_number: Option<String>,
    to_number: Option<String>,
    started_at: Option<String>,
    ended_at: Option<String>,
    duration_ms: Option<i64>,
    customer_id: Option<CustomerId>,
    outcome: Option<String>,
    successful: Option<bool>,
    sentiment: Option<String>,
    disconnection_reason: Option<String>,
    created_at: String,
}

/// How many calls there are, in total and by status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallCountersBody {
    calls: i64,
    duration_ms: i64,
    by_status: Vec<CallCountItem>,
}

/// The calls in one status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CallCountItem {
    status: String,
    calls: i64,
    duration_ms: i64,
}

/// An appointment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AppointmentItem {
    id: AppointmentId,
    branch_id: BranchId,
    customer_id: CustomerId,
    customer_name: Option<String>,
    service_id: ServiceId,
    service_name: String,
    staff_id: StaffId,
    staff_name: String,
    call_id: Option<CallId>,
    starts_at: String,
    ends_at: String,
    timezone: String,
    status: String,
    source: String,
    price_minor: i64,
    currency: &'static str,
    sequence_id: Option<SequenceId>,
    series_id: Option<SeriesId>,
    created_at: String,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerItem {
    id: CustomerId,
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    anonymous: bool,
    status: String,
    created_at: String,
}

/// A callback request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallbackItem {
    id: CallbackId,
    branch_id: Option<BranchId>,
    customer_id: Option<CustomerId>,
    call_id: Option<CallId>,
    phone: Option<String>,
    name: Option<String>,
    reason: String,
    note: Option<String>,
    priority: String,
    preferred_window: Option<String>,
    status: String,
    due_at: String,
    created_at: String,
}

/// A wish of the waiting list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WishItem {
    id: WishId,
    branch_id: BranchId,
    service_id: ServiceId,
    service_name: String,
    staff_id: Option<StaffId>,
    customer_id: Option<CustomerId>,
    call_id: Option<CallId>,
    phone: Option<String>,
    name: Option<String>,
    first_day: String,
    last_day: String,
    from_time: String,
    until_time: String,
    status: String,
    asked: i32,
    offer_id: Option<OfferId>,
    offered_start: Option<String>,
    offered_until: Option<String>,
    created_at: String,
}

impl From<CallListItem> for CallItem {
    fn from(call: CallListItem) -> Self {
        // The company rings in an outbound call, and the caller, whom it speaks with, is rung.
        let is_outbound = call.direction == Direction::Outbound.as_str();
        let (from, to) = if is_outbound { (call.to, call.from) } else { (call.from, call.to) };
        Self {
            id: call.id,
            provider_call_id: call.provider_call_id,
            branch_id: call.branch,
            direction: call.direction,
            status: call.status,
            from_number: number(from),
            to_number: number(to),
            started_at: call.started_at.map(instant),
            ended_at: call.ended_at.map(instant),
            duration_ms: call.duration_ms,
            customer_id: call.customer,
            outcome: call.outcome,
            successful: call.successful,
            sentiment: call.sentiment,
            disconnection_reason: call.disconnection_reason,
            created_at: instant(call.created_at),
        }
    }
}

impl From<CallCounters> for CallCountersBody {
    fn from(counters: CallCounters) -> Self {
        let item = |CallCount { status, calls, duration_ms }| CallCountItem { status, calls, duration_ms };
        Self {
            calls: counters.calls,
            duration_ms: counters.duration_ms,
            by_status: counters.by_status.into_iter().map(item).collect(),
        }
    }
}

impl From<AppointmentListItem> for AppointmentItem {
    fn from(appointment: AppointmentListItem) -> Self {
        Self {
            id: appointment.id,
            branch_id: appointment.branch,
            customer_id: appointment.customer,
            customer_name: appointment.customer_name.map(String::from),
            service_id: appointment.service,
            service_name: appointment.service_name,
            staff_id: appointment.staff,
            staff_name: appointment.staff_name,
            call_id: appointment.call,
            starts_at: instant(appointment.starts_at),
            ends_at: instant(appointment.ends_at),
            timezone: appointment.timezone,
            status: appointment.status,
            source: appointment.source,
            price_minor: appointment.price.minor(),
            currency: appointment.price.currency().code(),
            sequence_id: appointment.sequence,
            series_id: appointment.series,
            created_at: instant(appointment.created_at),
        }
    }
}

impl From<CustomerListItem> for CustomerItem {
    fn from(customer: CustomerListItem) -> Self {
        Self {
            id: customer.id,
            name: customer.name.map(String::from),
            phone: number(customer.phone),
            email: customer.email.map(String::from),
            anonymous: customer.anonymous,
            status: customer.status,
            created_at: instant(customer.created_at),
        }
    }
}

impl From<CallbackListItem> for CallbackItem {
    fn from(callback: CallbackListItem) -> Self {
        Self {
            id: CallbackId::from_uuid(callback.id),
            branch_id: callback.branch,
            customer_id: callback.customer,
            call_id: callback.call,
            phone: number(callback.phone),
            name: callback.name.map(String::from),
            reason: callback.reason,
            note: callback.note,
            priority: callback.priority,
            preferred_window: callback.preferred_window,
            status: callback.status,
            due_at: instant(callback.due_at),
            created_at: instant(callback.created_at),
        }
    }
}

impl From<WishListItem> for WishItem {
    fn from(wish: WishListItem) -> Self {
        let clock = |minute: i16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            id: wish.id,
            branch_id: wish.branch,
            service_id: wish.service,
            service_name: wish.service_name,
            staff_id: wish.staff,
            customer_id: wish.customer,
            call_id: wish.call,
            phone: number(wish.phone),
            name: wish.name.map(String::from),
            first_day: wish.first_day.to_string(),
            last_day: wish.last_day.to_string(),
            from_time: clock(wish.from_minute),
            until_time: clock(wish.until_minute),
            status: wish.status,
            asked: wish.asked,
            offer_id: wish.offer,
            offered_start: wish.offered_start.map(instant),
            offered_until: wish.offered_until.map(instant),
            created_at: instant(wish.created_at),
        }
    }
}

fn number(number: Option<PhoneNumber>) -> Option<String> {
    number.map(String::from)
}

/// RFC 3339 in UTC, to the millisecond.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
