//! A server of several users.

use std::process::Command;
use std::time::Duration;

use provision::{Postgres, SharedPostgres};

use crate::helper::{Scratch, User, asked_for, eventually, is_alive, kill};

fn attach(scratch: &Scratch) -> SharedPostgres {
    Postgres::builder().dir(&scratch.0).grace(Duration::from_secs(1)).attach().unwrap()
}

#[test]
fn it_outlives_the_one_who_started_it_and_ends_after_the_last() {
    let scratch = Scratch::new("shared");
    let starter = User::start("shared", &scratch.0);
    let other = User::start("shared", &scratch.0);
    let (pid, port, data) = (starter.pid, starter.port, starter.data.clone());
    assert_eq!((other.pid, other.port), (pid, port));
    starter.kill();
    let third = attach(&scratch);
    assert_eq!(third.pid(), Some(pid));
    other.leave();
    assert_eq!(asked_for(third.port()).unwrap(), 10);
    assert!(third.admin_url().contains(&format!("@127.0.0.1:{port}/")));
    let guard = third.guard_pid();
    drop(third);
    eventually("the server ends", || !is_alive(pid));
    eventually("its data is gone", || !data.exists());
    eventually("its guard ends", || !is_alive(guard));

    let next = attach(&scratch);
    assert_ne!(next.pid(), Some(pid), "the next user gets a new one");
    assert_eq!(asked_for(next.port()).unwrap(), 10);
}

#[test]
fn the_next_user_within_the_grace_finds_it_running() {
    let scratch = Scratch::new("grace");
    let first = Postgres::builder().dir(&scratch.0).grace(Duration::from_secs(600)).attach().unwrap();
    let pid = first.pid().unwrap();
    drop(first);
    let second = attach(&scratch);
    assert_eq!(second.pid(), Some(pid));
    // Not to be left running for ten minutes: without its data directory's server the guard ends by itself.
    let guard = second.guard_pid();
    kill(pid);
    eventually("the guard ends", || !is_alive(guard));
    let third = attach(&scratch);
    assert_ne!(third.pid(), Some(pid), "a crashed server is replaced");
}

#[test]
fn many_at_once_get_the_same_server() {
    let scratch = Scratch::new("crowd");
    let starting: Vec<_> = (0..4)
        .map(|_| User::begin("shared", &scratch.0, &mut Command::new(std::env::current_exe().unwrap())))
        .collect();
    let users: Vec<User> = starting.into_iter().map(crate::helper::Starting::ready).collect();
    let pid = users[0].pid;
    assert!(users.iter().all(|user| user.pid == pid && user.port == users[0].port));
    for user in users {
        user.kill();
    }
    eventually("the server ends", || !is_alive(pid));
}

#[test]
fn a_server_without_guard_gets_another() {
    let scratch = Scratch::new("adopted");
    let first = attach(&scratch);
    let (pid, guard) = (first.pid().unwrap(), first.guard_pid());
    kill(guard);
    eventually("the guard is gone", || !is_alive(guard));
    let second = attach(&scratch);
    assert_eq!(second.pid(), Some(pid));
    assert_ne!(second.guard_pid(), guard);
    drop((first, second));
    eventually("the server ends all the same", || !is_alive(pid));
}

#[test]
fn checkouts_do_not_meet() {
    let (one, two) = (Scratch::new("checkout"), Scratch::new("checkout"));
    let (first, second) = (attach(&one), attach(&two));
    assert_ne!(first.port(), second.port());
    assert_ne!(first.admin_url(), second.admin_url());
    assert_ne!(first.data_dir(), second.data_dir());
}
