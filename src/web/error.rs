//! Pages for what went wrong, in the language of the path: what it means for somebody's booking,
//! when to come again, and whom to call. Under the pages' paths they take the place of problem
//! documents.

use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use askama::Template;

use super::{
    form, guard,
    page::Frame,
    staff_next::StaffNext,
    staff_page::{StaffFrame, links_at},
    text::Texts,
};
use crate::{
    domain::{Code, Refusal},
    http::page::Asked,
    words,
};

/// From so many seconds on, minutes are named.
const SECONDS_SHOWN_MAX: u64 = 90;
/// Fields that are typed anew each time, as pages never show them.
const SECRET: [&str; 2] = ["password", "token"];
/// How the path ends by which a citizen cancels.
const CANCEL: &str = "/cancel";

/// Where staff come in and go out: what goes wrong there is told to them as on their pages.
const STAFF_DOORS: [&str; 4] =
    ["/sign-in/staff", "/sign-in/staff/done", "/sign-out/staff", "/invitation"];

/// Whether who asks for this path works here.
fn is_at_work(path: &str) -> bool {
    StaffNext::parse(path).is_some() || STAFF_DOORS.contains(&path)
}

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    heading: &'static str,
    sentences: Vec<String>,
    next: Next,
}

/// How to go on from a page that says no.
struct Next {
    /// The press once more, where it may go through another time.
    press: Option<Press>,
    /// Whether asking for the same address again may help.
    is_worth_another_look: bool,
    /// In so many seconds the script does either by itself; none where nobody should wait for it.
    seconds: Option<u64>,
}

/// What was sent: the same form again, with the same ids, so that nothing is lost or done twice.
struct Press {
    action: String,
    fields: Vec<(String, String)>,
    is_citizens_cancellation: bool,
}

impl Next {
    fn new(code: Code, asked: &Asked<'_>) -> Self {
        let may_pass = matches!(code, Code::Overloaded | Code::Unavailable);
        let press = Some(asked).filter(|asked| asked.is_press && code.status() >= 500);
        let press = press.and_then(Press::of);
        let is_worth_another_look = !asked.is_press && code.status() >= 429;
        let has_a_way = press.is_some() || is_worth_another_look;
        // Somebody may think better of it meanwhile.
        let is_cancelling =
            asked.path.ends_with(CANCEL) || press.as_ref().is_some_and(Press::cancels);
        let seconds = asked.retry_after.filter(|_| may_pass && has_a_way && !is_cancelling);
        Self { press, is_worth_another_look, seconds }
    }

    fn cancels(&self) -> bool {
        self.press.as_ref().is_some_and(Press::is_cancelling)
    }
}

impl Press {
    /// None where it is not known, where it came from another site's page, which must not be sent
    /// in our name, and where it holds what no page may show.
    fn of(asked: &Asked<'_>) -> Option<Self> {
        guard::from_our_page(asked.headers, asked.site).ok()?;
        let length = asked.headers.get(CONTENT_LENGTH).map_or("0".as_bytes(), |it| it.as_bytes());
        let is_empty = length == b"0" && !asked.headers.contains_key(TRANSFER_ENCODING);
        let nothing: &[u8] = &[];
        // A button alone sends nothing.
        let sent = asked.sent.or_else(|| is_empty.then_some(nothing))?;
        let fields: Vec<_> = form_urlencoded::parse(sent).into_owned().collect();
        // At work a code is that of a clinic, a campaign, a product: no secret.
        let is_at_work = is_at_work(asked.path);
        let is_secret = fields.iter().any(|(name, _)| {
            SECRET.contains(&name.as_str()) || (name == form::CODE && !is_at_work)
        });
        let is_citizens_cancellation = !is_at_work && asked.path.ends_with(CANCEL);
        let action = asked.whole.to_owned();
        (!is_secret).then_some(Self { action, fields, is_citizens_cancellation })
    }

    /// Whether bookings end by it: at a clinic (`step`), or with what they were for.
    fn cancels(&self) -> bool {
        let is_one = |(name, value): &(String, String)| {
            (name == "step" && value == "cancel") || name == "cancel_bookings"
        };
        self.fields.iter().any(is_one)
    }

    /// Whether it is a citizen's press to cancel, and nothing else: an administrator cancels what a
    /// closed day has taken away at a path that ends so too.
    fn is_cancelling(&self) -> bool {
        self.is_citizens_cancellation
    }
}

