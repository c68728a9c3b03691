//! The typed configuration: defaults (`default.toml`, compiled in) under a file under the environment.
//!
//! Every key has its default and its reason in `default.toml`; that file also says which keys exist and of what type
//! they are, so an unknown or mistyped key is refused by name before anything starts. To add a setting: a line with a
//! reason in `default.toml`, a field here, and a bound in `bounds` if a wrong value would hurt.

mod bookings;
mod calendar;
mod http;
mod redis;
mod secret;
mod sources;
mod voice;
mod waiting;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use adapter_postgres::Sealer;
use serde::Deserialize;

pub use bookings::Bookings;
pub use calendar::Calendar;
pub use http::Http;
pub use redis::Redis;
pub use secret::Secret;
pub use sources::{ConfigError, Sources};
pub use voice::Voice;
pub use waiting::WaitingList;

use sources::Tree;

/// The whole configuration of a process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP surface.
    pub http: Http,
    /// The conversation.
    pub voice: Voice,
    /// The voice provider.
    pub retell: Retell,
    /// The database.
    pub database: Database,
    /// Keys for secrets of tenants.
    pub secrets: Secrets,
    /// Caches in memory.
    pub cache: Cache,
    /// What several gateways share.
    pub redis: Redis,
    /// Outside calendars.
    pub calendar: Calendar,
    /// The background process.
    pub worker: Worker,
    /// What is booked together.
    pub bookings: Bookings,
    /// The waiting list.
    pub waiting_list: WaitingList,
    /// How long things are kept.
    pub retention: Retention,
    /// Recurring work.
    pub upkeep: Upkeep,
    /// The end.
    pub shutdown: Shutdown,
    /// Logs and metrics.
    pub telemetry: Telemetry,
}

/// The voice provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retell {
    /// Keys that sign what comes from the provider.
    pub api_keys: Vec<Secret>,
    /// File with one key per line, read at start.
    pub api_keys_file: PathBuf,
    /// Where its interface is, for catching up on calls; empty: it is not asked.
    pub api_url: String,
    /// How far back it is asked, in hours of product time.
    pub catch_up_hours: u32,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Connection URL of the process's own role.
    pub url: Secret,
    /// File that holds the URL, read at start.
    pub url_file: PathBuf,
    /// Most connections.
    pub max_connections: u32,
    /// Time until a request without a connection gives up, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// Longest statement, in milliseconds.
    pub statement_timeout_ms: u64,
    /// Longest wait for a lock, in milliseconds.
    pub lock_timeout_ms: u64,
    /// Longest pause inside a transaction, in milliseconds.
    pub idle_in_transaction_timeout_ms: u64,
}

/// Keys for secrets of tenants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Keys as `id:base64`, the one that seals first.
    pub keys: Vec<Secret>,
    /// File with one key per line, read at start.
    pub keys_file: PathBuf,
}

impl Secrets {
    /// The ring of these keys; an empty one if there are none.
    ///
    /// # Errors
    /// One line that names the key and the place of the entry.
    pub fn sealer(&self) -> Result<Sealer, ConfigError> {
        Sealer::from_entries(self.keys.iter().map(Secret::expose))
            .map_err(|problem| ConfigError::new("secrets.keys", format!("cannot be used: {problem}")))
    }
}

/// Caches in memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Routes of numbers and calls, and company profiles kept, so many of each; 0 switches the cache off.
    pub entries: u64,
    /// Time until a kept one is asked for again, in milliseconds.
    pub fresh_ms: u64,
}

/// The background process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Jobs at work at once in queue `default`.
    pub default_slots: u32,
    /// Jobs at work at once in queue `notifications`.
    pub notifications_slots: u32,
    /// Jobs at work at once in queue `sync`.
    pub sync_slots: u32,
    /// Jobs at work at once in queue `gateway`.
    pub gateway_slots: u32,
    /// Most jobs of one tenant at work at once.
    pub tenant_cap: u32,
    /// Time until a silent worker's jobs are taken over, in seconds.
    pub lease_seconds: u64,
    /// Time between polls, in milliseconds.
    pub poll_ms: u64,
    /// Address of the metrics; `None` if there is none.
    #[serde(deserialize_with = "sources::address_or_nothing")]
    pub metrics_listen: Option<SocketAddr>,
    /// Time until work without a connection gives up, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// Longest statement, in milliseconds.
    pub statement_timeout_ms: u64,
    /// Longest wait for a lock, in milliseconds.
    pub lock_timeout_ms: u64,
}

