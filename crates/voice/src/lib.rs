//! The real-time tools of the voice agent.
//!
//! During a call the agent asks: who is calling, is Tuesday half past two free, book it. [`VoiceDesk::answer`] answers
//! each question with one German sentence that can be spoken as it is and with fields that a machine can use. Three
//! promises hold for every tool:
//!
//! * **Nothing is said that was not done.** A booking is confirmed after its commit; an answer that came too late or
//!   failed claims nothing. The sentence is rendered from the stored outcome ([`effect`](crate) in the transaction of
//!   the effect), so a repetition says the same.
//! * **Only what was signed counts.** The tenant comes from the called number or the call; arguments are a language
//!   model's words. A name proves nobody.
//! * **No guessing.** An ambiguous time, service or person is asked back, with the readings in full.
//!
//! # Reading this crate
//!
//! [`tool`] is the table of tools with their names, arguments and fields; [`status`] the list of answers. `desk.rs`
//! takes a request through: whose call is it (`conversation.rs`), which tool (`tools/`), what is said (`speech.rs`).
//! `when.rs` turns words into times with the `german-datetime` crate.
//!
//! # Adding a tool
//!
//! A variant of [`Tool`], a row in [`tool::TOOLS`], a file in `tools/` with the dialogue it serves at its top, an arm in
//! `desk.rs`. New answers are statuses; `docs/api/tools.md` is generated from both tables, and a test says when it must
//! be written anew.
//!
//! # What it must never know
//!
//! A provider's wire format, SQL, HTTP, another tenant.

mod args;
mod conversation;
mod desk;
mod earlier;
mod effect;
mod ending;
mod error;
mod for_whom;
mod inbound;
mod moving_on;
mod names;
mod naming;
mod numbers;
mod once;
pub mod patience;
mod places;
pub mod ports;
pub mod reference;
mod reply;
mod request;
mod speech;
pub mod status;
mod told;
pub mod tool;
mod tools;
mod trace;
mod unfinished;
mod unmet;
mod when;

pub use desk::{Answered, Parts, VoiceDesk};
pub use error::VoiceError;
pub use for_whom::{AskedWhom, ForWhom, NamedTime};
pub use inbound::InboundAnswer;
pub use ports::{
    Before, CallMemory, CallNotes, CopySettler, FailedIdentifications, LastQuestion, OutcomeStore, Question,
    Settlement, StoredOutcome, ToldFee, TraceSink, WishedTime,
};
pub use reply::{Alternative, NextAction, ToolReply};
pub use request::{EnvelopeCall, InboundCall, Mode, ToolRequest};
pub use status::Status;
pub use told::Told;
pub use tool::{Effectful, Tool};
pub use trace::{CALENDAR, DATABASE, TraceLine, spent};
pub use unfinished::{Matter, Unfinished};
pub use unmet::{Instead, Unmet};
