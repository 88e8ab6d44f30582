//! The register.

use sqlx::{PgExecutor, query_as};

use crate::domain::{PersonId, person::Person};

/// A person and the name of their region.
///
/// # Errors
/// The database's.
pub async fn find(db: impl PgExecutor<'_>, person_id: PersonId) -> sqlx::Result<Option<Person>> {
    query_as!(
        Person,
        r#"select person_id, p.name, birth_date, region_id, r.name as region_name
           from person p join region r using (region_id) where person_id = $1"#,
        person_id.0,
    )
    .fetch_optional(db)
    .await
}
