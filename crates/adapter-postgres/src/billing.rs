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
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

use crate::change::{AuditEntry, settle};
use crate::database::Database;
use crate::error::{commit_error, corrupt, store_error};
use crate::row::{money, word};
use crate::session::Session;
use crate::statements::statements;
use crate::trip::trip;

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

    APPEND_COST = "
        INSERT INTO public.call_provider_costs
            (tenant_id, call_id, version, usd_microcents, fx_rate_ppm, fx_source, external_minor, method, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    APPEND_CHARGE = "
        INSERT INTO public.call_charges
            (tenant_id, call_id, entry_no, kind, amount_minor, currency, duration_ms, rate_minor_per_minute, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
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
        let mut session = self.database.write(scope).await?;
        let done = apply(&mut session, scope, &change).await;
        session.finish_write(done).await
    }
}

async fn apply(
    session: &mut Session,
    scope: &TenantScope,
    change: &ChangeSet<BillingWrite>,
) -> Result<(), CommitError> {
    let audit: Vec<AuditEntry> = change
        .writes()
        .iter()
        .filter_map(|write| match write {
            // A cost is the provider's statement and stands in its own append-only table; a charge is an act of ours.
            BillingWrite::AppendCost(_) => None,
            BillingWrite::AppendCharge(entry) => Some(
                AuditEntry::new("call.charged", &entry.call, Some(entry.created_at))
                    .with(json!({ "entry_no": entry.entry_no, "kind": entry.kind.as_str() })),
            ),
        })
        .collect();
    settle(session, scope, change, &audit).await?;
    for write in change.writes() {
        match write {
            BillingWrite::AppendCost(cost) => append_cost(session, scope, cost).await?,
            BillingWrite::AppendCharge(entry) => append_charge(session, scope, entry).await?,
        }
    }
    Ok(())
}

async fn append_cost(
    connection: &mut PgConnection,
    scope: &TenantScope,
    cost: &ProviderCost,
) -> Result<(), CommitError> {
    sqlx::query(APPEND_COST)
        .bind(scope.tenant().as_uuid())
        .bind(cost.call.as_uuid())
        .bind(cost.version)
        .bind(cost.usd_microcents.0)
        .bind(cost.fx.ppm())
        .bind(cost.fx.source().as_str())
        .bind(cost.external_minor)
        .bind(cost.method.as_str())
        .bind(cost.recorded_at)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}

async fn append_charge(
    connection: &mut PgConnection,
    scope: &TenantScope,
    entry: &ChargeEntry,
) -> Result<(), CommitError> {
    sqlx::query(APPEND_CHARGE)
        .bind(scope.tenant().as_uuid())
        .bind(entry.call.as_uuid())
        .bind(entry.entry_no)
        .bind(entry.kind.as_str())
        .bind(entry.amount.minor())
        .bind(entry.amount.currency().code())
        .bind(entry.basis.duration_ms)
        .bind(entry.basis.rate_minor_per_minute)
        .bind(entry.created_at)
        .execute(connection)
        .await
        .map_err(commit_error)?;
    Ok(())
}
