//! A running server, seen from outside: its pid file, whether it lives, on which port it can listen.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::command::{self, POLL};
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::place;

/// What `postmaster.pid` says. Its lines: pid, data directory, start time, port, socket directory, address,
/// shared memory key, status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PidFile {
    /// The server's first process.
    pub(crate) pid: u32,
    /// Whether it accepts connections.
    pub(crate) ready: bool,
}

impl PidFile {
    /// Reads the file of a data directory, if it is there and complete enough.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        // A server in single-user mode writes a negative number: it is no postmaster.
        let pid = lines.first()?.parse().ok()?;
        Some(Self { pid, ready: lines.get(7).is_some_and(|status| *status == "ready") })
    }
}

/// Whether process `pid` exists and is more than an entry its parent has not collected yet.
pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        // The name in parentheses may itself hold blanks and parentheses.
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| !matches!(rest.trim_start().chars().next(), Some('Z' | 'X')))
    })
}

/// Whether `pid` is a living server of the data directory `data`, and not a stranger that got the same number.
pub(crate) fn serves(pid: u32, data: &Path) -> bool {
    is_alive(pid)
        && fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == data.as_os_str().as_bytes()))
}

/// The living server of a data directory.
pub(crate) fn running(data: &Path) -> Option<PidFile> {
    PidFile::read(data).filter(|file| serves(file.pid, data))
}

/// Whether somebody answers on the loopback port.
pub(crate) fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

/// Ends a server that somebody else started: quickly, then at once, then by force.
pub(crate) fn end(data: &Path, user: ServiceUser) -> Result<(), ProvisionError> {
    for (signal, patience) in [("INT", 20), ("QUIT", 10), ("KILL", 10)] {
        let Some(server) = running(data) else {
            return Ok(());
        };
        // A stopped process hears nothing but the last of these.
        send(server.pid, "CONT", user);
        send(server.pid, signal, user);
        let until = Instant::now() + Duration::from_secs(patience);
        // A process on its way out has no command line any more before it has ended: what it served says too little here.
        while is_alive(server.pid) && Instant::now() < until {
            thread::sleep(POLL);
        }
    }
    if running(data).is_none() {
        Ok(())
    } else {
        Err(ProvisionError::Timeout { action: "ending an earlier server" })
    }
}

/// Clears away what a server left that had no time to do so itself.
///
/// After a crash of the machine the pid file may name a process that is somebody else's by now, and Postgres would
/// refuse to start. After a crash of the first process its helpers may still be busy with the data for a moment, and
/// the pid file is what protects the data from a second server; so it goes only when they have gone.
pub(crate) fn clear_stale(data: &Path) -> Result<(), ProvisionError> {
    let until = Instant::now() + Duration::from_secs(20);
    while is_occupied(data) {
        if Instant::now() > until {
            return Err(ProvisionError::Timeout { action: "the end of an earlier server's processes" });
        }
        thread::sleep(POLL);
    }
    let file = data.join("postmaster.pid");
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ProvisionError::io("remove", &file)(error))
        }
        _ => Ok(()),
    }
}

/// Whether any process works in the data directory, as every process of a server does.
fn is_occupied(data: &Path) -> bool {
    fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok).any(|entry| {
        entry.file_name().as_bytes().first().is_some_and(u8::is_ascii_digit)
            && fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data)
    })
}

/// Sends a signal as the service user, who may signal its own processes and no others.
fn send(pid: u32, signal: &str, user: ServiceUser) {
    let mut kill = user.command("/bin/sh");
    kill.args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid.to_string()]);
    // If the process is gone already, that is what was wanted.
    let _ = command::output(&mut kill, Duration::from_secs(5));
}

/// A loopback port that is free now.
///
/// It lies below the range from which the system takes ports for outgoing connections. A port inside it could be
/// taken while the server is down for a moment, even by a client that tries to reach this very server.
pub(crate) fn free_port() -> Result<u16, ProvisionError> {
    let lowest_outgoing = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|range| range.split_whitespace().next()?.parse::<u16>().ok())
        .unwrap_or(32768);
    let lowest = 15000;
    if lowest_outgoing > lowest + 1000 {
        let width = u64::from(lowest_outgoing - lowest);
        for _ in 0..64 {
            let random = u64::from_str_radix(&place::random_hex(7)?, 16).unwrap_or_default() % width;
            let port = u16::try_from(random).unwrap_or_default() + lowest;
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(port);
            }
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(ProvisionError::io("find a free port on", Path::new("127.0.0.1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_is_read_at_every_stage() {
        let begun = "4711\n/data\n1700000000\n20001\n\n127.0.0.1\n";
        assert_eq!(PidFile::parse(begun), Some(PidFile { pid: 4711, ready: false }));
        let starting = format!("{begun}  1234  5\nstarting\n");
        assert_eq!(PidFile::parse(&starting), Some(PidFile { pid: 4711, ready: false }));
        let ready = format!("{begun}  1234  5\nready   \n");
        assert_eq!(PidFile::parse(&ready), Some(PidFile { pid: 4711, ready: true }));
        for bad in ["", "x", "-4711\n", "99999999999999\n"] {
            assert_eq!(PidFile::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_stranger_with_the_same_number_is_no_server() {
        let me = std::process::id();
        assert!(is_alive(me));
        assert!(!serves(me, Path::new("/no/such/data")));
        assert!(!is_alive(u32::MAX));
    }

    #[test]
    fn ports_are_free_and_out_of_the_way() {
        let port = free_port().unwrap();
        assert!(port >= 1024);
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
        assert!(!answers(port));
    }
}