/// How long things are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Processed webhooks, in days.
    pub inbox_days: u32,
    /// Webhooks that could not be routed or read, in days.
    pub inbox_review_days: u32,
    /// Outcomes of tool calls, in days.
    pub outcomes_days: u32,
    /// What is personal of calls, in days.
    pub call_days: u32,
    /// The trace of tools, in days.
    pub tool_trace_days: u32,
    /// Dispatched facts, in days.
    pub facts_days: u32,
    /// History of jobs, in days.
    pub job_history_days: u32,
}

/// Recurring work.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    /// Age at which a call that nobody ended is failed, in minutes.
    pub stuck_call_minutes: u32,
    /// Months whose partitions exist in advance.
    pub partition_months_ahead: u32,
    /// Years beyond this one whose holidays are entered.
    pub holiday_years_ahead: u32,
    /// Age from which the exchange rate is worth an alert, in days.
    pub fx_stale_days: u32,
}

/// The end of the process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// Time for work in flight, in milliseconds.
    pub grace_ms: u64,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

/// Logs and metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Directives as `RUST_LOG` takes them.
    pub log: String,
    /// How log lines look.
    pub format: LogFormat,
}

/// Which program starts, for the settings that it cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The HTTP process: needs the database and the provider's keys.
    Gateway,
    /// The background process: needs the database.
    Worker,
    /// A command of an operator: needs the database.
    Operator,
}

/// A configuration, and how it came about.
#[derive(Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Settings that contradict each other without being wrong by themselves; to be logged at start.
    pub warnings: Vec<String>,
    tree: Tree,
}

impl Loaded {
    /// The effective settings as TOML, with every secret replaced by whether it is set.
    #[must_use]
    pub fn printable(&self) -> String {
        self.tree.printable()
    }
}

