use std::collections::BTreeMap;
use std::sync::Mutex;

use call::testing::{InMemoryCalls, InMemoryTrace};
use call::{CallService, CallSignal, Report};
use kernel::CorrelationId;
use kernel::testing::{FixedClock, SequentialIds, scope};
use tenancy::testing::InMemoryTenancy;
use uuid::Uuid;

use super::*;
use crate::ports::{Inbox, InboxState};
use crate::testing::InMemoryInbox;

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn platform() -> PlatformScope {
    PlatformScope::new(Actor::Job("sync".to_owned()), CorrelationId::from_uuid(Uuid::from_u128(3)))
}

fn id(text: &str) -> ProviderCallId {
    ProviderCallId::parse(text).unwrap()
}

/// An archive in pages of two; calls by id, with whether they are over and analysed.
#[derive(Default)]
struct Archive {
    calls: Mutex<BTreeMap<String, (bool, bool)>>,
    asked: Mutex<Vec<(DateTime<Utc>, DateTime<Utc>)>>,
    breaks: Mutex<Option<ArchiveFailure>>,
    /// Calls about which it fails.
    broken: Mutex<BTreeMap<&'static str, ArchiveFailure>>,
}

impl Archive {
    fn with(calls: &[(&str, bool, bool)]) -> Arc<Self> {
        let calls = calls.iter().map(|(id, over, analyzed)| ((*id).to_owned(), (*over, *analyzed))).collect();
        Arc::new(Self { calls: Mutex::new(calls), ..Self::default() })
    }
}

#[async_trait]
impl CallArchive for Archive {
    async fn page(
        &self,
        _: &PlatformScope,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        from: Option<PageKey>,
    ) -> Result<ArchivePage, ArchiveFailure> {
        self.asked.lock().unwrap().push((since, until));
        let calls = self.calls.lock().unwrap();
        let after = from.map(|key| key.0).unwrap_or_default();
        let rest: Vec<_> = calls.iter().filter(|(name, _)| **name > after).collect();
        if (rest.len() > 2 || !after.is_empty())
            && let Some(failure) = *self.breaks.lock().unwrap()
        {
            return Err(failure);
        }
        let page = rest.iter().take(2);
        Ok(ArchivePage {
            calls: page
                .clone()
                .map(|(name, (over, analyzed))| ArchivedCall {
                    id: id(name),
                    over: *over,
                    analyzed: *analyzed,
                })
                .collect(),
            unreadable: 0,
            next: (rest.len() > 2).then(|| PageKey(rest[1].0.clone())),
        })
    }

    async fn event(
        &self,
        _: &PlatformScope,
        call: &ProviderCallId,
        event: &'static str,
    ) -> Result<Option<Vec<u8>>, ArchiveFailure> {
        if let Some(failure) = self.broken.lock().unwrap().get(call.as_str()) {
            return Err(*failure);
        }
        let known = self.calls.lock().unwrap().contains_key(call.as_str());
        Ok(known.then(|| format!("{event} {call}").into_bytes()))
    }
}

struct World {
    inbox: Arc<InMemoryInbox>,
    calls: CallService,
    tenancy: Arc<InMemoryTenancy>,
    catch_up: CallCatchUp,
}

impl World {
    fn new(archives: Vec<Arc<dyn CallArchive>>) -> Self {
        let clock = Arc::new(FixedClock::at(at()));
        let inbox = Arc::new(InMemoryInbox::default());
        let stored = Arc::new(InMemoryCalls::default());
        let ids = Arc::new(SequentialIds::default());
        let calls = CallService::new(stored.clone(), Arc::new(InMemoryTrace::default()), clock.clone(), ids);
        let tenancy = Arc::new(InMemoryTenancy::default());
        let resolver = TenantResolver::new(tenancy.clone(), tenancy.clone(), clock.clone());
        let intake = WebhookIntake::new(inbox.clone(), clock.clone());
        let catch_up = CallCatchUp::new(archives, intake, resolver, stored, clock, TimeDelta::hours(48));
        Self { inbox, calls, tenancy, catch_up }
    }

    async fn is_known(&self, call: &str, signals: Vec<CallSignal>) {
        let branch = kernel::BranchId::from_uuid(Uuid::from_u128(10));
        let tenant = scope(1, Some(branch));
        for signal in signals {
            let applied = self.calls.apply(&tenant, &id(call), signal).await.unwrap();
            let ours = applied.call.snapshot().id;
            self.tenancy.add_call(tenant.tenant(), branch, id(call), ours, at());
        }
    }

