//! The process that ends a server with its user.
//!
//! A server must go when its user goes, also when that user is killed and cannot clean up. So it is not the user that
//! starts the server but a small shell script, the guard, in a process group of its own (Ctrl-C in a terminal does not
//! reach it, which leaves the user time to finish its work with the database).
//!
//! * The guard of one user reads a pipe whose other end only the user holds. Lines are signals for the server; the end
//!   of the pipe means that the user is gone.
//! * The guard of a shared server looks once a second whether anybody still holds a lock on the users' file.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::POLL;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::process;

/// Shared by both guards: let go of what was inherited, start the server, end it in growing earnest, clear away.
///
/// `$1` is the signal that ends the server, `$2` the home to clear away or empty. The server must have none of the
/// guard's descriptors: as long as it held one, the other side would not see that the guard is gone.
const COMMON: &str = r#"
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
trap '' HUP INT TERM
how=$1 home=$2
start() {
  "$@" </dev/null 1>&2 &
  pg=$!
  echo "$pg"
}
finish() {
  kill -s CONT "$pg" 2>/dev/null
  kill -s "$how" "$pg" 2>/dev/null
  tenths=0
  while kill -0 "$pg" 2>/dev/null; do
    if [ "$tenths" -eq 250 ]; then kill -s QUIT "$pg" 2>/dev/null; fi
    if [ "$tenths" -ge 300 ]; then kill -s KILL "$pg" 2>/dev/null; fi
    tenths=$((tenths + 1))
    sleep 0.1
  done
  if [ -n "$home" ]; then rm -rf -- "$home/data" "$home"; fi
}
"#;

/// The guard of one user: standard input is the pipe.
const EXCLUSIVE: &str = r#"
shift 2
start "$@"
exec 1>&2
while read -r word; do
  case $word in
    KEEP) home= ;;
    *) kill -s "$word" "$pg" 2>/dev/null ;;
  esac
done
finish
"#;

/// The guard of a shared server: standard input is the users' file, `$3` the seconds it may be idle, `$4` a server
/// that runs already or nothing. While the server is being ended, the lock is held and newcomers wait.
const SHARED: &str = r#"
grace=$3 pg=$4
shift 4
if [ -z "$pg" ]; then start "$@"; fi
exec 1>&2
idle=0
while kill -0 "$pg" 2>/dev/null; do
  if flock -n -x 0; then
    if [ "$idle" -ge "$grace" ]; then finish; exit 0; fi
    flock -u 0
    idle=$((idle + 1))
  else
    idle=0
  fi
  sleep 1
done
"#;

/// Longer than the guard itself waits before it ends a server by force.
const LONGEST_END: Duration = Duration::from_secs(45);

/// What can be sent to a running server, for those who prove what survives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Fast end: transactions are rolled back, data is written (`SIGINT`).
    Interrupt,
    /// Slow end: waits for the clients to leave (`SIGTERM`).
    Terminate,
    /// Immediate end, recovery at the next start (`SIGQUIT`).
    Quit,
    /// A crash (`SIGKILL`).
    Kill,
    /// Freezes the first process: new connections hang (`SIGSTOP`).
    Stop,
    /// Ends the freeze (`SIGCONT`).
    Continue,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// How long a process may take to be gone, frozen or running again after its signal.
const LONGEST_SIGNAL: Duration = Duration::from_secs(10);

/// The guard of one user's server.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
    pid: u32,
}

impl Guard {
    /// Starts a server under guard. `gone` is cleared away after the server has ended.
    pub(crate) fn start(
        user: ServiceUser,
        server: &Command,
        log: File,
        signal: &str,
        gone: Option<&Path>,
    ) -> Result<Self, ProvisionError> {
        let mut shell = shell(user, EXCLUSIVE, signal, gone);
        append(&mut shell, server);
        let mut child = spawn(shell.stdin(Stdio::piped()), log)?;
        let pipe = child.stdin.take();
        let pid = first_pid(&mut child)?;
        Ok(Self { child, pipe, pid })
    }