/// The page that answers a request for a page which was refused, or failed; none if it cannot be
/// written.
pub fn render(refusal: &Refusal, asked: Asked<'_>) -> Option<String> {
    if is_at_work(asked.path) {
        return for_staff(refusal, asked);
    }
    let Asked { site, language, is_press, retry_after, .. } = asked;
    let (t, code) = (Texts(language), refusal.code);
    let next = Next::new(code, &asked);
    let safe = t.booking_is_safe().to_owned();
    let again = again(t, retry_after);
    let (heading, sentences) = match code {
        Code::NotFound => (t.no_page(), vec![t.no_page_why().to_owned(), safe]),
        Code::Overloaded if is_press => {
            (t.busy(), vec![t.busy_nothing_booked().to_owned(), again, safe])
        }
        Code::Overloaded => (t.busy(), vec![again, safe]),
        Code::Unavailable | Code::Internal if next.cancels() => {
            (t.cancel_not_known(), vec![t.cancel_not_known_press().to_owned(), again])
        }
        Code::Unavailable | Code::Internal if next.press.is_some() => {
            (t.not_known(), vec![t.not_known_press_here().to_owned(), again])
        }
        Code::Unavailable | Code::Internal if is_press => {
            (t.not_known(), vec![t.not_known_press().to_owned()])
        }
        Code::Unavailable | Code::Internal => (t.no_answer(), vec![again, safe]),
        code if code.status() == 429 => (t.too_many(), vec![again, safe]),
        code => (words::title(language, code), vec![words::refusal(language, refusal), safe]),
    };
    let frame = Frame::new(t, site, "");
    Page { t, frame, heading, sentences, next }.render().ok()
}

#[derive(Template)]
#[template(path = "staff/error.html")]
struct StaffPage<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: &'static str,
    sentences: Vec<String>,
    next: Next,
}

/// The same for somebody at work, whoever it is: their pages are around it, and it says what became
/// of the press and how to go on. Nothing is looked up for it: the database may be what failed.
fn for_staff(refusal: &Refusal, asked: Asked<'_>) -> Option<String> {
    let Asked { site, language, path, is_press, retry_after, .. } = asked;
    let (t, code) = (Texts(language), refusal.code);
    let next = Next::new(code, &asked);
    let again = again(t, retry_after);
    // Nobody waits in front of an administrator.
    let on_paper = Some(t.staff_on_paper().to_owned()).filter(|_| !path.starts_with("/admin"));
    let with_paper = |again| [Some(again), on_paper.clone()].into_iter().flatten().collect();
    let (heading, sentences) = match code {
        Code::NotFound => (t.no_page(), vec![t.staff_no_page_why().to_owned()]),
        Code::Overloaded if is_press => {
            let press = match next.press.is_some() {
                true => t.staff_nothing_done_here(),
                false => t.staff_nothing_done(),
            };
            (t.staff_crowded(), vec![press.to_owned(), again])
        }
        Code::Overloaded => (t.staff_crowded(), with_paper(again)),
        Code::Unavailable | Code::Internal if is_press => {
            let press = match next.press.is_some() {
                true => t.staff_not_known_press_here(),
                false => t.staff_not_known_press(),
            };
            let when = Some(again).filter(|_| next.press.is_some());
            let said = [Some(press.to_owned()), when, on_paper];
            (t.not_known(), said.into_iter().flatten().collect())
        }
        Code::Unavailable | Code::Internal => (t.no_answer(), with_paper(again)),
        code if code.status() == 429 => (t.too_many(), vec![again]),
        code => (words::title(language, code), vec![words::refusal(language, refusal)]),
    };
    let staff = StaffFrame {
        frame: Frame::new(t, site, ""),
        username: "",
        place: t.staff_pages(),
        links: links_at(t, path),
        way_up: None,
        done: None,
    };
    StaffPage { t, staff, heading, sentences, next }.render().ok()
}

