//! Finds, shows and corrects persons of the register for administrators. Who looked at whom is
//! written down before anything is shown.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{
    Result,
    booking_number::{Among, find_holders},
    constraint::named,
};
use crate::{
    db::{self, Db, in_tx, person_record::Corrected},
    domain::{
        Code, Detail, PersonId, Refusal, StaffUserId,
        applicant::{Applicant, Appointment},
        birth_date::BirthDate,
        booking::Booking,
        booking_number::BookingNumber,
        calendar::{Local, local_date},
        campaign::State,
        eligibility::judge,
        keys::Keys,
        person::{Names, parse_email, parse_language, parse_person_code, parse_phone_if_any},
        person_change::{Change, Kind, Look, NewChange, Way},
        person_key::code_key,
        person_record::{Correction, Record},
        rule_set::Needs,
        verdict::{ReasonCode, Verdict},
    },
};

/// So many persons are shown at once: whoever finds more has not said enough.
const FOUND_MAX: usize = 50;
/// The newest bookings, changes and looks of a person.
const NEWEST: i64 = 100;

/// Whom an administrator looks for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// By any spelling of the name, as signing in compares them.
    Named {
        name: String,
        birth_date: BirthDate,
    },
    Booked {
        number: BookingNumber,
        among: Among,
    },
    /// By the register's own code.
    Coded(String),
}

/// A person with the bookings of theirs that have not ended.
pub struct Found {
    pub record: Record,
    pub bookings: Vec<Booking>,
}

/// A person with their newest bookings and changes.
pub struct Seen {
    pub record: Record,
    pub bookings: Vec<Booking>,
    pub changes: Vec<Change>,
}

/// The persons who are wanted, 50 at most, by id: each as whoever they turned out to be.
///
/// # Errors
/// `invalid_field` for a clinic that is not there.
pub async fn find(
    db: &Db,
    keys: &Keys,
    wanted: Wanted,
    (by, reason): (StaffUserId, &str),
) -> Result<Vec<Found>> {
    find_by(db, keys, wanted, (by, Some(reason))).await
}

/// As `find`; whose work it is to find people says no reason each time.
pub(super) async fn find_by(
    db: &Db,
    keys: &Keys,
    wanted: Wanted,
    (by, reason): (StaffUserId, Option<&str>),
) -> Result<Vec<Found>> {
    let (way, mut ids) = match wanted {
        Wanted::Named { name, birth_date } => {
            let born = db::person_record::list_born_on(&db.read, birth_date).await?;
            let called = born.into_iter().filter(|one| one.is_called(&name));
            (Way::ByName, called.map(|one| one.person_id).collect::<Vec<_>>())
        }
        Wanted::Booked { number, among } => {
            let ids = find_holders(db, &keys.booking_number, among, number).await?;
            (Way::ByBookingNumber, ids)
        }
        Wanted::Coded(code) => {
            let key = code_key(&keys.person_code, &code);
            let found = db::person_record::find_coded(&db.read, &key).await?;
            (Way::ByPersonCode, found.into_iter().collect())
        }
    };
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(FOUND_MAX);
    in_tx(&db.write, "find persons", async |conn| {
        db::person_change::insert_looks(conn, (by, way), &ids, reason).await?;
        let records = db::person_record::list(&mut *conn, &ids).await?;
        let bookings = db::person_record::list_live_bookings(conn, &ids).await?;
        let found = records.into_iter().map(|record| {
            let is_theirs = |one: &&Booking| one.person_id == record.person_id;
            let bookings = bookings.iter().filter(is_theirs).cloned().collect();
            Found { record, bookings }
        });
        Ok(found.collect())
    })
    .await
}

/// One person.
///
/// # Errors
/// `not_found`.
pub async fn open(db: &Db, person_id: PersonId, by: StaffUserId) -> Result<Seen> {
    in_tx(&db.write, "open person", async |conn| {
        let seen = see(conn, person_id).await?;
        db::person_change::insert_looks(conn, (by, Way::ById), &[person_id], None).await?;
        Ok(seen)
    })
    .await
}

pub(super) async fn see(conn: &mut PgConnection, person_id: PersonId) -> Result<Seen> {
    let record = db::person_record::find(&mut *conn, person_id).await?;
    let record = record.ok_or_else(Refusal::not_found)?;
    let bookings = db::booking::list_own(&mut *conn, person_id, None, NEWEST).await?;
    let changes = db::person_change::list(conn, person_id, None, NEWEST).await?;
    Ok(Seen { record, bookings, changes })
}

