//! The one form in which all spellings of a name are equal, and all writings of a number. Register,
//! rosters, administrators and sign-in use it, so that whoever is in the register by one of them is
//! found by every other.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A name as it is compared: Unicode's compatibility form in one case, of which only letters,
/// digits and the marks on them count. Spaces, apostrophes, dashes, full stops and what nobody sees
/// do not. An accent counts: Zoe and Zoë are two.
pub fn name(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return text.to_ascii_lowercase();
    }
    if text.chars().all(|c| ('가'..='힣').contains(&c)) {
        return text.to_owned();
    }
    // Apostrophes of some keyboards are a space with a mark on it when they are taken apart, so
    // they go before that, and whatever taking apart and changing the case has brought goes after
    // it.
    let letters = text.chars().filter(|&c| counts(c)).nfkd();
    let cased = letters.filter(|&c| counts(c)).flat_map(caseless).collect::<String>();
    let folded: String = cased.nfkd().filter(|&c| counts(c)).collect();
    // The capital İ has its dot as a mark when it is small.
    let folded: String = folded.replace("i\u{307}", "i").nfc().collect();
    if folded.is_empty() { symbols(text) } else { folded }
}

/// A name without a letter is compared by what it has.
fn symbols(text: &str) -> String {
    let seen = text.chars().filter(|&c| !is_invisible(c) && !c.is_whitespace());
    let seen: String = seen.nfkc().filter(|c| !c.is_whitespace()).collect();
    // Some symbols stand for letters: ㈜, ™.
    if seen.chars().any(counts) { name(&seen) } else { seen }
}

/// A name as it is kept and shown: as it was typed, composed, without what nobody sees, and with
/// single spaces between its words.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in visible(text).split(' ').filter(|word| !word.is_empty()) {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.extend(word.nfc());
    }
    shown
}

/// The text without what nobody sees, and with every space a plain one: as people paste names. What
/// joins letters or chooses their form stays.
pub fn visible(text: &str) -> String {
    let is_form = |c| {
        matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{180b}'..='\u{180f}' | '\u{e0100}'..='\u{e01ef}')
    };
    let seen = text.chars().filter(|&c| !is_invisible(c) || is_form(c));
    seen.map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

/// A number, date, phone or code in plain characters: full-width ones are their narrow ones, every
/// dash is a hyphen, every space a plain one, and what nobody sees is gone.
pub fn plain(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).map(narrow).collect()
}

/// What stands in a text and has no look of its own: Unicode's `Default_Ignorable_Code_Point`. Of
/// no width, marks of direction, soft hyphens, fillers of Hangul, choices of a letter's form.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character tells one name from another.
fn counts(c: char) -> bool {
    // Apostrophes and their like that Unicode has among letters, and the stroke that draws Arabic
    // letters out.
    let is_apostrophe = matches!(c, '\u{2b9}'..='\u{2cf}' | '\u{a78b}' | '\u{a78c}' | '\u{640}');
    !is_invisible(c) && !is_apostrophe && (c.is_alphanumeric() || is_combining_mark(c))
}

