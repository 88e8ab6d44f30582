//! The register.

use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use crate::domain::{
    PersonId,
    localized::Localized,
    person::{NewPerson, Person},
};

/// A person and the name of their region.
pub async fn find(db: impl PgExecutor<'_>, person_id: PersonId) -> sqlx::Result<Option<Person>> {
    let row = query!(
        "/* person::find */ select person_id, p.name, birth_date, region_id,
             r.name as region_name, r.name_ko as region_name_ko, r.name_en as region_name_en
         from person p join region r using (region_id) where person_id = $1",
        person_id.0,
    );
    row.map(|row| Person {
        person_id: row.person_id.into(),
        name: row.name,
        birth_date: row.birth_date,
        region_id: row.region_id.into(),
        region_name: Localized::new(row.region_name, row.region_name_ko, row.region_name_en),
    })
    .fetch_optional(db)
    .await
}

/// Puts a person into the register.
///
/// # Errors
/// The database's; `person_match_key` where the register has them.
pub async fn insert(conn: &mut PgConnection, new: &NewPerson<'_>) -> sqlx::Result<PersonId> {
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
