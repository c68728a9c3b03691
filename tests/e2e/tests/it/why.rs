//! Why not? The exact thing that keeps a time from being free, by API and at the command line.

use askpro::admin::Office;
use askpro::why::{Wanted, WhyArgs};
use serde_json::{Value, json};

use crate::house::{House, target};

/// What the API says about a haircut with Anna Petersen in Altona.
async fn get(house: &House, question: &str) -> (u16, Value) {
    let ready = &house.venue.ready;
    let salon = ready.tenants.iter().find(|tenant| tenant.slug == "salon-nord").unwrap();
    let id = |name: &str| {
        let services = salon.services.iter().map(|service| (&service.name, &service.id));
        let staff = salon.staff.iter().map(|person| (&person.name, &person.id));
        let branches = salon.branches.iter().map(|branch| (&branch.name, &branch.id));
        services.chain(staff).chain(branches).find(|(known, _)| *known == name).unwrap().1.clone()
    };
    let url = format!(
        "{}/api/v1/{question}&branch={}&service={}&staff={}",
        ready.gateway,
        id("Altona"),
        id("Herrenhaarschnitt"),
        id("Anna Petersen"),
    );
    let http = askpro::http::client().unwrap();
    let answer = askpro::http::send(http.get(url).bearer_auth(&salon.api_key)).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn ask(house: &House, start: &str) -> Value {
    let (status, answer) = get(house, &format!("why?start={}", start.replace('+', "%2B"))).await;
    assert_eq!(status, 200);
    answer
}

fn code(answer: &Value) -> &str {
    answer["people"][0]["reason"]["code"].as_str().unwrap_or("free")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exact_thing_in_the_way_is_named() {
    let house = House::open().await;
    // The private clock begins on Wednesday, 1 September 2027, at ten past nine.
    for (start, expected, detail) in [
        ("2027-09-01T09:00:00+02:00", "past", Some("earliest")),
        ("2027-09-01T09:15:00+02:00", "notice", Some("earliest")),
        ("2027-09-06T10:00:00+02:00", "closed", Some("date")),
        ("2027-09-07T07:00:00+02:00", "outside_opening_hours", Some("opening")),
        ("2027-09-07T12:30:00+02:00", "break", Some("hours")),
        ("2027-09-07T09:07:00+02:00", "grid", None),
        ("2030-09-07T10:00:00+02:00", "horizon", Some("latest")),
    ] {
        let answer = ask(&house, start).await;
        assert_eq!((code(&answer), &answer["free"]), (expected, &json!(false)), "{start}: {answer}");
        if let Some(field) = detail {
            assert!(!answer["people"][0]["reason"]["detail"][field].is_null(), "{start}: {answer}");
        }
    }

    // An appointment, by its id.
    let (id, start): (String, chrono::DateTime<chrono::Utc>) = sqlx::query_as(
        "SELECT a.id::text, a.starts_at FROM public.appointments a
           JOIN public.staff s ON s.tenant_id = a.tenant_id AND s.id = a.staff_id AND s.name = 'Anna Petersen'
          WHERE a.status = 'confirmed' AND a.starts_at > app.now() + interval '2 days' ORDER BY a.starts_at LIMIT 1",
    )
    .fetch_one(&house.venue.administrator)
    .await
    .unwrap();
    let answer = ask(&house, &start.to_rfc3339()).await;
    let named = answer["people"][0]["reason"]["detail"]["appointment"].as_str().unwrap();
    assert_eq!((code(&answer), named), ("appointment", format!("apt_{}", id.replace('-', "")).as_str()));

    // A hold, by its call; and free where nothing is in the way.
    let names = askpro::cues::look_up(&house.venue.administrator).await.unwrap();
    let day = names["free"]["altona"][0]["date"].as_str().unwrap().to_owned();
    let at = format!("{day}T10:00:00+02:00");
    assert_eq!(code(&ask(&house, &at).await), "free");
    let line = house.venue.line("call_why", "+491520129001".to_owned(), "+4940555100");
    let args = json!({"datum": day, "uhrzeit": "10:00", "dienstleistung": "Herrenhaarschnitt", "mitarbeiter": "Anna Petersen"});
    line.tool("check_availability_v17", args).await;
    let held = ask(&house, &at).await;
    assert_eq!(code(&held), "hold", "{held}");
    assert!(
        held["people"][0]["reason"]["detail"]["call"].as_str().is_some_and(|call| call.starts_with("cal"))
    );

    // A recurring wish, date by date: the first is held, and every one is on the same weekday of its month.
    let every_month = format!("series/preview?first={day}&time=10:00&every_months=1&count=3");
    let (status, preview) = get(&house, &every_month).await;
    let dates = preview["data"].as_array().unwrap();
    assert_eq!((status, dates.len()), (200, 3), "{preview}");
    assert_eq!(
        (&dates[0]["free"], &dates[0]["why"]["people"][0]["reason"]["code"]),
        (&json!(false), &json!("hold"))
    );
    assert!(
        dates
            .iter()
            .all(|date| date["time"] == "10:00" && date["why"].is_null() == date["free"].as_bool().unwrap())
    );
    let (status, _) =
        get(&house, &format!("series/preview?first={day}&time=10:00&every_months=1&count=1")).await;
    assert_eq!(status, 400, "one date is no series");

    // The same by names, at the command line.
    let office = Office::open(&target(&house.venue), "why").await.unwrap();
    let asked = WhyArgs {
        wanted: Wanted {
            tenant: "salon-nord".to_owned(),
            branch: Some("altona".to_owned()),
            service: "Herrenhaarschnitt".to_owned(),
            staff: None,
        },
        at: at.clone(),
        config: None,
    };
    let lines = asked.run(&office).await.unwrap();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().any(|line| line["reason"]["code"] == "hold"), "{lines:?}");
    office.close().await;
    house.close().await;
}
