//! What cannot be promised of a sequence: a calendar that is silent, a search that gives up, times that nobody hears of.

use appointment::calendar::{CalendarLink, ConnectionId, Offered, RemoteEventType};
use appointment::model::{CatalogueSnapshot, Minute, ServiceLink, Span, WeekHours};
use appointment::policy::sequence::SequenceLimits;
use appointment::testing::{service_id, staff_id};
use serde_json::json;
use uuid::Uuid;
use voice::{NextAction, Settlement, Status};

use crate::outside::mirrored;
use crate::sequences::{both, open, with};
use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn what_is_free_by_our_plan_is_promised_as_that_and_noted() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let hoped = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    assert_eq!(
        (hoped.status, &hoped.data["available"]),
        (Status::Unverified, &json!(false)),
        "{}",
        hoped.message
    );
    assert_eq!(
        hoped.message,
        "Am Freitag, dem siebenundzwanzigsten November, um zehn Uhr geht beides nach unserem Plan nacheinander, zuerst \
         Haarschnitt, danach um zehn Uhr dreißig Bartpflege, beides bei Boris Kühn, im Kalender nachsehen kann ich aber \
         gerade nicht, soll ich beides schon einmal vormerken?"
    );
    assert_eq!(hoped.data["certainty"], "unverified");
    let noted = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(noted.status, Status::PendingConfirmation, "{}", noted.message);
    assert!(!noted.message.contains("fest eingetragen"), "{}", noted.message);
    assert_eq!(open(&world).len(), 2);
}

#[tokio::test]
async fn other_sequences_that_are_not_verified_are_said_to_be_so() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let only = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"]});
    for (tool, args) in [
        ("check_availability", both("2026-11-27", "10:07")),
        ("check_availability", both("2026-11-27", "vormittags")),
        ("get_alternatives", both("2026-11-27", "10:00")),
        ("find_next_available", only),
    ] {
        let reply = line.ask(tool, args).await;
        assert!(!reply.alternatives.is_empty(), "{tool} {}", reply.message);
        assert_eq!(reply.data["certainty"], "unverified", "{tool}");
        assert!(
            reply.message.contains(
                "nacheinander ginge nach unserem Plan, im Kalender nachsehen kann ich gerade nicht, am Freitag"
            ) || reply.message.starts_with(
                "Das nächste Mal geht beides nacheinander nach unserem Plan, im Kalender nachsehen kann ich gerade \
                 nicht, morgen"
            ),
            "{}",
            reply.message
        );
    }
    // Where the calendar answers, nothing is said of it.
    let known = World::new().await;
    let reply = known.call("call_a", STRANGER).ask("get_alternatives", both("2026-11-27", "10:00")).await;
    assert!(!reply.message.contains("Plan") && !reply.data.contains_key("certainty"), "{}", reply.message);
}

/// How long ago the calendar was heard is told as for one service.
#[tokio::test]
async fn what_the_calendar_said_a_while_ago_comes_with_its_age() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    let starts = ["2026-11-27T09:00:00Z", "2026-11-27T14:00:00Z"];
    let starts: Vec<_> = starts.iter().map(|at| Minute::floor(at.parse().unwrap())).collect();
    let as_of = "2026-11-23T07:59:30Z".parse().unwrap();
    world.outside.says(Offered::Fresh { starts: starts.clone(), as_of }, Settlement::Agreed);
    let fresh = line.ask("check_availability", both("2026-11-27", "10:00")).await;
    assert_eq!(
        (fresh.status, &fresh.data["as_of"]),
        (Status::Available, &json!("2026-11-23T08:59:30+01:00"))
    );
    world.outside.says(Offered::Stale { starts, as_of }, Settlement::Agreed);
    let stale = line.ask("check_availability", both("2026-11-27", "15:00")).await;
    assert_eq!(
        (stale.status, &stale.data["as_of"]),
        (Status::Unverified, &fresh.data["as_of"]),
        "{}",
        stale.message
    );
}

/// A salon that gives times every five minutes, where Boris is away for longer than is looked at.
pub(crate) fn without_boris(salon: &mut CatalogueSnapshot) {
    salon.policy.grid_minutes = 5;
    let (from, until) = ("2026-11-23T00:00:00Z".parse().unwrap(), "2027-03-01T00:00:00Z".parse().unwrap());
    salon.staff[1].absences.push(Span::new(from, until));
}

