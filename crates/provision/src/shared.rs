//! One Postgres for all test programs of a checkout.
//!
//! Test programs run one after the other or side by side, and none of them outlives the others, so none can own the
//! server. Every user holds a shared lock on one file for as long as it lives; the system gives it back however the
//! user ends. A guard that belongs to nobody ends the server, and clears its data away, once the lock has been free
//! for a while. The next user then begins with an empty cluster.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::cluster::{self, Durability};
use crate::command::{self, POLL};
use crate::error::ProvisionError;
use crate::guard::{SharedGuard, Watched};
use crate::identity::ServiceUser;
use crate::launch::{Password, Site, lock_file, new_cluster};
use crate::postgres::{Builder, Postgres};
use crate::{place, postmaster, process};

/// How long a server that is being ended may keep newcomers waiting.
const LONGEST_END: Duration = Duration::from_secs(90);

/// How long another user may take to fetch and start the server.
const LONGEST_START: Duration = Duration::from_secs(1200);

/// The file all users hold a lock on.
const USERS: &str = "users.lock";

/// A running Postgres that this process shares with others.
///
/// It stays as long as any process holds such a value, and a little longer. Its data is volatile.
pub struct SharedPostgres {
    instance: Instance,
    password: Password,
    _users: File,
}

impl fmt::Debug for SharedPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPostgres").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// A server that runs, as the users tell each other in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Instance {
    port: u16,
    pid: u32,
    guard_pid: u32,
    data: PathBuf,
}

impl Instance {
    const FILE: &str = "instance";

    fn read(dir: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(dir.join(Self::FILE)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            port: lines.next()?.parse().ok()?,
            pid: lines.next()?.parse().ok()?,
            guard_pid: lines.next()?.parse().ok()?,
            data: PathBuf::from(lines.next()?),
        })
    }

    fn write(&self, dir: &Path) -> Result<(), ProvisionError> {
        let Self { port, pid, guard_pid, data } = self;
        place::write_private(
            &dir.join(Self::FILE),
            &format!("{port}\n{pid}\n{guard_pid}\n{}\n", data.display()),
        )
    }

    fn is_up(&self) -> bool {
        postmaster::running(&self.data).is_some_and(|server| server.pid == self.pid && server.ready)
            && process::answers(self.port)
    }

    fn is_guarded(&self) -> bool {
        process::is_alive(self.guard_pid)
            && fs::read(format!("/proc/{}/cmdline", self.guard_pid))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains("askpro-server-guard"))
    }
}

impl SharedPostgres {
    /// Joins the users of the server that belongs to `dir`, starting it if it does not run.
    ///
    /// # Errors
    /// Any [`ProvisionError`].
    pub fn attach(dir: impl Into<PathBuf>) -> Result<Self, ProvisionError> {
        Postgres::builder().dir(dir).attach()
    }

    /// The superuser's connection address, `postgres://postgres:PASSWORD@127.0.0.1:PORT/postgres`. It is a secret.
    #[must_use]
    pub fn admin_url(&self) -> String {
        Site::admin_url(&self.password, self.instance.port)
    }

    /// The loopback port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.instance.port
    }

    /// The server's first process, if the server runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        postmaster::serves(self.instance.pid, &self.instance.data).then_some(self.instance.pid)
    }

    /// The process that ends the server after its last user.
    #[must_use]
    pub fn guard_pid(&self) -> u32 {
        self.instance.guard_pid
    }

    /// The directory of the data. It belongs to the server's user.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.instance.data
    }
}

