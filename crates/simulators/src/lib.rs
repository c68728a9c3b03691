//! Stateful stand-ins for the providers, for demonstrations and tests.
//!
//! A simulator speaks a provider's wire format from its own reading of the provider's documentation. It shares no type
//! with the adapters, so that a misunderstanding of one side is not a misunderstanding of both. It keeps state like
//! the provider does, has switches for everything that goes wrong in the field, and can be looked into over HTTP.
//!
//! * [`retell`]: plays telephone calls against a gateway (the question before the call, call events, uses of tools,
//!   all of them signed), and answers Retell's REST API about the calls that it played;
//! * [`calcom`]: Cal.com's API v2 with a calendar of its own, signed webhooks, rate limits and faults on demand;
//! * [`script`]: what a call consists of, read from YAML, and what is expected of the replies.
//!
//! # Call scripts
//!
//! ```yaml
//! name: Herrenhaarschnitt am Donnerstag
//! call:
//!   from: "+491701112233"            # or anonymous, or left out
//!   to: "+4940555100"
//!   at: 2026-11-23T09:00:00+01:00    # optional: when the call begins by the provider's clock
//! inbound:                           # optional: the question before the call is asked unless `ask: false`
//!   expect: {call_inbound.dynamic_variables.heute_datum: {present: true}}
//! steps:
//!   - say: {agent: Guten Tag!}       # goes into the transcript
//!   - say: {caller: "Donnerstag um zehn, bitte."}
//!   - tool:
//!       name: check_availability
//!       args: {datum: Donnerstag, uhrzeit: "10 Uhr", dienstleistung: Herrenhaarschnitt}
//!       as: offer                    # its reply is `${offer…}` from now on, and `${last…}` until the next tool
//!       within_ms: 800
//!       expect: {success: true, status: {one_of: [available, alternatives]}}
//!   - tool:
//!       name: book_appointment
//!       args: {slot_id: "${offer.alternatives[0].slot_id}", customer_name: Erika Muster}
//!       repeat: 3                    # the same request three times, with the same `tool_call_id`
//!   - expect: {data.appointment_id: {starts_with: apt_}}   # about the last reply
//!   - event: transcript_updated      # news during the call
//!   - end: {reason: user_hangup, duration_ms: 61000}
//! faults:
//!   duplicates: 2                    # every call event this often
//!   order: [ended, started, analyzed]
//! rows:                              # for whoever can look into the database
//!   - table: appointments
//!     where: {call: "${call.call_id}"}
//!     count: 1
//!     values: {status: confirmed}
//! ```
//!
//! The fields are those of [`script::CallScript`] and the types it names; an unknown field is an error. A path is dotted
//! (`alternatives[0].slot_id`) or a JSON pointer (`/alternatives/0/slot_id`). `${…}` names a reply (`last`, or what `as`
//! called it), `call`, `inbound`, or a value that the runner was given; a text that is one `${…}` alone keeps the
//! value's kind. Expected values are texts, numbers and so on, or one of the operators of [`script::Matcher`].
//!
//! # Extending
//!
//! Another provider is a module of its own. A new fault of Retell: a field of [`script::Faults`] and its place in
//! [`retell::CallPlayer`]; a new operator: a variant of [`script::Matcher`]. A new fault of
//! Cal.com: a variant of [`calcom::Effect`].

pub mod calcom;
mod http;
pub mod retell;
pub mod script;
