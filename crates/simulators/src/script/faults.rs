//! What a provider does wrong, or at least not nicely.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::retell::SignatureFault;

/// The three events of every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// `call_started`.
    Started,
    /// `call_ended`.
    Ended,
    /// `call_analyzed`.
    Analyzed,
}

impl Lifecycle {
    /// The provider's name of the event.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Started => "call_started",
            Self::Ended => "call_ended",
            Self::Analyzed => "call_analyzed",
        }
    }
}

/// When the provider tells the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostPlan {
    /// With the end, and the same with the analysis.
    #[default]
    Complete,
    /// With the analysis alone.
    AbsentOnEnded,
    /// With the end, and more with the analysis.
    ChangedOnAnalyzed,
    /// Never.
    Absent,
}

/// What goes wrong on the provider's side.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// How often each call event is delivered.
    pub duplicates: u32,
    /// Whether repeated deliveries differ in duration, cost and transcript.
    pub vary: bool,
    /// The exact sequence of deliveries, all of them after the last step.
    pub order: Option<Vec<Lifecycle>>,
    /// All deliveries after the last step, in an order drawn from this seed.
    pub shuffle: Option<u64>,
    /// Events that are never delivered.
    pub drop: Vec<Lifecycle>,
    /// What is wrong with the signatures of an event.
    pub signature: BTreeMap<Lifecycle, SignatureFault>,
    /// When the cost is told.
    pub cost: CostPlan,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            duplicates: 1,
            vary: false,
            order: None,
            shuffle: None,
            drop: Vec::new(),
            signature: BTreeMap::new(),
            cost: CostPlan::Complete,
        }
    }
}
