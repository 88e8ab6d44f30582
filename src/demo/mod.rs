//! Loads the demonstration: the opening of 12 July 2021, when 3,524,000 people in Korea born in
//! 1962-1966 were invited to book one of 806,400 doses and nobody was told how few there were.
//!
//! Everything but the dates and the passwords follows from a seed. The slots begin three days after
//! the day of loading and the campaign is open from that moment for ten days, so that the
//! demonstration can be booked whenever it is loaded. Doses are what binds: a tenth has 80,640 of
//! them and six times as many seats. At one clinic in six, on some day, the seats bind instead: 1.5
//! % of the doses wait there for time.
//!
//! All people and numbers are invented. What is real: the districts, their inhabitants (rounded),
//! the cohort, and the ratio of doses to people.

mod person;
mod plan;
mod region;
mod sign_in;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Seoul;
use sqlx::PgConnection;

use self::{
    person::{COHORT_BORN_FROM, COHORT_BORN_TO, People},
    plan::Clinic,
    region::Country,
};
use super::flows::{Error, Result, password::hash_password};
use crate::{
    db::{
        self, Db, catalogue,
        demo::{NewAllocation, NewCampaign, NewClinic, NewPerson, NewRegion, NewWindow},
    },
    domain::{
        CampaignId, ClinicId, Code, ProductId, Refusal, RegionId,
        keys::Keys,
        person::{BirthDate, match_key},
        session::StaffRole,
        staff_user::Username,
    },
};

pub use self::person::Person;
pub use crate::db::demo::Totals;

pub const CAMPAIGN_CODE: &str = "moderna-55-59-july-2021";
const CAMPAIGN_NAME: &str = "COVID-19, first dose, born 1962-1966";
const COHORT_NAME: &str = "Born 1962-1966";
const WINDOW_DAYS: i64 = 10;
/// As the product's row has it.
const DOSES_PER_VIAL: u32 = 10;
/// What everything is drawn from.
const SEED: u64 = 0x2021_0712;
/// People in the register who may not book, so that a refusal can be seen.
const OTHERS: u32 = 200;
const REASON: &str = "demonstration";
const USERNAMES: [&str; 4] = ["admin", "clinic-1", "clinic-2", "clinic-3"];
/// Loading the full scale takes a minute or two on two cores.
const LOAD_SECONDS_MAX: Duration = Duration::from_secs(1_800);

/// How much is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Of the cohort; 200 others come on top.
    pub people: u32,
    /// Whole vials of ten.
    pub doses: u32,
    pub clinics: u32,
}

impl Scale {
    /// A tenth of the real thing: it loads in seconds and the shortage is the same.
    pub const fn tenth() -> Self {
        Self { people: 352_400, doses: 80_640, clinics: 1_450 }
    }

    /// The real thing.
    pub const fn full() -> Self {
        Self { people: 3_524_000, doses: 806_400, clinics: 14_500 }
    }
}

/// What is there after loading.
#[derive(Debug)]
pub struct Loaded {
    /// The campaign was there before, and nothing was changed.
    pub was_there: bool,
    pub campaign_id: CampaignId,
    pub totals: Totals,
    /// People of the register who may book.
    pub citizens: Vec<Person>,
    /// One of the register who may not.
    pub other: Person,
    pub sign_ins: Vec<SignIn>,
}

/// A staff user of the demonstration.
#[derive(Debug)]
pub struct SignIn {
    pub username: String,
    /// None where it was changed since, or belongs to somebody who was there before.
    pub password: Option<String>,
    /// None for an administrator.
    pub clinic: Option<String>,
}

/// Loads the demonstration in one transaction; does nothing where its campaign is there already.
///
/// # Errors
/// `not_whole_vials` where the scale's doses are not; the database's, for instance where a clinic
/// of the same code is there.
pub async fn load(db: &Db, keys: &Keys, scale: Scale) -> Result<Loaded> {
    let country = Country::read()?;
    let people = People::new(&country.districts)?;
    let was_there = db::demo::find_campaign(&db.read, CAMPAIGN_CODE).await?;
    let was_there = match was_there {
        Some(_) => true,
        None => !write(db, keys, scale, (&country, &people)).await?,
    };
    let campaign_id = db::demo::find_campaign(&db.read, CAMPAIGN_CODE).await?;
    let campaign_id = campaign_id.ok_or_else(Refusal::not_found)?;
    Ok(Loaded {
        was_there,
        campaign_id,
        totals: db::demo::totals(&db.read, campaign_id, (COHORT_BORN_FROM, COHORT_BORN_TO)).await?,
        citizens: (0..3).map(|n| people.citizen(n)).collect(),
        other: people.other(0),
        sign_ins: sign_ins(db, keys).await?,
    })
}

/// Lets the planner of the database know what was loaded; it would find out by itself within a
/// minute or so. Takes a connection of the tables' owner: the service's own role owns nothing.
pub async fn analyze(owner: &mut PgConnection) -> Result<()> {
    Ok(db::demo::analyze(owner).await?)
}

