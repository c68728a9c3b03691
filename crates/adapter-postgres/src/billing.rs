//! What calls cost and what they are charged: append-only lines.

use async_trait::async_trait;
use billing::{
    BillingRepository, BillingWrite, CallAccountSnapshot, CallRate, ChargeBasis, ChargeEntry, FxQuote,
    FxRate, ProviderCost,
};
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{CallId, ChangeSet, CommitError, PlatformScope, StoreError, TenantScope, UsdMicrocents};
use serde::Deserialize;
use serde_json::json;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::change::{AuditEntry, carried};
use crate::database::Database;
use crate::error::{commit_error, corrupt, store_error};
use crate::row::{money, word};
use crate::statements::statements;
use crate::trip::{Trip, trip};

statements! {
    /// One row if the tenant has the call, none otherwise.
    ACCOUNT = "SELECT * FROM app.account_of_call($1, $2, $3)";

    /// An operator's rate wins over a reference rate of the same day.
    LATEST_FX = "
        SELECT valid_on, rate_ppm, source FROM public.fx_rates
         WHERE base = 'USD' AND quote = 'EUR' AND valid_on <= $1
         ORDER BY valid_on DESC, source = 'manual' DESC LIMIT 1";

    RECORD_FX = "
        INSERT INTO public.fx_rates (base, quote, valid_on, rate_ppm, source)
        VALUES ('USD', 'EUR', $1, $2, $3)
        ON CONFLICT (base, quote, valid_on, source)
            DO UPDATE SET rate_ppm = excluded.rate_ppm, stored_at = app.now()";

    APPEND = "SELECT app.append_to_accounts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                                            $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33,
                                            $34, $35, $36, $37, $38, $39, $40)";
}

#[derive(FromRow)]
struct AccountRow {
    call_rate_minor_per_minute: i64,
    currency: String,
    charges: Option<Json<Vec<ChargeRow>>>,
    costs: Option<Json<Vec<CostRow>>>,
}

#[derive(Deserialize)]
struct CostRow {
    version: i32,
    usd_microcents: i64,
    fx_rate_ppm: i64,
    fx_source: String,
    external_minor: i64,
    method: String,
    recorded_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct ChargeRow {
    entry_no: i32,
    kind: String,
    amount_minor: i64,
    currency: String,
    duration_ms: i64,
    rate_minor_per_minute: i64,
    created_at: DateTime<Utc>,
}

impl AccountRow {
    fn into_model(self, call: CallId) -> Result<CallAccountSnapshot, StoreError> {
        let (costs, charges) = (self.costs.unwrap_or_default().0, self.charges.unwrap_or_default().0);
        Ok(CallAccountSnapshot {
            call,
            rate: CallRate::new(self.call_rate_minor_per_minute, word(&self.currency, "tenants.currency")?)
                .map_err(|_| corrupt("tenants.call_rate_minor_per_minute"))?,
            costs: costs.into_iter().map(|row| row.into_model(call)).collect::<Result<_, _>>()?,
            entries: charges.into_iter().map(|row| row.into_model(call)).collect::<Result<_, _>>()?,
        })
    }
}

impl CostRow {
    fn into_model(self, call: CallId) -> Result<ProviderCost, StoreError> {
        Ok(ProviderCost {
            call,
            version: self.version,
            usd_microcents: UsdMicrocents(self.usd_microcents),
            fx: fx_rate(self.fx_rate_ppm, &self.fx_source, "call_provider_costs.fx_rate_ppm")?,
            external_minor: self.external_minor,
            method: word(&self.method, "call_provider_costs.method")?,
            recorded_at: self.recorded_at,
        })
    }
}

impl ChargeRow {
    fn into_model(self, call: CallId) -> Result<ChargeEntry, StoreError> {
        Ok(ChargeEntry {
            call,
            entry_no: self.entry_no,
            kind: word(&self.kind, "call_charges.kind")?,
            amount: money(self.amount_minor, &self.currency, "call_charges.currency")?,
            basis: ChargeBasis {
                duration_ms: self.duration_ms,
                rate_minor_per_minute: self.rate_minor_per_minute,
            },
            created_at: self.created_at,
        })
    }
}

fn fx_rate(ppm: i64, source: &str, column: &'static str) -> Result<FxRate, StoreError> {
    FxRate::new(ppm, word(source, column)?).map_err(|_| corrupt(column))
}

/// The store of calls' accounts and of exchange rates.
#[derive(Debug, Clone)]
pub struct PgBillingRepository {
    database: Database,
}

impl PgBillingRepository {
    /// Works with the pool of `worker`. With that of `gateway`, accounts come with their charges alone: what calls cost
    /// at the provider is not for the role that answers companies.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database: database.with_costs() }
    }
}

