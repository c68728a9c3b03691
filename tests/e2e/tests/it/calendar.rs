//! A company whose calendar is outside: both sides agree in the end, whatever happens on the way.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use askpro::admin::{AskedBy, Office, run_task};
use askpro::cues;
use askpro::venue::{Line, status};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use simulators::calcom::{
    Booking, BookingStatus, CustomerBooking, Effect, Fault, Operation, OwnerCancellation, OwnerMove,
    WebhookMode, sign,
};
use simulators::retell::Exchange;

use crate::house::{House, PATIENCE, target};

const PRACTICE: &str = "+4989555200";
const SECRET: &str = "whsec_demo_calcom";
/// What a caller waits at most, and an allowance for a test build on a busy machine.
const DEADLINE: Duration = Duration::from_millis(800 + 700);

pub(crate) type Stands = BTreeSet<(Option<String>, DateTime<Utc>)>;

/// A day that is free for everybody.
pub(crate) async fn free_day(house: &House, place: usize) -> String {
    let names = cues::look_up(&house.venue.administrator).await.unwrap();
    names["free"]["schwabing"][place]["date"].as_str().unwrap().to_owned()
}

pub(crate) fn line(house: &House, call: &str, number: u32) -> Line {
    house.venue.line(call, format!("+491520124{number:04}"), PRACTICE)
}

pub(crate) async fn ask(line: &Line, day: &str, time: &str) -> Exchange {
    let args = json!({"datum": day, "uhrzeit": time, "dienstleistung": "Krankengymnastik", "mitarbeiter": "Eva Lindt"});
    line.tool("check_availability_v17", args).await
}

pub(crate) async fn take(line: &Line, offer: &Exchange) -> Exchange {
    let args = json!({"slot_id": offer.reply["data"]["slot_id"], "customer_name": "Erika Muster"});
    line.tool("start_booking", args).await
}

pub(crate) async fn in_time(answer: impl Future<Output = Exchange>) -> Exchange {
    let begun = Instant::now();
    let answer = answer.await;
    assert!(begun.elapsed() < DEADLINE, "after {:?}: {}", begun.elapsed(), answer.reply);
    answer
}

pub(crate) async fn book(
    house: &House,
    call: &str,
    number: u32,
    day: &str,
    time: &str,
) -> (String, Exchange) {
    let line = line(house, call, number);
    let offer = ask(&line, day, time).await;
    assert_eq!(status(&offer), "available", "{}", offer.reply);
    let done = take(&line, &offer).await;
    (done.reply["data"]["appointment_id"].as_str().unwrap_or_default().to_owned(), done)
}

pub(crate) async fn run(house: &House, task: &str) {
    let office = Office::open(&target(&house.venue), "task").await.unwrap();
    run_task(&office, task, AskedBy::Timetable).await.unwrap();
    office.close().await;
}

/// What stands in both calendars from now on; an appointment without a settled copy has no name there.
pub(crate) async fn both(house: &House) -> (Stands, Stands) {
    let ours: Vec<(Option<String>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT CASE WHEN a.status = 'confirmed' AND c.state = 'settled' AND c.remote_start = a.starts_at THEN c.uid END,
                a.starts_at
           FROM public.appointments a
           JOIN public.tenants t ON t.id = a.tenant_id AND t.slug = 'physio-lindt'
           LEFT JOIN public.calendar_copies c ON c.tenant_id = a.tenant_id AND c.appointment_id = a.id
          WHERE a.status IN ('pending', 'confirmed', 'needs_attention') AND a.starts_at > app.now()",
    )
    .fetch_all(&house.venue.administrator)
    .await
    .unwrap();
    let now = house.venue.now().await.unwrap();
    let theirs = standing(house).into_iter().filter(|booking| booking.start > now);
    (ours.into_iter().collect(), theirs.map(|booking| (Some(booking.uid), booking.start)).collect())
}

pub(crate) fn standing(house: &House) -> Vec<Booking> {
    let bookings = house.calcom().bookings().into_iter();
    bookings.filter(|booking| booking.status == BookingStatus::Accepted).collect()
}

