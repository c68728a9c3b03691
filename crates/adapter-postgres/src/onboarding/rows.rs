//! The rows of a new tenant.

use kernel::{PhoneNumber, ServiceId, TenantId};
use operations::ports::{
    ChangeTarget, NewBranch, NewChangePolicy, NewStaff, NewTenant, ProvisionError, WeeklySpan,
};
use sqlx::PgConnection;
use tenancy::NewApiKey;
use uuid::Uuid;

use super::provision_error;
use crate::statements::statements;

statements! {
    TENANT = "
        INSERT INTO public.tenants
            (id, slug, name, state, locale, timezone, currency, default_country, call_rate_minor_per_minute, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    SERVICE = "
        INSERT INTO public.services
            (tenant_id, id, name, description, category, price_minor, currency, buffer_before_minutes,
             buffer_after_minutes, min_notice_minutes, active, position)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, true, $11)";

    PHASES = "
        INSERT INTO public.service_phases (tenant_id, service_id, position, kind, minutes)
        SELECT $1, $2, (p.position - 1)::smallint, p.kind, p.minutes
          FROM unnest($3::text[], $4::integer[]) WITH ORDINALITY AS p (kind, minutes, position)";

    SYNONYMS = "
        INSERT INTO public.service_synonyms (tenant_id, service_id, synonym)
        SELECT DISTINCT $1::uuid, $2::uuid, y FROM unnest($3::text[]) AS y";

    BRANCH = "
        INSERT INTO public.branches (tenant_id, id, slug, name, timezone, federal_state, active)
        VALUES ($1, $2, $3, $4, $5, $6, true)";

    /// No row: the number is another tenant's.
    NUMBER = "
        INSERT INTO public.phone_numbers (e164, tenant_id, branch_id, label) VALUES ($3, $1, $2, $4)
        ON CONFLICT (e164) DO NOTHING";

    OPENING = "
        INSERT INTO public.opening_hours (tenant_id, branch_id, weekday, opens_minute, closes_minute)
        SELECT $1, $2, h.weekday, h.from_minute, h.until_minute
          FROM unnest($3::smallint[], $4::smallint[], $5::smallint[]) AS h (weekday, from_minute, until_minute)";

    CLOSED_DAYS = "
        INSERT INTO public.closed_days (tenant_id, branch_id, day, reason, origin)
        SELECT $1, $2, d.day, d.reason, $5 FROM unnest($3::date[], $4::text[]) AS d (day, reason)
        ON CONFLICT (tenant_id, branch_id, day) DO NOTHING";

    EXCEPTIONS = "
        INSERT INTO public.opening_exceptions (tenant_id, branch_id, day, opens_minute, closes_minute)
        SELECT $1, $2, e.day, e.from_minute, e.until_minute
          FROM unnest($3::date[], $4::smallint[], $5::smallint[]) AS e (day, from_minute, until_minute)";

    POLICY = "
        INSERT INTO public.booking_policies
            (tenant_id, branch_id, grid_minutes, min_notice_minutes, horizon_days, cancel_until_minutes,
             reschedule_until_minutes, max_reschedules)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    BRANCH_SERVICES = "
        INSERT INTO public.branch_services (tenant_id, branch_id, service_id)
        SELECT DISTINCT $1::uuid, $2::uuid, s FROM unnest($3::uuid[]) AS s";

    STAFF = "
        INSERT INTO public.staff (tenant_id, id, branch_id, name, active, position) VALUES ($1, $2, $3, $4, true, $5)";

    WORKING_HOURS = "
        INSERT INTO public.working_hours (tenant_id, staff_id, weekday, starts_minute, ends_minute)
        SELECT $1, $2, h.weekday, h.from_minute, h.until_minute
          FROM unnest($3::smallint[], $4::smallint[], $5::smallint[]) AS h (weekday, from_minute, until_minute)";

    PERFORMS = "
        INSERT INTO public.service_staff (tenant_id, staff_id, service_id, position)
        SELECT $1, $2, s.service_id, (s.position - 1)::integer
          FROM unnest($3::uuid[]) WITH ORDINALITY AS s (service_id, position)";

    CHANGE_POLICY = "
        INSERT INTO public.change_policies
            (tenant_id, act, level, branch_id, service_id, staff_id, until_minutes, max_per_month, max_per_appointment,
             fee_minor, fee_tiers, fee_percent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    /// No row: the prefix is taken.
    API_KEY = "
        INSERT INTO public.api_keys (prefix, tenant_id, secret_hash, name, created_at, expires_at, allowed_networks)
        VALUES ($2, $1, $3, $4, $5, $6, $7::text[]::cidr[])
        ON CONFLICT (prefix) DO NOTHING";
}

/// Numbers that a type allows and a column does not are cut to the column's range; its CHECK then speaks.
fn int(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn small(value: u16) -> i16 {
    i16::try_from(value).unwrap_or(i16::MAX)
}

fn columns(spans: &[WeeklySpan]) -> (Vec<i16>, Vec<i16>, Vec<i16>) {
    let mut weekdays = Vec::with_capacity(spans.len());
    let mut from = Vec::with_capacity(spans.len());
    let mut until = Vec::with_capacity(spans.len());
    for span in spans {
        weekdays.push(i16::from(span.weekday));
        from.push(small(span.from_minute));
        until.push(small(span.until_minute));
    }
    (weekdays, from, until)
}

pub(super) async fn tenant(connection: &mut PgConnection, tenant: &NewTenant) -> Result<(), ProvisionError> {
    let state = if tenant.active { tenancy::TenantState::Active } else { tenancy::TenantState::Inactive };
    sqlx::query(TENANT)
        .bind(tenant.id.as_uuid())
        .bind(&tenant.slug)
        .bind(&tenant.name)
        .bind(state.as_str())
        .bind(&tenant.locale)
        .bind(tenant.timezone.name())
        .bind(tenant.currency.code())
        .bind(&tenant.default_country)
        .bind(tenant.call_rate_minor_per_minute)
        .bind(tenant.created_at)
        .execute(connection)
        .await
        .map_err(provision_error)?;
    Ok(())
}

pub(super) async fn services(
    connection: &mut PgConnection,
    tenant: &NewTenant,
) -> Result<(), ProvisionError> {
    let owner = tenant.id.as_uuid();
    for service in &tenant.services {
        let id = service.id.as_uuid();
        sqlx::query(SERVICE)
            .bind(owner)
            .bind(id)
            .bind(&service.name)
            .bind(service.description.as_deref())
            .bind(service.category.as_deref())
            .bind(service.price.minor())
            .bind(service.price.currency().code())
            .bind(int(service.buffer_before_minutes))
            .bind(int(service.buffer_after_minutes))
            .bind(service.min_notice_minutes.map(int))
            .bind(int(service.position))
            .execute(&mut *connection)
            .await
            .map_err(provision_error)?;
        sqlx::query(PHASES)
            .bind(owner)
            .bind(id)
            .bind(service.phases.iter().map(|phase| phase.kind.code()).collect::<Vec<_>>())
            .bind(service.phases.iter().map(|phase| int(phase.minutes)).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await
            .map_err(provision_error)?;
        sqlx::query(SYNONYMS)
            .bind(owner)
            .bind(id)
            .bind(&service.synonyms)
            .execute(&mut *connection)
            .await
            .map_err(provision_error)?;
    }
    Ok(())
}

pub(super) async fn branch(
    connection: &mut PgConnection,
    tenant: TenantId,
    branch: &NewBranch,
) -> Result<(), ProvisionError> {
    let (owner, id) = (tenant.as_uuid(), branch.id.as_uuid());
    sqlx::query(BRANCH)
        .bind(owner)
        .bind(id)
        .bind(&branch.slug)
        .bind(&branch.name)
        .bind(branch.timezone.name())
        .bind(branch.federal_state.as_deref())
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    for number in &branch.numbers {
        let done = sqlx::query(NUMBER)
            .bind(owner)
            .bind(id)
            .bind(number.number.as_e164())
            .bind(&number.label)
            .execute(&mut *connection)
            .await
            .map_err(provision_error)?;
        if done.rows_affected() == 0 {
            return Err(ProvisionError::Taken { what: last_digits(&number.number) });
        }
    }
    hours_and_days(connection, owner, branch).await?;
    policy(connection, owner, branch).await?;
    sqlx::query(BRANCH_SERVICES)
        .bind(owner)
        .bind(id)
        .bind(branch.services.iter().map(ServiceId::as_uuid).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    for person in &branch.staff {
        staff(connection, owner, id, person).await?;
    }
    Ok(())
}

/// Enough to recognise the number, not enough to call it.
fn last_digits(number: &PhoneNumber) -> String {
    let text = number.as_e164();
    format!("…{}", &text[text.len() - 4..])
}

async fn hours_and_days(
    connection: &mut PgConnection,
    tenant: Uuid,
    branch: &NewBranch,
) -> Result<(), ProvisionError> {
    let id = branch.id.as_uuid();
    let (weekdays, from, until) = columns(&branch.opening);
    sqlx::query(OPENING)
        .bind(tenant)
        .bind(id)
        .bind(weekdays)
        .bind(from)
        .bind(until)
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    // What somebody closed by hand comes first: on a holiday, special hours may open the branch, on such a day not.
    for (days, origin) in [(&branch.closed, "manual"), (&branch.holidays, "holiday")] {
        sqlx::query(CLOSED_DAYS)
            .bind(tenant)
            .bind(id)
            .bind(days.iter().map(|day| day.day).collect::<Vec<_>>())
            .bind(days.iter().map(|day| day.reason.as_str()).collect::<Vec<_>>())
            .bind(origin)
            .execute(&mut *connection)
            .await
            .map_err(provision_error)?;
    }
    let exceptions = &branch.exceptions;
    sqlx::query(EXCEPTIONS)
        .bind(tenant)
        .bind(id)
        .bind(exceptions.iter().map(|(day, _, _)| *day).collect::<Vec<_>>())
        .bind(exceptions.iter().map(|(_, from, _)| small(*from)).collect::<Vec<_>>())
        .bind(exceptions.iter().map(|(_, _, until)| small(*until)).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    Ok(())
}

async fn policy(
    connection: &mut PgConnection,
    tenant: Uuid,
    branch: &NewBranch,
) -> Result<(), ProvisionError> {
    let policy = &branch.policy;
    sqlx::query(POLICY)
        .bind(tenant)
        .bind(branch.id.as_uuid())
        .bind(int(policy.grid_minutes))
        .bind(int(policy.min_notice_minutes))
        .bind(int(policy.horizon_days))
        .bind(int(policy.cancel_until_minutes))
        .bind(int(policy.reschedule_until_minutes))
        .bind(policy.max_reschedules.map(int))
        .execute(connection)
        .await
        .map_err(provision_error)?;
    Ok(())
}

async fn staff(
    connection: &mut PgConnection,
    tenant: Uuid,
    branch: Uuid,
    person: &NewStaff,
) -> Result<(), ProvisionError> {
    let id = person.id.as_uuid();
    sqlx::query(STAFF)
        .bind(tenant)
        .bind(id)
        .bind(branch)
        .bind(&person.name)
        .bind(int(person.position))
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    let (weekdays, from, until) = columns(&person.hours);
    sqlx::query(WORKING_HOURS)
        .bind(tenant)
        .bind(id)
        .bind(weekdays)
        .bind(from)
        .bind(until)
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    sqlx::query(PERFORMS)
        .bind(tenant)
        .bind(id)
        .bind(person.performs.iter().map(ServiceId::as_uuid).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(provision_error)?;
    Ok(())
}

pub(super) async fn api_key(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: &NewApiKey,
) -> Result<(), ProvisionError> {
    let done = sqlx::query(API_KEY)
        .bind(tenant.as_uuid())
        .bind(key.prefix.as_str())
        .bind(key.secret_hash.0.as_slice())
        .bind(&key.name)
        .bind(key.created_at)
        .bind(key.expires_at)
        .bind(key.allowed_networks.iter().map(ToString::to_string).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map_err(provision_error)?;
    if done.rows_affected() == 0 {
        return Err(ProvisionError::Taken { what: key.prefix.as_str().to_owned() });
    }
    Ok(())
}

pub(super) async fn change_policy(
    connection: &mut PgConnection,
    tenant: TenantId,
    change: &NewChangePolicy,
) -> Result<(), ProvisionError> {
    let (level, branch, service, staff) = match change.target {
        ChangeTarget::Company => ("company", None, None, None),
        ChangeTarget::Branch(id) => ("branch", Some(id.as_uuid()), None, None),
        ChangeTarget::Service(id) => ("service", None, Some(id.as_uuid()), None),
        ChangeTarget::Staff(id) => ("staff", None, None, Some(id.as_uuid())),
    };
    let rules = &change.rules;
    let tiers: Vec<_> = rules
        .fee
        .tiers
        .iter()
        .map(|tier| serde_json::json!({ "min_minutes": tier.min_minutes, "fee_minor": tier.fee_minor }))
        .collect();
    sqlx::query(CHANGE_POLICY)
        .bind(tenant.as_uuid())
        .bind(change.act.as_str())
        .bind(level)
        .bind(branch)
        .bind(service)
        .bind(staff)
        .bind(int(rules.until_minutes))
        .bind(rules.max_per_month.map(int))
        .bind(rules.max_per_appointment.map(int))
        .bind(rules.fee.flat_minor)
        .bind(sqlx::types::Json(tiers))
        .bind(rules.fee.percent.map(|percent| i16::try_from(percent).unwrap_or(i16::MAX)))
        .execute(connection)
        .await
        .map_err(provision_error)?;
    Ok(())
}
