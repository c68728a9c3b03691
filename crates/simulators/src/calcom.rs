//! A stand-in for Cal.com's API v2 with a calendar of its own.
//!
//! [`serve`] takes a [`World`] (accounts, each with keys, hosts, teams, event types and subscriptions) and a [`Clock`],
//! and gives a [`Simulator`]: an HTTP server on the loopback interface and the handle to look into it. It never
//! double-books a host, moves make new uids, and subscribers are told once. Everything else that goes wrong at Cal.com
//! is a [`Fault`] that has to be ordered.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use simulators::calcom::{Account, Effect, EventType, Fault, Host, Operation, ShiftedClock, World, serve};
//!
//! let anna = Host::new(7, "Anna", "anna@example.org");
//! let salon = Account::new("salon", "cal_live_salon", anna).event_type(EventType::new(4711, "beratung", 45, 7));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let calcom = serve(listener, World::new().with(salon), ShiftedClock::default())?;
//! calcom.order(Fault::once(Operation::Create, Effect::ResetAfter));
//! # Ok(())
//! # }
//! ```
//!
//! # Two clocks
//!
//! The calendar lives in product time, which the [`Clock`] tells: notice, the past, reservations, `createdAt`. Rate
//! limits, delays and stale slots run in real time.
//!
//! # Over HTTP
//!
//! `/v2/…` is Cal.com and wants a key of an account. `/_sim/…` is for tests: `GET bookings`, `reservations`, `requests`,
//! `counters`, `faults`, `webhooks`; `POST faults` orders one, `DELETE faults` and `faults/{id}` take back;
//! `POST limits/block`, `DELETE limits`; `POST webhooks/mode`, `flush`, `duplicate`, `reverse`, `drop`, `ping/{account}` bend the queue;
//! `POST actions/book`, `cancel`, `reschedule`, `decide`, `busy`, `end-meetings` play people;
//! `POST accounts`, `PUT accounts/{account}/event-types`, `DELETE event-types/{id}` change what there is; `POST reset`.
//!
//! # Not played
//!
//! Seats, recurring and instant bookings, payments, reassigning, schedules over the API, organisations, dynamic groups,
//! calls without a key.

mod actions;
mod booking;
mod catalogue;
mod change;
mod clock;
mod config;
mod control;
mod courier;
mod create;
mod event_type;
mod faults;
mod free;
mod front;
mod limiter;
mod line;
mod list;
mod operation;
mod payload;
mod post;
mod reservations;
mod shared;
mod simulator;
mod slots;
mod state;
mod subscriptions;
mod validate;
mod version;
mod wire;
mod world;

pub use actions::{CustomerBooking, HostBusy, OwnerCancellation, OwnerDecision, OwnerMove};
pub use booking::{Attendee, Booking, BookingStatus, Reservation};
pub use clock::{Clock, ManualClock, ShiftedClock};
pub use config::{Config, WebhookMode, WrongVersion};
pub use event_type::{BookingField, EventType, Scheduling};
pub use faults::{Effect, Fault, OrderedFault, When};
pub use operation::Operation;
pub use payload::{SENT_TRIGGERS, sign};
pub use post::{Delivery, Parcel};
pub use shared::LoggedRequest;
pub use simulator::{Simulator, serve, serve_with};
pub use wire::Refusal;
pub use world::{Account, Busy, DayOverride, Host, Hours, Membership, Subscription, Team, World};
