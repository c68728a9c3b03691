//! Tenancy as a type: no tenant-owned port can be called without a [`TenantScope`].

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{BranchId, IdGenerator, TenantId};

/// Who acts. It goes into the audit log and into the trace, never into a decision about what a tenant may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// The voice agent during a call; the name is the provider's id of the call.
    VoiceAgent(String),
    /// An API client; the name is the public prefix of its key.
    ApiClient(String),
    /// A provider's webhook; the name is the provider.
    Provider(String),
    /// A background job; the name is its kind.
    Job(String),
    /// An operator on the command line; the name is the command.
    Operator(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VoiceAgent(name) => write!(f, "voice_agent:{name}"),
            Self::ApiClient(name) => write!(f, "api_client:{name}"),
            Self::Provider(name) => write!(f, "provider:{name}"),
            Self::Job(name) => write!(f, "job:{name}"),
            Self::Operator(name) => write!(f, "operator:{name}"),
        }
    }
}

/// Ties together everything that one request or one event set in motion, over process boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationId(Uuid);

impl CorrelationId {
    /// Starts a new chain.
    #[must_use]
    pub fn generate(ids: &dyn IdGenerator) -> Self {
        Self(ids.next_uuid())
    }

    /// Continues a chain that was stored.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID inside.
    #[must_use]
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The proof that a tenant was established, handed to every call of a tenant-owned port.
///
/// It cannot be deserialised or defaulted. [`TenantScope::issue`] is on the list of disallowed methods: its call sites
/// are the audited places where a tenant is proven (number, call, API key, job envelope).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
    branch: Option<BranchId>,
    actor: Actor,
    correlation: CorrelationId,
}

impl TenantScope {
    /// Issues a scope. Only where a tenant has been proven.
    #[must_use]
    pub const fn issue(
        tenant: TenantId,
        branch: Option<BranchId>,
        actor: Actor,
        correlation: CorrelationId,
    ) -> Self {
        Self { tenant, branch, actor, correlation }
    }

    /// The same, narrowed to a branch of the tenant.
    #[must_use]
    pub fn at_branch(self, branch: BranchId) -> Self {
        Self { branch: Some(branch), ..self }
    }

    /// The tenant whose data may be touched.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The branch that was established with the tenant, if any.
    #[must_use]
    pub const fn branch(&self) -> Option<BranchId> {
        self.branch
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The chain this work belongs to.
    #[must_use]
    pub const fn correlation(&self) -> CorrelationId {
        self.correlation
    }
}

/// Why the platform acts for a tenant that nobody proved to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActReason {
    /// A job whose envelope names the tenant.
    Job,
    /// A round over all tenants that a schedule began.
    Round,
    /// The tenant is being created.
    Onboarding,
    /// A person at the command line. Whoever gives this reason writes it into the tenant's audit log.
    Operator,
}

/// The right to work across tenants: dispatcher, schedules, operators.
///
/// It is a type of its own so that nothing written for one tenant accepts it by accident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformScope {
    actor: Actor,
    correlation: CorrelationId,
}

impl PlatformScope {
    /// Scope for the platform's own work.
    #[must_use]
    pub const fn new(actor: Actor, correlation: CorrelationId) -> Self {
        Self { actor, correlation }
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The chain this work belongs to.
    #[must_use]
    pub const fn correlation(&self) -> CorrelationId {
        self.correlation
    }

    /// Acts for one tenant, for a reason, in the same chain. Machines do so for reasons that their code names; for a
    /// person the one place that gives [`ActReason::Operator`] also leaves a line in the audit log.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the platform names the tenant it works for")]
    pub fn act_for(&self, tenant: TenantId, reason: ActReason) -> TenantScope {
        // A person is named for what a person does, and for nothing else: no job acts in somebody's name.
        debug_assert!(
            reason != ActReason::Operator || matches!(self.actor, Actor::Operator(_)),
            "only an operator acts as an operator"
        );
        TenantScope::issue(tenant, None, self.actor.clone(), self.correlation)
    }
}
