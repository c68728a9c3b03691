//! Companies, branches, numbers and keys: from an inbound identity to a proven scope.
//!
//! Everything else in the product takes a [`kernel::TenantScope`] for granted. This crate is where one comes from:
//! [`TenantResolver`] turns the number that was called, a call that is known, an API key, a connection or a job's
//! envelope into a scope, or into a [`Denied`] that says why not. There is no default tenant: what cannot be proven is refused.
//!
//! # Vocabulary
//!
//! * **Tenant**: a company that uses the product ([`TenantProfile`]); **branch**: one of its locations
//!   ([`BranchProfile`]), with a zone of its own.
//! * **Route**: what a number ([`NumberRoute`]) or a call ([`CallRoute`]) leads to. Routes are read before a tenant is
//!   known, which is why their ports are the only unscoped ones.
//! * **Connection**: an account at an outside calendar ([`ConnectionKey`]); its id names the tenant, its signature proves
//!   that the provider speaks.
//! * **API key**: `ask_` + eight public characters (the *prefix*) + 32 secret ones ([`ApiKeyToken`]). Only the SHA-256
//!   of the whole text is stored; it is computed outside, compared here in constant time.
//!
//! # What it must never know
//!
//! Calls, appointments, prices of single calls, providers, HTTP headers. It must never answer a question about one
//! tenant with a fact about another.
//!
//! It has no events: master data is changed by administrators, the store's audit log says who did, and nothing in the
//! product follows from it.
//!
//! # Extending
//!
//! A new way to prove a tenant is a new method of [`TenantResolver`] with a [`Denied`] of its own for every way to
//! fail, and one more audited `TenantScope::issue`. A new fact about a company is a field of its profile, a write in
//! [`TenancyWrite`] and a case in `port-contracts`.

pub mod connection;
pub mod error;
pub mod key;
pub mod model;
pub mod network;
pub mod ports;
pub mod service;

pub use connection::{ConnectionKey, ConnectionRoute};
pub use error::{Denied, ResolveError};
pub use key::{ApiKeyRecord, ApiKeyToken, KeyPrefix, KeyProblem, NewApiKey, READ, SecretHash};
pub use model::{
    BranchProfile, CallRoute, NumberAssignment, NumberRoute, ProfileProblem, Slug, TenantProfile, TenantState,
};
pub use network::{Network, NotANetwork, client_address};
pub use ports::{
    Allowance, ApiKeyDirectory, CallDirectory, ConnectionDirectory, TenancyWrite, TenantRepository,
};
pub use service::{ResolvedCall, ResolvedConnection, ResolvedKey, RunningCall, TenantResolver};

/// In-memory fakes and builders for tests of any crate.
#[cfg(any(test, feature = "testing"))]
pub mod testing;
