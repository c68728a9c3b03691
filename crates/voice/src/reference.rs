//! The reference of tools and statuses, generated from the tables that the code runs by.

use std::fmt::Write as _;

use crate::status::Status;
use crate::tool::{Effectful, SHARED_FIELDS, TOOLS};

/// The content of `docs/api/tools.md`.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Real-time tools\n\n\
         Generated from the code (`crates/voice`); a test says when it must be written anew.\n\n\
         Every signed request is answered with HTTP 200 and\n\
         `{success, status, message, data, alternatives, next_action, call_id}`. What is not signed is refused with 401, and a\n\
         body above `http.max_body_bytes` with 413, unread, so that nobody knows whether it is signed.\n\
         `message` is one German sentence that can be spoken as it is. An alternative is\n\
         `{slot_id, start, date, time, staff, spoken, type}`. Names are understood in any case, with dashes or\n\
         underscores and with a version suffix (`_v17`). A body of arguments alone also names its call, as `call_id`, and\n\
         may name the called number, as `to_number`. `current_time_berlin` needs no call: without one it tells the time at\n\
         the branch of that number, else in Berlin.\n\n\
         ## Tools\n\n\
         | Tool | Also called | Acts | Arguments | Fields of `data` |\n| --- | --- | --- | --- | --- |\n",
    );
    for entry in TOOLS {
        let acts = match entry.effect {
            Effectful::Never => "only looks",
            Effectful::WhenConfirmed => "when confirmed",
            Effectful::Always => "yes",
        };
        let arguments: Vec<_> =
            entry.arguments.iter().map(|names| format!("`{}`", names.join("`/`"))).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {acts} | {} | {} |",
            entry.name,
            code_list(entry.aliases),
            arguments.join(", "),
            code_list(&entry.fields().collect::<Vec<_>>())
        );
    }
    let _ =
        writeln!(out, "\nAny tool that asks back or refuses may also fill: {}.", code_list(SHARED_FIELDS));
    out.push_str(NOTES);
    out.push_str("\n## Statuses\n\n| Status | `success` | Meaning |\n| --- | --- | --- |\n");
    for status in Status::ALL {
        let _ = writeln!(out, "| `{}` | {} | {} |", status.code(), status.is_success(), status.meaning());
    }
    out
}

fn code_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What a name alone does not say.
const NOTES: &str = "
All seven keys of the answer are always there; `next_action` and `call_id` are `null` where there is none.

* **Money and time of a service.** `price` is in major units, a decimal with a point written as text (`\"32.00\"`);
  `price_minor` and `currency` say the same as a whole number of the smallest unit. `duration` and `duration_minutes`
  are both minutes.
* **Lists of services.** `list_services` has at most 5, or `categories` where there are more than 5 in several
  categories. `get_available_services` always has `services`, at most 50. `auto_selected` is true where the branch has
  one service: it is meant without being named. `gender` leaves out what is for the others by its name or category.
* **What is likely.** `predicted_service` is the most frequent service of the last 20 appointments that were not
  cancelled, `service_confidence` its share; both are `null` below a half. From four fifths on the sentence suggests it.
  It never becomes a wish by itself. Callers who withhold or share their number, or may not book, hear nothing of it.
* **Compact fields of `parse_date`.** One day: `t` is `single`, `d` the date, `wd` the weekday, `wdn` its number (Monday
  is 1), `wk` the ISO week, `td` and `tm` whether it is today or tomorrow, `df` the days until then, `int` the words as
  they were understood. Several days: `t` is `week` (with `wk` and `yr`) or, beyond one week, `range`; `rs` and `re` are
  the first and the last day. No date: `s` is false, `err` is `PARSE_ERROR`, `sug` has at most three proposals.
* **Several services in one visit.** The service may be a list (`[\"Herrenhaarschnitt\", \"Bartpflege\"]`) or name several
  in order (\"Herrenhaarschnitt und danach Bartpflege\"); `weitere_dienstleistungen` adds to what is named, or to what was
  spoken of last. A list of people is meant part by part, an empty place is anybody's; one person, alone or in a list,
  is meant for all of it. They are looked at, held, offered and booked as one: `parts` has each with its times, its person and its price; `service`, `staff`, `start`, `end`,
  `duration_minutes` and the price are those of all of it; `slot_id` names all of it; `missing_part` names the service
  that has no time. `searched_until` of `find_next_available` is the beginning up to which there is nothing, where the search
  stopped before the asked days were over. `appointment_id` is that of the first part. Appointments with one `sequence_id` are moved and called off
  together, unless one of them is named by its service.
* **Of whom it is.** The number tells who calls, the name whose appointment is spoken of. `fuer_andere_person` says whether
  that is somebody else than the customer of the number; words do so as well (\"meine Tochter Mia\", \"mich selbst\"). What
  was said with a time stands for that time, and a yes by a name is for the time that was asked for them. A name that was
  said with another time is asked about; so is a yes to another service or person than was asked about. Where `decides` names `fuer_andere_person`, the answer to the
  question is that argument: `true` for whoever was named, `false` for whoever calls.
* **Yes and no.** `bestaetigung` is a yes only if it is nothing else (`true`, \"Ja, bitte\"); anything else is a no, and ends
  what was asked, in every tool that has it. What was said before a tool asked for more need not be said again.
* **Calling off.** The one appointment that is meant is called off at once; with `bestaetigung: false` it is asked about. A
  yes that names none calls off what was asked about; one that names another is asked about. After a cancellation, or one that found nothing, it is no wish to call
  off another appointment: that is asked about. An appointment with a copy in an outside calendar is called off here at once, and there by the worker
  afterwards: the answer does not wait for that calendar.
* **After the end of a call.** Tools of a call that has ended still act for `voice.ended_call_grace_seconds` (60 by default,
  in product time), since events and tools overtake each other. After that they answer `call_over`.
* **Performance.** `latency_ms` is what this answer took from its arrival at the desk, without the way through the edge.
";

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_reference_is_the_one_the_code_runs_by() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api/tools.md");
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == super::markdown(),
            "write it anew: cargo run -q -p voice --example tools > docs/api/tools.md"
        );
    }
}
