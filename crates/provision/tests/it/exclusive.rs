//! A server of one user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use provision::{Durability, Postgres, ProvisionError, Signal};

use crate::helper::{
    Scratch, User, asked_for, eventually, is_alive, is_root, kill, parent, single_user, state,
};

fn volatile(dir: &Path) -> Postgres {
    Postgres::builder().dir(dir).durability(Durability::Volatile).start().unwrap()
}

#[test]
fn data_survives_a_stop_and_the_next_start_is_quick() {
    let scratch = Scratch::new("durable");
    let first = Postgres::builder().dir(&scratch.0).start().unwrap();
    let (pid, data) = (first.pid().unwrap(), first.data_dir());
    let (mut program, mut again) =
        (first.binaries().command("postgres"), first.binaries().command("postgres"));
    assert_eq!(asked_for(first.port()).unwrap(), 10);
    first.stop().unwrap();
    assert!(!is_alive(pid));
    assert!(!data.join("postmaster.pid").exists(), "a clean end");
    let extensions = "create extension btree_gist\ncreate extension citext\ncreate extension pg_trgm\n\
                      create extension pgcrypto\n";
    single_user(&mut program, &data, &format!("{extensions}create table t as select 'kept' as word\n"));

    let begun = Instant::now();
    let second = Postgres::builder().dir(&scratch.0).start().unwrap();
    let took = begun.elapsed();
    println!("second start: {took:?}");
    // One second on an idle machine; the rest is for machines that run other tests meanwhile.
    assert!(took < Duration::from_secs(5), "{took:?}");
    second.stop().unwrap();
    let said = single_user(&mut again, &data, "select word, lower('ÄÖÜ') from t\n");
    assert!(said.contains("kept") && said.contains("äöü"), "{said}");
}

#[test]
fn the_password_is_in_one_private_file_only() {
    let scratch = Scratch::new("password");
    let server = volatile(&scratch.0);
    let file = scratch.0.join("password");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let password = fs::read_to_string(&file).unwrap();
    assert_eq!(password.len(), 48);
    assert_eq!(
        server.admin_url(),
        format!("postgres://postgres:{password}@127.0.0.1:{}/postgres", server.port())
    );
    assert!(!format!("{server:?}").contains(&password));
    assert!(!fs::read_to_string(scratch.0.join("postgres.log")).unwrap().contains(&password));
    let pid = server.pid().unwrap();
    assert!(!fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().contains(&password));
    let home = server.data_dir().parent().unwrap().to_path_buf();
    assert!(!home.join("initial-password").exists());
    if is_root() {
        assert_ne!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), 0, "the server has stepped down");
    }
}

#[test]
fn a_directory_has_one_user_at_a_time() {
    let scratch = Scratch::new("in-use");
    let server = volatile(&scratch.0);
    let refused = Postgres::builder().dir(&scratch.0).start().unwrap_err();
    assert!(matches!(refused, ProvisionError::InUse { .. }), "{refused}");
    drop(server);
    volatile(&scratch.0).stop().unwrap();
}

#[test]
fn the_server_ends_when_its_user_is_killed() {
    let scratch = Scratch::new("killed");
    let user = User::start("volatile", &scratch.0);
    let (pid, port, data) = (user.pid, user.port, user.data.clone());
    assert_eq!(asked_for(port).unwrap(), 10);
    user.kill();
    eventually("the server ends", || !is_alive(pid));
    assert!(asked_for(port).is_err());
    eventually("volatile data is cleared away", || !data.exists());

    let user = User::start("passing", &scratch.0);
    let (pid, data) = (user.pid, user.data.clone());
    user.kill();
    eventually("the server ends", || !is_alive(pid));
    eventually("durable data that was not to stay is cleared away", || !data.exists());

    let user = User::start("durable", &scratch.0);
    let (pid, data) = (user.pid, user.data.clone());
    user.kill();
    // Without waiting: the next start has to cope with a server that is still on its way out.
    let next = Postgres::builder().dir(&scratch.0).start().unwrap();
    assert!(!is_alive(pid));
    assert_eq!(next.data_dir(), data, "durable data stays");
    assert_eq!(asked_for(next.port()).unwrap(), 10);
}

#[test]
fn a_server_whose_user_and_guard_were_killed_is_taken_over() {
    let scratch = Scratch::new("orphan");
    let user = User::start("durable", &scratch.0);
    let (pid, port) = (user.pid, user.port);
    kill(parent(pid));
    user.kill();
    assert_eq!(asked_for(port).unwrap(), 10, "nobody was left to end it");
    let next = Postgres::builder().dir(&scratch.0).start().unwrap();
    assert!(!is_alive(pid));
    assert_ne!(next.pid(), Some(pid));
    assert_eq!(asked_for(next.port()).unwrap(), 10);
}

