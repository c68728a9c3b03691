//! Weeks that come with the request for the week before.

use super::*;

/// Whoever hears that a time is taken wants others, and those of a week's end lie in the next week.
#[tokio::test(start_paused = true)]
async fn the_week_after_comes_with_the_same_request() {
    let world = World::new(400);
    lock(&world.provider.offers).push(at("2026-11-30T09:00:00Z"));
    let days = ["2026-11-24", "2026-11-30"];
    let answers = join_all((0..100).map(|number| world.ask(days[number % 2]))).await;
    for (number, answer) in answers.iter().enumerate() {
        let expected = if number % 2 == 0 { 2 } else { 1 };
        assert!(
            matches!(answer, Offered::Fresh { starts, .. } if starts.len() == expected),
            "{number}: {answer:?}"
        );
    }
    assert_eq!(world.asked(), 1);
    assert!(matches!(world.ask("2026-11-30").await, Offered::Fresh { starts, .. } if starts.len() == 1));
    assert_eq!(world.asked(), 1);
    // The one after that did not come along, and is not waited for one after the other.
    let begun = tokio::time::Instant::now();
    world.clock.advance(TimeDelta::seconds(61));
    let answers = join_all(["2026-11-24", "2026-11-30", "2026-12-08"].map(|day| world.ask(day))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Offered::Fresh { .. })), "{answers:?}");
    assert_eq!(world.asked(), 3);
    assert_eq!(begun.elapsed(), Duration::from_millis(400));
}

/// On a Sunday one week ends and another begins, and others are looked for up to the next Sunday.
#[tokio::test(start_paused = true)]
async fn a_sunday_and_what_comes_after_it_are_one_request() {
    let world = World::new(400);
    let weeks_end = Span::new(at("2026-11-29T00:00:00Z"), at("2026-12-06T23:00:00Z"));
    let everybody = (0..100).map(async |_| {
        world.ask("2026-11-29").await;
        world.mirror.offered(&world.scope, &[(person(7), link())], weeks_end).await
    });
    for answer in join_all(everybody).await {
        assert!(matches!(answer[..], [(_, Offered::Fresh { .. })]), "{answer:?}");
    }
    assert_eq!(world.asked(), 1);
    // Two weeks of days touch three.
    let world = World::new(400);
    let two_weeks = Span::new(at("2026-11-23T00:00:00Z"), at("2026-12-06T23:00:00Z"));
    world.mirror.offered(&world.scope, &[(person(7), link())], two_weeks).await;
    assert_eq!(world.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_rides_in_vain_is_not_answered_in_vain() {
    let world = World::new(5);
    world.ask("2026-11-24").await;
    world.clock.advance(TimeDelta::seconds(61));
    // The round's request, which its budget refuses, is under way when a caller asks about the week after.
    world.provider.refuses_background.store(true, Ordering::Relaxed);
    let round = world.mirror.refresh(&[], |_| scope(1, None));
    let (done, answer) = tokio::join!(round, world.ask("2026-11-30"));
    assert_eq!((done.answered, done.silent), (0, 1));
    assert!(matches!(answer, Offered::Fresh { .. }), "{answer:?}");
    assert_eq!(world.asked(), 2);
}
