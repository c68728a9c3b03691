//! A call that is over: whatever still asks for something in its name gets nothing done.

use appointment::model::AppointmentStatus;
use chrono::TimeDelta;
use kernel::{CallId, ProviderCallId};
use serde_json::json;
use voice::tool::TOOLS;
use voice::{NextAction, Status};

use crate::world::{STRANGER, World, wish};

#[tokio::test]
async fn a_minute_after_its_end_nothing_is_done_in_a_calls_name() {
    let world = World::new().await;
    let line = world.call("call_a", STRANGER);
    assert_eq!(line.ask("check_availability", wish("2026-11-26", "10:00")).await.status, Status::Available);
    world.hang_up("call_a", Some(world.clock_now())).await;
    world.wait(60);
    let late = line.ask("book_appointment", wish("2026-11-26", "10:00")).await;
    assert_eq!(
        late.status,
        Status::Booked,
        "what overtook the news of the end still counts: {}",
        late.message
    );

    world.wait(1);
    for entry in TOOLS {
        let reply = line.ask(entry.name, wish("2026-11-27", "10:00")).await;
        let refused = (reply.status, reply.next_action) == (Status::CallOver, Some(NextAction::EndCall));
        assert_eq!(refused, entry.tool.acts(), "{}: {:?} {}", entry.name, reply.status, reply.message);
    }
    let mut confirmed = wish("2026-11-27", "10:00");
    confirmed["bestaetigung"] = json!(true);
    for tool in ["start_booking", "collect_appointment_info", "reschedule_appointment"] {
        assert_eq!(line.ask(tool, confirmed.clone()).await.status, Status::CallOver, "{tool}");
    }
    let [kept] = &world.appointments.appointments(&world.scope)[..] else { panic!("one was booked in time") };
    assert_eq!(kept.starts_at, "2026-11-26T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert_eq!(kept.status, AppointmentStatus::Confirmed);
    assert!(world.callbacks.all().is_empty(), "nobody is promised a call either");
    assert_eq!(
        world.call("call_b", STRANGER).ask("check_availability", wish("2026-11-27", "10:00")).await.status,
        Status::Available,
        "nothing is held"
    );
}

/// The same where the route of the call is known, as it is in the product after the first request.
#[tokio::test]
async fn a_call_that_was_given_up_may_still_be_on_and_one_that_ended_without_a_time_is_not() {
    let world = World::new().await;
    for (name, ends, wanted) in
        [("call_given_up", false, Status::Available), ("call_ended", true, Status::CallOver)]
    {
        let line = world.call(name, STRANGER);
        line.ask("list_services", json!({})).await;
        let id = ProviderCallId::parse(name).unwrap();
        let call: CallId = world.uses.0.lock().unwrap().last().unwrap().call;
        let branch = world.scope.branch().unwrap();
        world.tenancy.add_call(world.scope.tenant(), branch, id.clone(), call, world.clock_now());
        if ends {
            world.hang_up(name, None).await;
        }
        world.tenancy.end_call(&id);
        world.wait(TimeDelta::minutes(10).num_seconds());
        let reply = line.ask("check_availability", wish("2026-11-26", "10:00")).await;
        assert_eq!(reply.status, wanted, "{name}: {}", reply.message);
    }
}
