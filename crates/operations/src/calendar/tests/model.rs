//! Many people at once, with everything that can go wrong, and an independent checker at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use appointment::calendar::{RefusalReason, RemoteStatus, RemoteUid, Step};
use appointment::commands::{BookOutcome, CancelOutcome, MoveOutcome};
use appointment::model::{AppointmentSnapshot, AppointmentStatus};
use appointment::ports::{AppointmentRepository, AppointmentWrite};
use appointment::testing::{Mishap, staff_id};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, ChangeSet, Clock, StaffId};

use super::super::Attention;
use super::checker::{Evidence, Fact, faults};
use super::world::{PHONE, World, effort, event_type, platform, slot, who};

/// Runs of the ordinary test; each has its own seed.
const SEEDS: u64 = 200;
/// Runs of the long one.
const MANY_SEEDS: u64 = 4_000;
/// Steps of a run.
const STEPS: usize = 60;

mod visits;

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let sides = u64::try_from(from.len()).ok().filter(|sides| *sides > 0)?;
        from.get(usize::try_from(self.roll(sides)).ok()?)
    }
}

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sabotage {
    None,
    /// Nothing is found by its marker.
    Blind,
    /// No news arrive, and nothing is compared.
    Deaf,
    /// The outside calendar sells time twice.
    Oversold,
}

/// Where an appointment is.
const fn place(row: &AppointmentSnapshot) -> (DateTime<Utc>, StaffId) {
    (row.starts_at, row.staff)
}

struct Run {
    world: World,
    dice: Dice,
    sabotage: Sabotage,
    news: Vec<RemoteUid>,
    seen: BTreeSet<String>,
    facts: BTreeMap<AppointmentId, Vec<Fact>>,
    doubled: BTreeSet<AppointmentId>,
    /// Seconds since late writes took effect.
    late: i64,
}

impl Run {
    fn new(seed: u64, sabotage: Sabotage) -> Self {
        let world = World::new();
        world.gateway.blind.store(sabotage == Sabotage::Blind, Ordering::Relaxed);
        Self {
            world,
            dice: Dice(seed),
            sabotage,
            news: Vec::new(),
            seen: BTreeSet::new(),
            facts: BTreeMap::new(),
            doubled: BTreeSet::new(),
            late: 0,
        }
    }

    fn slot(&mut self) -> chrono::DateTime<chrono::Utc> {
        slot(i64::try_from(self.dice.roll(10)).unwrap())
    }

    fn person(&mut self) -> u128 {
        u128::from(1 + self.dice.roll(2))
    }

    fn some_appointment(&mut self) -> Option<AppointmentId> {
        let rows = self.world.store.appointments(&self.world.scope);
        let ids: Vec<_> = rows.iter().filter(|row| row.status.is_open()).map(|row| row.id).collect();
        self.dice.pick(&ids).copied()
    }

    fn advance(&mut self, seconds: i64) {
        if self.late + seconds >= 140 {
            self.world.remote.catch_up();
            self.late = 0;
        }
        self.late += seconds;
        self.world.advance(seconds);
    }

    /// A caller has changed something: the copy is tried at once, or left to the worker; then the caller is told.
    async fn tell(&mut self, id: AppointmentId) {
        self.tell_all(&[id]).await;
    }

    /// The same about a whole visit.
    async fn tell_all(&mut self, ids: &[AppointmentId]) {
        let asked: Vec<_> = ids.iter().map(|id| place(&self.world.row(*id))).collect();
        if self.dice.roll(3) > 0 {
            let attention = Attention::waiting();
            for id in ids {
                self.world.push_for(*id, &attention).await;
            }
            attention.leave();
        }
        for (id, asked) in ids.iter().zip(asked) {
            self.told(*id, asked);
        }
    }

    /// A caller was told how an appointment stands.
    fn told(&mut self, id: AppointmentId, asked: (DateTime<Utc>, StaffId)) {
        let row = self.world.row(id);
        let told =
            if row.status == AppointmentStatus::Cancelled { Fact::Off } else { Fact::At(row.starts_at) };
        let went_back = row.status.is_open() && place(&row) != asked;
        let facts = self.facts.entry(id).or_default();
        facts.push(told);
        let stands = |booking: &appointment::calendar::RemoteBooking| {
            booking.marker == Some(id) && booking.start == row.starts_at
        };
        if went_back && !self.world.remote.open().iter().any(stands) {
            // Back where it was as far as anybody here has heard; outside it was changed before.
            facts.push(Fact::Outside);
        }
    }

