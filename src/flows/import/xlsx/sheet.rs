//! The rows of a sheet.

use std::{borrow::Cow, io::Read};

use quick_xml::events::{BytesStart, Event};

use super::{
    strings::Strings,
    style::Dates,
    xml::{Xml, attribute, broken, resolved},
};
use crate::{
    domain::{Detail, import::Fault},
    flows::import::{
        loader::{Fields, Stop},
        records::RECORD_BYTES_MAX,
    },
};

/// As many as a sheet can have.
const ROWS_MAX: u32 = 1 << 20;
/// The last column is XFD.
const COLUMNS_MAX: usize = 1 << 14;
/// Whole numbers up to here are exact.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Hands over every row that has cells, with its number and how much of the part was read.
///
/// # Errors
/// Those of `take`; the part is damaged or too large.
pub(super) fn rows<R: Read>(
    part: &mut Xml<R>,
    strings: &Strings,
    dates: &Dates,
    mut take: impl FnMut(u64, Result<Fields<'_>, Fault>, u64) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut row = Row::default();
    let mut cell: Option<Cell> = None;
    loop {
        match part.next()? {
            Event::Start(element) => match (element.local_name().as_ref(), &mut cell) {
                ("row", _) => row.begin(&element)?,
                ("c", _) => cell = Some(Cell::begin(&element, &mut row)?),
                (name, Some(cell)) => cell.open(name),
                _ => {}
            },
            // An empty row counts, and an empty cell takes its place.
            Event::Empty(element) => match (element.local_name().as_ref(), &mut cell) {
                ("row", _) => row.begin(&element)?,
                ("c", _) => drop(Cell::begin(&element, &mut row)?),
                ("f", Some(cell)) => cell.is_formula = true,
                ("sheetData", _) => return finish(part),
                _ => {}
            },
            Event::Text(text) => push(&mut cell, &text.xml10_content()),
            Event::CData(text) => push(&mut cell, &text.xml10_content()),
            Event::GeneralRef(entity) if cell.is_some() => push(&mut cell, &resolved(&entity)?),
            Event::End(element) => match element.local_name().as_ref() {
                "c" => {
                    if let Some(cell) = cell.take() {
                        row.put(cell.column, cell.value(strings, dates));
                    }
                }
                "row" => {
                    let (line, record) = row.end();
                    take(line, record, part.bytes_read())?;
                }
                "sheetData" => return finish(part),
                name => {
                    if let Some(cell) = &mut cell {
                        cell.close(name);
                    }
                }
            },
            Event::Eof => return Err(broken()),
            _ => {}
        }
    }
}

/// Reads what follows the rows: at its end the archive's sum of the part is checked.
fn finish<R: Read>(part: &mut Xml<R>) -> Result<(), Stop> {
    while !matches!(part.next()?, Event::Eof) {}
    Ok(())
}

fn push(cell: &mut Option<Cell>, text: &str) {
    if let Some(cell) = cell.as_mut().filter(|cell| cell.is_value) {
        cell.text.push_str(text);
        // More than any row may have: the rest makes it no better.
        if cell.text.len() > RECORD_BYTES_MAX {
            cell.is_long = true;
            cell.text.clear();
        }
    }
}

/// The row that is being read.
#[derive(Default)]
struct Row {
    number: u32,
    /// Of the next cell, where it does not say.
    column: usize,
    values: Vec<Cow<'static, str>>,
    bytes: usize,
    broken: Option<(usize, Detail)>,
    is_long: bool,
}

impl Row {
    fn begin(&mut self, element: &BytesStart<'_>) -> Result<(), Stop> {
        let number = match attribute(element, "r") {
            Some(number) => number.parse().map_err(|_unusable| broken())?,
            None => self.number + 1,
        };
        if number <= self.number {
            return Err(broken());
        }
        if number > ROWS_MAX {
            return Err(Stop::file(
                u64::from(ROWS_MAX) + 1,
                Detail::SheetTooLong { rows_max: ROWS_MAX },
            ));
        }
        *self = Self { number, ..Self::default() };
        Ok(())
    }

    fn put(&mut self, column: usize, value: Result<String, Detail>) {
        match value {
            Ok(value) if value.is_empty() => {}
            Ok(value) => {
                self.bytes += value.len();
                self.is_long |= self.bytes > RECORD_BYTES_MAX;
                if self.is_long {
                    self.values.clear();
                    return;
                }
                self.pad(column);
                self.values.push(value.into());
            }
            Err(Detail::RowTooLong { .. }) => self.is_long = true,
            Err(detail) => {
                self.broken.get_or_insert((column, detail));
            }
        }
    }

    /// Cells that are empty are not in the file.
    fn pad(&mut self, column: usize) {
        self.values.resize(column, Cow::Borrowed(""));
    }

    fn end(&mut self) -> (u64, Result<Fields<'static>, Fault>) {
        let line = u64::from(self.number);
        let (values, broken) = (std::mem::take(&mut self.values), self.broken.take());
        if self.is_long {
            return (line, Err(Fault::malformed(too_long(line))));
        }
        (line, Ok(Fields { values, broken, is_cut: true }))
    }
}

fn too_long(line: u64) -> Detail {
    Detail::RowTooLong { bytes_max: RECORD_BYTES_MAX, first_line: line, last_line: line }
}

/// The cell that is being read.
struct Cell {
    column: usize,
    kind: Kind,
    style: usize,
    text: String,
    /// What comes is its value.
    is_value: bool,
    /// What comes is how its text is pronounced.
    is_reading: bool,
    is_formula: bool,
    is_long: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Number,
    /// By its number among the texts of the workbook.
    Shared,
    Text,
    Boolean,
    Error,
}

impl Cell {
    fn begin(element: &BytesStart<'_>, row: &mut Row) -> Result<Self, Stop> {
        let column = match attribute(element, "r") {
            Some(place) => column(&place).ok_or_else(broken)?,
            None => row.column,
        };
        if column < row.column || column >= COLUMNS_MAX {
            return Err(broken());
        }
        row.column = column + 1;
        let kind = match attribute(element, "t").as_deref() {
            None | Some("n") => Kind::Number,
            Some("s") => Kind::Shared,
            // Text, the text of a formula, a date in words.
            Some("inlineStr" | "str" | "d") => Kind::Text,
            Some("b") => Kind::Boolean,
            Some("e") => Kind::Error,
            Some(_) => return Err(broken()),
        };
        let style = attribute(element, "s").and_then(|style| style.parse().ok()).unwrap_or(0);
        Ok(Self {
            column,
            kind,
            style,
            text: String::new(),
            is_value: false,
            is_reading: false,
            is_formula: false,
            is_long: false,
        })
    }

    fn open(&mut self, element: &str) {
        match element {
            "v" => self.is_value = true,
            "t" => self.is_value = !self.is_reading,
            "rPh" => self.is_reading = true,
            "f" => self.is_formula = true,
            _ => {}
        }
    }

    fn close(&mut self, element: &str) {
        match element {
            "v" | "t" => self.is_value = false,
            "rPh" => self.is_reading = false,
            _ => {}
        }
    }

    fn value(self, strings: &Strings, dates: &Dates) -> Result<String, Detail> {
        let text = self.text.trim();
        if self.is_long {
            return Err(too_long(0));
        }
        if matches!(self.kind, Kind::Error) {
            return Err(Detail::CellError);
        }
        if text.is_empty() {
            let is_text = matches!(self.kind, Kind::Text);
            return if self.is_formula && !is_text {
                Err(Detail::FormulaWithoutValue)
            } else {
                Ok(self.text)
            };
        }
        match self.kind {
            Kind::Number => number(text, dates, self.style),
            Kind::Shared => {
                let found = text.parse().ok().and_then(|number| strings.get(number));
                found.map(unescape).ok_or(Detail::CellError)
            }
            Kind::Boolean => Ok(if text == "1" { "TRUE" } else { "FALSE" }.to_owned()),
            Kind::Text | Kind::Error => Ok(unescape(&self.text)),
        }
    }
}

fn number(text: &str, dates: &Dates, style: usize) -> Result<String, Detail> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let number = number.ok_or(Detail::CellError)?;
    if dates.is_date(style) {
        return dates.text(number).ok_or(Detail::CellError);
    }
    // Written out, so that a phone number is no power of ten.
    let is_exact = number.fract() == 0.0 && number.abs() < EXACT_MAX;
    Ok(if is_exact { format!("{number:.0}") } else { text.to_owned() })
}

