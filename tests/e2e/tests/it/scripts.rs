//! Every call script of `tests/calls`, played as `askpro simulate` plays it.

use askpro::simulate::play_script;
use std::sync::Mutex;

use crate::house::with_shared;

/// Scripts look for a free day and then take it: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn play(file: &str, text: &str) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    with_shared(async |venue| {
        let outcome = play_script(venue, file, text).await.expect("a script that can be played");
        let mut conversation = Vec::new();
        outcome.print(&mut conversation).unwrap();
        assert!(outcome.passed(), "{}", String::from_utf8_lossy(&conversation));
    });
}

macro_rules! scripts {
    ($($name:ident)+) => {
        /// What is played, for the test below.
        const PLAYED: &[&str] = &[$(stringify!($name)),+];

        $(
            #[test]
            fn $name() {
                let file = concat!("tests/calls/", stringify!($name), ".yaml");
                play(file, include_str!(concat!("../../../calls/", stringify!($name), ".yaml")));
            }
        )+
    };
}

scripts! {
    alternative
    anonymous
    arguments_only
    blocked
    book
    cancel
    cancel_too_late
    closed_day
    colour
    forged
    inactive_tenant
    nonsense
    physio_book
    repeated_tool
    reschedule
    sequence
    shared_number
    two_services
    unknown_number
    unruly_events
}

#[test]
fn no_script_is_forgotten() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../calls");
    let mut files: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    files.sort();
    assert_eq!(files, PLAYED);
}
