//! Rules of cancelling and moving as stored.

use appointment::policy::change::{ChangeAct, ChangePolicy, ChangeRules, FeeRules, FeeTier, Level};
use kernel::{ServiceId, StaffId, StoreError};
use serde::Deserialize;
use uuid::Uuid;

use crate::error::corrupt;

/// A row of `change_policies` as JSON.
#[derive(Deserialize)]
pub(super) struct ChangePolicyRow {
    act: String,
    level: String,
    service_id: Option<Uuid>,
    staff_id: Option<Uuid>,
    until_minutes: u32,
    max_per_month: Option<u32>,
    max_per_appointment: Option<u32>,
    fee_minor: Option<i64>,
    fee_tiers: serde_json::Value,
    fee_percent: Option<u32>,
}

/// An element of `change_policies.fee_tiers`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierRow {
    min_minutes: u32,
    fee_minor: i64,
}

impl TryFrom<ChangePolicyRow> for ChangePolicy {
    type Error = StoreError;

    fn try_from(row: ChangePolicyRow) -> Result<Self, StoreError> {
        let level = match (row.level.as_str(), row.staff_id, row.service_id) {
            ("staff", Some(id), _) => Level::Staff(StaffId::from_uuid(id)),
            ("service", _, Some(id)) => Level::Service(ServiceId::from_uuid(id)),
            ("branch", ..) => Level::Branch,
            ("company", ..) => Level::Company,
            _ => return Err(corrupt("change_policies.level")),
        };
        let tiers: Vec<TierRow> =
            serde_json::from_value(row.fee_tiers).map_err(|_| corrupt("change_policies.fee_tiers"))?;
        let tier = |tier: TierRow| FeeTier { min_minutes: tier.min_minutes, fee_minor: tier.fee_minor };
        Ok(Self {
            level,
            act: ChangeAct::parse(&row.act).ok_or_else(|| corrupt("change_policies.act"))?,
            rules: ChangeRules {
                until_minutes: row.until_minutes,
                max_per_month: row.max_per_month,
                max_per_appointment: row.max_per_appointment,
                fee: FeeRules {
                    flat_minor: row.fee_minor,
                    tiers: tiers.into_iter().map(tier).collect(),
                    percent: row.fee_percent,
                },
            },
        })
    }
}
