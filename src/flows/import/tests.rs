//! Files as spreadsheets make them: in whatever bytes the same rows come, they read the same; and
//! what cannot be read is refused whole, with a reason and without a value.

use std::io::Write;

use encoding_rs::EUC_KR;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Workbook};
use tokio::sync::mpsc;

use super::{
    loader::{Staged, take_all},
    read::{open, read},
    rows::RowParser,
};
use crate::{
    db::copy::CopyText,
    domain::import::{Fault, Kind, ReadAs, Reject, Row, Separator, read_as::Encoding},
};

const HEADER: [&str; 4] = ["name", "birth_date", "phone", "region_code"];
const MARK: &str = "\u{feff}";

/// Takes every row as it is.
struct Plain;

impl RowParser for Plain {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        HEADER.iter().fold(to.row(line), |to, column| to.text(row.get(column))).end();
        Ok(())
    }
}

struct Found {
    read_as: Option<ReadAs>,
    /// The values of every row, without its line.
    rows: Vec<Vec<String>>,
    is_readable: bool,
    rejects: Vec<Reject>,
}

fn found_in(file: &[u8], sheet: Option<&str>) -> Found {
    let mut spooled = tempfile::tempfile().unwrap();
    spooled.write_all(file).unwrap();
    let opened = open(spooled, Kind::Register).unwrap();
    let read_as = opened.read_as();
    let (send, chunks) = mpsc::channel(1);
    let taking = take_all(chunks);
    let Staged { is_readable, rejects, .. } =
        read(opened, (Kind::Register, sheet), &Plain, &send).unwrap();
    drop(send);
    let mut rows = Vec::new();
    for taken in taking.join().unwrap() {
        let text = String::from_utf8(taken).unwrap();
        rows.extend(text.lines().map(|row| row.split('\t').skip(1).map(str::to_owned).collect()));
    }
    Found { read_as, rows, is_readable, rejects: rejects.into_listed() }
}

fn found(file: &[u8]) -> Found {
    found_in(file, None)
}

/// The causes of what was rejected, with their lines and columns.
fn causes(file: &[u8]) -> Vec<(u64, String, &'static str)> {
    let rejects = found(file).rejects.into_iter();
    rejects.map(|reject| (reject.line, reject.column, reject.detail.cause())).collect()
}

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = |bytes: fn(u16) -> [u8; 2]| {
        format!("{MARK}{text}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16Le => units(u16::to_le_bytes),
        Encoding::Utf16Be => units(u16::to_be_bytes),
        Encoding::Cp949 => {
            let (bytes, _, is_replaced) = EUC_KR.encode(text);
            assert!(!is_replaced, "not in CP949: {text}");
            bytes.into_owned()
        }
    }
}

/// How a program writes a table.
#[derive(Clone, Debug)]
struct Writing {
    encoding: Encoding,
    is_marked: bool,
    separator: Separator,
    names_separator: bool,
    line_end: &'static str,
    quotes_all: bool,
    ends_last_line: bool,
    empty_columns: usize,
    empty_rows: usize,
}

impl Writing {
    fn write(&self, table: &[Vec<String>]) -> Vec<u8> {
        let separator = self.separator.char().to_string();
        let field = |value: &String| {
            let needs = value.contains(['"', '\n', '\r', ',', ';', '\t', '|']);
            match self.quotes_all || needs {
                true => format!("\"{}\"", value.replace('"', "\"\"")),
                false => value.clone(),
            }
        };
        let mut lines = Vec::new();
        if self.names_separator {
            lines.push(format!("sep={separator}"));
        }
        let empty = separator.repeat(self.empty_columns);
        let header = HEADER.map(str::to_owned).to_vec();
        for row in [&header].into_iter().chain(table) {
            let row: Vec<_> = row.iter().map(field).collect();
            lines.push(row.join(&separator) + &empty);
            let blank = separator.repeat(3) + &empty;
            lines.extend(vec![blank; self.empty_rows]);
        }
        let mut text = lines.join(self.line_end);
        if self.ends_last_line {
            text.push_str(self.line_end);
        }
        let mark = if self.is_marked && self.encoding == Encoding::Utf8 { MARK } else { "" };
        encoded(&format!("{mark}{text}"), self.encoding)
    }
}

