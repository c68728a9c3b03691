//! What a customer has had so far, and what that makes likely.

use chrono::{DateTime, Utc};
use kernel::{AppointmentId, BranchId, ServiceId, StaffId};

use super::appointment::AppointmentStatus;

/// Most visits of a history: what is older says nothing about the next one.
pub const MAX_HISTORY: usize = 20;

/// Most visits that are counted: whoever has more is a regular in any case.
pub const MAX_COUNTED: u32 = 500;

/// An appointment that is over and was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastVisit {
    /// The appointment.
    pub id: AppointmentId,
    /// Where.
    pub branch: BranchId,
    /// What.
    pub service: ServiceId,
    /// By whom.
    pub staff: StaffId,
    /// Beginning.
    pub starts_at: DateTime<Utc>,
    /// End.
    pub ends_at: DateTime<Utc>,
    /// Any status but cancelled.
    pub status: AppointmentStatus,
}

/// The past of one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerHistory {
    /// The latest visits, newest first, at most [`MAX_HISTORY`].
    pub recent: Vec<PastVisit>,
    /// How many there are altogether, counted up to [`MAX_COUNTED`].
    pub total: u32,
}

/// What a customer mostly comes for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    /// The most frequent service; of several, the one had last.
    pub service: ServiceId,
    /// Its share of the recent visits, above 0 and at most 1.
    pub share: f64,
    /// Who performed at least half of those visits, if anybody did.
    pub staff: Option<StaffId>,
}

impl Habit {
    /// Share from which on a service may be mentioned.
    pub const LIKELY: f64 = 0.5;
    /// Share from which on a service may be suggested before the caller has said anything.
    pub const STRONG: f64 = 0.8;

    /// Whether it may be suggested unasked.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.share >= Self::STRONG
    }
}

impl CustomerHistory {
    /// When the customer was here last; whoever did not come was not here.
    #[must_use]
    pub fn last_visit(&self) -> Option<&PastVisit> {
        self.recent.iter().find(|visit| visit.status != AppointmentStatus::NoShow)
    }

    /// The habit, if one service makes up at least half of the recent visits.
    #[must_use]
    pub fn habit(&self) -> Option<Habit> {
        let (service, times) = most_frequent(self.recent.iter().map(|visit| visit.service))?;
        let share = share(times, self.recent.len());
        if share < Habit::LIKELY {
            return None;
        }
        let performers = self.recent.iter().filter(|visit| visit.service == service).map(|visit| visit.staff);
        let staff = most_frequent(performers).filter(|(_, with)| with * 2 >= times).map(|(staff, _)| staff);
        Some(Habit { service, share, staff })
    }
}

/// The most frequent item with its count; of several, the first.
fn most_frequent<T: PartialEq + Copy>(items: impl Iterator<Item = T>) -> Option<(T, usize)> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|(known, _)| *known == item) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    counts.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn share(part: usize, whole: usize) -> f64 {
    // A history is twenty rows: both numbers are exact.
    let exact = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
    exact(part) / exact(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// Newest first: service and person of each visit.
    fn history(visits: &[(u128, u128)]) -> CustomerHistory {
        let recent: Vec<_> = visits
            .iter()
            .map(|(service, staff)| PastVisit {
                id: AppointmentId::from_uuid(Uuid::nil()),
                branch: BranchId::from_uuid(Uuid::nil()),
                service: ServiceId::from_uuid(Uuid::from_u128(*service)),
                staff: StaffId::from_uuid(Uuid::from_u128(*staff)),
                starts_at: DateTime::UNIX_EPOCH,
                ends_at: DateTime::UNIX_EPOCH,
                status: AppointmentStatus::Completed,
            })
            .collect();
        CustomerHistory { total: 0, recent }
    }

    fn habit(visits: &[(u128, u128)]) -> Option<(u128, bool, Option<u128>)> {
        history(visits).habit().map(|habit| {
            let staff = habit.staff.map(|staff| staff.as_uuid().as_u128());
            (habit.service.as_uuid().as_u128(), habit.is_strong(), staff)
        })
    }

    #[test]
    fn half_is_a_habit_and_four_fifths_are_a_strong_one() {
        assert_eq!(habit(&[]), None);
        assert_eq!(habit(&[(1, 1), (2, 1), (3, 1)]), None);
        assert_eq!(habit(&[(1, 1), (2, 1), (1, 2), (3, 1)]), Some((1, false, Some(1))));
        assert_eq!(habit(&[(1, 1), (1, 2), (1, 3), (2, 1)]), Some((1, false, None)));
        assert_eq!(habit(&[(1, 2), (1, 2), (2, 1), (1, 1), (1, 2)]), Some((1, true, Some(2))));
    }

    #[test]
    fn of_two_equal_ones_the_latest_counts() {
        assert_eq!(habit(&[(2, 1), (1, 1)]).map(|(service, ..)| service), Some(2));
    }

    #[test]
    fn whoever_did_not_come_was_not_here() {
        let mut past = history(&[(1, 1), (2, 1)]);
        past.recent[0].status = AppointmentStatus::NoShow;
        assert_eq!(past.last_visit().map(|visit| visit.service), Some(past.recent[1].service));
    }
}
