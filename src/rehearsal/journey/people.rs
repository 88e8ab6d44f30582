//! Who comes, and what each of them knows of themselves.

use std::collections::HashMap;

use anyhow::bail;
use chrono::NaiveDate;

use crate::{
    db::{self, Db, rehearsal::SignInClaim},
    domain::{CampaignId, PersonId, RegionId},
    random::Random,
};

/// Persons per statement.
const CHUNK: usize = 5_000;

/// Somebody who comes.
#[derive(Clone, Debug)]
pub struct Comer {
    pub person_id: PersonId,
    pub name: Box<str>,
    pub birth_date: NaiveDate,
    pub phone: Box<str>,
    pub region_id: RegionId,
}

/// Everybody who comes, in the order of their arrival, and whose phone is whose.
#[derive(Debug, Default)]
pub struct People {
    pub comers: Vec<Comer>,
    by_phone: HashMap<u64, u32>,
}

/// How many come, and how many of them may not book.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub all: u32,
    pub not_eligible: u32,
}

impl People {
    /// Draws them from the register.
    ///
    /// # Errors
    /// A sentence for the operator: there are not so many.
    pub async fn draw(
        db: &Db,
        campaign_id: CampaignId,
        wanted: Wanted,
        random: &mut Random,
    ) -> anyhow::Result<Self> {
        let mut able = db::rehearsal::persons(&db.jobs, campaign_id).await?;
        let mut unable = Vec::new();
        if wanted.not_eligible > 0 {
            unable = db::rehearsal::unbooked_persons(&db.jobs, campaign_id).await?;
            unable.retain(|id| able.binary_search(id).is_err());
        }
        let not_eligible = usize::try_from(wanted.not_eligible)?;
        shuffle(&mut able, random);
        shuffle(&mut unable, random);
        let mut people = Self::default();
        people.add(db, &unable, not_eligible, "may not book").await?;
        people.add(db, &able, usize::try_from(wanted.all)?, "may book and have not").await?;
        // So that those who may not book do not all come first.
        shuffle(&mut people.comers, random);
        people.by_phone = (0_u32..)
            .zip(&people.comers)
            .filter_map(|(citizen, comer)| Some((digits(&comer.phone)?, citizen)))
            .collect();
        Ok(people)
    }

    /// Adds some of these until there are so many altogether. Of those who share a phone only one
    /// comes: nobody could tell whose code it is.
    async fn add(
        &mut self,
        db: &Db,
        ids: &[PersonId],
        up_to: usize,
        who: &str,
    ) -> anyhow::Result<()> {
        for ids in ids.chunks(CHUNK) {
            if self.comers.len() >= up_to {
                return Ok(());
            }
            let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
            let claims = db::rehearsal::claims(&db.jobs, &ids).await?;
            // In the order in which they were drawn.
            let mut claims: HashMap<_, _> =
                claims.into_iter().map(|c| (c.person_id.0, c)).collect();
            for id in ids {
                let Some(claim) = claims.remove(&id) else { continue };
                let phone = digits(&claim.phone);
                let is_new = phone.is_some_and(|phone| self.by_phone.insert(phone, 0).is_none());
                if is_new && self.comers.len() < up_to {
                    self.comers.push(claim.into());
                }
            }
        }
        if self.comers.len() < up_to {
            bail!(
                "{up_to} people are to come, and {} are there who {who}: take a smaller --share, \
                 or load a larger register",
                self.comers.len(),
            );
        }
        Ok(())
    }

    /// Who has this number.
    pub fn of_phone(&self, phone: &str) -> Option<u32> {
        self.by_phone.get(&digits(phone)?).copied()
    }

    pub fn get(&self, citizen: u32) -> Option<&Comer> {
        self.comers.get(usize::try_from(citizen).ok()?)
    }

    pub fn person_ids(&self) -> Vec<PersonId> {
        self.comers.iter().map(|comer| comer.person_id).collect()
    }
}

impl From<SignInClaim> for Comer {
    fn from(claim: SignInClaim) -> Self {
        let SignInClaim { person_id, name, birth_date, phone, region_id } = claim;
        Self { person_id, name: name.into(), birth_date, phone: phone.into(), region_id }
    }
}

fn digits(phone: &str) -> Option<u64> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn shuffle<T>(list: &mut [T], random: &mut Random) {
    for n in 0..list.len() {
        let other = n + random.index(list.len() - n);
        list.swap(n, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_still_there_after_a_shuffle() {
        let mut list: Vec<u32> = (0..100).collect();
        shuffle(&mut list, &mut Random::new(1));
        assert_ne!(list, (0..100).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..100).collect::<Vec<_>>());
    }
}
