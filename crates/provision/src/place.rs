//! Where things are kept: the caller's directory, the home of the data, the cache of fetched packages.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::error::ProvisionError;
use crate::identity::{ServiceUser, effective_ids};

/// Memory that must be free before a volatile cluster is put there, in KiB.
const ROOM_IN_MEMORY: u64 = 1 << 20;

/// The file system that lives in memory.
const MEMORY: &str = "/dev/shm";

/// The note in the caller's directory that says where the data lives.
const NOTE: &str = "location";

/// A value nobody can guess, as lower-case hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> Result<String, ProvisionError> {
    let path = Path::new("/dev/urandom");
    let mut raw = vec![0_u8; bytes];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut raw))
        .map_err(ProvisionError::io("read", path))?;
    Ok(raw.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Creates `dir` where needed and returns its canonical path.
pub(crate) fn own_dir(dir: &Path) -> Result<PathBuf, ProvisionError> {
    fs::create_dir_all(dir).map_err(ProvisionError::io("create", dir))?;
    dir.canonicalize().map_err(ProvisionError::io("resolve", dir))
}

/// Writes a file that only this process's user may read, all of it or nothing.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), ProvisionError> {
    let temporary = path.with_extension("new");
    // A leftover of an interrupted run may have been made with other rights.
    let _ = fs::remove_file(&temporary);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(ProvisionError::io("create", &temporary))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(ProvisionError::io("write", path))
}

/// The directory that an earlier run chose for the data in `dir`, if it is still there and still ours.
pub(crate) fn known_home(dir: &Path, user: ServiceUser) -> Option<PathBuf> {
    let home = PathBuf::from(fs::read_to_string(dir.join(NOTE)).ok()?.trim());
    // Homes outside `dir` lie in directories anybody may write to, and memory is empty after a restart.
    let meta = fs::symlink_metadata(&home).ok()?;
    (meta.is_dir() && meta.uid() == user.uid()).then_some(home)
}

/// Makes a new home for the data, owned by the service user, and notes it in `dir`.
///
/// The first of these that the service user can enter: memory (when asked for and roomy enough), `dir` itself,
/// `/var/tmp`, `/tmp`.
pub(crate) fn new_home(dir: &Path, user: ServiceUser, in_memory: bool) -> Result<PathBuf, ProvisionError> {
    let memory = (in_memory && has_room(Path::new(MEMORY), ROOM_IN_MEMORY)).then(|| PathBuf::from(MEMORY));
    let elsewhere = [PathBuf::from("/var/tmp"), PathBuf::from("/tmp")];
    let bases = memory.into_iter().chain([dir.to_path_buf()]).chain(elsewhere);
    let mut refused = None;
    for base in bases {
        // The name cannot be guessed, so nobody can have put anything in its place.
        let home = base.join(format!("askpro-server-{}", random_hex(8)?));
        let made = DirBuilder::new()
            .mode(0o700)
            .create(&home)
            .map_err(ProvisionError::io("create", &home))
            .and_then(|()| user.give(&home));
        match made {
            Ok(()) if user.can_enter(&home) => {
                let path = home.to_str().ok_or_else(|| ProvisionError::Damaged {
                    dir: dir.to_path_buf(),
                    detail: "its path is not valid UTF-8".to_owned(),
                });
                write_private(&dir.join(NOTE), path?)?;
                return Ok(home);
            }
            Ok(()) => {
                refused = Some(ProvisionError::Io {
                    action: "enter as the server's user",
                    path: home.clone(),
                    source: std::io::ErrorKind::PermissionDenied.into(),
                });
            }
            Err(error) => refused = Some(error),
        }
        let _ = fs::remove_dir(&home);
    }
    Err(refused.unwrap_or(ProvisionError::Timeout { action: "finding a place for the data" }))
}

/// Removes a home and the note that points to it.
pub(crate) fn remove_home(dir: &Path, home: &Path) -> Result<(), ProvisionError> {
    match fs::remove_dir_all(home) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ProvisionError::io("remove", home)(error));
        }
        _ => {}
    }
    let _ = fs::remove_file(dir.join(NOTE));
    Ok(())
}