/// When to come again.
fn again(t: Texts, retry_after: Option<u64>) -> String {
    match retry_after {
        None | Some(0 | 1) => t.again_soon().to_owned(),
        Some(seconds @ ..=SECONDS_SHOWN_MAX) => t.again_in_seconds(seconds),
        Some(seconds) => t.again_in_minutes(seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::{
        config::Site,
        domain::{Detail, language::Language},
        words::tests::details,
    };

    /// The page in the language, without the frame that all have.
    fn main(refusal: &Refusal, language: Language, is_press: bool) -> String {
        let site = Site { issuer: "the Agency".into(), ..Site::default() };
        main_at("/me", refusal, (&site, language, is_press))
    }

    fn main_at(
        path: &str,
        refusal: &Refusal,
        (site, language, is_press): (&Site, Language, bool),
    ) -> String {
        let (headers, retry_after, whole, sent) = (&foreign(), Some(7), path, None);
        let asked = Asked { site, language, path, is_press, retry_after, whole, headers, sent };
        let page = render(refusal, asked).expect("a page");
        let (_, rest) = page.split_once("<main").expect("its beginning");
        rest.split_once("</main>").expect("its end").0.to_owned()
    }

    #[test]
    fn staff_have_pages_of_their_own_that_speak_of_no_booking_of_theirs() {
        let site = Site::default();
        for &code in Code::ALL {
            for (is_press, language) in
                [(false, Language::English), (true, Language::English), (true, Language::Korean)]
            {
                let about = (&site, language, is_press);
                let citizen = main_at("/me", &code.into(), about);
                for path in ["/clinic/7", "/clinic/7/bookings/x", "/admin/users", "/call-centre"]
                    .into_iter()
                    .chain(STAFF_DOORS)
                {
                    let page = main_at(path, &code.into(), about);
                    let safe = Texts(language).booking_is_safe();
                    assert!(page.contains("<h1>") && !page.contains(safe), "{page}");
                    assert_ne!(page, citizen);
                }
            }
        }
    }

    fn escaped(text: &str) -> String {
        let escaped = askama::filters::escape(text, askama::filters::Html);
        escaped.expect("escaped").to_string()
    }

    fn has_hangul(text: &str) -> bool {
        text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
    }

    fn foreign() -> HeaderMap {
        headers(&[("sec-fetch-site", "cross-site")])
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_a_form_of_ours_without_a_secret_is_kept() {
        let (site, language) = (Site::default(), Language::English);
        let form = |code: Code, headers: &HeaderMap, sent: Option<&[u8]>| {
            let whole = "/en/bookings/7/move?again=1";
            let (path, is_press, retry_after) = ("/bookings/7/move", true, Some(7));
            let asked =
                Asked { site: &site, language, path, is_press, retry_after, whole, headers, sent };
            let page = render(&code.into(), asked).expect("a page");
            page.contains("<form method=\"post\" action=\"/en/bookings/7/move?again=1\">")
                .then(|| page.contains("name=\"slot_id\" value=\"7\""))
        };
        let ours = headers(&[("sec-fetch-site", "same-origin"), ("content-length", "9")]);
        let sent: Option<&[u8]> = Some(b"slot_id=7");
        assert_eq!(form(Code::Unavailable, &ours, sent), Some(true), "the control");
        assert_eq!(form(Code::Overloaded, &ours, sent), Some(true));
        assert_eq!(form(Code::NotFound, &ours, sent), None, "it would be the same again");
        assert_eq!(form(Code::Unavailable, &foreign(), sent), None, "of another site");
        assert_eq!(form(Code::Unavailable, &HeaderMap::new(), sent), None, "of nobody knows whom");
        for secret in ["password=x", "code=012345", "token=x"] {
            let sent = format!("slot_id=7&{secret}");
            assert_eq!(form(Code::Unavailable, &ours, Some(sent.as_bytes())), None, "{secret}");
        }
        assert_eq!(form(Code::Unavailable, &ours, None), None, "what was sent is not known");
        for length in ["0", ""] {
            let mut empty = headers(&[("sec-fetch-site", "same-origin")]);
            if !length.is_empty() {
                empty.insert(CONTENT_LENGTH, HeaderValue::from_static(length));
            }
            assert_eq!(form(Code::Unavailable, &empty, None), Some(false), "a button alone");
        }
    }

    #[test]
    fn no_cancellation_is_sent_by_itself_and_a_code_at_work_is_no_secret() {
        let (site, language) = (Site::default(), Language::English);
        let ours = headers(&[("sec-fetch-site", "same-origin")]);
        for (path, sent, is_by_itself) in [
            ("/bookings/7/move", "slot_id=7", true),
            ("/bookings/7/cancel", "slot_id=7", false),
            ("/clinic/7/bookings/8", "step=arrive&code=7", true),
            ("/clinic/7/bookings/8", "step=cancel", false),
            ("/admin/people/7", "cancel_bookings=yes", false),
            ("/admin/clinics/7/closures/2026-12-01/cancel", "slot_id=7", false),
        ] {
            let (is_press, retry_after, whole) = (true, Some(7), path);
            let (headers, sent) = (&ours, Some(sent.as_bytes()));
            let asked =
                Asked { site: &site, language, path, is_press, retry_after, whole, headers, sent };
            for code in [Code::Unavailable, Code::Overloaded] {
                let page = render(&code.into(), asked).expect("a page");
                let t = Texts(language);
                let is_citizens = path == "/bookings/7/cancel";
                let button = if is_citizens { t.cancel_booking() } else { t.send_again() };
                assert!(page.contains(&format!(">{button}</button>")), "{path}: {page}");
                assert_eq!(page.contains("data-again=\"7\""), is_by_itself, "{path}");
            }
        }
    }

    #[test]
    fn every_code_has_a_page_in_both_languages() {
        for &code in Code::ALL {
            for is_press in [false, true] {
                let english = main(&code.into(), Language::English, is_press);
                let korean = main(&code.into(), Language::Korean, is_press);
                assert!(!has_hangul(&english) && has_hangul(&korean), "{english} {korean}");
                assert!(english.contains("<h1>") && !english.contains("<h1></h1>"), "{english}");
            }
        }
    }

    #[test]
    fn every_cause_is_said_in_both_languages_and_cannot_become_markup() {
        for detail in details() {
            for language in Language::ALL {
                // A code that says no more than its cause.
                let refusal =
                    Refusal { code: Code::Forbidden, ..Refusal::field("name", detail.clone()) };
                let page = main(&refusal, language, true);
                let said = escaped(&words::refusal(language, &refusal));
                assert!(page.contains(&said), "{said}: {page}");
            }
        }
        let written = Detail::Written { text: "<script>alert(1)</script>".into() };
        let page = main(&Refusal::new(Code::Forbidden, written), Language::English, false);
        assert!(page.contains("alert(1)") && !page.contains("<script>"), "{page}");
    }
}
