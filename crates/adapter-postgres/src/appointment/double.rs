//! Two first calls from one number must not become two customers.
//!
//! The party is decided before the transaction, so the store looks once more when it inserts. Rivals stand in a queue of
//! the number ([`super::queue`]), which makes the look younger than every rival's commit.

use appointment::model::NewCustomerRow;
use kernel::{CustomerId, PersonName, PhoneNumber, TenantScope};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::statements::statements;

statements! {
    /// As many as share a number at most; what counts as one name is decided here and not in the database.
    NAMESAKES = "
        SELECT c.id, c.name FROM public.customers c
         WHERE c.tenant_id = $1 AND c.phone_e164 = $2
         ORDER BY c.created_at, c.id LIMIT $3";
}

/// The oldest customer of this number and name. Nobody doubles a customer without a number.
pub(super) async fn double_of(
    connection: &mut PgConnection,
    scope: &TenantScope,
    new: &NewCustomerRow,
) -> Result<Option<CustomerId>, sqlx::Error> {
    let Some(phone) = &new.phone else { return Ok(None) };
    let rows: Vec<(Uuid, Option<String>)> = sqlx::query_as(NAMESAKES)
        .bind(scope.tenant().as_uuid())
        .bind(PhoneNumber::as_e164(phone))
        .bind(i64::try_from(customer::model::MAX_SHARING).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    let double = rows.into_iter().find(|(_, name)| is_same(name.as_deref(), new.name.as_ref()));
    Ok(double.map(|(id, _)| CustomerId::from_uuid(id)))
}

fn is_same(stored: Option<&str>, said: Option<&PersonName>) -> bool {
    match (stored, said) {
        (Some(stored), Some(said)) => PersonName::clean(stored).is_ok_and(|stored| stored.is_same(said)),
        (stored, said) => stored.is_none() && said.is_none(),
    }
}
