//! A clinic's pages: a nurse's day by presses alone, without script, in both languages.

use dosebook::{domain::masked_name::masked_name, flows::discrepancy::verify};
use uuid::Uuid;

use super::{LANGUAGES, faults};
use crate::support::{Browser, Made, Page, TestApp, World, browser::Form};

/// A clinic whose day has begun, with people booked into its first slot.
pub(super) struct Desk {
    pub app: TestApp,
    pub made: Made,
    pub browser: Browser,
    bookings: Vec<Uuid>,
    language: &'static str,
}

impl Desk {
    pub async fn open(language: &'static str, people: usize) -> Self {
        let app = TestApp::start().await;
        let made = World::new().clinics(2).days(3).cancel_until_hours(0).make(&app.db).await;
        let mut bookings = Vec::new();
        for person in &made.people[..people] {
            let (id, body) = (Uuid::now_v7(), made.booking(made.slot(0, 1, 0)));
            app.citizen(person).put_booking(id, &body).await.ok(201);
            bookings.push(id);
        }
        made.begin_day(&app.db, 0, 1).await;
        app.refresh().await;
        let browser = app.staff_browser(2, Some(made.clinics[0])).await;
        Self { app, made, browser, bookings, language }
    }

    pub fn path(&self, path: &str) -> String {
        format!("/{}/clinic/{}{path}", self.language, self.made.clinics[0])
    }

    fn visit(&self, person: usize) -> String {
        self.path(&format!("/bookings/{}", self.bookings[person]))
    }

    /// Types the number into the field of the page of the day, as a scanner does.
    async fn scan(&mut self, person: usize) -> Page {
        let day = self.browser.open(&self.path("")).await.ok(200);
        let number = self.app.number(self.bookings[person]).to_string();
        let form = day.form(&self.path("/find")).with(&[("number", &number)]);
        self.browser.press(&form).await.ok(200)
    }

    /// The form of the page that makes this step.
    fn form(&self, page: &Page, step: &str) -> Form {
        self.form_with(page, ("step", step))
    }

    /// The first form of the page that has this hidden field.
    pub fn form_with(&self, page: &Page, (name, value): (&str, &str)) -> Form {
        let forms = page.text.split("<form ").skip(1).filter_map(|rest| {
            let form = rest.split_once("</form>")?.0;
            let has = form.contains(&format!("name=\"{name}\" value=\"{value}\""));
            let action = form.split_once("action=\"")?.1.split_once('"')?.0.to_owned();
            let text = format!("<form {form}</form>");
            has.then(|| (action, Page { text, ..page.clone() }))
        });
        let found = forms.into_iter().next();
        let (action, found) =
            found.unwrap_or_else(|| panic!("no {name} {value} in {}", page.main()));
        let mut form = found.form(&action.replace("&#38;", "&"));
        // Boxes and buttons of radio groups that nobody has chosen are not sent.
        form.fields.retain(|(name, _)| !name.starts_with("answer-"));
        form.fields.retain(|(name, _)| !["site", "reason"].contains(&name.as_str()));
        form
    }

    /// The person says their day of birth, and is checked in.
    fn arrive(&self, page: &Page, person: usize) -> Form {
        let born = self.made.people[person].birth_date.format("%Y%m%d").to_string();
        self.check_in(page, &[("born", &born)])
    }

    fn check_in(&self, page: &Page, typed: &[(&str, &str)]) -> Form {
        let mut form = self.form(page, "arrive");
        form.fields.retain(|(name, _)| !["born", "document"].contains(&name.as_str()));
        let typed = typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        form.fields.extend(typed);
        form
    }

    fn give(&self, page: &Page) -> Form {
        let mut form = self.form(page, "give").with(&[("lot", "EW0182")]);
        for (name, value) in
            [("answer-identity", "yes"), ("answer-screening", "yes"), ("site", "left_arm")]
        {
            form.fields.push((name.to_owned(), value.to_owned()));
        }
        form
    }

    pub async fn doses(&self) -> [i32; 3] {
        let sql = "select array[booked, spare, given] from allocation where allocation_id = $1";
        let id = self.made.allocations[0].allocation_id.0;
        let doses: Vec<i32> =
            sqlx::query_scalar(sql).bind(id).fetch_one(&self.app.db).await.unwrap();
        doses.try_into().unwrap()
    }
}

