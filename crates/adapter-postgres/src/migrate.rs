//! Bringing a database up to date, and telling whether it is.
//!
//! An administrator connects, creates roles and schemas, and then works in the role of the owner, so that nothing in
//! the database belongs to a person. Migrations are embedded, go forward only, and run under an advisory lock: several
//! processes may start at once.

use std::collections::BTreeSet;

use kernel::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection};

use crate::database::Database;
use crate::error::store_error;
use crate::roles::{CREATE_ROLES, GRANT_DATABASE, PREPARE_DATABASE, RolePasswords};
use crate::statements::statements;
use crate::upkeep::make_months;

static EMBEDDED: Migrator = sqlx::migrate!("../../migrations");

/// Where the list of applied migrations lives.
const APPLIED_TABLE: &str = "app.schema_migrations";
/// Months of partitions that a fresh database has ahead; a daily task keeps it so.
const MONTHS_AHEAD: i32 = 3;
/// How often creating roles is tried again if another database of the cluster does the same at this moment.
const ROLE_ATTEMPTS: u32 = 5;

statements! {
    /// The number is ours; the lock is this database's.
    LOCK = "SELECT pg_advisory_lock(4936717)";
    HAS_APPLIED_TABLE = "SELECT to_regclass('app.schema_migrations') IS NOT NULL";
    UNSAFE_ROLE = "
        SELECT rolname::text FROM pg_roles
         WHERE rolname IN ('gateway', 'worker', 'tenant', 'ledger', 'support', 'askpro_owner')
           AND (rolsuper OR rolbypassrls OR rolcreaterole)
         ORDER BY 1 LIMIT 1";
    /// The password travels as a parameter, so it stands in no log of statements.
    HAND_OVER_PASSWORDS = "SELECT set_config('app.gateway_password', $1, true), set_config('app.worker_password', $2, true)";
}

/// Read only where the table exists; checked by the tests of this module's functions, not by preparing.
const APPLIED: &str = "SELECT version, checksum FROM app.schema_migrations ORDER BY version";

const SET_PASSWORDS: &str = r"
DO $$
BEGIN
    EXECUTE format('ALTER ROLE gateway PASSWORD %L', current_setting('app.gateway_password'));
    EXECUTE format('ALTER ROLE worker PASSWORD %L', current_setting('app.worker_password'));
END
$$";

/// Why a database could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer program has been here. An older one must not guess what that means.
    #[error("the database has migration {version}, which this program does not know: use the newer program")]
    Newer {
        /// The unknown migration.
        version: i64,
    },
    /// A role of ours has rights that would switch row level security off.
    #[error(
        "the role `{role}` is a superuser, may bypass row level security or may create roles; take that from it"
    )]
    UnsafeRole {
        /// The role.
        role: String,
    },
    /// A migration failed, or an applied one was altered afterwards.
    #[error(transparent)]
    Migration(#[from] MigrateError),
    /// The server refused.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Versions that were applied now, in order; empty if the database was current.
    pub applied: Vec<i64>,
    /// Partitions that were made.
    pub partitions: i64,
}

/// How a database's schema relates to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// Exactly what this program was built with.
    Current,
    /// Nothing of ours is there.
    Empty,
    /// Migrations are missing.
    Behind {
        /// How many.
        missing: usize,
    },
    /// A newer program has migrated it.
    Newer {
        /// The highest version that this program does not know.
        version: i64,
    },
    /// An applied migration is not the one that this program knows by that version.
    Altered {
        /// Its version.
        version: i64,
    },
}

impl SchemaState {
    /// True if this program may work with it.
    #[must_use]
    pub const fn is_current(self) -> bool {
        matches!(self, Self::Current)
    }
}

/// Creates roles, applies missing migrations, makes the partitions of the coming months. Repeatable, also at once.
///
/// `administrator` must be a superuser or own the database and be allowed to create roles.
///
/// # Errors
/// [`MigrationError`]; each migration is a transaction of its own, so what was applied before the failure stays.
pub async fn migrate(
    administrator: &Database,
    passwords: Option<&RolePasswords>,
) -> Result<MigrationReport, MigrationError> {
    // A connection of its own: whatever happens, its locks and its role die with it.
    let mut connection = administrator.pool().acquire().await?.detach();
    let report = run(&mut connection, passwords).await;
    connection.close().await.ok();
    report
}

async fn run(
    connection: &mut PgConnection,
    passwords: Option<&RolePasswords>,
) -> Result<MigrationReport, MigrationError> {
    sqlx::query(LOCK).execute(&mut *connection).await?;
    create_roles(connection).await?;
    if let Some(role) = sqlx::query_scalar(UNSAFE_ROLE).fetch_optional(&mut *connection).await? {
        return Err(MigrationError::UnsafeRole { role });
    }
    if let Some(passwords) = passwords {
        set_passwords(connection, passwords).await?;
    }
    let before = applied(connection).await?;
    if let Some((version, _)) = before.iter().rev().find(|(version, _)| !EMBEDDED.version_exists(*version)) {
        return Err(MigrationError::Newer { version: *version });
    }
    sqlx::raw_sql(GRANT_DATABASE).execute(&mut *connection).await?;
    sqlx::raw_sql(PREPARE_DATABASE).execute(&mut *connection).await?;
    sqlx::raw_sql("SET ROLE askpro_owner; SET search_path = public").execute(&mut *connection).await?;
    migrator().run_direct(None, &mut *connection, false).await?;
    sqlx::raw_sql("GRANT SELECT ON app.schema_migrations TO gateway, worker, support")
        .execute(&mut *connection)
        .await?;
    let partitions = make_months(connection, MONTHS_AHEAD).await?;
    let known: BTreeSet<i64> = before.into_iter().map(|(version, _)| version).collect();
    Ok(MigrationReport {
        applied: EMBEDDED
            .iter()
            .map(|migration| migration.version)
            .filter(|version| !known.contains(version))
            .collect(),
        partitions,
    })
}