/// False where somebody else loaded it meanwhile.
async fn write(
    db: &Db,
    keys: &Keys,
    scale: Scale,
    (country, people): (&Country, &People),
) -> Result<bool> {
    if !scale.doses.is_multiple_of(DOSES_PER_VIAL) {
        return Err(Refusal::from(Code::NotWholeVials).into());
    }
    let clinics = plan::clinics(country, scale);
    // Hashing is slow on purpose: done before the transaction.
    let hashes = hashes(keys).await?;
    let work = async |conn: &mut PgConnection| -> Result<bool> {
        let now = db::demo::now(&mut *conn).await?;
        let Some((campaign_id, product_id)) = write_campaign(conn, scale, now).await? else {
            return Ok(false);
        };
        let regions = write_regions(conn, country).await?;
        write_people(conn, keys, (people, scale.people), &regions.districts, now).await?;
        let ids = write_clinics(conn, &clinics, &regions.districts).await?;
        let days = plan::open_days(now.with_timezone(&Seoul).date_naive(), Seoul);
        write_slots(conn, &clinics, &ids, &days).await?;
        let stage = Stage { country, clinics: &clinics, ids: &ids, days: &days };
        write_doses(conn, (campaign_id, product_id), &stage, &regions.provinces).await?;
        write_staff(conn, hashes, &ids).await?;
        catalogue::touch(conn).await?;
        Ok(true)
    };
    db::in_long_tx(&db.write, "load the demonstration", LOAD_SECONDS_MAX, work).await
}

async fn write_campaign(
    conn: &mut PgConnection,
    scale: Scale,
    now: DateTime<Utc>,
) -> Result<Option<(CampaignId, ProductId)>> {
    let (course_id, product_id) = db::demo::insert_course_and_product(conn).await?;
    let quota = count(scale.doses)?;
    let campaign = NewCampaign {
        code: CAMPAIGN_CODE,
        name: CAMPAIGN_NAME,
        course_id,
        product_id,
        zone: Seoul.name(),
        opens_at: now,
        closes_at: now + TimeDelta::days(WINDOW_DAYS),
        quota,
        cohort: (COHORT_NAME, COHORT_BORN_FROM, COHORT_BORN_TO),
    };
    let Some(campaign_id) = db::demo::insert_open_campaign(conn, &campaign).await? else {
        return Ok(None);
    };
    let published = format!("The quota is {quota} doses for {} people.", scale.people);
    let lines = [
        ("received", Some(quota), "The doses in stock for this round."),
        ("granted", Some(quota), "All of them passed on to clinics."),
        ("published", None, published.as_str()),
        ("opened", None, "Booking is open."),
    ];
    db::demo::insert_history(conn, campaign_id, now, &lines).await?;
    Ok(Some((campaign_id, product_id)))
}

/// Ids in the order of the country's lists.
struct Regions {
    provinces: Vec<RegionId>,
    districts: Vec<RegionId>,
}

async fn write_regions(conn: &mut PgConnection, country: &Country) -> Result<Regions> {
    let code_of = |province: usize| country.provinces.get(province).map(|p| p.code.as_str());
    let provinces: Vec<_> = country
        .provinces
        .iter()
        .map(|province| NewRegion { code: &province.code, parent_code: None, name: &province.name })
        .collect();
    let districts: Vec<_> = country
        .districts
        .iter()
        .map(|district| NewRegion {
            code: &district.code,
            parent_code: code_of(district.province),
            name: &district.name,
        })
        .collect();
    Ok(Regions {
        provinces: db::demo::insert_regions(conn, &provinces).await?,
        districts: db::demo::insert_regions(conn, &districts).await?,
    })
}

async fn write_people(
    conn: &mut PgConnection,
    keys: &Keys,
    (people, count): (&People, u32),
    districts: &[RegionId],
    now: DateTime<Utc>,
) -> Result<()> {
    let today = now.with_timezone(&Seoul).date_naive();
    let persons = (0..count)
        .map(|n| people.citizen(n))
        .chain((0..OTHERS).map(|n| people.other(n)))
        // Every place is a district's and every birth date lies behind: nobody is left out, and the
        // tests count them.
        .filter_map(|person| {
            let region_id = *districts.get(person.district)?;
            let birth_date = BirthDate::new(person.birth_date, today).ok()?;
            let match_key = match_key(&keys.matching, &person.name, birth_date, &person.phone);
            let Person { name, birth_date, phone, .. } = person;
            Some(NewPerson { match_key, birth_date, region_id, name, phone })
        });
    db::demo::copy_persons(conn, persons).await?;
    Ok(())
}

