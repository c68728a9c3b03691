//! The simulators against a gateway of a few lines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod api;
mod calcom;
mod calcom_admin;
mod calcom_bookings;
mod calcom_changes;
mod calcom_control;
mod calcom_faults;
mod calcom_limits;
mod calcom_list;
mod calcom_slots;
mod calcom_webhooks;
mod calls;
mod faults;
mod gateway;

/// Sends. Tests bound their waits themselves.
#[expect(clippy::disallowed_methods, reason = "the one place where these tests send")]
async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
    request.send().await
}
