//! What several gateways share for a while. Never truth: losing all of it changes latency and nothing else.
//!
//! Every adapter here implements a port over Redis **and** holds an implementation in the memory of the process. Both
//! are written; Redis is read as long as it answers, and the memory answers when it does not. So a Redis that is
//! killed, frozen or emptied costs a question, a repeated request to a provider, or up to [`RedisConfig::timeout`] once
//! in [`RedisConfig::retry_after`], and no caller hears a failure.
//!
//! # Vocabulary
//!
//! * [`Redis`]: the connections, and the knowledge whether the server answers.
//! * *away*: it did not answer in time. It is asked again once in a while, by one request; everybody else does not wait.
//! * [`CacheKey`]: the name of a value. It can only be made from a tenant's scope, so that no value of one company can be
//!   asked for in the name of another.
//! * *to live*: every value has a time after which Redis forgets it; the reason stands beside each constant.
//!
//! # How to extend
//!
//! A new kind of value is a variant of [`Kind`] and a file that implements the port of whoever needs it, with a suite in
//! `port-contracts` that runs against the memory of a process and against Redis. Use commands of Redis 6.2 only: older
//! servers and the free forks know those.
//!
//! # What it must never know
//!
//! Anything that exists nowhere else. Bookings, holds, money, jobs and webhooks live in Postgres.

mod attempts;
mod config;
mod key;
mod link;
mod notes;
mod offers;
mod pacing;
mod weeks;

pub use attempts::RedisAttempts;
pub use config::{RedisConfig, RedisConfigError};
pub use key::{CacheKey, Kind};
pub use link::{Redis, RedisStatus};
pub use notes::RedisNotes;
pub use offers::RedisOffers;
pub use pacing::{RedisPacing, SharedBreaker, SharedBudget};
pub use weeks::RedisWeeks;