#[async_trait]
impl BillingRepository for PgBillingRepository {
    async fn account_of_call(
        &self,
        scope: &TenantScope,
        call: CallId,
    ) -> Result<Option<CallAccountSnapshot>, StoreError> {
        let look = || trip(ACCOUNT, scope).bind(call.as_uuid()).bind(self.database.sees_costs());
        let found: Vec<AccountRow> = self.database.travel(scope, look).await.map_err(store_error)?;
        found.into_iter().next().map(|row| row.into_model(call)).transpose()
    }

    async fn latest_fx(&self, on: NaiveDate) -> Result<Option<FxQuote>, StoreError> {
        let row: Option<(NaiveDate, i64, String)> =
            sqlx::query_as(LATEST_FX).bind(on).fetch_optional(&self.database).await.map_err(store_error)?;
        row.map(|(day, ppm, source)| Ok(FxQuote { day, rate: fx_rate(ppm, &source, "fx_rates.rate_ppm")? }))
            .transpose()
    }

    async fn record_fx(&self, _scope: &PlatformScope, quote: FxQuote) -> Result<(), StoreError> {
        sqlx::query(RECORD_FX)
            .bind(quote.day)
            .bind(quote.rate.ppm())
            .bind(quote.rate.source().as_str())
            .execute(&self.database)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn commit(&self, scope: &TenantScope, change: ChangeSet<BillingWrite>) -> Result<(), CommitError> {
        if change.is_empty() {
            return Ok(());
        }
        let audit = audit(change.writes());
        let sees_costs = self.database.sees_costs();
        let append =
            || appended(carried(trip(APPEND, scope), scope, &change, &audit), change.writes(), sees_costs);
        let done: Result<Vec<()>, _> = self.database.travel(scope, append).await;
        done.map(drop).map_err(commit_error)
    }
}

fn audit(writes: &[BillingWrite]) -> Vec<AuditEntry> {
    let line = |write: &BillingWrite| match write {
        // A cost is the provider's statement and stands in its own append-only table; a charge is an act of ours.
        BillingWrite::AppendCost(_) => None,
        BillingWrite::AppendCharge(entry) => Some(
            AuditEntry::new("call.charged", &entry.call, Some(entry.created_at))
                .with(json!({ "entry_no": entry.entry_no, "kind": entry.kind.as_str() })),
        ),
    };
    writes.iter().filter_map(line).collect()
}

/// The lines: parameters 24 to 40 of `app.append_to_accounts`.
fn appended<'q>(statement: Trip<'q>, writes: &'q [BillingWrite], sees_costs: bool) -> Trip<'q> {
    let (mut costs, mut charges) = (Vec::new(), Vec::new());
    for write in writes {
        match write {
            BillingWrite::AppendCost(cost) => costs.push(cost),
            BillingWrite::AppendCharge(entry) => charges.push(entry),
        }
    }
    statement
        .bind(sees_costs)
        .bind(costs.iter().map(|c| c.call.as_uuid()).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.version).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.usd_microcents.0).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.fx.ppm()).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.fx.source().as_str()).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.external_minor).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.method.as_str()).collect::<Vec<_>>())
        .bind(costs.iter().map(|c| c.recorded_at).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.call.as_uuid()).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.entry_no).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.amount.minor()).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.amount.currency().code()).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.basis.duration_ms).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.basis.rate_minor_per_minute).collect::<Vec<_>>())
        .bind(charges.iter().map(|e| e.created_at).collect::<Vec<_>>())
}
