//! Days and times as callers say them, and what the desk makes of them.

use appointment::model::WeekHours;
use serde_json::json;
use voice::Status;

use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn what_is_missing_is_asked_for() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let cut = "Haarschnitt";
    for (args, status) in [
        (json!({"dienstleistung": cut}), Status::DateRequired),
        (json!({"dienstleistung": cut, "datum": "nächste Woche"}), Status::TimeRequired),
        (json!({"dienstleistung": cut, "datum": "2026-11-24"}), Status::TimeRequired),
        (json!({"dienstleistung": cut, "datum": "morgen Nachmittag"}), Status::Options),
        (json!({"dienstleistung": cut, "datum": "gestern", "uhrzeit": "10:00"}), Status::PastTime),
        (json!({"dienstleistung": cut, "datum": "heute", "uhrzeit": "09:00"}), Status::PastTime),
        (json!({"dienstleistung": cut, "datum": "30. Februar", "uhrzeit": "10:00"}), Status::NonexistentDate),
        (json!({"dienstleistung": cut, "datum": "2027-11-01", "uhrzeit": "10:00"}), Status::TooFar),
        (
            json!({"dienstleistung": cut, "datum": "Blumenkohl", "uhrzeit": "10:00"}),
            Status::TimeNotUnderstood,
        ),
        (
            json!({"dienstleistung": "Reifenwechsel", "datum": "2026-11-24", "uhrzeit": "10:00"}),
            Status::ServiceUnknown,
        ),
        (
            json!({"dienstleistung": cut, "mitarbeiter": "Zacharias", "datum": "2026-11-24", "uhrzeit": "10:00"}),
            Status::StaffUnknown,
        ),
        (
            json!({"dienstleistung": "Bartpflege", "mitarbeiter": "Anna", "datum": "2026-11-24", "uhrzeit": "10:00"}),
            Status::StaffCannot,
        ),
    ] {
        let line = world.call(&format!("call_{}", status.code()), STRANGER);
        let reply = line.ask("check_availability", args.clone()).await;
        assert_eq!(reply.status, status, "{args}: {}", reply.message);
    }
    let nothing = line.ask("check_availability", json!({"datum": "2026-11-24", "uhrzeit": "10:00"})).await;
    assert_eq!(nothing.status, Status::ServiceRequired);
    assert!(world.appointments.appointments(&world.scope).is_empty());
}

#[tokio::test]
async fn a_wrong_year_is_repaired_and_said_so() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let args = json!({"dienstleistung": "Haarschnitt", "datum": "2024-11-24", "uhrzeit": "10:00"});
    let reply = line.ask("check_availability", args).await;
    assert_eq!(reply.status, Status::Available, "{}", reply.message);
    assert_eq!(reply.data["date"], "2026-11-24");
    assert_eq!(reply.data["inferred"], json!(["year"]));
}

#[tokio::test]
async fn two_meanings_are_asked_back_in_full() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let args = json!({"dienstleistung": "Haarschnitt", "datum": "nächsten Freitag", "uhrzeit": "10:00"});
    let reply = line.ask("check_availability", args).await;
    assert_eq!(reply.status, Status::AmbiguousTime, "{}", reply.message);
    assert_eq!(reply.data["readings"][0]["value"]["date"], "2026-11-27");
    assert_eq!(reply.data["readings"][1]["value"]["date"], "2026-12-04");
    for word in ["siebenundzwanzigsten November", "vierten Dezember", "Freitag"] {
        assert!(reply.message.contains(word), "{word}: {}", reply.message);
    }
}

