//! Somebody stands there whom the register does not know: adds them, where a campaign of the clinic
//! is for anybody. Who did it is written down.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::name::Names;
use crate::{
    db,
    domain::{CampaignId, Code, RegionId, person::parse_phone_if_any},
    flows::{self, person::Entry},
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
    web::{
        birth_field::birth_field,
        done::Done,
        form::{FieldError, Form, NAME, PHONE, REGION, Reader},
        part::{Choice, DateField, Input, Select, TextField},
        region_field::districts,
        staff_guard::AtDesk,
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

const CAMPAIGN: &str = "campaign";
/// The box that says it is another person.
const DISTINCT: &str = "distinct";

#[derive(Template)]
#[template(path = "clinic/register.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    obstacles: Vec<String>,
    /// None where nobody can be added here.
    form: Option<Fields>,
}

/// The form, as it stands on this page and below a search that found nobody.
pub struct Fields {
    pub to: String,
    pub name: TextField,
    pub birth: DateField,
    pub phone: TextField,
    pub region: Select,
    pub campaign: Select,
    /// Somebody has the same name and date of birth.
    pub asks_distinct: bool,
}

fn path(at: &AtDesk) -> String {
    format!("/clinic/{}/register", at.clinic_id)
}

/// The form with what was typed; none where no campaign of the clinic is for anybody.
///
/// # Errors
/// Those of the database.
pub async fn fields(at: &AtDesk, typed: &Form) -> Result<Option<Fields>, Problem> {
    let (t, app) = (at.visitor.t(), &at.visitor.visit.app);
    if !at.gives_doses() {
        return Ok(None);
    }
    let campaigns = db::walk_in::open_to_anybody(&app.db.read, at.clinic_id).await?;
    if campaigns.is_empty() {
        return Ok(None);
    }
    let snapshot = app.board.now();
    let names = Names::new(t, &snapshot);
    let choice = |id: &CampaignId| Choice {
        value: id.to_string(),
        label: names.campaign(*id).into(),
        hint: "".into(),
    };
    let catalogue = &snapshot.catalogue;
    let site = catalogue.place_of(at.clinic_id).and_then(|place| catalogue.clinics.get(place));
    let here = site.map(|site| site.clinic.region_id.to_string()).unwrap_or_default();
    let region = if typed.has(REGION) { typed.text(REGION).to_owned() } else { here };
    let text = |id, label: &'static str| TextField::new(id, label, Input::Text, typed.text(id));
    Ok(Some(Fields {
        to: at.visitor.visit.frame().to(&path(at)),
        name: text(NAME, t.name_label()).hint(t.clinic_register_name_hint()),
        birth: DateField { is_birth_date: false, ..birth_field(t, typed) },
        phone: text(PHONE, t.phone_label()).hint(t.clinic_register_phone_hint()),
        region: Select {
            id: REGION,
            label: t.home_region().into(),
            hint: "".into(),
            groups: districts(t, &snapshot.catalogue),
            chosen: region,
        },
        campaign: Select {
            id: CAMPAIGN,
            label: t.admin_campaign().into(),
            hint: "".into(),
            groups: vec![(String::new(), campaigns.iter().map(choice).collect())],
            chosen: typed.text(CAMPAIGN).to_owned(),
        },
        asks_distinct: typed.has(DISTINCT),
    }))
}

/// The form, empty.
///
/// # Errors
/// Those of the database.
pub async fn get_register(
    at: AtDesk,
    _: Admitted<admission::Desk>,
) -> Result<HttpResponse, Problem> {
    let here = path(&at);
    let mut form = fields(&at, &Form::default()).await?;
    if let Some(form) = &mut form {
        form.name.is_focused = true;
    }
    at.visitor.show(&page(&at, &here, form))
}

fn page<'a>(at: &'a AtDesk, here: &'a str, form: Option<Fields>) -> Page<'a> {
    let (errors, obstacles) = (Vec::new(), Vec::new());
    Page { t: at.visitor.t(), staff: at.visitor.frame_of(here), errors, obstacles, form }
}

/// Adds them, and opens their page.
///
/// # Errors
/// `overloaded`; what else stands in the way is said on the page, which keeps what was typed.
pub async fn post_register(
    at: AtDesk,
    _: Admitted<admission::Desk>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app, here) = (at.visitor.t(), &at.visitor.visit.app, path(&at));
    let mut page = page(&at, &here, fields(&at, &form).await?);
    let (campaign_id, entry) = match read(&at, &form) {
        Ok(read) => read,
        Err(errors) => {
            page.errors = errors;
            return at.visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (said, where_to) = (t.clinic_registered(&entry.name), (at.clinic_id, campaign_id));
    let by = at.visitor.user.staff_user_id;
    let added = flows::person_find::register(&app.db, &app.keys, where_to, entry, by).await;
    let problem = match added.map_err(Problem::from) {
        Ok(person_id) => {
            let to = format!("/clinic/{}/persons/{person_id}", at.clinic_id);
            return at.visitor.done(&to, Done::well(said));
        }
        Err(problem) => problem,
    };
    problem.log(None);
    page.obstacles.push(words::refusal(t.language(), &problem.refusal));
    if let (Some(fields), Code::PossibleDuplicate) = (&mut page.form, problem.refusal.code) {
        fields.asks_distinct = true;
    }
    at.visitor.show_refused(&problem, &page)
}

fn read(at: &AtDesk, form: &Form) -> Result<(CampaignId, Entry), Vec<FieldError>> {
    let (t, today) = (at.visitor.t(), at.visitor.visit.app.clock.now().date_naive());
    let mut reader = Reader::new(form, t);
    let (name, birth_date) = (reader.name(), reader.birth_date(today));
    let phone = reader.read(parse_phone_if_any(form.text(PHONE)));
    let region_id: Option<RegionId> = form.value(REGION);
    if region_id.is_none() {
        reader.fault::<()>(REGION, t.region_unknown());
    }
    let campaign_id: Option<CampaignId> = form.value(CAMPAIGN);
    if campaign_id.is_none() {
        reader.fault::<()>(CAMPAIGN, t.clinic_register_not());
    }
    let all = (name, birth_date, phone, region_id, campaign_id);
    let (Some(name), Some(birth_date), Some(phone), Some(region_id), Some(campaign_id)) = all
    else {
        return Err(reader.errors);
    };
    let entry = Entry {
        name,
        name_ko: None,
        name_en: None,
        birth_date,
        phone,
        person_code: None,
        is_distinct: form.text(DISTINCT) == "yes",
        email: None,
        language: None,
        region_id,
        roster_ids: Vec::new(),
    };
    Ok((campaign_id, entry))
}
