//! What a clinic could give somebody without a booking: read and judged as a lane does, without
//! locking anything.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::transaction::{KnownRules, read};
use crate::{
    db,
    domain::{
        BookingId, CampaignId, ClinicId, PersonId, ProductId, Refusal, SlotId,
        actor::Actor,
        allocation::{Allocation, Key},
        batch::{Locked, Request},
        booking::Book,
        person_state::PersonState,
        product::Product,
        staff_booking::{BookFor, Form, Given},
        visit::{Site, Warning},
        walk_in::Scene,
    },
};

/// A dose that somebody could be given.
#[derive(Clone, Debug)]
pub struct Offer {
    pub campaign_id: CampaignId,
    pub product: Product,
    pub dose_number: i16,
    /// Why it cannot be given.
    pub refusal: Option<Refusal>,
    /// What must be answered before it is.
    pub warnings: Vec<Warning>,
    /// Doses of the day that are spare, and those that anybody can still book.
    pub spare: i64,
    pub open: i64,
}

/// One offer for each product of a campaign of which the clinic has doses on the slot's day.
pub async fn offers(
    conn: &mut PgConnection,
    slot_id: SlotId,
    person_id: PersonId,
) -> sqlx::Result<Vec<Offer>> {
    let Some(slot) = db::walk_in::find_slot(&mut *conn, slot_id).await? else {
        return Ok(Vec::new());
    };
    let allocations = db::walk_in::allocations(&mut *conn, slot_id.clinic(), slot.on_date).await?;
    let mut keys: Vec<_> = allocations.keys().copied().collect();
    keys.sort_unstable();
    let asked: Vec<_> =
        (1..).zip(&keys).map(|(n, key)| ask(n, key, (slot_id, person_id))).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let slots = [(slot_id, slot)].into();
    let locked = read(conn, &mut KnownRules::default(), (slots, allocations), &asked).await?;
    let offers = asked.iter().zip(&keys).filter_map(|(request, key)| offer(&locked, request, key));
    Ok(offers.collect())
}

/// A request that is never sent: what it would be decided by is read.
fn ask(n: u128, key: &Key, (slot_id, person_id): (SlotId, PersonId)) -> Request {
    let booking_id = BookingId(Uuid::from_u128(n));
    let Key { campaign_id, product_id, .. } = *key;
    let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
    let given = Given { site: Site::Other, lot: String::new(), answers: Vec::new(), note: None };
    Request::BookFor(BookFor { book, form: Form::WalkIn(given), by: Actor::Service }.into())
}

fn offer(locked: &Locked, request: &Request, key: &Key) -> Option<Offer> {
    let (state, rules) = locked.campaigns.get(&key.campaign_id)?;
    let slot = locked.slots.get(&request.slot_id())?;
    let facts = locked.walk_ins.get(&request.booking_id())?;
    let nobody = PersonState::default();
    let person = locked.people.get(&request.person_id()).unwrap_or(&nobody);
    let scene = Scene { rules, state: *state, person, slot, facts, now: locked.now };
    let none: &[Allocation] = &[];
    let allocations = locked.allocations.get(key).map_or(none, Vec::as_slice);
    let product_id: ProductId = key.product_id;
    let (refusal, warnings) = match scene.look(product_id, allocations) {
        Ok(warnings) => (None, warnings),
        Err(refusal) => (Some(refusal), Vec::new()),
    };
    Some(Offer {
        campaign_id: key.campaign_id,
        product: rules.product(product_id)?.clone(),
        dose_number: rules.dose_number,
        refusal,
        warnings,
        spare: allocations.iter().map(|one| i64::from(one.spare)).sum(),
        open: allocations.iter().map(|one| i64::from(one.open)).sum(),
    })
}

/// What a booking of each of these for the person would be decided by, but for slots and doses.
pub async fn standing(
    conn: &mut PgConnection,
    (clinic_id, person_id): (ClinicId, PersonId),
    wanted: &[(CampaignId, ProductId)],
) -> sqlx::Result<Locked> {
    let ask = |(n, &(campaign_id, product_id)): (u128, &(CampaignId, ProductId))| {
        let booking_id = BookingId(Uuid::from_u128(n));
        let slot_id = SlotId::of(clinic_id, 0);
        Request::Book(Book { booking_id, person_id, campaign_id, slot_id, product_id })
    };
    let asked: Vec<_> = (1..).zip(wanted).map(ask).collect();
    let nothing_locked = (HashMap::new(), HashMap::new());
    read(conn, &mut KnownRules::default(), nothing_locked, &asked).await
}
