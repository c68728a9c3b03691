//! What every memory of calls in progress does: [`voice::CallMemory`] and [`voice::FailedIdentifications`].
//!
//! Each fixture has two handles on one memory, as two gateways have; a memory of one process gives the same twice.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a contract that does not hold stops where it is, inside a test"
)]

use std::sync::Arc;
use std::time::Duration;

use appointment::model::{DateRange, SequenceId, Slot};
use appointment::policy::change::ChangeAct;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use kernel::testing::{FixedClock, scope};
use kernel::{
    AppointmentId, CallId, Currency, CustomerId, IdempotencyKey, Money, PersonName, PhoneNumber, ServiceId,
    StaffId,
};
use tokio::task::JoinSet;
use uuid::Uuid;
use voice::{
    AskedWhom, Before, CallMemory, CallNotes, FailedIdentifications, ForWhom, Instead, LastQuestion, Matter,
    NamedTime, Question, Told, ToldFee, Unfinished, Unmet, WishedTime,
};

/// A memory without notes.
pub struct CallMemoryFixture {
    /// As one gateway sees it.
    pub here: Arc<dyn CallMemory>,
    /// As another one does.
    pub there: Arc<dyn CallMemory>,
}

/// A memory without attempts in which a number may fail three times an hour.
pub struct AttemptsFixture {
    /// As one gateway sees it.
    pub here: Arc<dyn FailedIdentifications>,
    /// As another one does.
    pub there: Arc<dyn FailedIdentifications>,
    /// Their clock.
    pub clock: Arc<FixedClock>,
}

/// Runs every rule of the notes of calls as a test of its own; the fixture is a plain `fn() -> CallMemoryFixture`.
#[macro_export]
macro_rules! call_memory_contract {
    ($fixture:path) => {
        #[tokio::test]
        async fn notes_come_back_whole() {
            $crate::voice::notes_come_back_whole(&$fixture()).await;
        }

        #[tokio::test]
        async fn the_latest_notes_count_whoever_took_them() {
            $crate::voice::the_latest_notes_count_whoever_took_them(&$fixture()).await;
        }

        #[tokio::test]
        async fn notes_of_others_are_nobodys_business() {
            $crate::voice::notes_of_others_are_nobodys_business(&$fixture()).await;
        }
    };
}

/// Runs every rule of failed identifications as a test of its own; the fixture is a plain `fn() -> AttemptsFixture`.
#[macro_export]
macro_rules! attempts_contract {
    ($fixture:path) => {
        #[tokio::test]
        async fn a_number_waits_after_its_third_failure() {
            $crate::voice::a_number_waits_after_its_third_failure(&$fixture()).await;
        }

        #[tokio::test]
        async fn failures_are_counted_wherever_they_happen() {
            $crate::voice::failures_are_counted_wherever_they_happen(&$fixture()).await;
        }

        #[tokio::test]
        async fn of_a_crowd_no_more_than_allowed_may_try() {
            $crate::voice::of_a_crowd_no_more_than_allowed_may_try(&$fixture()).await;
        }

        #[tokio::test]
        async fn what_did_not_fail_is_given_back() {
            $crate::voice::what_did_not_fail_is_given_back(&$fixture()).await;
        }

        #[tokio::test]
        async fn failures_count_for_one_company_and_one_number() {
            $crate::voice::failures_count_for_one_company_and_one_number(&$fixture()).await;
        }
    };
}

fn call(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

fn slot(minute: i64) -> Slot {
    let start = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minute);
    Slot {
        service: ServiceId::from_uuid(Uuid::from_u128(1)),
        staff: StaffId::from_uuid(Uuid::from_u128(2)),
        start,
        end: start + TimeDelta::minutes(30),
    }
}

