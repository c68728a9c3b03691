//! A private Postgres that ends with its user.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::binaries::Binaries;
use crate::cluster::{self, Durability};
use crate::error::ProvisionError;
use crate::guard::{Guard, Signal};
use crate::identity::ServiceUser;
use crate::launch::{Password, Site, new_cluster, own};
use crate::source::Source;
use crate::{place, postmaster};

/// What hears about work that takes long, such as a download.
pub(crate) type Announce = Arc<dyn Fn(&str) + Send + Sync>;

/// How a cluster is to be provided. Made by [`Postgres::builder`].
#[derive(Clone)]
pub struct Builder {
    pub(crate) dir: PathBuf,
    pub(crate) durability: Durability,
    pub(crate) passing: bool,
    pub(crate) sources: Vec<Source>,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) fresh: bool,
    pub(crate) port: Option<u16>,
    pub(crate) settings: Vec<String>,
    pub(crate) grace: Duration,
    pub(crate) announce: Announce,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("dir", &self.dir)
            .field("durability", &self.durability)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// The directory that belongs to this cluster: locks, log, password, and the data unless the server's user could
    /// not reach them there. Default: `postgres` in the working directory.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = dir.into();
        self
    }

    /// What a crash of the machine may cost. Default: nothing.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Whether the data goes with the server, also if it is durable: for those who want to know what durability costs, or
    /// what survives a crash of the server, and nothing of it afterwards. Volatile data always goes. Default: no.
    #[must_use]
    pub fn passing(mut self, passing: bool) -> Self {
        self.passing = passing;
        self
    }

    /// Where the programs may come from, in this order. Default: [`Source::OF_POSTGRES`].
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

    /// Whether to throw existing data away first. Default: no.
    #[must_use]
    pub fn fresh(mut self, fresh: bool) -> Self {
        self.fresh = fresh;
        self
    }

    /// The loopback port to listen on. Default: one that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// A server setting that overrides this crate's own, such as `("max_connections", "500")`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("{name}={value}"));
        self
    }

    /// How long a shared server stays after its last user has gone, in whole seconds. Default: 20 s.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Hears one line about work that takes long, such as a download. Default: nobody.
    #[must_use]
    pub fn announce(mut self, hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.announce = Arc::new(hear);
        self
    }

    /// Starts the cluster for this process alone, making it first where there is none.
    ///
    /// A server that a killed user left behind on the same directory is ended first.
    ///
    /// # Errors
    /// Any [`ProvisionError`]; [`ProvisionError::InUse`] while another living process has this directory.
    pub fn start(self) -> Result<Postgres, ProvisionError> {
        let user = ServiceUser::choose()?;
        let dir = place::own_dir(&self.dir)?;
        let owner = own(&dir)?;
        let mut home = place::known_home(&dir, user);
        if let Some(old) = &home {
            postmaster::end(&cluster::data_dir(old), user)?;
            // Volatile data has skipped every precaution: what an earlier run left is not to be trusted.
            if self.fresh || self.durability == Durability::Volatile {
                place::remove_home(&dir, old)?;
                home = None;
            }
        }
        let written_by = home.as_deref().and_then(cluster::written_by);
        let binaries = self.binaries(&dir, written_by.as_deref(), user)?;
        let (home, password) = match (home, written_by) {
            (Some(home), Some(_)) => {
                let password = Password(cluster::password(&dir)?);
                (home, password)
            }
            (unfinished, _) => {
                if let Some(unfinished) = unfinished {
                    place::remove_home(&dir, &unfinished)?;
                }
                (self.announce)("making a database cluster");
                new_cluster(&dir, user, &binaries, self.durability)?
            }
        };
        let site = Site {
            dir,
            home,
            user,
            binaries,
            password,
            durability: self.durability,
            passes: self.passing || self.durability == Durability::Volatile,
            settings: self.settings,
        };
        let (guard, port) = launch(&site, self.port)?;
        Ok(Postgres { guard: Some(guard), port, site, _owner: owner })
    }

    /// The programs to use: those that can open what `written_by` wrote, or else the newest.
    pub(crate) fn binaries(
        &self,
        dir: &Path,
        written_by: Option<&str>,
        user: ServiceUser,
    ) -> Result<Binaries, ProvisionError> {
        let major = written_by.and_then(|version| version.parse().ok());
        let found = Binaries::find(&self.sources, major, self.cache.as_deref(), user, &*self.announce);
        match (found, written_by) {
            (Err(ProvisionError::Unavailable { reasons, .. }), Some(found)) => {
                Err(ProvisionError::VersionMismatch {
                    dir: dir.to_path_buf(),
                    found: found.to_owned(),
                    reasons,
                })
            }
            (found, _) => found,
        }
    }
}

