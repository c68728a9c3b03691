//! What a failure of the database means to those who called.
//!
//! Constraints are told apart by their names, which are ours (every constraint in `migrations/` has one), never by the
//! wording of messages, which is the server's and translated.

use kernel::{CommitError, StoreError};
use sqlx::Error;

/// Name of the constraint that makes a double booking impossible.
const NO_OVERLAP: &str = "occupancy_no_overlap";
/// Name of the key under which an effect is claimed.
const CLAIM_TAKEN: &str = "idempotent_outcomes_pk";
/// Keys whose violation means that somebody else wrote the same thing a moment earlier: read again, decide again.
const RACED: &[&str] = &[
    "call_keys_pk",
    "call_keys_call_taken",
    "call_provider_costs_pk",
    "call_charges_pk",
    "outbox_events_pk",
    "wish_offers_one_at_a_time",
    "wish_offers_one_of_a_wish",
    "wish_offers_asked_once",
];

/// SQLSTATE classes and codes in which the server could not do its work, whatever the work was.
fn is_outage(code: &str) -> bool {
    // 08 connection, 53 out of resources, 57 operator intervention (shutdown, cancelled by a timeout), 58 the system.
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        // Lock timeout, serialisation, deadlock, read-only after a change of the primary, idle timeout.
        || matches!(code, "55P03" | "40001" | "40P01" | "25006" | "25P03")
}

/// True if the statement gave up waiting for others: a lock, a deadlock.
pub(crate) fn is_contention(error: &Error) -> bool {
    matches!(code(error).as_deref(), Some("55P03" | "40P01" | "40001"))
}

fn code(error: &Error) -> Option<String> {
    error.as_database_error().and_then(|db| db.code().map(std::borrow::Cow::into_owned))
}

/// True if the connection was dead before it did anything, so that another one may be tried.
pub(crate) fn is_dead_connection(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::Tls(_) => true,
        Error::Database(_) => matches!(code(error).as_deref(), Some("57P01" | "57P02" | "57P03" | "25P03")),
        _ => false,
    }
}

/// True if `app.book` did nothing because somebody has the number of the new customer by now.
pub(crate) fn has_customer_by_now(error: &Error) -> bool {
    code(error).as_deref() == Some("AP001")
}

/// What a failed read means.
pub(crate) fn store_error(error: Error) -> StoreError {
    let outage = match &error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        Error::Database(db) => db.code().is_some_and(|code| is_outage(&code)),
        _ => false,
    };
    if outage { StoreError::Unavailable(Box::new(error)) } else { StoreError::Corrupt(Box::new(error)) }
}

/// What a failed write means.
pub(crate) fn commit_error(error: Error) -> CommitError {
    let rule = match &error {
        Error::Database(db) => match db.code().as_deref() {
            Some("23P01") if db.constraint() == Some(NO_OVERLAP) => return CommitError::Occupied,
            Some("23505") if db.constraint() == Some(CLAIM_TAKEN) => return CommitError::AlreadyClaimed,
            Some("23505") if db.constraint().is_some_and(|name| RACED.contains(&name)) => {
                return CommitError::Stale;
            }
            // Somebody changed the same rows in the other order, or in a snapshot of their own; or `app.save_call` found
            // another version of the call.
            Some("40001" | "40P01" | "AP002") => return CommitError::Stale,
            Some(code) if code.starts_with("23") => Some(db.constraint().unwrap_or("not null").to_owned()),
            // Insufficient privilege: what a policy of row level security answers to a row of another tenant.
            Some("42501") => Some("row_level_security".to_owned()),
            _ => None,
        },
        _ => None,
    };
    match rule {
        Some(rule) => CommitError::Refused { rule },
        None => CommitError::Store(store_error(error)),
    }
}

/// What a failed write of holds, appointments or their occupied time means: who cannot be told in time whether a time
/// is free is told that it is not.
pub(crate) fn occupancy_error(error: Error) -> CommitError {
    if is_contention(&error) { CommitError::Occupied } else { commit_error(error) }
}

/// A stored value that the model does not know.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}` holds a value that the model does not know")]
pub(crate) struct UnknownValue {
    column: &'static str,
}

/// A stored value that cannot be read back.
pub(crate) fn corrupt(column: &'static str) -> StoreError {
    StoreError::Corrupt(Box::new(UnknownValue { column }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Classify, ErrorClass};

    #[test]
    fn a_full_or_closed_pool_is_busy_and_not_a_fault() {
        assert_eq!(store_error(Error::PoolTimedOut).class(), ErrorClass::Busy);
        assert_eq!(store_error(Error::PoolClosed).class(), ErrorClass::Busy);
        assert_eq!(store_error(Error::RowNotFound).class(), ErrorClass::Fault);
    }

    #[test]
    fn a_column_is_named_and_its_value_is_not() {
        let StoreError::Corrupt(cause) = corrupt("calls.status") else {
            unreachable!("corrupt() makes Corrupt");
        };
        assert_eq!(cause.to_string(), "column `calls.status` holds a value that the model does not know");
    }
}
