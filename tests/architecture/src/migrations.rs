//! What a migration must and must not say. The catalogue tests look at the result; this looks at the text, before
//! anything runs.

use std::path::Path;

use crate::workspace::files;

/// Statements that destroy what a running older version still needs, or data.
const DESTRUCTIVE: &[&str] = &["drop table", "drop column", "drop schema", "truncate", "disable row level security", "bypassrls"];

/// Violations in all migrations of a directory.
#[must_use]
pub fn migration_violations(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut all = String::new();
    let mut last_stamp = String::new();
    for file in files(dir, "sql") {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = strip_comments(&std::fs::read_to_string(&file).unwrap_or_default().to_lowercase());
        let stamp: String = name.chars().take_while(char::is_ascii_digit).collect();
        if stamp.len() != 14 || !name[stamp.len()..].starts_with('_') {
            found.push(format!("{name}: name it YYYYMMDDhhmmss_what_it_does.sql"));
        }
        if stamp == last_stamp {
            found.push(format!("{name}: two migrations share one timestamp"));
        }
        last_stamp = stamp;
        for word in DESTRUCTIVE.iter().filter(|word| text.contains(**word)) {
            found.push(format!("{name}: `{word}` is not forward-only; expand now, contract in a later release"));
        }
        all.push_str(&text);
        all.push('\n');
    }
    for table in tenant_tables(&all) {
        for (what, needle) in [
            ("row level security enabled", format!("alter table {table} enable row level security")),
            ("row level security forced", format!("alter table {table} force row level security")),
        ] {
            if !squash(&all).contains(&needle) && !covered_by_loop(&all, &table) {
                found.push(format!("{table}: has tenant_id but no statement with {what}"));
            }
        }
        if !squash(&all).contains(&format!(" on {table} ")) && !covered_by_loop(&all, &table) {
            found.push(format!("{table}: has tenant_id but no policy"));
        }
    }
    found
}

/// Tables whose definition has a `tenant_id` column; schemas `intake` and `engine` work across tenants by ruling.
fn tenant_tables(text: &str) -> Vec<String> {
    let mut tables = Vec::new();
    for part in text.split("create table ").skip(1) {
        let Some((name, rest)) = part.split_once('(') else { continue };
        let name = name.replace("if not exists", "").trim().to_owned();
        let body = rest.split(';').next().unwrap_or_default();
        let is_partition = name.contains(" partition of");
        let crosses = name.starts_with("intake.") || name.starts_with("engine.") || name.starts_with("app.");
        if body.contains("tenant_id") && !is_partition && !crosses {
            tables.push(name.trim_start_matches("public.").to_owned());
        }
    }
    tables
}

/// A migration may secure many tables in one loop over their names, as long as each is named in it.
fn covered_by_loop(text: &str, table: &str) -> bool {
    text.split("do $").any(|block| {
        block.contains("force row level security") && block.contains("create policy") && block.contains(&format!("'{table}'"))
    })
}

fn strip_comments(text: &str) -> String {
    text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn squash(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("public.", "")
}