/// The changes of a person, newest first, and the newest looks.
///
/// # Errors
/// `not_found`.
pub async fn list_changes(
    db: &Db,
    person_id: PersonId,
    (before, limit): (Option<i64>, i64),
    by: StaffUserId,
) -> Result<(Vec<Change>, Vec<Look>)> {
    in_tx(&db.write, "list changes of person", async |conn| {
        let record = db::person_record::find(&mut *conn, person_id).await?;
        record.ok_or_else(Refusal::not_found)?;
        let changes = db::person_change::list(&mut *conn, person_id, before, limit).await?;
        let looks = db::person_change::list_looks(&mut *conn, person_id, NEWEST).await?;
        db::person_change::insert_looks(conn, (by, Way::Journal), &[person_id], None).await?;
        Ok((changes, looks))
    })
    .await
}

/// What a correction came to.
pub struct CorrectedPerson {
    pub seen: Seen,
    /// Bookings to come that the rules would refuse the person as they are now. They stay.
    pub ineligible: Vec<(Booking, Verdict)>,
}

/// Who changes which version of a person, and why.
pub struct Doing<'a> {
    pub by: StaffUserId,
    pub reason: &'a str,
    /// None is any version.
    pub version: Option<&'a str>,
}

/// Locks a person, for whoever has seen the version that is there.
///
/// # Errors
/// `not_found`; `person_merged`; `changed_meanwhile` with the version that is there and the last
/// change.
pub(super) async fn lock(
    conn: &mut PgConnection,
    person_id: PersonId,
    version: Option<&str>,
) -> Result<Record> {
    db::merge::be_impatient(conn).await?;
    db::person_record::lock(conn, person_id).await?;
    let record = db::person_record::find(&mut *conn, person_id).await?;
    let record = record.ok_or_else(Refusal::not_found)?;
    if let Some(into) = record.merged_into {
        return Err(merged(into).into());
    }
    let now = record.version();
    if version.is_some_and(|version| version != now) {
        let last = db::person_change::list(conn, person_id, None, 1).await?.pop();
        let refusal = Refusal::new(Code::ChangedMeanwhile, Detail::RecordChanged);
        let last = serde_json::to_value(last).unwrap_or_default();
        return Err(refusal.with("etag", format!("\"{now}\"")).with("last_change", last).into());
    }
    Ok(record)
}

/// The person is somebody else by now.
pub(super) fn merged(into: PersonId) -> Refusal {
    let detail = Detail::MergedInto { person_id: into };
    Refusal::new(Code::PersonMerged, detail).with("person_id", into.0)
}

/// Corrects a person, and makes the keys by which they sign in anew. A correction that makes a
/// booking impossible is done nevertheless: it is the truth. The booking stays, and is named.
/// Nobody is born after today in this zone.
///
/// # Errors
/// Those of [`lock`]; `invalid_field` for what cannot be, and where nothing differs;
/// `already_exists` with the person's id where the corrected identity is somebody else's.
pub async fn correct(
    db: &Db,
    (keys, zone): (&Keys, Tz),
    (person_id, correction): (PersonId, Correction),
    doing: Doing<'_>,
) -> Result<CorrectedPerson> {
    let Doing { by, reason, version } = doing;
    in_tx(&db.write, "correct person", async |conn| {
        let record = lock(conn, person_id, version).await?;
        let now = db::person_record::now(&mut *conn).await?;
        let today = local_date(now, zone);
        let new = corrected(&record, keys, correction.clone(), today)?;
        let fields = differing(&record, &new);
        if fields.is_empty() {
            let detail = Detail::NothingToCorrect;
            return Err(Refusal::new(Code::InvalidField, detail).into());
        }
        write(conn, keys, &new).await?;
        let change = NewChange {
            by,
            person_id,
            kind: Kind::Corrected,
            reason,
            fields: &fields,
            other_person_id: None,
            booking_ids: &[],
        };
        db::person_change::insert(conn, &change).await?;
        let seen = see(conn, person_id).await?;
        let ineligible = ineligible(conn, person_id, now).await?;
        db::catalogue::touch(conn).await?;
        Ok(CorrectedPerson { seen, ineligible })
    })
    .await
}

/// The record after a correction.
fn corrected(
    record: &Record,
    keys: &Keys,
    correction: Correction,
    today: NaiveDate,
) -> std::result::Result<Record, Refusal> {
    let Correction { name, name_ko, name_en, birth_date, phone, email, language, .. } = correction;
    let name = name.as_deref().unwrap_or(&record.name);
    let ko = name_ko.unwrap_or_else(|| record.name_ko.clone());
    let en = name_en.unwrap_or_else(|| record.name_en.clone());
    let names = Names::parse(name, ko.as_deref(), en.as_deref())?;
    let birth_date = birth_date.map(|text| BirthDate::parse_partial(&text, today));
    let phone = phone.as_deref().map(parse_phone_if_any).transpose()?;
    let code = correction.person_code;
    let code = code.map(|code| code.as_deref().map(parse_person_code).transpose()).transpose()?;
    let code = code.map(|code| code.map(|code| code_key(&keys.person_code, &code)));
    let email = email.map(|email| email.as_deref().map(parse_email).transpose()).transpose()?;
    let language =
        language.map(|tag| tag.as_deref().map(parse_language).transpose()).transpose()?;
    Ok(Record {
        name: names.main,
        name_ko: names.ko,
        name_en: names.en,
        birth_date: birth_date.transpose()?.unwrap_or(record.birth_date),
        phone: phone.unwrap_or_else(|| record.phone.clone()),
        code_key: code.unwrap_or(record.code_key),
        email: email.unwrap_or_else(|| record.email.clone()),
        language: language.unwrap_or(record.language),
        region_id: correction.region_id.unwrap_or(record.region_id),
        ..record.clone()
    })
}

