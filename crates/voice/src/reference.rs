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
         Every answer is HTTP 200 with `{success, status, message, data, alternatives, next_action, call_id}`.\n\
         `message` is one German sentence that can be spoken as it is. An alternative is\n\
         `{slot_id, start, date, time, staff, spoken, type}`. Names are understood in any case, with dashes or\n\
         underscores and with a version suffix (`_v17`).\n\n\
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
    out.push_str("\n## Statuses\n\n| Status | `success` | Meaning |\n| --- | --- | --- |\n");
    for status in Status::ALL {
        let _ = writeln!(out, "| `{}` | {} | {} |", status.code(), status.is_success(), status.meaning());
    }
    out
}

fn code_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

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
