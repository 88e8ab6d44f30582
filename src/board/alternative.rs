//! Where somebody can go whose appointment is lost: the next clinics that can give the same vaccine
//! in the same campaign, each with the time that is most like the lost one.

use chrono::NaiveDate;

use super::{
    listing::{Filter, Line},
    slot::Window,
    snapshot::Snapshot,
    view::ClinicView,
};
use crate::domain::{ProductId, booking::Booking};

/// A slot that can be booked in place of the lost one.
#[derive(Debug)]
pub struct Alternative<'a> {
    pub clinic: ClinicView<'a>,
    /// From the clinic of the lost one, where both places are known.
    pub distance_km: Option<f64>,
    /// The local date in the clinic's zone.
    pub date: NaiveDate,
    pub slot: Window,
}

/// Clinics that are looked at for each that is wanted: some have only other products.
const LOOKED_AT: usize = 4;
/// Days of a clinic that are looked at.
const DAYS_MAX: usize = 7;

impl Snapshot {
    /// The nearest clinics first, the lost one's own among them.
    pub fn alternatives(&self, booking: &Booking, limit: usize) -> Vec<Alternative<'_>> {
        let catalogue = &self.catalogue;
        let place = catalogue.place_of(booking.clinic_id);
        let Some(site) = place.and_then(|place| catalogue.clinics.get(place)) else {
            return Vec::new();
        };
        let near = site.point.or_else(|| catalogue.middle_of(site.clinic.region_id));
        let filter = Filter {
            only_bookable: true,
            near,
            limit: limit * LOOKED_AT,
            ..Filter::all(booking.campaign_id)
        };
        let is_exact = site.point.is_some();
        let found = self.list(&filter).map(|listing| listing.clinics).unwrap_or_default();
        let found = found.into_iter().filter_map(|line| self.way_at(booking, line, is_exact));
        found.take(limit).collect()
    }

    /// At one clinic: the day next to the lost one, and the time of day next to it.
    fn way_at<'a>(
        &'a self,
        booking: &Booking,
        line: Line<'a>,
        is_exact: bool,
    ) -> Option<Alternative<'a>> {
        let mut days: Vec<_> = line.days.iter().map(|day| day.date).collect();
        days.sort_by_key(|date| (*date - booking.on_date).num_days().abs());
        let clinic_id = line.clinic.clinic_id;
        let found = days.into_iter().take(DAYS_MAX).find_map(|date| {
            let day = self.day(clinic_id, booking.campaign_id, date)?;
            let has_doses = |product_id: ProductId| {
                day.doses_open.iter().any(|doses| doses.product_id == product_id && doses.open > 0)
            };
            if !has_doses(booking.product_id) {
                return None;
            }
            let wanted = booking.starts_at + (date - booking.on_date);
            let is_free = |slot: &&Window| slot.seats_left > 0 && !slot.is_closed;
            let free = day.slots.iter().filter(is_free);
            let slot = free.min_by_key(|slot| (slot.starts_at - wanted).abs())?;
            Some((date, *slot))
        });
        let (date, slot) = found?;
        let distance_km = line.distance_km.filter(|_| is_exact);
        Some(Alternative { clinic: line.clinic, distance_km, date, slot })
    }
}