/// The names of the fields that differ.
fn differing(old: &Record, new: &Record) -> Vec<&'static str> {
    let differs = [
        ("name", old.name != new.name),
        ("name_ko", old.name_ko != new.name_ko),
        ("name_en", old.name_en != new.name_en),
        ("birth_date", old.birth_date != new.birth_date),
        ("phone", old.phone != new.phone),
        ("person_code", old.code_key != new.code_key),
        ("email", old.email != new.email),
        ("language", old.language != new.language),
        ("region_id", old.region_id != new.region_id),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
}

async fn write(conn: &mut PgConnection, keys: &Keys, new: &Record) -> Result<()> {
    let code_key = new.code_key.as_ref();
    let keyed = new.names().keyed(&keys.matching, new.birth_date, (&new.phone, code_key));
    let mut own = vec![keyed.match_key];
    own.extend(keyed.spellings.iter().map(|one| one.match_key));
    let other = db::person_record::find_holder(&mut *conn, new.person_id, &own, code_key).await?;
    if let Some(other) = other {
        let detail = Detail::OfOtherPerson { person_id: other };
        let refusal = Refusal::new(Code::AlreadyExists, detail);
        return Err(refusal.with("person_id", other.0).into());
    }
    let corrected = Corrected {
        keyed: &keyed,
        code_key,
        birth_date: new.birth_date,
        phone: &new.phone,
        email: new.email.as_deref(),
        language: new.language,
        region_id: new.region_id,
    };
    db::person_record::update(conn, new.person_id, &corrected).await.map_err(named)
}

/// Reasons that are about when somebody books, and not about who they are.
const OF_THE_MOMENT: [ReasonCode; 7] = [
    ReasonCode::CampaignClosed,
    ReasonCode::WindowClosed,
    ReasonCode::AppointmentPast,
    ReasonCode::NotPublished,
    ReasonCode::CampaignPaused,
    ReasonCode::WindowNotOpen,
    ReasonCode::TrancheNotOpen,
];

/// The bookings to come that the person could not make as they are, each with the reasons. The
/// booking itself is left out of what they hold.
async fn ineligible(
    conn: &mut PgConnection,
    person_id: PersonId,
    now: DateTime<Utc>,
) -> Result<Vec<(Booking, Verdict)>> {
    let live = db::person_record::list_live_bookings(&mut *conn, &[person_id]).await?;
    let mut found = Vec::new();
    for booking in db::person_record::are_to_come(live.clone(), now) {
        let campaign_id = booking.campaign_id;
        let clinic_id = Some(booking.clinic_id);
        let standing = db::eligibility::find(&mut *conn, campaign_id, None, clinic_id).await?;
        let Some(standing) = standing else { continue };
        let rules = db::eligibility::rules(conn, campaign_id, standing.rule_version).await?;
        let Some(rules) = rules else { continue };
        let needs = Needs { province: true, rosters: true };
        let mut people = db::batch::people(conn, &[person_id.0], needs).await?;
        let Some(person) = people.remove(&person_id) else { continue };
        let Some(applicant) = person.applicant.clone() else { continue };
        let others = live.iter().filter(|other| other.booking_id != booking.booking_id);
        let own = others.filter(|other| other.course_id == rules.course_id);
        let doses = own.map(Booking::dose_held).collect();
        let is_excluded = person.is_excluded(rules.course_id, rules.dose_number);
        let deferred_until = person.deferred_until(rules.course_id);
        let applicant = Applicant { doses, is_excluded, deferred_until, ..applicant };
        let appointment = Appointment { on_date: booking.on_date, product_id: booking.product_id };
        let here = Local { at: now, zone: standing.clinic_zone.unwrap_or(rules.zone) };
        let mut verdict = judge(&rules, State::Open, &applicant, Some(&appointment), here);
        verdict.reasons.retain(|reason| !OF_THE_MOMENT.contains(&reason.code()));
        if !verdict.reasons.is_empty() {
            found.push((booking, verdict));
        }
    }
    Ok(found)
}
