//! What pages say of a clinic.

use crate::{
    domain::{amenity::Amenity, clinic::Clinic},
    web::text::Texts,
    words,
};

/// A clinic as those see it who are to go there.
pub struct Facts<'a> {
    pub name: &'a str,
    pub address: &'a str,
    pub phone: &'a str,
    /// What a telephone dials.
    pub dial: String,
    pub directions: Option<&'a str>,
    /// What it has, has not, and what is not known.
    pub amenities: Vec<String>,
}

impl<'a> Facts<'a> {
    pub fn new(t: Texts, clinic: &'a Clinic) -> Self {
        let said = |&one: &Amenity| words::amenity(t.language(), one, clinic.amenities.get(one));
        Self {
            name: t.name(&clinic.name),
            address: &clinic.address,
            phone: &clinic.phone,
            dial: clinic.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
            directions: clinic.directions.in_language(t.language()),
            amenities: Amenity::ALL.iter().map(said).collect(),
        }
    }
}
