use appointment::model::{AppointmentStatus, ChangeFacts, ChangeKind};
use appointment::testing::{
    CatalogueBuilder, InMemoryAppointments, InMemoryCatalogues, InMemorySoftOffers, staff_id,
};
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallEffect, CallSignal, LinkMethod, PrivateText, Report, Segment, Speaker};
use chrono::TimeDelta;
use customer::testing::{InMemoryCustomers, customer};
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{AppointmentId, BranchId, Caller, CustomerId, PhoneNumber, ProviderCallId};
use servicedesk::testing::InMemoryCallbacks;
use std::sync::Mutex;
use uuid::Uuid;

use super::*;

mod ended;
mod firm;
mod note;
mod number;
mod otherwise;
mod person;
mod read_out;
mod relatives;
mod split;
mod told;
mod wrong_one;

/// The number of the one customer of whom one is known.
const ON_FILE: &str = "+4940555777";

/// Who performs what is done, unless it is said otherwise: Anna Weber.
const PERFORMS: u128 = 77;

/// The caller says a lot that proves nothing.
const LOT: (Speaker, &str) = (Speaker::Caller, "Sie haben gesagt, ich habe den Termin gebucht.");

#[derive(Default)]
struct Reviews(Mutex<Vec<CallReview>>, Mutex<Vec<Touched>>, Mutex<Vec<Used>>);

#[async_trait]
impl CallReviews for Reviews {
    async fn done_in(&self, _: &TenantScope, _: CallId) -> Result<Vec<Touched>, StoreError> {
        Ok(self.1.lock().unwrap().clone())
    }

    async fn used_in(&self, _: &TenantScope, _: CallId) -> Result<Vec<Used>, StoreError> {
        Ok(self.2.lock().unwrap().clone())
    }

    async fn found(&self, _: &TenantScope, call: CallId) -> Result<Vec<Mismatch>, StoreError> {
        let all = self.0.lock().unwrap();
        Ok(all.iter().filter(|known| known.call == call).map(|known| known.finding.mismatch).collect())
    }

    async fn open(&self, _: &TenantScope, review: &CallReview) -> Result<bool, StoreError> {
        let mut all = self.0.lock().unwrap();
        let is_new = all
            .iter()
            .all(|known| (known.call, known.finding.mismatch) != (review.call, review.finding.mismatch));
        if is_new {
            all.push(review.clone());
        }
        Ok(is_new)
    }
}

struct World {
    scope: TenantScope,
    calls: CallService,
    reviews: Arc<Reviews>,
    callbacks: Arc<InMemoryCallbacks>,
    desk: SaidAndDone,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(DateTime::UNIX_EPOCH));
        let ids = Arc::new(SequentialIds::default());
        let calls = CallService::new(
            Arc::new(InMemoryCalls::default()),
            Arc::new(InMemoryTrace::default()),
            clock.clone(),
            ids.clone(),
        );
        let (reviews, callbacks) = (Arc::new(Reviews::default()), Arc::new(InMemoryCallbacks::default()));
        let service = CallbackService::new(callbacks.clone(), clock.clone(), ids);
        let scope = scope(1, Some(BranchId::from_uuid(Uuid::from_u128(10))));
        let known = InMemoryCustomers::default();
        for (number, phone) in [(1, Some(ON_FILE)), (2, None)] {
            known.add(scope.tenant(), customer(number, "Erika Muster", phone));
        }
        let customers =
            CustomerService::new(Arc::new(known), clock.clone(), Arc::new(SequentialIds::default()));
        let catalogues = Arc::new(InMemoryCatalogues::default());
        let mut salon = CatalogueBuilder::new(scope.branch().unwrap(), chrono_tz::Europe::Berlin);
        for (number, name) in
            [(PERFORMS, "Anna Weber"), (78, "Dr. Ben Koch"), (79, "Clara Weber"), (80, "Anna Öz")]
        {
            salon = salon.person(number, name, &[], &[]).unwrap();
        }
        catalogues.put(&scope, salon.snapshot());
        let bookings = BookingService::new(
            catalogues.clone(),
            Arc::new(InMemoryAppointments::new(catalogues, clock.clone())),
            Arc::new(InMemorySoftOffers::new(clock.clone())),
            clock.clone(),
            Arc::new(SequentialIds::default()),
        );
        let desk =
            SaidAndDone::new(calls.clone(), reviews.clone(), customers, service, Arc::new(bookings), clock);
        Self { scope, calls, reviews, callbacks, desk }
    }

    /// A call that is over, with what the assistant said in it and what it did.
    async fn call(&self, said: Option<&[&str]>, done: &[Touched], caller: Caller) -> CallId {
        let said: Option<Vec<_>> =
            said.map(|said| said.iter().map(|text| (Speaker::Agent, *text)).chain([LOT]).collect());
        self.conversation(said.as_deref(), done, caller).await
    }

    /// A call that is over, with all that was said in it.
    async fn conversation(
        &self,
        said: Option<&[(Speaker, &str)]>,
        done: &[Touched],
        caller: Caller,
    ) -> CallId {
        let turn = |(speaker, text): &(Speaker, &str)| Segment {
            speaker: *speaker,
            offset_ms: None,
            text: PrivateText::clean(text, 4000).unwrap(),
        };
        let segments = said.map(|said| said.iter().map(turn).collect());
        let report = Report { transcript: segments, ended_at: Some(ended()), ..Report::default() };
        let signal = CallSignal::Ended(report).with_parties(Some(caller), None);
        let id = ProviderCallId::parse("call_a1b2").unwrap();
        let call = self.calls.apply(&self.scope, &id, signal).await.unwrap().call.snapshot().id;
        self.reviews.1.lock().unwrap().extend(done.iter().cloned());
        call
    }
}

