//! The rooms, places and devices of a new tenant.

use appointment::model::Need;
use operations::ports::{NewTenant, ProvisionError};
use sqlx::PgConnection;

use super::provision_error;
use crate::statements::statements;

statements! {
    GROUPS = "
        INSERT INTO public.facility_groups (tenant_id, id, kind, name)
        SELECT $1, g.id, g.kind, g.name FROM unnest($2::uuid[], $3::text[], $4::text[]) AS g (id, kind, name)";

    FACILITIES = "
        INSERT INTO public.facilities (tenant_id, id, branch_id, group_id, name, position)
        SELECT $1, f.id, f.branch_id, f.group_id, f.name, (f.position - 1)::integer
          FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) WITH ORDINALITY
            AS f (id, branch_id, group_id, name, position)";

    NEED = "
        INSERT INTO public.service_facilities (tenant_id, service_id, group_id, need, phases)
        VALUES ($1, $2, $3, $4, $5)";
}

/// After the branches and the services.
pub(super) async fn facilities(
    connection: &mut PgConnection,
    tenant: &NewTenant,
) -> Result<(), ProvisionError> {
    let (owner, new) = (tenant.id.as_uuid(), &tenant.facilities);
    if new.groups.is_empty() {
        return Ok(());
    }
    sqlx::query(GROUPS)
        .bind(owner)
        .bind(new.groups.iter().map(|group| group.id.as_uuid()).collect::<Vec<_>>())
        .bind(new.groups.iter().map(|group| group.kind.as_str()).collect::<Vec<_>>())
        .bind(new.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    sqlx::query(FACILITIES)
        .bind(owner)
        .bind(new.facilities.iter().map(|(_, facility)| facility.id.as_uuid()).collect::<Vec<_>>())
        .bind(new.facilities.iter().map(|(branch, _)| branch.as_uuid()).collect::<Vec<_>>())
        .bind(new.facilities.iter().map(|(_, facility)| facility.group.as_uuid()).collect::<Vec<_>>())
        .bind(new.facilities.iter().map(|(_, facility)| facility.name.as_str()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    for (service, requirement) in &new.needs {
        let (need, phases) = match &requirement.need {
            Need::Stay => ("stay", Vec::new()),
            Need::Staffed => ("staffed", Vec::new()),
            Need::Phases(places) => {
                ("phases", places.iter().map(|place| i16::try_from(*place).unwrap_or(i16::MAX)).collect())
            }
        };
        sqlx::query(NEED)
            .bind(owner)
            .bind(service.as_uuid())
            .bind(requirement.group.as_uuid())
            .bind(need)
            .bind(phases)
            .execute(&mut *connection)
            .await
            .map_err(provision_error)?;
    }
    Ok(())
}
