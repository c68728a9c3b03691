//! How calls are played.

use std::time::Duration;

use super::courier::Retries;
use crate::script::Names;

/// Where a gateway listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Call events and the question before the call.
    pub webhook: String,
    /// Tools with an envelope.
    pub function: String,
    /// Tools with arguments alone: this, followed by the tool's name with dashes.
    pub tool_prefix: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            webhook: "/api/webhooks/retell".to_owned(),
            function: "/api/webhooks/retell/function".to_owned(),
            tool_prefix: "/api/retell/".to_owned(),
        }
    }
}

/// How calls are played.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayerConfig {
    /// Where the gateway listens.
    pub paths: Paths,
    /// How stubbornly events are delivered.
    pub retries: Retries,
    /// Longest time for one use of a tool.
    pub tool_timeout: Duration,
    /// Product time minus the machine's time, in milliseconds: when a call happens.
    pub product_offset_ms: i64,
    /// Values that scripts can name.
    pub names: Names,
    /// Makes the ids of calls repeat from run to run.
    pub seed: Option<u64>,
}

impl Default for PlayerConfig {
    fn default() -> Self {
        Self {
            paths: Paths::default(),
            retries: Retries::default(),
            tool_timeout: Duration::from_secs(30),
            product_offset_ms: 0,
            names: Names::new(),
            seed: None,
        }
    }
}
