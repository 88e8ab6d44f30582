//! Adds a vaccine.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::product::{NewProduct, Product},
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
