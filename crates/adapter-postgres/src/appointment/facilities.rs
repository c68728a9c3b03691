//! Rooms, places and devices as stored, and the time of them that something occupies.

use appointment::model::{
    Facility, FacilityGroup, FacilityGroupId, FacilityId, FacilityKind, FacilityUse, Need, Requirement, Span,
};
use chrono::{DateTime, Utc};
use kernel::{StaffId, StoreError};
use serde::Deserialize;
use uuid::Uuid;

use crate::error::corrupt;

/// A row of `facility_groups` as JSON.
#[derive(Deserialize)]
pub(super) struct GroupRow {
    id: Uuid,
    kind: String,
    name: String,
}

/// A row of `facilities` as JSON.
#[derive(Deserialize)]
pub(super) struct FacilityRow {
    id: Uuid,
    group: Uuid,
    name: String,
    active: bool,
}

/// A row of `service_facilities` as JSON.
#[derive(Deserialize)]
pub(super) struct RequirementRow {
    group: Uuid,
    need: String,
    phases: Vec<u32>,
}

impl TryFrom<GroupRow> for FacilityGroup {
    type Error = StoreError;

    fn try_from(row: GroupRow) -> Result<Self, StoreError> {
        let kind = FacilityKind::parse(&row.kind).ok_or_else(|| corrupt("facility_groups.kind"))?;
        Ok(Self { id: FacilityGroupId::from_uuid(row.id), kind, name: row.name })
    }
}

impl From<FacilityRow> for Facility {
    fn from(row: FacilityRow) -> Self {
        Self {
            id: FacilityId::from_uuid(row.id),
            group: FacilityGroupId::from_uuid(row.group),
            name: row.name,
            active: row.active,
        }
    }
}

impl TryFrom<RequirementRow> for Requirement {
    type Error = StoreError;

    fn try_from(row: RequirementRow) -> Result<Self, StoreError> {
        let need = match row.need.as_str() {
            "stay" => Need::Stay,
            "staffed" => Need::Staffed,
            "phases" => Need::Phases(row.phases),
            _ => return Err(corrupt("service_facilities.need")),
        };
        Ok(Self { group: FacilityGroupId::from_uuid(row.group), need })
    }
}

/// Occupied time in parallel arrays: whose, from, until.
pub(super) struct Occupied {
    pub(super) resources: Vec<Uuid>,
    pub(super) starts: Vec<DateTime<Utc>>,
    pub(super) ends: Vec<DateTime<Utc>>,
}

impl Occupied {
    /// The time of a person and of facilities.
    pub(super) fn of(staff: StaffId, spans: &[Span], uses: &[FacilityUse]) -> Self {
        let person = spans.iter().map(|span| (staff.as_uuid(), *span));
        let facilities =
            uses.iter().flat_map(|used| used.spans.iter().map(|span| (used.facility.as_uuid(), *span)));
        let all: Vec<_> = person.chain(facilities).collect();
        Self {
            resources: all.iter().map(|(resource, _)| *resource).collect(),
            starts: all.iter().map(|(_, span)| span.start).collect(),
            ends: all.iter().map(|(_, span)| span.end).collect(),
        }
    }

    /// From the beginning of the first to the end of the last; without any, the stay.
    pub(super) fn stretch(&self, stay: Span) -> Span {
        let start = self.starts.iter().min().copied().unwrap_or(stay.start);
        Span::new(start, self.ends.iter().max().copied().unwrap_or(stay.end))
    }
}

/// The person's time and that of facilities, from parallel arrays in the order of resource and start.
pub(super) fn split(
    staff: Uuid,
    resources: &[Uuid],
    starts: &[DateTime<Utc>],
    ends: &[DateTime<Utc>],
) -> (Vec<Span>, Vec<FacilityUse>) {
    let (mut spans, mut uses) = (Vec::new(), Vec::<FacilityUse>::new());
    for ((resource, start), end) in resources.iter().zip(starts).zip(ends) {
        let span = Span::new(*start, *end);
        let facility = FacilityId::from_uuid(*resource);
        match uses.last_mut() {
            _ if *resource == staff => spans.push(span),
            Some(used) if used.facility == facility => used.spans.push(span),
            _ => uses.push(FacilityUse { facility, spans: vec![span] }),
        }
    }
    (spans, uses)
}
