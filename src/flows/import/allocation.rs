//! Allocations: each row grants doses out of the nearest pool above its clinic. Rows draw on their
//! pools in the order of the file; one that does not fit leaves the doses to those after it.

use std::{cell::RefCell, collections::HashMap, ops::RangeInclusive};

use sqlx::PgConnection;

use super::{
    breath::Breath,
    rows::{RowParser, reject, repeated},
    slot::clinic,
};
use crate::{
    db::{
        self,
        copy::CopyText,
        import::{Clinic, allocation::Campaigns, staged::Written},
    },
    domain::{
        CampaignId, Code, Detail, ImportId, ProductId, TrancheId,
        actor::Actor,
        fact::{By, Noun},
        import::{
            Fault, Rejects, Row,
            allocation::{Allocation, Drawn, Sources, no_pool},
            content::Content,
        },
        localized::Localized,
    },
};

/// Of the journal and of the public history, in English and in Korean.
const REASON: &str = "import of a file";
const REASON_KO: &str = "파일로 등록";
const COLUMNS: &str = "campaign_code,clinic_code,product_code,on_date,channel,tranche_name";
/// Rows that are decided in one go.
const ROWS_MAX: i64 = 2_500;
/// Rows whose days are read in one go: with fewer, allocations of the same clinic would be looked
/// through more often than that saves.
const READ_ROWS: i64 = 5_000;
/// Rows that are written in one go: some ten milliseconds.
const PIECE_ROWS: i64 = 1_000;

pub(super) struct Parser {
    clinics: HashMap<String, Clinic>,
    campaigns: Campaigns,
    sources: Sources,
    content: RefCell<Content>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection) -> sqlx::Result<Self> {
        Ok(Self {
            clinics: db::import::clinics(conn).await?,
            campaigns: db::import::allocation::campaigns(conn).await?,
            sources: db::import::allocation::sources(conn).await?,
            content: RefCell::default(),
        })
    }

    fn campaign(&self, code: &str) -> Result<CampaignId, Fault> {
        let found = self.campaigns.campaigns.get(code).copied();
        found.ok_or_else(|| Fault::no_such("campaign_code", Noun::Campaign))
    }

    fn product(&self, campaign_id: CampaignId, code: &str) -> Result<ProductId, Fault> {
        match self.campaigns.products.get(&(campaign_id, code.to_owned())) {
            Some(Some(product_id)) => Ok(*product_id),
            Some(None) => Err(Fault::field("product_code", Detail::TwoCodeSystems)),
            None => {
                let none = Detail::NotInCampaign { what: Noun::Product, by: By::Code };
                Err(Fault::new(Code::NotFound, "product_code", none))
            }
        }
    }

    fn tranche(&self, campaign_id: CampaignId, name: &str) -> Result<TrancheId, Fault> {
        let found = self.campaigns.tranches.get(&(campaign_id, name.to_owned())).copied();
        found.ok_or_else(|| {
            let none = Detail::NotInCampaign { what: Noun::Tranche, by: By::Name };
            Fault::new(Code::NotFound, "tranche_name", none)
        })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let granted = Allocation::parse(row)?;
        // Before anything is looked up: what a row says does not depend on what is known.
        let hash = granted.hash();
        self.content.borrow_mut().add(hash);
        let campaign_id = self.campaign(&granted.campaign_code)?;
        let clinic = clinic(&self.clinics, &granted.clinic_code)?;
        let product_id = self.product(campaign_id, &granted.product_code)?;
        let tranche_id =
            granted.tranche_name.map(|name| self.tranche(campaign_id, name)).transpose()?;
        let pool_id = self.sources.nearest(campaign_id, product_id, clinic.region_id);
        let pool_id = pool_id.ok_or_else(no_pool)?;
        to.row(line)
            .value(clinic.clinic_id)
            .value(campaign_id)
            .value(product_id)
            .value(granted.on_date)
            .optional(tranche_id)
            .value(granted.channel.number())
            .value(granted.doses)
            .value(pool_id)
            .value(hash.short())
            .end();
        Ok(())
    }

    fn content(&self) -> Option<[u8; 32]> {
        self.content.borrow().finish()
    }
}

