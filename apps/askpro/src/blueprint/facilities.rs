//! Rooms, places and devices in a tenant's file.

use appointment::model::{FacilityKind, Need};
use operations::onboarding::{FacilityBlueprint, FacilityGroupBlueprint, NeedBlueprint};
use serde::{Deserialize, Serialize};

use super::FileProblem;

/// Facilities that can stand in for each other: `{ name = "Waschplatz", kind = "room" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacilityGroupFile {
    /// Its name; facilities and services refer to it.
    pub name: String,
    /// `room` (also a place in one) or `device`.
    pub kind: String,
}

/// A room, place or device of a branch: `{ name = "Waschplatz 1", group = "Waschplatz" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacilityFile {
    /// Its name.
    pub name: String,
    /// The name of its group.
    pub group: String,
}

/// What a service needs besides a person: `{ group = "Waschplatz", when = "stay" }` or
/// `{ group = "Laser", phases = [0] }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedFile {
    /// The name of the group, of which one is needed.
    pub group: String,
    /// `stay` (from beginning to end, buffers included) or `staffed` (while the person is busy); `stay` if neither this
    /// nor `phases` is said.
    #[serde(default)]
    pub when: Option<String>,
    /// Only in these phases, counted from 0.
    #[serde(default)]
    pub phases: Vec<u32>,
}

impl FacilityGroupFile {
    /// The same in the product's words.
    ///
    /// # Errors
    /// An unknown kind, by name.
    pub fn blueprint(&self) -> Result<FacilityGroupBlueprint, FileProblem> {
        let kind = FacilityKind::parse(&self.kind).ok_or_else(|| {
            FileProblem(format!("facility group {}: `{}` is neither room nor device", self.name, self.kind))
        })?;
        Ok(FacilityGroupBlueprint { name: self.name.clone(), kind })
    }
}

impl FacilityFile {
    /// The same in the product's words.
    #[must_use]
    pub fn blueprint(&self) -> FacilityBlueprint {
        FacilityBlueprint { name: self.name.clone(), group: self.group.clone() }
    }
}

impl NeedFile {
    /// The same in the product's words.
    ///
    /// # Errors
    /// What contradicts itself, by name.
    pub fn blueprint(&self, service: &str) -> Result<NeedBlueprint, FileProblem> {
        let need = match (self.when.as_deref(), &self.phases[..]) {
            (None | Some("stay"), []) => Need::Stay,
            (Some("staffed"), []) => Need::Staffed,
            (None, phases) => Need::Phases(phases.to_vec()),
            (Some(_), _) => {
                let problem = "a need says `when` (`stay` or `staffed`) or `phases`";
                return Err(FileProblem(format!("service {service}: {problem}")));
            }
        };
        Ok(NeedBlueprint { group: self.group.clone(), need })
    }
}
