//! A cluster on disk: how it is made and with which settings it runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::binaries::{Binaries, SAMPLE};
use crate::command;
use crate::error::ProvisionError;
use crate::identity::ServiceUser;
use crate::place;

/// The superuser of every private cluster.
pub(crate) const SUPERUSER: &str = "postgres";

/// The file in the caller's directory that keeps the superuser's password.
const PASSWORD: &str = "password";

/// How long making a cluster may take on a slow disk.
const LONGEST_INIT: Duration = Duration::from_secs(180);

/// Shared memory that must be free for Postgres to use it between parallel workers, in KiB.
const ROOM_TO_SHARE: u64 = 256 << 10;

/// What a crash of the machine may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing that was committed is lost. The data stays when the server ends.
    #[default]
    Durable,
    /// For tests: no write waits for a disk, the data lies in memory where there is room, and it ends with its user.
    Volatile,
}

/// The directory of the data inside a home.
pub(crate) fn data_dir(home: &Path) -> PathBuf {
    home.join("data")
}

/// The major version that wrote the data in `home`, if there are any.
pub(crate) fn written_by(home: &Path) -> Option<String> {
    let version = fs::read_to_string(data_dir(home).join("PG_VERSION")).ok()?;
    Some(version.trim().to_owned())
}

/// The superuser's password of the cluster that belongs to `dir`.
pub(crate) fn password(dir: &Path) -> Result<String, ProvisionError> {
    match fs::read_to_string(dir.join(PASSWORD)) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(ProvisionError::Damaged {
            dir: dir.to_path_buf(),
            detail: "its password file is gone".to_owned(),
        }),
    }
}

/// Makes a cluster in `home` with a new password and returns the password.
///
/// It is made under another name and renamed at the end, so that an interrupted attempt is never mistaken for data.
pub(crate) fn create(
    binaries: &Binaries,
    user: ServiceUser,
    dir: &Path,
    home: &Path,
    durability: Durability,
) -> Result<String, ProvisionError> {
    let password = place::random_hex(24)?;
    place::write_private(&dir.join(PASSWORD), &password)?;
    let handed_over = home.join("initial-password");
    place::write_private(&handed_over, &password)?;
    user.give(&handed_over)?;
    let inputs = inputs_for_little_memory(binaries, user, home)?;
    let unfinished = home.join("data.new");
    // Names and addresses are folded by the rules of Unicode where the system knows them. Comparison stays by code
    // point: it never changes with an update of the system, so indexes stay valid; lists for people are collated in
    // the query.
    let mut said = Ok(());
    for letters in ["C.UTF-8", "C"] {
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(ProvisionError::io("remove", &unfinished))?;
        }
        let mut init = user.command(binaries.bin_dir().join("initdb"));
        if let Some(path) = binaries.library_path() {
            init.env("LD_LIBRARY_PATH", path);
        }
        init.args([
            "--username",
            SUPERUSER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--no-instructions",
        ]);
        init.args(["--lc-collate", "C", "--lc-ctype", letters, "--lc-messages", "C"]);
        init.args(["--lc-monetary", "C", "--lc-numeric", "C", "--lc-time", "C"]);
        init.arg("--pwfile").arg(&handed_over).arg("--pgdata").arg(&unfinished);
        if durability == Durability::Volatile {
            init.arg("--no-sync");
        }
        if let Some(inputs) = &inputs {
            init.arg("-L").arg(inputs);
        }
        said = command::output(&mut init, LONGEST_INIT).map(drop);
        if said.is_ok() {
            break;
        }
    }
    let _ = fs::remove_file(&handed_over);
    if let Some(inputs) = inputs {
        fs::remove_dir_all(&inputs).map_err(ProvisionError::io("remove", &inputs))?;
    }
    said.map_err(|detail| ProvisionError::Command { action: "making the database cluster", detail })?;
    let data = data_dir(home);
    fs::rename(&unfinished, &data).map_err(ProvisionError::io("create", &data))?;
    Ok(password)
}

