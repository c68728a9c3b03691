//! A private Redis that ends with its user.

use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::command::POLL;
use crate::error::ProvisionError;
use crate::guard::{Guard, Signal};
use crate::identity::ServiceUser;
use crate::launch::{Password, Plan, ServerLog, own};
use crate::postgres::Announce;
use crate::redis_program::RedisProgram;
use crate::source::Source;
use crate::{place, process};

/// The file with the settings, in the home of the server. It holds the password, which a command line would show.
const SETTINGS: &str = "redis.conf";

/// How long a server that somebody else left may take to be gone.
const LONGEST_END: Duration = Duration::from_secs(10);

/// How a Redis is to be provided. Made by [`Redis::builder`].
#[derive(Clone)]
pub struct RedisBuilder {
    dir: PathBuf,
    sources: Vec<Source>,
    cache: Option<PathBuf>,
    port: Option<u16>,
    announce: Announce,
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("dir", &self.dir)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl RedisBuilder {
    /// The directory that belongs to this server: lock and log. Default: `redis` in the working directory.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = dir.into();
        self
    }

    /// Where the program may come from, in this order. Default: [`Source::OF_REDIS`].
    #[must_use]
    pub fn sources(mut self, sources: impl Into<Vec<Source>>) -> Self {
        self.sources = sources.into();
        self
    }

    /// The directory for fetched packages. Default: below the cargo target directory this program was built into.
    #[must_use]
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache = Some(dir.into());
        self
    }

    /// The loopback port to listen on. Default: one that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Hears one line about work that takes long, such as a download. Default: nobody.
    #[must_use]
    pub fn announce(mut self, hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.announce = Arc::new(hear);
        self
    }

    /// Starts an empty server for this process alone. One that a killed user left on the same directory is ended first.
    ///
    /// # Errors
    /// Any [`ProvisionError`]; [`ProvisionError::InUse`] while another living process has this directory.
    pub fn start(self) -> Result<Redis, ProvisionError> {
        let user = ServiceUser::choose()?;
        let dir = place::own_dir(&self.dir)?;
        let owner = own(&dir)?;
        if let Some(old) = place::known_home(&dir, user) {
            end_leftover(&old, user)?;
            place::remove_home(&dir, &old)?;
        }
        let program = RedisProgram::find(&self.sources, self.cache.as_deref(), user, &*self.announce)?;
        let home = place::new_home(&dir, user, true)?;
        let password = Password(place::random_hex(24)?);
        let mut redis = Redis { guard: None, port: 0, dir, home, user, program, password, _owner: owner };
        redis.launch(self.port)?;
        Ok(redis)
    }
}

/// A running Redis that belongs to this process and ends with it, however that ends. It keeps nothing on disk, takes at
/// most 64 MiB, and then forgets what was not used for the longest time.
pub struct Redis {
    guard: Option<Guard>,
    port: u16,
    dir: PathBuf,
    home: PathBuf,
    user: ServiceUser,
    program: RedisProgram,
    password: Password,
    // Given up last: while it is held, nobody else takes the directory.
    _owner: File,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("port", &self.port)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl Redis {
    /// Begins to describe a server.
    #[must_use]
    pub fn builder() -> RedisBuilder {
        RedisBuilder {
            dir: PathBuf::from("redis"),
            sources: Source::OF_REDIS.to_vec(),
            cache: None,
            port: None,
            announce: Arc::new(|_| {}),
        }
    }

    /// The connection address, `redis://:PASSWORD@127.0.0.1:PORT/0`. It is a secret.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", self.password.0, self.port)
    }

    /// The loopback port. It stays the same across [`Redis::restart`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The program that runs.
    #[must_use]
    pub fn program(&self) -> &RedisProgram {
        &self.program
    }

    /// The server's process, if it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.guard.as_ref().and_then(Guard::living)
    }

    /// Sends a signal to the server. After [`Signal::Kill`] the call returns once the process is gone.
    ///
    /// # Errors
    /// [`ProvisionError::Command`] when the guard is gone, [`ProvisionError::Timeout`] when the process stays.
    pub fn kill(&mut self, signal: Signal) -> Result<(), ProvisionError> {
        self.guard.as_mut().map_or(Ok(()), |guard| guard.signal(signal))
    }

    /// Starts the server again on the same port, with the same password and empty.
    ///
    /// # Errors
    /// Any [`ProvisionError`] of a start. The server is then down, and this may be called again.
    pub fn restart(&mut self) -> Result<(), ProvisionError> {
        if let Some(mut guard) = self.guard.take() {
            // A guard that has been killed cannot be told; then nothing clears the home away either.
            let _ = guard.tell("KEEP");
            guard.finish()?;
        }
        end_leftover(&self.home, self.user)?;
        self.launch(Some(self.port))
    }

    /// Ends the server and waits for it.
    ///
    /// # Errors
    /// [`ProvisionError::Timeout`] when the server had to be left to its guard.
    pub fn stop(mut self) -> Result<(), ProvisionError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ProvisionError> {
        if let Some(guard) = self.guard.take() {
            guard.finish()?;
        }
        // Without a guard, as after it was killed, the server is still there.
        end_leftover(&self.home, self.user)?;
        place::remove_home(&self.dir, &self.home)
    }

    fn launch(&mut self, port: Option<u16>) -> Result<(), ProvisionError> {
        let (home, user, password) = (&self.home, self.user, &self.password);
        let plan = Plan {
            log: &ServerLog::new(&self.dir, "redis"),
            prepare: &|| Ok(()),
            command: &|port| self.command(port),
            is_ready: &|_, port| answers_to(port, password),
        };
        let (guard, port) = plan.launch(
            port,
            |server, log| {
                let guard = Guard::start(user, server, log, "TERM", Some(home))?;
                let pid = guard.pid();
                Ok((guard, pid))
            },
            |mut guard: Guard| {
                // The next attempt needs the home.
                let _ = guard.tell("KEEP");
            },
        )?;
        (self.guard, self.port) = (Some(guard), port);
        Ok(())
    }

    /// The command line for a port; the settings are written first.
    fn command(&self, port: u16) -> Result<Command, ProvisionError> {
        let file = self.home.join(SETTINGS);
        place::write_private(&file, &settings(&self.home, port, &self.password))?;
        self.user.give(&file)?;
        let mut server = self.program.command();
        server.arg(&file);
        Ok(server)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the next start on this directory takes over what remains.
        let _ = self.end();
    }
}

/// A cache that can be lost: nothing is written to disk, and old entries make room for new ones.
fn settings(home: &Path, port: u16, password: &Password) -> String {
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {}\ndir \"{}\"\nsave \"\"\nappendonly no\ndatabases 1\n\
         maxmemory 64mb\nmaxmemory-policy allkeys-lru\ndaemonize no\n",
        password.0,
        home.display()
    )
}

/// Whether the server with this password answers on the port: another one would not take it.
fn answers_to(port: u16, password: &Password) -> bool {
    let ask = || -> std::io::Result<bool> {
        let patience = Duration::from_secs(2);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(format!("AUTH {}\r\n", password.0).as_bytes())?;
        let mut answer = [0_u8; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+OK\r\n")
    };
    ask().unwrap_or(false)
}

/// Ends whatever still runs in a home whose user and guard were killed.
fn end_leftover(home: &Path, user: ServiceUser) -> Result<(), ProvisionError> {
    let until = Instant::now() + LONGEST_END;
    loop {
        let left = process::working_in(home);
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(ProvisionError::Timeout { action: "ending an earlier server" });
        }
        for pid in left {
            process::send(pid, "KILL", user);
        }
        thread::sleep(POLL);
    }
}