async fn write_clinics(
    conn: &mut PgConnection,
    clinics: &[Clinic],
    districts: &[RegionId],
) -> Result<Vec<ClinicId>> {
    let rows: Vec<_> = clinics
        .iter()
        .filter_map(|clinic| {
            Some(NewClinic {
                region_id: *districts.get(clinic.district)?,
                code: &clinic.code,
                name: &clinic.name,
                address: &clinic.address,
                phone: &clinic.phone,
                latitude: clinic.latitude,
                longitude: clinic.longitude,
            })
        })
        .collect();
    Ok(db::demo::insert_clinics(conn, Seoul.name(), &rows).await?)
}

async fn write_slots(
    conn: &mut PgConnection,
    clinics: &[Clinic],
    ids: &[ClinicId],
    days: &[plan::OpenDay],
) -> Result<()> {
    let seats: Vec<_> =
        ids.iter().copied().zip(clinics.iter().map(|clinic| clinic.seats)).collect();
    let windows: Vec<_> = days
        .iter()
        .flat_map(|day| day.windows.iter().map(|&(from, to)| (day.date, from, to)))
        .map(|(on_date, starts_at, ends_at)| NewWindow { on_date, starts_at, ends_at })
        .collect();
    db::demo::insert_slots(conn, &seats, &windows).await?;
    Ok(())
}

/// What stands when the doses come.
struct Stage<'a> {
    country: &'a Country,
    clinics: &'a [Clinic],
    /// Of the clinics, in their order.
    ids: &'a [ClinicId],
    days: &'a [plan::OpenDay],
}

impl Stage<'_> {
    fn province(&self, clinic: &Clinic) -> Option<usize> {
        self.country.districts.get(clinic.district).map(|district| district.province)
    }
}

/// Nation to province to clinic and day, each move in the journal.
async fn write_doses(
    conn: &mut PgConnection,
    (campaign_id, product_id): (CampaignId, ProductId),
    stage: &Stage<'_>,
    provinces: &[RegionId],
) -> Result<()> {
    let mut due: Vec<_> = provinces.iter().map(|region_id| (*region_id, 0)).collect();
    for clinic in stage.clinics {
        let province = stage.province(clinic).and_then(|place| due.get_mut(place));
        province.ok_or_else(|| misplaced(clinic))?.1 += count(clinic.doses())?;
    }
    let pools = db::demo::insert_spent_pools(conn, campaign_id, product_id, &due, REASON).await?;
    let mut allocations = Vec::new();
    for (clinic, clinic_id) in stage.clinics.iter().zip(stage.ids) {
        let pool = stage.province(clinic).and_then(|place| pools.get(place));
        for (n, grant) in (1..).zip(&clinic.grants) {
            allocations.push(NewAllocation {
                clinic_id: *clinic_id,
                n,
                on_date: stage.days.get(grant.day).ok_or_else(|| misplaced(clinic))?.date,
                pool_id: *pool.ok_or_else(|| misplaced(clinic))?,
                doses: count(grant.doses)?,
            });
        }
    }
    db::demo::insert_allocations(conn, campaign_id, product_id, &allocations, REASON).await?;
    Ok(())
}

/// An administrator, and staff for the first clinics. Who has such a username already keeps it.
async fn write_staff(
    conn: &mut PgConnection,
    hashes: Vec<String>,
    clinics: &[ClinicId],
) -> Result<()> {
    let clinics = clinics.iter().copied().map(StaffRole::Staff);
    let roles = std::iter::once(StaffRole::Administrator).chain(clinics);
    for ((username, hash), role) in USERNAMES.iter().zip(hashes).zip(roles) {
        db::staff_user::insert(conn, &Username::parse(username)?, &hash, role).await?;
    }
    Ok(())
}

fn misplaced(clinic: &Clinic) -> Error {
    std::io::Error::other(format!("clinic {} is nowhere in the plan", clinic.code)).into()
}

fn count(doses: u32) -> Result<i32> {
    i32::try_from(doses).map_err(|error| std::io::Error::other(error).into())
}

async fn hashes(keys: &Keys) -> Result<Vec<String>> {
    let keys = keys.clone();
    let hash = move || -> Result<Vec<String>> {
        USERNAMES.iter().map(|name| hash_password(&sign_in::password(&keys, name))).collect()
    };
    tokio::task::spawn_blocking(hash).await?
}

async fn sign_ins(db: &Db, keys: &Keys) -> Result<Vec<SignIn>> {
    let usernames = USERNAMES.map(str::to_owned);
    let rows = db::demo::list_staff(&db.read, &usernames).await?;
    let keys = keys.clone();
    let check = move || {
        rows.into_iter()
            .map(|row| {
                let password = sign_in::password(&keys, &row.username);
                let is_current = sign_in::is_password(&password, &row.password_hash);
                let (username, clinic) = (row.username, row.clinic);
                SignIn { username, password: is_current.then_some(password), clinic }
            })
            .collect()
    };
    Ok(tokio::task::spawn_blocking(check).await?)
}
