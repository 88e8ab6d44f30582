//! One file of each kind, as programs and people write it: all of them say the same.

use std::io::Write;

use chrono_tz::Tz;
use encoding_rs::EUC_KR;
use rust_xlsxwriter::Workbook;
use tokio::sync::mpsc;

use super::{
    loader::{Staged, take_all},
    read::{open, read},
    rows::RowParser,
};
use crate::{
    db::copy::CopyText,
    domain::import::{
        Fault, Kind, Row, allocation::Allocation, cell::plain, clinic::Clinic, hours::Hours,
        region::Region, register::Register, roster::Roster, slot::Slot, user::User,
    },
};

/// Takes every row as its kind of file understands it.
struct Understood(Kind);

impl RowParser for Understood {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let today = "2026-11-26".parse().unwrap();
        let text = match self.0 {
            Kind::Register => format!("{:?}", Register::parse(row, today)?),
            Kind::Roster => format!("{:?}", Roster::parse(row, today)?),
            Kind::Clinics => format!("{:?}", Clinic::parse(row)?),
            Kind::Slots => {
                let clinic_code = plain(row.get("clinic_code"));
                format!("{clinic_code} {:?}", Slot::parse(row, Tz::Asia__Seoul)?)
            }
            Kind::Allocations => format!("{:?}", Allocation::parse(row)?),
            Kind::Hours => format!("{:?}", Hours::parse(row)?),
            Kind::Regions => format!("{:?}", Region::parse(row)?),
            Kind::Users => format!("{:?}", User::parse(row)?),
        };
        to.row(line).text(&text).end();
        Ok(())
    }
}

/// What the rows of a file say, in their order; or why not.
fn said(kind: Kind, file: &[u8]) -> Result<Vec<String>, String> {
    let mut spooled = tempfile::tempfile().unwrap();
    spooled.write_all(file).unwrap();
    let opened = open(spooled, kind).unwrap();
    let (send, chunks) = mpsc::channel(1);
    let taking = take_all(chunks);
    let Staged { rejects, .. } = read(opened, (kind, None), &Understood(kind), &send).unwrap();
    drop(send);
    if let Some(first) = rejects.into_listed().first() {
        return Err(format!("line {}, {}: {}", first.line, first.column, first.detail.cause()));
    }
    let mut rows = Vec::new();
    for taken in taking.join().unwrap() {
        let text = String::from_utf8(taken).unwrap();
        rows.extend(text.lines().map(|row| row.split_once('\t').unwrap().1.to_owned()));
    }
    Ok(rows)
}

