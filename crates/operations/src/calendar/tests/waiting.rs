//! Copies that stay open wait for their next try.

use appointment::calendar::CopyState;
use appointment::model::AppointmentStatus;
use appointment::testing::Mishap;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{AppointmentId, Clock};

use super::super::Pushed;
use super::world::{RETRIES, World, platform, slot};

impl World {
    /// Minutes of these rounds, one a minute, in which the copy was tried.
    async fn tried(&self, id: AppointmentId, minutes: u32) -> Vec<u32> {
        let mut tried = Vec::new();
        for minute in 1..=minutes {
            self.advance(60);
            let before = self.copy(id).await.attempts;
            self.push_open().await;
            if self.copy(id).await.attempts > before {
                tried.push(minute);
            }
        }
        tried
    }

    async fn next_try(&self, id: AppointmentId) -> Option<DateTime<Utc>> {
        self.copy(id).await.next_try
    }
}

/// The tries of an hour without an answer: growing distances, and never farther apart than the most.
#[tokio::test]
async fn tries_come_less_and_less_often_while_the_calendar_is_away() {
    let world = World::new();
    world.remote.set_down(true);
    let id = world.book(1, slot(0)).await;
    world.push(id).await;
    let tried = world.tried(id, 60).await;
    assert!((6..=11).contains(&tried.len()), "{tried:?}");
    let apart: Vec<_> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Each wait lies between half of its length and all of it; a round comes once a minute.
    for (place, minutes) in apart.iter().enumerate() {
        let full = (120_i64 << place).min(RETRIES.most.num_seconds());
        let seconds = i64::from(*minutes) * 60;
        assert!(full / 2 <= seconds && seconds <= full + 60, "{place}: {apart:?}");
    }
    assert!(apart.iter().any(|minutes| *minutes >= 8), "{apart:?}");
    assert_eq!(world.status(id), AppointmentStatus::Pending);
}

/// What failed together does not come together again.
#[tokio::test]
async fn copies_that_failed_together_are_tried_apart() {
    let world = World::new();
    world.remote.set_down(true);
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(world.book(1 + u128::from(number % 2 == 1), slot(number / 2)).await);
    }
    for _ in 0..4 {
        for id in &ids {
            assert!(matches!(world.push(*id).await, Pushed::Open { .. }));
        }
    }
    let mut next = Vec::new();
    for id in &ids {
        next.push(world.next_try(*id).await.unwrap());
    }
    next.sort_unstable();
    next.dedup();
    assert_eq!(next.len(), ids.len());
    assert!(next[next.len() - 1] - next[0] > TimeDelta::minutes(1), "{next:?}");
}

/// One that goes through tells that the account answers: the others are tried in the same round.
#[tokio::test]
async fn when_the_calendar_is_back_the_first_success_brings_all_others() {
    let world = World::new();
    world.remote.set_down(true);
    let mut ids = Vec::new();
    for number in 0..4 {
        let id = world.book(1, slot(number)).await;
        for _ in 0..=number {
            world.push(id).await;
        }
        ids.push(id);
    }
    let (first, last) = (world.next_try(ids[0]).await.unwrap(), world.next_try(ids[3]).await.unwrap());
    assert!(last - first > TimeDelta::minutes(2), "they wait for long, and differently");
    world.remote.set_down(false);
    assert_eq!(world.push_open().await, (0, 4), "nothing is due yet");
    world.advance(60);
    assert_eq!(world.push_open().await, (4, 0));
    for id in ids {
        assert_eq!((world.status(id), world.next_try(id).await), (AppointmentStatus::Confirmed, None));
    }
    world.assert_converged().await;
}

/// That our own budget is used up says nothing about the account: it is no try, and the next round goes on.
#[tokio::test]
async fn what_may_not_be_asked_for_now_is_asked_with_the_next_round() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::NotSent);
    world.push(id).await;
    let tries = world.copy(id).await.attempts;
    for _ in 0..4 {
        world.script(Mishap::Limited);
        assert!(matches!(world.push(id).await, Pushed::Open { .. }));
        assert_eq!((world.copy(id).await.attempts, world.next_try(id).await), (tries, None));
    }
    assert_eq!(world.push_open().await, (1, 0));
    world.assert_converged().await;
}

/// Whoever asks for a round by hand does not wait for what waits.
#[tokio::test]
async fn all_that_wait_can_be_made_due() {
    let world = World::new();
    world.remote.set_down(true);
    let id = world.book(1, slot(0)).await;
    for _ in 0..6 {
        world.push(id).await;
    }
    world.remote.set_down(false);
    assert_eq!(world.push_open().await, (0, 1));
    world.rounds.hurry(&platform()).await.unwrap();
    assert_eq!(world.push_open().await, (1, 0));
}

/// So does a new booking whose copy goes through while others wait, and the comparison of both calendars.
#[tokio::test]
async fn whatever_shows_that_the_calendar_answers_ends_the_waiting() {
    for by_booking in [true, false] {
        let world = World::new();
        world.remote.set_down(true);
        let waits = world.book(1, slot(0)).await;
        for _ in 0..6 {
            world.push(waits).await;
        }
        assert!(world.next_try(waits).await.unwrap() > world.clock.now() + TimeDelta::minutes(7));
        world.remote.set_down(false);
        if by_booking {
            let id = world.book(2, slot(1)).await;
            world.rounds.push(&world.scope, id).await.unwrap();
            assert_eq!((world.next_try(waits).await, world.push_open().await), (None, (1, 0)));
        } else {
            world.compare().await;
        }
        assert_eq!(world.status(waits), AppointmentStatus::Confirmed, "{by_booking}");
    }
}

