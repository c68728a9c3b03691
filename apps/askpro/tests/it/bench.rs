//! The measurements, shortened: they run, everything they check holds, and what they write can be read. How fast anything
//! is says nothing here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for a measurement to start, or for what it started to end: far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_askpro"));
    command.arg("bench").args(arguments).stdin(Stdio::null());
    command
}

fn told(output: &Output) -> String {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}\n{error}");
    out.into_owned()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

/// Every figure has its fields, and every measurement figures.
fn assert_figures(lines: &[Value], names: &[&str]) {
    let mut told = BTreeSet::new();
    for line in lines {
        let name = line["name"].as_str().unwrap_or_else(|| panic!("no name: {line}"));
        told.insert(name.split('.').next().unwrap_or_default());
        for number in ["ours", "spread"] {
            assert!(line[number].as_f64().is_some_and(f64::is_finite), "{number}: {line}");
        }
        for number in ["floor", "ratio", "p50", "p99"] {
            let value = line.get(number).unwrap_or_else(|| panic!("no {number}: {line}"));
            assert!(value.is_null() || value.as_f64().is_some_and(|value| value >= 0.0), "{number}: {line}");
        }
        for word in ["unit", "must", "aim", "reached"] {
            assert!(line[word].as_str().is_some_and(|word| !word.is_empty()), "{word}: {line}");
        }
        assert!(line["rounds"].as_u64() >= Some(1), "{line}");
        assert_eq!(line["comparable"], false, "{line}");
    }
    assert_eq!(told, names.iter().copied().collect());
}

fn assert_measures(names: &[&str]) {
    let arguments: Vec<&str> = names.iter().copied().chain(["--quick", "--json"]).collect();
    assert_figures(&lines(&told(&bench(&arguments).output().unwrap())), names);
}

#[test]
fn what_waits_for_answers_is_measured() {
    assert_measures(&[
        "intake",
        "ack",
        "availability",
        "offer",
        "book",
        "tenant-read",
        "start",
        "neighbour",
        "history",
        "cold",
        "stalled",
        "growth",
    ]);
}

#[test]
fn what_needs_a_worker_is_measured() {
    assert_measures(&["jobs", "calls", "size"]);
}

#[test]
fn figures_go_into_a_file_as_they_are_told_in_a_table() {
    let path = std::env::temp_dir().join(format!("askpro-figures-{}.jsonl", std::process::id()));
    let name = path.to_str().unwrap();
    let table = told(&bench(&["slots", "--quick", "--json", name]).output().unwrap());
    let written = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(table.contains("not comparable") && table.contains("slots"), "{table}");
    assert_figures(&lines(&written), &["slots"]);
}

#[test]
fn tool_calls_of_conversations_are_measured_and_held_to_a_limit() {
    let output = bench(&["tools", "--quick", "--json", "--limit-p99-ms", "0"]).output().unwrap();
    let (told, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_figures(&lines(&told), &["tools"]);
    assert_eq!(told.lines().count(), 5, "one of each tool, and one of all: {told}");
    assert!(output.status.code() == Some(1) && error.contains("✗ tools: a p99 of "), "{error}");
}

/// A process, told apart from a later one with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    id: u32,
    parent: u32,
    begun: u64,
    command: String,
}

/// Whatever runs now; what its parent has not looked after yet has ended.
fn processes() -> Vec<Process> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?, &entry.path())).collect()
}

fn read(id: u32, place: &Path) -> Option<Process> {
    let stat = fs::read_to_string(place.join("stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let command = fs::read_to_string(place.join("cmdline")).ok()?.replace('\0', " ");
    let process =
        Process { id, parent: fields.get(1)?.parse().ok()?, begun: fields.get(19)?.parse().ok()?, command };
    (*fields.first()? != "Z").then_some(process)
}

/// A process and all that it started, directly or not.
fn family(id: u32) -> Vec<Process> {
    let all = processes();
    let mut found: Vec<Process> = all.iter().filter(|process| process.id == id).cloned().collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|process| process.id) {
        found.extend(all.iter().filter(|process| process.parent == parent).cloned());
        next += 1;
    }
    found
}

/// Waits for something that other processes do. They cannot be asked to tell, so this looks again and again.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "never happened: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A measurement in the middle of its work, with everything it has started.
fn in_the_middle() -> (Child, Vec<Process>) {
    let mut child = bench(&["calls"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = eventually("gateway, worker and Postgres at work", || {
        assert!(child.try_wait().unwrap().is_none(), "it has ended by itself");
        let family = family(child.id());
        let has = |what: &str| family.iter().any(|process| process.command.contains(what));
        (has(" gateway ") && has(" worker ") && has("/data ")).then_some(family)
    });
    (child, started)
}

fn data_of(family: &[Process]) -> PathBuf {
    let mut words = family.iter().flat_map(|process| process.command.split(' '));
    PathBuf::from(words.find(|word| word.ends_with("/data")).unwrap())
}

fn assert_nothing_is_left_after(signal: &str) {
    let (mut child, started) = in_the_middle();
    let data = data_of(&started);
    assert!(started.len() > 4 && data.exists(), "{started:#?}");
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap();
    eventually("everything ends with it", || {
        let now = processes();
        let is_there = |one: &Process| now.iter().any(|other| (other.id, other.begun) == (one.id, one.begun));
        (!started.iter().any(is_there)).then_some(())
    });
    eventually("its data goes", || (!data.exists()).then_some(()));
}

#[test]
fn a_measurement_that_is_killed_leaves_no_process_behind() {
    assert_nothing_is_left_after("-KILL");
}

#[test]
fn a_measurement_that_is_interrupted_leaves_no_process_behind() {
    assert_nothing_is_left_after("-INT");
}
