//! Every rule, over this repository.

use architecture_tests::{Workspace, incidents, manifests, migrations, ports, rings};

fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

fn this() -> Workspace {
    Workspace::this().expect("cargo metadata reads this workspace")
}

#[test]
fn every_package_depends_inwards() {
    assert_none("rings", &rings::ring_violations(&this()));
}

#[test]
fn every_ring_uses_its_own_packages() {
    assert_none("allow-list", &rings::allow_list_violations(&this()));
}

#[test]
fn every_manifest_inherits_and_every_crate_explains_itself() {
    assert_none("manifests", &manifests::manifest_violations(&this()));
}

#[test]
fn the_kernel_stays_small() {
    assert_none("kernel diet", &manifests::kernel_violations(&this()));
}

#[test]
fn every_file_fits_a_head() {
    assert_none("length", &manifests::length_violations(&this()));
}

#[test]
fn every_incident_is_ruled_out_by_a_test() {
    assert_none("incidents", &incidents::incident_violations(&this()));
}

#[test]
fn every_port_asks_for_a_scope() {
    assert_none("scope", &ports::scope_violations(&this()));
}

#[test]
fn transactions_and_aggregates_keep_their_shape() {
    assert_none("shape", &ports::shape_violations(&this()));
}

#[test]
fn migrations_are_forward_only_and_secured() {
    let workspace = this();
    let dir = workspace.root.join("migrations");
    assert!(!architecture_tests::workspace::files(&dir, "sql").is_empty(), "there are migrations");
    assert_none("migrations", &migrations::migration_violations(&dir));
}