/// Nobody said a stretch: days that are named with "oder" are one reading each, in a row or not.
#[tokio::test]
async fn days_of_which_one_will_do_are_asked_about_one_by_one() {
    let world = World::new().await;
    for (call, (args, said)) in [
        (
            json!({"datum": "Mittwoch oder Donnerstag", "uhrzeit": "11 Uhr"}),
            "Meinen Sie übermorgen, Mittwoch, den fünfundzwanzigsten November, um elf Uhr oder am Donnerstag, dem \
             sechsundzwanzigsten November, um elf Uhr?",
        ),
        (
            json!({"datum": "am 25. oder 26. November", "uhrzeit": "11:00"}),
            "Meinen Sie übermorgen, Mittwoch, den fünfundzwanzigsten November, um elf Uhr oder am Donnerstag, dem \
             sechsundzwanzigsten November, um elf Uhr?",
        ),
        (
            json!({"datum": "Mittwoch oder Donnerstag oder Freitag", "uhrzeit": "11 Uhr"}),
            "Meinen Sie übermorgen, Mittwoch, den fünfundzwanzigsten November, um elf Uhr, am Donnerstag, dem \
             sechsundzwanzigsten November, um elf Uhr oder am Freitag, dem siebenundzwanzigsten November, um elf Uhr?",
        ),
        (
            json!({"datum": "Donnerstag oder Samstag", "uhrzeit": "11 Uhr"}),
            "Meinen Sie am Donnerstag, dem sechsundzwanzigsten November, um elf Uhr oder am Samstag, dem \
             achtundzwanzigsten November, um elf Uhr?",
        ),
        (
            json!({"datum": "Donnerstag oder Freitag"}),
            "Meinen Sie am Donnerstag, dem sechsundzwanzigsten November oder am Freitag, dem siebenundzwanzigsten \
             November?",
        ),
        (
            json!({"datum": "Donnerstag oder Freitag", "uhrzeit": "ab 16 Uhr"}),
            "Meinen Sie ab Donnerstag, dem sechsundzwanzigsten November, um sechzehn Uhr oder ab Freitag, dem \
             siebenundzwanzigsten November, um sechzehn Uhr?",
        ),
        (
            json!({"datum": "Donnerstag oder Freitag", "uhrzeit": "vormittags"}),
            "Meinen Sie am Donnerstag, dem sechsundzwanzigsten November zwischen neun Uhr und zwölf Uhr oder am Freitag, \
             dem siebenundzwanzigsten November zwischen neun Uhr und zwölf Uhr?",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let line = world.call(&format!("call_which_{call}"), STRANGER);
        let mut args = args;
        args["dienstleistung"] = json!("Haarschnitt");
        let reply = line.ask("check_availability", args.clone()).await;
        assert_eq!(reply.status, Status::AmbiguousTime, "{args}: {}", reply.message);
        assert_eq!(reply.message, said, "{args}");
    }
    // A stretch of days that was said is one.
    let line = world.call("call_a", STRANGER);
    let args =
        json!({"dienstleistung": "Haarschnitt", "datum": "von Mittwoch bis Freitag", "uhrzeit": "11 Uhr"});
    let reply = line.ask("check_availability", args).await;
    assert_eq!(reply.status, Status::Options, "{}", reply.message);
}

#[tokio::test]
async fn closed_days_breaks_and_the_grid_are_named() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    for (day, time, reason) in [
        ("2026-11-23", "14:00", "closed"),
        ("2026-11-24", "08:00", "outside_hours"),
        ("2026-11-24", "17:45", "outside_hours"),
        ("2026-11-24", "10:07", "off_grid"),
    ] {
        let args = json!({"dienstleistung": "Haarschnitt", "datum": day, "uhrzeit": time});
        let reply = line.ask("check_availability", args).await;
        assert!(!reply.success && !reply.alternatives.is_empty(), "{day} {time}: {}", reply.message);
        assert_eq!(reply.data["reason"], reason, "{day} {time}: {}", reply.message);
    }
}

#[tokio::test]
async fn the_next_free_time_and_the_opening_hours() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let next = line.ask("find_next_available", json!({"service_name": "Haarschnitt"})).await;
    assert_eq!(next.data["next_available"], "2026-11-24T09:00:00+01:00", "{}", next.message);
    let hours = line.ask("get_opening_hours", json!({"day_of_week": "saturday"})).await;
    assert_eq!(hours.data["asked_day"]["hours"], json!(["09:00-14:00"]), "{}", hours.message);
    let monday = line.ask("get_opening_hours", json!({})).await;
    assert!(monday.message.contains("geschlossen"), "{}", monday.message);
    let parsed = line.ask("parse_date", json!({"datum": "übermorgen"})).await;
    assert_eq!(parsed.data["date"], "2026-11-25", "{}", parsed.message);
    assert_eq!(parsed.data["day_name"], "Mittwoch");
}

#[tokio::test]
async fn two_hours_with_one_name_are_told_apart() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    // Clocks are set back at three: half past two comes twice.
    let args = json!({"dienstleistung": "Haarschnitt", "datum": "2027-10-31", "uhrzeit": "02:30"});
    let reply = line.ask("check_availability", args).await;
    assert_eq!(reply.status, Status::AmbiguousTime, "{}", reply.message);
    for words in
        ["zwei Uhr dreißig morgens, vor der Zeitumstellung", "dreißig morgens, nach der Zeitumstellung"]
    {
        assert!(reply.message.contains(words), "{words}: {}", reply.message);
    }
}