fn migrator() -> Migrator {
    let mut migrator = Migrator::with_migrations(EMBEDDED.iter().cloned().collect());
    migrator.dangerous_set_table_name(APPLIED_TABLE);
    // Our own lock is held already, and it also covers roles and schemas.
    migrator.set_locking(false);
    migrator
}

/// Roles are shared by all databases of a cluster; another migrator may touch the same rows of the catalogue at this
/// moment, which the server reports as an internal error ("tuple concurrently updated").
async fn create_roles(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    retry_on_race(connection, CREATE_ROLES).await
}

async fn retry_on_race(connection: &mut PgConnection, script: &'static str) -> Result<(), sqlx::Error> {
    let mut attempt = 1;
    loop {
        match sqlx::raw_sql(script).execute(&mut *connection).await {
            Ok(_) => return Ok(()),
            Err(error) if attempt < ROLE_ATTEMPTS && is_catalogue_race(&error) => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn is_catalogue_race(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| matches!(code.as_ref(), "XX000" | "23505"))
}

async fn set_passwords(connection: &mut PgConnection, passwords: &RolePasswords) -> Result<(), sqlx::Error> {
    let mut attempt = 1;
    loop {
        let mut transaction = connection.begin().await?;
        sqlx::query(HAND_OVER_PASSWORDS)
            .bind(&passwords.gateway)
            .bind(&passwords.worker)
            .execute(&mut *transaction)
            .await?;
        match sqlx::raw_sql(SET_PASSWORDS).execute(&mut *transaction).await {
            Ok(_) => return transaction.commit().await,
            Err(error) if attempt < ROLE_ATTEMPTS && is_catalogue_race(&error) => {
                transaction.rollback().await?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let exists: bool = sqlx::query_scalar(HAS_APPLIED_TABLE).fetch_one(&mut *connection).await?;
    if exists { sqlx::query_as(APPLIED).fetch_all(connection).await } else { Ok(Vec::new()) }
}

/// Whether the schema is the one that this program was built with. For readiness checks; any role of ours may ask.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn schema_state(database: &Database) -> Result<SchemaState, StoreError> {
    let mut lent = database.connections().acquire().await.map_err(store_error)?;
    let applied = applied(&mut lent).await;
    lent.give_back_after(&applied);
    Ok(compare(&applied.map_err(store_error)?))
}

fn compare(applied: &[(i64, Vec<u8>)]) -> SchemaState {
    if applied.is_empty() {
        return SchemaState::Empty;
    }
    for (version, checksum) in applied.iter().rev() {
        match EMBEDDED.iter().find(|migration| migration.version == *version) {
            None => return SchemaState::Newer { version: *version },
            Some(migration) if migration.checksum.as_ref() != checksum.as_slice() => {
                return SchemaState::Altered { version: *version };
            }
            Some(_) => {}
        }
    }
    match EMBEDDED.iter().count() - applied.len() {
        0 => SchemaState::Current,
        missing => SchemaState::Behind { missing },
    }
}

/// Gives the roles of the product their rights on a database that was cloned from a migrated one: those rights are not
/// part of a template.
///
/// # Errors
/// The driver's error.
pub async fn grant_database_access(administrator: &Database) -> Result<(), sqlx::Error> {
    let mut connection = administrator.pool().acquire().await?;
    retry_on_race(&mut connection, GRANT_DATABASE).await
}

/// A short name of exactly this set of migrations: 16 hexadecimal digits that change with any of them.
#[must_use]
pub fn fingerprint() -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let scripts = [CREATE_ROLES, PREPARE_DATABASE].map(str::as_bytes);
    let migrations = EMBEDDED.iter().map(|migration| migration.checksum.as_ref());
    // FNV-1a: it names a cache, and nobody attacks it.
    for byte in scripts.into_iter().chain(migrations).flatten() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(i64, Vec<u8>)> {
        EMBEDDED.iter().map(|migration| (migration.version, migration.checksum.to_vec())).collect()
    }

    #[test]
    fn a_schema_is_compared_by_version_and_content() {
        assert_eq!(compare(&[]), SchemaState::Empty);
        assert_eq!(compare(&all()), SchemaState::Current);
        assert_eq!(compare(&all()[..2]), SchemaState::Behind { missing: all().len() - 2 });

        let mut newer = all();
        newer.push((i64::MAX, vec![1]));
        assert_eq!(compare(&newer), SchemaState::Newer { version: i64::MAX });

        let mut altered = all();
        altered[0].1[0] ^= 1;
        assert_eq!(compare(&altered), SchemaState::Altered { version: altered[0].0 });
    }
}
