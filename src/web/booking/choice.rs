//! What somebody is about to book: a slot, and a product of which there are doses.

use chrono::NaiveDate;

use super::{check_path, chosen};
use crate::{
    board::{
        catalogue::Card,
        day::{Day, DosesOpen},
        slot::Window,
        snapshot::Snapshot,
    },
    domain::{Code, ProductId, SlotId, clinic::Clinic, product::Product},
};

/// Open doses of the product.
pub fn doses_of(day: &Day<'_>, product_id: ProductId) -> i64 {
    let of_product = |doses: &&DosesOpen| doses.product_id == product_id;
    day.doses_open.iter().filter(of_product).map(|doses| doses.open).sum()
}

/// The product that is asked for, if the campaign offers it, else the one of which most is left.
pub fn product<'a>(
    card: &'a Card,
    day: Option<&Day<'_>>,
    asked: Option<ProductId>,
) -> Option<&'a Product> {
    let named = card.rules.products.iter().find(|product| Some(product.product_id) == asked);
    // Of equals the first.
    let left = |product: &&Product| day.map_or(0, |day| doses_of(day, product.product_id));
    named.or_else(|| card.rules.products.iter().rev().max_by_key(left))
}

/// What is about to be booked.
#[derive(Clone, Copy)]
pub struct Chosen<'a> {
    pub card: &'a Card,
    pub clinic: &'a Clinic,
    pub date: NaiveDate,
    pub slot: Window,
    pub product: &'a Product,
    /// Open doses of the product that day.
    pub doses: i64,
}

impl<'a> Chosen<'a> {
    /// What the address names; none where there is no such slot.
    pub fn read(snapshot: &'a Snapshot, card: &'a Card, query: &str) -> Option<Self> {
        let slot_id: SlotId = chosen(query, "slot")?;
        let (date, slot) = snapshot.slot(slot_id)?;
        let clinic = snapshot.catalogue.clinic(slot_id.clinic())?;
        let day = snapshot.day(clinic.clinic_id, card.campaign.campaign_id, date);
        let product = product(card, day.as_ref(), chosen(query, "product"))?;
        let doses = day.map_or(0, |day| doses_of(&day, product.product_id));
        Some(Self { card, clinic, date, slot, product, doses })
    }

    /// The page on which it is checked and booked, after the language.
    pub fn path(&self) -> String {
        let campaign_id = self.card.campaign.campaign_id;
        check_path(campaign_id, self.slot.slot_id, self.product.product_id)
    }

    /// Why it can no longer be booked, as far as the board knows.
    pub fn gone(&self, snapshot: &Snapshot) -> Option<Code> {
        if self.slot.is_closed || self.slot.starts_at <= snapshot.as_of {
            Some(Code::SlotClosed)
        } else if self.slot.seats_left <= 0 {
            Some(Code::SeatTaken)
        } else {
            (self.doses <= 0).then_some(Code::DosesExhausted)
        }
    }
}