/// However often it was tried: whether a write took effect is found out as soon as it can do so no more.
#[tokio::test]
async fn a_write_in_doubt_is_settled_when_its_time_is_over() {
    for mishap in [Mishap::LostBefore, Mishap::Late] {
        let world = World::new();
        let id = world.book(1, slot(0)).await;
        world.script(mishap);
        world.push(id).await;
        for _ in 0..6 {
            world.push(id).await;
        }
        assert_eq!(world.copy(id).await.state, CopyState::Unknown);
        let sent = world.copy(id).await.sent_at.unwrap();
        let over = sent + TimeDelta::seconds(appointment::calendar::SETTLING_SECONDS);
        assert_eq!(world.next_try(id).await, Some(over), "{mishap:?}");
        world.remote.catch_up();
        world.advance((over - world.clock.now()).num_seconds());
        assert_eq!(world.push_open().await, (1, 0));
        assert_eq!((world.only().marker, world.status(id)), (Some(id), AppointmentStatus::Confirmed));
    }
}

/// The news of what a write in doubt has made are its answer.
#[tokio::test]
async fn news_of_what_was_in_doubt_settle_it() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.script(Mishap::Late);
    world.push(id).await;
    assert_eq!(world.copy(id).await.state, CopyState::Unknown);
    world.remote.catch_up();
    world.hear(&world.only().uid).await;
    assert_eq!(
        (world.copy(id).await.state, world.status(id)),
        (CopyState::Settled, AppointmentStatus::Confirmed)
    );

    world.move_to(id, 1, slot(2)).await;
    world.script(Mishap::Late);
    world.push(id).await;
    // Of where it was before, nobody knows how long it stays there.
    world.move_to(id, 1, slot(0)).await;
    world.hear(&world.only().uid).await;
    assert_eq!(world.copy(id).await.state, CopyState::Unknown);
    world.remote.catch_up();
    // There it went, and it is wanted back: nothing is in doubt, and the next step is taken.
    let there = world.remote.open();
    world.hear(&there[0].uid).await;
    assert_eq!(world.copy(id).await.state, CopyState::Due);
    world.push(id).await;
    assert_eq!((world.copy(id).await.state, world.only().start), (CopyState::Settled, slot(0)));
    assert_eq!((world.status(id), world.remote.writes()), (AppointmentStatus::Confirmed, 3));
    world.assert_converged().await;
}

/// What is called off there for another person, and wanted again meanwhile, may still go.
#[tokio::test]
async fn news_of_what_may_still_be_called_off_settle_nothing() {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    world.push(id).await;
    assert_eq!(world.status(id), AppointmentStatus::Confirmed);
    world.move_to(id, 2, slot(0)).await;
    world.script(Mishap::Late);
    world.push(id).await;
    assert_eq!(world.copy(id).await.state, CopyState::Unknown);
    world.move_to(id, 1, slot(0)).await;
    world.hear(&world.only().uid).await;
    assert_eq!(world.copy(id).await.state, CopyState::Unknown);
    world.remote.catch_up();
    world.settle();
    for _ in 0..3 {
        world.push_open().await;
    }
    // It went, which is for a person to mend.
    assert_eq!(
        (world.status(id), world.reviews()),
        (AppointmentStatus::NeedsAttention, vec!["copy_missing"])
    );
    world.assert_converged().await;
}

/// "Falls etwas dagegen spricht, rufen wir an": at its beginning at the latest.
#[tokio::test]
async fn whoever_was_promised_a_call_is_called_by_the_beginning() {
    // Nothing was sent, or nobody knows what became of it.
    for mishap in [None, Some(Mishap::LostBefore)] {
        called_by_the_beginning(mishap).await;
    }
}

async fn called_by_the_beginning(mishap: Option<Mishap>) {
    let world = World::new();
    let id = world.book(1, slot(0)).await;
    if let Some(mishap) = mishap {
        world.script(mishap);
        world.push(id).await;
        assert_eq!(world.copy(id).await.state, CopyState::Unknown);
    }
    world.remote.set_down(true);
    world.advance((world.start(id) - world.clock.now()).num_seconds() - 7_200);
    for _ in 0..8 {
        world.push(id).await;
    }
    let mut disputed = None;
    while disputed.is_none() {
        world.advance(60);
        world.push_open().await;
        disputed = (world.emitted("appointment.disputed") > 0).then(|| world.clock.now());
    }
    let late = disputed.unwrap() - world.start(id);
    assert!(TimeDelta::zero() <= late && late <= TimeDelta::minutes(1), "{late}");
    assert_eq!(world.status(id), AppointmentStatus::NeedsAttention);
    world.advance(3_600);
    world.push_open().await;
    assert_eq!(world.emitted("appointment.disputed"), 1, "it is looked for on, and told once");
}

/// A copy that needs nothing any more says nothing about the account.
#[tokio::test]
async fn what_is_settled_without_asking_wakes_nobody() {
    let world = World::new();
    world.remote.set_down(true);
    let (gone, waiting) = (world.book(1, slot(0)).await, world.book(1, slot(4)).await);
    for id in [gone, waiting] {
        world.push(id).await;
    }
    let next = world.next_try(waiting).await;
    assert!(next.is_some());
    world.cancel(gone).await;
    assert_eq!(world.push_open().await, (1, 1));
    assert_eq!(world.next_try(waiting).await, next);
}