/// Rows that were loaded before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// By a partial import, which this file goes on with.
    pub(super) continues: Option<ImportId>,
    /// By another import, word for word.
    pub(super) repeated: u64,
}

/// Takes out rows that stand in the file twice and, unless they are meant to be loaded `again`,
/// those that a partial import of the file has loaded.
pub(super) async fn recognise(
    conn: &mut PgConnection,
    rejects: &mut Rejects,
    again: bool,
) -> sqlx::Result<Known> {
    let removed = db::import::allocation::remove_repeated(conn).await?;
    reject(rejects, removed, repeated(COLUMNS));
    if again {
        return Ok(Known::default());
    }
    let continues = db::import::allocation::remove_loaded(conn).await?;
    let repeated = db::import::allocation::repeated(conn).await?;
    Ok(Known { continues, repeated })
}

/// Checks the rows, and decides in the order of the file which of them get doses. What is going to
/// be written is decided under locks, first the clinics', then the pools', for which no booking
/// waits; a dry run takes none.
pub(super) async fn check(
    conn: &mut PgConnection,
    rejects: &mut Rejects,
    is_dry_run: bool,
    mut breath: Breath<'_>,
) -> sqlx::Result<()> {
    let removed = db::import::allocation::remove_closed(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::WrongState, "campaign_code", Detail::CampaignClosed)
    });
    if !is_dry_run {
        db::import::allocation::lock_clinics(conn).await?;
    }
    // Whoever closes a day locks the clinic too.
    db::import::allocation::prepare_days(conn).await?;
    for piece in &db::import::allocation::pieces(conn, READ_ROWS).await? {
        breath.take().await;
        db::import::allocation::read_days(conn, piece).await?;
        db::import::allocation::find_known(conn, piece).await?;
    }
    if !is_dry_run {
        db::import::allocation::lock_pools(conn).await?;
    }
    let vials = db::import::allocation::vials(conn).await?;
    let mut drawn = Drawn::new(db::import::allocation::pools(conn).await?, vials);
    let mut after = 0;
    loop {
        let rows = db::import::allocation::wanted(conn, after, ROWS_MAX).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.line;
        let mut lines = Vec::new();
        for row in rows {
            match drawn.take(&row) {
                Ok(warnings) => {
                    warnings.into_iter().for_each(|warning| rejects.warn(row.line, warning.into()));
                }
                Err(fault) => {
                    rejects.push(row.line, fault);
                    lines.push(row.line);
                }
            }
        }
        db::import::allocation::remove_lines(conn, &lines).await?;
        breath.take().await;
    }
}

/// How many rows a dry run would write.
pub(super) async fn count(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let new = db::import::allocation::count(conn).await?;
    Ok(Written { new, ..Written::default() })
}

/// Writes all but the allocations that were there already, piece by piece.
pub(super) async fn write(
    conn: &mut PgConnection,
    actor: Actor,
    mut breath: Breath<'_>,
) -> sqlx::Result<Written> {
    let reason = Localized::new(REASON.to_owned(), Some(REASON_KO.to_owned()), None);
    db::import::allocation::number(conn).await?;
    let pieces = pieces(conn).await?;
    for piece in &pieces {
        breath.take().await;
        db::import::allocation::insert(conn, piece).await?;
    }
    db::import::allocation::draw(conn).await?;
    let mut new = 0;
    for piece in &pieces {
        breath.take().await;
        new += db::import::allocation::record(conn, piece, actor, &reason.main).await?;
    }
    db::import::allocation::publish(conn, &reason).await?;
    Ok(Written { new, ..Written::default() })
}

/// Remembers what was loaded, row by row.
pub(super) async fn remember(
    conn: &mut PgConnection,
    import_id: ImportId,
    mut breath: Breath<'_>,
) -> sqlx::Result<()> {
    for piece in pieces(conn).await? {
        breath.take().await;
        db::import::allocation::remember(conn, &piece, import_id).await?;
    }
    Ok(())
}

/// The lines of the rows that are left, in pieces and in their order.
async fn pieces(conn: &mut PgConnection) -> sqlx::Result<Vec<RangeInclusive<i64>>> {
    db::import::allocation::pieces(conn, PIECE_ROWS).await
}
