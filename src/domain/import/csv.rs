//! Separated values as in RFC 4180, read strictly: a stray quote is a fault of its row and does not
//! swallow the rows below it.

use std::borrow::Cow;

use super::{fault::Fault, separator::Separator};
use crate::domain::Detail;

/// What the text so far is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    Complete,
    /// The text ends inside quotes: the record goes on in the next line.
    Open,
}

/// Whether a record ends where this text does. Text without a quote always does.
pub fn record(text: &str, separator: Separator) -> Record {
    if !text.contains('"') {
        return Record::Complete;
    }
    let separator = separator.char();
    let mut rest = text;
    loop {
        match quoted(rest, separator) {
            Quoted::Open => return Record::Open,
            // A fault ends with its line.
            Quoted::Stray => return Record::Complete,
            Quoted::No => {
                let Some((_, after)) = rest.split_once(separator) else { return Record::Complete };
                rest = after;
            }
            Quoted::Field { after, .. } => match after.strip_prefix(separator) {
                Some(after) => rest = after,
                None => return Record::Complete,
            },
        }
    }
}

/// The fields of a complete record, without its line end.
///
/// # Errors
/// `malformed_row` where a quote stands in a field without quotes, or after the closing one.
pub fn fields(text: &str, separator: Separator) -> Result<Vec<Cow<'_, str>>, Fault> {
    let separator = separator.char();
    if !text.contains('"') {
        return Ok(text.split(separator).map(Cow::Borrowed).collect());
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let after = match quoted(rest, separator) {
            Quoted::Open => return Err(Fault::malformed(Detail::QuoteOpen)),
            Quoted::Stray => return Err(stray()),
            Quoted::No => {
                let (field, after) = match rest.split_once(separator) {
                    Some((field, after)) => (field, Some(after)),
                    None => (rest, None),
                };
                if field.contains('"') {
                    return Err(stray());
                }
                fields.push(Cow::Borrowed(field));
                after
            }
            Quoted::Field { inner, after } => {
                fields.push(if inner.contains('"') {
                    Cow::Owned(inner.replace("\"\"", "\""))
                } else {
                    Cow::Borrowed(inner)
                });
                after.strip_prefix(separator)
            }
        };
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

fn stray() -> Fault {
    Fault::malformed(Detail::QuoteStray)
}

enum Quoted<'a> {
    No,
    Open,
    /// Something else than a separator follows the closing quote.
    Stray,
    /// `after` begins with the separator, or is empty.
    Field {
        inner: &'a str,
        after: &'a str,
    },
}

/// Looks at the field at the start of `rest`. Spreadsheets write `="010"` so that a value is taken
/// for text.
fn quoted(rest: &str, separator: char) -> Quoted<'_> {
    let body = rest.strip_prefix('"').or_else(|| rest.strip_prefix("=\""));
    let Some(body) = body else { return Quoted::No };
    let mut from = 0;
    while let Some(at) = body.get(from..).and_then(|tail| tail.find('"')) {
        let close = from + at;
        let (inner, after) = body.split_at(close);
        let after = after.strip_prefix('"').unwrap_or(after);
        if after.starts_with('"') {
            from = close + 2;
            continue;
        }
        let is_end = after.is_empty() || after.starts_with(separator);
        return if is_end { Quoted::Field { inner, after } } else { Quoted::Stray };
    }
    Quoted::Open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;

    fn fields(text: &str) -> Result<Vec<Cow<'_, str>>, Fault> {
        super::fields(text, Separator::Comma)
    }

    fn record(text: &str) -> Record {
        super::record(text, Separator::Comma)
    }

    #[test]
    fn each_separator_separates_and_the_others_do_not() {
        for separator in Separator::ALL {
            let other = if separator == Separator::Comma { ';' } else { ',' };
            let text = "a_\"b_c\"_d".replace('_', &separator.char().to_string());
            let text = format!("{text}{other}e");
            let found = super::fields(&text, separator).unwrap();
            assert_eq!(found, ["a", &format!("b{}c", separator.char()), &format!("d{other}e")]);
        }
    }

    #[test]
    fn a_text_mark_is_a_quote() {
        assert_eq!(fields("a,=\"010\",b").unwrap(), ["a", "010", "b"]);
        assert_eq!(fields("a,=\"01,0\"").unwrap(), ["a", "01,0"]);
        assert_eq!(fields("a,=b").unwrap(), ["a", "=b"], "the control");
        assert_eq!(fields("=\"010\"x").unwrap_err().code, Code::MalformedRow);
    }

    #[test]
    fn fields_are_read_with_and_without_quotes() {
        assert_eq!(fields("a,b,,").unwrap(), ["a", "b", "", ""]);
        assert_eq!(fields(r#""a,b","c ""d""",e"#).unwrap(), ["a,b", r#"c "d""#, "e"]);
        assert_eq!(fields(r#"a,"""#).unwrap(), ["a", ""]);
        assert_eq!(fields("\"two\r\nlines\",b").unwrap(), ["two\r\nlines", "b"]);
        assert_eq!(fields("김민지,1962").unwrap(), ["김민지", "1962"]);
    }

    #[test]
    fn a_record_goes_on_while_a_quote_is_open() {
        assert_eq!(record("a,\"b"), Record::Open);
        assert_eq!(record("a,\"b\"\""), Record::Open);
        assert_eq!(record("a,\"b\"\"\""), Record::Complete);
        assert_eq!(record("a,\"b\nc\",d"), Record::Complete);
        assert_eq!(record("a,b"), Record::Complete);
    }

    #[test]
    fn a_stray_quote_is_a_fault_of_its_own_row() {
        for text in [r#"5" pipe,b"#, r#""a"b,c"#, r#"a,b""#] {
            assert_eq!(record(text), Record::Complete, "{text}");
            assert_eq!(fields(text).unwrap_err().code, Code::MalformedRow, "{text}");
        }
        assert_eq!(fields("\"a").unwrap_err().code, Code::MalformedRow);
    }
}