/// A file of one kind, and how else its headings and its values are written.
struct Sample {
    kind: Kind,
    header: &'static [&'static str],
    rows: &'static [&'static [&'static str]],
    /// Other headings, in the order of the columns.
    headings: &'static [&'static [&'static str]],
    /// Of a column of the first row, what means the same.
    values: &'static [(usize, &'static [&'static str])],
}

const BIRTH_DATES: &[&str] = &[
    "1964.03.05",
    "1964. 3. 5.",
    "1964/3/5",
    "1964-3-5",
    "19640305",
    "1964-03-05 00:00:00",
    "1964-03-05T00:00",
    "1964년 3월 5일",
    "１９６４－０３－０５",
    "'1964-03-05",
    "1964–03–05",
];
const PHONES: &[&str] = &[
    "01020000200",
    "010 2000 0200",
    "010.2000.0200",
    "(010) 2000-0200",
    "1020000200",
    "+82 10-2000-0200",
    "821020000200",
    "0082 10 2000 0200",
    "０１０－２０００－０２００",
    "'01020000200",
    "010–2000–0200",
    "1020000200.0",
];
const CODES: &[&str] = &["'A-1", "Ａ－１", "A–1", "\u{200b}A-1", "=\"A-1\""];
const WHOLE: &[&str] = &["1000", "1,000", "1,000.0", "1000.00", "１０００", "'1000", " 1000 "];
const TIMES: &[&str] = &[
    "2026-12-07 09:00",
    "2026-12-07 09:00:00",
    "2026-12-07T09:00:00",
    "2026-12-07T09:00:00+09:00",
    "2026-12-07T00:00:00Z",
    "2026.12.07 09:00",
    "2026. 12. 7. 9:00",
    "2026/12/7 09:00",
    "2026년 12월 7일 오전 9:00",
    "2026-12-07 9:00 AM",
    "２０２６－１２－０７ ０９：００",
];

const SAMPLES: &[Sample] = &[
    Sample {
        kind: Kind::Register,
        header: &["name", "birth_date", "phone", "region_code"],
        rows: &[
            &["홍길동", "1964-03-05", "010-2000-0200", "A-1"],
            &["O'Neill, Ann", "2001-12-31", "+1 415 555 0100", "B"],
        ],
        headings: &[
            &["이름", "생년월일", "휴대전화", "지역코드"],
            &["성명", "생일", "연락처", "행정구역코드"],
            &["Name", "Date of Birth", "Phone Number", "Region Code"],
            &["NAME", "DOB", "MOBILE", "REGION_CODE"],
        ],
        values: &[(1, BIRTH_DATES), (2, PHONES), (3, CODES)],
    },
    Sample {
        kind: Kind::Roster,
        header: &["roster_code", "name", "birth_date", "phone"],
        rows: &[
            &["A-1", "홍길동", "1964-03-05", "010-2000-0200"],
            &["B", "Ann O'Neill", "2001-12-31", "+1 415 555 0100"],
        ],
        headings: &[
            &["명단코드", "성명", "생년 월일", "핸드폰"],
            &["명단 코드", "이름", "출생일", "휴대폰번호"],
            &["Roster Code", "Name", "Birth Date", "Phone"],
            &["ROSTER-CODE", "NAME", "D.O.B.", "PHONE_NUMBER"],
        ],
        values: &[(0, CODES), (2, BIRTH_DATES), (3, PHONES)],
    },
    Sample {
        kind: Kind::Clinics,
        header: &[
            "code",
            "name",
            "region_code",
            "zone",
            "address",
            "phone",
            "latitude",
            "longitude",
            "parking",
        ],
        rows: &[
            &[
                "A-1",
                "강남의원",
                "11",
                "Asia/Seoul",
                "서울, 1로 2",
                "02-700-0001",
                "37.5",
                "127",
                "yes",
            ],
            &["B", "Second", "11", "America/New_York", "x", "", "", "", ""],
        ],
        headings: &[
            &["코드", "이름", "지역코드", "시간대", "주소", "전화", "위도", "경도", "주차"],
            &[
                "요양기관번호",
                "의료기관명",
                "시군구코드",
                "시간대",
                "소재지",
                "대표전화",
                "위도",
                "경도",
                "주차",
            ],
            &[
                "Clinic Code",
                "Clinic Name",
                "Region Code",
                "Time Zone",
                "Address",
                "Phone",
                "Lat",
                "Lon",
                "Parking",
            ],
            &["CODE", "NAME", "REGION CODE", "ZONE", "ADDRESS", "PHONE", "LAT", "LNG", "PARKING"],
        ],
        values: &[
            (0, CODES),
            (2, &["'11", "１１", "=\"11\"", "\u{feff}11"]),
            (4, &["서울,\n1로 2", "서울,\r\n1로 2", "\u{a0}서울, 1로 2 "]),
            (6, &["37.50", " 37.5", "'37.5", "３７.５", "+37.5"]),
            (7, &["127.0", "127.00", "'127", "１２７"]),
            (8, &["Yes", "YES", "yes ", "ｙｅｓ"]),
        ],
    },
    Sample {
        kind: Kind::Slots,
        header: &["clinic_code", "starts_at", "ends_at", "seats"],
        rows: &[
            &["A-1", "2026-12-07T09:00", "2026-12-07T10:00", "1000"],
            &["B", "2026-12-07T23:30", "2026-12-08T00:30", "5"],
        ],
        headings: &[
            &["접종기관코드", "시작시각", "종료시각", "정원"],
            &["기관코드", "시작", "끝", "좌석"],
            &["Clinic Code", "Start", "End", "Seats"],
            &["CLINIC-CODE", "STARTS AT", "ENDS AT", "SEATS"],
        ],
        values: &[(1, TIMES), (3, WHOLE)],
    },
    Sample {
        kind: Kind::Allocations,
        header: &["campaign_code", "clinic_code", "product_code", "on_date", "doses", "channel"],
        rows: &[
            &["w-2026", "A-1", "207", "2026-12-07", "1000", "web"],
            &["w-2026", "B", "207", "2026-12-08", "20", "phone"],
        ],
        headings: &[
            &["사업코드", "기관코드", "백신코드", "접종일", "수량", "경로"],
            &["접종사업코드", "접종 기관 코드", "제품코드", "날짜", "배정량", "예약경로"],
            &["Campaign Code", "Clinic Code", "Product Code", "Date", "Doses", "Channel"],
            &["CAMPAIGN CODE", "CLINIC CODE", "PRODUCT CODE", "ON DATE", "DOSES", "CHANNEL"],
        ],
        values: &[
            (1, CODES),
            (2, &["'207", "２０７", "=\"207\""]),
            (
                3,
                &[
                    "2026.12.07",
                    "2026. 12. 7.",
                    "2026/12/7",
                    "20261207",
                    "2026-12-07 00:00:00",
                    "2026년 12월 7일",
                    "２０２６－１２－０７",
                ],
            ),
            (4, WHOLE),
            (5, &["WEB", "Web ", "", "ｗｅｂ"]),
        ],
    },
    Sample {
        kind: Kind::Hours,
        header: &[
            "clinic_code",
            "weekdays",
            "opens",
            "closes",
            "slot_minutes",
            "seats_per_slot",
            "from_date",
            "to_date",
            "break_from",
            "break_to",
            "except",
        ],
        rows: &[
            &[
                "A-1",
                "mon-fri",
                "09:00",
                "18:00",
                "15",
                "1000",
                "2026-12-01",
                "2026-12-31",
                "12:00",
                "13:00",
                "2026-12-25",
            ],
            &["B", "sat", "09:00", "12:00", "20", "5", "2026-12-01", "2026-12-31", "", "", ""],
        ],
        headings: &[
            &[
                "기관코드",
                "요일",
                "시작시각",
                "종료시각",
                "간격",
                "정원",
                "시작일",
                "종료일",
                "점심시작",
                "점심종료",
                "휴진일",
            ],
            &[
                "Clinic Code",
                "Days",
                "Open",
                "Close",
                "Minutes",
                "Seats",
                "From",
                "To",
                "Break From",
                "Break To",
                "Closed",
            ],
        ],
        values: &[
            (1, &["MON-FRI", "Monday-Friday", "월-금", "월~금", "평일", "weekdays", "월화수목금"]),
            (2, &["9:00", "09:00:00", "'09:00", "０９：００", " 09:00 "]),
            (4, &["15.0", "'15", "１５"]),
            (5, WHOLE),
            (6, &["2026.12.01", "2026/12/1", "20261201", "2026-12-01 00:00:00"]),
            (8, &["12:00:00", "１２：００", "'12:00"]),
            (10, &["2026.12.25", "20261225", " 2026-12-25 "]),
        ],
    },
    Sample {
        kind: Kind::Regions,
        header: &["code", "name", "parent_code", "name_ko", "name_en"],
        rows: &[
            &["A-1", "강남구", "P-1", "강남구", "Gangnam, Seoul"],
            &["P-1", "서울특별시", "", "", "Seoul"],
        ],
        headings: &[
            &["코드", "이름", "상위코드", "한글이름", "영문이름"],
            &["지역 코드", "지역명", "상위 지역 코드", "한글명", "영문명"],
            &["행정구역코드", "시군구명", "시도코드", "한글이름", "영문명"],
            &["Region Code", "Region Name", "Parent Code", "Name KO", "Name EN"],
            &["CODE", "NAME", "PARENT-CODE", "NAME_KO", "NAME_EN"],
        ],
        values: &[
            (0, CODES),
            (1, &[" 강남구", "강남구\u{3000}", "\u{200b}강남구", "강남구\n"]),
            (2, &["'P-1", "Ｐ－１", "P–1", "\u{200b}P-1", "=\"P-1\""]),
            (4, &["Gangnam,\nSeoul", " Gangnam, Seoul ", "Gangnam,\r\nSeoul"]),
        ],
    },
    Sample {
        kind: Kind::Users,
        header: &["username", "role", "clinic_code"],
        rows: &[&["kim.minji", "staff", "A-1"], &["boss1", "administrator", ""]],
        headings: &[
            &["아이디", "역할", "기관코드"],
            &["사용자 이름", "권한", "접종기관코드"],
            &["사용자", "역할", "요양기관번호"],
            &["User", "Role", "Clinic Code"],
            &["USERNAME", "ROLE", "CLINIC-CODE"],
        ],
        values: &[
            (
                0,
                &[
                    "'kim.minji",
                    "ｋｉｍ．ｍｉｎｊｉ",
                    " kim.minji",
                    "=\"kim.minji\"",
                    "\u{200b}kim.minji",
                ],
            ),
            (1, &["Staff", "STAFF", "직원", "ｓｔａｆｆ", " staff "]),
            (2, CODES),
        ],
    },
];

type Table = Vec<Vec<String>>;

impl Sample {
    fn table(&self) -> Table {
        let owned = |row: &&[&str]| row.iter().map(|&value| value.to_owned()).collect();
        [self.header].iter().chain(self.rows).map(owned).collect()
    }

    fn headed(&self, headings: &[&str]) -> Table {
        let mut table = self.table();
        table[0] = headings.iter().map(|&heading| heading.to_owned()).collect();
        table
    }
}

fn text(table: &Table, separator: &str) -> String {
    let field = |value: &String| match value.contains(['"', ',', ';', '\t', '|', '\n', '\r']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value.clone(),
    };
    let row = |row: &Vec<String>| row.iter().map(field).collect::<Vec<_>>().join(separator) + "\n";
    table.iter().map(row).collect()
}

fn workbook(table: &Table) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, values) in (1..).zip(table) {
        for (column, value) in (2..).zip(values) {
            sheet.write_string(row, column, value).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn utf16(text: &str, units: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(units).collect()
}

/// The same table in other bytes.
fn bytes(table: &Table) -> Vec<(String, Vec<u8>)> {
    let plain = text(table, ",");
    let mut turned = table.clone();
    turned.iter_mut().for_each(|row| row.reverse());
    let mut wide = table.clone();
    wide.iter_mut().for_each(|row| row.extend([String::new(), String::new()]));
    let mut gap = table.clone();
    gap.iter_mut().for_each(|row| row.insert(1, String::new()));
    let blank = ",".repeat(table[0].len() - 1);
    let quoted = |row: &Vec<String>| {
        let values = row.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\"")));
        values.collect::<Vec<_>>().join(",") + "\n"
    };
    let spaced = |row: &Vec<String>| row.iter().map(|value| format!(" {value}\u{3000}")).collect();
    let marked = |row: &Vec<String>| row.iter().map(|value| format!("\u{200b}{value}")).collect();
    let (cp949, _, is_replaced) = EUC_KR.encode(&plain);
    assert!(!is_replaced, "CP949 has all of it");
    let files: [(&str, Vec<u8>); 22] = [
        ("as it is", plain.clone().into()),
        ("a byte order mark", format!("\u{feff}{plain}").into()),
        ("line ends of Windows", plain.replace('\n', "\r\n").into()),
        ("line ends of old", plain.replace('\n', "\r").into()),
        ("no last line end", plain.trim_end().into()),
        ("UTF-16 little-endian", utf16(&plain, u16::to_le_bytes)),
        ("UTF-16 big-endian", utf16(&plain, u16::to_be_bytes)),
        ("UTF-16 with tabs", utf16(&text(table, "\t"), u16::to_le_bytes)),
        ("CP949", cp949.clone().into_owned()),
        ("semicolons", text(table, ";").into()),
        ("tabs", text(table, "\t").into()),
        ("bars", text(table, "|").into()),
        ("a line that names the separator", format!("sep=;\n{}", text(table, ";")).into()),
        ("the same with a mark", format!("\u{feff}sep=\t\r\n{}", text(table, "\t")).into()),
        ("quotes around everything", table.iter().map(quoted).collect::<String>().into()),
        ("columns turned round", text(&turned, ",").into()),
        ("empty columns at the end", text(&wide, ",").into()),
        ("an empty column", text(&gap, ",").into()),
        ("empty rows", plain.replace('\n', &format!("\n{blank}\n\n")).into()),
        ("spaces around", text(&table.iter().map(spaced).collect(), ",").into()),
        ("invisible characters", text(&table.iter().map(marked).collect(), ",").into()),
        ("a workbook", workbook(table)),
    ];
    files.map(|(what, file)| (what.to_owned(), file)).into()
}

