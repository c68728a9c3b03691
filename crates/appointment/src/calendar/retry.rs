//! When a copy that stays open is tried again. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::AppointmentId;

use super::copy::{CopyRecord, CopyState, SETTLING_SECONDS};

/// How long a copy waits for its next try, in product time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyRetries {
    /// After the first try that led nowhere; it doubles with each further one.
    pub first: TimeDelta,
    /// Never longer than this.
    pub most: TimeDelta,
}

impl CopyRetries {
    /// The wait after so many tries in a row that led nowhere. Jitter takes up to a half, so that copies which failed
    /// together are not all tried together again; it follows from the appointment's id and the number of tries.
    #[must_use]
    pub fn wait(&self, appointment: AppointmentId, tries: u32) -> TimeDelta {
        let most = self.most.num_milliseconds().max(0);
        let first = self.first.num_milliseconds().clamp(0, most);
        let doublings = tries.saturating_sub(1).min(30);
        let full = first.saturating_mul(1 << doublings).min(most);
        let share = i64::from(spread(appointment, tries));
        let jitter = (full - full / 2).saturating_mul(share) / i64::from(u16::MAX);
        TimeDelta::milliseconds(full / 2 + jitter)
    }
}

/// A number that differs from one appointment and try to the next, evenly spread.
fn spread(appointment: AppointmentId, tries: u32) -> u16 {
    // FNV-1a, as its authors publish it: 64 bits.
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = appointment.as_uuid().into_bytes().into_iter().chain(tries.to_be_bytes());
    let hash = bytes.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    // Its lower bits depend on few of the bytes.
    let folded = (hash >> 32) ^ hash;
    let [.., high, low] = ((folded >> 16) ^ folded).to_be_bytes();
    u16::from_be_bytes([high, low])
}

impl CopyRecord {
    /// Notes a try that led nowhere at `now`, product time, for an appointment at `start`, and when to try again: later
    /// from time to time, and sooner
    ///
    /// * where a write is in doubt: once it can take effect no more;
    /// * where the appointment is near: before half of the time until then is over, so that whoever was promised to be
    ///   told is told by its beginning.
    pub fn put_off(&mut self, why: String, start: DateTime<Utc>, now: DateTime<Utc>, retries: &CopyRetries) {
        self.failed(why);
        let mut wait = retries.wait(self.appointment, self.attempts);
        let is_in_doubt = self.state == CopyState::Unknown;
        if let Some(sent) = self.sent_at.filter(|_| is_in_doubt) {
            let settled = TimeDelta::seconds(SETTLING_SECONDS) - now.signed_duration_since(sent);
            if settled > TimeDelta::zero() {
                wait = wait.min(settled);
            }
        }
        let left = start.signed_duration_since(now);
        if left > TimeDelta::zero() {
            wait = wait.min(left / 2);
        }
        self.next_try = now.checked_add_signed(wait);
    }

