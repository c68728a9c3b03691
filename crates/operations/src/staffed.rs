//! By when somebody of the staff can have called: they work while their branch is open.

use appointment::model::Catalogue;
use appointment::waiting::after_open_minutes;
use appointment::{BookingError, BookingService};
use chrono::{DateTime, Utc};
use kernel::{BranchId, TenantScope};
use servicedesk::Priority;

/// When a call of this priority is due: after so many minutes in which the branch is open, but not later than what it is
/// about. `None` for a branch that is not open for so long in the coming weeks, or not there any more: then the hours of the
/// clock count.
///
/// # Errors
/// Store failures.
pub(crate) async fn due_at(
    bookings: &BookingService,
    scope: &TenantScope,
    branch: BranchId,
    priority: Priority,
    (now, latest): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<Option<DateTime<Utc>>, BookingError> {
    match bookings.catalogue(scope, branch).await {
        Ok(catalogue) => Ok(due(&catalogue, priority, now, latest)),
        Err(BookingError::UnknownBranch(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn due(
    catalogue: &Catalogue,
    priority: Priority,
    now: DateTime<Utc>,
    latest: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let minutes = u32::try_from(priority.due_in().num_minutes()).unwrap_or(u32::MAX);
    let due = after_open_minutes(catalogue, minutes, now)?;
    Some(latest.filter(|latest| *latest > now).map_or(due, |latest| due.min(latest)))
}

#[cfg(test)]
mod tests {
    use appointment::testing::{branch_id, salon};

    use super::*;

    #[test]
    fn a_call_is_due_while_somebody_is_there_and_before_what_it_is_about() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let due = |now: &str, latest: Option<&str>| due(&catalogue, Priority::High, at(now), latest.map(at));
        // The salon opens on Tuesday at nine and on Saturday at nine; Berlin is an hour ahead.
        assert_eq!(due("2026-11-24T02:00:00Z", None), Some(at("2026-11-24T12:00:00Z")));
        assert_eq!(due("2026-11-24T10:00:00Z", None), Some(at("2026-11-24T14:00:00Z")));
        assert_eq!(
            due("2026-11-24T02:00:00Z", Some("2026-11-24T09:30:00Z")),
            Some(at("2026-11-24T09:30:00Z"))
        );
        assert_eq!(
            due("2026-11-24T10:00:00Z", Some("2026-11-24T09:00:00Z")),
            Some(at("2026-11-24T14:00:00Z"))
        );
    }
}