    fn somebody_outside(&mut self, uid: &RemoteUid) {
        let all = self.world.remote.bookings();
        let mut lineage = Vec::new();
        let mut next = Some(uid.clone());
        while let Some(booking) = next.and_then(|uid| all.iter().find(|booking| booking.uid == uid)) {
            lineage.push(booking);
            next = booking.predecessor.clone();
        }
        let copies = self.world.store.all_copies(&self.world.scope);
        let of = |booking: &&appointment::calendar::RemoteBooking| {
            let copy = copies.iter().find(|copy| copy.uid.as_ref() == Some(&booking.uid));
            booking.marker.or(copy.map(|copy| copy.appointment))
        };
        if let Some(id) = lineage.iter().find_map(of) {
            self.facts.entry(id).or_default().push(Fact::Outside);
        }
    }

    async fn step(&mut self) {
        match self.dice.roll(24) {
            0..=3 => {
                let (person, at, who) = (self.person(), self.slot(), u128::from(1 + self.dice.roll(9)));
                if let BookOutcome::Booked(made) = self.world.try_book(who, person, at).await {
                    self.tell(made.id()).await;
                }
            }
            4..=6 => {
                let (person, at) = (self.person(), self.slot());
                if let Some(id) = self.some_appointment()
                    && let MoveOutcome::Moved { .. } = self.world.try_move(id, person, at).await
                {
                    self.tell(id).await;
                }
            }
            7 => {
                if let Some(id) = self.some_appointment()
                    && let CancelOutcome::Cancelled(_) = self.world.cancel(id).await
                {
                    self.tell(id).await;
                }
            }
            8 => self.book_outside(),
            9 | 10 => self.change_outside(),
            11 | 12 => self.mishap(),
            13 => {
                let is_down = self.dice.roll(3) == 0;
                self.world.remote.set_down(is_down);
            }
            14 | 15 => self.deliver().await,
            16 => {
                self.world.push_open().await;
            }
            17 if self.sabotage != Sabotage::Deaf => {
                self.world.compare().await;
            }
            18 => self.crash().await,
            19 => self.book_visit().await,
            20 | 21 => self.move_visit().await,
            22 => self.host_decides(),
            _ => {
                let seconds = i64::try_from(5 + self.dice.roll(70)).unwrap();
                self.advance(seconds);
            }
        }
        self.observe();
    }

    fn book_outside(&mut self) {
        let (person, at) = (self.person(), self.slot());
        let phone = (self.dice.roll(2) == 0).then_some(PHONE);
        let attendee = Some(who("Ida Neu", phone));
        let booked = self.world.remote.book_outside(&event_type(person), at, attendee.clone());
        if let Some(uid) = &booked {
            self.may_await_its_host(uid);
        }
        if booked.is_none() && self.sabotage == Sabotage::Oversold {
            let far = slot(27);
            let Some(uid) = self.world.remote.book_outside(&event_type(person), far, attendee) else {
                return;
            };
            self.world.remote.change(|all| {
                for booking in all.iter_mut().filter(|booking| booking.uid == uid) {
                    (booking.start, booking.end) = (at, at + TimeDelta::minutes(30));
                }
            });
        }
    }

    fn change_outside(&mut self) {
        let open = self.world.remote.open();
        let Some(booking) = self.dice.pick(&open).cloned() else { return };
        let at = self.slot();
        let changed = if self.dice.roll(3) == 0 {
            self.world.remote.cancel_outside(&booking.uid)
        } else {
            let moved = self.world.remote.move_outside(&booking.uid, at);
            if let Some(uid) = &moved {
                self.may_await_its_host(uid);
            }
            moved.is_some()
        };
        if changed {
            self.somebody_outside(&booking.uid);
        }
    }

    fn becomes(&self, uid: &RemoteUid, status: RemoteStatus) {
        self.world.remote.change(|all| {
            for booking in all.iter_mut().filter(|booking| booking.uid == *uid) {
                booking.status = status;
            }
        });
    }

    /// Some event types have their host confirm what is booked or moved.
    fn may_await_its_host(&mut self, uid: &RemoteUid) {
        if self.dice.roll(3) == 0 {
            self.becomes(uid, RemoteStatus::Pending);
        }
    }

    fn host_decides(&mut self) {
        let all = self.world.remote.bookings();
        let waiting: Vec<_> = all.iter().filter(|booking| booking.status == RemoteStatus::Pending).collect();
        let Some(booking) = self.dice.pick(&waiting) else { return };
        let agrees = self.dice.roll(3) > 0;
        self.becomes(&booking.uid, if agrees { RemoteStatus::Accepted } else { RemoteStatus::Rejected });
        if !agrees {
            self.somebody_outside(&booking.uid);
        }
    }