/// Waits until both calendars say the same.
pub(crate) async fn expect_agreement(house: &House, patience: Duration) {
    let begun = Instant::now();
    loop {
        let (ours, theirs) = both(house).await;
        if ours == theirs {
            return;
        }
        assert!(
            begun.elapsed() < patience,
            "only here: {:?}\nonly there: {:?}",
            ours.difference(&theirs).collect::<Vec<_>>(),
            theirs.difference(&ours).collect::<Vec<_>>()
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn appointment(house: &House, id: &str) -> Value {
    let filter = json!({"id": id});
    let rows = askpro::rows::fetch(&house.venue.administrator, "appointments", filter.as_object().unwrap());
    rows.await.unwrap().pop().unwrap_or_default()
}

/// The booking there of an appointment here.
fn copy_of(house: &House, id: &str) -> Vec<Booking> {
    let marked =
        |booking: &Booking| booking.metadata.get("askpro_appointment").is_some_and(|marker| marker == id);
    standing(house).into_iter().filter(marked).collect()
}

async fn review_count(house: &House) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM public.calendar_reviews")
        .fetch_one(&house.venue.administrator)
        .await
        .unwrap()
}

pub(crate) fn at(day: &str, time: &str) -> DateTime<Utc> {
    let local: chrono::NaiveDateTime = format!("{day}T{time}:00").parse().unwrap();
    local.and_local_timezone(chrono_tz::Europe::Berlin).unwrap().to_utc()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_stands_on_both_sides() {
    let house = House::unhurried().await;
    let (ours, theirs) = both(&house).await;
    assert!(ours.len() > 20, "a practice with {} appointments", ours.len());
    assert_eq!(ours, theirs, "the world begins in agreement");

    let day = free_day(&house, 0).await;
    let (id, done) = book(&house, "call_both_sides", 1, &day, "10:00").await;
    assert_eq!(status(&done), "booked", "{}", done.reply);
    let copies = copy_of(&house, &id);
    assert_eq!(copies.len(), 1);
    assert_eq!((copies[0].start, copies[0].hosts.as_slice()), (at(&day, "10:00"), &[101][..]));
    assert_eq!(copies[0].attendee.phone_number.as_deref(), Some("+4915201240001"));
    assert_eq!(appointment(&house, &id).await["status"], json!("confirmed"));
    expect_agreement(&house, PATIENCE).await;

    // Comparing everything finds nothing to do, and what is over is left alone.
    let before: BTreeSet<String> = standing(&house).into_iter().map(|booking| booking.uid).collect();
    house.calcom().clear_limits();
    run(&house, "sync-calcom-bookings").await;
    run(&house, "push_open_copies").await;
    assert_eq!(before, standing(&house).into_iter().map(|booking| booking.uid).collect());
    assert_eq!(review_count(&house).await, 0);
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM public.calendar_copies WHERE state <> 'settled'")
            .fetch_one(&house.venue.administrator)
            .await
            .unwrap();
    assert_eq!(open, 0);

    // The stand-in forgets everything when it stops; the next start brings it back to where it was.
    let house = house.reopen().await;
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(copy_of(&house, &id).len(), 1);
    let (_, done) = book(&house, "call_both_sides_again", 2, &day, "11:00").await;
    assert_eq!(status(&done), "booked", "{}", done.reply);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_leaves_one_booking() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    house.calcom().order(Fault::once(Operation::Create, Effect::ResetAfter));
    let (id, done) = book(&house, "call_lost_answer", 1, &day, "10:00").await;
    assert!(matches!(status(&done), "booked" | "pending_confirmation"), "{}", done.reply);
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(copy_of(&house, &id).len(), 1);
    assert_eq!(house.calcom().calls(Operation::Create), 1);
    assert_eq!(appointment(&house, &id).await["status"], json!("confirmed"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_taken_there_is_answered_with_others() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let before = both(&house).await.0.len();

    // The owner was faster; nobody here knows yet.
    let line = line(&house, "call_taken_there", 1);
    let offer = ask(&line, &day, "10:00").await;
    assert_eq!(status(&offer), "available", "{}", offer.reply);
    house.calcom().set_webhooks(WebhookMode::Queued);
    house.calcom().customer_books(page_booking(&day, "10:00")).unwrap();
    let answer = take(&line, &offer).await;
    assert_refused_with_others(&answer);
    house.calcom().set_webhooks(WebhookMode::Immediate);
    house.calcom().flush().await;

    // Refused in the provider's words.
    let other = self::line(&house, "call_refused_there", 2);
    let offer = ask(&other, &day, "15:00").await;
    assert_eq!(status(&offer), "available", "{}", offer.reply);
    house.calcom().order(Fault::once(Operation::Create, Effect::Refuse { message: None }));
    assert_refused_with_others(&take(&other, &offer).await);

    // The customer of the page is in our calendar, and nothing else is.
    expect_agreement(&house, PATIENCE).await;
    assert_eq!(both(&house).await.0.len(), before + 1);
    let withdrawn: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM public.occupancy o JOIN public.appointments a
             ON a.tenant_id = o.tenant_id AND a.id = o.appointment_id WHERE a.status = 'cancelled'",
    )
    .fetch_one(&house.venue.administrator)
    .await
    .unwrap();
    assert_eq!(withdrawn, 0);
    house.close().await;
}

fn assert_refused_with_others(answer: &Exchange) {
    // Heard when it was written, or when it was asked about once more.
    assert!(matches!(status(answer), "slot_taken" | "unavailable"), "{}", answer.reply);
    assert_eq!(answer.reply["data"]["reason"], json!("occupied_in_outside_calendar"), "{}", answer.reply);
    assert_eq!(answer.reply["success"], json!(false));
    assert!(answer.reply["alternatives"].as_array().is_some_and(|all| !all.is_empty()), "{}", answer.reply);
}

/// Krankengymnastik with Eva Lindt, booked on the booking page.
fn page_booking(day: &str, time: &str) -> CustomerBooking {
    CustomerBooking {
        event_type_id: 2_011,
        start: at(day, time),
        name: "Paula Seite".to_owned(),
        email: "paula@example.org".to_owned(),
        phone_number: Some("+4915201240900".to_owned()),
        minutes: None,
        responses: serde_json::Map::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_there_happens_here() {
    let house = House::unhurried().await;
    let day = free_day(&house, 0).await;
    let (moved, _) = book(&house, "call_moved_there", 1, &day, "09:00").await;
    let (off, _) = book(&house, "call_off_there", 2, &day, "10:00").await;
    let uid = |id: &str| copy_of(&house, id).pop().unwrap().uid;
    house
        .calcom()
        .owner_reschedules(OwnerMove { uid: uid(&moved), start: at(&day, "14:00"), reason: None })
        .unwrap();
    house
        .calcom()
        .owner_cancels(OwnerCancellation { uid: uid(&off), reason: None, request_reschedule: false })
        .unwrap();
    let page = house.calcom().customer_books(page_booking(&day, "16:00")).unwrap();
    expect_agreement(&house, PATIENCE).await;
    house
        .expect_rows(json!([
            {"table": "appointments", "where": {"id": moved}, "count": 1,
             "values": {"status": "confirmed", "local_start": format!("{day} 14:00")}},
            {"table": "appointments", "where": {"id": off}, "count": 1, "values": {"status": "cancelled"}},
            {"table": "occupancy", "where": {"appointment_id": off}, "count": 0},
            {"table": "appointments", "where": {"local_start": format!("{day} 16:00")}, "count": 1,
             "values": {"tenant": "physio-lindt", "status": "confirmed", "staff": "Eva Lindt",
                        "service": "Krankengymnastik", "customer_phone": "+4915201240900"}},
            {"table": "calendar_copies", "where": {"uid": page.uid}, "count": 1, "values": {"state": "settled"}},
        ]))
        .await;
    // The time of the page's customer is taken, the time that was called off is free again.
    let line = line(&house, "call_after_news", 3);
    assert_eq!(status(&ask(&line, &day, "16:00").await), "unavailable");
    assert_eq!(status(&ask(&line, &day, "10:00").await), "available");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_that_nobody_signed_is_refused() {
    let house = House::open().await;
    let connection: String = house.calcom().ping("physio-lindt").map(|()| String::new()).unwrap();
    house.calcom().settle().await;
    let ping = house.calcom().deliveries().pop().unwrap();
    assert_eq!((ping.parcel.trigger.as_str(), ping.status), ("PING", Some(200)), "{connection}");
    let url = ping.parcel.url.clone();
    let unknown = url.replace(url.rsplit('/').next().unwrap(), "cal_00000000000000000000000000");
    let sole = format!("{}/api/calcom/webhook", house.venue.ready.gateway);
    let body = ping.parcel.body.as_str();
    let good = sign(Some(SECRET), body.as_bytes());
    let wrong = sign(Some("whsec_somebody_elses"), body.as_bytes());
    let http = askpro::http::client().unwrap();
    for (url, signature, expected) in [
        (&url, Some(&wrong), 401),
        (&url, None, 401),
        (&unknown, Some(&good), 401),
        (&sole, Some(&wrong), 401),
        (&sole, Some(&good), 200),
        (&url, Some(&good), 200),
    ] {
        let mut request = http.post(url).header("content-type", "application/json").body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("X-Cal-Signature-256", signature);
        }
        let answer = askpro::http::send(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{url} {signature:?}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_calendar_keeps_nobody_waiting() {
    let house = House::open().await;
    let day = free_day(&house, 0).await;
    house.calcom().order(Fault::always(Operation::Any, Effect::Delay { ms: 47_000 }));
    let line = line(&house, "call_slow", 1);
    let offer = in_time(ask(&line, &day, "10:00")).await;
    assert_eq!(status(&offer), "available_unverified", "{}", offer.reply);
    assert_ne!(offer.reply["data"]["booked"], json!(true));
    let done = in_time(take(&line, &offer)).await;
    assert_eq!(status(&done), "pending_confirmation", "{}", done.reply);
    let id = done.reply["data"]["appointment_id"].as_str().unwrap().to_owned();
    assert_eq!(appointment(&house, &id).await["status"], json!("pending"));

    // Nor does who moves it, or calls it off.
    let to = json!({"appointment_id": id, "new_date": day, "new_time": "15:00", "bestaetigung": true});
    let moved = in_time(line.tool("reschedule_appointment", to)).await;
    assert_eq!(status(&moved), "pending_confirmation", "{}", moved.reply);
    let off = in_time(line.tool("cancel_appointment", json!({"appointment_id": id}))).await;
    assert_eq!(status(&off), "cancelled", "{}", off.reply);

    // The operator sees which account does not answer.
    let begun = Instant::now();
    let open = loop {
        let asked = in_time(ask(&line, &day, "10:00")).await;
        assert_eq!(status(&asked), "available_unverified", "{}", asked.reply);
        let health = shown(&house, "/api/health/calcom").await;
        let health: Value = serde_json::from_str(&health).unwrap();
        let breakers = health["details"]["breakers"].as_array().cloned().unwrap_or_default();
        if let Some(open) = breakers.iter().find(|breaker| breaker["breaker"] == "open") {
            assert_eq!(health["status"], "degraded", "{health}");
            break open.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{health}");
    };
    assert!(open["connection"].as_str().is_some_and(|id| !id.is_empty()), "{open}");
    let metrics = shown(&house, "/api/metrics").await;
    assert!(metrics.lines().any(|line| line.starts_with("calendar_breaker_state{")), "{metrics}");

    house.close().await;
}

async fn shown(house: &House, path: &str) -> String {
    let url = format!("{}{path}", house.venue.ready.gateway);
    let http = askpro::http::client().unwrap();
    askpro::http::send(http.get(url)).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_both_sides_agree() {
    let house = House::open().await;
    let day = free_day(&house, 0).await;
    let times = ["08:00", "09:00", "10:00", "11:00", "14:00", "15:00", "16:00", "17:00"];
    // Half of the wishes are asked about before the lights go out.
    let lines: Vec<Line> = (1..)
        .zip(times)
        .map(|(number, time)| line(&house, &format!("call_outage_{}", &time[..2]), number))
        .collect();
    let mut offers = Vec::new();
    for (place, (line, time)) in lines.iter().zip(times).enumerate() {
        if place == 4 {
            house.calcom().order(Fault::always(Operation::Any, Effect::ResetBefore));
        }
        offers.push(ask(line, &day, time).await);
    }
    let mut promised = Vec::new();
    for (line, offer) in lines.iter().zip(&offers) {
        assert!(matches!(status(offer), "available" | "available_unverified"), "{}", offer.reply);
        let done = take(line, offer).await;
        match status(&done) {
            "booked" | "pending_confirmation" => {
                promised.push(done.reply["data"]["appointment_id"].as_str().unwrap().to_owned());
            }
            "slot_taken" | "unavailable" => {}
            other => panic!("{other}: {}", done.reply),
        }
    }
    assert!(!promised.is_empty());
    // Meanwhile the owner books one of the times there.
    let stolen = house.calcom().customer_books(page_booking(&day, "17:00")).unwrap();
    house.calcom().clear_faults();
    house.ground().pass(TimeDelta::minutes(10)).await.unwrap();
    let begun = Instant::now();
    loop {
        run(&house, "push_open_copies").await;
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM public.calendar_copies WHERE state IN ('due', 'sending', 'unknown')",
        )
        .fetch_one(&house.venue.administrator)
        .await
        .unwrap();
        if open == 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(150), "{open} copies are still open");
        house.ground().pass(TimeDelta::minutes(1)).await.unwrap();
    }
    for id in &promised {
        let row = appointment(&house, id).await;
        let copies = copy_of(&house, id).len();
        if row["starts_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() == stolen.start {
            // It was promised and is taken there: a person tells the customer.
            assert_eq!((row["status"].as_str(), copies), (Some("needs_attention"), 0), "{row}");
        } else {
            assert_eq!((row["status"].as_str(), copies), (Some("confirmed"), 1), "{row}");
        }
    }
    let callbacks = json!([{"table": "callbacks", "where": {"tenant": "physio-lindt"}, "count": 1}]);
    house.expect_rows(callbacks).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_took_place_stays_there() {
    let house = House::open().await;
    // The meeting that ends first is told about as soon as somebody asks; here it is ended by hand.
    let now = house.venue.now().await.unwrap();
    let over: Vec<Booking> = standing(&house).into_iter().filter(|booking| booking.end <= now).collect();
    let yesterday = over.iter().filter(|booking| booking.start > now - TimeDelta::days(1)).count();
    run(&house, "sync-calcom-bookings").await;
    run(&house, "push_open_copies").await;
    let left: BTreeSet<String> = standing(&house).into_iter().map(|booking| booking.uid).collect();
    assert!(yesterday > 0 && over.iter().all(|booking| left.contains(&booking.uid)));
    house.close().await;
}