impl Builder {
    /// Joins the users of the server in this directory, starting it if it does not run.
    ///
    /// Such a server is always volatile, and [`Builder::port`], [`Builder::setting`] and [`Builder::grace`] count only
    /// for the one who starts it.
    ///
    /// # Errors
    /// Any [`ProvisionError`].
    pub fn attach(self) -> Result<SharedPostgres, ProvisionError> {
        let user = ServiceUser::choose()?;
        need_flock(user)?;
        let dir = place::own_dir(&self.dir)?;
        let users = lock_file(&dir.join(USERS))?;
        patiently(LONGEST_END, "the end of an earlier server", || users.try_lock_shared())?;
        let starting = lock_file(&dir.join("start.lock"))?;
        patiently(LONGEST_START, "another process that starts the server", || starting.try_lock())?;
        if let Some(running) = Instance::read(&dir).filter(Instance::is_up) {
            let password = Password(cluster::password(&dir)?);
            let instance =
                if running.is_guarded() { running } else { self.guard_again(&dir, user, &running)? };
            return Ok(SharedPostgres { instance, password, _users: users });
        }
        if let Some(old) = place::known_home(&dir, user) {
            postmaster::end(&cluster::data_dir(&old), user)?;
            place::remove_home(&dir, &old)?;
        }
        let binaries = self.binaries(&dir, None, user)?;
        let durability = Durability::Volatile;
        let (home, password) = new_cluster(&dir, user, &binaries, durability)?;
        let settings = self.settings.clone();
        let site =
            Site { dir: dir.clone(), home, user, binaries, password, durability, passes: true, settings };
        let started = site.launch(
            self.port,
            |server, log| {
                let watched = self.watched(&dir, &site.home)?;
                let guard = SharedGuard::start(user, server, log, watched)?;
                let pid = guard.pid;
                Ok((guard, pid))
            },
            // The guard of a server that has ended goes by itself.
            drop,
        );
        let (guard, port) = match started {
            Ok(started) => started,
            Err(error) => {
                let _ = place::remove_home(&dir, &site.home);
                return Err(error);
            }
        };
        let instance = Instance { port, pid: guard.pid, guard_pid: guard.guard_pid, data: site.data() };
        instance.write(&dir)?;
        Ok(SharedPostgres { instance, password: site.password, _users: users })
    }

    fn watched<'a>(&self, dir: &Path, home: &'a Path) -> Result<Watched<'a>, ProvisionError> {
        Ok(Watched { users: lock_file(&dir.join(USERS))?, grace: self.grace, home })
    }

    /// Somebody killed the guard alone: without another the server would stay for ever.
    fn guard_again(
        &self,
        dir: &Path,
        user: ServiceUser,
        running: &Instance,
    ) -> Result<Instance, ProvisionError> {
        let home = running.data.parent().unwrap_or(&running.data);
        let log = lock_file(&dir.join("guard.log"))?;
        let guard = SharedGuard::adopt(user, running.pid, log, self.watched(dir, home)?)?;
        let instance = Instance { guard_pid: guard.guard_pid, ..running.clone() };
        instance.write(dir)?;
        Ok(instance)
    }
}

/// The guard is a shell script, and a shell locks files with this program.
fn need_flock(user: ServiceUser) -> Result<(), ProvisionError> {
    let mut ask = user.command("/bin/sh");
    command::output(ask.args(["-c", "command -v flock"]), Duration::from_secs(10))
        .map(drop)
        .map_err(|_| ProvisionError::MissingTool { tool: "flock", install: "apt-get install -y util-linux" })
}

/// Takes a lock that is only ever held for a while.
pub(crate) fn patiently(
    limit: Duration,
    action: &'static str,
    mut attempt: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), ProvisionError> {
    let until = Instant::now() + limit;
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(POLL),
            Err(TryLockError::WouldBlock) => return Err(ProvisionError::Timeout { action }),
            Err(TryLockError::Error(error)) => {
                return Err(ProvisionError::io("lock", Path::new(USERS))(error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_file_is_read_back() {
        let instance =
            Instance { port: 20001, pid: 7, guard_pid: 8, data: PathBuf::from("/dev/shm/a b/data") };
        let dir = std::env::temp_dir().join(format!("provision-instance-{}", place::random_hex(6).unwrap()));
        let dir = place::own_dir(&dir).unwrap();
        instance.write(&dir).unwrap();
        assert_eq!(Instance::read(&dir), Some(instance));
        assert_eq!(Instance::parse("20001\n7\n"), None);
        assert_eq!(Instance::parse("not a port\n7\n8\n/x\n"), None);
        fs::remove_dir_all(dir).unwrap();
    }
}
