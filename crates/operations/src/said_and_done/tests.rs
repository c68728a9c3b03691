use appointment::model::{AppointmentSource, SyncState};
use appointment::ports::MockAppointmentRepository;
use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallSignal, PrivateText, Report, Segment};
use chrono::TimeDelta;
use kernel::testing::{FixedClock, SequentialIds, scope};
use kernel::{
    AppointmentId, BranchId, Caller, Currency, CustomerId, Money, PhoneNumber, ProviderCallId, ServiceId,
    StaffId,
};
use servicedesk::testing::InMemoryCallbacks;
use std::sync::Mutex;
use uuid::Uuid;

use super::*;

#[derive(Default)]
struct Reviews(Mutex<Vec<CallReview>>);

#[async_trait]
impl CallReviews for Reviews {
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
    made: Arc<Mutex<Vec<AppointmentSnapshot>>>,
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
        let made: Arc<Mutex<Vec<AppointmentSnapshot>>> = Arc::default();
        let mut appointments = MockAppointmentRepository::new();
        let listed = made.clone();
        appointments.expect_list_of_call().returning(move |_, _| Ok(listed.lock().unwrap().clone()));
        let desk = SaidAndDone::new(calls.clone(), Arc::new(appointments), reviews.clone(), service, clock);
        let scope = scope(1, Some(BranchId::from_uuid(Uuid::from_u128(10))));
        Self { scope, calls, reviews, callbacks, made, desk }
    }

    /// A call that is over, with what the assistant said in it and what it did.
    async fn call(&self, said: Option<&[&str]>, done: &[CallEffect], caller: Caller) -> CallId {
        let segments = said.map(|said| {
            let turn = |(speaker, text): (Speaker, &str)| Segment {
                speaker,
                offset_ms: None,
                text: PrivateText::clean(text, 1000).unwrap(),
            };
            // The caller says a lot that proves nothing.
            let caller = (Speaker::Caller, "Sie haben gesagt, ich habe den Termin gebucht.");
            said.iter().map(|text| (Speaker::Agent, *text)).chain([caller]).map(turn).collect()
        });
        let report = Report { transcript: segments, ended_at: Some(ended()), ..Report::default() };
        let signal = CallSignal::Ended(report).with_parties(Some(caller), None);
        let id = ProviderCallId::parse("call_a1b2").unwrap();
        let call = self.calls.apply(&self.scope, &id, signal).await.unwrap().call.snapshot().id;
        for effect in done {
            self.calls.note_effect(&self.scope, call, *effect, None).await.unwrap();
        }
        call
    }
}

fn ended() -> DateTime<Utc> {
    "2026-11-24T09:05:00Z".parse().unwrap()
}

