//! How many persons may ask for a dose of a campaign: the other side of what is left.

use sqlx::{PgConnection, PgExecutor, query_as};

use crate::domain::{CampaignId, RegionId};

/// Moves whenever the register, a roster or the regions change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// The last file that was loaded into the register or a roster.
    pub import_id: Option<i64>,
    /// The highest ids: rows are only ever added.
    pub person_id: Option<i64>,
    pub member_id: Option<i64>,
    pub region_id: Option<i32>,
    /// The last time that an administrator changed a person.
    pub change_id: Option<i64>,
}

/// Where the register stands.
pub async fn register(conn: &mut PgConnection) -> sqlx::Result<Register> {
    query_as!(
        Register,
        "/* supply::register */ select
             (select max(import_id) from import where kind in ('register', 'roster')) as import_id,
             (select max(person_id) from person) as person_id,
             (select max(person_id) from roster_member) as member_id,
             (select max(region_id) from region) as region_id,
             (select max(person_change_id) from person_change) as change_id"
    )
    .fetch_one(conn)
    .await
}

/// A campaign to count for, with the version of its rules to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub campaign_id: CampaignId,
    pub number: i32,
}

/// Persons of one region who are in a cohort of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Eligible {
    pub campaign_id: CampaignId,
    pub region_id: RegionId,
    pub persons: i64,
}

/// Counts, among the persons with ids from `from` to `to`, those who are in any cohort.
pub async fn count_eligible(
    db: impl PgExecutor<'_>,
    versions: &[Version],
    (from, to): (i64, i64),
) -> sqlx::Result<Vec<Eligible>> {
    let campaigns: Vec<_> = versions.iter().map(|version| version.campaign_id.0).collect();
    let numbers: Vec<_> = versions.iter().map(|version| version.number).collect();
    query_as!(
        Eligible,
        r#"/* supply::count_eligible */ select k.campaign_id as "campaign_id!: CampaignId",
               p.region_id as "region_id!: RegionId", count(*) as "persons!"
           from person p join region home using (region_id)
               cross join unnest($1::int[], $2::int[]) k (campaign_id, version)
           where p.person_id between $3 and $4 and p.merged_into is null and p.mark is null
           and exists (
               select from cohort h
               where h.campaign_id = k.campaign_id and h.since_version <= k.version
                   and (h.until_version is null or k.version < h.until_version)
                   and (h.born_from is null or h.born_from <= p.birth_date)
                   and (h.born_to is null or p.birth_date <= h.born_to)
                   and (h.region_id is null or h.region_id in (p.region_id, home.parent_id))
                   and (h.roster_id is null or exists (
                       select from roster_member m
                       where m.person_id = p.person_id and m.roster_id = h.roster_id)))
           group by k.campaign_id, p.region_id"#,
        &campaigns,
        &numbers,
        from,
        to,
    )
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    /// Who is in a cohort is asked in two statements: of many campaigns, and of one in `rehearsal`.
    #[test]
    fn cohorts_are_asked_for_in_the_same_words() {
        let words = |text: &str| {
            let after = text.split("select from cohort h").nth(1).unwrap();
            let condition = after.split("m.roster_id = h.roster_id").next().unwrap();
            condition.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let of_one = words(include_str!("rehearsal.rs")).replace("k.rule_version", "k.version");
        assert_eq!(words(include_str!("supply.rs")), of_one);
    }
}
