//! Adds a vaccine; corrects its names.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ProductId, Refusal,
        localized::LocalizedChange,
        product::{NewProduct, Product},
    },
};

/// # Errors
/// `invalid_field` for impossible numbers, `already_exists` for a code that is taken.
pub async fn add(db: &Db, new: NewProduct) -> Result<Product> {
    in_tx(&db.write, "add product", async |conn| {
        let product = db::product::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(product)
    })
    .await
}

/// Corrects the names of a product, in public documents too.
///
/// # Errors
/// `not_found`.
pub async fn rename(db: &Db, product_id: ProductId, change: LocalizedChange) -> Result<Product> {
    in_tx(&db.write, "rename product", async |conn| {
        let renamed = db::product::rename(conn, product_id, &change).await?;
        let product = renamed.ok_or_else(Refusal::not_found)?;
        // Refusals name the product, and lanes keep the rules of a version in memory.
        db::campaign::renew_rules_of_product(conn, product_id).await?;
        db::catalogue::touch(conn).await?;
        Ok(product)
    })
    .await
}