    /// Notes that nothing was tried, and why: it is tried with the next round, and its tries are as many as they were.
    pub fn not_tried(&mut self, why: String) {
        self.error = Some(why);
        self.next_try = None;
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::SequentialIds;
    use uuid::Uuid;

    use super::*;
    use crate::calendar::{CalendarLink, ConnectionId, RemoteEventType};

    const RETRIES: CopyRetries = CopyRetries { first: TimeDelta::seconds(60), most: TimeDelta::seconds(900) };

    fn record(state: CopyState) -> CopyRecord {
        let link = CalendarLink {
            connection: ConnectionId::from_uuid(Uuid::from_u128(1)),
            event_type: RemoteEventType::parse("471").unwrap(),
            host: None,
        };
        CopyRecord { state, ..CopyRecord::due(AppointmentId::generate(&SequentialIds::default()), link) }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        "2026-11-27T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
    }

    const FAR: i64 = 10 * 86_400;

    #[test]
    fn it_doubles_up_to_the_most_and_jitter_takes_at_most_a_half() {
        let ids: Vec<_> = (1..=200).map(|n| AppointmentId::from_uuid(Uuid::from_u128(n << 64 | n))).collect();
        for (tries, full) in
            [(0, 60), (1, 60), (2, 120), (3, 240), (4, 480), (5, 900), (6, 900), (u32::MAX, 900)]
        {
            let mut waits: Vec<_> =
                ids.iter().map(|id| RETRIES.wait(*id, tries).num_milliseconds()).collect();
            waits.sort_unstable();
            let (full, first, last) = (full * 1_000, waits[0], waits[ids.len() - 1]);
            assert!(full / 2 <= first && last <= full, "{tries}: {first} {last}");
            // Spread over all of the half, not around a few points.
            assert!(first < full * 11 / 20 && full * 19 / 20 < last, "{tries}: {first} {last}");
            waits.dedup();
            assert!(waits.len() > 190, "{tries}: {}", waits.len());
        }
        assert_eq!(RETRIES.wait(ids[0], 3), RETRIES.wait(ids[0], 3), "the same is answered again");
    }

    #[test]
    fn nonsense_limits_wait_for_nothing_longer_than_the_most() {
        for (first, most) in [(600, 60), (60, 0), (-60, 60), (60, -60)] {
            let retries = CopyRetries { first: TimeDelta::seconds(first), most: TimeDelta::seconds(most) };
            let wait = retries.wait(record(CopyState::Due).appointment, 3).num_seconds();
            assert!((0..=most.max(0)).contains(&wait), "{first} {most}: {wait}");
        }
    }

    #[test]
    fn tries_are_counted_and_forgotten_with_success_or_a_new_wish() {
        let mut copy = record(CopyState::Due);
        let mut now = at(0);
        for tries in 1..=5 {
            copy.put_off("connect".to_owned(), at(FAR), now, &RETRIES);
            assert_eq!(copy.attempts, tries);
            let next = copy.next_try.unwrap();
            assert_eq!(next - now, RETRIES.wait(copy.appointment, tries));
            now = next;
        }
        assert_eq!(copy.next(CopyState::Due).next_try, None);
        assert_eq!((copy.due_again(None).attempts, copy.due_again(None).next_try), (0, None));
        let real = at(0);
        assert_eq!(copy.sending(at(FAR), now, real, TimeDelta::seconds(20)).next_try, None);
    }

    #[test]
    fn a_write_in_doubt_is_looked_up_once_it_is_over_however_often_it_was_before() {
        let mut copy = record(CopyState::Unknown);
        (copy.attempts, copy.sent_at) = (9, Some(at(0)));
        copy.put_off("it may still take effect".to_owned(), at(FAR), at(30), &RETRIES);
        assert_eq!(copy.next_try, Some(at(SETTLING_SECONDS)));
        // Afterwards it waits as any other.
        copy.put_off("timeout".to_owned(), at(FAR), at(SETTLING_SECONDS), &RETRIES);
        let wait = copy.next_try.unwrap() - at(SETTLING_SECONDS);
        assert!(wait >= RETRIES.most / 2, "{wait}");
        // What certainly was not sent has nothing to wait for.
        let mut due = record(CopyState::Due);
        (due.attempts, due.sent_at) = (9, Some(at(0)));
        due.put_off("connect".to_owned(), at(FAR), at(30), &RETRIES);
        assert!(due.next_try.unwrap() > at(SETTLING_SECONDS));
    }

    #[test]
    fn an_appointment_that_is_near_is_not_waited_past() {
        let mut copy = record(CopyState::Due);
        copy.attempts = 9;
        copy.put_off("connect".to_owned(), at(600), at(0), &RETRIES);
        assert_eq!(copy.next_try, Some(at(300)));
        // One that has begun is over for waiting in halves.
        copy.put_off("connect".to_owned(), at(600), at(600), &RETRIES);
        assert!(copy.next_try.unwrap() >= at(600) + RETRIES.most / 2);
    }
}
