//! Appointments: what can be booked, when it is free, and the only ways to take and give back time.
//!
//! # Vocabulary
//!
//! * **Catalogue**: what a branch offers; services, people, hours, closed days, rules; one immutable value with a
//!   version ([`model::Catalogue`]).
//! * **Stay**: the customer's time from beginning to end, the sum of the service's **phases**. In a *staffed* phase the
//!   person works, in a *processing* phase the customer waits and the person is free for others.
//! * **Span**: the person's occupied time; staffed phases and **buffers** before and after the stay. Spans of one
//!   person never overlap, whether they belong to appointments or holds; the store guarantees it.
//! * **Facility**: a room, place or device ([`model::Facility`]). A service may need one of a **group** for all of the stay,
//!   while the person is busy, or in some phases. Its time is taken as a person's is.
//! * **Sequence**: services one after the other ([`policy::sequence`]); **series**: recurring ones ([`policy::series`]).
//!   Both are booked all or nothing.
//! * **Slot**: service, person, beginning, end. It is *free* only as of a load; the store decides when it is taken.
//! * **Hold**: a slot kept for one call for two minutes. **Soft offer**: a slot that was named to a caller, remembered
//!   for a minute so that others are offered something else first; it blocks nobody.
//! * **Load**: what is taken on some days, read in one round trip ([`model::DayLoad`]).
//! * **Wish**: a date and a time of day, perhaps vague ([`policy::alternatives::Wish`]). One that could not be met may
//!   be noted in the **waiting list** ([`waiting`]), which offers it freed time.
//!
//! # Rules that hold everywhere
//!
//! * The exact minute that was asked for is checked, nothing near it. Another time is an *alternative*: named with its
//!   date, and taken only if the caller says so.
//! * A stay begins on the branch's grid, which starts anew at each opening stretch; it fits into one opening stretch;
//!   the person's spans fit into working hours. Notice and deadlines include their boundary.
//! * Duration comes from the service, for a move from the appointment. There is no default duration.
//! * Wall-clock hours become instants per date in the branch's zone: an hour that occurs twice means its first
//!   occurrence, a skipped time the instant of the change.
//! * Same inputs, same answer: ties go to the less busy person, then to the order of listing.
//!
//! # What it must never know
//!
//! A database, a runtime, a voice provider, German sentences, public holidays (they arrive as closed days), how a caller
//! is recognised (it is told which customers are on the line).
//!
//! # How it is built, and how to extend it
//!
//! [`model`] and [`policy`] are pure; [`service::BookingService`] loads, asks them, and commits a change set. A new rule
//! about time belongs into [`model::Availability`], in both of its methods, and into the property test that they agree.
//! A new reason is a variant of [`model::Unavailable`]. A new way to rank belongs into [`policy::alternatives`]. A new
//! kind of write is a variant of [`ports::AppointmentWrite`], with a rule in the contract suite.

pub mod calendar;
pub mod commands;
pub mod error;
pub mod events;
pub mod model;
pub mod policy;
pub mod ports;
pub mod service;
pub mod waiting;

/// Fakes of the ports and builders. The fakes pass the contract suites that the database passes.
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use error::BookingError;
pub use service::BookingService;
