//! Retell: its wire format, bytes in, our words out, and a client for its archive of calls.
//!
//! Four functions, all of them pure, make up the boundary to the voice provider:
//!
//! * [`signature::verify`] proves over the raw bytes that a request is Retell's, before anything reads them;
//! * [`decode::webhook`] and [`decode::identify`] read call events, [`decode::inbound`] the question before a call;
//! * [`decode::tool_request`] reads the use of a tool during a call, in every shape that agents have been seen to send;
//! * [`encode::inbound_reply`] writes the only reply that Retell reads as more than text.
//!
//! * [`client::Client`] asks for calls that are over, and is the only thing here that is not a pure function.
//!
//! # Reading leniently
//!
//! Retell adds fields and words without notice and dashboards fill in what their users typed. So a field of an
//! unexpected kind is an absent field, an unknown event is decoded as one that says nothing, and only what cannot be
//! used at all is refused: bytes that are not JSON ([`decode::DecodeError::NotJson`]), and JSON without the one thing
//! that the request is about ([`decode::DecodeError::Undecodable`]). No input makes this crate panic; its size is
//! bounded by whoever hands it over.
//!
//! Money is read from the text of the JSON number, digit by digit: a float never sees it.
//!
//! # What this crate must never know
//!
//! Tenants, tools and their meaning, German, the clock. Telephone numbers stay as they came; the use case
//! brings them into E.164 form.
//!
//! # Extending
//!
//! A new event: a line in `decode::webhook` that says which kind of signal it is. A new field: one line in
//! `decode::call_object`, read by one of the lenient getters of `decode::json`, and a fixture under
//! `tests/fixtures/retell` at the top of the repository that has it.

pub mod client;
pub mod decode;
pub mod encode;
pub mod signature;
