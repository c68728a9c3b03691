//! From an inbound identity to a scope.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Actor, BranchId, Clock, CorrelationId, PhoneNumber, ProviderCallId, TenantId, TenantScope};

use crate::connection::{ConnectionKey, ConnectionRoute};
use crate::error::{Denied, ResolveError};
use crate::key::{KeyPrefix, SecretHash};
use crate::model::{CallRoute, NumberRoute, TenantState};
use crate::ports::{ApiKeyDirectory, CallDirectory, ConnectionDirectory};

/// A scope that a called number proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedCall {
    /// The scope, with the branch that answers.
    pub scope: TenantScope,
    /// Where the number led.
    pub route: NumberRoute,
}

/// A scope that a call which is already known proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningCall {
    /// The scope, with the branch that answered.
    pub scope: TenantScope,
    /// Where the call belongs.
    pub route: CallRoute,
}

/// A scope that an API key proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedKey {
    /// The scope, without a branch.
    pub scope: TenantScope,
    /// The key's public part.
    pub prefix: KeyPrefix,
    /// What the key is for, in the company's words.
    pub name: String,
    /// What it may be used for, by its stored words.
    pub scopes: Vec<String>,
}

impl ResolvedKey {
    /// Whether the key may be used for this ([`READ`](crate::READ)).
    #[must_use]
    pub fn allows(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}

/// A scope that a connection to an outside calendar named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedConnection {
    /// The scope, without a branch.
    pub scope: TenantScope,
    /// The connection.
    pub connection: ConnectionKey,
}

/// Issues scopes. Its methods are the audited places where a tenant is proven.
#[derive(Clone)]
pub struct TenantResolver {
    calls: Arc<dyn CallDirectory>,
    keys: Arc<dyn ApiKeyDirectory>,
    connections: Option<Arc<dyn ConnectionDirectory>>,
    clock: Arc<dyn Clock>,
    noted: Arc<Mutex<BTreeMap<KeyPrefix, DateTime<Utc>>>>,
}

/// How exactly the last use of a key is known. A write for every request would tell nobody more.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Keys whose last note is remembered; with more in use than that, some are noted more often.
const MAX_NOTED: usize = 10_000;

impl TenantResolver {
    /// A resolver over these directories.
    #[must_use]
    pub fn new(calls: Arc<dyn CallDirectory>, keys: Arc<dyn ApiKeyDirectory>, clock: Arc<dyn Clock>) -> Self {
        Self { calls, keys, connections: None, clock, noted: Arc::default() }
    }

    /// The same, for a program that also hears from outside calendars. Without this, every connection is unknown.
    #[must_use]
    pub fn with_connections(self, connections: Arc<dyn ConnectionDirectory>) -> Self {
        Self { connections: Some(connections), ..self }
    }

