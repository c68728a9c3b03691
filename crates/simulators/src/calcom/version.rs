//! `cal-api-version`.

use super::config::{Config, WrongVersion};
use super::wire::{Ask, Refusal};

/// Which shape an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The one that was asked for.
    Present,
    /// The one from before versions had to be named.
    Older,
}

/// The shape for a request to a group of endpoints that serves these versions.
pub(crate) fn shape_of(ask: &Ask, served: &[&str], config: &Config) -> Result<Shape, Refusal> {
    match ask.version.as_deref() {
        Some(version) if served.contains(&version) => Ok(Shape::Present),
        _ if config.wrong_version == WrongVersion::OlderShape => Ok(Shape::Older),
        given => {
            let given = given.unwrap_or("none");
            Err(Refusal::bad(&format!(
                "cal-api-version {given} is not served here, use {}",
                served.join(" or ")
            )))
        }
    }
}