/// What is found in a call in which the assistant says this, each with its sentence.
async fn found(said: &[&str], done: &[Touched]) -> Vec<(Mismatch, Option<String>)> {
    let said: Vec<_> = said.iter().map(|text| (Speaker::Agent, *text)).chain([LOT]).collect();
    heard(&said, done).await
}

/// The same of all that was said.
async fn heard(said: &[(Speaker, &str)], done: &[Touched]) -> Vec<(Mismatch, Option<String>)> {
    let world = World::new();
    let call = world.conversation(Some(said), done, known()).await;
    let findings = world.desk.look(&world.scope, call).await.unwrap();
    findings.into_iter().map(|finding| (finding.mismatch, finding.sentence)).collect()
}

fn ended() -> DateTime<Utc> {
    "2026-11-24T09:05:00Z".parse().unwrap()
}

/// When something happened: after nine o'clock, on the day of the call.
fn at(minutes: i64) -> DateTime<Utc> {
    ended() + TimeDelta::minutes(minutes - 5)
}

fn facts(starts_at: &str, status: AppointmentStatus) -> ChangeFacts {
    let starts_at: DateTime<Utc> = starts_at.parse().unwrap();
    let staff = staff_id(PERFORMS);
    let status = status.as_str().to_owned();
    ChangeFacts { starts_at, ends_at: starts_at + TimeDelta::minutes(30), staff, status }
}

const MONDAY: &str = "2026-11-30T09:00:00Z";
const TUESDAY_TEN: &str = "2026-12-01T09:00:00Z";
const WEDNESDAY_ELEVEN: &str = "2026-12-02T10:00:00Z";
const THURSDAY_ELEVEN: &str = "2026-12-03T10:00:00Z";

impl Touched {
    /// One that the call has made.
    fn made(starts_at: &str, status: AppointmentStatus) -> Self {
        let history = vec![Entry {
            kind: ChangeKind::Booked,
            whence: Whence::ThisCall,
            before: None,
            after: facts(starts_at, status),
            at: at(1),
        }];
        let appointment = AppointmentId::from_uuid(Uuid::from_u128(7));
        Self { appointment, timezone: chrono_tz::Europe::Berlin, status, is_refused: false, history }
    }

    /// One that was there before the call.
    fn known(starts_at: &str) -> Self {
        let mut known = Self::made(starts_at, AppointmentStatus::Confirmed);
        (known.history[0].whence, known.history[0].at) = (Whence::NoCall, at(-1000));
        known
    }

    fn then(mut self, kind: ChangeKind, whence: Whence, minutes: i64, starts_at: &str) -> Self {
        let before = self.history.last().unwrap().after.clone();
        let status = match kind {
            ChangeKind::Cancelled => AppointmentStatus::Cancelled,
            ChangeKind::Booked | ChangeKind::Moved => AppointmentStatus::Confirmed,
        };
        self.status = status;
        let after = facts(starts_at, status);
        self.history.push(Entry { kind, whence, before: Some(before), after, at: at(minutes) });
        self
    }