    /// The tenant and branch whose number was called.
    ///
    /// # Errors
    /// [`Denied::UnknownNumber`], [`Denied::InactiveTenant`], or the directory's failure.
    #[expect(clippy::disallowed_methods, reason = "the called number proves the tenant")]
    pub async fn by_called_number(
        &self,
        number: &PhoneNumber,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<ResolvedCall, ResolveError> {
        let route = self.calls.route_number(number).await?.ok_or(Denied::UnknownNumber)?;
        served(route.tenant_state)?;
        let scope = TenantScope::issue(route.tenant, Some(route.branch), actor, correlation);
        Ok(ResolvedCall { scope, route })
    }

    /// The tenant and branch of a call that is known, running or not, for serving it.
    ///
    /// # Errors
    /// [`Denied::UnknownCall`], [`Denied::InactiveTenant`], or the directory's failure.
    pub async fn by_provider_call(
        &self,
        call: &ProviderCallId,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<RunningCall, ResolveError> {
        let route = self.calls.route_signed_call(call).await?.ok_or(Denied::UnknownCall)?;
        served(route.tenant_state)?;
        Ok(running(route, actor, correlation))
    }

    /// The tenant and branch of a call that must still be running: for a request that names a call without showing
    /// the number that was called, since the id of a call that is over may be in many hands.
    ///
    /// # Errors
    /// [`Denied::UnknownCall`], [`Denied::InactiveTenant`], [`Denied::CallOver`], or the directory's failure.
    pub async fn by_ongoing_call(
        &self,
        call: &ProviderCallId,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<RunningCall, ResolveError> {
        let found = self.by_recorded_call(call, actor, correlation).await?;
        served(found.route.tenant_state)?;
        if found.route.ongoing { Ok(found) } else { Err(Denied::CallOver.into()) }
    }

    /// The tenant and branch of a call that is known, also if the company has been deactivated meanwhile: for
    /// recording what happened in a call that was accepted, never for serving it.
    ///
    /// # Errors
    /// [`Denied::UnknownCall`], or the directory's failure.
    pub async fn by_recorded_call(
        &self,
        call: &ProviderCallId,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<RunningCall, ResolveError> {
        let route = self.calls.route_call(call).await?.ok_or(Denied::UnknownCall)?;
        Ok(running(route, actor, correlation))
    }

    /// The tenant of an API key. `hash` is the SHA-256 of the whole text that the client sent.
    ///
    /// # Errors
    /// [`Denied::UnknownKey`], [`Denied::RevokedKey`], [`Denied::ExpiredKey`], [`Denied::InactiveTenant`], or the
    /// directory's failure.
    #[expect(clippy::disallowed_methods, reason = "the key's secret proves the tenant")]
    pub async fn by_api_key(
        &self,
        prefix: &KeyPrefix,
        hash: &[u8; 32],
        client: Option<IpAddr>,
        correlation: CorrelationId,
    ) -> Result<ResolvedKey, ResolveError> {
        let Some(record) = self.keys.find_key(prefix).await? else {
            // A prefix that nobody has costs the same comparison as one that somebody has.
            let _ = SecretHash([0; 32]).matches(hash);
            return Err(Denied::UnknownKey.into());
        };
        record.admit(hash, self.clock.real_now(), client)?;
        let actor = Actor::ApiClient(record.prefix.as_str().to_owned());
        Ok(ResolvedKey {
            scope: TenantScope::issue(record.tenant, None, actor, correlation),
            prefix: record.prefix,
            name: record.name,
            scopes: record.scopes,
        })
    }

    /// The work of noting that a key is being used, at most once a minute for each key: `None` if that was done. The
    /// request need not wait for it, so it is the caller's to spawn; a failure is logged and costs a minute.
    #[must_use]
    pub fn note_of_use(&self, key: &ResolvedKey) -> Option<impl Future<Output = ()> + Send + use<>> {
        let now = self.clock.real_now();
        {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.get(&key.prefix).is_some_and(|last| now - *last < NOTED_EVERY) {
                return None;
            }
            if noted.len() >= MAX_NOTED {
                noted.clear();
            }
            noted.insert(key.prefix.clone(), now);
        }
        let (keys, scope, prefix) = (Arc::clone(&self.keys), key.scope.clone(), key.prefix.clone());
        Some(async move {
            if let Err(error) = keys.note_key_use(&scope, &prefix, now).await {
                tracing::warn!(tenant.id = %scope.tenant(), %error, "the use of an API key was not noted");
            }
        })
    }

    /// The tenant of a connection, by the id in the path of its webhook. The id is no secret: until the signature has
    /// been verified with the connection's secret, the scope is good for reading that secret and nothing else.
    ///
    /// # Errors
    /// [`Denied::UnknownConnection`] (also for a text that is no id), [`Denied::InactiveConnection`],
    /// [`Denied::InactiveTenant`], or the directory's failure.
    pub async fn by_connection(
        &self,
        connection: &str,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<ResolvedConnection, ResolveError> {
        let key = connection.parse().map_err(|_| Denied::UnknownConnection)?;
        let route = match &self.connections {
            Some(connections) => connections.route_connection(key).await?,
            None => None,
        };
        Ok(admit(&route.ok_or(Denied::UnknownConnection)?, actor, correlation)?)
    }

    /// The tenant of the only connection that is switched on, for a deployment that has one and a provider that posts to
    /// a path without an id. What [`by_connection`](Self::by_connection) says about the signature holds here as well.
    ///
    /// # Errors
    /// [`Denied::NoSoleConnection`], [`Denied::InactiveTenant`], or the directory's failure.
    pub async fn sole_connection(
        &self,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Result<ResolvedConnection, ResolveError> {
        let route = match &self.connections {
            Some(connections) => connections.sole_connection().await?,
            None => None,
        };
        Ok(admit(&route.ok_or(Denied::NoSoleConnection)?, actor, correlation)?)
    }

    /// The scope of a job, restored from its envelope. The envelope was written under the tenant's own policy, which
    /// is the proof; a deactivated company's jobs still run, since they finish what was accepted.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the job's envelope proves the tenant")]
    pub fn for_job(
        &self,
        tenant: TenantId,
        branch: Option<BranchId>,
        kind: &str,
        correlation: CorrelationId,
    ) -> TenantScope {
        TenantScope::issue(tenant, branch, Actor::Job(kind.to_owned()), correlation)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the connection names the tenant, its signature is checked next"
)]
fn admit(
    route: &ConnectionRoute,
    actor: Actor,
    correlation: CorrelationId,
) -> Result<ResolvedConnection, Denied> {
    if !route.active {
        return Err(Denied::InactiveConnection);
    }
    served(route.tenant_state)?;
    let scope = TenantScope::issue(route.tenant, None, actor, correlation);
    Ok(ResolvedConnection { scope, connection: route.connection })
}

#[expect(clippy::disallowed_methods, reason = "the accepted call proves the tenant")]
fn running(route: CallRoute, actor: Actor, correlation: CorrelationId) -> RunningCall {
    let scope = TenantScope::issue(route.tenant, Some(route.branch), actor, correlation);
    RunningCall { scope, route }
}

fn served(state: TenantState) -> Result<(), Denied> {
    match state {
        TenantState::Active => Ok(()),
        TenantState::Inactive => Err(Denied::InactiveTenant),
    }
}

#[cfg(test)]
mod tests;
