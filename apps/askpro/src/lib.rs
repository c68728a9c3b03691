//! The tool a person uses: demo, simulate, trigger, prove, administration.
//!
//! It sees the product from outside: over HTTP like a provider or an API client, and into the database like an
//! administrator. What it starts in its own process is the same gateway and the same worker that their programs start.
//!
//! * [`demo`]: everything at once on a bare machine; [`stage`] raises it, [`cluster`] finds the Postgres for it,
//!   [`world`] fills it, [`ready`] says where it is, [`machine`] is its clock;
//! * [`simulate`]: call scripts, their replies and their rows ([`rows`]); [`cues`] are what scripts can name;
//! * [`trigger`]: one event of a provider;
//! * [`prove`]: demonstrations that check themselves;
//! * [`bench`](mod@bench): how long callers wait; processes it starts end with it ([`tether`]);
//! * [`admin`]: migrations, companies ([`blueprint`]), keys, jobs, the inbox, tasks; [`calendar`]: outside calendars.
//!
//! # Vocabulary
//!
//! A *stage* is a whole product in this process. A *venue* is a running product as seen from outside, wherever it runs.
//! A *world* is the companies and people in it; a *private* world is started for one command and gone afterwards.
//!
//! # What it must never know
//!
//! The insides of the inbound crates: it calls the surface, it does not reach around it. Proofs read the database with
//! SQL of their own, never with the product's repositories.
//!
//! # Extending
//!
//! A proof is a module in [`prove`] that returns a [`prove::Verdict`], and a variant in [`cli`]. A script is a file in
//! `tests/calls`; what it needs to name and cannot is added to [`cues`].

pub mod admin;
pub mod bench;
pub mod blueprint;
pub mod calendar;
pub mod cli;
pub mod cluster;
pub mod cues;
pub mod demo;
pub mod http;
pub mod machine;
pub mod onboard;
pub mod private;
pub mod prove;
pub mod random;
pub mod ready;
pub mod rows;
pub mod series;
pub mod simulate;
pub mod stage;
pub mod tether;
pub mod trigger;
pub mod venue;
pub mod why;
pub mod world;
