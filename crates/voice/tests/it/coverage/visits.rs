//! Conversations about several services of one visit.

use serde_json::json;
use voice::tool::TOOLS;

use super::{Said, all, said};
use crate::sequence_limits::without_boris;
use crate::sequences::{beard_of_another, both};
use crate::world::{STRANGER, World};

/// Two services of one visit, from the question to the last change; somebody else takes the time of a part.
pub(super) async fn several() -> Said {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    let (free, taken) = (both("2026-11-27", "10:00"), both("2026-11-27", "14:00"));
    beard_of_another(&world, "2026-11-27", "14:30").await;
    for tool in ["check_availability", "reserve_slot", "collect_appointment_info", "find_next_available"] {
        all(&line, &[(tool, taken.clone()), (tool, free.clone())]).await;
    }
    all(&line, &[("book_appointment", taken.clone()), ("confirm_booking", json!({}))]).await;
    let lapsed = world.call("call_b", STRANGER);
    lapsed.ask("check_availability", both("2026-11-27", "16:00")).await;
    world.wait(130);
    beard_of_another(&world, "2026-11-27", "16:30").await;
    lapsed.ask("confirm_booking", json!({"name": "Erika Muster"})).await;
    let [mut confirmed, mut more] = [free.clone(), free.clone()];
    confirmed["bestaetigung"] = json!(true);
    more["dienstleistung"] = json!(vec!["Haarschnitt"; 5]);
    let later = json!({"new_time": "14:00", "bestaetigung": true});
    all(
        &line,
        &[
            ("check_availability", free.clone()),
            ("confirm_booking", json!({"name": "Erika Muster"})),
            ("reschedule_appointment", later),
            ("reschedule_appointment", json!({"new_time": "11:00"})),
            ("reschedule_appointment", json!({"bestaetigung": true})),
            ("cancel_appointment", json!({})),
            ("collect_appointment_info", confirmed),
            ("cancel_appointment", json!({})),
            ("book_appointment", free),
            ("check_availability", more),
        ],
    )
    .await;
    said(&world)
}

/// Nobody trims beards for longer than is looked at.
pub(super) async fn in_vain() -> Said {
    let world = World::with(without_boris).await;
    let line = world.call("call_a", STRANGER);
    let both = json!({"dienstleistung": ["Haarschnitt", "Bartpflege"], "search_days": 80});
    all(&line, &[("find_next_available", both)]).await;
    said(&world)
}

/// Tools that know a service but never several of one visit, and why.
const ONE_SERVICE: &[(&str, &str)] = &[
    ("get_service_info", "it is about one"),
    ("request_callback", "the service is a word for the person who calls back"),
    ("join_waiting_list", "the waiting list is for one service"),
];

#[test]
fn whoever_reads_further_services_lists_them() {
    for entry in TOOLS {
        let lists = |name: &str| entry.arguments.iter().any(|names| names.contains(&name));
        let is_for_one = ONE_SERVICE.iter().any(|(tool, why)| *tool == entry.name && !why.is_empty());
        let is_for_several = lists("dienstleistung") && !is_for_one;
        assert_eq!(lists("weitere_dienstleistungen"), is_for_several, "{}", entry.name);
    }
}
