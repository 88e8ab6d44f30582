//! Staging and writing of the register. Of the millions of rows each is touched three times: copied
//! in, grouped to find repetitions, and inserted in the order of the unique key, which is the order
//! in which its index grows fastest. Spellings of names, of which most files have none, are set
//! apart in a table of their own.

use sqlx::{Executor, PgConnection, Row};

use super::staged::{Removed, Written, remove, staged, unsigned, write};

pub(super) const STAGED: (&str, &str) = (
    // An address or a language is null where the file has no such column, and empty where what is
    // known is to go. Which rows change something is noted in a table of its own.
    "/* import::register::STAGED */
     create temporary table staged_register (line bigint not null, match_key uuid not null,
         earlier_key uuid, name_key uuid not null, code_key uuid, is_distinct boolean not null,
         birth_date date not null, birth_precision smallint not null, region_id int not null,
         name text not null, phone text not null, ko_key uuid, name_ko text, en_key uuid,
         name_en text, email text, language text)
         on commit drop;
     create temporary table staged_change (line bigint not null) on commit drop",
    "/* import::register::STAGED */
     copy staged_register (line, match_key, earlier_key, name_key, code_key, is_distinct,
         birth_date, birth_precision, region_id, name, phone, ko_key, name_ko, en_key, name_en,
         email, language) from stdin",
);

