//! Conversations at the desk, over in-memory stores.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its world has failed")]

mod allowance;
mod any_conversation;
mod booking;
mod coverage;
mod ending;
mod facts;
mod families;
mod families_changes;
mod families_yes;
mod identity;
mod misuse;
mod moving_halves;
mod outside;
mod promises;
mod referents;
mod said_before;
mod sequence_alone;
mod sequence_changes;
mod sequence_limits;
mod sequence_outside;
mod sequence_people;
mod sequence_yes;
mod sequences;
mod spoken;
mod standing;
mod times;
mod told;
mod unmet;
mod waiting;
mod world;
mod yes;
