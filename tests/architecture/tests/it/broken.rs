//! One broken workspace, one violation per rule: each rule finds exactly what was broken.

use std::path::{Path, PathBuf};

use architecture_tests::{Workspace, manifests, migrations, ports, rings};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/broken")
}

fn broken() -> Workspace {
    Workspace::load(&fixture()).expect("cargo metadata reads the broken workspace")
}

/// Exactly these violations, each recognised by a part of its text.
fn assert_found(found: &[String], expected: &[&str]) {
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for part in expected {
        assert!(found.iter().any(|line| line.contains(part)), "nothing says `{part}`: {found:#?}");
    }
}

#[test]
fn a_sideways_arrow_an_outward_arrow_and_a_missing_ring_are_found() {
    assert_found(
        &rings::ring_violations(&broken()),
        &[
            "sideways (domain) may not depend on pure (domain)",
            "outward (usecase) may not depend on store (outbound)",
            "ringless: declare a known ring",
        ],
    );
}

#[test]
fn a_foreign_package_is_found() {
    assert_found(
        &rings::allow_list_violations(&broken()),
        &[
            "sideways: the package `tokio` is not on the list",
            "store: the package `sqlx` is reserved",
            "store: the package `sqlx` is not on the list",
        ],
    );
}

#[test]
fn an_own_version_missing_lints_and_missing_docs_are_found() {
    assert_found(
        &manifests::manifest_violations(&broken()),
        &[
            "sideways: `tokio` must inherit",
            "store: `sqlx` must inherit",
            "ringless: `[lints] workspace = true`",
            "ringless: the crate's first line",
        ],
    );
}

#[test]
fn a_fat_kernel_is_found() {
    assert_found(&manifests::kernel_violations(&broken()), &["module `pricing`"]);
}

#[test]
fn an_unscoped_port_is_found() {
    assert_found(&ports::scope_violations(&broken()), &["Repository::find takes no scope first"]);
}

#[test]
fn an_unnamed_transaction_and_an_open_aggregate_are_found() {
    assert_found(
        &ports::shape_violations(&broken()),
        &["`save` takes a transaction", "the aggregate `Booking` has a public field"],
    );
}

#[test]
fn an_unsecured_table_and_a_destructive_statement_are_found() {
    assert_found(
        &migrations::migration_violations(&fixture().join("migrations")),
        &[
            "20260102000000_drop.sql: `drop column`",
            "notes.sql: name it",
            "open_table: has tenant_id but no statement with row level security enabled",
            "open_table: has tenant_id but no statement with row level security forced",
            "open_table: has tenant_id but no policy",
        ],
    );
}
