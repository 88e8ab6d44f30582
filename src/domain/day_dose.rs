//! What staff do with doses of a day that nobody was promised: offer them again, keep them for
//! those who come without a booking, write them off, and take back what was written off wrongly.

use serde::{Deserialize, Serialize};

use super::{
    Code, Detail, Refusal,
    actor::Cause,
    day_close::line,
    grant::Grant,
    movement::{Bucket, Kind, Movement},
};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Spare doses can be booked by everybody again.
    OfferAgain,
    /// Open doses are kept for those who come without a booking.
    Withhold,
    /// Spare doses, and then open ones, are lost.
    Waste,
    /// Lost doses are spare again: they were not lost.
    CorrectWaste,
}

impl Act {
    pub const ALL: [Self; 4] = [Self::OfferAgain, Self::Withhold, Self::Waste, Self::CorrectWaste];

    /// As in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OfferAgain => "offer_again",
            Self::Withhold => "withhold",
            Self::Waste => "waste",
            Self::CorrectWaste => "correct_waste",
        }
    }

    /// Doses that this can be done with; `not_recorded` are lost ones that stand for somebody.
    pub fn most(self, grant: &Grant, not_recorded: i32) -> i32 {
        match self {
            Self::OfferAgain => grant.spare,
            Self::Withhold => grant.open,
            Self::Waste => grant.open + grant.spare,
            Self::CorrectWaste => grant.lost - not_recorded,
        }
    }

    /// Does it with doses of the allocation, and answers with the lines of the journal.
    ///
    /// # Errors
    /// `invalid_field` below one dose; `not_enough_doses` beyond `most`.
    pub fn apply(
        self,
        grant: &mut Grant,
        doses: i32,
        not_recorded: i32,
        cause: &Cause,
    ) -> Result<Vec<Movement>, Refusal> {
        let most = self.most(grant, not_recorded);
        if doses < 1 {
            return Err(Refusal::field("doses", Detail::NoDoses));
        }
        if doses > most {
            let refusal = Refusal::new(Code::NotEnoughDoses, Detail::DayHolds { doses: most });
            return Err(refusal.with("doses", most));
        }
        let from_spare = doses.min(grant.spare);
        let moves = match self {
            Self::OfferAgain => vec![(Kind::OfferAgain, Bucket::Spare, Bucket::Open, doses)],
            Self::Withhold => vec![(Kind::Withhold, Bucket::Open, Bucket::Spare, doses)],
            Self::Waste => vec![
                (Kind::Waste, Bucket::Spare, Bucket::Lost, from_spare),
                (Kind::Waste, Bucket::Open, Bucket::Lost, doses - from_spare),
            ],
            Self::CorrectWaste => vec![(Kind::CorrectWaste, Bucket::Lost, Bucket::Spare, doses)],
        };
        let moves = moves.into_iter().filter(|(.., doses)| *doses > 0);
        let lines = moves.map(|(kind, from, to, doses)| {
            grant.put(from, -doses);
            grant.put(to, doses);
            line(kind, (from, to), doses, grant, cause)
        });
        Ok(lines.collect())
    }
}

impl Grant {
    /// Adds doses to a bucket of the clinic's own that no booking stands for.
    fn put(&mut self, bucket: Bucket, doses: i32) {
        match bucket {
            Bucket::Open => self.open += doses,
            Bucket::Spare => self.spare += doses,
            Bucket::Lost => self.lost += doses,
            _ => {}
        }
    }
}
