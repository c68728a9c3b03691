//! What can go wrong, in words that fit on one line of a terminal.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why no server could be provided. `Display` is always a single line.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProvisionError {
    /// No source of the chain had a usable server.
    Unavailable {
        /// The product that was looked for, with its lowest usable version.
        product: &'static str,
        /// The one command that installs it.
        install: String,
        /// What each source answered, in the order in which they were asked.
        reasons: Vec<String>,
    },
    /// A helper program that belongs to every Debian system is missing.
    MissingTool {
        /// The program.
        tool: &'static str,
        /// The one command that installs it.
        install: &'static str,
    },
    /// The process runs as root and there is neither a user `postgres` nor a user `nobody` to step down to.
    NoServiceUser,
    /// Another living process owns this directory.
    InUse {
        /// The directory that was asked for.
        dir: PathBuf,
    },
    /// The data was written by another major version than any server at hand.
    VersionMismatch {
        /// The directory of the cluster.
        dir: PathBuf,
        /// The major version that wrote the data.
        found: String,
        /// Why no server of that version could be had.
        reasons: Vec<String>,
    },
    /// The data directory exists but what is needed to open it does not.
    Damaged {
        /// The directory of the cluster.
        dir: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The server started and ended, or did not become ready.
    DidNotStart {
        /// The end of the server's own log.
        detail: String,
    },
    /// A command of the provisioning itself failed.
    Command {
        /// What was being done.
        action: &'static str,
        /// What the command said.
        detail: String,
    },
    /// Something took longer than its limit.
    Timeout {
        /// What was being waited for.
        action: &'static str,
    },
    /// The file system refused.
    Io {
        /// What was being done.
        action: &'static str,
        /// To which path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl ProvisionError {
    /// Wraps a file system error with what was tried and where.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Unavailable { product, install, reasons } => {
                format!("{product} is missing; install it with `{install}` ({})", reasons.join("; "))
            }
            Self::MissingTool { tool, install } => {
                format!("the program `{tool}` is missing; install it with `{install}`")
            }
            Self::NoServiceUser => {
                "a database server refuses to run as root, and this machine has neither a user \
                                    `postgres` nor a user `nobody`; run as an ordinary user"
                    .to_owned()
            }
            Self::InUse { dir } => format!("{} is in use by another running process", dir.display()),
            Self::VersionMismatch { dir, found, reasons } => format!(
                "the data in {} was written by version {found}, and that version is not here: start over with a \
                 fresh directory or run `apt-get install -y postgresql-{found}` ({})",
                dir.display(),
                reasons.join("; ")
            ),
            Self::Damaged { dir, detail } => {
                format!("the cluster in {} cannot be used: {detail}", dir.display())
            }
            Self::DidNotStart { detail } => format!("the database server did not start: {detail}"),
            Self::Command { action, detail } => format!("{action} failed: {detail}"),
            Self::Timeout { action } => format!("{action} took too long"),
            Self::Io { action, path, source } => format!("cannot {action} {}: {source}", path.display()),
        };
        f.write_str(&one_line(&line, usize::MAX))
    }
}

impl std::error::Error for ProvisionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Folds white space of any kind into single blanks and keeps at most `limit` characters from the end,
/// where programs put what matters.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let surplus = folded.chars().count().saturating_sub(limit);
    if surplus == 0 {
        return folded;
    }
    let mut kept = String::from("...");
    kept.extend(folded.chars().skip(surplus));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_one_line() {
        let error = ProvisionError::Unavailable {
            product: "PostgreSQL 15 or newer",
            install: "apt-get install -y postgresql".to_owned(),
            reasons: vec!["apt-get: E: first\nE: second".to_owned()],
        };
        let shown = error.to_string();
        assert!(!shown.contains('\n'), "{shown}");
        assert_eq!(shown.matches("apt-get install").count(), 1, "{shown}");
    }

    #[test]
    fn long_text_keeps_its_end() {
        assert_eq!(one_line("a  b\n c", 80), "a b c");
        assert_eq!(one_line("one two three", 5), "...three");
        assert_eq!(one_line("ääää", 2), "...ää");
    }
}
