//! The client: both ports over HTTP.

mod bookings;
mod directory;
mod exchange;
mod failure;
mod hooks;
mod listing;
mod organizers;
mod pools;
mod reservations;
mod slots;

use std::sync::Arc;
use std::time::Duration;

use appointment::calendar::{Connection, Effort, ReadFailure, WriteFailure};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::time::Instant;

use crate::config::{Config, Limits};
use crate::report::{LimitReport, Unlimited};
use crate::why;
use exchange::{Answer, Ask, Trouble};
use organizers::Organizers;
use pools::Pools;

/// How long an unused connection is kept: shorter than servers do, so that they seldom close one under a request.
const IDLE: Duration = Duration::from_secs(20);

/// No client could be made; for the log of the start.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be made: {0}")]
pub struct ClientError(String);

/// Cal.com behind [`CalendarGateway`](appointment::calendar::CalendarGateway) and
/// [`CalendarDirectory`](appointment::calendar::CalendarDirectory).
///
/// It serves all accounts, each over the connections of its class and lane. It follows no redirection, uses no proxy, and
/// sends nothing twice.
#[derive(Clone)]
pub struct Client {
    pools: Arc<Pools>,
    config: Arc<Config>,
    organizers: Organizers,
    report: Arc<dyn LimitReport>,
}

impl Client {
    /// A client that asks nobody and tells nobody about limits.
    ///
    /// # Errors
    /// [`ClientError`] if TLS or HTTP cannot be set up.
    pub fn new(config: Config) -> Result<Self, ClientError> {
        Self::reporting(config, Arc::new(Unlimited))
    }

    /// A client that keeps to the budget behind `report`: see [`GuardState`](crate::guard::GuardState).
    ///
    /// Where the machine has no certificates of authorities it trusts nobody; it then reaches only what is not
    /// encrypted, and says so in the log.
    ///
    /// # Errors
    /// [`ClientError`] if TLS or HTTP cannot be set up.
    pub fn reporting(config: Config, report: Arc<dyn LimitReport>) -> Result<Self, ClientError> {
        let tls = tls().map_err(|error| ClientError(error.to_string()))?;
        let pools = Arc::new(Pools::new(&config.limits, &tls)?);
        Ok(Self { pools, config: Arc::new(config), organizers: Organizers::default(), report })
    }

    fn work<'a>(&'a self, connection: &'a Connection, effort: Effort) -> Work<'a> {
        let now = Instant::now();
        // An effort beyond what a clock can express is as good as a day.
        let ends = now.checked_add(effort.within).unwrap_or(now + Duration::from_secs(86_400));
        Work { client: self, connection, effort, ends, requests: 0 }
    }
}

fn http(limits: &Limits, tls: &ClientConfig) -> Result<reqwest::Client, ClientError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(limits.connect)
        .timeout(limits.read.max(limits.write))
        .pool_idle_timeout(IDLE)
        .user_agent("askpro-gateway")
        .build()
        .map_err(|error| ClientError(error.to_string()))
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
    };
    match builder()?.with_platform_verifier() {
        Ok(builder) => Ok(builder.with_no_client_auth()),
        Err(error) => {
            tracing::warn!(%error, "no certificate authority is trusted: encrypted calendars cannot be reached");
            Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
        }
    }
}

/// One operation of a port: one or a few requests within one effort.
struct Work<'a> {
    client: &'a Client,
    connection: &'a Connection,
    effort: Effort,
    ends: Instant,
    requests: u32,
}

impl Work<'_> {
    async fn ask(&mut self, ask: Ask<'_>, longest: Duration) -> Result<Answer, Trouble> {
        let Self { client, connection, .. } = *self;
        // Whoever let the operation through has counted its first request.
        if self.requests > 0 && !client.report.further(connection.id, self.effort.lane) {
            return Err(Trouble::NotSent(why::LIMITED));
        }
        self.requests += 1;
        let now = Instant::now();
        let ends = now.checked_add(longest).map_or(self.ends, |ends| ends.min(self.ends));
        client.exchange((connection, self.effort.lane), ask, ends).await
    }

    /// Asks a question and returns the body of a good answer.
    async fn read(&mut self, ask: Ask<'_>) -> Result<Vec<u8>, ReadFailure> {
        let longest = self.client.config.limits.read;
        let of_account = ask.is_of_account();
        failure::read(self.ask(ask, longest).await, of_account)
    }

    /// Asks for a change and returns the body of a good answer.
    async fn write(&mut self, ask: Ask<'_>) -> Result<Vec<u8>, WriteFailure> {
        let longest = self.client.config.limits.write;
        let of_account = ask.is_of_account();
        failure::write(self.ask(ask, longest).await, of_account, &self.client.config.stems)
    }
}