/// An appointment that was made in a call and is gone since then.
fn gone(at: &str) -> AppointmentSnapshot {
    let id = Uuid::from_u128(77);
    let starts_at = "2026-11-30T09:00:00Z".parse().unwrap();
    AppointmentSnapshot {
        id: AppointmentId::from_uuid(id),
        branch: BranchId::from_uuid(id),
        customer: CustomerId::from_uuid(id),
        service: ServiceId::from_uuid(id),
        staff: StaffId::from_uuid(id),
        call: Some(CallId::from_uuid(id)),
        starts_at,
        ends_at: starts_at + TimeDelta::minutes(30),
        timezone: chrono_tz::Europe::Berlin,
        status: AppointmentStatus::Cancelled,
        source: AppointmentSource::VoiceAgent,
        price: Money::new(3000, Currency::Eur),
        phases: Vec::new(),
        spans: Vec::new(),
        uses: Vec::new(),
        tie: None,
        notes: None,
        reschedule_count: 0,
        fee: None,
        sync_state: SyncState::Synced,
        cancelled_at: Some(at.parse().unwrap()),
        cancel_reason: None,
        created_at: "2026-11-24T09:00:00Z".parse().unwrap(),
        version: 2,
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
    const MOVED: &str = "Ihr Termin ist auf Freitag verschoben.";
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
        let call = world.call(said, done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let mismatches: Vec<_> = findings.iter().map(|finding| finding.mismatch).collect();
        assert_eq!(mismatches, found, "{said:?} {done:?}");
        assert_eq!(world.reviews.0.lock().unwrap().len(), found.len());
        assert_eq!(world.callbacks.all().len(), found.len());
    }
}

#[tokio::test]
async fn what_an_outside_calendar_refused_during_the_call_was_not_booked() {
    use CallEffect::{AppointmentBooked as Booked, AppointmentCancelled as Cancelled};
    const OTHERS: &str = "Diese Zeit ist im Kalender schon vergeben, soll es um elf Uhr sein?";
    const BOOKED: &str = "Ihr Termin ist fest eingetragen, kann ich sonst noch etwas für Sie tun?";
    const OFF: &str = "Ihr Termin ist abgesagt, möchten Sie gleich einen neuen vereinbaren?";
    let (during, after) = ("2026-11-24T09:03:00Z", "2026-11-24T09:05:10Z");
    for (said, done, gone_at, found) in [
        (&[OTHERS][..], &[Booked][..], during, &[][..]),
        (&[BOOKED], &[Booked], during, &[Mismatch::BookingClaimed]),
        // It stood when the caller hung up.
        (&[BOOKED], &[Booked], after, &[]),
        (&[OTHERS], &[Booked], after, &[Mismatch::BookingUntold]),
        // The caller changed their mind.
        (&[BOOKED, OFF], &[Booked, Cancelled], during, &[]),
    ] {
        let world = World::new();
        world.made.lock().unwrap().push(gone(gone_at));
        let call = world.call(Some(said), done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let mismatches: Vec<_> = findings.iter().map(|finding| finding.mismatch).collect();
        assert_eq!(mismatches, found, "{said:?} {done:?} {gone_at}");
    }
}

/// One booking, and two of which each was said to be made; the same one said again is no other.
#[tokio::test]
async fn more_bookings_were_claimed_than_made() {
    use CallEffect::{AppointmentBooked as Booked, AppointmentMoved as Moved};
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist gebucht.";
    const AGAIN: &str = "Wie gesagt, Ihr Termin am Dienstag, dem 1. Dezember, um 10 Uhr ist eingetragen.";
    const SHORT: &str = "Ihr Termin ist gebucht.";
    const THURSDAY: &str = "Ihr Termin am Donnerstag um elf Uhr ist auch gebucht.";
    for (said, done, made, found) in [
        (&[TUESDAY, AGAIN, SHORT][..], &[Booked][..], 1, None),
        (&[TUESDAY, THURSDAY], &[Booked], 1, Some(THURSDAY)),
        (&[TUESDAY, AGAIN, THURSDAY, AGAIN], &[Booked], 1, Some(THURSDAY)),
        (&[TUESDAY, THURSDAY], &[Booked], 2, None),
        // It was booked for the one and moved to the other.
        (&[TUESDAY, THURSDAY], &[Booked, Moved], 1, None),
    ] {
        let world = World::new();
        for _ in 0..made {
            let row = AppointmentSnapshot {
                status: AppointmentStatus::Confirmed,
                cancelled_at: None,
                ..gone("2026-11-24T09:03:00Z")
            };
            world.made.lock().unwrap().push(row);
        }
        let call = world.call(Some(said), done, known()).await;
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
    use CallEffect::{AppointmentBooked as Booked, AppointmentCancelled as Cancelled};
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist gebucht.";
    const WEDNESDAY: &str = "Ihr Termin am Mittwoch um elf Uhr ist gebucht.";
    const OFF: &str = "Der Termin am Dienstag ist abgesagt.";
    for (said, done, found) in [
        (&[TUESDAY, WEDNESDAY][..], &[Booked][..], Some(TUESDAY)),
        (&[WEDNESDAY, TUESDAY], &[Booked], Some(TUESDAY)),
        (&[WEDNESDAY], &[Booked], None),
        // The caller changed their mind about it.
        (&[TUESDAY, OFF, WEDNESDAY], &[Booked, Cancelled], None),
    ] {
        let world = World::new();
        let withdrawn = gone("2026-11-24T09:03:00Z");
        let tuesday =
            AppointmentSnapshot { starts_at: "2026-12-01T09:00:00Z".parse().unwrap(), ..withdrawn.clone() };
        let wednesday = AppointmentSnapshot {
            starts_at: "2026-12-02T10:00:00Z".parse().unwrap(),
            status: AppointmentStatus::Confirmed,
            cancelled_at: None,
            ..withdrawn
        };
        world.made.lock().unwrap().extend([tuesday, wednesday]);
        let call = world.call(Some(said), done, known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let sentences: Vec<_> =
            findings.iter().map(|finding| (finding.mismatch, finding.sentence.as_deref())).collect();
        let expected = found.map(|sentence| (Mismatch::BookingClaimed, Some(sentence)));
        assert_eq!(sentences, expected.into_iter().collect::<Vec<_>>(), "{said:?} {done:?}");
    }
}

#[tokio::test]
async fn what_waits_for_the_calendar_was_promised_too_firmly() {
    use AppointmentStatus::{Confirmed, NeedsAttention, Pending};
    const FIRM: &str = "Ihr Termin ist fest gebucht.";
    const TUESDAY: &str = "Ihr Termin am Dienstag um zehn Uhr ist fest eingetragen.";
    const WEDNESDAY: &str = "Ihr Termin am Mittwoch um elf Uhr ist bestätigt.";
    const NOTED: &str = "Ich habe den Termin vorgemerkt, die Bestätigung steht noch aus.";
    for (said, tuesday, wednesday, found) in [
        (&[FIRM][..], Pending, None, Some(FIRM)),
        (&[NOTED, FIRM], Pending, None, Some(FIRM)),
        (&[TUESDAY], NeedsAttention, None, Some(TUESDAY)),
        (&[FIRM], Confirmed, None, None),
        (&[NOTED], Pending, None, None),
        (&["Ihr Termin ist gebucht."], Pending, None, None),
        (&["Ihr Termin ist noch nicht bestätigt."], Pending, Some(Confirmed), None),
        // Of two, it may be the one that stands, unless the other is named.
        (&[FIRM], Pending, Some(Confirmed), None),
        (&[WEDNESDAY], Pending, Some(Confirmed), None),
        (&[WEDNESDAY, TUESDAY], Pending, Some(Confirmed), Some(TUESDAY)),
    ] {
        let world = World::new();
        let row = |starts_at: &str, status| AppointmentSnapshot {
            starts_at: starts_at.parse().unwrap(),
            status,
            cancelled_at: None,
            ..gone("2026-11-24T09:03:00Z")
        };
        let made = [
            Some(row("2026-12-01T09:00:00Z", tuesday)),
            wednesday.map(|status| row("2026-12-02T10:00:00Z", status)),
        ];
        world.made.lock().unwrap().extend(made.into_iter().flatten());
        let call = world.call(Some(said), &[CallEffect::AppointmentBooked], known()).await;
        let findings = world.desk.look(&world.scope, call).await.unwrap();
        let firm: Vec<_> = findings
            .iter()
            .filter(|finding| finding.mismatch == Mismatch::FirmClaimed)
            .map(|finding| finding.sentence.as_deref())
            .collect();
        assert_eq!(
            firm,
            found.map(Some).into_iter().collect::<Vec<_>>(),
            "{said:?} {tuesday:?} {wednesday:?}"
        );
        let notes: Vec<_> = world.callbacks.all().into_iter().filter_map(|callback| callback.note).collect();
        let is_told = notes.iter().any(|note| note.as_str().contains("fest zugesagt"));
        assert_eq!(is_told, found.is_some(), "{notes:?}");
    }
}

#[tokio::test]
async fn a_finding_names_its_sentence_and_is_seen_to_once() {
    let world = World::new();
    let said = ["Guten Tag! Ich habe den Termin am 24.11. um 10 Uhr gebucht. Bis dann!"];
    let call = world.call(Some(&said), &[], known()).await;
    for _ in 0..3 {
        world.desk.look(&world.scope, call).await.unwrap();
    }
    let reviews = world.reviews.0.lock().unwrap().clone();
    assert_eq!(reviews.len(), 1);
    assert_eq!(
        reviews[0].finding.sentence.as_deref(),
        Some("Ich habe den Termin am 24.11. um 10 Uhr gebucht.")
    );
    let promised = world.callbacks.all();
    assert_eq!((promised.len(), promised[0].priority), (1, Priority::High));
    let note = promised[0].note.as_deref().unwrap();
    assert!(note.starts_with("Im Gespräch wurde ein Termin zugesagt") && note.contains("24.11."), "{note}");
    assert!(!format!("{reviews:?}").contains("24.11."), "logs do not quote");
}

#[tokio::test]
async fn who_hides_the_number_is_not_called_and_a_person_looks_all_the_same() {
    let world = World::new();
    let call = world.call(Some(&["Ihr Termin ist gebucht."]), &[], Caller::Anonymous).await;
    world.desk.look(&world.scope, call).await.unwrap();
    assert_eq!(world.reviews.0.lock().unwrap().len(), 1);
    assert_eq!(world.callbacks.all().len(), 0);
}
