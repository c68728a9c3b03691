//! Rounds that ask ahead of the callers.

use super::*;

impl World {
    async fn round(&self, warm: &[Warm]) -> Refreshed {
        let ours = self.scope.clone();
        self.mirror.refresh(warm, |_| ours.clone()).await
    }

    fn linked(&self, event_types: &[&str]) -> Vec<Warm> {
        let links = event_types.iter().map(|event_type| CalendarLink {
            event_type: RemoteEventType::parse(event_type).unwrap(),
            ..link()
        });
        vec![Warm { scope: self.scope.clone(), links: links.collect() }]
    }
}

fn answered(answered: usize) -> Refreshed {
    Refreshed { answered, ..Refreshed::default() }
}

#[tokio::test(start_paused = true)]
async fn what_is_about_to_go_stale_is_asked_for_ahead() {
    let world = World::new(5);
    world.ask("2026-11-24").await;
    assert_eq!(world.round(&[]).await, answered(0));
    world.clock.advance(TimeDelta::seconds(31));
    assert_eq!(world.round(&[]).await, answered(1));
    world.clock.advance(TimeDelta::seconds(40));
    let answer = world.ask("2026-11-24").await;
    assert!(
        matches!(answer, Offered::Fresh { as_of, .. } if as_of == at("2026-11-23T08:00:31Z")),
        "{answer:?}"
    );
    assert_eq!(world.asked(), 2);
    // A change there: the next round asks again, so that the next caller need not wait.
    world.mirror.changed(&world.scope, link().connection, None).await;
    assert_eq!(world.round(&[]).await, answered(1));
    world.ask("2026-11-24").await;
    assert_eq!(world.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn near_weeks_are_asked_about_more_often_than_far_ones() {
    let world = World::new(5);
    for day in ["2026-11-24", "2026-12-22"] {
        world.ask(day).await;
    }
    let mut of_near = 0;
    for _ in 0..16 {
        world.clock.advance(TimeDelta::seconds(31));
        of_near += world.round(&[]).await.answered;
    }
    // Eight minutes: the near week each time, the far one every two minutes.
    assert_eq!(of_near, 16 + 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_linked_is_warm_before_anybody_asks_and_within_the_rounds_budget() {
    let world = World::new(5);
    let warm = world.linked(&["4711", "4712"]);
    // Two event types, three weeks each, three requests a round; one brings two weeks.
    assert_eq!(world.round(&warm).await, Refreshed { answered: 5, silent: 0, left: 1 });
    assert_eq!(world.asked(), 3);
    assert_eq!(world.round(&warm).await, answered(1));
    assert_eq!(world.round(&warm).await, answered(0));
    assert!(matches!(world.ask("2026-11-24").await, Offered::Fresh { .. }));
    assert_eq!(world.asked(), 4);
    // Nobody asks about it: it is asked for again before it is forgotten, not before it is stale.
    world.clock.advance(TimeDelta::seconds(299));
    assert_eq!(world.round(&warm).await.answered, 1, "only the week that was asked about");
    world.clock.advance(TimeDelta::seconds(2));
    assert_eq!(
        world.round(&warm).await.answered,
        2,
        "the near weeks that nobody asked about, nor came with that one"
    );
}

#[tokio::test(start_paused = true)]
async fn a_week_that_came_along_is_not_kept_for_its_own_sake() {
    let world = World::new(5);
    world.ask("2026-11-24").await;
    world.clock.advance(TimeDelta::seconds(61));
    world.ask("2026-11-24").await;
    let before = world.asked();
    // What callers asked about is forgotten some time after they did, in real time.
    world.mirror.asked.invalidate_all();
    for _ in 0..40 {
        world.clock.advance(TimeDelta::seconds(31));
        world.round(&[]).await;
    }
    assert_eq!(world.asked(), before);
}

#[tokio::test(start_paused = true)]
async fn weeks_that_are_over_and_weeks_that_callers_want_come_last_and_first() {
    let world = World::new(5);
    lock(&world.provider.offers).push(at("2026-12-15T09:00:00Z"));
    world.ask("2026-11-24").await;
    world.clock.advance(TimeDelta::days(21));
    assert_eq!(world.round(&[]).await, answered(0), "its week is over");
    world.ask("2026-12-15").await;
    world.clock.advance(TimeDelta::seconds(31));
    let warm = world.linked(&["1", "2", "3", "4711"]);
    world.round(&warm).await;
    let before = world.asked();
    world.clock.advance(TimeDelta::seconds(29));
    assert!(matches!(world.ask("2026-12-15").await, Offered::Fresh { .. }));
    assert_eq!(world.asked(), before, "what a caller asked about was in the first round");
}

#[tokio::test(start_paused = true)]
async fn a_round_that_is_refused_does_not_make_the_account_silent_nor_a_caller_wait_in_vain() {
    let world = World::new(5);
    world.provider.refuses_background.store(true, Ordering::Relaxed);
    let warm = world.linked(&["4711"]);
    assert_eq!(world.round(&warm).await, Refreshed { answered: 0, silent: 3, left: 0 });
    assert_eq!(
        lock(&world.provider.lanes).len(),
        2,
        "a week that came along in vain is not asked about by itself"
    );
    assert!(!world.mirror.is_silent(world.scope.tenant()));
    // A caller who comes while the round is under way gets an answer of the caller's own.
    let (_, answer) = tokio::join!(world.round(&warm), world.ask("2026-11-24"));
    assert!(matches!(answer, Offered::Fresh { .. }), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_asked_no_more_keeps_nobody_hurried() {
    let world = World::new(60_000);
    assert_eq!(world.ask("2026-11-24").await, Offered::Unknown);
    assert!(world.mirror.is_silent(world.scope.tenant()));
    world.clock.advance(TimeDelta::seconds(61));
    assert!(!world.mirror.is_silent(world.scope.tenant()));
}

#[tokio::test]
async fn what_is_kept_for_callers_is_for_callers() {
    let world = World::new(0);
    let client = scope_by(1, None, Actor::ApiClient("key".to_owned()));
    let day = Span::new(at("2026-11-24T00:00:00Z"), at("2026-11-24T23:59:00Z"));
    let offered = world.mirror.offered(&client, &[(person(7), link())], day).await;
    assert!(matches!(offered[..], [(_, Offered::Fresh { .. })]), "{offered:?}");
    assert_eq!(*lock(&world.provider.lanes), [Lane::Background]);
    // Nor is it asked about again as what callers asked about is.
    world.clock.advance(TimeDelta::seconds(70));
    world.mirror.refresh(&[], |_| scope(1, None)).await;
    assert_eq!(lock(&world.provider.lanes).len(), 1);
    world.ask("2026-11-24").await;
    assert_eq!(*lock(&world.provider.lanes), [Lane::Background, Lane::Question]);
}

#[tokio::test(start_paused = true)]
async fn what_was_in_vain_is_not_tried_again_for_the_same_answer() {
    let world = World::new(60_000);
    let lanes = || lock(&world.provider.lanes).len();
    for asked in [1, 1] {
        assert_eq!(world.ask("2026-11-24").await, Offered::Unknown);
        // The request ends after the caller's patience.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(lanes(), asked);
    }
    world.clock.advance(TimeDelta::seconds(1));
    world.provider.takes_ms.store(0, Ordering::Relaxed);
    assert!(matches!(world.ask("2026-11-24").await, Offered::Fresh { .. }));
    assert_eq!(lanes(), 2);
}
