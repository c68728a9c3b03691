//! Several services in one visit at a company whose calendar is outside: all of it stands on both sides, or nothing.

use std::collections::BTreeSet;

use askpro::venue::{Line, status};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use simulators::calcom::{Effect, Fault, Operation};
use simulators::retell::Exchange;

use crate::calendar::{Stands, both, expect_agreement, free_day, in_time, line, run};
use crate::house::{House, PATIENCE};

async fn ask(line: &Line, day: &str, time: &str) -> Exchange {
    let services = ["Krankengymnastik", "Massage"];
    let args = json!({"datum": day, "uhrzeit": time, "dienstleistung": services, "mitarbeiter": "Eva Lindt"});
    line.tool("check_availability_v17", args).await
}

async fn take(line: &Line, offer: &Exchange) -> Exchange {
    let args = json!({"slot_id": offer.reply["data"]["slot_id"], "customer_name": "Erika Muster"});
    line.tool("start_booking", args).await
}

/// The appointments that were made in a call, each with its status and its beginning.
async fn rows(house: &House, call: &str) -> Vec<(String, DateTime<Utc>)> {
    sqlx::query_as(
        "SELECT a.status, a.starts_at FROM public.appointments a JOIN public.call_keys k
             ON k.tenant_id = a.tenant_id AND k.call_id = a.call_id
          WHERE k.provider_call_id = $1 ORDER BY a.starts_at",
    )
    .bind(call)
    .fetch_all(&house.venue.administrator)
    .await
    .unwrap()
}

/// Their statuses alone.
async fn made(house: &House, call: &str) -> Vec<String> {
    rows(house, call).await.into_iter().map(|(status, _)| status).collect()
}

async fn callbacks(house: &House) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM public.callbacks");
    count.fetch_one(&house.venue.administrator).await.unwrap()
}

/// The newest promise to call, as it is stored.
async fn last_callback(house: &House) -> String {
    let row =
        sqlx::query_scalar("SELECT to_jsonb(b) FROM public.callbacks b ORDER BY b.created_at DESC LIMIT 1");
    let row: Value = row.fetch_one(&house.venue.administrator).await.unwrap();
    row.to_string()
}

fn assert_offers_others(answer: &Exchange) {
    assert!(matches!(status(answer), "slot_taken" | "unavailable"), "{}", answer.reply);
    assert_eq!(answer.reply["data"]["booked"], json!(false), "{}", answer.reply);
    let message = answer.reply["message"].as_str().unwrap();
    assert!(message.contains("eingetragen habe ich deshalb nichts"), "{message}");
    assert!(
        answer.reply["alternatives"].as_array().is_some_and(|others| !others.is_empty()),
        "{}",
        answer.reply
    );
}

/// A visit that the provider refuses in this way while the caller waits: the caller hears of other times, and nothing of
/// it stands, on neither side.
async fn refused(house: &House, line: &Line, call: &str, fault: Fault) -> Exchange {
    let day = free_day(house, 0).await;
    let (there, callbacks_before) = (both(house).await.0, callbacks(house).await);
    let offer = ask(line, &day, "10:00").await;
    assert_eq!(status(&offer), "available", "{}", offer.reply);
    house.calcom().order(fault);
    let answer = in_time(take(line, &offer)).await;
    assert_offers_others(&answer);
    house.calcom().clear_faults();
    assert_eq!(made(house, call).await, ["cancelled", "cancelled"]);
    expect_agreement(house, PATIENCE).await;
    assert_eq!(both(house).await.0, there);
    assert_eq!(callbacks(house).await, callbacks_before, "whoever was offered other times needs no call");
    answer
}

/// The provider takes one part and refuses the other: what it has taken is called off there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_of_which_one_part_is_refused_stands_nowhere() {
    let house = House::unhurried().await;
    let before = both(&house).await.0;
    let line = line(&house, "call_visit_refused", 1);
    let fault = Fault::once(Operation::Create, Effect::Refuse { message: None });
    let answer = refused(&house, &line, "call_visit_refused", fault).await;

    // One of them is taken: all of it, on both sides.
    let slot = answer.reply["alternatives"][0]["slot_id"].clone();
    let done = line.tool("start_booking", json!({"slot_id": slot, "customer_name": "Erika Muster"})).await;
    assert_eq!(status(&done), "booked", "{}", done.reply);
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(both(&house).await.0.len(), before.len() + 2);
    house.close().await;
}

/// Both parts are refused at the same moment, and each refusal wants to end the visit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_of_which_all_parts_are_refused_stands_nowhere() {
    let house = House::unhurried().await;
    let line = line(&house, "call_visit_all_refused", 1);
    let fault = Fault::always(Operation::Create, Effect::Refuse { message: None });
    refused(&house, &line, "call_visit_all_refused", fault).await;
    house.close().await;
}

/// What became of one part is not known: all of it is "vorgemerkt", and in the end all of it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_of_which_one_part_is_in_doubt_is_noted_as_a_whole() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let before = both(&house).await.0.len();
    let line = line(&house, "call_visit_in_doubt", 1);
    let offer = ask(&line, &day, "10:00").await;
    house.calcom().order(Fault::once(Operation::Create, Effect::ResetAfter));
    let answer = in_time(take(&line, &offer)).await;
    assert_eq!(status(&answer), "pending_confirmation", "{}", answer.reply);
    let message = answer.reply["message"].as_str().unwrap();
    assert!(
        message.starts_with("Ich habe Ihre Termine") && !message.contains("fest eingetragen"),
        "{message}"
    );
    house.calcom().clear_faults();
    for _ in 0..4 {
        house.ground().pass(chrono::TimeDelta::minutes(1)).await.unwrap();
        run(&house, "push_open_copies").await;
    }
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(made(&house, "call_visit_in_doubt").await, ["confirmed", "confirmed"]);
    assert_eq!(both(&house).await.0.len(), before + 2);
    house.close().await;
}

