//! What a booking transaction reads once its locks were granted, for all of its requests.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, query_as};
use uuid::Uuid;

use super::{
    booking::{self, booking_of},
    clinic::zone,
};
use crate::domain::{BookingId, CampaignId, ClinicId, booking::Booking, channel::Channel};

/// A campaign's state and rule version, read while the locks are held.
#[derive(Clone, Copy, Debug)]
pub struct CampaignNow {
    pub campaign_id: CampaignId,
    pub state: i16,
    pub rule_version: i32,
}

/// What is asked for, by ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    pub campaigns: &'a [i32],
    /// Clinics whose zones are wanted.
    pub clinics: &'a [i32],
    /// Persons whose live bookings are.
    pub persons: &'a [i64],
    /// Persons of whom also is read what they have booked of late and cancelled themselves. Mostly
    /// that is nobody.
    pub counted: &'a [i64],
    /// Any bookings.
    pub bookings: &'a [BookingId],
}

/// What a batch reads once.
#[derive(Clone, Debug)]
pub struct Now {
    /// The database's time.
    pub at: DateTime<Utc>,
    pub campaigns: Vec<CampaignNow>,
    pub zones: Vec<(ClinicId, Tz)>,
    pub bookings: HashMap<BookingId, Booking>,
}

/// The state of the campaigns that exist, the zones of the clinics, the bookings, and the
/// database's time. They are read after the locks were granted, so the time is not one from before
/// a wait. One answer has rows of two kinds: campaigns, of which there is one at least, and
/// bookings, which share their columns where they can.
pub async fn look(conn: &mut PgConnection, asked: &Asked<'_>) -> sqlx::Result<Now> {
    let booking_ids: Vec<_> = asked.bookings.iter().map(|id| id.0).collect();
    let rows = query_as!(
        Row,
        r#"/* locked::look */
           select clock_timestamp() as "now!", c.campaign_id, c.state, c.rule_version,
               array(select clinic_id from clinic where clinic_id = any($2) order by clinic_id)
                   as "clinics!",
               array(select zone from clinic where clinic_id = any($2) order by clinic_id)
                   as "zones!",
               null::uuid as booking_id, null::bigint as person_id, null::int as product_id,
               null::int as course_id, null::smallint as dose_number, null::bigint as slot_id,
               null::bigint as allocation_id, null::timestamptz as booked_at,
               null::timestamptz as ended_at, null::date as on_date,
               null::timestamptz as starts_at, null::timestamptz as ends_at,
               null::smallint as "channel: Channel", null::timestamptz as arrived_at,
               null::smallint as not_given
           from (values (1)) one left join campaign c on c.campaign_id = any($1)
           union all
           select clock_timestamp(), b.campaign_id, b.state, b.rule_version, '{}', '{}',
               b.booking_id, b.person_id, b.product_id, b.course_id, b.dose_number, b.slot_id,
               b.allocation_id, b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
               b.channel, b.arrived_at, b.not_given
           from (
               select * from booking where person_id = any($3) and state in (1, 2, 5)
               union all
               select * from booking where booking_id = any($4)
               union all
               select * from booking where person_id = any($5) and state = 3
                   and booked_at > clock_timestamp() - interval '27 hours'
                   and (select true from booking_cancellation c
                       where c.booking_id = booking.booking_id) is null
           ) b join slot s using (slot_id)"#,
        asked.campaigns,
        asked.clinics,
        asked.persons,
        &booking_ids,
        asked.counted,
    )
    .fetch_all(conn)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let zones = first.clinics.iter().zip(&first.zones);
    let zones = zones.map(|(id, name)| Ok((ClinicId(*id), zone(name)?)));
    let (at, zones) = (first.now, zones.collect::<sqlx::Result<_>>()?);
    let (mut campaigns, mut bookings) = (Vec::new(), HashMap::new());
    for row in rows {
        let campaign = row.campaign();
        if let Some(row) = row.booking() {
            let booking = booking_of(row)?;
            bookings.insert(booking.booking_id, booking);
        } else {
            campaigns.extend(campaign);
        }
    }
    Ok(Now { at, campaigns, zones, bookings })
}

/// A campaign or a booking.
struct Row {
    now: DateTime<Utc>,
    campaign_id: Option<i32>,
    state: Option<i16>,
    rule_version: Option<i32>,
    clinics: Vec<i32>,
    zones: Vec<String>,
    booking_id: Option<Uuid>,
    person_id: Option<i64>,
    product_id: Option<i32>,
    course_id: Option<i32>,
    dose_number: Option<i16>,
    slot_id: Option<i64>,
    allocation_id: Option<i64>,
    booked_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    on_date: Option<NaiveDate>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    channel: Option<Channel>,
    arrived_at: Option<DateTime<Utc>>,
    not_given: Option<i16>,
}

impl Row {
    fn campaign(&self) -> Option<CampaignNow> {
        Some(CampaignNow {
            campaign_id: CampaignId(self.campaign_id?),
            state: self.state?,
            rule_version: self.rule_version?,
        })
    }

    fn booking(self) -> Option<booking::Row> {
        Some(booking::Row {
            booking_id: self.booking_id?,
            person_id: self.person_id?,
            campaign_id: self.campaign_id?,
            product_id: self.product_id?,
            course_id: self.course_id?,
            dose_number: self.dose_number?,
            state: self.state?,
            slot_id: self.slot_id?,
            allocation_id: self.allocation_id?,
            rule_version: self.rule_version?,
            booked_at: self.booked_at?,
            ended_at: self.ended_at,
            on_date: self.on_date?,
            starts_at: self.starts_at?,
            ends_at: self.ends_at?,
            channel: self.channel?,
            arrived_at: self.arrived_at,
            not_given: self.not_given,
        })
    }
}