fn writing() -> impl Strategy<Value = Writing> {
    let encoding = prop::sample::select(vec![
        Encoding::Utf8,
        Encoding::Utf16Le,
        Encoding::Utf16Be,
        Encoding::Cp949,
    ]);
    let separator = prop::sample::select(Separator::ALL.to_vec());
    let line_end = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (encoding, separator, line_end, flags, 0..4_usize, 0..3_usize).prop_map(
        |(encoding, separator, line_end, flags, empty_columns, empty_rows)| Writing {
            encoding,
            is_marked: flags.0,
            separator,
            names_separator: flags.1,
            line_end,
            quotes_all: flags.2,
            ends_last_line: flags.3,
            empty_columns,
            empty_rows,
        },
    )
}

/// Values of Korean and Latin letters, with everything that separates and quotes, within a line.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    // Syllables of names: of those that no name has, text in CP949 has none either.
    let letters = "가강경고광구국권김나남동류마문민박백서석선성소손송수신안양엄영오우유윤은이인임장전정조주지진차최하한허현호홍황";
    let pattern = format!("[{letters}a-zA-Z0-9\",;|' .@#/()-]{{0,12}}");
    let value = prop::string::string_regex(&pattern).unwrap();
    // A row of nothing is none.
    let row = prop::collection::vec(value, 4)
        .prop_filter("a row", |row| row.iter().any(|value| !value.trim().is_empty()));
    prop::collection::vec(row, 0..8)
}

fn trimmed(table: &[Vec<String>]) -> Vec<Vec<String>> {
    let trim = |row: &Vec<String>| row.iter().map(|value| value.trim().to_owned()).collect();
    table.iter().map(trim).collect()
}

