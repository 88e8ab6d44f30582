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
//!
//! It speaks Korean, as a register and a campaign of Korea do: main names are in Hangul, and an
//! English name stands beside each. Addresses have no second spelling.

mod amenity;
mod person;
mod plan;
mod region;
mod scale;
mod sign_in;
mod text;

use std::{io, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Seoul;
use sqlx::PgConnection;

use self::{
    person::{COHORT_BORN_FROM, COHORT_BORN_TO, People},
    plan::Clinic,
    region::Country,
    scale::DOSES_PER_VIAL,
    text::bilingual,
};
use super::flows::{Error, Result};
use crate::{
    db::{
        self, Db, catalogue,
        demo::{
            CampaignRow, NewAllocation, NewCampaign, NewClinic, NewPerson, NewRegion, NewWindow,
        },
    },
    domain::{
        CampaignId, ClinicId, Code, ProductId, Refusal, RegionId,
        birth_date::BirthDate,
        keys::Keys,
        person_key::{match_key, name_key},
    },
    words,
};

pub use self::{person::DemoPerson, scale::Scale, sign_in::SignIn};
pub use crate::db::demo::Totals;

pub const CAMPAIGN_CODE: &str = "moderna-55-59-july-2021";
const WINDOW_DAYS: i64 = 10;
/// People in the register who may not book, so that a refusal can be seen.
const OTHERS: u32 = 200;
const REASON: &str = "demonstration";
/// Loading the full scale takes a minute or two on two cores.
const LOAD_SECONDS_MAX: Duration = Duration::from_secs(1_800);

/// What is there after loading.
#[derive(Debug)]
pub struct Loaded {
    /// The campaign was there before, and nothing was changed.
    pub was_there: bool,
    /// Everybody has an English name beside the Korean one. False where an earlier version loaded
    /// it: then the English names are the only ones.
    pub has_english: bool,
    pub campaign_id: CampaignId,
    pub totals: Totals,
    /// People of the register who may book.
    pub citizens: Vec<DemoPerson>,
    /// One of the register who may not.
    pub other: DemoPerson,
    pub sign_ins: Vec<SignIn>,
}

/// Loads the demonstration in one transaction; does nothing where its campaign is there already.
///
/// # Errors
/// `not_whole_vials` where the scale's doses are not; the database's, for instance where a clinic
/// of the same code is there.
pub async fn load(db: &Db, keys: &Keys, scale: Scale) -> Result<Loaded> {
    load_opening(db, keys, scale, TimeDelta::zero()).await
}

/// The same, with an opening so long after loading begins: until then everybody sees when it is.
///
/// # Errors
/// As `load`.
pub async fn load_opening(
    db: &Db,
    keys: &Keys,
    scale: Scale,
    opens_in: TimeDelta,
) -> Result<Loaded> {
    let country = Country::read()?;
    let people = People::new(&country.districts)?;
    let was_there = db::demo::find_campaign(&db.read, CAMPAIGN_CODE).await?;
    let was_there = match was_there {
        Some(_) => true,
        None => !write((db, keys), (scale, opens_in), (&country, &people)).await?,
    };
    let campaign = db::demo::find_campaign(&db.read, CAMPAIGN_CODE).await?;
    let CampaignRow { campaign_id, has_english } = campaign.ok_or_else(Refusal::not_found)?;
    Ok(Loaded {
        was_there,
        has_english,
        campaign_id,
        totals: db::demo::totals(&db.read, campaign_id, (COHORT_BORN_FROM, COHORT_BORN_TO)).await?,
        citizens: (0..3).map(|n| people.citizen(n)).collect(),
        other: people.other(0),
        sign_ins: sign_in::list(db, keys).await?,
    })
}

/// Lets the planner of the database know what was loaded; it would find out by itself within a
/// minute or so. Takes a connection of the tables' owner: the service's own role owns nothing.
pub async fn analyze(owner: &mut PgConnection) -> Result<()> {
    Ok(db::demo::analyze(owner).await?)
}

/// False where somebody else loaded it meanwhile.
async fn write(
    (db, keys): (&Db, &Keys),
    (scale, opens_in): (Scale, TimeDelta),
    (country, people): (&Country, &People),
) -> Result<bool> {
    if !scale.doses.is_multiple_of(DOSES_PER_VIAL) {
        return Err(Refusal::from(Code::NotWholeVials).into());
    }
    let clinics = plan::clinics(country, scale);
    // Hashing is slow on purpose: done before the transaction.
    let hashes = sign_in::hashes(keys).await?;
    let work = async |conn: &mut PgConnection| -> Result<bool> {
        let now = db::demo::now(&mut *conn).await?;
        let made = write_campaign(conn, scale, (now, opens_in)).await?;
        let Some((campaign_id, product_id)) = made else { return Ok(false) };
        let regions = write_regions(conn, country).await?;
        write_people(conn, keys, (people, scale.people), &regions.districts, now).await?;
        let ids = write_clinics(conn, &clinics, &regions.districts).await?;
        let days = plan::open_days(now.with_timezone(&Seoul).date_naive(), Seoul);
        write_slots(conn, &clinics, &ids, &days).await?;
        let stage = Stage { country, clinics: &clinics, ids: &ids, days: &days };
        write_doses(conn, (campaign_id, product_id), &stage, &regions.provinces).await?;
        sign_in::write(conn, hashes, &ids).await?;
        catalogue::touch(conn).await?;
        Ok(true)
    };
    db::in_long_tx(&db.write, "load the demonstration", LOAD_SECONDS_MAX, work).await
}

async fn write_campaign(
    conn: &mut PgConnection,
    scale: Scale,
    (now, opens_in): (DateTime<Utc>, TimeDelta),
) -> Result<Option<(CampaignId, ProductId)>> {
    let (course_id, product_id) = db::demo::insert_course_and_product(conn).await?;
    let quota = count(scale.doses)?;
    let name =
        bilingual("코로나19 1차 예방접종, 1962-1966년생", "COVID-19, first dose, born 1962-1966");
    let cohort_name = bilingual("1962-1966년생", "Born 1962-1966");
    let campaign = NewCampaign {
        code: CAMPAIGN_CODE,
        name: &name,
        course_id,
        product_id,
        zone: Seoul.name(),
        opens_at: now + opens_in,
        closes_at: now + opens_in + TimeDelta::days(WINDOW_DAYS),
        quota,
        cohort: (&cohort_name, COHORT_BORN_FROM, COHORT_BORN_TO),
    };
    let Some(campaign_id) = db::demo::insert_open_campaign(conn, &campaign).await? else {
        return Ok(None);
    };
    let is_open = opens_in.is_zero();
    write_history(conn, campaign_id, (quota, scale.people, is_open), now).await?;
    Ok(Some((campaign_id, product_id)))
}

/// What the public was told before booking opened.
async fn write_history(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    (quota, people, is_open): (i32, u32, bool),
    now: DateTime<Utc>,
) -> Result<()> {
    let received =
        bilingual("이번 접종 사업에 확보한 물량입니다.", "The doses in stock for this round.");
    let granted = bilingual("전량을 의료기관에 배정했습니다.", "All of them passed on to clinics.");
    let (doses, people) = (words::count(quota), words::count(people));
    let published = bilingual(
        format!("대상자 {people}명에게 공표한 물량은 {doses}회분입니다."),
        format!("The quota is {doses} doses for {people} people."),
    );
    let opened = bilingual("예약이 시작되었습니다.", "Booking is open.");
    let lines = [
        ("received", Some(quota), &received),
        ("granted", Some(quota), &granted),
        ("published", Some(quota), &published),
        ("opened", None, &opened),
    ];
    let told = if is_open { lines.as_slice() } else { lines.split_last().map_or(&[][..], |l| l.1) };
    Ok(db::demo::insert_history(conn, campaign_id, now, told).await?)
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
            let key = |name: &str| match_key(&keys.matching, name, birth_date, &person.phone);
            let (match_key, spelling_key) = (key(&person.name), key(&person.name_en));
            let name_key = name_key(&keys.matching, &person.name, birth_date);
            let DemoPerson { name, name_en, birth_date, phone, .. } = person;
            Some(NewPerson {
                match_key,
                name_key,
                birth_date,
                region_id,
                name,
                phone,
                spelling_key,
                name_en,
            })
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
                amenities: clinic.amenities,
                directions: clinic.directions.as_ref(),
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

/// The files that the demonstration is drawn from are built in: what is wrong with a plan is wrong
/// with them.
fn misplaced(clinic: &Clinic) -> Error {
    let fault = format!("clinic {} is nowhere in the plan", clinic.code);
    io::Error::new(io::ErrorKind::InvalidData, fault).into()
}

fn count(doses: u32) -> Result<i32> {
    i32::try_from(doses).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error).into())
}