    fn moved(self, minutes: i64, starts_at: &str) -> Self {
        self.then(ChangeKind::Moved, Whence::ThisCall, minutes, starts_at)
    }

    fn moved_by_others(self, minutes: i64, starts_at: &str) -> Self {
        self.then(ChangeKind::Moved, Whence::NoCall, minutes, starts_at)
    }

    fn gone(self, whence: Whence, minutes: i64) -> Self {
        let starts_at = self.history.last().unwrap().after.starts_at.to_rfc3339();
        self.then(ChangeKind::Cancelled, whence, minutes, &starts_at)
    }

    /// The outside calendar has yet to agree to the last entry.
    fn waiting(mut self) -> Self {
        self.status = AppointmentStatus::Pending;
        self.history.last_mut().unwrap().after.status = "pending".to_owned();
        self
    }

    /// A person was asked about it.
    fn disputed(mut self, is_refused: bool) -> Self {
        (self.status, self.is_refused) = (AppointmentStatus::NeedsAttention, is_refused);
        self
    }
}

/// What leaves this behind.
fn with(effect: CallEffect) -> Option<Touched> {
    match effect {
        CallEffect::AppointmentBooked => Some(Touched::made(MONDAY, AppointmentStatus::Confirmed)),
        CallEffect::AppointmentMoved => Some(Touched::known(MONDAY).moved(1, TUESDAY_TEN)),
        CallEffect::AppointmentCancelled => Some(Touched::known(MONDAY).gone(Whence::ThisCall, 1)),
        _ => None,
    }
}

fn known() -> Caller {
    Caller::Known(PhoneNumber::from_e164("+4915112345678").unwrap())
}

