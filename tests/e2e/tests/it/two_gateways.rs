//! Two gateways of one product, with one database and one Redis: what one learns the other respects, and without Redis
//! nothing is wrong.

use askpro::cues;
use askpro::prove::ground::Ground;
use askpro::venue::{Line, Venue, status};
use futures_util::future::join_all;
use provision::Signal;
use serde_json::{Value, json};
use simulators::calcom::{CustomerBooking, Effect, Fault, Operation};
use simulators::retell::Exchange;
use testkit::{TestRedis, redis_of_ones_own};

use crate::house::{House, SecondGateway, UNHURRIED};

const COMPANY: &str = "physio-lindt";
const PRACTICE: &str = "+4989555200";
const SALON: &str = "+4940555100";
const PEOPLE: [&str; 3] = ["Eva Lindt", "Farid Amiri", "Greta Huber"];
const SERVICES: [&str; 4] = ["Krankengymnastik", "Massage", "Lymphdrainage", "Erstgespräch"];
/// Hours that do not meet, whatever is booked.
const TIMES: [&str; 4] = ["08:00", "10:00", "14:00", "16:00"];
/// A gateway waits 50 ms for Redis and goes on without it; a busy machine may take longer to run either. An attempt in
/// which that happened shows nothing about what is shared, and is made again with other times.
const ATTEMPTS: usize = 10;

/// The house's own gateway, and another one.
struct Two {
    house: House,
    other: SecondGateway,
    days: Vec<String>,
}

impl Two {
    async fn open(redis: &str, prefix: &str) -> Self {
        let mut settings = UNHURRIED.to_vec();
        settings.extend([("REDIS__URL", redis), ("REDIS__PREFIX", prefix), ("REDIS__RETRY_MS", "10")]);
        let house = House::open_set(&settings).await;
        let other = house.second_gateway().await;
        let names = cues::look_up(&house.venue.administrator).await.unwrap();
        let days = names["free"]["schwabing"].as_array().unwrap().iter();
        let days = days.map(|day| day["date"].as_str().unwrap().to_owned()).collect();
        Self { house, other, days }
    }

    /// One of the two.
    const fn at(&self, number: usize) -> &Venue {
        if number.is_multiple_of(2) { &self.house.venue } else { &self.other.venue }
    }

    fn asked(&self) -> u64 {
        self.house.calcom().calls(Operation::Slots)
    }

    async fn close(self) {
        self.other.close().await;
        self.house.close().await;
    }
}

/// Requests that Redis did not answer in time, of all gateways of this process.
async fn unanswered(venue: &Venue) -> u64 {
    let url = format!("{}/api/metrics", venue.ready.gateway);
    let answer = askpro::http::send(askpro::http::client().unwrap().get(url)).await.unwrap();
    let text = answer.text().await.unwrap();
    let of = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    let counted = text.lines().filter(|line| line.starts_with("redis_requests_total{"));
    counted.filter(|line| !line.contains("answered")).map(of).sum()
}

/// Makes an attempt until one was made in which Redis always answered.
async fn shared(two: &Two, attempt: impl AsyncFn(usize) -> bool) {
    for number in 0..ATTEMPTS {
        let before = unanswered(&two.house.venue).await;
        let holds = attempt(number).await;
        if unanswered(&two.house.venue).await == before {
            assert!(holds, "attempt {number}");
            return;
        }
    }
    panic!("Redis was never answering throughout");
}

fn wish(service: &str, person: &str, day: &str, time: &str) -> Value {
    json!({"datum": day, "uhrzeit": time, "dienstleistung": service, "mitarbeiter": person,
        "customer_name": "Kim Zwei"})
}

/// The same call, as it comes in at one of the gateways.
fn line(venue: &Venue, number: usize) -> Line {
    venue.line(format!("call_two_{number}"), format!("+49152012{number:05}"), PRACTICE)
}

