//! A campaign as a list of tasks: what is there, what is missing, and which step comes next.

use actix_web::HttpResponse;
use askama::Template;

use super::head::{Head, InCampaign, find, path};
use crate::{
    api::admin::check::setup,
    db,
    domain::{
        CampaignId,
        campaign::{Campaign, State, Step},
        campaign_sum::CampaignSum,
        check::{Check, Finding, Numbers, Severity},
        supply_history::{Entry, Event},
    },
    flows,
    http::{extract::Path, problem::Problem},
    web::{
        part::{Row, Tone},
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

const EVENTS_MAX: i64 = 10;

#[derive(Template)]
#[template(path = "admin/campaign/tasks.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    reason: Option<String>,
    tasks: Vec<Task>,
    /// Lawful steps: the word of the path, the text, whether it is the next one.
    steps: Vec<(&'static str, &'static str, bool)>,
    /// Something is missing: looking at it comes before every step.
    is_check_next: bool,
    is_public: bool,
    figures: Vec<Row>,
    events: Vec<(String, String, String)>,
}

/// Something to do before a campaign is whole.
struct Task {
    text: &'static str,
    href: String,
    about: String,
    state: &'static str,
    tone: Tone,
}

#[derive(Template)]
#[template(path = "admin/campaign/check.html")]
struct CheckPage<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    head: Head,
    summary: String,
    figures: Vec<Row>,
    findings: Vec<Found>,
    /// The word of the step that is checked, and its text.
    next: Option<(&'static str, &'static str)>,
    has_errors: bool,
}

/// Something that was found, and where it is mended.
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) text: String,
    pub(super) is_error: bool,
    /// Empty where no page mends it.
    pub(super) href: String,
}

/// # Errors
/// `not_found`.
pub async fn get_campaign(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let campaign = find(&visitor, campaign_id).await?;
    let sum = sum(&visitor, campaign_id).await?;
    let tasks = tasks(&visitor, &campaign, &sum).await?;
    let is_missing = campaign.state == State::Draft
        && tasks.iter().any(|task| task.state == t.admin_task_missing());
    let page = Page {
        t,
        staff: visitor.frame(),
        head: Head::new(t, &campaign),
        reason: campaign.state_reason.as_ref().map(|reason| t.name(reason).to_owned()),
        tasks,
        steps: steps(t, campaign.state, is_missing),
        is_check_next: is_missing,
        is_public: campaign.state != State::Draft,
        figures: figures(t, &campaign, &sum),
        events: events(t, &campaign, &app.db).await?,
    };
    visitor.show(&page)
}

/// What stands in the way of the next step.
///
/// # Errors
/// `not_found`.
pub async fn get_check(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let check = flows::check::check(&app.db, campaign_id, setup(app)).await?;
    let numbers = &check.numbers;
    let people = numbers.people.map_or_else(|| t.admin_not_counted().into(), |n| t.count(n));
    let page = CheckPage {
        t,
        staff: visitor.frame(),
        head: Head::new(t, &check.campaign),
        summary: words::check_summary(t.language(), numbers),
        figures: vec![
            Row::new(t.admin_people(), people),
            Row::new(t.admin_open_doses(), t.count(numbers.doses)),
            Row::new(t.admin_seats(), t.count(numbers.seats)),
            Row::new(t.admin_bookable(), t.count(numbers.bookable)),
        ],
        findings: found(t, &check),
        next: check.step.map(|step| (word(step), name(t, check.campaign.state, step))),
        has_errors: check.count(Severity::Error) > 0,
    };
    visitor.show(&page)
}

pub(super) async fn sum(
    visitor: &StaffVisitor,
    campaign_id: CampaignId,
) -> Result<CampaignSum, Problem> {
    let db = &visitor.visit.app.db.read;
    let sums = db::campaign_sum::list(db, Some(campaign_id)).await?;
    Ok(sums.first().map(|(_, sum)| *sum).unwrap_or_default())
}

/// What a check found, the errors first.
pub(super) fn found(t: Texts, check: &Check) -> Vec<Found> {
    let Some(step) = check.step else { return Vec::new() };
    let of = |finding: &Finding| Found {
        code: finding.code(),
        text: words::finding(t.language(), finding),
        is_error: finding.severity(step) == Severity::Error,
        href: mended_at(check.campaign.campaign_id, finding),
    };
    check.findings.iter().map(of).collect()
}

