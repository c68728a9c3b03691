//! The catalogue of a branch, whole, in one statement: whatever changes meanwhile, its parts fit together.

use appointment::model::{
    BookingPolicy, CatalogueSnapshot, ClosedDay, ClosedOrigin, DayHours, Facility, OpeningException, Phase,
    PhaseKind, Service, Span, Staff, WeekHours,
};
use appointment::ports::CatalogueRepository;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::{BranchId, ServiceId, StaffId, StoreError, TenantScope};
use serde::Deserialize;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::changes::ChangePolicyRow;
use super::facilities::{FacilityRow, GroupRow, RequirementRow};
use crate::calendar::links::LinkRow;
use crate::database::Database;
use crate::error::{corrupt, store_error};
use crate::row::{money, zone};
use crate::statements::statements;

statements! {
    VERSION = "SELECT catalogue_version FROM public.branches WHERE tenant_id = $1 AND id = $2";

    /// Absences that are over are left out; a day of grace covers questions about this morning. Links of connections
    /// that are switched off are left out as well: whoever has none is booked by our rules alone.
    LOAD = "
        SELECT b.catalogue_version AS version, b.timezone,
               (SELECT coalesce(jsonb_agg(jsonb_build_array(h.weekday, h.opens_minute, h.closes_minute)), '[]')
                  FROM public.opening_hours h WHERE h.tenant_id = $1 AND h.branch_id = b.id) AS opening,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'reason', d.reason, 'origin', d.origin)
                                          ORDER BY d.day), '[]')
                  FROM public.closed_days d WHERE d.tenant_id = $1 AND d.branch_id = b.id) AS closed_days,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('day', e.day, 'from', e.opens_minute,
                                                             'until', e.closes_minute)
                                          ORDER BY e.day, e.opens_minute), '[]')
                  FROM public.opening_exceptions e WHERE e.tenant_id = $1 AND e.branch_id = b.id) AS exceptions,
               (SELECT to_jsonb(p) FROM public.booking_policies p
                 WHERE p.tenant_id = $1 AND p.branch_id = b.id) AS policy,
               (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.level, c.act, c.id), '[]')
                  FROM public.change_policies c
                 WHERE c.tenant_id = $1 AND (c.branch_id IS NULL OR c.branch_id = b.id)) AS changes,
               (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'id', s.id, 'name', s.name, 'description', s.description, 'category', s.category,
                           'price_minor', s.price_minor, 'currency', s.currency,
                           'buffer_before', s.buffer_before_minutes, 'buffer_after', s.buffer_after_minutes,
                           'min_notice', s.min_notice_minutes, 'active', s.active,
                           'phases', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', f.kind,
                                                                                   'minutes', f.minutes)
                                                                ORDER BY f.position), '[]')
                                        FROM public.service_phases f
                                       WHERE f.tenant_id = $1 AND f.service_id = s.id),
                           'requires', (SELECT coalesce(jsonb_agg(jsonb_build_object('group', q.group_id,
                                                                                     'need', q.need,
                                                                                     'phases', q.phases)
                                                                  ORDER BY q.group_id), '[]')
                                          FROM public.service_facilities q
                                         WHERE q.tenant_id = $1 AND q.service_id = s.id),
                           'synonyms', (SELECT coalesce(jsonb_agg(y.synonym ORDER BY y.synonym COLLATE \"C\"), '[]')
                                          FROM public.service_synonyms y
                                         WHERE y.tenant_id = $1 AND y.service_id = s.id))
                         ORDER BY s.position, s.name, s.id), '[]')
                  FROM public.branch_services x
                  JOIN public.services s ON s.tenant_id = x.tenant_id AND s.id = x.service_id
                 WHERE x.tenant_id = $1 AND x.branch_id = b.id) AS services,
               (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'id', t.id, 'name', t.name, 'active', t.active,
                           'hours', (SELECT coalesce(jsonb_agg(jsonb_build_array(w.weekday, w.starts_minute,
                                                                                 w.ends_minute)), '[]')
                                       FROM public.working_hours w
                                      WHERE w.tenant_id = $1 AND w.staff_id = t.id),
                           'absences', (SELECT coalesce(jsonb_agg(jsonb_build_object('start', a.starts_at,
                                                                                     'end', a.ends_at)
                                                                  ORDER BY a.starts_at, a.id), '[]')
                                          FROM public.absences a
                                         WHERE a.tenant_id = $1 AND a.staff_id = t.id
                                           AND a.ends_at > app.now() - interval '1 day'),
                           'performs', (SELECT coalesce(jsonb_agg(p.service_id ORDER BY p.position, p.service_id),
                                                        '[]')
                                          FROM public.service_staff p
                                         WHERE p.tenant_id = $1 AND p.staff_id = t.id))
                         ORDER BY t.position, t.name, t.id), '[]')
                  FROM public.staff t WHERE t.tenant_id = $1 AND t.branch_id = b.id) AS staff,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'kind', g.kind, 'name', g.name)
                                          ORDER BY g.id), '[]')
                  FROM public.facility_groups g WHERE g.tenant_id = $1) AS facility_groups,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'group', f.group_id, 'name', f.name,
                                                             'active', f.active)
                                          ORDER BY f.position, f.name, f.id), '[]')
                  FROM public.facilities f WHERE f.tenant_id = $1 AND f.branch_id = b.id) AS facilities,
               (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.service_id, l.staff_id), '[]')
                  FROM public.calendar_links l
                  JOIN public.staff t ON t.tenant_id = l.tenant_id AND t.id = l.staff_id
                  JOIN public.calendar_connections k ON k.tenant_id = l.tenant_id AND k.id = l.connection_id
                 WHERE l.tenant_id = $1 AND t.branch_id = b.id AND k.active) AS links
          FROM public.branches b WHERE b.tenant_id = $1 AND b.id = $2";
}