/// Whether there is shared memory worth the name; a container may have next to none.
fn memory_can_be_shared() -> bool {
    place::has_room(Path::new("/dev/shm"), ROOM_TO_SHARE)
}

/// Where there is next to no shared memory: a directory of inputs for `initdb` that makes it do without.
///
/// By itself `initdb` finds out whether there is shared memory, but not how much, and then fails for want of it. Of its
/// inputs only the sample of the settings is changed: the last line for a setting counts.
fn inputs_for_little_memory(
    binaries: &Binaries,
    user: ServiceUser,
    home: &Path,
) -> Result<Option<PathBuf>, ProvisionError> {
    if memory_can_be_shared() {
        return Ok(None);
    }
    let (given, inputs) = (binaries.share_dir(), home.join("inputs"));
    fs::create_dir(&inputs).map_err(ProvisionError::io("create", &inputs))?;
    user.give(&inputs)?;
    for entry in fs::read_dir(given).map_err(ProvisionError::io("read", given))?.filter_map(Result::ok) {
        let input = inputs.join(entry.file_name());
        if entry.file_name() == SAMPLE {
            fs::read_to_string(entry.path())
                .and_then(|text| fs::write(&input, text + "\ndynamic_shared_memory_type = mmap\n"))
                .map_err(ProvisionError::io("write", &input))?;
            user.give(&input)?;
        } else {
            symlink(entry.path(), &input).map_err(ProvisionError::io("link", &input))?;
        }
    }
    Ok(Some(inputs))
}

/// The server's settings, as `name=value`.
///
/// They are given on the command line, not written into the data directory, so that a newer program brings its own.
pub(crate) fn settings(port: u16, durability: Durability) -> Vec<String> {
    let mut settings: Vec<String> = [
        "listen_addresses=127.0.0.1",
        // A socket file would have to lie in a directory that both sides can enter, with a short enough name.
        "unix_socket_directories=",
        "max_connections=300",
        "password_encryption=scram-sha-256",
        "ssl=off",
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
        "log_destination=stderr",
        "logging_collector=off",
        // Statements and the details of errors carry personal data; the log is no place for it.
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
        // A queue leaves dead rows behind every job. The table of jobs asks for an early vacuum, and by default the server
        // looks only once a minute whether one is due.
        "autovacuum_naptime=1s",
        // Looking that often, it would vacuum and analyze a young table after every few dozen rows, and after each of these all
        // connections make all plans about that table again: a fifth of the server's time while a new installation takes
        // calls.
        "autovacuum_vacuum_threshold=2000",
        "autovacuum_vacuum_insert_threshold=10000",
        "autovacuum_analyze_threshold=5000",
    ]
    .map(str::to_owned)
    .to_vec();
    settings.push(format!("port={port}"));
    // Where the data goes, what is shared goes with it if it lies in the data directory, also after a crash.
    let posix = durability == Durability::Durable && memory_can_be_shared();
    settings.push(format!("dynamic_shared_memory_type={}", if posix { "posix" } else { "mmap" }));
    let more: &[&str] = match durability {
        Durability::Durable => {
            &["shared_buffers=256MB", "fsync=on", "synchronous_commit=on", "full_page_writes=on"]
        }
        Durability::Volatile => &[
            "shared_buffers=128MB",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "min_wal_size=32MB",
            "max_wal_size=256MB",
            "checkpoint_timeout=30min",
        ],
    };
    settings.extend(more.iter().map(ToString::to_string));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durable_waits_for_the_disk_and_volatile_does_not() {
        let durable = settings(1, Durability::default());
        let volatile = settings(1, Durability::Volatile);
        assert!(durable.contains(&"fsync=on".to_owned()) && !durable.contains(&"fsync=off".to_owned()));
        assert!(volatile.contains(&"fsync=off".to_owned()) && volatile.contains(&"port=1".to_owned()));
    }

    #[test]
    fn a_missing_password_is_damage() {
        let error = password(Path::new("/no/such/directory")).unwrap_err();
        assert!(error.to_string().contains("password file"), "{error}");
    }
}