    async fn stored(&self) -> Vec<String> {
        let rows = self.inbox.list(&platform(), InboxState::Received, 99).await.unwrap();
        let mut shown: Vec<_> =
            rows.into_iter().map(|row| format!("{} {}", row.event, row.subject)).collect();
        shown.sort();
        shown
    }
}

#[tokio::test]
async fn what_was_missed_is_stored_once_and_what_is_known_is_left_alone() {
    let archive = Archive::with(&[
        ("call_a1", true, true),
        ("call_b2", true, false),
        ("call_c3", false, false),
        ("call_d4", true, true),
        ("call_e5", true, true),
        ("call_f6", true, false),
    ]);
    let world = World::new(vec![archive.clone()]);
    let report = Report::default;
    world.is_known("call_d4", vec![CallSignal::Ended(report()), CallSignal::Analyzed(report())]).await;
    world.is_known("call_e5", vec![CallSignal::Started(report()), CallSignal::Ended(report())]).await;
    world.is_known("call_f6", vec![CallSignal::Started(report())]).await;
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!(done, CaughtUp { seen: 6, stored: 5, unreadable: 0, open: 0, failed: 0 });
    let expected = [
        "call_analyzed call_a1",
        "call_analyzed call_e5",
        "call_ended call_a1",
        "call_ended call_b2",
        "call_ended call_f6",
    ];
    assert_eq!(world.stored().await, expected);
    assert_eq!(world.inbox.jobs().len(), 5, "each goes the way of every event");
    assert_eq!(archive.asked.lock().unwrap()[0], (at() - TimeDelta::hours(48), at()));
    // Nothing was processed yet: the same again is the same delivery.
    let again = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!((again.seen, again.stored), (6, 0));
}

#[tokio::test]
async fn an_archive_that_breaks_off_keeps_what_was_read_and_the_other_archives() {
    let broken =
        Archive::with(&[("call_a1", true, false), ("call_b2", true, false), ("call_c3", true, false)]);
    let whole = Archive::with(&[("call_x1", true, false)]);
    let world = World::new(vec![broken.clone(), whole]);
    *broken.breaks.lock().unwrap() = Some(ArchiveFailure::Refused(401));
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!((done.failed, done.stored), (1, 1));
    *broken.breaks.lock().unwrap() = None;
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!((done.failed, done.stored), (0, 3));
    assert_eq!(world.stored().await.len(), 4);
}

#[tokio::test]
async fn what_cannot_be_read_of_one_call_keeps_no_other_call() {
    let archive =
        Archive::with(&[("call_a1", true, false), ("call_b2", true, false), ("call_c3", true, false)]);
    let world = World::new(vec![archive.clone()]);
    let broken =
        [("call_a1", ArchiveFailure::Unreadable("shape")), ("call_b2", ArchiveFailure::Refused(403))];
    archive.broken.lock().unwrap().extend(broken);
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!(done, CaughtUp { seen: 3, stored: 1, unreadable: 0, open: 2, failed: 0 });
    archive.broken.lock().unwrap().clear();
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!((done.stored, done.open), (2, 0));
}

#[tokio::test]
async fn calls_about_which_nothing_is_answered_come_last_the_next_time() {
    let names = ["call_a1", "call_b2", "call_c3", "call_d4", "call_e5", "call_f6"];
    let archive = Archive::with(&names.map(|name| (name, true, false)));
    let world = World::new(vec![archive.clone()]);
    let silent = ArchiveFailure::Unavailable("timeout");
    archive.broken.lock().unwrap().extend(names.into_iter().take(5).map(|name| (name, silent)));
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!((done.stored, done.open, done.failed), (0, 5, 1), "five in a row: it is left alone");
    let done = world.catch_up.run(&platform()).await.unwrap();
    assert_eq!((done.stored, done.open, done.failed), (1, 5, 1));
    assert_eq!(world.stored().await, ["call_ended call_f6"]);
}

#[tokio::test]
async fn nobody_to_ask_is_nothing_to_do() {
    assert_eq!(World::new(Vec::new()).catch_up.run(&platform()).await.unwrap(), CaughtUp::default());
}
