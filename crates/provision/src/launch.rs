//! Bringing a server up on prepared data, and waiting until it accepts connections.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::binaries::Binaries;
use crate::cluster::{self, Durability, SUPERUSER};
use crate::command::POLL;
use crate::error::{ProvisionError, one_line};
use crate::identity::ServiceUser;
use crate::shared::patiently;
use crate::{place, postmaster, process};

/// How long recovery after a crash may take.
const LONGEST_START: Duration = Duration::from_secs(120);

/// How long a start is tried again when what stands in its way passes by itself.
const LONGEST_RETRY: Duration = Duration::from_secs(20);

/// The size at which the server's log is set aside, in bytes. One older log is kept.
const LOG_LIMIT: u64 = 8 << 20;

/// What the server says when another process has the port, or when processes of a killed server still linger.
const PASSING: [&str; 5] = [
    "could not bind",
    "Address already in use",
    "still in use",
    "already exists",
    "Could not create server TCP",
];

/// A prepared cluster and everything needed to run it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) dir: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) user: ServiceUser,
    pub(crate) binaries: Binaries,
    pub(crate) password: Password,
    pub(crate) durability: Durability,
    /// Whether the home goes when the server ends.
    pub(crate) passes: bool,
    pub(crate) settings: Vec<String>,
}

/// The superuser's password, which no log and no error may show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(pub(crate) String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Site {
    /// The directory of the data.
    pub(crate) fn data(&self) -> PathBuf {
        cluster::data_dir(&self.home)
    }

    /// The address at which the superuser connects.
    pub(crate) fn admin_url(password: &Password, port: u16) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{port}/postgres", password.0)
    }

    fn server(&self, port: u16) -> Command {
        let mut server = self.binaries.command("postgres");
        server.arg("-D").arg(self.data());
        for setting in cluster::settings(port, self.durability).iter().chain(&self.settings) {
            server.arg("-c").arg(setting);
        }
        server
    }

    /// Starts the server on `port`, or on a free one, and returns once it accepts connections.
    ///
    /// `start` runs the command line under a guard and returns the guard and the server's process; `discard` takes a
    /// guard back whose server ended at once.
    pub(crate) fn launch<G>(
        &self,
        port: Option<u16>,
        start: impl FnMut(&Command, File) -> Result<(G, u32), ProvisionError>,
        discard: impl FnMut(G),
    ) -> Result<(G, u16), ProvisionError> {
        let data = self.data();
        let plan = Plan {
            log: &ServerLog::new(&self.dir, "postgres"),
            prepare: &|| postmaster::clear_stale(&data),
            command: &|port| Ok(self.server(port)),
            is_ready: &|pid, port| {
                postmaster::running(&data).is_some_and(|server| server.pid == pid && server.ready)
                    && process::answers(port)
            },
        };
        plan.launch(port, start, discard)
    }
}

/// The log of a server in its caller's directory.
#[derive(Debug)]
pub(crate) struct ServerLog {
    path: PathBuf,
}

impl ServerLog {
    /// `<name>.log` in `dir`.
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        Self { path: dir.join(format!("{name}.log")) }
    }

    /// Open for appending, and not too long.
    fn open(&self) -> Result<File, ProvisionError> {
        if fs::metadata(&self.path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
            let _ = fs::rename(&self.path, self.path.with_extension("log.old"));
        }
        File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)
            .map_err(ProvisionError::io("open", &self.path))
    }
}

/// How one kind of server is brought up.
pub(crate) struct Plan<'a> {
    /// Where the server writes.
    pub(crate) log: &'a ServerLog,
    /// What has to be done before each attempt.
    pub(crate) prepare: &'a dyn Fn() -> Result<(), ProvisionError>,
    /// The command line for a port.
    pub(crate) command: &'a dyn Fn(u16) -> Result<Command, ProvisionError>,
    /// Whether the process of that number serves on that port.
    pub(crate) is_ready: &'a dyn Fn(u32, u16) -> bool,
}

impl Plan<'_> {
    /// Starts the server on `port`, or on a free one, and returns once it is ready. An attempt whose obstacle passes
    /// by itself is repeated.
    ///
    /// `start` runs the command line under a guard and returns the guard and the server's process; `discard` takes a
    /// guard back whose server ended at once.
    pub(crate) fn launch<G>(
        &self,
        port: Option<u16>,
        mut start: impl FnMut(&Command, File) -> Result<(G, u32), ProvisionError>,
        mut discard: impl FnMut(G),
    ) -> Result<(G, u16), ProvisionError> {
        let until = Instant::now() + LONGEST_RETRY;
        loop {
            (self.prepare)()?;
            let port = port.map_or_else(process::free_port, Ok)?;
            let log = self.log.open()?;
            let before = log.metadata().map_or(0, |meta| meta.len());
            let (guard, pid) = start(&(self.command)(port)?, log)?;
            if self.becomes_ready(pid, port)? {
                return Ok((guard, port));
            }
            let said = tail(&self.log.path, before);
            if !PASSING.iter().any(|hint| said.contains(hint)) || Instant::now() > until {
                return Err(ProvisionError::DidNotStart { detail: one_line(&said, 400) });
            }
            discard(guard);
            thread::sleep(10 * POLL);
        }
    }

    /// Waits until the server is ready; false when it has ended instead.
    fn becomes_ready(&self, pid: u32, port: u16) -> Result<bool, ProvisionError> {
        let until = Instant::now() + LONGEST_START;
        while process::is_alive(pid) {
            if (self.is_ready)(pid, port) {
                return Ok(true);
            }
            if Instant::now() > until {
                return Err(ProvisionError::Timeout { action: "starting the server" });
            }
            thread::sleep(POLL);
        }
        Ok(false)
    }
}

/// What was appended to a file after its first `before` bytes, as far as it matters.
fn tail(path: &Path, before: u64) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(path)
        && file.seek(SeekFrom::Start(before)).is_ok()
    {
        // A log that cannot be read leaves the error without its reason, which is all that can be done here.
        let _ = file.take(1 << 16).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Opens a file that serves as a lock.
pub(crate) fn lock_file(path: &Path) -> Result<File, ProvisionError> {
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(ProvisionError::io("open", path))
}

/// A program that another thread starts has our locks from its birth until it is what it shall be: so long a directory that
/// was just given back may look taken.
const INHERITED: Duration = Duration::from_millis(500);

/// Takes a caller's directory for this process alone, for as long as what is returned lives.
pub(crate) fn own(dir: &Path) -> Result<File, ProvisionError> {
    let owner = lock_file(&dir.join("owner.lock"))?;
    match patiently(INHERITED, "wait for a directory", || owner.try_lock()) {
        Ok(()) => Ok(owner),
        Err(ProvisionError::Timeout { .. }) => Err(ProvisionError::InUse { dir: dir.to_path_buf() }),
        Err(error) => Err(error),
    }
}

/// Makes a new cluster: a home, the data in it, and the password beside it.
pub(crate) fn new_cluster(
    dir: &Path,
    user: ServiceUser,
    binaries: &Binaries,
    durability: Durability,
) -> Result<(PathBuf, Password), ProvisionError> {
    let home = place::new_home(dir, user, durability == Durability::Volatile)?;
    match cluster::create(binaries, user, dir, &home, durability) {
        Ok(password) => Ok((home, Password(password))),
        Err(error) => {
            let _ = place::remove_home(dir, &home);
            Err(error)
        }
    }
}
