//! The roles of the product. They are the cluster's, not one database's, so they are no migration.
//!
//! | Role | Logs in | May |
//! | --- | --- | --- |
//! | `askpro_owner` | no | owns everything; migrations and administrators work in it |
//! | `gateway` | yes | look up routing, insert into inbox and jobs, switch to `tenant` |
//! | `worker` | yes | the same, and change inbox, outbox and jobs of all tenants |
//! | `tenant` | no | read and write tenant tables, bound to one tenant by row level security |
//! | `ledger` | no | what `tenant` may, and read and write what calls cost at the provider |
//! | `support` | no | read the views of the schema `support`: lists without personal content, of one tenant at a time |
//!
//! `ledger` is for the worker and for administrators: `gateway`, which answers companies, is no member of it.
//!
//! `gateway` and `worker` are members of `tenant` but inherit nothing: without switching they cannot read a single row
//! of a tenant table, and a connection that forgot to switch fails instead of leaking.

use std::fmt;

/// Creates what is missing. Two databases of one cluster may be migrated at once, and an advisory lock reaches no
/// further than its database: hence the handlers.
pub(crate) const CREATE_ROLES: &str = r"
DO $$
DECLARE
    wanted record;
    member text;
    -- From version 16 on, who creates a role is a member of it without being allowed to switch to it.
    switch text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('askpro_owner', 'NOLOGIN', NULL),
            ('tenant', 'NOLOGIN', NULL),
            ('ledger', 'NOLOGIN', NULL),
            ('support', 'NOLOGIN', NULL),
            ('gateway', 'LOGIN', '10s'),
            ('worker', 'LOGIN', '60s')) AS v (name, login, idle_limit)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                -- NOINHERIT also decides how memberships are granted below on servers from version 16 on.
                EXECUTE format('CREATE ROLE %I %s NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION',
                               wanted.name, wanted.login);
                IF wanted.idle_limit IS NOT NULL THEN
                    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L',
                                   wanted.name, wanted.idle_limit);
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    FOREACH member IN ARRAY ARRAY['gateway', 'worker', current_user::text] LOOP
        IF NOT pg_has_role(member, 'tenant', switch) THEN
            BEGIN
                EXECUTE format('GRANT tenant TO %I', member);
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    -- The only role of ours that inherits: it may do what `tenant` may, without switching within a transaction. Before
    -- version 16 that is a property of the role, from then on one of the membership.
    IF NOT pg_has_role('ledger', 'tenant', 'USAGE') THEN
        BEGIN
            IF current_setting('server_version_num')::integer >= 160000 THEN
                EXECUTE 'GRANT tenant TO ledger WITH INHERIT TRUE, SET FALSE';
            ELSE
                ALTER ROLE ledger INHERIT;
                GRANT tenant TO ledger;
            END IF;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
    FOREACH member IN ARRAY ARRAY['worker', current_user::text] LOOP
        IF NOT pg_has_role(member, 'ledger', switch) THEN
            BEGIN
                EXECUTE format('GRANT ledger TO %I', member);
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'askpro_owner', switch) THEN
        EXECUTE format('GRANT askpro_owner TO %I', current_user);
    END IF;
    -- Only for functions of the owner that count sessions (engine.oldest_transaction). Without the right to grant it
    -- they see the owner's own sessions, which is too little to alert on and no reason not to start.
    IF NOT pg_has_role('askpro_owner', 'pg_read_all_stats', 'USAGE') THEN
        BEGIN
            IF current_setting('server_version_num')::integer >= 160000 THEN
                EXECUTE 'GRANT pg_read_all_stats TO askpro_owner WITH INHERIT TRUE, SET FALSE';
            ELSE
                -- Before version 16 only the role itself can inherit; it is a member of nothing else.
                ALTER ROLE askpro_owner INHERIT;
                GRANT pg_read_all_stats TO askpro_owner;
            END IF;
        EXCEPTION
            WHEN unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'askpro_owner cannot be made a member of pg_read_all_stats';
        END;
    END IF;
END
$$";

/// Rights on the database itself. They are not part of a template, so a cloned database needs them again.
pub(crate) const GRANT_DATABASE: &str = r"
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO gateway, worker, support', current_database());
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO askpro_owner', current_database());
END
$$";

/// Makes the owner the owner of the schemas; what only an administrator may do, before the owner migrates.
pub(crate) const PREPARE_DATABASE: &str = r"
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION askpro_owner;
ALTER SCHEMA public OWNER TO askpro_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC";

/// Passwords of the two login roles. Set by whoever migrates; never in a file of SQL.
#[derive(Clone)]
pub struct RolePasswords {
    /// Of `gateway`.
    pub gateway: String,
    /// Of `worker`.
    pub worker: String,
}

impl fmt::Debug for RolePasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RolePasswords(masked)")
    }
}
