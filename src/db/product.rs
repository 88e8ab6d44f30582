//! Products: the vaccines.

use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    CampaignId, ProductId,
    localized::{Localized, LocalizedChange},
    product::{NewProduct, Product},
};

/// A product as it is kept.
pub(super) struct Row {
    pub(super) product_id: i32,
    pub(super) code_system: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) name_ko: Option<String>,
    pub(super) name_en: Option<String>,
    pub(super) doses_per_vial: i16,
    pub(super) age_months_min: i16,
    pub(super) age_months_max: Option<i16>,
    pub(super) doses_in_series: i16,
    pub(super) interval_days_min: i16,
}

impl From<Row> for Product {
    fn from(row: Row) -> Self {
        Self {
            product_id: row.product_id.into(),
            code_system: row.code_system,
            code: row.code,
            name: Localized::new(row.name, row.name_ko, row.name_en),
            doses_per_vial: row.doses_per_vial,
            age_months_min: row.age_months_min,
            age_months_max: row.age_months_max,
            doses_in_series: row.doses_in_series,
            interval_days_min: row.interval_days_min,
        }
    }
}

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: ProductId,
    limit: i64,
) -> sqlx::Result<Vec<Product>> {
    let rows = query_as!(
        Row,
        "/* product::list */
         select product_id, code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min
         from product where product_id > $1 order by product_id limit $2",
        after.0,
        limit,
    );
    rows.map(Product::from).fetch_all(db).await
}

/// # Errors
/// The database's; the product's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewProduct) -> sqlx::Result<Product> {
    let row = query_as!(
        Row,
        "/* product::insert */
         insert into product (code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min)
         values (coalesce($1, 'http://hl7.org/fhir/sid/cvx'),
             $2, $3, $4, $5, $6, $7, $8, $9, $10)
         returning product_id, code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min",
        new.code_system,
        new.code,
        new.name.main,
        new.name.ko,
        new.name.en,
        new.doses_per_vial,
        new.age_months_min,
        new.age_months_max,
        new.doses_in_series,
        new.interval_days_min,
    );
    row.map(Product::from).fetch_one(conn).await
}

/// How many doses fill a vial of a product that the campaign gives; none if it does not give it.
pub async fn find_doses_per_vial(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    product_id: ProductId,
) -> sqlx::Result<Option<i16>> {
    query_scalar!(
        "/* product::find_doses_per_vial */
         select doses_per_vial from product join campaign_product using (product_id)
         where campaign_id = $1 and product_id = $2",
        campaign_id.0,
        product_id.0,
    )
    .fetch_optional(db)
    .await
}

/// # Errors
/// The database's; `RowNotFound` if there is no such product.
pub async fn doses_per_vial(db: impl PgExecutor<'_>, product_id: ProductId) -> sqlx::Result<i16> {
    query_scalar!(
        "/* product::doses_per_vial */
         select doses_per_vial from product where product_id = $1",
        product_id.0
    )
    .fetch_one(db)
    .await
}

/// Those of `product_ids` that exist, by id.
pub async fn known(
    db: impl PgExecutor<'_>,
    product_ids: &[ProductId],
) -> sqlx::Result<Vec<ProductId>> {
    let ids: Vec<_> = product_ids.iter().map(|id| id.0).collect();
    query_scalar!(
        r#"/* product::known */
           select product_id as "id: ProductId" from product where product_id = any($1)
           order by product_id"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// What a campaign gives now, by id.
pub async fn list_of_campaign(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
) -> sqlx::Result<Vec<ProductId>> {
    query_scalar!(
        r#"/* product::list_of_campaign */
           select product_id as "id: ProductId" from campaign_product where campaign_id = $1
           order by product_id"#,
        campaign_id.0,
    )
    .fetch_all(db)
    .await
}

/// Makes these the products of a campaign.
pub async fn set_of_campaign(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    product_ids: &[ProductId],
) -> sqlx::Result<()> {
    let ids: Vec<_> = product_ids.iter().map(|id| id.0).collect();
    query!(
        "/* product::set_of_campaign */
         delete from campaign_product where campaign_id = $1 and product_id <> all($2)",
        campaign_id.0,
        &ids,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* product::set_of_campaign */ insert into campaign_product (campaign_id, product_id)
         select $1, product_id from unnest($2::int[]) as product_id
         on conflict do nothing",
        campaign_id.0,
        &ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The product with this code in this code system (none: CVX).
pub async fn find_by_code(
    db: impl PgExecutor<'_>,
    code_system: Option<&str>,
    code: &str,
) -> sqlx::Result<Option<Product>> {
    let row = query_as!(
        Row,
        "/* product::find_by_code */
         select product_id, code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min
         from product
         where code_system = coalesce($1, 'http://hl7.org/fhir/sid/cvx') and code = $2",
        code_system,
        code,
    );
    row.map(Product::from).fetch_optional(db).await
}

/// Corrects the names of a product; none if there is no such product. What bookings go by is never
/// changed.
pub async fn rename(
    conn: &mut PgConnection,
    product_id: ProductId,
    change: &LocalizedChange,
) -> sqlx::Result<Option<Product>> {
    let row = query_as!(
        Row,
        "/* product::rename */
         update product set name = coalesce($2, name),
             name_ko = case when $3 then $4 else name_ko end,
             name_en = case when $5 then $6 else name_en end
         where product_id = $1
         returning product_id, code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min",
        product_id.0,
        change.main,
        change.ko.is_some(),
        change.ko.clone().flatten(),
        change.en.is_some(),
        change.en.clone().flatten(),
    );
    row.map(Product::from).fetch_optional(conn).await
}
