//! Companies, their branches, numbers and keys.

pub(crate) mod directory;
pub(crate) mod repository;

pub use directory::PgDirectory;
pub use repository::PgTenantRepository;
