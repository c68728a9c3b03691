//! Who is calling: identification by number, plausible names, blocked customers.
//!
//! The number that the network shows is the strong identity: who calls from a customer's number is that customer,
//! whatever name was understood. A number may be shared (families, offices); then the spoken name must match exactly,
//! or the caller is asked. A caller without a number is nobody in particular: every booking makes a customer of its
//! own, and nothing is ever merged by name.
//!
//! # Vocabulary
//!
//! * **Customer**: a person who calls and books ([`Customer`], stored as [`CustomerSnapshot`]).
//! * **Identification**: what a caller's number says ([`Identification`]).
//! * **Booking party**: the customer for whom a booking is made, found or to be created ([`BookingParty`]); a new
//!   one is *not* committed here, so that the booking's transaction carries it.
//! * **Plausible name**: a text that may be a person's name, see [`judge_name`].
//!
//! # What it must never know
//!
//! Appointments, calls, prompts, German sentences, and any tenant but the scope's.
//!
//! # Extending
//!
//! A new fact about a customer is a field of the snapshot, a transition of [`Customer`] and a case in
//! `port-contracts`; a new reason to doubt a name is a variant of [`NameProblem`] with its rule in `name.rs`.

pub mod email;
pub mod error;
pub mod events;
pub mod model;
pub mod name;
pub mod party;
pub mod ports;
pub mod service;

pub use email::read_spoken_email;
pub use error::{CorruptCustomer, PartyError};
pub use events::CustomerEvent;
pub use model::{Customer, CustomerSnapshot, CustomerSource, CustomerStatus};
pub use name::{NameProblem, is_another_person, judge_name};
pub use party::{
    BookingParty, PartyDecision, called, decide_booking_party, decide_for_self, decide_other_person,
    one_person,
};
pub use ports::{CustomerRepository, CustomerWrite};
pub use service::{CustomerService, Identification};

/// In-memory fakes and builders for tests of any crate.
#[cfg(any(test, feature = "testing"))]
pub mod testing;