/// In one case; ß is ss, and ς is σ.
fn caseless(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// One of the forms U+FF01 to U+FF5E as its ASCII character; dashes, spaces and full stops of all
/// kinds as one.
fn narrow(c: char) -> char {
    const FULL_WIDTH: u32 = 0xfee0;
    match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{2043}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{30fc}'
        | '\u{ff70}'
        | '\u{2e3a}'
        | '\u{2e3b}' => '-',
        '\u{b7}' | '\u{3002}' | '\u{ff61}' | '\u{2027}' | '\u{30fb}' => '.',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c).wrapping_sub(FULL_WIDTH)).unwrap_or(c)
        }
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashSet;

    use proptest::{prelude::*, sample::select};

    use super::*;

    const APOSTROPHES: &[char] = &[
        '\'', '\u{2019}', '\u{2018}', '\u{2bc}', '\u{2bb}', '`', '\u{b4}', '\u{2032}', '\u{ff07}',
        '\u{201b}', '\u{2b9}', '\u{2ca}',
    ];
    const DASHES: &[char] = &[
        '-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
        '\u{fe63}', '\u{ff0d}', '\u{58a}',
    ];
    const SPACES: &[&str] =
        &[" ", "  ", "\u{a0}", "\u{3000}", "\u{2009}", "\u{202f}", "\t", " \u{200b}", ""];
    const INVISIBLE: &[char] = &[
        '\u{200b}',
        '\u{feff}',
        '\u{ad}',
        '\u{200e}',
        '\u{202a}',
        '\u{2066}',
        '\u{fe0f}',
        '\u{2060}',
        '\u{34f}',
        '\u{e0100}',
        '\u{200d}',
        '\u{61c}',
    ];

    /// A name of words that are made of Hangul, Latin letters with accents, or both with marks
    /// between.
    pub(crate) fn names() -> impl Strategy<Value = String> {
        let hangul = proptest::collection::vec(0xac00_u32..=0xd7a3, 1..4)
            .prop_map(|all| all.into_iter().filter_map(char::from_u32).collect::<String>());
        let latin = "[A-Z][a-zàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿőűşğłžß]{0,8}";
        let word = prop_oneof![
            3 => hangul,
            3 => latin.prop_map(|word| word),
            1 => (latin, latin).prop_map(|(a, b)| format!("{a}-{b}")),
            1 => ("[OD]", latin).prop_map(|(a, b)| format!("{a}'{b}")),
        ];
        proptest::collection::vec(word, 1..4).prop_map(|words| words.join(" "))
    }

    /// The name as somebody else types or pastes it.
    pub(crate) fn respelled(name: &str, how: &[u32]) -> String {
        let mut how = how.iter().copied().cycle();
        let mut pick = move |of: usize| how.next().unwrap_or(0) as usize % of;
        let mut text = String::new();
        for c in name.chars() {
            match c {
                '\'' => text.push(APOSTROPHES[pick(APOSTROPHES.len())]),
                '-' => text.push(DASHES[pick(DASHES.len())]),
                ' ' => text.push_str(SPACES[pick(SPACES.len())]),
                'a'..='z' | 'A'..='Z' => match pick(4) {
                    0 => text.push(c.to_ascii_uppercase()),
                    1 => text.extend(char::from_u32(u32::from(c) + 0xfee0)),
                    2 => text.push(c.to_ascii_lowercase()),
                    _ => text.push(c),
                },
                c if pick(2) == 0 => text.extend(c.to_uppercase()),
                c => text.push(c),
            }
            if pick(5) == 0 {
                text.push(INVISIBLE[pick(INVISIBLE.len())]);
            }
        }
        match pick(4) {
            0 => text.nfd().collect(),
            1 => text.nfc().collect(),
            2 => format!("{}{text} ", SPACES[pick(SPACES.len())]),
            _ => text,
        }
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_name_is_one(
            text in names(), how in proptest::collection::vec(any::<u32>(), 40),
        ) {
            let other = respelled(&text, &how);
            prop_assert_eq!(name(&text), name(&other), "{:?} and {:?}", text, other);
            prop_assert_eq!(name(&shown(&other)), name(&text), "what is shown is the same name");
        }

        #[test]
        fn a_folded_name_is_folded(text in "\\PC{0,12}") {
            let once = name(&text);
            prop_assert_eq!(name(&once), once.clone(), "{:?}", text);
            prop_assert_eq!(shown(&shown(&text)), shown(&text));
        }

        #[test]
        fn one_letter_more_or_another_is_another_name(
            text in names(), at in any::<prop::sample::Index>(),
            other in select(vec!['가', 'q', 'ë']),
        ) {
            let mut letters: Vec<char> = name(&text).chars().collect();
            let at = at.index(letters.len());
            prop_assume!(letters[at] != other);
            letters[at] = other;
            let changed: String = letters.iter().collect();
            prop_assert_ne!(name(&changed), name(&text));
            letters.push('x');
            let longer: String = letters.iter().collect();
            prop_assert_ne!(name(&longer), name(&changed));
        }
    }

    #[test]
    fn an_identity_would_not_do() {
        // The control of the tests above: what they make are spellings that differ.
        let how: Vec<u32> = (0..40).collect();
        for text in ["Anne-Marie O'Neil", "김 보람", "Zoë Müller"] {
            assert_ne!(respelled(text, &how), text);
        }
    }

    #[test]
    fn spellings_of_one_name() {
        for spellings in [
            &["O'Neil Dara", "O’Neil Dara", "o`neil dara", "O´Neil  Dara", "ONeil-Dara"][..],
            &[
                "김보람",
                "\u{1100}\u{1175}\u{11b7}\u{1107}\u{1169}\u{1105}\u{1161}\u{11b7}",
                "김 보람",
            ],
            &["ㄱㅣㅁ", "기ㅁ"],
            &["Ｌｅｅ　Ｓｏｒａ", "Lee Sora", "LEE SORA", "leesora"],
            &["STRAẞER Ida", "Straßer Ida", "Strasser Ida", "STRASSER IDA"],
            &[
                "Anne-Marie van der Zwanenburg-Østergård",
                "anne marie van der zwanenburg østerga\u{30a}rd",
            ],
            &["İbrahim", "ibrahim", "IBRAHIM", "I\u{307}brahim"],
            &["Παπαδόπουλος", "ΠΑΠΑΔΌΠΟΥΛΟΣ"],
            &["St. John", "St John"],
            &["ﬁona", "Fiona"],
            &["田中 ﾏﾘｰ", "田中マリー"],
        ] {
            let folded: HashSet<_> = spellings.iter().map(|text| name(text)).collect();
            assert_eq!(folded.len(), 1, "{folded:?}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        let names = [
            "김보람",
            "김보란",
            "김 보",
            "이",
            "Zoe",
            "Zoë",
            "Muller",
            "Müller",
            "Mueller",
            "Østergård",
            "Ostergard",
            "Dara O'Neil",
            "O'Neil Dara",
            "Lee Sora",
            "Lee Sara",
            "マリ",
            "マリー",
            "🙂",
            "🙁",
            "-",
            "'",
            "1",
            "Ⅱ",
            "III",
            "ᄀ",
            "가",
            "क",
            "क्",
            "नि",
            "नी",
        ];
        let folded: HashSet<_> = names.iter().map(|text| name(text)).collect();
        assert_eq!(folded.len(), names.len(), "{folded:?}");
        assert!(!folded.contains(""), "none is nothing");
    }

    #[test]
    fn a_name_is_shown_as_it_was_typed() {
        for (typed, expected) in [
            ("  김\u{3000} 민지\u{200b} ", "김 민지"),
            ("\u{1100}\u{1175}\u{11b7}", "김"),
            ("O’Neil", "O’Neil"),
            ("Ｌｅｅ", "Ｌｅｅ"),
            ("\u{feff}Anne\u{ad}-Marie", "Anne-Marie"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
            ("\u{200b}\u{2060}", ""),
        ] {
            assert_eq!(shown(typed), expected);
        }
    }

    #[test]
    fn unusual_characters_of_numbers_become_plain_ones() {
        for (typed, expected) in [
            ("０１０－１２３４－５６７８", "010-1234-5678"),
            ("010–1234—5678", "010-1234-5678"),
            ("＋８２\u{a0}10\u{3000}1234", "+82 10 1234"),
            ("010·1234", "010.1234"),
            ("\u{202a}010\u{202c}", "010"),
        ] {
            assert_eq!(plain(typed), expected);
        }
        for name in ["김 민지", "Zoë O’Neill", "マリー", "Al·lot"] {
            assert_eq!(visible(name), name);
        }
    }
}