/// Boris is away for longer than is looked at; that is not that nobody has time.
#[tokio::test]
async fn of_whoever_has_nothing_that_is_said_and_others_are_offered() {
    let world = World::with(without_boris).await;
    let line = world.call("call_a", STRANGER);
    let args = json!({"dienstleistung": "Haarschnitt", "mitarbeiter": "Boris"});
    let next = line.ask("find_next_available", args.clone()).await;
    assert!(
        next.message
            .starts_with("Bei Boris Kühn finde ich in diesem Zeitraum leider nichts Freies, sonst kann")
            && next.message.contains("bei Anna Petersen"),
        "{}",
        next.message
    );
    assert_eq!(next.status, Status::Options);
    assert_eq!(
        (&next.data["staff"], &next.data["requested_staff"]),
        (&json!("Anna Petersen"), &json!("Boris Kühn"))
    );
    // Of a part of the day not everything is looked at, so it is said what was found, not what there is.
    let mut afternoon = args;
    afternoon["datum"] = json!("nachmittags");
    let next = line.ask("find_next_available", afternoon.clone()).await;
    assert!(
        next.message.starts_with("Bei Boris Kühn habe ich dafür gerade nichts gefunden, sonst kann")
            && next.message.contains("bei Anna Petersen"),
        "{}",
        next.message
    );
    assert_eq!(next.data["requested_staff"], "Boris Kühn");
    // Where he has something, an earlier time of others is none of his.
    let both = World::new().await;
    let next = both.call("call_b", STRANGER).ask("find_next_available", afternoon).await;
    assert!(
        next.message.starts_with("Als Nächstes") && next.message.contains("bei Boris Kühn"),
        "{}",
        next.message
    );
    assert!(!next.data.contains_key("requested_staff"));
}

/// Whose hours are not of that part of the day has nothing then, and others have.
#[tokio::test]
async fn a_part_of_the_day_in_which_the_wished_person_never_works_is_offered_with_others() {
    let world = World::with(|salon| {
        let boris = salon.staff.iter_mut().find(|person| person.id == staff_id(2)).unwrap();
        boris.hours = WeekHours::from_rows((1..=5).map(|day| (day, 540, 720))).unwrap();
    })
    .await;
    let args = json!({"dienstleistung": "Haarschnitt", "mitarbeiter": "Boris", "datum": "nachmittags"});
    let next = world.call("call_a", STRANGER).ask("find_next_available", args).await;
    assert_eq!(next.status, Status::Options, "{}", next.message);
    assert!(
        next.message.starts_with("Bei Boris Kühn habe ich dafür gerade nichts gefunden, sonst kann"),
        "{}",
        next.message
    );
}

#[tokio::test]
async fn a_search_that_gives_up_says_how_far_it_looked() {
    let world = World::with(without_boris).await;
    let line = world.call("call_a", STRANGER);
    let mut args = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"], "search_days": 80});
    let next = line.ask("find_next_available", args.clone()).await;
    assert_eq!((next.status, next.next_action), (Status::NoAvailability, Some(NextAction::AskCaller)));
    assert!(
        next.message.starts_with("Bis ") && next.message.contains("weiter habe ich noch nicht nachgesehen"),
        "{}",
        next.message
    );
    let until = next.data["searched_until"].as_str().unwrap();
    assert!(until > "2026-12-10" && until < "2027-01-20", "{until}");
    assert!(!next.data.contains_key("searched_days"), "not all of them were looked at");
    args["search_days"] = json!(7);
    let few = line.ask("find_next_available", args).await;
    assert_eq!((&few.data["searched_days"], few.status), (&json!(7), Status::NoAvailability));
    assert!(few.message.starts_with("In diesem Zeitraum"), "{}", few.message);
}

/// Others have time, with a gap in which the caller is here already: that is told, and nothing is held that was not.
#[tokio::test]
async fn nothing_is_held_that_the_caller_has_not_heard_of() {
    let limits = SequenceLimits { max_gap_minutes: 30, ..SequenceLimits::default() };
    let world = World::limited(|_| {}, limits).await;
    let line = world.call("call_a", STRANGER);
    let mut own = wish("2026-11-27", "11:00");
    own["mitarbeiter"] = json!("Anna");
    assert_eq!(line.ask("book_appointment", own).await.status, Status::Booked);
    let other = world.call("call_b", "+491701110002");
    for time in ["10:00", "10:30"] {
        let mut args = wish("2026-11-27", time);
        args["mitarbeiter"] = json!("Boris");
        args["name"] = json!("Max Beispiel");
        assert_eq!(other.ask("book_appointment", args).await.status, Status::Booked, "{time}");
    }
    let mut before = wish("2026-11-27", "15:00");
    before["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", before).await;
    line.ask("release_slot_reservation", json!({})).await;
    let looked = line
        .ask("check_availability", with(&json!(["Haarschnitt", "Bartpflege"]), "2026-11-27", "10:00"))
        .await;
    assert_eq!(looked.status, Status::OwnAppointmentOverlaps, "{}", looked.message);
    assert!(
        looked.message.contains("soll ich trotzdem einen weiteren dazu eintragen?"),
        "{}",
        looked.message
    );
    let held = world.appointments.holds(&world.scope);
    let told = looked.data["parts"].as_array().unwrap();
    assert_eq!((held.len(), told.len()), (2, 2));
    assert!(looked.data["held_until"].is_string() && looked.data["slot_id"].is_string());
    let yes = line.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    assert_eq!(yes.status, Status::Booked, "{}", yes.message);
}

