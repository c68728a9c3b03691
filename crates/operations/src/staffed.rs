//! By when somebody of the staff can have called: they work while their branch is open.

use appointment::model::Catalogue;
use appointment::waiting::after_open_minutes;
use appointment::{BookingError, BookingService};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{BranchId, TenantScope};
use servicedesk::Priority;

/// So long after its beginning somebody may still wait at the door.
const JUST_BEGUN: TimeDelta = TimeDelta::hours(1);

/// When a call of this priority is due: after so many minutes in which the branch is open, but not later than what it is
/// about, and at once if that has just begun. For a branch that is not open for so long in the coming weeks, that is not
/// there any more, or whose hours cannot be read, the hours of the clock count: a promise does not wait for them.
pub(crate) async fn due_at(
    bookings: &BookingService,
    scope: &TenantScope,
    branch: BranchId,
    priority: Priority,
    (now, latest): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Option<DateTime<Utc>> {
    let catalogue = match bookings.catalogue(scope, branch).await {
        Ok(catalogue) => Some(catalogue),
        Err(BookingError::UnknownBranch(_)) => None,
        Err(error) => {
            tracing::warn!(%error, branch.id = %branch, "a call is due by the clock: the branch's hours cannot be read");
            None
        }
    };
    due(catalogue.as_deref(), priority, now, latest)
}

fn due(
    catalogue: Option<&Catalogue>,
    priority: Priority,
    now: DateTime<Utc>,
    latest: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let minutes = u32::try_from(priority.due_in().num_minutes()).unwrap_or(u32::MAX);
    let while_open = catalogue.and_then(|catalogue| after_open_minutes(catalogue, minutes, now));
    let due = while_open.or_else(|| now.checked_add_signed(priority.due_in()))?;
    // Whoever it is about stands at the door; what is long over waits its turn.
    let is_urgent = |latest: DateTime<Utc>| now - latest < JUST_BEGUN;
    Some(latest.filter(|latest| is_urgent(*latest)).map_or(due, |latest| due.min(latest.max(now))))
}

#[cfg(test)]
mod tests {
    use appointment::testing::{branch_id, salon};

    use super::*;

    #[test]
    fn a_call_is_due_while_somebody_is_there_and_before_what_it_is_about() {
        let catalogue = salon(branch_id(1)).unwrap().build().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let due =
            |now: &str, latest: Option<&str>| due(Some(&catalogue), Priority::High, at(now), latest.map(at));
        // The salon opens on Tuesday at nine and on Saturday at nine; Berlin is an hour ahead.
        assert_eq!(due("2026-11-24T02:00:00Z", None), Some(at("2026-11-24T12:00:00Z")));
        assert_eq!(due("2026-11-24T10:00:00Z", None), Some(at("2026-11-24T14:00:00Z")));
        assert_eq!(
            due("2026-11-24T02:00:00Z", Some("2026-11-24T09:30:00Z")),
            Some(at("2026-11-24T09:30:00Z"))
        );
        // Begun half an hour ago, and an hour ago.
        assert_eq!(
            due("2026-11-24T10:00:00Z", Some("2026-11-24T09:30:00Z")),
            Some(at("2026-11-24T10:00:00Z"))
        );
        assert_eq!(
            due("2026-11-24T10:00:00Z", Some("2026-11-24T09:00:00Z")),
            Some(at("2026-11-24T14:00:00Z"))
        );
    }

    #[test]
    fn where_nobody_knows_the_hours_the_clock_counts_and_what_it_is_about() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-24T02:00:00Z");
        assert_eq!(due(None, Priority::High, now, None), Some(at("2026-11-24T06:00:00Z")));
        let latest = at("2026-11-24T05:00:00Z");
        assert_eq!(due(None, Priority::High, now, Some(latest)), Some(latest));
    }
}