fn full() -> CallNotes {
    CallNotes {
        service: Some(ServiceId::from_uuid(Uuid::from_u128(1))),
        staff: Some(StaffId::from_uuid(Uuid::from_u128(2))),
        day: NaiveDate::from_ymd_opt(2026, 3, 29),
        wished: NaiveDate::from_ymd_opt(2026, 3, 29).map(|first| WishedTime {
            days: DateRange::new(first, first + TimeDelta::days(2)),
            hours: Some((645, 719)),
        }),
        refused: Some(slot(15).start),
        for_whom: ForWhom {
            name: PersonName::clean("Mia Muster").ok(),
            other_person: Some(true),
            is_of_last: true,
            asked: PersonName::clean("Mia").map_or(AskedWhom::Who, AskedWhom::IsIt),
            told: Told {
                remark: Some("Allergie".to_owned()),
                email: Some("mia at example punkt org".to_owned()),
                phone: Some("0171 1234567".to_owned()),
            },
        },
        booked_for_others: vec![CustomerId::from_uuid(Uuid::from_u128(11))],
        named_times: vec![NamedTime {
            slots: vec![slot(30), slot(60)],
            for_whom: ForWhom { other_person: Some(false), ..ForWhom::default() },
        }],
        cancel_was_last: true,
        asked: LastQuestion::Open(Question::Book(slot(30))),
        asked_back: vec![slot(15).start, slot(30).start],
        may_hold: true,
        told_fee: Some(ToldFee {
            appointment: AppointmentId::from_uuid(Uuid::from_u128(4)),
            act: ChangeAct::Cancel,
            fee: Money::new(1000, Currency::Eur),
            of_all: true,
        }),
        cancelled: vec![3, 8].into_iter().map(|id| AppointmentId::from_uuid(Uuid::from_u128(id))).collect(),
        offered: vec![slot(45), slot(90)],
        then: vec![ServiceId::from_uuid(Uuid::from_u128(5)), ServiceId::from_uuid(Uuid::from_u128(6))],
        offered_all: vec![vec![slot(45), slot(75)], vec![slot(90), slot(120)]],
        unfinished: Some(Unfinished {
            matter: Matter::Move,
            args: [("new_date".to_owned(), "Freitag".into())].into_iter().collect(),
            is_other_time: true,
        }),
        moving: Some((AppointmentId::from_uuid(Uuid::from_u128(12)), true)),
        unmet: Some(Unmet {
            about: "Verschieben ist nur bis zwei Tage vorher möglich - Freitag".to_owned(),
            offered: Some(Instead::Callback),
        }),
        before: Some(Box::new(Before {
            by: IdempotencyKey::new("call:book_appointment:1:2"),
            notes: CallNotes {
                asked: LastQuestion::Open(Question::Book(slot(15))),
                offered: vec![slot(15)],
                ..CallNotes::default()
            },
        })),
        noted_at: Some(slot(0).start + TimeDelta::nanoseconds(1)),
    }
}

/// What was remembered is recalled, every kind of question included.
pub async fn notes_come_back_whole(fixture: &CallMemoryFixture) {
    let ours = scope(1, None);
    assert_eq!(fixture.here.recall(&ours, call(1)).await, CallNotes::default());
    let questions = [
        LastQuestion::Unknown,
        LastQuestion::Open(Question::Book(slot(0))),
        LastQuestion::Open(Question::BookBeside(slot(60))),
        LastQuestion::Open(Question::Move(AppointmentId::from_uuid(Uuid::from_u128(9)), slot(120))),
        LastQuestion::Open(Question::BookAll { slots: vec![slot(0), slot(30)], beside: false }),
        LastQuestion::Open(Question::BookAll { slots: vec![slot(0), slot(30)], beside: true }),
        LastQuestion::Open(Question::Cancel {
            appointment: AppointmentId::from_uuid(Uuid::from_u128(9)),
            of_all: true,
        }),
        LastQuestion::Open(Question::MoveAll(
            SequenceId::from_uuid(Uuid::from_u128(8)),
            vec![slot(0), slot(30)],
        )),
        LastQuestion::Answered(AppointmentId::from_uuid(Uuid::from_u128(9))),
        LastQuestion::Closed,
    ];
    for asked in questions {
        let notes = CallNotes { asked, ..full() };
        fixture.here.remember(&ours, call(1), notes.clone()).await;
        assert_eq!(fixture.here.recall(&ours, call(1)).await, notes);
        assert_eq!(fixture.there.recall(&ours, call(1)).await, notes);
    }
}