#[derive(FromRow)]
struct CatalogueRow {
    version: i64,
    timezone: String,
    opening: Json<Vec<(u8, u16, u16)>>,
    closed_days: Json<Vec<ClosedDayRow>>,
    exceptions: Json<Vec<ExceptionRow>>,
    policy: Option<Json<PolicyRow>>,
    changes: Json<Vec<ChangePolicyRow>>,
    services: Json<Vec<ServiceRow>>,
    staff: Json<Vec<StaffRow>>,
    facility_groups: Json<Vec<GroupRow>>,
    facilities: Json<Vec<FacilityRow>>,
    links: Json<Vec<LinkRow>>,
}

#[derive(Deserialize)]
struct ClosedDayRow {
    day: NaiveDate,
    reason: String,
    origin: String,
}

#[derive(Deserialize)]
struct ExceptionRow {
    day: NaiveDate,
    from: u16,
    until: u16,
}

#[derive(Deserialize)]
struct PolicyRow {
    grid_minutes: u32,
    min_notice_minutes: u32,
    horizon_days: u32,
    cancel_until_minutes: u32,
    reschedule_until_minutes: u32,
    hold_seconds: u32,
    max_holds_per_call: u32,
    max_holds_per_number: u32,
    max_alternatives: u32,
    max_reschedules: Option<u32>,
}

#[derive(Deserialize)]
struct ServiceRow {
    id: Uuid,
    name: String,
    description: Option<String>,
    category: Option<String>,
    price_minor: i64,
    currency: String,
    buffer_before: u32,
    buffer_after: u32,
    min_notice: Option<u32>,
    active: bool,
    phases: Vec<PhaseRow>,
    requires: Vec<RequirementRow>,
    synonyms: Vec<String>,
}

#[derive(Deserialize)]
struct PhaseRow {
    kind: String,
    minutes: u32,
}

#[derive(Deserialize)]
struct StaffRow {
    id: Uuid,
    name: String,
    active: bool,
    hours: Vec<(u8, u16, u16)>,
    absences: Vec<AbsenceRow>,
    performs: Vec<Uuid>,
}

#[derive(Deserialize)]
struct AbsenceRow {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl CatalogueRow {
    fn into_model(self, branch: BranchId) -> Result<CatalogueSnapshot, StoreError> {
        Ok(CatalogueSnapshot {
            links: convert(self.links.0)?,
            version: self.version,
            branch,
            timezone: zone(&self.timezone, "branches.timezone")?,
            services: convert(self.services.0)?,
            staff: convert(self.staff.0)?,
            facility_groups: convert(self.facility_groups.0)?,
            facilities: self.facilities.0.into_iter().map(Facility::from).collect(),
            opening: WeekHours::from_rows(self.opening.0).map_err(|_| corrupt("opening_hours"))?,
            closed_days: convert(self.closed_days.0)?,
            exceptions: convert(self.exceptions.0)?,
            policy: self.policy.map_or_else(BookingPolicy::default, |Json(policy)| policy.into()),
            changes: convert(self.changes.0)?,
        })
    }
}

fn convert<R, M: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<M>, StoreError> {
    rows.into_iter().map(M::try_from).collect()
}

impl TryFrom<ClosedDayRow> for ClosedDay {
    type Error = StoreError;

