//! Who we are, and as whom a server may run.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::error::ProvisionError;

/// The directories in which a server's helpers (`sh`, `sleep`, `flock`) are looked for. The caller's own environment,
/// which may carry secrets and `PG*` settings, is not handed on.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The account under which servers run: the caller's own, or for root one without privileges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServiceUser {
    uid: u32,
    gid: u32,
    steps_down: bool,
}

impl ServiceUser {
    /// Chooses the account for this process.
    pub(crate) fn choose() -> Result<Self, ProvisionError> {
        let (uid, gid) = effective_ids()?;
        if uid != 0 {
            return Ok(Self { uid, gid, steps_down: false });
        }
        let passwd = Path::new("/etc/passwd");
        let text = fs::read_to_string(passwd).map_err(ProvisionError::io("read", passwd))?;
        // `initdb` looks its own user up, so a number without an entry in the passwd file would not do.
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| account(&text, name))
            .map(|(uid, gid)| Self { uid, gid, steps_down: true })
            .ok_or(ProvisionError::NoServiceUser)
    }

    /// The numeric user id servers run under.
    pub(crate) fn uid(self) -> u32 {
        self.uid
    }

    /// A command that runs as this account, in `/`, with a clean environment.
    ///
    /// The working directory matters: a server that cannot read the one it was started in complains or ends.
    pub(crate) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", SEARCH_PATH).env("LC_ALL", "C").env("HOME", "/").current_dir("/");
        if self.steps_down {
            // The standard library drops root's supplementary groups together with the user id; groups that
            // `/etc/group` would add for the account are not taken on.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Hands `path` to this account.
    pub(crate) fn give(self, path: &Path) -> Result<(), ProvisionError> {
        if self.steps_down {
            chown(path, Some(self.uid), Some(self.gid))
                .map_err(ProvisionError::io("change the owner of", path))?;
        }
        Ok(())
    }

    /// Whether this account can enter `dir`. It is tried, not computed: modes, access lists and mounts all count.
    pub(crate) fn can_enter(self, dir: &Path) -> bool {
        let mut probe = self.command("/bin/sh");
        probe.args(["-c", "cd -- \"$0\""]).arg(dir);
        command::output(&mut probe, Duration::from_secs(10)).is_ok()
    }
}

/// The effective user and group id of this process.
pub(crate) fn effective_ids() -> Result<(u32, u32), ProvisionError> {
    let path = Path::new("/proc/self/status");
    if let Ok(status) = fs::read_to_string(path)
        && let (Some(uid), Some(gid)) = (effective(&status, "Uid:"), effective(&status, "Gid:"))
    {
        return Ok((uid, gid));
    }
    let path = Path::new("/proc/self");
    let meta = fs::metadata(path).map_err(ProvisionError::io("look at", path))?;
    Ok((meta.uid(), meta.gid()))
}

/// The second number of a line such as `Uid: real effective saved filesystem`.
fn effective(status: &str, label: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix(label))?.split_whitespace().nth(1)?.parse().ok()
}

/// User and group id of an account without privileges in a passwd file.
fn account(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then_some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_exact_name() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\nnobody2:x:7:7::/:/bin/false\nnobody:x:65534:65533:n:/:/bin/false\n";
        assert_eq!(account(passwd, "nobody"), Some((65534, 65533)));
        assert_eq!(account(passwd, "root"), None, "root is never a service user");
        assert_eq!(account(passwd, "postgres"), None);
        assert_eq!(account("nobody:x:", "nobody"), None);
    }

    #[test]
    fn the_effective_id_is_the_second_number() {
        assert_eq!(effective("Name:\tx\nUid:\t1\t2\t3\t4\n", "Uid:"), Some(2));
        assert_eq!(effective("Uid:\t1\n", "Uid:"), None);
    }

    #[test]
    fn the_service_user_is_never_root() {
        assert!(ServiceUser::choose().is_ok_and(|user| user.uid() != 0));
    }
}