/// The column of a place such as `C7`, from 0.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_uppercase);
    let mut column = 0_usize;
    for letter in letters {
        column = column.checked_mul(26)?.checked_add(usize::from(letter - b'A') + 1)?;
        if column > COLUMNS_MAX {
            return None;
        }
    }
    column.checked_sub(1)
}

/// Characters that XML has not are written as `_x000D_`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        plain.push_str(before);
        let escaped = after.split_at_checked(4).and_then(|(digits, after)| {
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
            Some((char::from_u32(code)?, after.strip_prefix('_')?))
        });
        match escaped {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push_str("_x");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a sheet, each as its number and what stands in it.
    fn read(rows_of: &str) -> Result<Vec<(u64, String)>, Detail> {
        let part = format!("<worksheet><sheetData>{rows_of}</sheetData></worksheet>");
        let mut xml = Xml::new(part.as_bytes(), 1 << 30);
        let dates = Dates { styles: vec![false, true], is_1904: false };
        let mut found = Vec::new();
        let taken = rows(&mut xml, &Strings::default(), &dates, |line, record, _| {
            let text = match record {
                Ok(Fields { broken: Some((at, detail)), .. }) => {
                    format!("{at}: {}", detail.cause())
                }
                Ok(Fields { values, .. }) => values.join("|"),
                Err(fault) => fault.detail.cause().to_owned(),
            };
            found.push((line, text));
            Ok(())
        });
        match taken {
            Ok(()) => Ok(found),
            Err(Stop::Unreadable { mut faults, .. }) => Err(faults.remove(0).detail),
            Err(Stop::Io(error)) => panic!("{error}"),
        }
    }

    fn cell(cell: &str) -> String {
        read(&format!("<row>{cell}</row>")).unwrap().remove(0).1
    }

    #[test]
    fn cells_are_read_by_what_they_are() {
        for (xml, expected) in [
            ("<c><v>10</v></c>", "10"),
            ("<c t=\"n\"><v>10.5</v></c>", "10.5"),
            ("<c><v>1.02000020E9</v></c>", "1020000200"),
            ("<c><v>1020000200</v></c>", "1020000200"),
            ("<c><v>-3</v></c>", "-3"),
            ("<c><v>1E-2</v></c>", "1E-2"),
            ("<c s=\"1\"><v>23441</v></c>", "1964-03-05"),
            ("<c s=\"1\"><v>46363.375</v></c>", "2026-12-07T09:00:00"),
            ("<c s=\"0\"><v>23441</v></c>", "23441"),
            ("<c s=\"9\"><v>23441</v></c>", "23441"),
            ("<c t=\"str\"><f>A1</f><v>텍스트</v></c>", "텍스트"),
            ("<c><f>1+1</f><v>2</v></c>", "2"),
            ("<c t=\"b\"><v>1</v></c>", "TRUE"),
            ("<c t=\"d\"><v>2021-07-14T00:00:00</v></c>", "2021-07-14T00:00:00"),
            ("<c t=\"inlineStr\"><is><t>김&amp;이</t></is></c>", "김&이"),
            ("<c t=\"inlineStr\"><is><r><t>a</t></r><r><t> b</t></r></is></c>", "a b"),
            ("<c t=\"inlineStr\"><is><t>東</t><rPh><t>x</t></rPh></is></c>", "東"),
            ("<c t=\"inlineStr\"><is><t><![CDATA[<b>]]></t></is></c>", "<b>"),
            ("<c t=\"inlineStr\"><is><t>a_x000A_b_x_</t></is></c>", "a\nb_x_"),
            ("<x:c t=\"inlineStr\"><x:is><x:t>a</x:t></x:is></x:c>", "a"),
            ("<c t=\"str\"><f>\"\"</f><v></v></c>", ""),
            ("<c t=\"str\"><f>x</f></c>", ""),
            ("<c r=\"A1\" s=\"1\"/>", ""),
            ("<c t=\"e\"><v>#N/A</v></c>", "0: cell_error"),
            ("<c><f>A1+1</f></c>", "0: formula_without_value"),
            ("<c><f>A1</f><v/></c>", "0: formula_without_value"),
            ("<c><v>ten</v></c>", "0: cell_error"),
            ("<c t=\"s\"><v>7</v></c>", "0: cell_error"),
            ("<c s=\"1\"><v>60</v></c>", "0: cell_error"),
        ] {
            assert_eq!(cell(xml), expected, "{xml}");
        }
    }

    #[test]
    fn rows_and_cells_stand_where_they_say() {
        let rows = "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"D2\"><v>2</v></c></row>\
                    <row r=\"3\"/><row><c><v>3</v></c><c><v>4</v></c></row>\
                    <row r=\"9\"><c r=\"A9\"><v>5</v></c><c><v>6</v></c></row>";
        let found = read(rows).unwrap();
        let expected = [(2, "|1||2".to_owned()), (4, "3|4".into()), (9, "5|6".into())];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_no_sheet_has_is_refused() {
        for rows in [
            "<row r=\"2\"/><row r=\"2\"/>",
            "<row r=\"2\"/><row r=\"1\"/>",
            "<row r=\"0\"/>",
            "<row r=\"x\"/>",
            "<row><c r=\"B1\"/><c r=\"A1\"/></row>",
            "<row><c r=\"A1\"/><c r=\"A1\"/></row>",
            "<row><c r=\"ZZZZ1\"/></row>",
            "<row><c r=\"1\"/></row>",
            "<row><c t=\"x\"/></row>",
            "<row><c></row>",
            "<row><c><v>&unknown;</v></c></row>",
        ] {
            assert_eq!(read(rows).unwrap_err(), Detail::WorkbookBroken, "{rows}");
        }
        let long = Detail::SheetTooLong { rows_max: ROWS_MAX };
        assert_eq!(read("<row r=\"1048577\"/>").unwrap_err(), long);
        assert!(read("<row r=\"1048576\"/>").is_ok(), "the control");
    }

    #[test]
    fn a_row_or_cell_of_more_text_than_any_has_is_a_fault_of_its_own() {
        let text = |length| format!("<c t=\"str\"><v>{}</v></c>", "x".repeat(length));
        assert_eq!(cell(&text(RECORD_BYTES_MAX)).len(), RECORD_BYTES_MAX, "the control");
        assert_eq!(cell(&text(RECORD_BYTES_MAX + 1)), "row_too_long");
        assert_eq!(cell(&text(20_000).repeat(4)), "row_too_long");
        let runs = "<t>xxxxxxxxxx</t>".repeat(10_000);
        assert_eq!(cell(&format!("<c t=\"inlineStr\"><is>{runs}</is></c>")), "row_too_long");
        assert_eq!(
            read(&format!("<row>{}</row><row><c><v>1</v></c></row>", text(70_000))).unwrap()[1].1,
            "1",
            "the next row is read"
        );
    }

    #[test]
    fn a_row_of_many_columns_stays_small() {
        let last = cell("<c r=\"XFD1\"><v>1</v></c>");
        assert_eq!(last.len(), COLUMNS_MAX);
        let more = "<c/>".repeat(COLUMNS_MAX) + "<c><v>1</v></c>";
        assert_eq!(read(&format!("<row>{more}</row>")).unwrap_err(), Detail::WorkbookBroken);
        let more = "<c/>".repeat(COLUMNS_MAX - 1) + "<c><v>1</v></c>";
        assert_eq!(cell(&more).len(), COLUMNS_MAX, "the control");
    }
}