#[test]
fn a_killed_guard_does_not_keep_its_user_from_stopping() {
    let scratch = Scratch::new("guardless");
    let server = Postgres::builder().dir(&scratch.0).start().unwrap();
    let pid = server.pid().unwrap();
    kill(parent(pid));
    server.stop().unwrap();
    assert!(!is_alive(pid));
}

#[test]
fn a_crashed_server_comes_back_on_the_same_port() {
    let scratch = Scratch::new("crash");
    for durability in [Durability::Volatile, Durability::Durable] {
        let mut server = Postgres::builder().dir(&scratch.0).durability(durability).start().unwrap();
        let (pid, port, data) = (server.pid().unwrap(), server.port(), server.data_dir());
        server.kill(Signal::Kill).unwrap();
        assert_eq!(server.pid(), None);
        assert!(asked_for(port).is_err());
        server.restart().unwrap();
        assert_ne!(server.pid(), Some(pid));
        assert_eq!((server.port(), server.data_dir()), (port, data));
        assert_eq!(asked_for(port).unwrap(), 10);
        server.restart().unwrap();
        assert_eq!(asked_for(port).unwrap(), 10, "also without a crash");
        server.stop().unwrap();
    }
}

#[test]
fn a_frozen_server_can_be_thawed_and_stopped() {
    let scratch = Scratch::new("frozen");
    let mut server = volatile(&scratch.0);
    let pid = server.pid().unwrap();
    server.kill(Signal::Stop).unwrap();
    eventually("it is frozen", || state(pid) == Some('T'));
    server.kill(Signal::Continue).unwrap();
    eventually("it is thawed", || state(pid) != Some('T'));
    server.kill(Signal::Stop).unwrap();
    server.stop().unwrap();
    assert!(!is_alive(pid));
}

#[test]
fn data_of_another_version_is_refused_with_its_name() {
    let scratch = Scratch::new("version");
    let server = Postgres::builder().dir(&scratch.0).start().unwrap();
    let data = server.data_dir();
    server.stop().unwrap();
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();
    let refused = Postgres::builder()
        .dir(&scratch.0)
        .sources([provision::Source::Installed, provision::Source::Cached])
        .start()
        .unwrap_err();
    assert!(matches!(&refused, ProvisionError::VersionMismatch { found, .. } if found == "9"), "{refused}");
    assert_eq!(refused.to_string().lines().count(), 1);
    Postgres::builder().dir(&scratch.0).fresh(true).start().unwrap().stop().unwrap();
}

#[test]
fn a_pid_file_from_before_a_restart_of_the_machine_is_no_obstacle() {
    let scratch = Scratch::new("stale");
    let server = Postgres::builder().dir(&scratch.0).start().unwrap();
    let data = server.data_dir();
    server.stop().unwrap();
    // The number now belongs to a living stranger: this test.
    let stale =
        format!("{}\n{}\n1700000000\n20001\n\n127.0.0.1\n  1 2\nready\n", std::process::id(), data.display());
    fs::write(data.join("postmaster.pid"), stale).unwrap();
    Postgres::builder().dir(&scratch.0).start().unwrap().stop().unwrap();
}

#[test]
fn a_closed_directory_is_worked_around_and_the_data_found_again() {
    let scratch = Scratch::new("closed");
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).unwrap();
    let dir = scratch.0.join("cluster");
    let first = Postgres::builder().dir(&dir).start().unwrap();
    let data = first.data_dir();
    assert_eq!(data.starts_with("/var/tmp"), is_root(), "{}", data.display());
    first.stop().unwrap();
    let second = Postgres::builder().dir(&dir).start().unwrap();
    assert_eq!(second.data_dir(), data);
    second.stop().unwrap();
    // A fresh start does not leave the old data behind.
    let third = Postgres::builder().dir(&dir).fresh(true).durability(Durability::Volatile).start().unwrap();
    assert!(!data.exists());
    third.stop().unwrap();
}

#[test]
fn an_ordinary_user_can_do_it_too() {
    let scratch = Scratch::new("ordinary");
    let user = if is_root() {
        User::start_as(65534, "durable", &scratch.0)
    } else {
        User::start("durable", &scratch.0)
    };
    assert_eq!(asked_for(user.port).unwrap(), 10);
    let pid = user.pid;
    let server = fs::metadata(format!("/proc/{pid}")).unwrap();
    assert_ne!(server.uid(), 0);
    user.leave();
    eventually("the server ends", || !is_alive(pid));
}

#[test]
fn a_setting_can_be_overridden() {
    let scratch = Scratch::new("setting");
    let server = Postgres::builder()
        .dir(&scratch.0)
        .durability(Durability::Volatile)
        .setting("max_connections", "7")
        .start()
        .unwrap();
    let options = fs::read_to_string(server.data_dir().join("postmaster.opts")).unwrap();
    assert!(options.contains("max_connections=7"), "{options}");
    let broken = Scratch::new("broken-setting");
    let refused = Postgres::builder().dir(&broken.0).setting("no_such_setting", "1").start().unwrap_err();
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
}
