//! Packages of the distribution, unpacked beside the system.
//!
//! `apt-get download` and `dpkg -x` need no privileges and change nothing outside the cache. The client checks the
//! signatures; it goes to whatever mirrors and proxies the machine is configured for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::binaries::{joined, libraries_in};
use crate::command;
use crate::identity::ServiceUser;
use crate::store::Store;

/// How long one call of the client may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Libraries that are always the system's own (a second C library would not match the loader), or that are large and
/// only serve what a private cluster does not use (LLVM is for just-in-time compilation).
const NEVER: [&str; 4] = ["libc6", "libc-bin", "libllvm", "libperl"];

/// What is wanted from the distribution.
pub(crate) struct Wanted<'a> {
    /// The name of the tree in the store.
    pub(crate) tree: &'a str,
    /// The packages that hold the programs, the server's first, given the client's answer to `offers`.
    pub(crate) packages: &'a dyn Fn(&str) -> Result<Vec<String>, String>,
    /// The expression by which the client is asked which packages are on offer.
    pub(crate) offers: &'a str,
    /// The programs and modules in an unpacked tree whose libraries must be found.
    pub(crate) files: &'a dyn Fn(&Path) -> Result<Vec<PathBuf>, String>,
}

/// Fetches packages and the libraries that their programs lack on this machine.
pub(crate) fn fetch(store: &Store, wanted: &Wanted<'_>, user: ServiceUser) -> Result<PathBuf, String> {
    store.get(wanted.tree, |staging| {
        // Package lists that came with the machine may be missing, or so old that the mirrors no longer have what
        // they name; then a second attempt reads fresh ones, into the staging directory and not into the system.
        build(&Client { lists: None }, staging, wanted, user).or_else(|first| {
            let client = Client { lists: Some(staging.join("apt")) };
            client
                .update()
                .and_then(|()| build(&client, staging, wanted, user))
                .map_err(|second| if first == second { second } else { format!("{first}, then {second}") })
        })
    })
}

fn build(client: &Client, staging: &Path, wanted: &Wanted<'_>, user: ServiceUser) -> Result<PathBuf, String> {
    let packages = (wanted.packages)(&client.search(wanted.offers)?)?;
    let tree = staging.join("tree");
    client.unpack(&packages, staging, &tree)?;
    let lacking = |tree: &Path| lacks(&(wanted.files)(tree)?, &libraries_in(tree), user);
    let missing = lacking(&tree)?;
    if !missing.is_empty() {
        let libraries = libraries_among(&client.dependencies(&packages)?);
        // Most packages are named after the library they hold; the others are not needed then.
        let likely: Vec<String> =
            libraries.iter().filter(|name| is_named_after(name, &missing)).cloned().collect();
        if !likely.is_empty() && client.unpack(&likely, staging, &tree).is_ok() && lacking(&tree)?.is_empty()
        {
            return Ok(tree);
        }
        // One that cannot be had alone may not be needed at all, so each is asked for by itself if all fail.
        if client.unpack(&libraries, staging, &tree).is_err() {
            for library in libraries {
                let _ = client.unpack(&[library], staging, &tree);
            }
        }
        let missing = lacking(&tree)?;
        if !missing.is_empty() {
            return Err(format!("libraries are missing: {}", missing.join(" ")));
        }
    }
    Ok(tree)
}

/// The package client, with the system's package lists or with its own.
struct Client {
    lists: Option<PathBuf>,
}

