//! What a migration must and must not say. The catalogue tests look at the result; this looks at the text, before
//! anything runs.

use std::path::Path;

use crate::workspace::files;

/// Beginnings of statements that destroy data or what a running older version still needs. A function that drops old
/// partitions is no such statement.
const DESTRUCTIVE_BEGINNINGS: &[&str] = &["drop table", "drop schema", "truncate"];
/// The same, anywhere in a statement.
const DESTRUCTIVE_PARTS: &[&str] = &["drop column", "disable row level security", "bypassrls"];

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
        let begins = |word: &&&str| statements(&text).any(|statement| statement.starts_with(**word));
        let contains = |word: &&&str| text.contains(**word);
        let beginnings = DESTRUCTIVE_BEGINNINGS.iter().filter(begins);
        for word in beginnings.chain(DESTRUCTIVE_PARTS.iter().filter(contains)) {
            found.push(format!(
                "{name}: `{word}` is not forward-only; expand now, contract in a later release"
            ));
        }
        all.push_str(&text);
        all.push('\n');
    }
    let statements: Vec<_> = statements(&all).collect();
    for table in tenant_tables(&all) {
        let altered = format!("alter table {table} ");
        let about = || statements.iter().filter(|statement| statement.starts_with(&altered));
        for (what, words) in [
            ("row level security enabled", "enable row level security"),
            ("row level security forced", "force row level security"),
        ] {
            if !about().any(|statement| statement.contains(words)) {
                found.push(format!("{table}: has tenant_id but no statement with {what}"));
            }
        }
        let policy = format!(" on {table} ");
        if !statements
            .iter()
            .any(|statement| statement.starts_with("create policy") && statement.contains(&policy))
        {
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

fn strip_comments(text: &str) -> String {
    text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The statements, on one line each and without the schema that is the default.
fn statements(text: &str) -> impl Iterator<Item = String> {
    text.split(';').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ").replace("public.", ""))
}