#[tokio::test]
async fn what_was_said_is_what_was_done_or_it_is_found() {
    use CallEffect::{
        AppointmentBooked as Booked, AppointmentCancelled as Cancelled, AppointmentMoved as Moved,
    };
    const BOOKED: &str = "Ich habe den Termin für Sie gebucht.";
    const MOVED: &str = "Ihr Termin ist auf Dienstag verschoben.";
    const OFF: &str = "Ihr Termin ist storniert.";
    for (said, done, found) in [
        (Some(&[BOOKED][..]), &[Booked][..], &[][..]),
        (Some(&[BOOKED]), &[], &[Mismatch::BookingClaimed]),
        (Some(&[BOOKED]), &[Cancelled], &[Mismatch::BookingClaimed, Mismatch::CancellationUntold]),
        (Some(&[BOOKED]), &[Moved], &[]),
        (Some(&[MOVED]), &[Moved], &[]),
        (Some(&[MOVED]), &[], &[Mismatch::MoveClaimed]),
        (Some(&[MOVED]), &[Booked], &[Mismatch::MoveClaimed, Mismatch::BookingUntold]),
        (Some(&[OFF, BOOKED]), &[Cancelled, Booked], &[]),
        (Some(&[OFF]), &[Cancelled], &[]),
        (Some(&[OFF]), &[], &[Mismatch::CancellationClaimed]),
        (Some(&[OFF, BOOKED, OFF]), &[], &[Mismatch::CancellationClaimed, Mismatch::BookingClaimed]),
        (Some(&["Auf Wiederhören!"]), &[Booked], &[Mismatch::BookingUntold]),
        (Some(&["Auf Wiederhören!"]), &[Moved], &[Mismatch::MoveUntold]),
        (Some(&["Auf Wiederhören!"]), &[Cancelled], &[Mismatch::CancellationUntold]),
        (Some(&["Der Termin ist vorgemerkt."]), &[Booked], &[]),
        (Some(&["Soll ich den Termin eintragen?"]), &[], &[]),
        // Nothing heard of the assistant, or no transcript at all.
        (Some(&[]), &[Booked], &[]),
        (None, &[Booked], &[]),
    ] {
        let world = World::new();
        let touched: Vec<Touched> = done.iter().filter_map(|effect| with(*effect)).collect();
        let call = world.call(said, &touched, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let mismatches: Vec<_> = findings.iter().map(|finding| finding.mismatch).collect();
        assert_eq!(mismatches, found, "{said:?} {done:?}");
        assert_eq!(world.reviews.0.lock().unwrap().len(), found.len());
        assert_eq!(world.callbacks.all().len(), found.len().min(1), "one call about all of it");
    }
}

fn mismatches(findings: &[Finding]) -> Vec<Mismatch> {
    findings.iter().map(|finding| finding.mismatch).collect()
}

#[tokio::test]
async fn what_an_outside_calendar_refused_during_the_call_was_not_booked() {
    const OTHERS: &str = "Diese Zeit ist im Kalender schon vergeben, soll es um elf Uhr sein?";
    const BOOKED: &str = "Ihr Termin ist fest eingetragen, kann ich sonst noch etwas für Sie tun?";
    const OFF: &str = "Ihr Termin ist abgesagt, möchten Sie gleich einen neuen vereinbaren?";
    let made = || Touched::made(MONDAY, AppointmentStatus::Confirmed);
    let refused = || Touched::made(MONDAY, AppointmentStatus::Pending).gone(Whence::NoCall, 3);
    for (said, done, found) in [
        (&[OTHERS][..], vec![refused()], &[][..]),
        (&[BOOKED], vec![refused()], &[Mismatch::BookingClaimed]),
        // It stood when it was said, and is gone by now.
        (&[BOOKED], vec![made().gone(Whence::NoCall, 3)], &[]),
        (&[OTHERS], vec![made().gone(Whence::NoCall, 3)], &[]),
        // It stood when the caller hung up.
        (&[BOOKED], vec![made().gone(Whence::NoCall, 6)], &[]),
        // Another caller called it off meanwhile, and heard of it.
        (&[BOOKED], vec![made().gone(Whence::AnotherCall, 3)], &[]),
        (&[OTHERS], vec![made().gone(Whence::AnotherCall, 3)], &[Mismatch::BookingUntold]),
        (&[OTHERS], vec![made().gone(Whence::NoCall, 6)], &[Mismatch::BookingUntold]),
        // The caller changed their mind, about it or about another one.
        (&[BOOKED, OFF], vec![made().gone(Whence::ThisCall, 3)], &[]),
        (
            &[BOOKED, OFF],
            vec![refused(), Touched::known(MONDAY).gone(Whence::ThisCall, 4)],
            &[Mismatch::BookingClaimed],
        ),
    ] {
        let world = World::new();
        let call = world.call(Some(said), &done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        assert_eq!(mismatches(&findings), found, "{said:?} {done:?}");
    }
}

#[tokio::test]
async fn a_move_that_was_put_back_during_the_call_is_none() {
    const MOVED: &str = "Ihr Termin ist auf Donnerstag verlegt.";
    const NOTED: &str = "Ihr Termin ist am Donnerstag um elf Uhr eingetragen.";
    const BOOKED: &str = "Ihr Termin ist am Dienstag um zehn Uhr eingetragen.";
    const STAYS: &str = "Der Termin bleibt bestehen, soll es um zwölf Uhr sein?";
    let booked = || Touched::made(TUESDAY_TEN, AppointmentStatus::Confirmed);
    let moved = || Touched::known(MONDAY).moved(1, THURSDAY_ELEVEN);
    for (said, done, found) in [
        (MOVED, moved(), &[][..]),
        (MOVED, moved().moved_by_others(2, MONDAY), &[Mismatch::MoveClaimed]),
        (NOTED, moved().moved_by_others(2, MONDAY), &[Mismatch::BookingClaimed]),
        (STAYS, moved().moved_by_others(2, MONDAY), &[]),
        // The next time that was tried was taken.
        (MOVED, moved().moved_by_others(2, MONDAY).moved(3, THURSDAY_ELEVEN), &[]),
        // The second of two moves.
        (MOVED, moved().moved(2, WEDNESDAY_ELEVEN).moved_by_others(3, THURSDAY_ELEVEN), &[]),
        // Booked in the same call: the time that it was put back to counts, and not the one that was refused.
        (BOOKED, booked().moved(2, THURSDAY_ELEVEN).moved_by_others(3, TUESDAY_TEN), &[]),
        (
            NOTED,
            booked().moved(2, THURSDAY_ELEVEN).moved_by_others(3, TUESDAY_TEN),
            &[Mismatch::BookingUntold],
        ),
        // Moved on before the calendar refused: it is where it was before either.
        (MOVED, moved().moved(2, WEDNESDAY_ELEVEN).moved_by_others(3, MONDAY), &[Mismatch::MoveClaimed]),
        // It was so when the caller hung up.
        (MOVED, moved().moved_by_others(6, MONDAY), &[]),
        (STAYS, moved().moved_by_others(6, MONDAY), &[Mismatch::MoveUntold]),
        // Somebody else has moved it on.
        (MOVED, moved().moved_by_others(2, WEDNESDAY_ELEVEN), &[]),
        // It stood there when it was said, or it never did.
        (MOVED, moved().gone(Whence::NoCall, 2), &[]),
        (MOVED, moved().waiting().gone(Whence::NoCall, 2), &[Mismatch::MoveClaimed]),
    ] {
        let world = World::new();
        let call = world.call(Some(&[said]), std::slice::from_ref(&done), known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        assert_eq!(mismatches(&findings), found, "{said} {done:?}");
    }
}

/// One booking, and two of which each was said to be made; the same one said again is no other.
#[tokio::test]
async fn more_bookings_were_claimed_than_made() {
    use AppointmentStatus::Confirmed;
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist gebucht.";
    const AGAIN: &str = "Wie gesagt, Ihr Termin am Dienstag, dem 1. Dezember, um 10 Uhr ist eingetragen.";
    const SHORT: &str = "Ihr Termin ist gebucht.";
    const THURSDAY: &str = "Ihr Termin am Donnerstag um elf Uhr ist auch gebucht.";
    let made = || Touched::made(MONDAY, Confirmed);
    for (said, done, found) in [
        (&[TUESDAY, AGAIN, SHORT][..], vec![made()], None),
        (&[TUESDAY, THURSDAY], vec![made()], Some(THURSDAY)),
        (&[TUESDAY, AGAIN, THURSDAY, AGAIN], vec![made()], Some(THURSDAY)),
        (&[TUESDAY, THURSDAY], vec![made(), made()], None),
        // It was booked for the one and moved to the other.
        (&[TUESDAY, THURSDAY], vec![made().moved(2, THURSDAY_ELEVEN)], None),
    ] {
        let world = World::new();
        let call = world.call(Some(said), &done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let sentences: Vec<_> = findings
            .iter()
            .filter(|finding| finding.mismatch == Mismatch::BookingClaimed)
            .map(|finding| finding.sentence.as_deref())
            .collect();
        assert_eq!(sentences, found.map(Some).into_iter().collect::<Vec<_>>(), "{said:?} {done:?}");
    }
}

/// Tuesday was refused and withdrawn, Wednesday was booked: what is said of Tuesday is a false word.
#[tokio::test]
async fn what_was_withdrawn_is_none_of_what_was_made() {
    use AppointmentStatus::{Confirmed, Pending};
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist gebucht.";
    const WEDNESDAY: &str = "Ihr Termin am Mittwoch um elf Uhr ist gebucht.";
    const OFF: &str = "Der Termin am Dienstag ist abgesagt.";
    for (said, whence, found) in [
        (&[TUESDAY, WEDNESDAY][..], Whence::NoCall, Some(TUESDAY)),
        (&[WEDNESDAY, TUESDAY], Whence::NoCall, Some(TUESDAY)),
        (&[WEDNESDAY], Whence::NoCall, None),
        // The caller changed their mind about it.
        (&[TUESDAY, OFF, WEDNESDAY], Whence::ThisCall, None),
    ] {
        let world = World::new();
        let before = if whence == Whence::NoCall { Pending } else { Confirmed };
        let tuesday = Touched::made(TUESDAY_TEN, before).gone(whence, 3);
        let done = [tuesday, Touched::made(WEDNESDAY_ELEVEN, Confirmed)];
        let call = world.call(Some(said), &done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let sentences: Vec<_> =
            findings.iter().map(|finding| (finding.mismatch, finding.sentence.as_deref())).collect();
        let expected = found.map(|sentence| (Mismatch::BookingClaimed, Some(sentence)));
        assert_eq!(sentences, expected.into_iter().collect::<Vec<_>>(), "{said:?} {whence:?}");
    }
}