/// A running Postgres that belongs to this process and ends with it.
///
/// Dropping it ends the server; so does the end of the process, however it comes. [`Postgres::stop`] is the same with
/// an answer. Clients should have finished before.
pub struct Postgres {
    guard: Option<Guard>,
    port: u16,
    site: Site,
    // Given up last: while it is held, nobody else takes the directory.
    _owner: File,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("port", &self.port).field("site", &self.site).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Begins to describe a cluster.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            dir: PathBuf::from("postgres"),
            durability: Durability::default(),
            passing: false,
            sources: Source::OF_POSTGRES.to_vec(),
            cache: None,
            fresh: false,
            port: None,
            settings: Vec::new(),
            grace: Duration::from_secs(20),
            announce: Arc::new(|_| {}),
        }
    }

    /// The superuser's connection address, `postgres://postgres:PASSWORD@127.0.0.1:PORT/postgres`. It is a secret.
    #[must_use]
    pub fn admin_url(&self) -> String {
        Site::admin_url(&self.site.password, self.port)
    }

    /// The loopback port. It stays the same across [`Postgres::restart`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the data. It belongs to the server's user.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.site.data()
    }

    /// The programs that run.
    #[must_use]
    pub fn binaries(&self) -> &Binaries {
        &self.site.binaries
    }

    /// The server's first process, if the server runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.guard.as_ref().and_then(Guard::living)
    }

    /// Sends a signal to the server. After [`Signal::Kill`] the call returns once the server's first process is gone.
    ///
    /// # Errors
    /// [`ProvisionError::Command`] when the guard is gone, [`ProvisionError::Timeout`] when the process stays.
    pub fn kill(&mut self, signal: Signal) -> Result<(), ProvisionError> {
        self.guard.as_mut().map_or(Ok(()), |guard| guard.signal(signal))
    }

    /// Starts the server again on the same data and port: after a crash with recovery, otherwise after a clean end.
    ///
    /// # Errors
    /// Any [`ProvisionError`] of a start. The server is then down, and this may be called again.
    pub fn restart(&mut self) -> Result<(), ProvisionError> {
        if let Some(mut guard) = self.guard.take() {
            // A guard that has been killed cannot be told; then nothing clears the data away either.
            let _ = guard.tell("KEEP");
            guard.finish()?;
        }
        postmaster::end(&self.site.data(), self.site.user)?;
        let (guard, _) = launch(&self.site, Some(self.port))?;
        self.guard = Some(guard);
        Ok(())
    }

    /// Ends the server and waits for it. Data that was not to stay is gone afterwards.
    ///
    /// # Errors
    /// [`ProvisionError::Timeout`] when the server had to be left to its guard.
    pub fn stop(mut self) -> Result<(), ProvisionError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ProvisionError> {
        if let Some(guard) = self.guard.take() {
            guard.finish()?;
            // Without a guard, as after it was killed, the server is still there.
            postmaster::end(&self.site.data(), self.site.user)?;
        }
        if self.site.passes && fs::exists(&self.site.home).unwrap_or(false) {
            place::remove_home(&self.site.dir, &self.site.home)?;
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the next start on this directory takes over what remains.
        let _ = self.end();
    }
}

fn launch(site: &Site, port: Option<u16>) -> Result<(Guard, u16), ProvisionError> {
    // What goes need not be written first.
    let (signal, gone) = if site.passes { ("QUIT", Some(site.home.as_path())) } else { ("INT", None) };
    site.launch(
        port,
        |server, log| {
            let guard = Guard::start(site.user, server, log, signal, gone)?;
            let pid = guard.pid();
            Ok((guard, pid))
        },
        |mut guard| {
            // The next attempt needs the data.
            let _ = guard.tell("KEEP");
        },
    )
}