#[tokio::test]
async fn only_the_readings_that_matter_are_asked_about() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    // Eight in the evening is a reading of "acht Uhr" too, but nobody means it.
    let args = json!({"dienstleistung": "Haarschnitt", "datum": "nächsten Freitag", "uhrzeit": "acht Uhr"});
    let reply = line.ask("check_availability", args).await;
    assert_eq!(reply.status, Status::AmbiguousTime, "{}", reply.message);
    let dates: Vec<_> =
        reply.data["readings"].as_array().unwrap().iter().map(|reading| reading["value"].clone()).collect();
    assert_eq!(
        dates,
        [json!({"date": "2026-11-27", "time": "08:00"}), json!({"date": "2026-12-04", "time": "08:00"})]
    );
}

#[tokio::test]
async fn a_day_and_a_time_that_contradict_each_other_are_asked_back() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let args =
        json!({"dienstleistung": "Haarschnitt", "datum": "Mittwoch", "uhrzeit": "Donnerstag um 10 Uhr"});
    let reply = line.ask("check_availability", args).await;
    assert_eq!(reply.status, Status::AmbiguousTime, "{}", reply.message);
    for word in ["Mittwoch, den fünfundzwanzigsten November", "Donnerstag, dem sechsundzwanzigsten November"]
    {
        assert!(reply.message.contains(word), "{word}: {}", reply.message);
    }
}

#[tokio::test]
async fn a_time_said_alone_is_on_the_day_that_was_spoken_of() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let asked =
        line.ask("check_availability", json!({"dienstleistung": "Haarschnitt", "datum": "Donnerstag"})).await;
    assert_eq!(asked.status, Status::TimeRequired, "{}", asked.message);
    let reply = line.ask("check_availability", json!({"uhrzeit": "um elf"})).await;
    assert_eq!(reply.status, Status::Available, "{}", reply.message);
    assert_eq!(reply.data["start"], "2026-11-26T11:00:00+01:00");
}

/// Whoever does not mind the hour has said so, and is not asked what that means.
#[tokio::test]
async fn an_hour_that_does_not_matter_is_understood() {
    for said in [
        "egal",
        "Die Uhrzeit ist mir egal.",
        "jederzeit",
        "ganztags",
        "den ganzen Tag",
        "irgendwann",
        "egal wann",
        "völlig egal",
        "egal welche Uhrzeit",
        "zu jeder Zeit",
        "jede Uhrzeit",
        "ganzer Tag",
        "den ganzen Tag über",
        "ganztags möglich",
        "zeitlich flexibel",
        "wann auch immer, ist mir egal",
        "Ich bin da ganz flexibel.",
    ] {
        let world = World::new().await;
        let line = world.call("call_a", STRANGER);
        let cut = "Haarschnitt";
        let wish = json!({"dienstleistung": cut, "datum": "2026-11-26", "uhrzeit": said});
        let reply = line.ask("get_alternatives", wish).await;
        assert_eq!(reply.status, Status::Options, "{said}: {}", reply.message);
        // Without a day, on the one that was spoken of.
        let reply = line.ask("get_alternatives", json!({"dienstleistung": cut, "uhrzeit": said})).await;
        assert!(reply.message.contains("sechsundzwanzigsten November"), "{said}: {}", reply.message);
        // Any day is not that day.
        let reply = line
            .ask("find_next_available", json!({"dienstleistung": cut, "datum": said, "uhrzeit": said}))
            .await;
        assert_eq!(reply.status, Status::Options, "{said}: {}", reply.message);
        assert!(!reply.message.contains("sechsundzwanzigsten November"), "{said}: {}", reply.message);
    }
}

#[tokio::test]
async fn a_part_of_the_day_without_a_day_says_that_the_day_was_added() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let args = json!({"dienstleistung": "Haarschnitt", "uhrzeit": "nachmittags"});
    let reply = line.ask("check_availability", args).await;
    assert!(reply.data["inferred"].as_array().unwrap().contains(&json!("day")), "{:?}", reply.data);
}

/// Tuesday is taken from two o'clock on, Wednesday as well: what is three hours away is that on both days.
#[tokio::test]
async fn the_asked_day_is_spoken_of_before_others_that_are_no_nearer() {
    let late = |salon: &mut appointment::model::CatalogueSnapshot| {
        salon.opening = WeekHours::from_rows((2..=5).map(|day| (day, 540, 840))).unwrap();
        for person in &mut salon.staff {
            person.hours = salon.opening.clone();
        }
    };
    let world = World::with(late).await;
    let line = world.call("call_a", STRANGER);
    let reply = line.ask("check_availability", wish("2026-11-24", "17:00")).await;
    let days: Vec<_> = reply.alternatives.iter().map(|slot| slot.date.as_str()).collect();
    assert_eq!(days[0], "2026-11-24", "{days:?}: {}", reply.message);
}

