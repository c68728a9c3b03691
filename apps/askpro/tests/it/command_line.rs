//! What the program says to somebody who mistypes.

use std::process::{Command, Output};

fn askpro(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_askpro")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_demo_that_does_not_run_is_named() {
    let output = askpro(&["trigger", "retell.call_ended", "--ready", "/nowhere/ready.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("/nowhere/ready.json") && said(&output).trim().lines().count() == 1,
        "{}",
        said(&output)
    );
}

#[test]
fn the_events_are_listed_where_nothing_runs() {
    let output = askpro(&["trigger", "list", "--ready", "/nowhere/ready.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(told.lines().count(), 11, "{told}");
    for event in ["retell.call_inbound", "retell.garbage", "calcom.ping"] {
        assert!(told.lines().any(|line| line.ends_with(event)), "{told}");
    }
}

#[test]
fn a_mistake_in_a_script_is_named_before_anything_starts() {
    let path = std::env::temp_dir().join(format!("askpro-script-{}.yaml", std::process::id()));
    std::fs::write(&path, "name: x\ncall: {to: '+4940555100'}\nsteps: [{tol: {}}]\n").unwrap();
    let output = askpro(&["simulate", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("step 1") && said(&output).contains("tol"), "{}", said(&output));
}

#[test]
fn unknown_words_are_a_mistake_of_usage() {
    for arguments in [&["prove", "everything"][..], &["demo", "--nothing"], &["jobs", "requeue"]] {
        assert_eq!(askpro(arguments).status.code(), Some(64), "{arguments:?}");
    }
    for arguments in [&["bench", "everything"][..], &["bench", "--json", "tools"], &["simulate"], &[]] {
        assert_eq!(askpro(arguments).status.code(), Some(64), "{arguments:?}");
    }
    assert_eq!(askpro(&["--help"]).status.code(), Some(0));
}

#[test]
fn whatever_needs_a_postgres_says_with_its_exit_code_that_there_is_none() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/calls/book.yaml");
    for arguments in [
        &["simulate", script][..],
        &["prove", "race"],
        &["prove", "isolation"],
        &["demo", "--data", "/dev/null/demo"],
    ] {
        // No cluster can be made where nothing can be written.
        let mut command = Command::new(env!("CARGO_BIN_EXE_askpro"));
        let output = command.args(arguments).env("TMPDIR", "/dev/null").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert_eq!(said(&output).trim().lines().count(), 1, "{arguments:?}: {}", said(&output));
    }
}

/// Minutes of measuring would be lost over it.
#[test]
fn a_file_for_figures_that_cannot_be_written_is_told_before_anything_is_measured() {
    let output = askpro(&["bench", "tools", "--json", "/nowhere/figures.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("/nowhere/figures.json") && told.trim().lines().count() == 1, "{told}");
}

#[test]
fn what_a_killed_demo_left_behind_is_gone_before_anything_is_raised() {
    let path = std::env::temp_dir().join(format!("askpro-ready-{}.json", std::process::id()));
    std::fs::write(&path, "{\"pid\": 1}").unwrap();
    // It comes no further than this: there is no room for a cluster.
    let output = askpro(&["demo", "--data", "/dev/null/demo", "--ready-file", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!path.exists(), "whoever waits for the file would believe that the demo is ready");
}
