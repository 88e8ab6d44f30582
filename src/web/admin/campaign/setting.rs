//! A campaign's name, course, window and limits: begun as a draft, and changed.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    head::{Head, InCampaign, find, path, said},
    list_form::{Shown, pressed},
    version,
};
use crate::{
    db,
    domain::{
        CourseId,
        booking_limit::BOOKINGS_PER_DAY,
        calendar::zone_named,
        campaign::{Campaign, NewCampaign},
        campaign_draft::NO_COURSE,
        course::{Course, NewCourse},
        day_policy::{DayPolicy, LeftOver, WalkIn},
        localized::{Localized, LocalizedChange},
    },
    flows::{self, campaign::Change},
    http::{extract::Path, problem::Problem},
    web::{
        admin::{
            field::{self, NAME, Pair},
            moment,
        },
        done::Done,
        form::{FieldError, Form, Reader},
        part::{Choice, Radios, Select, TextField},
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
};

const COURSES_MAX: i64 = 500;
const CODE_CHARS_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 200;
const DOSES_MAX: i16 = 20;
/// A year: no campaign asks for more.
const CANCEL_HOURS_MAX: i16 = 8_760;
/// More than anybody means.
const BOOKINGS_MAX: i16 = 100;
const COURSE_NAME: Pair = Pair { ko: "course_name_ko", en: "course_name_en" };
/// What a flow may find fault with.
const FIELDS: [&str; 12] = [
    "code",
    "name_ko",
    "name_en",
    "course",
    "course_code",
    "course_name_ko",
    "dose_number",
    "opens_at",
    "closes_at",
    "cancel_until_hours",
    "bookings_per_day",
    "zone",
];

#[derive(Template)]
#[template(path = "admin/campaign/new.html")]
struct NewPage<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    names: [TextField; 2],
    code: TextField,
    /// None where no course is known yet: the first one is named.
    course: Option<Select>,
    course_code: TextField,
    course_names: [TextField; 2],
    dose_number: TextField,
    window: [TextField; 5],
}

#[derive(Template)]
#[template(path = "admin/campaign/settings.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    errors: Vec<FieldError>,
    changes: Vec<String>,
    names: [TextField; 2],
    zone: String,
    window: [TextField; 4],
    policies: [Radios; 2],
    is_over: bool,
}

/// An empty form for a draft.
///
/// # Errors
/// The database's.
pub async fn get_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
) -> Result<HttpResponse, Problem> {
    let form = Form::of([
        ("zone", moment::zone(&visitor).name().to_owned()),
        ("dose_number", "1".to_owned()),
        ("cancel_until_hours", "48".to_owned()),
        ("bookings_per_day", BOOKINGS_PER_DAY.to_string()),
    ]);
    let page = new_page(&visitor, &form, Vec::new()).await?;
    visitor.show(&page)
}

/// Begins a draft.
///
/// # Errors
/// The database's; what was typed wrongly is said on the page.
pub async fn post_new(
    AdministratorVisitor(visitor): AdministratorVisitor,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let courses = courses(&visitor).await?;
    let mut reader = Reader::new(&form, t);
    if let Some((course, new)) = read_new(&mut reader, t, &courses) {
        let begun = flows::campaign_draft::begin(&visitor.visit.app.db, &course, new).await;
        match begun {
            Ok(campaign) => {
                let done = Done::well(t.admin_draft_begun());
                return visitor.done(&path(campaign.campaign_id), done);
            }
            Err(error) => field::refused(&mut reader, t, error.into(), &FIELDS)?,
        }
    }
    let page = new_page(&visitor, &form, reader.errors).await?;
    visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn courses(visitor: &StaffVisitor) -> Result<Vec<Course>, Problem> {
    Ok(db::course::list(&visitor.visit.app.db.read, CourseId(0), COURSES_MAX).await?)
}

async fn new_page<'a>(
    visitor: &'a StaffVisitor,
    form: &Form,
    errors: Vec<FieldError>,
) -> Result<NewPage<'a>, Problem> {
    let t = visitor.t();
    let known = courses(visitor).await?;
    let is_first = known.is_empty();
    let known = known.into_iter().map(|course| Choice {
        value: course.code.clone(),
        label: t.name(&course.name).to_owned().into(),
        hint: "".into(),
    });
    let other =
        Choice { value: String::new(), label: t.admin_other_course().into(), hint: "".into() };
    let course = Select {
        id: "course",
        label: t.admin_course().into(),
        hint: t.admin_course_hint().into(),
        groups: vec![(String::new(), std::iter::once(other).chain(known).collect())],
        chosen: form.text("course").to_owned(),
    };
    let [opens_at, closes_at, cancel, per_day] = window(t, form);
    let zone = field::text("zone", t.admin_zone(), form).hint(t.admin_zone_hint());
    Ok(NewPage {
        t,
        staff: visitor.frame(),
        errors,
        names: names(t, form),
        code: field::text("code", t.admin_code(), form).hint(t.admin_code_hint()),
        course: (!is_first).then_some(course),
        course_code: field::text("course_code", t.admin_course_code(), form)
            .hint(t.admin_course_code_hint()),
        course_names: COURSE_NAME.fields(
            t,
            (t.admin_course_name_ko().into(), t.admin_course_name_en().into()),
            form,
        ),
        dose_number: field::short("dose_number", t.admin_dose_number(), form),
        window: [zone, opens_at, closes_at, cancel, per_day],
    })
}

