//! One file per kind of job: what it is for, its payload, what is tried again, and why repeating it is harmless.
//!
//! A handler reads its payload, calls one use case, counts, and turns a failure into what shall happen next. The list of
//! all of them, with the facts and times that set them off, is in `subscriptions.rs`.

mod about_call;
pub mod calendar;
pub mod check_fx;
pub mod compare_said_and_done;
pub mod count_call_days;
pub mod ensure_partitions;
pub mod enter_holidays;
pub mod erase_calls;
pub mod erase_expired_holds;
pub mod erase_old;
pub mod escalate_callbacks;
pub mod fail_stuck_calls;
pub mod follow_up_call;
pub mod note_effect;
pub mod process_webhook;
pub mod sync_retell_calls;
pub mod waiting;

pub use about_call::AboutCall;

use kernel::{Classify, ErrorClass};
use operations::aftermath::AftermathError;
use operations::maintenance::UpkeepError;

use crate::handler::JobFailure;

/// After a call everything is worth another try but an amount that cannot be true and a call that is not there.
fn after_call(error: &AftermathError) -> JobFailure {
    JobFailure::of(error)
}

/// Upkeep comes again by itself. Trying it again at once helps against what passes; what does not pass is for people,
/// and the next run finds it again.
fn upkeep(error: &UpkeepError) -> JobFailure {
    match error.class() {
        ErrorClass::Busy | ErrorClass::Conflict => JobFailure::retry(error),
        _ => JobFailure::permanent(error),
    }
}
