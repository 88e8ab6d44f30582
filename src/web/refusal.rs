//! A refusal as a page: what is wrong, what that means for whoever reads it, and the way on.

use super::{
    page::Frame,
    text::{Texts, refusal::Way},
};
use crate::{
    domain::{Code, Refusal},
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
    let heading = words::title(language, code);
    let sentence = words::refusal(language, refusal);
    // That there is nothing is said; which id it was asked by is for programs.
    let is_said = sentence.trim_end_matches('.') == heading || code == Code::NotFound;
    let (advice, way) = t.advice(refusal, is_press);
    let way = match way {
        Way::Again if !is_press => (t.look_again(), frame.to(here)),
        Way::Again | Way::Mine => (t.my_booking(), frame.to("/me")),
        Way::SignIn => (t.sign_in(), frame.to("/sign-in")),
        Way::Begin => (t.refusal_begin(), frame.to("")),
    };
    let sentence = if is_said { String::new() } else { sentence };
    let id = (code.status() >= 500).then(|| t.refusal_id(id));
    Page { t, frame, heading, sentence, advice, way, id }.render().ok()
}