/// Notes are replaced, not merged, from whichever side.
pub async fn the_latest_notes_count_whoever_took_them(fixture: &CallMemoryFixture) {
    let ours = scope(1, None);
    fixture.here.remember(&ours, call(1), full()).await;
    let later = CallNotes { asked: LastQuestion::Open(Question::Book(slot(60))), ..CallNotes::default() };
    fixture.there.remember(&ours, call(1), later.clone()).await;
    assert_eq!(fixture.here.recall(&ours, call(1)).await, later);
    fixture.here.remember(&ours, call(1), full()).await;
    assert_eq!(fixture.there.recall(&ours, call(1)).await, full());
}

/// Another call, and the same call id in another company, know nothing.
pub async fn notes_of_others_are_nobodys_business(fixture: &CallMemoryFixture) {
    fixture.here.remember(&scope(1, None), call(1), full()).await;
    for memory in [&fixture.here, &fixture.there] {
        assert_eq!(memory.recall(&scope(1, None), call(2)).await, CallNotes::default());
        assert_eq!(memory.recall(&scope(2, None), call(1)).await, CallNotes::default());
    }
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

/// Three failures an hour are allowed; the hour begins with the first.
pub async fn a_number_waits_after_its_third_failure(fixture: &AttemptsFixture) {
    let (ours, caller) = (scope(1, None), number("+491701112233"));
    for _ in 0..3 {
        assert_eq!(fixture.here.take(&ours, &caller).await, None);
        fixture.clock.advance(TimeDelta::minutes(10));
    }
    assert_eq!(fixture.here.take(&ours, &caller).await, Some(Duration::from_secs(30 * 60)));
    fixture.clock.advance(TimeDelta::minutes(30));
    for _ in 0..3 {
        assert_eq!(fixture.here.take(&ours, &caller).await, None, "another hour, another count");
    }
}

/// What one gateway counted, another one knows.
pub async fn failures_are_counted_wherever_they_happen(fixture: &AttemptsFixture) {
    let (ours, caller) = (scope(1, None), number("+491701112233"));
    for memory in [&fixture.here, &fixture.there, &fixture.here] {
        assert_eq!(memory.take(&ours, &caller).await, None);
    }
    for memory in [&fixture.here, &fixture.there] {
        assert_eq!(memory.take(&ours, &caller).await, Some(Duration::from_secs(60 * 60)));
    }
}

/// Of many who try at the same moment no more than three may.
pub async fn of_a_crowd_no_more_than_allowed_may_try(fixture: &AttemptsFixture) {
    let (ours, caller) = (scope(1, None), number("+491701112233"));
    let (here, there) = (&fixture.here, &fixture.there);
    let mut crowd = JoinSet::new();
    for memory in [here, there].into_iter().cycle().take(20) {
        let (memory, ours, caller) = (Arc::clone(memory), ours.clone(), caller.clone());
        crowd.spawn(async move { memory.take(&ours, &caller).await });
    }
    let answers = crowd.join_all().await;
    assert_eq!(answers.iter().filter(|wait| wait.is_none()).count(), 3);
}

/// What did not fail is given back; nothing more than was taken.
pub async fn what_did_not_fail_is_given_back(fixture: &AttemptsFixture) {
    let (ours, caller) = (scope(1, None), number("+491701112233"));
    fixture.there.give_back(&ours, &caller).await;
    for _ in 0..5 {
        assert_eq!(fixture.here.take(&ours, &caller).await, None);
        fixture.here.give_back(&ours, &caller).await;
    }
    for _ in 0..3 {
        assert_eq!(fixture.here.take(&ours, &caller).await, None);
    }
    assert!(fixture.here.take(&ours, &caller).await.is_some());
}

/// Neither another number nor the same number at another company waits.
pub async fn failures_count_for_one_company_and_one_number(fixture: &AttemptsFixture) {
    let (ours, caller) = (scope(1, None), number("+491701112233"));
    for _ in 0..3 {
        fixture.here.take(&ours, &caller).await;
    }
    for memory in [&fixture.here, &fixture.there] {
        assert!(memory.take(&ours, &caller).await.is_some());
        assert_eq!(memory.take(&ours, &number("+491701112234")).await, None);
        assert_eq!(memory.take(&scope(2, None), &caller).await, None);
    }
}