    /// The server's first process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Tells the guard something: a signal for the server, or to keep the data.
    pub(crate) fn tell(&mut self, word: &str) -> Result<(), ProvisionError> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        pipe.write_all(format!("{word}\n").as_bytes()).and_then(|()| pipe.flush()).map_err(|error| {
            ProvisionError::Command { action: "talking to the guard", detail: error.to_string() }
        })
    }

    /// The server's first process, if it runs.
    pub(crate) fn living(&self) -> Option<u32> {
        process::is_alive(self.pid).then_some(self.pid)
    }

    /// Sends a signal to the server. It returns once the server's first process is gone, frozen or running again,
    /// where the signal asks for that: the guard and the system take their time to deliver it.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<(), ProvisionError> {
        self.tell(signal.name())?;
        let pid = self.pid;
        let has_worked = || match signal {
            Signal::Kill => !process::is_alive(pid),
            Signal::Stop => process::is_frozen(pid) || !process::is_alive(pid),
            Signal::Continue => !process::is_frozen(pid),
            Signal::Interrupt | Signal::Terminate | Signal::Quit => true,
        };
        let until = Instant::now() + LONGEST_SIGNAL;
        while !has_worked() {
            if Instant::now() > until {
                return Err(ProvisionError::Timeout { action: "sending the server a signal" });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Lets the guard end the server, and waits until it has.
    pub(crate) fn finish(mut self) -> Result<(), ProvisionError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ProvisionError> {
        if self.pipe.take().is_none() {
            return Ok(());
        }
        let until = Instant::now() + LONGEST_END;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > until {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return Err(ProvisionError::Timeout { action: "ending the server" });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Whoever drops has nobody left to tell; a guard that is still busy goes on by itself.
        let _ = self.end();
    }
}

/// The guard of a shared server; it outlives whoever started it.
pub(crate) struct SharedGuard {
    /// The guard's own process.
    pub(crate) guard_pid: u32,
    /// The server's first process.
    pub(crate) pid: u32,
}

/// What a shared server's guard watches over.
pub(crate) struct Watched<'a> {
    /// The users' file, opened for the guard alone: a lock belongs to the opening, not to the file.
    pub(crate) users: File,
    /// How long the server stays after its last user has gone.
    pub(crate) grace: Duration,
    /// The home to clear away at the end.
    pub(crate) home: &'a Path,
}

impl SharedGuard {
    /// Starts a shared server under guard.
    pub(crate) fn start(
        user: ServiceUser,
        server: &Command,
        log: File,
        watched: Watched<'_>,
    ) -> Result<Self, ProvisionError> {
        let mut shell = watching(user, watched, "");
        append(&mut shell, server);
        let mut child = spawn(&mut shell, log)?;
        let pid = first_pid(&mut child)?;
        Ok(Self { guard_pid: child.id(), pid })
    }

    /// Puts a guard beside a server whose own guard has been killed.
    pub(crate) fn adopt(
        user: ServiceUser,
        pid: u32,
        log: File,
        watched: Watched<'_>,
    ) -> Result<Self, ProvisionError> {
        let child = spawn(&mut watching(user, watched, &pid.to_string()), log)?;
        Ok(Self { guard_pid: child.id(), pid })
    }
}

fn watching(user: ServiceUser, watched: Watched<'_>, pid: &str) -> Command {
    let mut shell = shell(user, SHARED, "QUIT", Some(watched.home));
    shell.arg(watched.grace.as_secs().to_string()).arg(pid).stdin(watched.users);
    shell
}

fn shell(user: ServiceUser, script: &str, signal: &str, gone: Option<&Path>) -> Command {
    let mut shell = user.command("/bin/sh");
    // The third argument is the script's own name, by which a person finds it in a list of processes.
    shell.arg("-c").arg(format!("{COMMON}{script}")).args(["askpro-server-guard", signal]);
    shell.arg(gone.unwrap_or(Path::new("")));
    shell
}

/// Appends the server's command line. What it needs in its environment is set by `env`, so that it does not
/// reach the guard's own helpers.
fn append(shell: &mut Command, server: &Command) {
    shell.arg("env");
    for (name, value) in server.get_envs() {
        if let Some(value) = value {
            let mut pair = name.to_owned();
            pair.push("=");
            pair.push(value);
            shell.arg(pair);
        }
    }
    shell.arg(server.get_program()).args(server.get_args());
}

fn spawn(shell: &mut Command, log: File) -> Result<Child, ProvisionError> {
    shell
        .stdout(Stdio::piped())
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(ProvisionError::io("run", Path::new("/bin/sh")))
}

/// The number the guard writes once it has started the server.
fn first_pid(child: &mut Child) -> Result<u32, ProvisionError> {
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        // The guard closes its end right after, so nothing is left to read.
        BufReader::new(out)
            .read_line(&mut line)
            .map_err(ProvisionError::io("read from", Path::new("/bin/sh")))?;
    }
    line.trim()
        .parse()
        .map_err(|_| ProvisionError::DidNotStart { detail: "its guard said nothing".to_owned() })
}
