//! What spreadsheets put around a value.

use std::borrow::Cow;

use crate::domain::fold::{self, is_invisible};

/// A value without what marks it as text (`="010"`), and in one line.
pub fn clean(field: Cow<'_, str>) -> Cow<'_, str> {
    let marked = field.trim().strip_prefix("=\"").and_then(|text| text.strip_suffix('"'));
    let field = match marked {
        Some(text) => Cow::Owned(text.replace("\"\"", "\"")),
        None => field,
    };
    if !field.contains(['\r', '\n']) {
        return field;
    }
    let lines = field.split(['\r', '\n']).filter(|line| !line.trim().is_empty());
    Cow::Owned(lines.collect::<Vec<_>>().join(" "))
}

/// Without white space and invisible characters around it.
pub fn trim(field: &str) -> &str {
    field.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// A number, date, phone or code as it is meant: an apostrophe before it marks text, full-width
/// characters are their narrow ones, and every dash is a hyphen.
pub fn plain(field: &str) -> Cow<'_, str> {
    let field = trim(field);
    let field = field.strip_prefix(['\'', '\u{2019}']).map_or(field, trim);
    if field.is_ascii() {
        return Cow::Borrowed(field);
    }
    Cow::Owned(fold::plain(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_text_are_taken_off() {
        for (field, expected) in [
            ("=\"01020000419\"", "01020000419"),
            (" =\"01020000419\" ", "01020000419"),
            ("=\"a \"\"b\"\"\"", "a \"b\""),
            ("=\"\"", ""),
            ("=A1", "=A1"),
            ("'t Hooft", "'t Hooft"),
            ("12 Ro\r\n2nd floor", "12 Ro 2nd floor"),
            ("12 Ro\n\n2nd floor\n", "12 Ro 2nd floor"),
            ("plain", "plain"),
        ] {
            assert_eq!(clean(field.into()), expected, "{field}");
        }
    }

    #[test]
    fn what_is_not_a_name_is_read_as_it_is_meant() {
        for (field, expected) in [
            ("'01020000420", "01020000420"),
            ("０１０－２０００－０２０２", "010-2000-0202"),
            ("02–700–0011", "02-700-0011"),
            ("02\u{2212}700\u{2011}0011", "02-700-0011"),
            ("１，０００", "1,000"),
            ("2021．07．14", "2021.07.14"),
            ("\u{feff}\u{200b}10\u{a0}", "10"),
            ("010\u{3000}1234\u{a0}5678", "010 1234 5678"),
            ("０７／０８／２０２１", "07/08/2021"),
            ("Ｃ－１", "C-1"),
            // Not digits of a number: they are left to be refused.
            ("1²", "1²"),
            ("①", "①"),
        ] {
            assert_eq!(plain(field), expected, "{field}");
        }
    }
}
