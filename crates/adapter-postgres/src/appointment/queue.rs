//! Who wants the same time stands in line.
//!
//! A transaction takes an advisory lock for each person, or facility, and day that it wants to occupy, in the message that begins it.
//! So nobody meets a half-done rival, there are no deadlocks, and a statement's snapshot is younger than every rival's
//! commit. For time it is a comfort: the exclusion constraint decides alone just as well. For the number of a new
//! customer it is the rule: several people may share a number, so no constraint can tell a double. So it is for a quota
//! of changes, for a customer's own time and for the length of a company's waiting list, which no constraint can count.

use appointment::model::{AppointmentSnapshot, Tie};
use appointment::ports::AppointmentWrite;
use appointment::waiting::WaitingWrite;
use chrono::{DateTime, Utc};
use kernel::TenantScope;
use uuid::Uuid;

use super::facilities::Occupied;

/// The keys of the queues to stand in: one for each person, or facility, and day (of UTC) that a write occupies, one for the number of
/// each new customer, one for each visit of several parts that is changed, one for each customer with a quota or whose own time is to be free, and one for the waiting list that a wish joins, in ascending
/// order, so that two transactions never wait for each other crosswise.
pub(super) fn locks(scope: &TenantScope, writes: &[AppointmentWrite]) -> Vec<i64> {
    let mut keys: Vec<i64> = writes
        .iter()
        .filter_map(|write| match write {
            AppointmentWrite::ClaimHold(hold) => Some(Occupied::of(hold.staff, &hold.spans, &hold.uses)),
            AppointmentWrite::Insert { appointment: next, .. } | AppointmentWrite::Update { next, .. } => {
                Some(Occupied::of(next.staff, &next.spans, &next.uses))
            }
            AppointmentWrite::Waiting(WaitingWrite::Offer(offer)) => {
                Some(Occupied::of(offer.slot.staff, &offer.spans, &offer.uses))
            }
            _ => None,
        })
        .flat_map(|Occupied { resources, starts, ends }| {
            resources.into_iter().zip(starts).zip(ends).flat_map(|((resource, start), end)| {
                let first = day(start);
                (first..=day(end).max(first)).take(8).map(move |day| lock_key(scope, resource, day))
            })
        })
        .collect();
    keys.extend(writes.iter().filter_map(|write| match write {
        AppointmentWrite::Insert { new_customer: Some(new), .. } => {
            new.phone.as_ref().map(|phone| fnv(scope, phone.as_e164().bytes()))
        }
        // Parts of one visit are written together, whoever begins, and by more than one at once.
        AppointmentWrite::Update {
            next: AppointmentSnapshot { tie: Some(Tie::Sequence(visit)), .. },
            ..
        } => Some(fnv(scope, visit.as_uuid().as_bytes().iter().copied())),
        AppointmentWrite::WithinQuota { customer, .. } | AppointmentWrite::CustomerFree { customer, .. } => {
            Some(fnv(scope, customer.as_uuid().as_bytes().iter().copied()))
        }
        AppointmentWrite::Waiting(WaitingWrite::Note { .. }) => Some(fnv(scope, b"wishes".iter().copied())),
        _ => None,
    }));
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn day(instant: DateTime<Utc>) -> i64 {
    instant.timestamp().div_euclid(86_400)
}

/// Two people with one key would only wait for each other.
fn lock_key(scope: &TenantScope, resource: Uuid, day: i64) -> i64 {
    fnv(scope, resource.as_bytes().iter().copied().chain(day.to_be_bytes()))
}

/// FNV-1a over the tenant and what is asked for.
fn fnv(scope: &TenantScope, bytes: impl Iterator<Item = u8>) -> i64 {
    let tenant = scope.tenant().as_uuid();
    let bytes = tenant.as_bytes().iter().copied().chain(bytes);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::from_be_bytes(hash.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use appointment::model::{HoldId, HoldSnapshot, Span};
    use chrono::TimeZone;
    use kernel::testing::scope;
    use kernel::{BranchId, CallId, ServiceId, StaffId};

    fn hold(staff: u128, hours: &[(u32, u32)]) -> AppointmentWrite {
        let at = |hour| Utc.with_ymd_and_hms(2026, 11, 24, hour, 0, 0).unwrap();
        AppointmentWrite::ClaimHold(HoldSnapshot {
            id: HoldId::from_uuid(Uuid::from_u128(1)),
            branch: BranchId::from_uuid(Uuid::from_u128(1)),
            call: CallId::from_uuid(Uuid::from_u128(1)),
            caller_number: None,
            service: ServiceId::from_uuid(Uuid::from_u128(1)),
            staff: StaffId::from_uuid(Uuid::from_u128(staff)),
            starts_at: at(10),
            ends_at: at(11),
            spans: hours.iter().map(|(from, until)| Span::new(at(*from), at(*until))).collect(),
            uses: Vec::new(),
            moves: None,
            expires_at: at(12),
            created_at: at(9),
        })
    }

    #[test]
    fn those_who_want_one_person_on_one_day_stand_in_one_queue() {
        let tenant = scope(1, None);
        let one = locks(&tenant, &[hold(1, &[(10, 11)])]);
        assert_eq!(one.len(), 1);
        assert_eq!(one, locks(&tenant, &[hold(1, &[(14, 15), (16, 17)])]));
        assert_ne!(one, locks(&tenant, &[hold(2, &[(10, 11)])]));
        assert_ne!(one, locks(&scope(2, None), &[hold(1, &[(10, 11)])]));
    }

    #[test]
    fn queues_are_joined_in_ascending_order() {
        let tenant = scope(1, None);
        let forward = locks(&tenant, &[hold(1, &[(10, 11)]), hold(2, &[(10, 11)])]);
        let backward = locks(&tenant, &[hold(2, &[(10, 11)]), hold(1, &[(10, 11)])]);
        assert_eq!(forward, backward);
        assert!(forward.is_sorted());
    }
}
