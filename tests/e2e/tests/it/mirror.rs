//! What a company's outside calendar offers is remembered: how often it is asked, and what it is asked again after.

use std::time::{Duration, Instant};

use askpro::venue::{Line, status};
use chrono::{Datelike, TimeDelta};
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulators::calcom::Operation;

use crate::calendar::{ask, at, free_day, line, run, take};
use crate::house::{House, PATIENCE, UNHURRIED};

/// What was asked about free times there.
fn questions(house: &House) -> Vec<String> {
    let requests = house.calcom().requests().into_iter();
    requests.filter(|request| request.operation == Operation::Slots).map(|request| request.path).collect()
}

/// A hundred ask the same; how often the calendar was asked for it.
async fn a_crowd_asks(question: &Value, expected: &[&str]) -> Vec<String> {
    // What is counted here are questions.
    let house = House::unhurried().await;
    let mut args = json!({"datum": free_day(&house, 0).await, "dienstleistung": "Krankengymnastik", "mitarbeiter": "Eva Lindt"});
    args.as_object_mut().unwrap().extend(question.as_object().unwrap().clone());
    house.calcom().clear_log();
    let lines: Vec<Line> =
        (0..100).map(|number| line(&house, &format!("call_crowd_{number}"), number)).collect();
    // The calls are there already: a caller says hello before asking.
    for few in lines.chunks(10) {
        join_all(few.iter().map(|line| line.tool("list_services", json!({})))).await;
    }
    assert_eq!(house.calcom().calls(Operation::Slots), 0);
    let answers = join_all(lines.iter().map(|line| line.tool("check_availability_v17", args.clone()))).await;
    let odd: Vec<_> = answers.iter().filter(|answer| !expected.contains(&status(answer))).collect();
    assert!(odd.is_empty(), "{} odd answers, among them {:?}", odd.len(), odd.first().map(|odd| &odd.reply));
    let asked = questions(&house);
    house.close().await;
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_with_one_question_asks_there_once() {
    // What was offered to others is not offered again, so late callers hear of other days.
    let asked = a_crowd_asks(&json!({}), &["time_required", "unavailable"]).await;
    assert_eq!(asked.len(), 1, "about a day: {asked:?}");
    // The first has it, and the others are told of other times, of that week and the next.
    let asked = a_crowd_asks(&json!({"uhrzeit": "10:00"}), &["available", "unavailable"]).await;
    assert_eq!(asked.len(), 1, "about a time: {asked:?}");
}

/// A time within the next two weeks at which Eva Lindt is at work and has nothing.
async fn soon(house: &House) -> (String, String) {
    let today = house.venue.now().await.unwrap().date_naive();
    let near = (1..13)
        .map(|days| today + TimeDelta::days(days))
        .filter(|day| day.weekday().number_from_monday() < 6);
    let hours = [8, 9, 10, 13, 14, 15, 16, 17].map(|hour| format!("{hour:02}:00"));
    for (day, time) in near.flat_map(|day| hours.clone().map(|time| (day.to_string(), time))) {
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM public.appointments a
                 JOIN public.staff s ON s.tenant_id = a.tenant_id AND s.id = a.staff_id AND s.name = 'Eva Lindt'
                WHERE a.status <> 'cancelled' AND a.starts_at < $1 + interval '1 hour'
                  AND a.ends_at > $1 - interval '15 minutes')",
        )
        .bind(at(&day, &time))
        .fetch_one(&house.venue.administrator)
        .await
        .unwrap();
        if !taken {
            return (day, time);
        }
    }
    panic!("everything is taken for two weeks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_warmed_is_answered_without_asking_there() {
    // One round is enough for everything that is linked: four services of three people, and three weeks of each, of which
    // two come with one request.
    let mut settings = UNHURRIED.to_vec();
    settings.extend([
        ("CALENDAR__REFRESH_REQUESTS", "24"),
        // Nothing else happens, so nothing has to be kept for it.
        ("CALENDAR__NEWS_PERCENT", "0"),
        ("CALENDAR__FRESH_MS", "600000"),
        ("CALENDAR__FRESH_EMPTY_MS", "600000"),
    ]);
    let house = House::open_set(&settings).await;
    let (day, time) = soon(&house).await;
    assert_eq!(house.calcom().calls(Operation::Slots), 0);
    // Only a gateway that listens already hears it.
    let begun = Instant::now();
    while house.calcom().calls(Operation::Slots) < 24 {
        assert!(begun.elapsed() < PATIENCE, "{} questions", house.calcom().calls(Operation::Slots));
        run(&house, "warm-cache").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    house.calcom().settle().await;
    run(&house, "warm-cache").await;
    let asked = questions(&house);
    assert_eq!(asked.len(), 24, "each week once: {asked:?}");
    let answer = ask(&line(&house, "call_warm", 1), &day, &time).await;
    assert_eq!(status(&answer), "available", "{}", answer.reply);
    assert!(answer.reply["data"]["as_of"].is_string(), "{}", answer.reply);
    assert_eq!(questions(&house)[asked.len()..], [""; 0], "nothing was asked for it");

    // What is booked takes time from one person, and its webhook says nothing new.
    let done = take(&line(&house, "call_warm", 1), &answer).await;
    assert_eq!(status(&done), "booked", "{}", done.reply);
    house.ground().idle().await.unwrap();
    let before = questions(&house).len();
    let colleague = line(&house, "call_colleague", 2);
    let wish = |person: &str| json!({"datum": day, "uhrzeit": "18:00", "dienstleistung": "Massage", "mitarbeiter": person});
    let answer = colleague.tool("check_availability_v17", wish("Farid Amiri")).await;
    assert!(answer.reply["data"]["as_of"].is_string(), "{}", answer.reply);
    assert_eq!(questions(&house)[before..], [""; 0], "nothing of a colleague is old");
    colleague.tool("check_availability_v17", wish("Eva Lindt")).await;
    assert_eq!(questions(&house).len(), before + 1, "her own other service is");

    // So does what is called off, whose webhook says that of our own booking.
    let gone = line(&house, "call_warm", 1).tool("cancel_appointment", json!({"bestaetigung": true})).await;
    assert_eq!(status(&gone), "cancelled", "{}", gone.reply);
    run(&house, "push_open_copies").await;
    assert_eq!(house.calcom().calls(Operation::Cancel), 1);
    house.calcom().settle().await;
    house.ground().idle().await.unwrap();
    let before = questions(&house).len();
    colleague.tool("check_availability_v17", wish("Farid Amiri")).await;
    assert_eq!(questions(&house)[before..], [""; 0], "nothing of a colleague is old");
    colleague.tool("check_availability_v17", wish("Eva Lindt")).await;
    assert_eq!(questions(&house).len(), before + 1, "her time is");
    house.close().await;
}
