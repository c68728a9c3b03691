//! The ready file: what a script needs to talk to a running demo.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Version of the file's structure.
const VERSION: u32 = 1;

/// Everything that a script needs to know. Fields of what does not exist yet are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Version of this structure.
    pub version: u32,
    /// Base URL of the gateway.
    pub gateway: String,
    /// The administrator's connection: sees everything.
    pub database_url: String,
    /// The gateway's own connection: sees one tenant at a time.
    pub app_database_url: String,
    /// The process that serves it.
    pub pid: u32,
    /// The voice provider.
    pub retell: RetellReady,
    /// The outside calendar, if a company has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calcom: Option<CalcomReady>,
    /// The companies.
    pub tenants: Vec<TenantReady>,
}

/// The voice provider's stand-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetellReady {
    /// Signs webhooks and tool calls.
    pub api_key: String,
    /// Base URL of the simulator.
    pub simulator: String,
}

/// The outside calendar's stand-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalcomReady {
    /// Signs webhooks.
    pub webhook_secret: String,
    /// Base URL of the simulator.
    pub simulator: String,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantReady {
    /// `cmp_…`.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Who keeps its calendar: `builtin` or `calcom`.
    pub calendar: String,
    /// IANA zone.
    pub timezone: String,
    /// Opens the REST API.
    pub api_key: String,
    /// Its branches.
    pub branches: Vec<BranchReady>,
    /// Its services.
    pub services: Vec<ServiceReady>,
    /// Its staff.
    pub staff: Vec<StaffReady>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchReady {
    /// `brn_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The number that leads to it.
    pub phone: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReady {
    /// `svc_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its length.
    pub minutes: u32,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffReady {
    /// `stf_…`.
    pub id: String,
    /// The name.
    pub name: String,
    /// Name of the branch.
    pub branch: String,
}

impl Ready {
    /// A file of the current version.
    #[must_use]
    pub const fn new(
        gateway: String,
        database_url: String,
        app_database_url: String,
        retell: RetellReady,
        calcom: Option<CalcomReady>,
        tenants: Vec<TenantReady>,
        pid: u32,
    ) -> Self {
        Self { version: VERSION, gateway, database_url, app_database_url, pid, retell, calcom, tenants }
    }

    /// Where a demo writes it unless told otherwise.
    #[must_use]
    pub fn default_path() -> PathBuf {
        PathBuf::from("target/demo/ready.json")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is not there or of another version.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("no ready file at {}: is a demo running?", path.display()))?;
        let ready: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is no ready file", path.display()))?;
        anyhow::ensure!(
            ready.version == VERSION,
            "{} has version {}, not {VERSION}",
            path.display(),
            ready.version
        );
        Ok(ready)
    }

    /// Whether it could be written there: asked before minutes are spent on what it would tell of.
    ///
    /// # Errors
    /// If not.
    pub fn can_be_written(path: &Path) -> anyhow::Result<()> {
        let trial = fresh_beside(path, std::process::id())?;
        let tried = fs::File::create(&trial).and_then(|_| fs::remove_file(&trial));
        tried.with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes the file in one step: whoever sees it sees all of it. It holds passwords, so only its owner may read it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        use std::os::unix::fs::OpenOptionsExt;

        let fresh = fresh_beside(path, self.pid)?;
        let write = || {
            let mut file =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&fresh, path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// The tenant with that slug.
    ///
    /// # Errors
    /// If there is none.
    pub fn tenant(&self, slug: &str) -> anyhow::Result<&TenantReady> {
        self.tenants
            .iter()
            .find(|tenant| tenant.slug == slug)
            .with_context(|| format!("the demo world has no tenant `{slug}`"))
    }
}

/// Where a process writes what is to be renamed to `path`; its directory is made if it is not there.
fn fresh_beside(path: &Path, pid: u32) -> anyhow::Result<PathBuf> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{pid}.new"));
    Ok(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let path = std::env::temp_dir()
            .join(format!("askpro-ready-{}", std::process::id()))
            .join("a")
            .join("ready.json");
        let retell =
            RetellReady { api_key: "key_demo_retell".to_owned(), simulator: "http://127.0.0.1:1".to_owned() };
        let ready = Ready::new(
            "http://127.0.0.1:2".to_owned(),
            "a".to_owned(),
            "b".to_owned(),
            retell,
            None,
            Vec::new(),
            7,
        );
        ready.write(&path).unwrap();
        assert_eq!(Ready::read(&path).unwrap(), ready);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("calcom") && !text.contains("admin"), "{text}");
        fs::remove_dir_all(path.parent().unwrap().parent().unwrap()).unwrap();
        assert!(Ready::read(&path).is_err());
    }
}