/// The caller was told that it is noted; later all of it is refused there. Nothing is withdrawn silently: a person looks
/// at it, and one callback is promised.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_that_is_refused_later_is_for_a_person_once() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let callbacks_before = callbacks(&house).await;
    let line = line(&house, "call_visit_later", 1);
    let offer = ask(&line, &day, "10:00").await;
    house.calcom().order(Fault::always(Operation::Create, Effect::ResetBefore));
    let answer = in_time(take(&line, &offer)).await;
    assert_eq!(status(&answer), "pending_confirmation", "{}", answer.reply);
    house.calcom().clear_faults();
    house.calcom().order(Fault::always(Operation::Create, Effect::Refuse { message: None }));
    for _ in 0..4 {
        house.ground().pass(chrono::TimeDelta::minutes(3)).await.unwrap();
        run(&house, "push_open_copies").await;
        house.ground().idle().await.unwrap();
    }
    assert_eq!(made(&house, "call_visit_later").await, ["needs_attention", "needs_attention"]);
    assert_eq!(callbacks(&house).await, callbacks_before + 1);
    assert!(last_callback(&house).await.contains("den ganzen Besuch klären"));
    house.close().await;
}

/// A visit of one person moves by less than it lasts, and then to a time that the provider does not take for one of its
/// parts: it is moved as one, and then it stays as one where it was, on both sides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_moved_as_one_or_not_at_all() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let callbacks_before = callbacks(&house).await;
    let line = line(&house, "call_visit_moved", 1);
    let made = take(&line, &ask(&line, &day, "10:00").await).await;
    assert_eq!(status(&made), "booked", "{}", made.reply);
    let booked = both(&house).await;
    let later = json!({"new_date": day, "new_time": "10:15", "bestaetigung": true});
    let moved = in_time(line.tool("reschedule_appointment", later)).await;
    assert_eq!(status(&moved), "rescheduled", "{}", moved.reply);
    expect_agreement(&house, PATIENCE).await;
    let stands = both(&house).await;
    let shift = chrono::TimeDelta::minutes(15);
    let starts = |(ours, _): &(Stands, Stands)| ours.iter().map(|(_, start)| *start).collect::<BTreeSet<_>>();
    let gone: Vec<_> = starts(&booked).difference(&starts(&stands)).copied().collect();
    assert!(
        !gone.is_empty() && gone.iter().all(|start| starts(&stands).contains(&(*start + shift))),
        "{gone:?}"
    );

    house.calcom().order(Fault::once(Operation::Reschedule, Effect::Refuse { message: None }));
    let later = json!({"new_date": day, "new_time": "14:00", "bestaetigung": true});
    let refused = in_time(line.tool("reschedule_appointment", later)).await;
    house.calcom().clear_faults();
    assert!(matches!(status(&refused), "slot_taken" | "unavailable"), "{}", refused.reply);
    let message = refused.reply["message"].as_str().unwrap();
    assert!(
        message.contains("Ihre Termine am ") && message.contains(" um zehn Uhr fünfzehn bleib"),
        "{message}"
    );
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(starts(&both(&house).await), starts(&stands));
    assert_eq!(self::made(&house, "call_visit_moved").await, ["confirmed", "confirmed"]);
    assert_eq!(callbacks(&house).await, callbacks_before, "whoever was offered other times needs no call");
    house.close().await;
}

/// A move that is noted and that the provider refuses for one part once nobody waits any more: the visit is back as one,
/// and one person is asked about the whole of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_whose_noted_move_is_refused_is_back_as_one_and_for_a_person_once() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let callbacks_before = callbacks(&house).await;
    let line = line(&house, "call_visit_back", 1);
    let made = take(&line, &ask(&line, &day, "10:00").await).await;
    assert_eq!(status(&made), "booked", "{}", made.reply);
    expect_agreement(&house, PATIENCE).await;
    let booked = rows(&house, "call_visit_back").await;

    house.calcom().order(Fault::always(Operation::Reschedule, Effect::ResetBefore));
    let later = json!({"new_date": day, "new_time": "14:00", "bestaetigung": true});
    let noted = in_time(line.tool("reschedule_appointment", later)).await;
    assert_eq!(status(&noted), "pending_confirmation", "{}", noted.reply);
    house.calcom().clear_faults();
    house.calcom().order(Fault::once(Operation::Reschedule, Effect::Refuse { message: None }));
    for _ in 0..4 {
        house.ground().pass(chrono::TimeDelta::minutes(3)).await.unwrap();
        run(&house, "push_open_copies").await;
        house.ground().idle().await.unwrap();
    }
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(rows(&house, "call_visit_back").await, booked);
    assert_eq!(callbacks(&house).await, callbacks_before + 1);
    assert!(last_callback(&house).await.contains("den ganzen Besuch klären"));
    house.close().await;
}
