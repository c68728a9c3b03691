//! Postgres that is installed on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::binaries::{Found, subdirs};
use crate::command;

/// Parents of versioned installations: Debian and Ubuntu, Red Hat's own and the Postgres project's packages.
const PARENTS: [&str; 3] = ["/usr/lib/postgresql", "/usr/lib64/postgresql", "/opt/postgresql"];

/// Directories outside the search path that installations from source use.
const PLAIN: [&str; 2] = ["/usr/local/pgsql/bin", "/usr/local/bin"];

/// Every directory on this machine that holds `postgres` and `initdb`.
pub(crate) fn candidates() -> Vec<Found> {
    let versioned = PARENTS.iter().flat_map(|parent| subdirs(Path::new(parent)));
    let versioned = versioned.chain(
        subdirs(Path::new("/usr"))
            .into_iter()
            .filter(|dir| dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgsql-"))),
    );
    let mut dirs: Vec<PathBuf> = versioned.map(|dir| dir.join("bin")).collect();
    dirs.extend(PLAIN.map(PathBuf::from));
    dirs.extend(on_the_search_path());
    // What is on the search path is often a link into one of the versioned directories.
    let mut real: Vec<PathBuf> = dirs
        .into_iter()
        .filter_map(|dir| dir.join("postgres").canonicalize().ok()?.parent().map(Path::to_path_buf))
        .filter(|dir| dir.join("initdb").is_file())
        .collect();
    real.sort();
    real.dedup();
    real.into_iter().map(|bin_dir| Found { bin_dir, libraries: Vec::new() }).collect()
}

/// What the shell and `pg_config` know. The shell does the searching, since the environment is not ours to read.
fn on_the_search_path() -> Vec<PathBuf> {
    let mut ask = Command::new("sh");
    ask.args(["-c", "command -v postgres && echo; pg_config --bindir 2>/dev/null; true"]);
    let Ok(said) = command::output(&mut ask, Duration::from_secs(10)) else {
        return Vec::new();
    };
    said.lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/'))
        .map(|line| line.strip_suffix("/postgres").unwrap_or(line))
        .map(PathBuf::from)
        .collect()
}
