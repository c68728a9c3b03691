//! Outside calendars: connecting an account, linking what is mirrored, and the questions that need a person.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_postgres::PgCalendarAdministration;
use anyhow::{Context, bail};
use appointment::calendar::{
    CalendarLink, Connection, ConnectionId, RemoteEventType, RemoteHostRef, ReviewId, Secret,
};
use appointment::model::ServiceLink;
use bootstrap::config::{Config, Sources};
use kernel::{TenantId, TenantScope};
use operations::onboarding::{base_url, secret};
use operations::ports::{CalendarAdministration, ConnectionSummary, TenantRecord};
use serde_json::{Value, json};
use tenancy::Slug;
use uuid::Uuid;

use crate::admin::Office;
