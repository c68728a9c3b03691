//! Whether a process may work with its database at all: whether the server lets it in, and whether row level security
//! binds the role that it logs in as.

use std::error::Error as _;

use kernel::StoreError;
use sqlx::Error;

use crate::database::Database;
use crate::statements::statements;

statements! {
    /// What the login role is, what it may become, whether it may become the owner of a table of ours, and whether it lacks
    /// the rights of the role that is needed.
    ROLE = r"
        SELECT s.rolname::text, s.rolsuper, s.rolbypassrls,
               EXISTS (SELECT FROM pg_catalog.pg_roles r
                        WHERE (r.rolsuper OR r.rolbypassrls) AND pg_catalog.pg_has_role(s.oid, r.oid, 'MEMBER')),
               EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                          AND pg_catalog.pg_has_role(s.oid, c.relowner, 'MEMBER')),
               EXISTS (SELECT FROM pg_catalog.pg_roles n
                        WHERE n.rolname = $1 AND NOT pg_catalog.pg_has_role(s.oid, n.oid, 'MEMBER'))
          FROM pg_catalog.pg_roles s WHERE s.rolname = session_user";
}

/// Codes of the server with which nobody gets in before a person changes something: 28P01 the password is wrong, 28000
/// the role does not exist or may not log in like this, 3D000 there is no such database.
const REFUSALS: [&str; 3] = ["28P01", "28000", "3D000"];

/// Why a process cannot work with its database. No text of it holds a password or a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// It does not answer, or not yet as it should: waiting may help.
    #[error("{0}")]
    NotYet(String),
    /// The server refuses these credentials, or does not have this database: waiting does not help.
    #[error("{0}")]
    Refused(String),
    /// Row level security would not bind the role, so companies would not be kept apart.
    #[error("the role `{role}` {why}: row level security, which keeps companies apart, would not bind it")]
    Unbound {
        /// The login role.
        role: String,
        /// What it has that it must not have, as the rest of a sentence.
        why: &'static str,
    },
    /// The role is another process's: it lacks the rights of the one that is needed.
    #[error("the role `{role}` has not the rights of `{needed}`, in which this process works")]
    Unsuited {
        /// The login role.
        role: String,
        /// The role whose rights are needed.
        needed: &'static str,
    },
}

impl From<StoreError> for NotAdmitted {
    fn from(error: StoreError) -> Self {
        let driver = error.source().and_then(|source| source.downcast_ref::<Error>());
        driver.map_or_else(|| Self::NotYet(error.to_string()), of_driver)
    }
}

fn of_driver(error: &Error) -> NotAdmitted {
    match error {
        Error::Database(told) => {
            let text = told.message().to_owned();
            let is_refusal = told.code().is_some_and(|code| REFUSALS.contains(&&*code));
            if is_refusal { NotAdmitted::Refused(text) } else { NotAdmitted::NotYet(text) }
        }
        Error::PoolTimedOut => NotAdmitted::NotYet("no connection in time".to_owned()),
        other => {
            // The innermost cause: the one that says what the system said.
            let mut cause: &dyn std::error::Error = other;
            while let Some(source) = cause.source() {
                cause = source;
            }
            NotAdmitted::NotYet(cause.to_string())
        }
    }
}

/// Finds out whether the server lets this process in.
///
/// # Errors
/// [`NotAdmitted::NotYet`] or [`NotAdmitted::Refused`].
pub async fn reachable(database: &Database) -> Result<(), NotAdmitted> {
    role(database, None).await.map(|_| ())
}

/// Finds out whether the server lets this process in, as a role that row level security binds and that has the rights of
/// `needed`, `gateway` or `worker`: for every process that serves companies. Administrators ask [`reachable`].
///
/// # Errors
/// [`NotAdmitted`].
pub async fn admitted(database: &Database, needed: &'static str) -> Result<(), NotAdmitted> {
    let (role, is_superuser, bypasses, may_bypass, may_own, lacks) = role(database, Some(needed)).await?;
    let why = if is_superuser {
        "is a superuser"
    } else if bypasses {
        "has BYPASSRLS"
    } else if may_bypass {
        "may become a superuser or a role with BYPASSRLS"
    } else if may_own {
        "owns tables, or may become their owner"
    } else if lacks {
        return Err(NotAdmitted::Unsuited { role, needed });
    } else {
        return Ok(());
    };
    Err(NotAdmitted::Unbound { role, why })
}

async fn role(
    database: &Database,
    needed: Option<&str>,
) -> Result<(String, bool, bool, bool, bool, bool), NotAdmitted> {
    sqlx::query_as(ROLE).bind(needed).fetch_one(database).await.map_err(|error| of_driver(&error))
}