/// Takes out who stands in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::register::remove_repeated */ analyze staged_register").await?;
    remove(
        conn,
        "/* import::register::remove_repeated */
         with repeated as (
             select match_key, min(line) as earlier from staged_register
             group by match_key having count(*) > 1
         ), gone as (
             delete from staged_register s using repeated r
             where s.match_key = r.match_key and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Sets apart the spellings of those who are still in the file.
pub async fn stage_spellings(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute(
        "/* import::register::stage_spellings */
         create temporary table staged_spelling on commit drop as
             select r.line, r.match_key, r.code_key, s.language, s.spelling_key, s.name
             from staged_register r cross join lateral (values
                 ('ko', r.ko_key, r.name_ko), ('en', r.en_key, r.name_en))
                 as s (language, spelling_key, name)
             where coalesce(r.ko_key, r.en_key) is not null and s.spelling_key is not null;
         analyze staged_spelling",
    )
    .await
    .map(drop)
}

/// Takes out who has a spelling that an earlier row has as its name or spelling, or the reverse.
pub async fn remove_respelled(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::register::remove_respelled */
         with named as (
             select spelling_key as key, line from staged_spelling
             union all
             select match_key, line from staged_register
             where match_key in (select spelling_key from staged_spelling)
         ), repeated as (
             select key, min(line) as earlier from named group by key having count(*) > 1
         ), again as (
             select n.line, min(r.earlier) as earlier from named n join repeated r using (key)
             where n.line > r.earlier group by n.line
         ), gone as (
             delete from staged_register r using again a where r.line = a.line
             returning r.line, a.earlier
         ), spellings as (
             delete from staged_spelling s using again a where s.line = a.line
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out who has a name or spelling that is another person's spelling or name in the register.
/// Who somebody is, the code or the main name says.
pub async fn remove_taken(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::register::remove_taken */
         with taken as (
             select r.line from staged_register r
                 join person_spelling x on x.match_key = uuid_send(r.match_key)
                 left join person c on c.person_code_key = uuid_send(r.code_key)
             where c.person_id is distinct from x.person_id
             union
             select s.line from staged_spelling s
                 join person p on p.match_key = uuid_send(s.spelling_key)
                 left join person c on c.person_code_key = uuid_send(s.code_key)
             where c.person_id is distinct from p.person_id
             union
             select s.line from staged_spelling s
                 join person_spelling x on x.match_key = uuid_send(s.spelling_key)
                 left join person p on p.match_key = uuid_send(s.match_key)
                 left join person c on c.person_code_key = uuid_send(s.code_key)
             where coalesce(c.person_id, p.person_id) is distinct from x.person_id
         ), gone as (
             delete from staged_register r using taken t where r.line = t.line returning r.line
         ), spellings as (
             delete from staged_spelling s using taken t where s.line = t.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Adds who is new, and corrects who is there: what the register's code says of name, birth date
/// and phone, and for everybody region, address, language, code and spellings.
pub async fn insert_staged(conn: &mut PgConnection, has_codes: bool) -> sqlx::Result<Written> {
    if has_codes {
        correct_coded(conn).await?;
    }
    write(
        conn,
        "/* import::register::insert_staged */
         with changed as (
             update person p set region_id = s.region_id,
                 email = nullif(coalesce(s.email, p.email), ''),
                 language = nullif(coalesce(s.language, p.language), ''),
                 person_code_key = coalesce(p.person_code_key, uuid_send(s.code_key))
             from staged_register s
             where p.match_key = uuid_send(s.match_key) and p.merged_into is null
                 and (p.region_id <> s.region_id or s.email <> coalesce(p.email, '')
                     or s.language <> coalesce(p.language, '')
                     or s.code_key is not null and p.person_code_key is null)
             returning s.line
         )
         insert into staged_change select line from changed",
    )
    .await?;
    let new = write(
        conn,
        "/* import::register::insert_staged */
         insert into person (match_key, birth_date, birth_precision, region_id, name, phone, email,
             language, person_code_key, name_key, fold)
         select uuid_send(match_key), birth_date, birth_precision, region_id, name, phone,
             nullif(email, ''), nullif(language, ''), uuid_send(code_key), name_key, 2
         from staged_register
         order by staged_register.match_key on conflict (match_key) do nothing",
    )
    .await?;
    insert_spellings(conn).await?;
    let changed = staged(
        "/* import::register::insert_staged */
         select count(distinct line) from staged_change",
    );
    let changed = unsigned(changed.fetch_one(conn).await?.try_get(0)?);
    Ok(Written { new, changed, ..Written::default() })
}

/// Writes down what has become of persons whom the code finds. Who was merged into another stays as
/// they were. Spellings of theirs that the file
/// does not name get their keys from the background job that makes keys anew, which 1 asks for.
async fn correct_coded(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::register::correct_coded */
         with changed as (
             update person p set match_key = uuid_send(s.match_key), name = s.name,
                 phone = s.phone, birth_date = s.birth_date, birth_precision = s.birth_precision,
                 name_key = s.name_key,
                 fold = case
                     when p.match_key = uuid_send(s.match_key) then p.fold
                     when exists (select from person_spelling x where x.person_id = p.person_id)
                         then 1
                     else 2 end
             from staged_register s
             where s.code_key is not null and p.person_code_key = uuid_send(s.code_key)
                 and p.merged_into is null
                 and (p.match_key, p.name, p.phone, p.birth_date, p.birth_precision)
                     <> (uuid_send(s.match_key), s.name, s.phone, s.birth_date, s.birth_precision)
             returning s.line, p.person_id, p.match_key
         ), freed as (
             delete from person_spelling x using changed c
             where (x.person_id, x.match_key) = (c.person_id, c.match_key)
         )
         insert into staged_change select line from changed",
    )
    .await
    .map(drop)
}

/// Adds spellings, each in the place of the earlier one in its language, and notes whose are new.
async fn insert_spellings(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::register::insert_spellings */
         delete from person_spelling x
         using staged_spelling s join person p on p.match_key = uuid_send(s.match_key)
         where (x.person_id, x.language) = (p.person_id, s.language)
             and (x.match_key, x.name) <> (uuid_send(s.spelling_key), s.name)",
    )
    .await?;
    // A row of person that this transaction has inserted is counted as new: nobody has updated it,
    // and its xmin tells that it is this transaction's.
    write(
        conn,
        "/* import::register::insert_spellings */
         with added as (
             insert into person_spelling (match_key, person_id, language, name)
             select uuid_send(s.spelling_key), p.person_id, s.language, s.name
             from staged_spelling s join person p on p.match_key = uuid_send(s.match_key)
             order by s.spelling_key on conflict do nothing
             returning match_key, person_id
         )
         insert into staged_change
         select s.line from added a
             join staged_spelling s on uuid_send(s.spelling_key) = a.match_key
             join person p on p.person_id = a.person_id
         where p.xmin <> pg_current_xact_id()::xid",
    )
    .await
    .map(drop)
}
