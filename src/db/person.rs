//! The register.

use sqlx::{PgConnection, PgExecutor, query_as, query_scalar};

use crate::domain::{
    PersonId, RegionId,
    person::{BirthDate, Match, Person},
};

/// A person and the name of their region.
pub async fn find(db: impl PgExecutor<'_>, person_id: PersonId) -> sqlx::Result<Option<Person>> {
    query_as!(
        Person,
        r#"/* person::find */ select person_id, p.name, birth_date, region_id, r.name as region_name
           from person p join region r using (region_id) where person_id = $1"#,
        person_id.0,
    )
    .fetch_optional(db)
    .await
}

/// A person before they have an id.
pub struct New<'a> {
    pub match_key: Match,
    pub birth_date: BirthDate,
    pub region_id: RegionId,
    pub name: &'a str,
    pub phone: &'a str,
}

/// Puts a person into the register.
///
/// # Errors
/// The database's; `person_match_key` where the register has them.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> sqlx::Result<PersonId> {
    query_scalar!(
        r#"/* person::insert */ insert into person (match_key, birth_date, region_id, name, phone)
           values ($1, $2, $3, $4, $5) returning person_id as "id: PersonId""#,
        new.match_key.as_slice(),
        new.birth_date.date(),
        new.region_id.0,
        new.name,
        new.phone,
    )
    .fetch_one(conn)
    .await
}