fn names(t: Texts, form: &Form) -> [TextField; 2] {
    NAME.fields(t, (t.admin_name_ko().into(), t.admin_name_en().into()), form)
}

fn window(t: Texts, form: &Form) -> [TextField; 4] {
    [
        field::text("opens_at", t.admin_opens_at(), form).hint(t.admin_moment_hint()),
        field::text("closes_at", t.admin_closes_at(), form).hint(t.admin_moment_hint()),
        field::short("cancel_until_hours", t.admin_cancel_until(), form)
            .hint(t.admin_cancel_until_hint()),
        field::text("bookings_per_day", t.admin_bookings_per_day(), form)
            .hint(t.admin_bookings_per_day_hint()),
    ]
}

fn read_new(
    reader: &mut Reader<'_>,
    t: Texts,
    courses: &[Course],
) -> Option<(NewCourse, NewCampaign)> {
    let name = NAME.read(reader, t, NAME_CHARS_MAX);
    let code = field::line(reader, t, "code", CODE_CHARS_MAX);
    let chosen = reader.form.text("course");
    let course = match courses.iter().find(|course| course.code == chosen) {
        Some(Course { code, name, .. }) => {
            Some(NewCourse { code: code.clone(), name: name.clone() })
        }
        None => {
            let code = field::line(reader, t, "course_code", CODE_CHARS_MAX);
            let name = COURSE_NAME.read(reader, t, NAME_CHARS_MAX);
            code.zip(name).map(|(code, name)| NewCourse { code, name })
        }
    };
    let dose_number = field::number(reader, t, "dose_number", 1..=DOSES_MAX);
    let zone = zone_named(reader.form.text("zone").trim())
        .or_else(|| reader.fault("zone", t.admin_no_zone()));
    let opens_at = zone.and_then(|zone| field::moment(reader, t, "opens_at", zone));
    let closes_at = zone.and_then(|zone| field::moment(reader, t, "closes_at", zone));
    let cancel_until_hours = field::number(reader, t, "cancel_until_hours", 0..=CANCEL_HOURS_MAX);
    let bookings_per_day = field::number(reader, t, "bookings_per_day", 1..=BOOKINGS_MAX);
    let new = NewCampaign {
        code: code?,
        name: name?,
        course_id: NO_COURSE,
        dose_number: dose_number?,
        opens_at: opens_at?,
        closes_at: closes_at?,
        cancel_until_hours: cancel_until_hours?,
        bookings_per_day: bookings_per_day?,
        zone: zone?,
        day: DayPolicy::default(),
    };
    Some((course?, new))
}

/// The settings as they are.
///
/// # Errors
/// `not_found`.
pub async fn get_settings(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let campaign = find(&visitor, campaign_id).await?;
    let form = filled(&campaign);
    visitor.show(&page(&visitor, Shown::opened(campaign), &form))
}

/// Changes them, unless somebody else has since the page was opened.
///
/// # Errors
/// `not_found`; what was typed wrongly is said on the page.
pub async fn post_settings(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let target = version::target(&form, campaign_id)?;
    let campaign = find(&visitor, campaign_id).await?;
    let mut reader = Reader::new(&form, t);
    let done = match read(&mut reader, t, &campaign) {
        Some(change) => Some(flows::campaign::change(&visitor.visit.app.db, target, change).await),
        None => None,
    };
    match pressed(&visitor, target, (reader, &FIELDS), done).await? {
        Ok(changed) => {
            let done = said(t, t.admin_settings_kept(), changed.is_settled);
            visitor.done(&path(campaign_id), done)
        }
        Err(shown) => {
            let status = shown.status;
            visitor.show_as(status, &page(&visitor, shown, &form))
        }
    }
}

