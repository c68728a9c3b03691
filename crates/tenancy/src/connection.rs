//! A connection to an outside calendar, as far as it names its tenant.

use kernel::TenantId;

use crate::model::TenantState;

kernel::define_id!(
    /// A connection by its public name, as it stands in the path of its webhooks: `cnx_…`. The domain that works with
    /// outside calendars has a type of its own with the same text.
    ConnectionKey,
    "cnx"
);

/// What a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRoute {
    /// The connection.
    pub connection: ConnectionKey,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whether it is switched on.
    pub active: bool,
    /// Whether its tenant is served.
    pub tenant_state: TenantState,
}