#[tokio::test]
async fn two_presses_after_the_scan_give_the_dose() {
    for language in LANGUAGES {
        let mut desk = Desk::open(language, 2).await;
        let page = desk.scan(0).await;
        assert_eq!(page.at, desk.visit(0));
        assert_eq!(faults(&page.text), [""; 0]);
        let person = desk.made.people[0].clone();
        assert_eq!(page.heading(), masked_name(&person.name), "nobody has said who they are");
        assert!(!page.text.contains(&person.name) && !page.text.contains("1962"), "{}", page.text);
        let page = desk.browser.press(&desk.arrive(&page, 0)).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        assert_eq!(page.heading(), person.name, "whole: the person stands there");
        assert!(page.main().contains("1962"));
        let page = desk.browser.press(&desk.give(&page)).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        assert_eq!(desk.doses().await, [1, 0, 1]);
        // The next is scanned there, and has the lot of this one.
        assert!(page.main().contains("data-scan"), "{}", page.main());
        let page = desk.scan(1).await;
        let page = desk.browser.press(&desk.arrive(&page, 1)).await.ok(200);
        assert_eq!(desk.form(&page, "give").value("lot"), "EW0182");
        assert_eq!(verify(&desk.app.app.db).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_press_may_come_twice_and_a_wrong_one_is_taken_back() {
    let mut desk = Desk::open("en", 1).await;
    let page = desk.scan(0).await;
    let arrive = desk.arrive(&page, 0);
    let page = desk.browser.press(&arrive).await.ok(200);
    desk.browser.press(&arrive).await.ok(200);
    let give = desk.give(&page);
    let page = desk.browser.press(&give).await.ok(200);
    desk.browser.press(&give).await.ok(200);
    assert_eq!(desk.doses().await, [0, 0, 1]);
    let undo = desk.form(&page, "undo");
    let page = desk.browser.press(&undo).await.ok(200);
    assert_eq!(desk.doses().await, [1, 0, 0]);
    assert!(page.main().contains("<del>Given"), "{}", page.main());
    // Not vaccinated after all: without a reason it is asked for.
    let form = desk.form(&page, "not_vaccinated");
    let refused = desk.browser.press(&form).await.ok(422);
    assert_eq!(refused.errors()[0].0, "reason");
    let mut form = desk.form(&refused, "not_vaccinated");
    form.fields.push(("reason".to_owned(), "unwell".to_owned()));
    let page = desk.browser.press(&form).await.ok(200);
    assert!(page.main().contains("Not well enough today"), "{}", page.main());
    assert_eq!(desk.doses().await, [0, 1, 0]);
    desk.browser.press(&desk.form(&page, "undo")).await.ok(200);
    assert_eq!(desk.doses().await, [1, 0, 0]);
    assert_eq!(verify(&desk.app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_not_answered_is_asked_again_with_what_was_typed() {
    let mut desk = Desk::open("en", 1).await;
    let page = desk.scan(0).await;
    let page = desk.browser.press(&desk.arrive(&page, 0)).await.ok(200);
    let mut form = desk.give(&page);
    form.fields.retain(|(name, _)| name != "answer-screening");
    let refused = desk.browser.submit(&form).await;
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    assert!(refused.main().contains("role=\"alert\""), "{}", refused.main());
    assert!(refused.main().contains("health today"), "{}", refused.main());
    let again = desk.form(&refused, "give");
    assert_eq!(again.value("lot"), "EW0182");
    assert_eq!(again.value("step_id"), form.value("step_id"), "the same press");
    assert!(refused.main().contains("name=\"answer-identity\" value=\"yes\" checked"));
    let mut empty = desk.form(&refused, "give").with(&[("lot", " ")]);
    empty.fields.push(("answer-identity".to_owned(), "yes".to_owned()));
    let refused = desk.browser.submit(&empty).await.ok(422);
    let fields: Vec<_> = refused.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["lot", "site"]);
    assert_eq!(desk.doses().await, [1, 0, 0]);
}

#[tokio::test]
async fn who_comes_on_another_day_or_to_another_clinic_is_told_so() {
    let mut desk = Desk::open("en", 1).await;
    let person = &desk.made.people[5];
    let (id, body) = (Uuid::now_v7(), desk.made.booking(desk.made.slot(0, 2, 0)));
    desk.app.citizen(person).put_booking(id, &body).await.ok(201);
    desk.bookings.push(id);
    let page = desk.scan(1).await;
    assert!(page.main().contains("class=\"note warn\""), "why not: {}", page.main());
    assert!(!page.main().contains("value=\"give\""), "nothing to give");
    // Nobody else's number, and no number.
    for (typed, status) in [("1234567890", 422), ("", 422), ("12", 422)] {
        let day = desk.browser.open(&desk.path("")).await.ok(200);
        let form = day.form(&desk.path("/find")).with(&[("number", typed)]);
        let page = desk.browser.submit(&form).await.ok(status);
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.main().contains("id=\"number-error\""), "{}", page.main());
    }
    let unknown = desk.app.number(Uuid::now_v7()).to_string();
    let day = desk.browser.open(&desk.path("")).await.ok(200);
    let form = day.form(&desk.path("/find")).with(&[("number", &unknown)]);
    desk.browser.submit(&form).await.ok(404);
    let mut other = desk.app.staff_browser(2, Some(desk.made.clinics[1])).await;
    other.get(&desk.visit(0)).await.ok(404);
    let elsewhere = desk.visit(0).replace(
        &format!("/clinic/{}/", desk.made.clinics[0]),
        &format!("/clinic/{}/", desk.made.clinics[1]),
    );
    other.get(&elsewhere).await.ok(404);
}

/// Finds a person without a booking by name and date of birth, and opens their page.
pub(super) async fn walk_in(desk: &mut Desk, person: usize) -> Page {
    let person = desk.made.people[person].clone();
    let page = desk.browser.open(&desk.path("/walk-in")).await.ok(200);
    assert_eq!(faults(&page.text), [""; 0]);
    let date = person.birth_date.to_string();
    let [year, month, day] = *date.split('-').collect::<Vec<_>>() else { panic!("a date") };
    let form = page.form(&desk.path("/walk-in")).with(&[
        ("name", &person.name),
        ("birth-year", year),
        ("birth-month", month),
        ("birth-day", day),
    ]);
    let page = desk.browser.press(&form).await.ok(200);
    assert!(page.at.contains("/persons/"), "{}: {}", page.at, page.main());
    assert_eq!(faults(&page.text), [""; 0]);
    page
}

#[tokio::test]
async fn a_day_from_the_first_scan_to_its_closing() {
    for language in LANGUAGES {
        let mut desk = Desk::open(language, 6).await;
        // Given, taken back, and given again.
        let page = desk.scan(0).await;
        let page = desk.browser.press(&desk.arrive(&page, 0)).await.ok(200);
        let page = desk.browser.press(&desk.give(&page)).await.ok(200);
        let page = desk.browser.press(&desk.form(&page, "undo")).await.ok(200);
        desk.browser.press(&desk.give(&page)).await.ok(200);
        // Marked as missing, and then they stand there.
        let page = desk.scan(1).await;
        let page = desk.browser.press(&desk.form(&page, "no_show")).await.ok(200);
        let page = desk.browser.press(&desk.form(&page, "undo")).await.ok(200);
        let page = desk.browser.press(&desk.arrive(&page, 1)).await.ok(200);
        desk.browser.press(&desk.give(&page)).await.ok(200);
        for person in [2, 3] {
            let page = desk.scan(person).await;
            desk.browser.press(&desk.form(&page, "no_show")).await.ok(200);
        }
        let page = desk.scan(4).await;
        let page = desk.browser.press(&desk.arrive(&page, 4)).await.ok(200);
        let mut unwell = desk.form(&page, "not_vaccinated");
        unwell.fields.push(("reason".to_owned(), "unwell".to_owned()));
        desk.browser.press(&unwell).await.ok(200);
        assert_eq!(desk.doses().await, [1, 3, 2]);
        for person in [10, 11, 12] {
            let page = walk_in(&mut desk, person).await;
            let mut give = desk.form_with(&page, ("act", "give")).with(&[("lot", "EW0182")]);
            for (name, value) in
                [("answer-identity", "yes"), ("answer-screening", "yes"), ("site", "left_arm")]
            {
                give.fields.push((name.to_owned(), value.to_owned()));
            }
            let page = desk.browser.press(&give).await.ok(200);
            assert!(page.at.contains("/bookings/"), "{}: {}", page.at, page.main());
            // Pressed again, it is the same dose.
            desk.browser.press(&give).await.ok(200);
        }
        assert_eq!(desk.doses().await, [1, 0, 5]);
        let page = desk.scan(5).await;
        let waiting = desk.browser.press(&desk.arrive(&page, 5)).await.ok(200);
        let page = desk.browser.open(&desk.path("/close")).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let link = format!("/bookings/{}\"", desk.bookings[5]);
        assert!(page.main().contains(&link), "who is waiting: {}", page.main());
        let early = desk.browser.submit(&desk.form_with(&page, ("press", "close"))).await;
        assert_eq!(early.status, 409, "{}", early.main());
        assert!(early.main().contains("role=\"alert\""), "{}", early.main());
        desk.browser.press(&desk.give(&waiting)).await.ok(200);
        // What was seen before is not what is closed.
        let stale = desk.browser.submit(&desk.form_with(&page, ("press", "close"))).await;
        assert!((400..500).contains(&stale.status), "{}", stale.status);
        let page = desk.browser.open(&desk.path("/close")).await.ok(200);
        let page = desk.browser.press(&desk.form_with(&page, ("press", "close"))).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let (_, panel) = page.main().split_once("class=\"panel\"").expect("what became of the day");
        let numbers = panel.split_once("</dl>").expect("its end").0.split("<dd>").skip(1);
        let numbers =
            numbers.map(|rest| rest.split_once("</dd>").expect("its end").0.parse().unwrap());
        let numbers: Vec<i64> = numbers.collect();
        assert_eq!(numbers.len(), 5, "{panel}");
        assert_eq!(numbers[0], numbers[1..].iter().sum::<i64>(), "no dose is left out: {panel}");
        // To administrators it is a day whose account is closed, not a day on which nobody works.
        let clinic = format!("/{language}/admin/clinics/{}", desk.made.clinics[0]);
        let page = desk.app.staff_browser(3, None).await.open(&clinic).await.ok(200);
        let said = [">account closed<", ">마감<"][usize::from(language == "ko")];
        let link = format!("/{language}/clinic/{}/close?date=", desk.made.clinics[0]);
        assert!(page.main().contains(said) && page.main().contains(&link), "{}", page.main());
        let day = desk.browser.open(&desk.visit(0)).await.ok(200);
        assert!(!day.main().contains("value=\"undo\""), "nothing is changed any more");
        assert_eq!(verify(&desk.app.app.db).await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_list_of_three_hundred_is_small() {
    let app = TestApp::start().await;
    let world = World::new().clinics(1).days(1).people(300).seats(300).doses(300);
    let made = world.make(&app.db).await;
    app.refresh().await;
    let mut browser = app.staff_browser(2, Some(made.clinics[0])).await;
    for person in &made.people {
        let body = made.booking(made.slot(0, 1, 0));
        app.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201);
    }
    let date = made.allocation(0, 1).on_date;
    let path = format!("/ko/clinic/{}?date={date}", made.clinics[0]);
    let page = browser.open(&path).await.ok(200);
    assert_eq!(page.main().matches("<th scope=\"row\"").count(), 300);
    // As the service does: the client unpacks before a test could weigh it.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, page.text.as_bytes()).expect("packed");
    let bytes = packed.finish().expect("packed").len();
    assert!(bytes <= 25_000, "{bytes} bytes of {}", page.text.len());
}

#[tokio::test]
async fn a_week_shows_places_and_doses() {
    for language in LANGUAGES {
        let mut desk = Desk::open(language, 2).await;
        let page = desk.browser.open(&desk.path("/week")).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        assert_eq!(page.main().matches("<th scope=\"row\"").count(), 7);
        assert!(page.text.contains("aria-current=\"page\""));
    }
}

/// So many looks at the first person are written down.
async fn looks(desk: &Desk) -> i64 {
    let sql = "select count(*) from person_look where person_id = $1";
    let id = desk.made.people[0].person_id.0;
    sqlx::query_scalar(sql).bind(id).fetch_one(&desk.app.db).await.unwrap()
}

#[tokio::test]
async fn nobody_is_checked_in_who_was_born_on_another_day() {
    let mut desk = Desk::open("en", 1).await;
    assert_eq!(looks(&desk).await, 0);
    let page = desk.scan(0).await;
    assert_eq!(looks(&desk).await, 1, "opening a visit is a look");
    let name = desk.made.people[0].name.clone();
    for (typed, status) in [
        (vec![], 422),
        (vec![("born", "620230")], 422),
        (vec![("born", "1962")], 422),
        (vec![("born", "19550505")], 409),
        // What was said counts, whatever was compared.
        (vec![("born", "550505"), ("document", "yes")], 409),
    ] {
        let form = desk.check_in(&page, &typed);
        let refused = desk.browser.submit(&form).await.ok(status);
        assert!(!refused.text.contains(&name), "{typed:?}: {}", refused.main());
        assert_eq!(desk.form(&refused, "arrive").value("step_id"), form.value("step_id"));
        let born = typed.first().map_or("", |(_, born)| *born);
        assert_eq!(desk.form(&refused, "arrive").value("born"), born, "what was typed stays");
    }
    let page = desk.browser.press(&desk.check_in(&page, &[("document", "yes")])).await.ok(200);
    assert_eq!(page.heading(), name);
    assert!(page.main().contains("date of birth compared"), "{}", page.main());
    assert_eq!(looks(&desk).await, 1, "looking again soon is the same look");
    // Six digits are enough, where they can be of one century only.
    let page = desk.browser.press(&desk.form(&page, "undo")).await.ok(200);
    assert_eq!(page.heading(), masked_name(&name), "as before they came");
    let born = desk.made.people[0].birth_date.format("%y%m%d").to_string();
    let page = desk.browser.press(&desk.check_in(&page, &[("born", &born)])).await.ok(200);
    assert_eq!(page.heading(), name);
}

#[tokio::test]
async fn a_code_that_is_scanned_into_another_field_opens_its_visit() {
    let mut desk = Desk::open("ko", 3).await;
    let page = desk.scan(0).await;
    let number = desk.app.number(desk.bookings[1]).to_string().replace(' ', "");
    let other = desk.browser.press(&desk.check_in(&page, &[("born", &number)])).await.ok(200);
    assert_eq!(other.at, desk.visit(1));
    let page = desk.browser.press(&desk.arrive(&page, 0)).await.ok(200);
    // Behind a lot, before it, and in the middle of it.
    for lot in [format!("EW0182{number}"), format!("{number}EW0182"), format!("EW01{number}82")] {
        let give = desk.give(&page).with(&[("lot", &lot)]);
        let other = desk.browser.press(&give).await.ok(200);
        assert_eq!(other.at, desk.visit(1), "{lot}");
    }
    assert_eq!(desk.doses().await, [3, 0, 0], "nothing is given by a scan");
    // A lot of ten digits that is nobody's number is a lot.
    let unknown = desk.app.number(Uuid::now_v7()).to_string().replace(' ', "");
    let page = desk.browser.press(&desk.give(&page).with(&[("lot", &unknown)])).await.ok(200);
    assert_eq!(page.at, desk.visit(0));
    assert_eq!(desk.doses().await, [2, 0, 1]);
}

#[tokio::test]
async fn somebody_is_registered_on_the_spot_only_where_a_campaign_is_for_anybody() {
    for language in LANGUAGES {
        let mut desk = Desk::open(language, 1).await;
        let to = desk.path("/register");
        let page = desk.browser.open(&to).await.ok(200);
        assert!(!page.main().contains("<form"), "{}", page.main());
        let page = desk.browser.open(&desk.path("/walk-in")).await.ok(200);
        assert!(!page.main().contains(&to), "it is not offered: {}", page.main());
        let policy = "update campaign set walk_in = 3";
        sqlx::query(policy).execute(&desk.app.db).await.unwrap();
        let page = desk.browser.open(&desk.path("/walk-in")).await.ok(200);
        assert!(page.main().contains(&to), "{}", page.main());
        let typed =
            [("name", "한새봄"), ("birth-year", "1964"), ("birth-month", "9"), ("birth-day", "3")];
        let form = page.form(&desk.path("/walk-in")).with(&typed);
        let page = desk.browser.press(&form).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let form = page.form(&to);
        assert_eq!(form.value("name"), "한새봄", "what was looked for stands there");
        // The lists of a form send what is chosen in them.
        let chosen = [
            ("region", desk.made.districts[0].to_string()),
            ("campaign", desk.made.campaign_id.to_string()),
        ];
        let mut form = form.with(&typed);
        form.fields.retain(|(name, _)| !["region", "campaign"].contains(&name.as_str()));
        let nowhere = desk.browser.submit(&form).await.ok(422);
        let fields: Vec<_> = nowhere.errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["region", "campaign"]);
        let chosen = chosen.map(|(name, value)| (name.to_owned(), value));
        form.fields.extend(chosen);
        let page = desk.browser.press(&form).await.ok(200);
        assert!(page.at.contains("/persons/"), "{}: {}", page.at, page.main());
        assert!(page.main().contains("한새봄</h1>"), "{}", page.main());
        let again = desk.browser.submit(&form).await.ok(409);
        assert!(again.main().contains("role=\"alert\""), "{}", again.main());
        // The same name and day with another telephone may be another person.
        let form = form.with(&[("phone", "010-9999-0001")]);
        let double = desk.browser.submit(&form).await.ok(409);
        assert!(double.main().contains("id=\"distinct\""), "{}", double.main());
        let mut form = form;
        form.fields.push(("distinct".to_owned(), "yes".to_owned()));
        let page = desk.browser.press(&form).await.ok(200);
        assert!(page.at.contains("/persons/"), "{}: {}", page.at, page.main());
    }
}

#[tokio::test]
async fn a_day_says_why_nobody_comes_and_what_is_on_hand() {
    let mut desk = Desk::open("en", 1).await;
    let page = desk.browser.open(&desk.path("")).await.ok(200);
    assert!(page.main().contains("<dd data-key=\"on_hand\">7</dd>"), "{}", page.main());
    assert!(!page.main().contains("class=\"note\""), "{}", page.main());
    let date = desk.made.allocation(0, 3).on_date;
    let sql = "insert into clinic_closure (clinic_id, on_date, reason, reason_ko, reason_en)
               values ($1, $2, '정전', '정전', 'Power cut')";
    let closure = sqlx::query(sql).bind(desk.made.clinics[0].0).bind(date);
    closure.execute(&desk.app.db).await.unwrap();
    for (language, said) in [("en", "Power cut"), ("ko", "정전")] {
        desk.language = language;
        let page = desk.browser.open(&desk.path(&format!("?date={date}"))).await.ok(200);
        assert!(page.main().contains(said), "{}", page.main());
        assert_eq!(faults(&page.text), [""; 0]);
    }
    let page = desk.browser.open(&desk.path("?date=2021-01-01")).await.ok(200);
    assert!(page.main().contains("운영 시간이 없습니다"), "{}", page.main());
}

#[tokio::test]
async fn a_day_on_which_somebody_can_come_again_is_mended_where_it_is_typed() {
    for language in LANGUAGES {
        let mut desk = Desk::open(language, 1).await;
        let page = desk.scan(0).await;
        let page = desk.browser.press(&desk.arrive(&page, 0)).await.ok(200);
        let until = desk.made.allocation(0, 3).on_date;
        // The day has begun since: it was tomorrow.
        let today = desk.made.allocation(0, 1).on_date - chrono::Days::new(1);
        let far = until + chrono::Days::new(400);
        let form = |reason: &str, day: String| {
            let mut form = desk.form(&page, "not_vaccinated").with(&[("until", &day)]);
            form.fields.push(("reason".to_owned(), reason.to_owned()));
            form
        };
        let typed = until.format("%Y. %-m. %-d.").to_string();
        let wrong = [
            form("unwell", "soon".to_owned()),
            form("unwell", today.to_string()),
            form("unwell", far.to_string()),
            form("refused", until.to_string()),
        ];
        let right = form("unwell", typed);
        for form in wrong {
            let refused = desk.browser.press(&form).await.ok(422);
            assert_eq!(faults(&refused.text), [""; 0]);
            let errors = refused.errors();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].0, "until", "{errors:?}");
            assert!(refused.text.contains("<details class=\"noprint\" open>"), "it is seen");
            let typed = form.fields.iter().find(|(name, _)| name == "until").expect("a day");
            assert!(refused.text.contains(&typed.1), "what was typed stays");
        }
        desk.browser.press(&right).await.ok(200);
        let kept = "select until from exclusion where lifted_at is null";
        let kept: chrono::NaiveDate =
            sqlx::query_scalar(kept).fetch_one(&desk.app.db).await.unwrap();
        assert_eq!(kept, until);
    }
}