fn filled(campaign: &Campaign) -> Form {
    let moment = |at| field::moment_text(at, campaign.zone);
    let names = NAME.of(&campaign.name);
    let window = [
        ("opens_at", moment(campaign.opens_at)),
        ("closes_at", moment(campaign.closes_at)),
        ("cancel_until_hours", campaign.cancel_until_hours.to_string()),
        ("bookings_per_day", campaign.bookings_per_day.to_string()),
        ("walk_in", campaign.day.walk_in.word().to_owned()),
        ("left_over", campaign.day.left_over.word().to_owned()),
    ];
    Form::of(names.into_iter().chain(window))
}

fn page<'a>(visitor: &'a StaffVisitor, shown: Shown, form: &Form) -> Page<'a> {
    let t = visitor.t();
    let Shown { campaign, errors, changes, .. } = shown;
    Page {
        t,
        staff: visitor.frame(),
        head: Head::new(t, &campaign),
        errors,
        changes,
        names: names(t, form),
        zone: t.admin_times_in(campaign.zone.name()),
        window: window(t, form),
        policies: policies(t, form),
        is_over: campaign.clone().unless_closed().is_err(),
    }
}

/// What becomes of walk-ins, and of doses that are left over when a day ends.
fn policies(t: Texts, form: &Form) -> [Radios; 2] {
    let choice = |value: &str, label: &'static str| Choice {
        value: value.to_owned(),
        label: label.into(),
        hint: "".into(),
    };
    let walk_in = |one: WalkIn| match one {
        WalkIn::Nobody => choice(one.word(), t.admin_walk_in_nobody()),
        WalkIn::Register => choice(one.word(), t.admin_walk_in_register()),
        WalkIn::Anybody => choice(one.word(), t.admin_walk_in_anybody()),
    };
    let left_over = |one: LeftOver| match one {
        LeftOver::Pool => choice(one.word(), t.admin_left_over_pool()),
        LeftOver::NextDay => choice(one.word(), t.admin_left_over_next_day()),
        LeftOver::Waste => choice(one.word(), t.admin_left_over_waste()),
    };
    let field = |id, legend: &'static str, choices| Radios {
        id,
        legend: legend.into(),
        hint: "".into(),
        choices,
        chosen: form.text(id).to_owned(),
    };
    [
        field("walk_in", t.admin_walk_in(), WalkIn::ALL.map(walk_in).to_vec()),
        field("left_over", t.admin_left_over(), LeftOver::ALL.map(left_over).to_vec()),
    ]
}

/// What the form says; what it shows as it was stays as it was, to the second.
fn read(reader: &mut Reader<'_>, t: Texts, campaign: &Campaign) -> Option<Change> {
    let name = NAME.read(reader, t, NAME_CHARS_MAX);
    let opens_at = field::moment(reader, t, "opens_at", campaign.zone);
    let closes_at = field::moment(reader, t, "closes_at", campaign.zone);
    let hours = field::number(reader, t, "cancel_until_hours", 0..=CANCEL_HOURS_MAX);
    let per_day = field::number(reader, t, "bookings_per_day", 1..=BOOKINGS_MAX);
    let shown = |at| field::moment_text(at, campaign.zone);
    let unless_shown = |typed: chrono::DateTime<chrono::Utc>, known| {
        (shown(typed) != shown(known)).then_some(typed)
    };
    Some(Change {
        name: name_change(name?),
        opens_at: unless_shown(opens_at?, campaign.opens_at),
        closes_at: unless_shown(closes_at?, campaign.closes_at),
        cancel_until_hours: Some(hours?),
        bookings_per_day: Some(per_day?),
        walk_in: WalkIn::ALL.into_iter().find(|one| one.word() == reader.form.text("walk_in")),
        left_over: LeftOver::ALL
            .into_iter()
            .find(|one| one.word() == reader.form.text("left_over")),
    })
}

fn name_change(name: Localized) -> LocalizedChange {
    LocalizedChange { main: Some(name.main), ko: Some(name.ko), en: Some(name.en) }
}
