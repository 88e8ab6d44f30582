//! A refusal as a page: what is wrong, what that means for whoever reads it, and the way on.

use super::{
    page::Frame,
    text::{Texts, refusal::Way},
};
use crate::{
    domain::{Code, Detail, Refusal},
    http::page::Asked,
    words,
};
use askama::Template;

#[derive(Template)]
#[template(path = "refusal.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    heading: &'static str,
    /// Empty where it would only repeat the heading.
    sentence: String,
    advice: String,
    /// Text and address.
    way: (&'static str, String),
    /// Only where the operator can find something by it.
    id: Option<String>,
}

/// The page that answers a request which was refused, or failed; none if it cannot be written.
pub fn render(refusal: &Refusal, asked: Asked<'_>) -> Option<String> {
    let Asked { site, language, here, is_press, id } = asked;
    let (t, code) = (Texts(language), refusal.code);
    let frame = Frame::new(t, site, if is_press { "" } else { here });
    let heading = t.refused(code, is_press);
    let sentence = words::refusal(language, refusal);
    // What the heading or the advice says already, and what only programs understand.
    let says_less = matches!(refusal.detail, Detail::General | Detail::Crowded { .. })
        || code == Code::NotFound;
    let (advice, way) = t.advice(refusal, is_press);
    let way = match way {
        Way::Again if !is_press => (t.look_again(), frame.to(here)),
        Way::Again | Way::Mine => (t.my_booking(), frame.to("/me")),
        Way::SignIn => (t.sign_in(), frame.to("/sign-in")),
        Way::Begin => (t.refusal_begin(), frame.to("")),
    };
    let sentence = if says_less { String::new() } else { sentence };
    let id = (code.status() >= 500).then(|| t.refusal_id(id));
    Page { t, frame, heading, sentence, advice, way, id }.render().ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{config::Site, domain::language::Language, words::tests::details};

    /// The page in the language, without the frame that all have.
    fn main(refusal: &Refusal, language: Language, is_press: bool) -> String {
        let site = Site { issuer: "the Agency".into(), ..Site::default() };
        let (here, id) = ("/me?x=1", Uuid::from_u128(7));
        let asked = Asked { site: &site, language, here, is_press, id };
        let page = render(refusal, asked).expect("a page");
        let (_, rest) = page.split_once("<main").expect("its beginning");
        rest.split_once("</main>").expect("its end").0.to_owned()
    }

    fn escaped(text: &str) -> String {
        let escaped = askama::filters::escape(text, askama::filters::Html);
        escaped.expect("escaped").to_string()
    }

    fn has_hangul(text: &str) -> bool {
        text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
    }

    #[test]
    fn every_code_has_a_page_in_both_languages_with_a_way_on() {
        for &code in Code::ALL {
            for is_press in [false, true] {
                let english = main(&code.into(), Language::English, is_press);
                let korean = main(&code.into(), Language::Korean, is_press);
                let title = escaped(Texts(Language::English).refused(code, is_press));
                assert!(english.contains(&format!("<h1>{title}</h1>")), "{english}");
                assert!(!has_hangul(&english) && has_hangul(&korean), "{english} {korean}");
                assert!(
                    english.contains("href=\"/en") && korean.contains("href=\"/ko"),
                    "{korean}"
                );
                let has_id = english.contains("00000000-0000-0000-0000-000000000007");
                assert_eq!(has_id, code.status() >= 500, "{english}");
            }
        }
    }

    #[test]
    fn every_cause_is_said_in_both_languages_and_cannot_become_markup() {
        // What says no more than its code is said in the heading.
        let says_more =
            |detail: &Detail| !matches!(detail, Detail::General | Detail::Crowded { .. });
        for detail in details().into_iter().filter(says_more) {
            for language in Language::ALL {
                let refusal = Refusal::field("name", detail.clone());
                let page = main(&refusal, language, true);
                let said = escaped(&words::refusal(language, &refusal));
                assert!(page.contains(&said), "{said}: {page}");
            }
        }
        let written = Detail::Written { text: "<script>alert(1)</script>".into() };
        let page = main(&Refusal::new(Code::Forbidden, written), Language::English, false);
        assert!(page.contains("alert(1)") && !page.contains("<script>"), "{page}");
    }

    #[test]
    fn only_a_page_is_looked_at_again_and_a_press_is_pressed_again() {
        let crowded = Refusal::new(Code::Overloaded, Detail::Crowded { retry_after: 7 });
        let page = main(&crowded, Language::English, false);
        assert!(page.contains("Look again in 7 seconds") && page.contains("/en/me?x=1"), "{page}");
        let press = main(&crowded, Language::English, true);
        assert!(press.contains("press again in 7 seconds") && !press.contains("x=1"), "{press}");
        let unsure = main(&Code::Unavailable.into(), Language::English, true);
        assert!(unsure.contains("We do not know yet"), "{unsure}");
    }
}
