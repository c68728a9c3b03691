//! The cluster that all tests of this process use.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use provision::SharedPostgres;

/// Names a server that shall be used instead of a private one. Read here and nowhere else; no other variable, and
/// `DATABASE_URL` least of all, can make the tests touch a database.
const OVERRIDE: &str = "ASKPRO_TEST_DATABASE_URL";

/// A running Postgres and how to administer it.
pub(crate) struct Cluster {
    admin_url: String,
    /// True if the server is ours alone, and goes when its users are gone.
    pub(crate) private: bool,
    // Holding it keeps the server alive until the process ends.
    _server: Option<SharedPostgres>,
}

impl Cluster {
    /// The cluster; started, or joined, by whoever asks first. It blocks.
    pub(crate) fn get() -> Result<&'static Self> {
        static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
        CLUSTER
            .get_or_init(|| Self::find().map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|error| anyhow::anyhow!("no Postgres for tests: {error}"))
    }

    fn find() -> Result<Self> {
        if let Some(url) = override_url() {
            refuse_real_databases(&url)?;
            return Ok(Self { admin_url: url, private: false, _server: None });
        }
        let server = SharedPostgres::attach(directory()?)?;
        Ok(Self { admin_url: server.admin_url(), private: true, _server: Some(server) })
    }

    /// The administrator's address of a database in this cluster.
    pub(crate) fn admin_url(&self, database: &str) -> String {
        let (server, _) = split(&self.admin_url);
        format!("{server}/{database}")
    }

    /// The administrator's address of the database from which others are created.
    pub(crate) fn maintenance_url(&self) -> &str {
        &self.admin_url
    }

    /// Name and password of the administrator, as they stand in the address; in a private cluster both are plain letters
    /// and digits.
    pub(crate) fn admin_login(&self) -> (&str, &str) {
        let plain = self.admin_url.split_once("://").map_or("", |(_, rest)| rest);
        let login = plain.rsplit_once('@').map_or("", |(login, _)| login);
        login.split_once(':').unwrap_or((login, ""))
    }

    /// A login role's address of a database in this cluster.
    pub(crate) fn role_url(&self, role: &str, password: &str, database: &str) -> String {
        let (server, _) = split(&self.admin_url);
        let host = server.rsplit_once('@').map_or(server, |(_, host)| host);
        format!("postgres://{role}:{password}@{host}/{database}")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration file; this is the one variable they obey"
)]
fn override_url() -> Option<String> {
    std::env::var(OVERRIDE).ok().filter(|url| !url.is_empty())
}

/// Tests create and drop databases and set the passwords of cluster-wide roles, so a server must be offered for that on
/// purpose: by a database whose name says so.
fn refuse_real_databases(url: &str) -> Result<()> {
    let (_, database) = split(url);
    if database.ends_with("_test") {
        Ok(())
    } else {
        bail!(
            "{OVERRIDE} must name a database that ends in `_test`, so that no real server is taken by mistake"
        )
    }
}

/// Splits an address into server and database; options are dropped.
fn split(url: &str) -> (&str, &str) {
    let plain = url.split_once('?').map_or(url, |(plain, _)| plain);
    plain.rsplit_once('/').unwrap_or((plain, ""))
}

/// Beside the build's other results: `<target>/test-postgres`.
fn directory() -> Result<PathBuf> {
    Ok(target_dir()?.join("test-postgres"))
}

/// The cargo target directory that this program was built into, or else where it lies.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let program = std::env::current_exe().context("the path of the test program")?;
    program
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").exists())
        .or_else(|| program.parent())
        .map(PathBuf::from)
        .context("the directory of the test program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_offered_for_tests_is_taken() {
        assert!(refuse_real_databases("postgres://a:b@h/askpro_test?sslmode=disable").is_ok());
        assert!(refuse_real_databases("postgres://a:b@h/askpro").is_err());
        assert!(refuse_real_databases("postgres://a:b@h").is_err());
    }

    #[test]
    fn addresses_are_taken_apart_and_put_together() {
        let cluster = Cluster {
            admin_url: "postgres://postgres:secret@127.0.0.1:5433/postgres".to_owned(),
            private: true,
            _server: None,
        };
        assert_eq!(cluster.admin_login(), ("postgres", "secret"));
        assert_eq!(cluster.admin_url("x"), "postgres://postgres:secret@127.0.0.1:5433/x");
        assert_eq!(cluster.role_url("gateway", "pw", "x"), "postgres://gateway:pw@127.0.0.1:5433/x");
    }
}
