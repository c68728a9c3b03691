//! Every statement of this crate fits the migrated schema, and none is hidden.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_postgres::{engine, statements};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use testkit::TestDatabase;

#[tokio::test]
async fn every_statement_is_prepared() {
    let database = TestDatabase::fresh().await;
    let mut connection = database.admin_pool().acquire().await.unwrap();
    let mut count = 0;
    for statement in statements::all().chain(engine::statements()) {
        if let Err(error) = connection.prepare(AssertSqlSafe(statement.sql).into_sql_str()).await {
            panic!("{}::{}: {error}", statement.module, statement.name);
        }
        count += 1;
    }
    assert!(count > 80, "{count} statements are few: is a module missing in the list?");
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `sqlx::query…(` takes the name of a constant, never a text: what is not in a list is not prepared above.
#[test]
fn no_statement_is_written_in_place() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 25);
    let mut seen = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for call in ["sqlx::query(", "sqlx::query_as(", "sqlx::query_scalar("] {
            for (position, _) in text.match_indices(call) {
                seen += 1;
                let argument = text[position + call.len()..].trim_start();
                let first = argument.chars().next().unwrap();
                // `sql` and `statement` are parameters of functions that bind what several statements have in common.
                let handed_on = ["if ", "sql)", "statement)"].iter().any(|name| argument.starts_with(name));
                assert!(
                    first.is_ascii_uppercase() || handed_on,
                    "{}: {call}{}",
                    file.display(),
                    argument.lines().next().unwrap_or_default()
                );
            }
        }
    }
    assert!(seen > 60, "{seen} calls are few: has the spelling changed?");
}

/// A list that is not in `statements::all` would be prepared by nobody.
#[test]
fn every_list_is_known() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let declared = files
        .iter()
        .filter(|file| !file.ends_with("statements.rs"))
        .map(|file| fs::read_to_string(file).unwrap().matches("\nstatements! {").count())
        .sum::<usize>();
    let mut modules: Vec<_> =
        statements::all().chain(engine::statements()).map(|statement| statement.module).collect();
    modules.dedup();
    assert_eq!(declared, modules.len(), "modules with a list: {modules:?}");
}
