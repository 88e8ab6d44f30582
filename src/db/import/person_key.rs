//! Who a row of the register is: by the register's own code, by the key of the form before, or
//! perhaps a person whom it has already. Everything here works on the staged rows as a whole.

use sqlx::{Executor, PgConnection, Row};

use super::staged::{Removed, remove, staged, write};

/// Gives rows the key under which their person stands: that of the form before, or of somebody
/// without a phone who came in before the register gave them a code. Nobody is looked for under the
/// form before where nobody is left under it.
pub async fn adopt_earlier(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::person_key::adopt_earlier */
         with found as (
             select min(s.line) as line from staged_register s
                 join person p on p.match_key = uuid_send(s.earlier_key)
             where s.earlier_key is not null
                 and (s.phone = '' or exists (select from person where fold < 2))
                 and (s.code_key is null or p.person_code_key is null
                     or p.person_code_key = uuid_send(s.code_key))
                 and not exists (
                     select from staged_register o where o.match_key = s.earlier_key)
             group by s.earlier_key
         )
         update staged_register s set match_key = s.earlier_key from found f where s.line = f.line",
    )
    .await
    .map(drop)
}

/// Whether any row has a code; where none has, its checks are left out.
pub async fn has_codes(conn: &mut PgConnection) -> sqlx::Result<bool> {
    let any = staged(
        "/* import::person_key::has_codes */
         select exists (select from staged_register where code_key is not null)",
    );
    any.fetch_one(conn).await?.try_get(0)
}

/// Forgets the code of rows that name a person by the code of somebody who was merged into them:
/// the rest of the row says who it is, and the code stays with whom it was given to.
pub async fn follow_merged(conn: &mut PgConnection) -> sqlx::Result<()> {
    write(
        conn,
        "/* import::person_key::follow_merged */
         update staged_register s set code_key = null
         from person m join person p on p.person_id = m.merged_into
         where s.code_key is not null and m.person_code_key = uuid_send(s.code_key)
             and p.match_key = uuid_send(s.match_key)",
    )
    .await
    .map(drop)
}

/// Takes out rows whose code an earlier row has.
pub async fn remove_repeated_codes(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::person_key::remove_repeated_codes */
         with repeated as (
             select code_key, min(line) as earlier from staged_register
             where code_key is not null group by code_key having count(*) > 1
         ), gone as (
             delete from staged_register s using repeated r
             where s.code_key = r.code_key and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out rows of a person whom the register has under another code.
pub async fn remove_other_codes(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::person_key::remove_other_codes */
         with gone as (
             delete from staged_register s using person p
             where s.code_key is not null and p.match_key = uuid_send(s.match_key)
                 and p.person_code_key <> uuid_send(s.code_key)
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out rows whose code is that of a person with another name and another birth date: of one
/// who has changed, one of them is the same.
pub async fn remove_other_persons(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::person_key::remove_other_persons */
         with gone as (
             delete from staged_register s using person p
             where s.code_key is not null and p.person_code_key = uuid_send(s.code_key)
                 and p.birth_date <> s.birth_date and lower(p.name) <> lower(s.name)
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out rows whose code is one person's, and whose key is another's.
pub async fn remove_two_persons(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::person_key::remove_two_persons */
         with gone as (
             delete from staged_register s using person p, person o
             where s.code_key is not null and p.person_code_key = uuid_send(s.code_key)
                 and o.match_key = uuid_send(s.match_key) and o.person_id <> p.person_id
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out who is not in the register, but has the name and birth date of somebody who is, or of
/// an earlier row, and another phone. Left in are those who are said to be distinct, and those of
/// whom both have a code. The earlier line is 0 where it is somebody in the register.
pub async fn remove_possible(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    // Who could be rejected is set apart first: of most files they are few.
    conn.execute(
        "/* import::person_key::remove_possible */
         create temporary table staged_namesake on commit drop as
             with several as (
                 select name_key from staged_register where not is_distinct
                 group by name_key having count(*) > 1 and bool_or(code_key is null)
             ), namesake as (
                 select s.line from staged_register s join several using (name_key)
                 union
                 select s.line from staged_register s join person p on p.name_key = s.name_key
                     and p.match_key <> uuid_send(s.match_key)
                     and (s.code_key is null or p.person_code_key is null)
             )
             select s.line, s.name_key, s.code_key,
                 k.person_id is not null or c.person_id is not null as is_known
             from namesake join staged_register s using (line)
                 left join person k on k.match_key = uuid_send(s.match_key)
                 left join person c on c.person_code_key = uuid_send(s.code_key)
             where not s.is_distinct;
         analyze staged_namesake",
    )
    .await?;
    remove(
        conn,
        "/* import::person_key::remove_possible */
         with possible as (
             select n.line, 0::bigint as earlier
             from staged_namesake n join person p on p.name_key = n.name_key
             where not n.is_known and (n.code_key is null or p.person_code_key is null)
             union all
             select n.line, e.line
             from staged_namesake n join staged_namesake e on e.name_key = n.name_key
                 and (e.line < n.line or e.is_known)
             where not n.is_known and (n.code_key is null or e.code_key is null)
         ), first as (
             select line, min(earlier) as earlier from possible group by line
         ), gone as (
             delete from staged_register s using first f where s.line = f.line
             returning s.line, f.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}
