//! Assembly: typed configuration, telemetry, services over adapters, graceful shutdown.
//!
//! This crate knows every adapter and no router: it builds the use cases that a program needs as one value
//! ([`services`]), and the program adds what it serves. So the worker never compiles a web surface, and the gateway never
//! compiles a job's handler.
//!
//! * [`config`]: one typed tree; `default.toml` holds every setting with its reason;
//! * [`telemetry`]: JSON logs whose lines are masked on the way out, and the metrics of the process;
//! * [`services`]: [`services::GatewayServices`], [`services::WorkerServices`] and [`services::OperatorServices`];
//! * [`cached`], [`clock`], [`memory`], [`trace`]: what stands between use cases and adapters in one process;
//! * [`shutdown`]: one token, one tracker.
//!
//! # What it must never know
//!
//! Business rules and routes. An `if` about a customer or an appointment does not belong here.
//!
//! # Extending
//!
//! A new adapter is built in [`services`], decorated there if it is slow, and handed to the use case that has its port. A
//! new setting is a line in `default.toml` and a field in [`config`].

mod allowance;
pub mod cached;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod memory;
pub mod services;
mod shared;
pub mod shutdown;
pub mod telemetry;
pub mod trace;

/// The build of this program: what `ASKPRO_BUILD` said when it was made, else the commit, else `unknown`.
pub const BUILD: &str = env!("ASKPRO_BUILD");

pub use config::{Config, ConfigError, Program, Sources};
pub use services::{GatewayServices, OperatorServices, WorkerServices};
pub use shutdown::Shutdown;
