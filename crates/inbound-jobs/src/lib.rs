//! Background work: what runs jobs, what makes jobs of facts, what fires schedules, and the one registry of all three.
//!
//! ```text
//! use case --commit--> rows + facts + jobs (one transaction) --NOTIFY--> worker
//! dispatcher: facts nobody has taken -> one job per subscription -> marked, in one transaction
//! runner:     due jobs, leased fairly -> scope restored -> handler -> done | retry | snooze | dead
//! leader:     the one worker that fires schedules; every worker rescues the jobs of dead ones
//! ```
//!
//! * A **handler** ([`JobHandler`]) does the work of one kind. It gets a [`JobContext`] with the scope of the tenant the
//!   job belongs to, and reports a [`JobFailure`] that says what shall happen next.
//! * The [`Registry`] is the one readable list of kinds, subscriptions and schedules. Names that are gone stay in it as
//!   retired, so that queued work of an older version drains.
//! * The [`Worker`] runs it all until it is told to stop, or once until nothing is due ([`Worker::drain`]).
//!
//! What a handler must know:
//!
//! * It may be repeated: a worker that froze or lost its database does not know that its work was taken over. Its
//!   effect carries a key of its own.
//! * It may be dropped at any `await`: on request, when its lease is lost, or when a shutdown has waited long enough.
//! * It re-reads state; the payload holds ids.
//! * It never blocks the thread.
//!
//! What this crate must never know: SQL, HTTP, and the reasons of the business. It reaches the database through the ports
//! in [`operations::engine`].
//!
//! To add a kind of job: write a handler, name it in the registry, and pin the shape of its payload with a test.

mod backoff;
mod config;
mod core;
mod dispatcher;
mod execute;
mod handler;
pub mod handlers;
mod heart;
mod metrics;
mod pace;
mod planner;
mod registry;
mod runner;
mod running;
mod settle;
pub mod subscriptions;
mod timetable;
mod upkeep;
mod worker;

pub use backoff::Backoff;
pub use config::{ConfigProblem, QueueConfig, WorkerConfig};
pub use handler::{DEFAULT_TIME_LIMIT, JobContext, JobFailure, JobHandler, JobScope};
pub use registry::{Registry, RegistryProblem};
pub use timetable::{Timetable, TimetableError};
pub use worker::{DrainReport, Worker, WorkerError, WorkerPorts};
