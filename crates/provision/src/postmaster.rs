//! A running Postgres, seen from outside: its pid file, whether it lives, and how one that nobody needs is ended.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::command::POLL;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::process;

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

/// Whether `pid` is a living server of the data directory `data`, and not a stranger that got the same number.
pub(crate) fn serves(pid: u32, data: &Path) -> bool {
    process::is_alive(pid)
        && fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == data.as_os_str().as_bytes()))
}

/// The living server of a data directory.
pub(crate) fn running(data: &Path) -> Option<PidFile> {
    PidFile::read(data).filter(|file| serves(file.pid, data))
}

/// Ends a server that somebody else started: quickly, then at once, then by force.
pub(crate) fn end(data: &Path, user: ServiceUser) -> Result<(), ProvisionError> {
    for (signal, patience) in [("INT", 20), ("QUIT", 10), ("KILL", 10)] {
        let Some(server) = running(data) else {
            return Ok(());
        };
        // A stopped process hears nothing but the last of these.
        process::send(server.pid, "CONT", user);
        process::send(server.pid, signal, user);
        let until = Instant::now() + Duration::from_secs(patience);
        // A process on its way out has no command line any more before it has ended: what it served says too little here.
        while process::is_alive(server.pid) && Instant::now() < until {
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
    while !process::working_in(data).is_empty() {
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
        assert!(process::is_alive(me));
        assert!(!serves(me, Path::new("/no/such/data")));
        assert!(!process::is_alive(u32::MAX));
    }
}
