//! Rules over all tables of texts, each with a control that breaks it.

use std::collections::BTreeSet;

use super::*;

type Text = (&'static str, &'static str, &'static str);

fn all() -> Vec<Text> {
    let tables = [
        admin::TEXTS,
        admin_clinic::TEXTS,
        admin_person::TEXTS,
        admin_picture::TEXTS,
        admin_pool::TEXTS,
        admin_campaign::TEXTS,
        admin_import::TEXTS,
        admin_journal::TEXTS,
        admin_step::TEXTS,
        booking::TEXTS,
        clinic::TEXTS,
        eligibility::TEXTS,
        error::TEXTS,
        form::TEXTS,
        landing::TEXTS,
        layout::TEXTS,
        me::TEXTS,
        part::TEXTS,
        round::TEXTS,
        sign_in::TEXTS,
        staff::TEXTS,
        style::TEXTS,
        supply::TEXTS,
    ];
    tables.concat()
}

/// The facts in braces.
fn facts(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split(['}', ':']).next()).collect()
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
}

/// What is wrong with a text.
fn complaints((name, english, korean): Text) -> Vec<String> {
    let mut found = Vec::new();
    if facts(english) != facts(korean) {
        found.push(format!("{name}: the languages say different facts"));
    }
    // The name of the other language is written in that language.
    if has_hangul(korean) == (name == "other_language") {
        found.push(format!("{name}: the Korean is not Korean"));
    }
    if has_hangul(english) != (name == "other_language") {
        found.push(format!("{name}: the English is not English"));
    }
    for text in [english, korean] {
        if text.contains("  ") || text.trim() != text {
            found.push(format!("{name}: white space"));
        }
        if text.contains('!') {
            found.push(format!("{name}: nobody is shouted at"));
        }
    }
    found
}

fn twice(texts: &[Text]) -> Vec<String> {
    let mut found = Vec::new();
    for pick in [|text: &Text| text.1, |text: &Text| text.2] {
        let mut seen = BTreeSet::new();
        let again = texts.iter().filter(|text| !seen.insert(pick(text)));
        found.extend(again.map(|text| format!("{}: {:?} is there twice", text.0, pick(text))));
    }
    found
}

#[test]
fn both_languages_say_the_same_facts_and_say_them_well() {
    let found: Vec<_> = all().into_iter().flat_map(complaints).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    for bad in [
        ("a", "{n} doses", "백신"),
        ("b", "doses", "doses"),
        ("c", "백신", "백신"),
        ("d", "two  spaces", "백신"),
        ("e", "doses ", "백신"),
        ("f", "Hurry!", "백신"),
        ("other_language", "Korean", "English"),
    ] {
        assert_eq!(complaints(bad).len(), 1, "{bad:?}: {:?}", complaints(bad));
    }
}

#[test]
fn no_text_is_there_twice() {
    let found = twice(&all());
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(twice(&[("a", "x", "가"), ("b", "x", "나")]).len(), 1, "the control");
}

#[test]
fn numbers_with_hyphens_stay_whole() {
    let t = Texts(Language::English);
    for (text, expected) in [
        ("1962-1966", "1962_1966"),
        ("02-123-4567, ext. 3-4", "02_123_4567, ext. 3_4"),
        ("Jung-gu -5 a-1 1-a -", "Jung-gu -5 a-1 1-a -"),
        ("코로나19 1차, 1962-1966년생", "코로나19 1차, 1962_1966년생"),
    ] {
        assert_eq!(t.whole(text), expected.replace('_', "\u{2011}"));
    }
}