    fn mishap(&mut self) {
        let all = [
            Mishap::NotSent,
            Mishap::LostBefore,
            Mishap::LostAfter,
            Mishap::LostAfter,
            Mishap::Late,
            Mishap::Late,
            Mishap::Refused(RefusalReason::SlotTaken),
            Mishap::Refused(RefusalReason::OutsideRules),
        ];
        if let Some(mishap) = self.dice.pick(&all) {
            self.world.script(*mishap);
        }
    }

    /// One piece of news arrives, in any order; some twice, some never.
    async fn deliver(&mut self) {
        let Some(uid) = self.dice.pick(&self.news.clone()).cloned() else { return };
        let fate = self.dice.roll(6);
        if fate > 1 {
            self.news.retain(|waiting| *waiting != uid);
        }
        if fate != 5 && self.sabotage != Sabotage::Deaf {
            let world = &self.world;
            // One that fails is delivered again, or lost.
            let _ = world.news.look_at(&world.scope, &world.connection, &uid, effort()).await;
        }
    }

    /// A sender that announces a write and dies.
    async fn crash(&mut self) {
        let Some(id) = self.some_appointment() else { return };
        let world = &self.world;
        let (row, copy) = (world.row(id), world.copy(id).await);
        if matches!(
            copy.step(&row, world.clock.real_now()),
            Step::Create | Step::Reschedule(_) | Step::Cancel(_)
        ) {
            let sending = copy.sending(
                row.starts_at,
                world.clock.now(),
                world.clock.real_now(),
                TimeDelta::seconds(20),
            );
            let change = ChangeSet::one(AppointmentWrite::UpdateCopy(sending));
            world.store.commit(&world.scope, change).await.unwrap();
        }
    }

    fn observe(&mut self) {
        let mut marked = BTreeMap::<AppointmentId, u32>::new();
        for booking in self.world.remote.bookings() {
            if booking.status.is_open()
                && let Some(id) = booking.marker
            {
                *marked.entry(id).or_default() += 1;
            }
            if self.seen.insert(format!("{} {:?} {:?}", booking.uid, booking.status, booking.successor)) {
                self.news.push(booking.uid);
            }
        }
        self.doubled.extend(marked.into_iter().filter(|(_, open)| *open > 1).map(|(id, _)| id));
    }

    async fn heal(&mut self) {
        let world = &self.world;
        world.remote.set_down(false);
        world.remote.calm();
        world.remote.catch_up();
        for _ in 0..2 {
            world.settle();
            world.push_open().await;
            if self.sabotage != Sabotage::Deaf {
                world.rounds.compare(&platform()).await.unwrap();
            }
        }
    }

    fn evidence(self) -> Evidence {
        let (store, scope) = (&self.world.store, &self.world.scope);
        Evidence {
            rows: store.appointments(scope),
            copies: store.all_copies(scope),
            reviews: store.open_reviews(scope),
            bookings: self.world.remote.bookings(),
            facts: self.facts,
            doubled: self.doubled.into_iter().collect(),
            event_type: |row| event_type(if row.staff == staff_id(1) { 1 } else { 2 }),
        }
    }
}

/// What the checker says about a run.
async fn run(seed: u64, sabotage: Sabotage) -> Vec<String> {
    let mut run = Run::new(seed, sabotage);
    for _ in 0..STEPS {
        run.step().await;
    }
    run.heal().await;
    run.observe();
    let before = run.world.everything();
    if sabotage != Sabotage::Deaf {
        run.world.compare().await;
    }
    let mut found = if run.world.everything() == before {
        Vec::new()
    } else {
        vec!["the last comparison still changed something".to_owned()]
    };
    found.extend(faults(&run.evidence()));
    found
}

async fn check(seeds: std::ops::Range<u64>) {
    let mut broken = Vec::new();
    for seed in seeds {
        let found = run(seed, Sabotage::None).await;
        if !found.is_empty() {
            broken.push((seed, found));
        }
    }
    assert!(
        broken.is_empty(),
        "{} runs are broken: {:#?}",
        broken.len(),
        broken.iter().take(5).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn both_sides_agree_in_the_end() {
    check(0..SEEDS).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn both_sides_agree_in_the_end_of_many_runs() {
    check(SEEDS..MANY_SEEDS).await;
}

#[tokio::test]
async fn the_checker_sees_what_is_broken_on_purpose() {
    for sabotage in [Sabotage::Blind, Sabotage::Deaf, Sabotage::Oversold] {
        let mut found = false;
        for seed in 0..SEEDS {
            found = !run(seed, sabotage).await.is_empty();
            if found {
                break;
            }
        }
        assert!(found, "{sabotage:?}");
    }
}