/// Whether at least `needed` KiB are free where `path` lies. Without an answer there is no room.
pub(crate) fn has_room(path: &Path, needed: u64) -> bool {
    let mut ask = Command::new("df");
    ask.arg("-Pk").arg(path).env("LC_ALL", "C");
    command::output(&mut ask, Duration::from_secs(10))
        .ok()
        .and_then(|table| table.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok())
        .is_some_and(|free| free >= needed)
}

/// The directory for fetched packages: `wanted`, else one below the cargo target directory that this program was
/// built into, else one in `/var/tmp` that belongs to this process's user alone.
///
/// It must be enterable for the service user, since programs are started from it.
pub(crate) fn cache_dir(wanted: Option<&Path>, user: ServiceUser) -> Result<PathBuf, ProvisionError> {
    let near = wanted.map(Path::to_path_buf).or_else(|| target_dir().map(|target| target.join("provision")));
    if let Some(near) = near
        && let Ok(near) = own_dir(&near)
        && is_trusted(&near)
        && user.can_enter(&near)
    {
        return Ok(near);
    }
    let (uid, _) = effective_ids()?;
    for attempt in 0..4 {
        let far = PathBuf::from(format!("/var/tmp/askpro-provision-{uid}-{attempt}"));
        // An existing one may be ours or a trap; which of the two, its owner tells.
        let _ = DirBuilder::new().mode(0o755).create(&far);
        if is_trusted(&far) && user.can_enter(&far) {
            return Ok(far);
        }
    }
    Err(ProvisionError::Io {
        action: "find a usable cache directory in",
        path: PathBuf::from("/var/tmp"),
        source: std::io::ErrorKind::PermissionDenied.into(),
    })
}

/// Whether only this process's user can have put something into `dir`. Programs are run from there.
fn is_trusted(dir: &Path) -> bool {
    let Ok((uid, _)) = effective_ids() else {
        return false;
    };
    let Ok(meta) = fs::symlink_metadata(dir) else {
        return false;
    };
    meta.is_dir() && meta.uid() == uid && meta.mode() & 0o002 == 0
}

/// The cargo target directory this program was built into. Cargo marks it with a tag file.
fn target_dir() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file()).map(Path::to_path_buf)
}

/// Lets everybody enter a directory that this process made, whatever its umask is.
pub(crate) fn open_up(dir: &Path) -> Result<(), ProvisionError> {
    fs::set_permissions(dir, Permissions::from_mode(0o755))
        .map_err(ProvisionError::io("change the rights of", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_differ() {
        let (one, two) = (random_hex(16).unwrap(), random_hex(16).unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }

    #[test]
    fn room_is_measured() {
        assert!(has_room(Path::new("/"), 0));
        assert!(!has_room(Path::new("/"), u64::MAX));
        assert!(!has_room(Path::new("/no/such/place"), 0));
    }

    #[test]
    fn private_files_are_private_and_replace_older_ones() {
        let dir = std::env::temp_dir().join(format!("provision-place-{}", random_hex(6).unwrap()));
        let dir = own_dir(&dir).unwrap();
        let file = dir.join("secret");
        write_private(&file, "one").unwrap();
        write_private(&file, "two").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_home_is_found_again_and_forgotten_when_removed() {
        let user = ServiceUser::choose().unwrap();
        let dir = std::env::temp_dir().join(format!("provision-home-{}", random_hex(6).unwrap()));
        let dir = own_dir(&dir).unwrap();
        assert_eq!(known_home(&dir, user), None);
        let home = new_home(&dir, user, false).unwrap();
        assert_eq!(known_home(&dir, user), Some(home.clone()));
        remove_home(&dir, &home).unwrap();
        assert_eq!(known_home(&dir, user), None);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_directory_the_service_user_cannot_enter_is_avoided() {
        let user = ServiceUser::choose().unwrap();
        let dir = std::env::temp_dir().join(format!("provision-shut-{}", random_hex(6).unwrap()));
        let dir = own_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();
        let home = new_home(&dir, user, false).unwrap();
        let is_root = effective_ids().unwrap().0 == 0;
        assert_eq!(home.starts_with("/var/tmp"), is_root, "{}", home.display());
        remove_home(&dir, &home).unwrap();
        fs::remove_dir_all(dir).unwrap();
    }
}