impl Client {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").args([
            "-q",
            "-o",
            "Acquire::Retries=2",
            "-o",
            "Acquire::http::Timeout=30",
        ]);
        if let Some(dir) = &self.lists {
            let dir = dir.display();
            command.arg("-o").arg(format!("Dir::State::lists={dir}/lists"));
            command.arg("-o").arg(format!("Dir::Cache={dir}/cache"));
            // The client's own unprivileged user could not write below the cache of this program.
            command.args(["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]);
        }
        command
    }

    fn update(&self) -> Result<(), String> {
        if let Some(dir) = &self.lists {
            for needed in ["lists/partial", "cache/archives/partial"] {
                let path = dir.join(needed);
                fs::create_dir_all(&path)
                    .map_err(|error| format!("cannot create {}: {error}", path.display()))?;
            }
        }
        command::output(self.command("apt-get").arg("update"), LIMIT).map(drop)
    }

    fn search(&self, names: &str) -> Result<String, String> {
        command::output(self.command("apt-cache").args(["search", "--names-only", names]), LIMIT)
    }

    fn dependencies(&self, packages: &[String]) -> Result<String, String> {
        let mut ask = self.command("apt-cache");
        ask.args([
            "depends",
            "--recurse",
            "--no-recommends",
            "--no-suggests",
            "--no-conflicts",
            "--no-breaks",
        ]);
        ask.args(["--no-replaces", "--no-enhances"]).args(packages);
        command::output(&mut ask, LIMIT)
    }

    /// Downloads packages and unpacks them into `tree`.
    fn unpack(&self, packages: &[String], staging: &Path, tree: &Path) -> Result<(), String> {
        let debs = staging.join("debs");
        let _ = fs::remove_dir_all(&debs);
        fs::create_dir_all(&debs).map_err(|error| format!("cannot create {}: {error}", debs.display()))?;
        command::output(self.command("apt-get").arg("download").args(packages).current_dir(&debs), LIMIT)?;
        let files =
            fs::read_dir(&debs).map_err(|error| format!("cannot read {}: {error}", debs.display()))?;
        for file in files.filter_map(Result::ok) {
            command::output(Command::new("dpkg").arg("-x").arg(file.path()).arg(tree), LIMIT)?;
        }
        let _ = fs::remove_dir_all(&debs);
        Ok(())
    }
}

/// The packages in a list of dependencies that hold shared libraries we may need.
fn libraries_among(depends: &str) -> Vec<String> {
    let mut names: Vec<String> = depends
        .lines()
        .filter(|line| line.starts_with("lib") || line.starts_with("zlib1g"))
        .map(|line| line.split(':').next().unwrap_or(line).trim().to_owned())
        .filter(|name| !NEVER.iter().any(|never| name.starts_with(never)) && !name.ends_with("-perl"))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a package bears the name of one of the libraries, as `liblzf1` bears that of `liblzf.so.1`.
fn is_named_after(package: &str, libraries: &[String]) -> bool {
    libraries
        .iter()
        .filter_map(|library| library.split(".so").next())
        .any(|stem| package.strip_prefix(stem).is_some_and(|rest| !rest.starts_with(char::is_alphabetic)))
}

/// The shared libraries that are missing or broken for some programs.
fn lacks(files: &[PathBuf], libraries: &[PathBuf], user: ServiceUser) -> Result<Vec<String>, String> {
    let mut missing = Vec::new();
    for file in files {
        // As the service user: the loader may run code of what it looks at, and that is nothing for root.
        let mut ask = user.command("ldd");
        if let Some(path) = joined(libraries) {
            ask.env("LD_LIBRARY_PATH", path);
        }
        match command::output(ask.arg(file), LIMIT) {
            Ok(said) => missing.extend(not_found(&said)),
            Err(reason) => missing.push(reason),
        }
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// The names in lines such as `libpq.so.5 => not found`.
fn not_found(ldd: &str) -> Vec<String> {
    let mut names: Vec<String> = ldd
        .lines()
        .filter_map(|line| line.trim().strip_suffix("=> not found"))
        .map(|name| name.trim().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_chosen_and_the_c_library_is_left_alone() {
        let said = "postgresql-15\n  Depends: libpq5\n |Depends: libc6\nlibpq5\nlibicu72:amd64\nlibc6\nlibllvm14\n\
                    zlib1g\nlibjson-perl\nlibperl5.36\n<debconf-2.0>\nperl-base\nlibpq5\n";
        assert_eq!(libraries_among(said), ["libicu72", "libpq5", "zlib1g"]);
    }

    #[test]
    fn packages_are_known_by_the_library_they_hold() {
        let missing = ["liblzf.so.1".to_owned(), "libxml2.so.2".to_owned()];
        let named = |package| is_named_after(package, &missing);
        assert!(named("liblzf1") && named("libxml2"));
        assert!(!named("liblzfse1") && !named("libpq5"));
    }

    #[test]
    fn the_loaders_answer_is_read() {
        let said = "/a/postgres:\n\tlibxml2.so.2 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\
                    /a/initdb:\n\tlibxml2.so.2 => not found\n\tlibpq.so.5 => not found\n";
        assert_eq!(not_found(said), ["libpq.so.5", "libxml2.so.2"]);
    }
}