async fn ask(line: &Line, service: &str, person: &str, day: &str, time: &str) -> Exchange {
    line.tool("check_availability_v17", wish(service, person, day, time)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_named_to_a_caller_here_is_not_named_first_there() {
    let redis = TestRedis::fresh();
    let two = Two::open(redis.url(), redis.prefix()).await;
    let names = cues::look_up(&two.house.venue.administrator).await.unwrap();
    shared(&two, async |number| {
        let taken = &names["taken"]["altona"][number];
        let mut named = Vec::new();
        for place in 0..2 {
            let caller = two.at(place).line(
                format!("call_soft_{number}_{place}"),
                format!("+49152013{number:03}{place:02}"),
                SALON,
            );
            let [day, time, person] = ["date", "time", "staff"].map(|field| taken[field].as_str().unwrap());
            let answer = ask(&caller, "Herrenhaarschnitt", person, day, time).await;
            assert_eq!(status(&answer), "unavailable", "{}", answer.reply);
            let alternatives = answer.reply["alternatives"].as_array().unwrap().clone();
            assert!(!alternatives.is_empty(), "{}", answer.reply);
            named.push(alternatives.into_iter().map(|one| [one["start"].clone(), one["staff"].clone()]));
        }
        let second: Vec<_> = named.pop().unwrap().collect();
        named.pop().unwrap().all(|one| !second.contains(&one))
    })
    .await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_calendar_told_one_gateway_the_other_knows_until_it_changes() {
    let redis = TestRedis::fresh();
    let two = Two::open(redis.url(), redis.prefix()).await;
    shared(&two, async |number| {
        let (day, service, event_type) = (&two.days[number], "Krankengymnastik", 2_011);
        two.house.calcom().clear_limits();
        let first = ask(&line(two.at(0), 10 * number), service, PEOPLE[0], day, "08:00").await;
        assert_eq!(status(&first), "available", "{}", first.reply);
        let asked = two.asked();
        let second = ask(&line(two.at(1), 10 * number + 1), service, PEOPLE[0], day, "10:00").await;
        assert_eq!(status(&second), "available", "{}", second.reply);
        let known = two.asked() == asked;

        // Its webhooks come in at the first gateway alone.
        let start = format!("{day}T16:00:00").parse::<chrono::NaiveDateTime>().unwrap();
        let start = start.and_local_timezone(chrono_tz::Europe::Berlin).unwrap().to_utc();
        let booked = two.house.calcom().customer_books(CustomerBooking {
            event_type_id: event_type,
            start,
            name: "Paula Seite".to_owned(),
            email: "paula@example.org".to_owned(),
            phone_number: None,
            minutes: None,
            responses: serde_json::Map::new(),
        });
        booked.unwrap();
        two.house.calcom().settle().await;
        let asked = two.asked();
        let third = ask(&line(two.at(1), 10 * number + 2), service, PEOPLE[0], day, "14:00").await;
        assert_eq!(status(&third), "available", "{}", third.reply);
        known && two.asked() > asked
    })
    .await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_failed_one_gateway_is_spared_by_the_other() {
    let redis = TestRedis::fresh();
    let two = Two::open(redis.url(), redis.prefix()).await;
    shared(&two, async |number| {
        // Longer than a breaker stays open and than an account is remembered.
        two.house.machine().forward(chrono::TimeDelta::minutes(10));
        two.house.calcom().clear_limits();
        let failing = two.house.calcom().order(Fault::always(
            Operation::Slots,
            Effect::Status { status: 500, body: None, took_effect: false },
        ));
        // Each service at a time of its own, since an answer holds the time.
        let mut wishes =
            SERVICES.into_iter().zip(TIMES).flat_map(|about| PEOPLE.map(|person| (about, person)));
        let day = &two.days[number];
        let mut caller = 100 * (number + 1);
        // Five failures in a row, each about something that nobody has asked about.
        for ((service, time), person) in wishes.by_ref().take(5) {
            caller += 1;
            let answer = ask(&line(two.at(0), caller), service, person, day, time).await;
            assert_eq!(status(&answer), "available_unverified", "{}", answer.reply);
        }
        let asked = two.asked();
        let mut spared = true;
        for (place, ((service, time), person)) in wishes.take(2).enumerate() {
            caller += 1;
            let answer = ask(&line(two.at(place), caller), service, person, day, time).await;
            assert_eq!(status(&answer), "available_unverified", "{}", answer.reply);
            spared &= two.asked() == asked;
        }
        two.house.calcom().take_back(failing);
        spared
    })
    .await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_with_one_question_at_two_gateways_cost_one_request_of_each_at_most() {
    let redis = TestRedis::fresh();
    let two = Two::open(redis.url(), redis.prefix()).await;
    // Free times of a day: nothing is held, so that everybody can have the same answer.
    let args = json!({"datum": two.days[0], "dienstleistung": "Krankengymnastik", "mitarbeiter": PEOPLE[0]});
    let lines: Vec<Line> = (0..100).map(|number| line(two.at(number), number)).collect();
    // The calls are there already: a caller says hello before asking.
    for few in lines.chunks(10) {
        join_all(few.iter().map(|line| line.tool("list_services", json!({})))).await;
    }
    two.house.calcom().clear_log();
    let before = unanswered(&two.house.venue).await;
    let crowd = || join_all(lines.iter().map(|line| line.tool("check_availability_v17", args.clone())));
    let answers = crowd().await;
    // What was offered to others is not offered again, so late callers hear of other people and of other days.
    let told = |answer: &&Exchange| !matches!(status(answer), "time_required" | "options" | "unavailable");
    let odd: Vec<_> = answers.iter().filter(told).map(|answer| &answer.reply).collect();
    assert!(odd.is_empty(), "{} odd answers, among them {:?}", odd.len(), odd.first());
    let mut weeks = std::collections::BTreeMap::<String, usize>::new();
    let requests = two.house.calcom().requests().into_iter();
    for request in requests.filter(|request| request.operation == Operation::Slots) {
        *weeks.entry(request.path).or_default() += 1;
    }
    assert!((1..=6).contains(&weeks.len()), "{weeks:?}");
    // One request of each gateway at most; one that Redis left waiting has its own memory as well, and asks for that, too.
    let most = if unanswered(&two.house.venue).await == before { 2 } else { 4 };
    assert!(weeks.values().all(|requests| *requests <= most), "{most} requests at most: {weeks:?}");
    two.close().await;
}

/// Asks at one gateway, and books at the other.
async fn changes_gateways(two: &Two, ground: &Ground<'_>, number: usize) {
    let (day, time) = (&two.days[number / 12], TIMES[number % 4]);
    let person = PEOPLE[number / 4 % 3];
    let offer = ground
        .tool(
            COMPANY,
            &line(two.at(number), number),
            "check_availability_v17",
            wish("Massage", person, day, time),
        )
        .await;
    assert_eq!(status(&offer), "available", "{}", offer.reply);
    let args = json!({"slot_id": offer.reply["data"]["slot_id"], "customer_name": "Kim Zwei"});
    let done = ground.tool(COMPANY, &line(two.at(number + 1), number), "start_booking", args).await;
    assert_eq!(status(&done), "booked", "{}", done.reply);
}

/// Four callers at each gateway want one time.
async fn one_gets_it(two: &Two, ground: &Ground<'_>, day: usize) {
    let callers = (0..8).map(|place| {
        let caller = line(two.at(place), 1_000 + 10 * day + place);
        let args = wish("Massage", PEOPLE[0], &two.days[day], "10:00");
        async move { ground.tool(COMPANY, &caller, "book_appointment", args).await }
    });
    let answers = join_all(callers).await;
    let booked = answers.iter().filter(|answer| status(answer) == "booked").count();
    assert_eq!(booked, 1, "{:?}", answers.iter().map(status).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_killed_between_question_and_booking_and_nothing_is_wrong() {
    let mut server = tokio::task::spawn_blocking(redis_of_ones_own).await.unwrap().unwrap();
    let two = Two::open(&server.url(), "killed").await;
    let ground = two.house.ground();
    two.house.calcom().clear_limits();
    for number in 0..2 {
        changes_gateways(&two, &ground, number).await;
    }
    one_gets_it(&two, &ground, 1).await;

    // One has asked and not booked yet.
    let caller = |place| line(two.at(place), 2);
    let args = wish("Massage", PEOPLE[0], &two.days[0], TIMES[2]);
    let offer = ground.tool(COMPANY, &caller(0), "check_availability_v17", args).await;
    assert_eq!(status(&offer), "available", "{}", offer.reply);
    server.kill(Signal::Kill).unwrap();
    let args = json!({"slot_id": offer.reply["data"]["slot_id"], "customer_name": "Kim Zwei"});
    let done = ground.tool(COMPANY, &caller(1), "start_booking", args).await;
    assert_eq!(status(&done), "booked", "{}", done.reply);

    two.house.calcom().clear_limits();
    for number in 3..5 {
        changes_gateways(&two, &ground, number).await;
    }
    one_gets_it(&two, &ground, 2).await;
    let lost = unanswered(&two.house.venue).await;
    assert!(lost > 0, "nobody has missed it");

    server.restart().unwrap();
    two.house.calcom().clear_limits();
    for number in 5..7 {
        changes_gateways(&two, &ground, number).await;
    }
    one_gets_it(&two, &ground, 3).await;
    ground.idle().await.unwrap();
    let findings = ground.judge().await.unwrap();
    assert_eq!(findings.violations, []);
    assert!(findings.checked > 500, "{}", findings.checked);
    ground.leave().await;
    two.close().await;
    server.stop().unwrap();
}
