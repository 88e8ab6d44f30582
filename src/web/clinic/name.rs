//! Names that pages of a clinic show.

use std::collections::HashMap;

use crate::{
    board::snapshot::Snapshot,
    domain::{CampaignId, ProductId},
    web::{
        part::{Input, TextField},
        text::Texts,
    },
};

/// The names of products and campaigns that the public sees, as the board knows them.
pub struct Names {
    products: HashMap<ProductId, String>,
    campaigns: HashMap<CampaignId, String>,
}

impl Names {
    pub fn new(t: Texts, snapshot: &Snapshot) -> Self {
        let cards = &snapshot.catalogue.campaigns;
        let products = cards.values().flat_map(|card| &card.rules.products);
        Self {
            products: products
                .map(|product| (product.product_id, t.name(&product.name).to_owned()))
                .collect(),
            campaigns: cards
                .iter()
                .map(|(id, card)| (*id, t.name(&card.campaign.name).to_owned()))
                .collect(),
        }
    }

    /// Its number where the board does not know it.
    pub fn product(&self, id: ProductId) -> String {
        self.products.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Its number where the board does not know it.
    pub fn campaign(&self, id: CampaignId) -> String {
        self.campaigns.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// The field into which a scanner types.
pub fn scan_field(t: Texts, typed: &str, is_focused: bool) -> TextField {
    let field = TextField::new("number", t.booking_number(), Input::Scan, typed);
    TextField { is_focused, ..field.hint(t.clinic_scan_hint()) }
}
