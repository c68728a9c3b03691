//! Everything that speaks SQL: stores, inbox, outbox, job queue, tenant sessions, migrations.
//!
//! This is the only crate that may name `sqlx` (besides the tools that measure from outside). Domains define ports;
//! here are their implementations, each named `Pg…` and each holding a [`Database`], a pool of one login role.
//!
//! # How a tenant is kept apart
//!
//! 1. A port takes a `TenantScope`, which only proven places can issue.
//! 2. A session begins with `SET LOCAL ROLE tenant` and the tenant's setting, in the message of `BEGIN` itself
//!    (`session`). Row level security, enabled and forced on every tenant table, shows that tenant's rows alone.
//! 3. Every primary key of a tenant table leads with `tenant_id`, and every foreign key carries it, so that not even a
//!    defect can make a row point at another tenant.
//! 4. The login roles `gateway` and `worker` have no right on any tenant table: a session that forgot to switch reads
//!    nothing. `tests/it/isolation` finds all tables in the catalogue and tries.
//!
//! # How a change set becomes one transaction
//!
//! `settle` (module `change`) writes claim, events, jobs and audit lines in one statement, first; then the store applies
//! the writes, as few statements as it can; then `COMMIT`. A refused claim therefore wins over everything else. What is
//! written most often (holds, bookings, calls, accounts) is one function that does all of this (module `trip`). Errors
//! are told apart by constraint names (module `error`).
//!
//! # Vocabulary
//!
//! * **Session**: one transaction of one tenant.
//! * **Working role**: `tenant` for the product, `askpro_owner` for administrators.
//! * **Statement**: a constant made by `statements!`; all of them are prepared by a test.
//!
//! # How to extend
//!
//! A new store: a module with its statements in `statements!`, a line in [`statements::all`], a struct over
//! [`Database`], and its contract suite in `tests/it`. A new table: a migration with policy, grants and named
//! constraints; the tests of the catalogue say what is missing, and the isolation seed must get a row of it.
//!
//! # What it must never know
//!
//! Rules of the business. It answers, stores and refuses; why a thing may be booked is decided elsewhere.

mod acting;
mod admission;
mod appointment;
mod billing;
mod calendar;
mod call;
mod change;
mod clock;
mod connections;
mod customer;
mod database;
pub mod engine;
mod error;
mod health;
mod inbox;
mod migrate;
mod onboarding;
mod outcomes;
mod read_models;
mod roles;
mod row;
mod secrets;
mod servicedesk;
mod session;
pub mod statements;
mod tenancy;
mod trip;
mod upkeep;

pub use acting::PgActingLog;
pub use admission::{NotAdmitted, admitted, reachable};
pub use appointment::{PgAppointmentRepository, PgCatalogueRepository};
pub use billing::PgBillingRepository;
pub use calendar::{PgCalendarAdministration, PgCalendarBook, PgCalendarSurvey, PgWarmBell};
pub use call::{PgCallRepository, PgCallReviews, PgToolTrace};
pub use clock::{product_time, product_time_offset, set_product_time};
pub use customer::PgCustomerRepository;
pub use database::{Database, DatabaseConfig};
pub use health::PgHealthProbe;
pub use inbox::PgInbox;
pub use migrate::{
    MigrationError, MigrationReport, SchemaState, fingerprint, grant_database_access, migrate, schema_state,
};
pub use onboarding::PgTenantProvisioner;
pub use outcomes::PgOutcomeStore;
pub use read_models::PgLists;
pub use roles::RolePasswords;
pub use secrets::{KeyRingProblem, SealError, Sealer};
pub use servicedesk::PgCallbackRepository;
pub use tenancy::{PgDirectory, PgTenantRepository};
pub use upkeep::PgUpkeep;
