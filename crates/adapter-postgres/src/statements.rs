//! Every SQL statement of this crate, by name, so that a test can prepare each of them against the migrated schema.
//!
//! A module declares its statements with the macro `statements!`, which makes one
//! constant of each and lists them all. A test scans the sources: no statement is written anywhere else.

/// Declares the statements of a module and the list `STATEMENTS` of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+

        /// Name and text of every statement above.
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(crate) use statements;

/// One statement with the module that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedStatement {
    /// The module, for example `customer`.
    pub module: &'static str,
    /// The name of the constant.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
}

/// All statements of this crate, except those of the engine, which lists its own.
pub fn all() -> impl Iterator<Item = NamedStatement> {
    [
        ("admission", crate::admission::STATEMENTS),
        ("appointment::catalogue", crate::appointment::catalogue::STATEMENTS),
        ("appointment::history", crate::appointment::history::STATEMENTS),
        ("appointment::double", crate::appointment::double::STATEMENTS),
        ("appointment::load", crate::appointment::load::STATEMENTS),
        ("appointment::places", crate::appointment::places::STATEMENTS),
        ("appointment::read", crate::appointment::read::STATEMENTS),
        ("appointment::rows", crate::appointment::rows::STATEMENTS),
        ("appointment::waiting", crate::appointment::waiting::STATEMENTS),
        ("appointment::waiting::write", crate::appointment::waiting::write::STATEMENTS),
        ("billing", crate::billing::STATEMENTS),
        ("calendar", crate::calendar::STATEMENTS),
        ("calendar::administration", crate::calendar::administration::STATEMENTS),
        ("calendar::bell", crate::calendar::bell::STATEMENTS),
        ("calendar::copies", crate::calendar::copies::STATEMENTS),
        ("calendar::differences", crate::calendar::differences::STATEMENTS),
        ("calendar::routes", crate::calendar::routes::STATEMENTS),
        ("call::read", crate::call::read::STATEMENTS),
        ("call::reviews", crate::call::reviews::STATEMENTS),
        ("call::trace", crate::call::trace::STATEMENTS),
        ("call::write", crate::call::write::STATEMENTS),
        ("change", crate::change::STATEMENTS),
        ("clock", crate::clock::STATEMENTS),
        ("customer", crate::customer::STATEMENTS),
        ("inbox", crate::inbox::STATEMENTS),
        ("inbox::group", crate::inbox::group::STATEMENTS),
        ("migrate", crate::migrate::STATEMENTS),
        ("outcomes", crate::outcomes::STATEMENTS),
        ("onboarding", crate::onboarding::STATEMENTS),
        ("onboarding::facilities", crate::onboarding::facilities::STATEMENTS),
        ("onboarding::rows", crate::onboarding::rows::STATEMENTS),
        ("read_models::appointments", crate::read_models::appointments::STATEMENTS),
        ("read_models::callbacks", crate::read_models::callbacks::STATEMENTS),
        ("read_models::calls", crate::read_models::calls::STATEMENTS),
        ("read_models::customers", crate::read_models::customers::STATEMENTS),
        ("read_models::wishes", crate::read_models::wishes::STATEMENTS),
        ("servicedesk", crate::servicedesk::STATEMENTS),
        ("tenancy::directory", crate::tenancy::directory::STATEMENTS),
        ("tenancy::repository", crate::tenancy::repository::STATEMENTS),
        ("upkeep", crate::upkeep::STATEMENTS),
    ]
    .into_iter()
    .flat_map(|(module, list)| list.iter().map(move |(name, sql)| NamedStatement { module, name, sql }))
}