#[tokio::test]
async fn a_wish_for_the_weekend_is_answered_with_the_weekend() {
    let world = World::new().await;
    for (call, from) in [("call_x", "+491701110001"), ("call_y", "+491701110002")] {
        let booked = world.call(call, from).ask("book_appointment", wish("2026-11-28", "10:00")).await;
        assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    }
    let line = world.call("call_a", STRANGER);
    let args = json!({"datum": "am Wochenende", "uhrzeit": "10 Uhr", "dienstleistung": "Haarschnitt"});
    let reply = line.ask("check_availability", args).await;
    assert!(!reply.alternatives.is_empty(), "{}", reply.message);
    assert_eq!(reply.alternatives[0].date, "2026-11-28", "{}", reply.message);
    assert!(reply.message.contains("am Samstag, dem achtundzwanzigsten November"), "{}", reply.message);
}

/// Ten is not before ten, and not between nine and ten; whoever comes by ten at the latest may come at ten.
#[tokio::test]
async fn the_end_of_a_stretch_is_a_time_within_it_if_it_was_said_so() {
    let world = World::new().await;
    let mut line = 0;
    let (early, later) = ("zwischen null Uhr und zehn Uhr", "zwischen neun Uhr und zehn Uhr");
    for (hours, window, with_end) in [
        ("vor 10 Uhr", early, false),
        ("zwischen 9 und 10 Uhr", later, false),
        ("bis 10 Uhr", early, true),
        ("spätestens um 10 Uhr", early, true),
    ] {
        for (tool, services) in [
            ("check_availability", json!("Haarschnitt")),
            ("get_alternatives", json!("Haarschnitt")),
            ("check_availability", json!(["Haarschnitt", "Bartpflege"])),
        ] {
            // Earlier times are passed over where others were offered them just now.
            line += 1;
            let line = world.call(&format!("call_early{line}"), &format!("+4917011133{line:02}"));
            let args = json!({"datum": "2026-11-24", "uhrzeit": hours, "dienstleistung": services});
            let reply = line.ask(tool, args).await;
            assert_eq!(reply.status, Status::Options, "{hours} {tool}: {}", reply.message);
            let times: Vec<_> = reply.alternatives.iter().map(|slot| slot.time.as_str()).collect();
            let is_within = |time: &&str| ("09:00".."10:00").contains(time) || with_end && **time == *"10:00";
            assert!(!times.is_empty() && times.iter().all(is_within), "{hours} {tool}: {times:?}");
            assert!(with_end || !reply.message.contains("zehn Uhr"), "{}", reply.message);
            if tool == "get_alternatives" {
                assert_eq!(reply.data["preference_context"]["label"], window);
            }
        }
    }
}

/// What was only named to others is neither held nor booked: the stretch is not said to be without free times.
#[tokio::test]
async fn a_stretch_that_others_were_offered_is_offered_to_the_next_caller_too() {
    let world = World::new().await;
    let args = json!({"dienstleistung": "Bartpflege", "mitarbeiter": "Boris", "datum": "2026-11-24", "uhrzeit": "zwischen 10 und 11 Uhr"});
    for tool in ["check_availability", "get_alternatives"] {
        for caller in 1..=4 {
            let line = world.call(&format!("{tool}_{caller}"), &format!("+4917011122{caller:02}"));
            let reply = line.ask(tool, args.clone()).await;
            assert_eq!(reply.status, Status::Options, "{caller}: {}", reply.message);
            let said = ("2026-11-24", "10:00".."11:01");
            let first = &reply.alternatives[0];
            assert!(
                first.date == said.0 && said.1.contains(&first.time.as_str()),
                "{caller}: {}",
                reply.message
            );
        }
    }
    let exact = json!({"dienstleistung": "Bartpflege", "mitarbeiter": "Boris", "datum": "2026-11-24", "uhrzeit": "10:00"});
    let free = world.call("call_exact", STRANGER).ask("check_availability", exact).await;
    assert_eq!(free.status, Status::Available, "{}", free.message);
}

/// "Wann ist nachmittags das nächste Mal frei?"
#[tokio::test]
async fn the_next_time_keeps_to_the_hours_that_were_named() {
    let world = World::new().await;
    for (number, (hours, from, until)) in
        [("ab 16 Uhr", "16:00", "24:00"), ("vor 10 Uhr", "09:00", "09:59"), ("nachmittags", "12:00", "17:59")]
            .into_iter()
            .enumerate()
    {
        let line = world.call(&format!("call_next_{number}"), &format!("+4917011144{number:02}"));
        let next =
            line.ask("find_next_available", json!({"dienstleistung": "Haarschnitt", "uhrzeit": hours})).await;
        assert_eq!(next.status, Status::Options, "{hours}: {}", next.message);
        let time = next.data["formatted_time"].as_str().unwrap();
        assert!((from..=until).contains(&time), "{hours}: {}", next.message);
    }
}