fn workbook(table: &[Vec<String>]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let header = HEADER.map(str::to_owned).to_vec();
    for (row, values) in (0..).zip([&header].into_iter().chain(table)) {
        for (column, value) in (0..).zip(values) {
            sheet.write_string(row, column, value).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_table_reads_the_same_in_whatever_way_it_is_written(
        table in table(),
        writing in writing(),
    ) {
        // Only so does a reader know that it is CP949 and no other text.
        let mut table = table;
        table.push(["홍길동", "1964-03-05", "010-2000-0001", "11"].map(str::to_owned).to_vec());
        let found = found(&writing.write(&table));
        prop_assert!(found.rejects.is_empty(), "{:?}", found.rejects);
        prop_assert_eq!(found.rows, trimmed(&table));
        let (encoding, separator) = (writing.encoding, writing.separator);
        prop_assert_eq!(found.read_as, Some(ReadAs::Csv { encoding, separator }));
    }

    #[test]
    fn a_workbook_reads_as_the_text_that_is_in_it(table in table()) {
        let found = found(&workbook(&table));
        prop_assert_eq!(found.read_as, Some(ReadAs::Xlsx));
        prop_assert!(found.rejects.is_empty(), "{:?}", found.rejects);
        prop_assert_eq!(found.rows, trimmed(&table));
    }

    #[test]
    fn no_bytes_whatever_are_a_panic_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        start in prop::sample::select(vec![
            "",
            "PK\u{3}\u{4}",
            "name,birth_date,phone,region_code\n",
        ]),
    ) {
        let mut file = start.as_bytes().to_vec();
        file.extend_from_slice(&bytes);
        found(&file);
    }

    #[test]
    fn a_workbook_with_some_bytes_changed_is_no_panic_and_no_error(
        table in table(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut file = workbook(&table);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        found(&file);
    }
}

#[test]
fn the_same_two_rows_are_read_in_every_usual_shape() {
    let expected = [["A B", "1964-03-05", "010", "11"], ["홍", "1964-03-06", "011", "26"]];
    let head = "name,birth_date,phone,region_code";
    let rows = "A B,1964-03-05,010,11\n홍,1964-03-06,011,26\n";
    for file in [
        format!("{head}\n{rows}"),
        format!("{MARK}{head}\n{rows}"),
        format!("sep=,\n{head}\n{rows}"),
        format!("{MARK}sep=,\r\n{head}\r\n{}", rows.replace('\n', "\r\n")),
        format!("\"sep=,\"\n{head}\n{rows}"),
        format!("SEP=,\n{head}\n{rows}"),
        format!("{head}\n{rows}").replace(',', ";"),
        format!("{head}\n{rows}").replace(',', "\t"),
        format!("{head}\n{rows}").replace(',', "|"),
        format!("sep=;\n{}", format!("{head}\n{rows}").replace(',', ";")),
        format!("{head}\n{rows}").replace('\n', "\r"),
        format!("\n\n{head}\n\n{rows}\n\n"),
        format!(",,,\n{head}\n{rows}"),
        format!("{head}\n,,,\n{rows},,,\n,,,\n"),
        format!("{head}\n , , , \n{rows}"),
        format!("{head},\n{rows}"),
        format!("{head},,,\n{}", rows.replace('\n', ",,,\n")),
        format!("{head}\n{}", rows.replace('\n', ",\n")),
        format!("{head}\n{}", rows.replace('\n', ",,,,,,,,,,\n")),
        format!("{head}{}\n{rows}", ",".repeat(1_000)),
        format!("{head},name_en,email\n{rows}"),
        format!("{head},name_en,email\n{}", rows.replace('\n', ",\n")),
        format!("{head}\n{}", rows.trim_end()),
        format!("Name,Birth Date,Phone,Region Code\n{rows}"),
        format!("NAME,BIRTH_DATE,PHONE,REGION_CODE\n{rows}"),
        format!(" name , birth_date , phone , region_code \n{rows}"),
        format!("이름,생년월일,전화번호,지역코드\n{rows}"),
        format!("성명,생년 월일,휴대폰 번호,지역 코드\n{rows}"),
        format!("이름;생년월일;연락처;지역코드\n{}", rows.replace(',', ";")),
        format!("\"name\",\"birth_date\",\"phone\",\"region_code\"\n{rows}"),
        format!("\"na\nme\",birth_date,phone,region_code\n{rows}"),
        "region_code,phone,name,birth_date\n11,010,A B,1964-03-05\n26,011,홍,1964-03-06".into(),
        format!("{head}\n\"A B\",\"1964-03-05\",\"010\",\"11\"\n홍,1964-03-06,011,26"),
        format!("{head}\n=\"A B\",=\"1964-03-05\",=\"010\",=\"11\"\n홍,1964-03-06,=\"011\",26"),
        format!("{head}\n\"=\"\"A B\"\"\",1964-03-05,\"=\"\"010\"\"\",11\n홍,1964-03-06,011,26"),
        format!("{head}\n\"A\nB\",1964-03-05,010,11\n홍,1964-03-06,011,26"),
        format!("{head}\n\"A\r\nB\",1964-03-05,010,11\r\n홍,1964-03-06,011,26\r\n"),
        format!("{head}\n  A B  ,\t1964-03-05 ,010\u{a0},11\n\u{200b}홍,1964-03-06,011,26\u{feff}"),
        format!("{head}\nA B,1964-03-05,010,11\n\"\",\"\",\"\",\"\"\n홍,1964-03-06,011,26"),
        "name,,birth_date,phone,region_code\nA B,,1964-03-05,010,11\n홍,,1964-03-06,011,26".into(),
        format!(",{head}\n,A B,1964-03-05,010,11\n,홍,1964-03-06,011,26\n"),
    ] {
        let found = found(file.as_bytes());
        assert!(found.rejects.is_empty(), "{:?} in {file}", found.rejects);
        assert_eq!(found.rows, expected, "{file}");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_line_and_column() {
    let head = "name,birth_date,phone,region_code\n";
    let good = "A,1964-03-05,010,11\n";
    let many = ",x".repeat(10_000);
    let long = "x".repeat(70_000);
    let open = format!("{head}{good}\"B{}", format!("\n{good}").repeat(30));
    let open_at_end = format!("{head}{good}\"B,1,2,3\n");
    let row_of_many = format!("{head}{good}B,1,2,3{many}\n{good}");
    let long_row = format!("{head}{good}{long},1,2,3\n{good}");
    let table: Vec<(Vec<u8>, u64, &str, &str)> = vec![
        (Vec::new(), 1, "", "file_empty"),
        (b"\n\n,,,\n".to_vec(), 1, "", "file_empty"),
        (b"\xef\xbb\xbf".to_vec(), 1, "", "file_empty"),
        (b"\xff\xfe".to_vec(), 1, "", "file_empty"),
        (b"sep=,\n".to_vec(), 1, "", "file_empty"),
        (good.into(), 1, "name,birth_date,phone,region_code", "no_header"),
        (b"<html><table>".to_vec(), 1, "name,birth_date,phone,region_code", "no_header"),
        (b"{\"name\": 1}".to_vec(), 1, "", "quote_stray"),
        (b"name,birth_date,phone".to_vec(), 1, "region_code", "column_missing"),
        (b"name;birth_date;phone".to_vec(), 1, "region_code", "column_missing"),
        (format!("age,{head}").into(), 1, "age", "column_unknown"),
        (format!("Age Of It,{head}").into(), 1, "number 1", "column_unnamed"),
        (format!("phone,{head}").into(), 1, "phone", "column_twice"),
        (format!("휴대폰,{head}").into(), 1, "phone", "column_twice"),
        (format!("{}{many}\n{good}", head.trim()).into(), 1, "", "too_many_columns"),
        (open.clone().into(), 3, "", "quote_never_closed"),
        (open_at_end.into(), 3, "", "quote_never_closed"),
        (format!("{head}{good}\"B\"x,1,2,3\n").into(), 3, "", "quote_stray"),
        (format!("{head}{good}B\"x,1,2,3\n").into(), 3, "", "quote_stray"),
        (format!("{head}{good}B,1,2\n").into(), 3, "", "row_width"),
        (format!("{head}{good}B\n").into(), 3, "", "row_width"),
        (format!("{head}{good}B,1,2,3,x\n").into(), 3, "", "row_width"),
        (format!("{},\n{good}B,1,2,3,x\n", head.trim()).into(), 3, "", "row_width"),
        (format!(",{head},{good}x,B,1,2,3\n").into(), 3, "", "value_without_column"),
        (row_of_many.into(), 3, "", "row_width"),
        (long_row.into(), 3, "", "row_too_long"),
        (format!("{long}\n{good}").into(), 1, "", "row_too_long"),
        (format!("\"{head}{}", good.repeat(40)).into(), 1, "", "quote_never_closed"),
        (format!("{head}{good}B\0,1,2,3\n").into(), 1, "", "nul_byte"),
        (b"\0".repeat(1_000), 1, "", "nul_byte"),
        (encoded(head, Encoding::Utf16Le)[2..].to_vec(), 1, "", "nul_byte"),
        (encoded(head, Encoding::Utf16Be)[2..].to_vec(), 1, "", "nul_byte"),
        ([head.as_bytes(), b"Zo\xeb,1,2,3\n"].concat(), 1, "", "encoding_unknown"),
        ([head.as_bytes(), b"M\xfcller J\xf6rg,1,2,3\n"].concat(), 1, "", "encoding_unknown"),
        ([MARK.as_bytes(), head.as_bytes(), b"\xb0\xa1,1"].concat(), 1, "", "encoding_unknown"),
        (
            [head.as_bytes(), "홍,1,2,3\n".as_bytes(), b"\xb0\xa1,1"].concat(),
            1,
            "",
            "encoding_unknown",
        ),
        ([head.as_bytes(), b"\x80,1,2,3\n"].concat(), 1, "", "encoding_unknown"),
        ([&encoded(head, Encoding::Utf16Le)[..], b"\x00\xd8"].concat(), 1, "", "encoding_unknown"),
        ([&encoded(head, Encoding::Utf16Le)[..], b"\x41"].concat(), 1, "", "encoding_unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), 1, "", "old_workbook"),
        (b"PK\x03\x04".to_vec(), 1, "", "workbook_broken"),
        (b"PK\x03\x04garbage".repeat(100), 1, "", "workbook_broken"),
        (b"PK\x05\x06".to_vec(), 1, "name,birth_date,phone,region_code", "no_header"),
        (b"%PDF-1.7\n".to_vec(), 1, "name,birth_date,phone,region_code", "no_header"),
    ];
    for (file, line, column, cause) in table {
        let shown = String::from_utf8_lossy(&file[..file.len().min(80)]).into_owned();
        let found = causes(&file);
        assert_eq!(found.first(), Some(&(line, column.to_owned(), cause)), "{shown}");
    }
    // One row is at fault, and the others are read.
    let rest = found(open.as_bytes());
    assert_eq!((rest.is_readable, rest.rows.len(), rest.rejects.len()), (true, 31, 1));
}

#[test]
fn two_hundred_megabytes_of_anything_end_soon_and_small() {
    // A tenth of it here: what is asserted is that it is one fault, wherever the file ends.
    let megabytes = 20 << 20;
    for (start, fill, cause) in [
        ("", b'x', "row_too_long"),
        ("", b',', "row_too_long"),
        ("\"", b'\n', "quote_never_closed"),
        ("name,birth_date,phone,region_code\n\"", b'"', "row_too_long"),
        ("name,birth_date,phone,region_code\n", b',', "row_too_long"),
    ] {
        let mut file = start.as_bytes().to_vec();
        file.resize(megabytes, fill);
        let causes = causes(&file);
        let last = causes.first().map(|(_, _, cause)| *cause);
        assert_eq!((last, causes.len()), (Some(cause), 1), "{start}{}", char::from(fill));
    }
}

#[test]
fn cells_of_a_workbook_mean_what_they_show() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let date = Format::new().set_num_format("yyyy\"년\" m\"월\" d\"일\"");
    let date_time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let text = Format::new().set_num_format("@");
    for (column, heading) in (0..).zip(["이름", "생년 월일", "Phone ", "REGION CODE", "", ""])
    {
        sheet.write_string(0, column, heading).unwrap();
    }
    // Row 2 is empty, row 3 has dates, numbers and texts.
    sheet.write_string(2, 0, "김 & <b>").unwrap();
    sheet.write_number_with_format(2, 1, 23_441, &date).unwrap();
    sheet.write_number(2, 2, 1_020_000_200).unwrap();
    sheet.write_number(2, 3, 11).unwrap();
    sheet.write_blank(2, 5, &text).unwrap();
    sheet.write_string_with_format(3, 0, "이", &text).unwrap();
    sheet.write_number_with_format(3, 1, 44_391.375, &date_time).unwrap();
    sheet.write_string_with_format(3, 2, "01020000201", &text).unwrap();
    sheet.write_formula(3, 3, rust_xlsxwriter::Formula::new("=5+6").set_result("11")).unwrap();
    sheet.write_string(4, 0, "박").unwrap();
    sheet.write_string(4, 1, "1964-03-06\n").unwrap();
    sheet.write_number(4, 2, 1.5).unwrap();
    // No code: the row ends early.
    let second = workbook.add_worksheet();
    second.set_name("둘째").unwrap();
    for (column, heading) in (0..).zip(HEADER) {
        second.write_string(0, column, heading).unwrap();
        second.write_string(1, column, heading).unwrap();
    }
    let file = workbook.save_to_buffer().unwrap();
    let first = found(&file);
    assert!(first.rejects.is_empty(), "{:?}", first.rejects);
    let expected = [
        ["김 & <b>", "1964-03-05", "1020000200", "11"],
        ["이", "2021-07-14T09:00:00", "01020000201", "11"],
        ["박", "1964-03-06", "1.5", ""],
    ];
    assert_eq!(first.rows, expected);
    assert_eq!(found_in(&file, Some(" 둘째 ")).rows, [HEADER], "named");
    let none = found_in(&file, Some("셋째"));
    assert_eq!((none.is_readable, none.rejects[0].detail.cause()), (false, "no_such_sheet"));
    let none = found_in(b"name\nA", Some("둘째"));
    assert_eq!(none.rejects[0].detail.cause(), "no_such_sheet", "a text has no sheets");
}