impl Config {
    /// Merges the sources, checks types, names and bounds.
    ///
    /// # Errors
    /// One line that names the key (or the environment variable, or the file) and says what is wrong with it.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let tree = Tree::merge(sources)?;
        let config: Self = tree.decode()?;
        config.check_bounds()?;
        let warnings = config.warnings();
        Ok(Loaded { config, warnings, tree })
    }

    /// Refuses to start `program` without the secrets it needs.
    ///
    /// # Errors
    /// One line that names the missing key.
    pub fn require_secrets(&self, program: Program) -> Result<(), ConfigError> {
        if self.database.url.is_empty() {
            return Err(ConfigError::new(
                "database.url",
                "is not set; give it there, in DATABASE_URL or in a file named by database.url_file",
            ));
        }
        let is_postgres =
            |url: &str| ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        if !is_postgres(self.database.url.expose()) {
            return Err(ConfigError::new(
                "database.url",
                "is not of the form postgres://role@host:port/database",
            ));
        }
        if program == Program::Gateway && self.retell.api_keys.is_empty() {
            return Err(ConfigError::new(
                "retell.api_keys",
                "is not set; without it no webhook can be told from a forgery, so nothing is started",
            ));
        }
        Ok(())
    }

    fn check_bounds(&self) -> Result<(), ConfigError> {
        for (key, value, least, most) in self.bounds() {
            if !(least..=most).contains(&value) {
                return Err(ConfigError::new(key, format!("is {value}, but must be {least} to {most}")));
            }
        }
        self.secrets.sealer()?;
        self.http.trusted_proxies()?;
        self.redis.check()?;
        self.calendar.check()?;
        // The shortest real key has 20 characters; a shorter text is a slip, and HMAC would accept it.
        if self.retell.api_keys.iter().any(|key| key.expose().len() < 8) {
            return Err(ConfigError::new("retell.api_keys", "has a key of fewer than 8 characters"));
        }
        Ok(())
    }

    /// Key, value, least and most. Bounds exclude what cannot work, not what is unusual.
    fn bounds(&self) -> Vec<(&'static str, u64, u64, u64)> {
        let (database, worker) = (&self.database, &self.worker);
        let (retention, upkeep) = (&self.retention, &self.upkeep);
        let mut bounds = vec![
            ("database.max_connections", database.max_connections.into(), 2, 1000),
            ("database.acquire_timeout_ms", database.acquire_timeout_ms, 10, 60_000),
            ("database.statement_timeout_ms", database.statement_timeout_ms, 10, 600_000),
            ("database.lock_timeout_ms", database.lock_timeout_ms, 10, 60_000),
            (
                "database.idle_in_transaction_timeout_ms",
                database.idle_in_transaction_timeout_ms,
                100,
                600_000,
            ),
            ("retell.catch_up_hours", self.retell.catch_up_hours.into(), 1, 720),
            ("cache.entries", self.cache.entries, 0, 1_000_000),
            ("cache.fresh_ms", self.cache.fresh_ms, 0, 60_000),
            ("worker.tenant_cap", worker.tenant_cap.into(), 1, 1000),
            ("worker.lease_seconds", worker.lease_seconds, 3, 3600),
            ("worker.poll_ms", worker.poll_ms, 10, 60_000),
            ("worker.acquire_timeout_ms", worker.acquire_timeout_ms, 10, 60_000),
            ("worker.statement_timeout_ms", worker.statement_timeout_ms, 10, 600_000),
            ("worker.lock_timeout_ms", worker.lock_timeout_ms, 10, 60_000),
            ("retention.inbox_days", retention.inbox_days.into(), 1, 3650),
            ("retention.inbox_review_days", retention.inbox_review_days.into(), 1, 3650),
            ("retention.outcomes_days", retention.outcomes_days.into(), 1, 365),
            ("retention.call_days", retention.call_days.into(), 7, 3650),
            ("retention.tool_trace_days", retention.tool_trace_days.into(), 31, 3650),
            ("retention.facts_days", retention.facts_days.into(), 1, 365),
            ("retention.job_history_days", retention.job_history_days.into(), 31, 3650),
            ("upkeep.stuck_call_minutes", upkeep.stuck_call_minutes.into(), 10, 10_080),
            ("upkeep.partition_months_ahead", upkeep.partition_months_ahead.into(), 1, 24),
            ("upkeep.holiday_years_ahead", upkeep.holiday_years_ahead.into(), 0, 10),
            ("upkeep.fx_stale_days", upkeep.fx_stale_days.into(), 1, 366),
            ("shutdown.grace_ms", self.shutdown.grace_ms, 0, 600_000),
        ];
        bounds.extend(self.http.bounds());
        bounds.extend(self.voice.bounds());
        bounds.extend(self.calendar.bounds());
        bounds.extend(self.redis.bounds());
        bounds.extend(worker.slots().map(|(key, slots)| (key, u64::from(slots), 1, 1000)));
        bounds.extend(self.waiting_list.bounds());
        bounds.extend(self.bookings.bounds());
        bounds
    }

    fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut warn = |holds: bool, text: &str| {
            if holds {
                found.push(text.to_owned());
            }
        };
        warn(
            self.retention.inbox_review_days < self.retention.inbox_days,
            "retention.inbox_review_days is below retention.inbox_days: what needs a person goes before what does not",
        );
        warn(
            self.voice.tool_deadline_ms >= self.http.request_timeout_ms,
            "voice.tool_deadline_ms is not below http.request_timeout_ms: a late tool is cut off before it can say so",
        );
        warn(
            self.voice.inbound_deadline_ms >= self.http.request_timeout_ms,
            "voice.inbound_deadline_ms is not below http.request_timeout_ms: the deadline will never be reached",
        );
        warn(
            self.database.acquire_timeout_ms + self.database.lock_timeout_ms >= self.voice.tool_deadline_ms,
            "database.acquire_timeout_ms and database.lock_timeout_ms together are not below voice.tool_deadline_ms: a \
             crowd around one slot will hear no answer",
        );
        warn(
            self.http.request_timeout_ms >= 10_000,
            "http.request_timeout_ms is not below the 10 s that the voice provider waits for a webhook",
        );
        warn(
            self.shutdown.grace_ms < self.voice.tool_deadline_ms,
            "shutdown.grace_ms is below voice.tool_deadline_ms: a call in progress may lose an answer at shutdown",
        );
        found
    }
}

impl Worker {
    /// Slots by key.
    #[must_use]
    pub const fn slots(&self) -> [(&'static str, u32); 4] {
        [
            ("worker.default_slots", self.default_slots),
            ("worker.notifications_slots", self.notifications_slots),
            ("worker.sync_slots", self.sync_slots),
            ("worker.gateway_slots", self.gateway_slots),
        ]
    }
}

impl Shutdown {
    /// Time for work in flight.
    #[must_use]
    pub const fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }
}

#[cfg(test)]
mod tests;