/// The page on which a finding is mended.
fn mended_at(campaign_id: CampaignId, finding: &Finding) -> String {
    let own = |page: &str| format!("{}{page}", path(campaign_id));
    match finding {
        Finding::NoCohort => own("/cohorts"),
        Finding::NoProduct => own("/products"),
        Finding::NobodyEligible => own("/cohorts"),
        Finding::DigitsWithoutTranche { .. } => own("/tranches"),
        Finding::OpensInPast { .. } | Finding::ClosesInPast { .. } => own("/settings"),
        Finding::NoDoses | Finding::RegionsWithoutDoses { .. } => {
            "/admin/imports/allocations".into()
        }
        Finding::NoSeats { .. } | Finding::DosesWithoutSeats { .. } => {
            "/admin/imports/hours".into()
        }
        Finding::RegionsWithoutClinic { .. } => "/admin/imports/clinics".into(),
        Finding::PeopleNotCounted { .. }
        | Finding::CodesNotSent
        | Finding::CodesShown
        | Finding::NoHelpline => String::new(),
    }
}

async fn tasks(
    visitor: &StaffVisitor,
    campaign: &Campaign,
    sum: &CampaignSum,
) -> Result<Vec<Task>, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let check = flows::check::glance(&app.db, campaign.campaign_id, setup(app)).await?;
    let rules = check.rules.clone();
    let own = |page: &str| format!("{}{page}", path(campaign.campaign_id));
    let (from, to) = (campaign.opens_at, campaign.closes_at);
    let window = t.admin_window(&t.instant(from, campaign.zone), &t.instant(to, campaign.zone));
    let task = |text, href: String, about, state: (&'static str, Tone)| Task {
        text,
        href,
        about,
        state: state.0,
        tone: state.1,
    };
    let done = |is_done| done(t, is_done);
    let turns = turns(t, &check);
    let doses =
        t.admin_doses_so_far(&t.count(sum.received), &t.count(sum.granted), &t.count(sum.in_pools));
    Ok(vec![
        task(t.admin_settings(), own("/settings"), window, done(true)),
        task(
            t.admin_products(),
            own("/products"),
            t.admin_count_products(&t.count(rules.products)),
            done(rules.products > 0),
        ),
        task(
            t.admin_cohorts(),
            own("/cohorts"),
            t.admin_count_cohorts(&t.count(rules.cohorts)),
            done(rules.cohorts > 0),
        ),
        task(
            t.admin_tranches(),
            own("/tranches"),
            t.admin_count_tranches(&t.count(rules.tranches)),
            turns,
        ),
        task(
            t.admin_register(),
            "/admin/imports/register".into(),
            t.admin_register_why().to_owned(),
            done(db::person_record::is_any(&app.db.read).await?),
        ),
        clinics(visitor),
        hours(visitor, &check.numbers).await?,
        task(
            t.admin_doses(),
            format!("/admin/pools?campaign={}", campaign.campaign_id),
            doses,
            done(sum.received > 0),
        ),
        task(
            t.admin_allocations(),
            "/admin/imports/allocations".into(),
            t.admin_allocations_so_far(&t.count(sum.open)),
            done(sum.granted > 0),
        ),
    ])
}

fn done(t: Texts, is_done: bool) -> (&'static str, Tone) {
    match is_done {
        true => (t.admin_task_done(), Tone::Good),
        false => (t.admin_task_missing(), Tone::Bad),
    }
}

/// Seats count where doses are; until then it is enough that there are hours.
async fn hours(visitor: &StaffVisitor, numbers: &Numbers) -> Result<Task, Problem> {
    let (t, db) = (visitor.t(), &visitor.visit.app.db.read);
    let is_before_doses = numbers.doses == 0 && db::slot::is_any(db).await?;
    let about = match is_before_doses {
        true => t.admin_hours_before_doses().to_owned(),
        false => t.admin_places_so_far(&t.count(numbers.seats), &t.count(numbers.bookable)),
    };
    let (state, tone) = done(t, is_before_doses || numbers.bookable > 0);
    Ok(Task { text: t.admin_hours(), href: "/admin/imports/hours".into(), about, state, tone })
}