    fn try_from(row: ClosedDayRow) -> Result<Self, StoreError> {
        Ok(Self {
            day: row.day,
            reason: row.reason,
            origin: ClosedOrigin::parse(&row.origin).ok_or_else(|| corrupt("closed_days.origin"))?,
        })
    }
}

impl TryFrom<ExceptionRow> for OpeningException {
    type Error = StoreError;

    fn try_from(row: ExceptionRow) -> Result<Self, StoreError> {
        Ok(Self {
            day: row.day,
            hours: DayHours::new(row.from, row.until).map_err(|_| corrupt("opening_exceptions"))?,
        })
    }
}

impl From<PolicyRow> for BookingPolicy {
    fn from(row: PolicyRow) -> Self {
        Self {
            grid_minutes: row.grid_minutes,
            min_notice_minutes: row.min_notice_minutes,
            horizon_days: row.horizon_days,
            cancel_until_minutes: row.cancel_until_minutes,
            reschedule_until_minutes: row.reschedule_until_minutes,
            hold_seconds: row.hold_seconds,
            max_holds_per_call: row.max_holds_per_call,
            max_holds_per_number: row.max_holds_per_number,
            max_alternatives: row.max_alternatives,
            max_reschedules: row.max_reschedules,
        }
    }
}

impl TryFrom<ServiceRow> for Service {
    type Error = StoreError;

    fn try_from(row: ServiceRow) -> Result<Self, StoreError> {
        let phase = |phase: PhaseRow| {
            Ok(Phase {
                kind: PhaseKind::parse(&phase.kind).ok_or_else(|| corrupt("service_phases.kind"))?,
                minutes: phase.minutes,
            })
        };
        Ok(Self {
            id: ServiceId::from_uuid(row.id),
            name: row.name,
            synonyms: row.synonyms,
            description: row.description,
            category: row.category,
            phases: row.phases.into_iter().map(phase).collect::<Result<_, StoreError>>()?,
            buffer_before_min: row.buffer_before,
            buffer_after_min: row.buffer_after,
            price: money(row.price_minor, &row.currency, "services.currency")?,
            min_notice_min: row.min_notice,
            requires: convert(row.requires)?,
            active: row.active,
        })
    }
}

impl TryFrom<StaffRow> for Staff {
    type Error = StoreError;

    fn try_from(row: StaffRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: StaffId::from_uuid(row.id),
            name: row.name,
            hours: WeekHours::from_rows(row.hours).map_err(|_| corrupt("working_hours"))?,
            absences: row.absences.iter().map(|absence| Span::new(absence.start, absence.end)).collect(),
            performs: row.performs.into_iter().map(ServiceId::from_uuid).collect(),
            active: row.active,
        })
    }
}

/// The store of catalogues.
#[derive(Debug, Clone)]
pub struct PgCatalogueRepository {
    database: Database,
}

impl PgCatalogueRepository {
    /// Works with the pool of `gateway` or `worker`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl CatalogueRepository for PgCatalogueRepository {
    async fn load(
        &self,
        scope: &TenantScope,
        branch: BranchId,
    ) -> Result<Option<CatalogueSnapshot>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let row: Result<Option<CatalogueRow>, _> = sqlx::query_as(LOAD)
            .bind(scope.tenant().as_uuid())
            .bind(branch.as_uuid())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(row).await?.map(|row| row.into_model(branch)).transpose()
    }

    async fn version(&self, scope: &TenantScope, branch: BranchId) -> Result<Option<i64>, StoreError> {
        let mut session = self.database.read(scope).await?;
        let version = sqlx::query_scalar(VERSION)
            .bind(scope.tenant().as_uuid())
            .bind(branch.as_uuid())
            .fetch_optional(&mut *session)
            .await
            .map_err(store_error);
        session.finish_read(version).await
    }
}