/// All variants of a sample.
fn variants(sample: &Sample) -> Vec<(String, Vec<u8>)> {
    let mut variants = bytes(&sample.table());
    for headings in sample.headings {
        let table = sample.headed(headings);
        variants.push((headings.join(","), text(&table, ",").into()));
    }
    for &(column, values) in sample.values {
        for value in values {
            let mut table = sample.table();
            table[1][column] = (*value).to_owned();
            let what = format!("{}: {value}", sample.header[column]);
            variants.push((what.clone(), text(&table, ",").into()));
        }
    }
    variants
}

#[test]
fn a_file_says_the_same_in_whatever_way_it_is_written() {
    let mut faults = Vec::new();
    for sample in SAMPLES {
        let expected = said(sample.kind, text(&sample.table(), ",").as_bytes()).unwrap();
        assert_eq!(expected.len(), sample.rows.len());
        let variants = variants(sample);
        assert!(variants.len() >= 40, "{}: {}", sample.kind, variants.len());
        for (what, file) in variants {
            let found = said(sample.kind, &file);
            if found.as_ref() != Ok(&expected) {
                faults.push(format!("{}, {what}: {found:?}", sample.kind));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_kind_has_a_sample() {
    let kinds: Vec<_> = SAMPLES.iter().map(|sample| sample.kind).collect();
    assert_eq!(kinds, Kind::ALL);
}

#[test]
fn what_means_something_else_says_something_else() {
    // The control: the comparison would see a value that is read wrongly.
    for sample in SAMPLES {
        let expected = said(sample.kind, text(&sample.table(), ",").as_bytes());
        for column in 0..sample.header.len() {
            let mut table = sample.table();
            table[1][column] = match table[1][column].as_str() {
                "yes" => "no".to_owned(),
                "web" => "phone".to_owned(),
                "Asia/Seoul" => "Asia/Tokyo".to_owned(),
                value if value.contains(":00") => value.replace(":00", ":01"),
                value => value.replace('1', "2"),
            };
            if table[1][column] == sample.rows[0][column] {
                table[1][column].push('x');
            }
            let found = said(sample.kind, text(&table, ",").as_bytes());
            assert_ne!(found, expected, "{}: {}", sample.kind, sample.header[column]);
        }
    }
}
