//! The chain of places a server may come from.
//!
//! The chain knows nothing about the product: it asks one source after the other and collects what each answered,
//! so that the final error can say why every one of them failed.

use std::fmt;

/// A place where server programs may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Programs that are installed on this machine.
    Installed,
    /// A package that an earlier run fetched.
    Cached,
    /// Packages of the distribution, fetched and unpacked beside the system without installing them.
    Apt,
    /// A bundle from the npm registry.
    Npm,
    /// A wheel from the Python package index.
    Pip,
}

impl Source {
    /// The sources of Postgres, in the order in which they are asked.
    pub const OF_POSTGRES: [Self; 4] = [Self::Installed, Self::Cached, Self::Apt, Self::Npm];

    /// The sources of Redis, in the order in which they are asked.
    pub const OF_REDIS: [Self; 4] = [Self::Installed, Self::Cached, Self::Apt, Self::Pip];
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installed => "installed",
            Self::Cached => "cache",
            Self::Apt => "apt-get",
            Self::Npm => "npm",
            Self::Pip => "pip",
        })
    }
}

/// Asks the sources in their order and stops at the first that delivers; otherwise says what each answered.
pub(crate) fn first<T>(
    sources: &[Source],
    mut attempt: impl FnMut(Source) -> Result<T, String>,
) -> Result<T, Vec<String>> {
    let mut reasons = Vec::new();
    for &source in sources {
        match attempt(source) {
            Ok(found) => return Ok(found),
            Err(reason) => reasons.push(format!("{source}: {reason}")),
        }
    }
    Err(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_sources_are_not_asked_once_one_delivers() {
        let mut asked = Vec::new();
        let found = first(&Source::OF_POSTGRES, |source| {
            asked.push(source);
            if source == Source::Cached { Ok(7) } else { Err("no".to_owned()) }
        });
        assert_eq!(found, Ok(7));
        assert_eq!(asked, [Source::Installed, Source::Cached]);
    }

    #[test]
    fn all_reasons_are_kept_in_order() {
        let none = first::<()>(&[Source::Installed, Source::Npm], |_| Err("nothing".to_owned()));
        assert_eq!(none, Err(vec!["installed: nothing".to_owned(), "npm: nothing".to_owned()]));
    }
}