/// How the tranches stand: nobody needs any, but those that are there leave nobody out.
fn turns(t: Texts, check: &Check) -> (&'static str, Tone) {
    let has_missing_digit =
        check.findings.iter().any(|one| matches!(one, Finding::DigitsWithoutTranche { .. }));
    match (check.rules.tranches, has_missing_digit) {
        (0, _) => (t.admin_task_optional(), Tone::Plain),
        (_, true) => (t.admin_task_look(), Tone::Wait),
        _ => (t.admin_task_done(), Tone::Good),
    }
}

/// Where the doses go: by a page one at a time, or by a file.
fn clinics(visitor: &StaffVisitor) -> Task {
    let (t, known) = (visitor.t(), visitor.visit.app.board.now().catalogue.clinics.len());
    let (state, tone) = done(t, known > 0);
    Task {
        text: t.admin_task_clinics(),
        href: "/admin/clinics".into(),
        about: t.admin_count_clinics(&t.count(i64::try_from(known).unwrap_or(i64::MAX))),
        state,
        tone,
    }
}

/// The steps that the state allows, the usual one first.
/// What leads on stands out; what stops booking never does.
fn steps(t: Texts, state: State, is_missing: bool) -> Vec<(&'static str, &'static str, bool)> {
    let lawful = Step::ALL.into_iter().filter(|step| state.next(*step).is_ok());
    let is_next = |step| !is_missing && matches!(step, Step::Publish | Step::Open);
    lawful.map(|step| (word(step), name(t, state, step), is_next(step))).collect()
}

/// As in paths.
pub(super) fn word(step: Step) -> &'static str {
    match step {
        Step::Publish => "publish",
        Step::Open => "open",
        Step::Pause => "pause",
        Step::Close => "close",
    }
}

/// What is done by a step from a state.
pub(super) fn name(t: Texts, from: State, step: Step) -> &'static str {
    match (step, from) {
        (Step::Publish, _) => t.admin_step_publish(),
        (Step::Open, State::Paused) => t.admin_step_resume(),
        (Step::Open, _) => t.admin_step_open(),
        (Step::Pause, _) => t.admin_step_pause(),
        (Step::Close, _) => t.admin_step_close(),
    }
}

fn figures(t: Texts, campaign: &Campaign, sum: &CampaignSum) -> Vec<Row> {
    let quota = campaign.published_quota.map(|quota| t.count(quota));
    let quota = quota.unwrap_or_else(|| t.admin_not_published().to_owned());
    vec![
        Row::new(t.admin_quota(), quota),
        Row::new(t.admin_received(), t.count(sum.received)),
        Row::new(t.admin_in_pools(), t.count(sum.in_pools)),
        Row::new(t.admin_granted(), t.count(sum.granted)),
        Row::new(t.admin_open_doses(), t.count(sum.open)),
        Row::new(t.admin_booked_doses(), t.count(sum.booked)),
        Row::new(t.admin_given_doses(), t.count(sum.given)),
        Row::new(t.admin_lost_doses(), t.count(sum.lost)),
        Row::new(t.admin_unaccounted(), t.count(sum.unaccounted)),
    ]
}

/// What became public last, the newest first.
async fn events(
    t: Texts,
    campaign: &Campaign,
    db: &db::Db,
) -> Result<Vec<(String, String, String)>, Problem> {
    let latest = db::supply_history::latest(&db.read, campaign.campaign_id, EVENTS_MAX).await?;
    let line = |entry: &Entry| {
        let what = Event::of_word(&entry.event).map_or("", |known| event(t, known));
        let what = match entry.doses {
            Some(doses) => t.admin_event_doses(what, &t.count(doses)),
            None => what.to_owned(),
        };
        (t.instant(entry.at, campaign.zone), what, t.name(&entry.reason).to_owned())
    };
    Ok(latest.iter().map(line).collect())
}

fn event(t: Texts, event: Event) -> &'static str {
    match event {
        Event::Published => t.change_published(),
        Event::Opened => t.change_opened(),
        Event::Paused => t.change_paused(),
        Event::Resumed => t.admin_event_resumed(),
        Event::Closed => t.change_closed(),
        Event::Received => t.admin_event_received(),
        Event::Granted => t.admin_event_granted(),
        Event::Retracted => t.admin_event_retracted(),
        Event::Corrected => t.admin_event_corrected(),
    }
}
