//! The row of a link, as a row of its own and as an object within a catalogue.

use appointment::model::ServiceLink;
use kernel::{ServiceId, StaffId, StoreError};
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::copies::link;

/// What somebody performs and is mirrored.
#[derive(Debug, Deserialize, FromRow)]
pub(crate) struct LinkRow {
    pub(super) service_id: Uuid,
    pub(super) staff_id: Uuid,
    pub(super) connection_id: Uuid,
    pub(super) event_type_ref: String,
    pub(super) host_ref: Option<String>,
}

impl TryFrom<LinkRow> for ServiceLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        Ok(Self {
            service: ServiceId::from_uuid(row.service_id),
            staff: StaffId::from_uuid(row.staff_id),
            link: link(
                row.connection_id,
                &row.event_type_ref,
                row.host_ref.as_deref(),
                "calendar_links.event_type_ref",
            )?,
        })
    }
}