/// A move of several is asked about in the words in which they are booked.
#[tokio::test]
async fn a_move_that_is_free_by_our_plan_is_promised_as_that() {
    let world = World::with(mirrored).await;
    let line = world.call("call_a", STRANGER);
    let starts = ["2026-11-27T09:00:00Z", "2026-11-27T14:00:00Z"];
    let starts: Vec<_> = starts.iter().map(|at| Minute::floor(at.parse().unwrap())).collect();
    let as_of = "2026-11-23T07:59:30Z".parse().unwrap();
    world.outside.says(Offered::Fresh { starts, as_of }, Settlement::Agreed);
    let booked = line.ask("book_appointment", both("2026-11-27", "10:00")).await;
    assert_eq!(booked.status, Status::Booked, "{}", booked.message);
    let args = json!({"new_date": "2026-11-27", "new_time": "15:00"});
    let sure = line.ask("reschedule_appointment", args.clone()).await;
    assert_eq!(sure.status, Status::ReadyForConfirmation, "{}", sure.message);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let hoped = line.ask("reschedule_appointment", args).await;
    assert_eq!(
        (hoped.status, &hoped.data["certainty"]),
        (Status::Unverified, &json!("unverified")),
        "{}",
        hoped.message
    );
    assert!(
        hoped.message.starts_with("Nach unserem Plan kann ich Ihre Termine auf Freitag")
            && hoped.message.ends_with(
                "beim Kalender kann ich das aber gerade nicht prüfen, soll ich das schon einmal so vormerken?"
            ),
        "{}",
        hoped.message
    );
}

/// Anna never has time where Boris follows her, and the search for her stops long before all of it was looked at; Boris
/// could do all of it alone on one day on which she is away.
#[tokio::test]
async fn a_person_is_not_said_to_be_impossible_beyond_where_it_was_looked() {
    let at = |text: &str| text.parse().unwrap();
    let world = World::with(|salon| {
        salon.policy.grid_minutes = 5;
        let anna = Span::new(at("2026-12-04T00:00:00Z"), at("2026-12-05T00:00:00Z"));
        salon.staff[0].absences.push(anna);
        let before = Span::new(at("2026-11-23T00:00:00Z"), at("2026-12-04T09:00:00Z"));
        let after = Span::new(at("2026-12-04T10:00:00Z"), at("2027-03-01T00:00:00Z"));
        salon.staff[1].absences.extend([before, after]);
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let mut anna = wish("2026-11-27", "10:00");
    anna["mitarbeiter"] = json!("Anna");
    line.ask("check_availability", anna).await;
    let args = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"], "search_days": 80});
    let next = line.ask("find_next_available", args).await;
    assert_eq!(next.data["requested_staff"], "Anna Petersen", "{}", next.message);
    assert!(
        next.message.starts_with("Bis ")
            && next.message.contains(" geht das allein bei Anna Petersen leider nicht, das nächste Mal"),
        "{}",
        next.message
    );
    let until = next.data["searched_until"].as_str().unwrap();
    assert!(until > "2026-12-10" && until < "2027-01-20", "{until}");
}

/// Boris is away for longer than is looked at, all of which was looked at: that is said, and no more.
#[tokio::test]
async fn a_person_who_is_away_is_said_to_be_so_for_the_days_that_were_looked_at() {
    let world = World::with(|salon| {
        without_boris(salon);
        salon.staff[0].performs.push(service_id(3));
    })
    .await;
    let line = world.call("call_a", STRANGER);
    let mut boris = wish("2026-11-27", "10:00");
    boris["mitarbeiter"] = json!("Boris");
    line.ask("check_availability", boris).await;
    let args = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"], "search_days": 7});
    let next = line.ask("find_next_available", args).await;
    assert!(
        next.message.starts_with(
            "Bis Sonntag, den neunundzwanzigsten November, geht das allein bei Boris Kühn leider nicht, das nächste Mal"
        ),
        "{}",
        next.message
    );
}

/// Boris cannot colour while he tidies up after the beard, so Anna has to trim it, and her calendar is silent: what stands
/// in the way is no silence, and what there is by our plan is offered all the same.
#[tokio::test]
async fn whatever_is_in_the_way_the_plan_is_looked_at_where_a_calendar_is_silent() {
    let world = World::with(|salon| {
        salon.staff[0].performs.retain(|service| *service != service_id(2));
        salon.staff[0].performs.push(service_id(3));
        let connection = ConnectionId::from_uuid(Uuid::from_u128(1));
        let event_type = RemoteEventType::parse("473").unwrap();
        let link = CalendarLink { connection, event_type, host: None };
        salon.links.push(ServiceLink { service: service_id(3), staff: staff_id(1), link });
    })
    .await;
    let line = world.call("call_a", STRANGER);
    world.outside.says(Offered::Unknown, Settlement::Open);
    let looked = line
        .ask("check_availability", with(&json!(["Bartpflege", "Ansatzfarbe"]), "2026-11-27", "10:00"))
        .await;
    assert_eq!(looked.status, Status::Unverified, "{}", looked.message);
    assert_eq!(looked.data["staff"], "Anna Petersen und Boris Kühn");
}
