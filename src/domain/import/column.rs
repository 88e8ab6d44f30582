//! The columns of each kind of file: their names, how else spreadsheets head them, what stands in
//! them, and an example of it.

use unicode_normalization::UnicodeNormalization;

use crate::domain::amenity::Amenity;

/// A column of a kind of file; one that is not required may be left out.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub is_required: bool,
    /// Other headings that mean it.
    pub also: &'static [&'static str],
    pub form: Form,
    /// A made-up value.
    pub example: &'static str,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Name,
    Spelling,
    BirthDate,
    /// Of a person.
    Phone,
    /// Of a clinic, as it is shown.
    PhoneLine,
    Email,
    Language,
    Code,
    Text,
    Zone,
    Latitude,
    Longitude,
    YesNo,
    Time,
    Seats,
    Date,
    Doses,
    Channel,
    Tranche,
    Weekdays,
    TimeOfDay,
    /// Of a slot.
    Minutes,
    /// Several of them.
    Dates,
    Username,
    Role,
    /// The register's own code for a person.
    PersonCode,
    /// Whether somebody of one name and birth date with another is another person.
    Distinct,
}

impl Form {
    pub const ALL: &'static [Self] = &[
        Self::Name,
        Self::Spelling,
        Self::BirthDate,
        Self::Phone,
        Self::PhoneLine,
        Self::Email,
        Self::Language,
        Self::Code,
        Self::Text,
        Self::Zone,
        Self::Latitude,
        Self::Longitude,
        Self::YesNo,
        Self::Time,
        Self::Seats,
        Self::Date,
        Self::Doses,
        Self::Channel,
        Self::Tranche,
        Self::Weekdays,
        Self::TimeOfDay,
        Self::Minutes,
        Self::Dates,
        Self::Username,
        Self::Role,
        Self::PersonCode,
        Self::Distinct,
    ];
}

impl Column {
    const fn or(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    /// Whether a heading, folded by `fold`, means this column.
    pub fn is_headed(&self, folded: &str) -> bool {
        let mut headings = self.also.iter().chain([&self.name]);
        headings.any(|heading| fold(heading) == folded)
    }
}

/// A heading in the form in which its spellings are equal: width, case, spaces, hyphens,
/// underscores, and how Hangul is composed do not count.
pub fn fold(heading: &str) -> String {
    heading.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

const fn column(name: &'static str, form: Form, example: &'static str) -> Column {
    Column { name, is_required: true, also: &[], form, example }
}

const fn optional(name: &'static str, form: Form, example: &'static str) -> Column {
    Column { name, is_required: false, also: &[], form, example }
}

const NAME: Column = column("name", Form::Name, "홍길동").or(&["이름", "성명"]);
const BIRTH_DATE: Column = column("birth_date", Form::BirthDate, "1964-03-05").or(&[
    "date of birth",
    "dob",
    "생년월일",
    "생일",
    "출생일",
]);
const PHONE: Column = column("phone", Form::Phone, "010-0000-0000").or(&[
    "phone number",
    "mobile",
    "전화",
    "전화번호",
    "휴대전화",
    "휴대전화번호",
    "휴대폰",
    "휴대폰번호",
    "핸드폰",
    "연락처",
]);
const REGION_CODE: Column =
    column("region_code", Form::Code, "11680").or(&["지역코드", "행정구역코드", "시군구코드"]);
const CLINIC_CODE: Column = column("clinic_code", Form::Code, "11110012").or(&[
    "접종기관코드",
    "의료기관코드",
    "기관코드",
    "요양기관번호",
]);
const NAME_KO: Column = optional("name_ko", Form::Spelling, "").or(&["한글이름", "한글명"]);
const NAME_EN: Column =
    optional("name_en", Form::Spelling, "").or(&["영문이름", "영문명", "영문성명"]);

const PERSON_CODE: Column = optional("person_code", Form::PersonCode, "").or(&[
    "person id",
    "개인코드",
    "개인번호",
    "대상자코드",
    "대상자번호",
    "관리번호",
]);

pub(super) const REGISTER: &[Column] = &[
    NAME,
    BIRTH_DATE,
    PHONE,
    REGION_CODE,
    NAME_KO,
    NAME_EN,
    optional("email", Form::Email, "").or(&["e-mail address", "이메일", "전자우편", "메일"]),
    optional("language", Form::Language, "ko").or(&["언어"]),
    PERSON_CODE,
    optional("distinct", Form::Distinct, "").or(&["동명이인"]),
];
pub(super) const ROSTER: &[Column] = &[
    column("roster_code", Form::Code, "police").or(&["명단코드"]),
    NAME,
    BIRTH_DATE,
    PHONE,
    PERSON_CODE,
];
pub(super) const CLINICS: &[Column] = &[
    column("code", Form::Code, "11110012").or(&[
        "clinic code",
        "코드",
        "접종기관코드",
        "의료기관코드",
        "기관코드",
        "요양기관번호",
    ]),
    column("name", Form::Text, "강남의원").or(&[
        "clinic name",
        "이름",
        "접종기관명",
        "의료기관명",
        "기관명",
    ]),
    REGION_CODE,
    column("zone", Form::Zone, "Asia/Seoul").or(&["time zone", "시간대"]),
    column("address", Form::Text, "서울 강남구 1로 2").or(&["주소", "소재지"]),
    column("phone", Form::PhoneLine, "02-000-0000").or(&["전화", "전화번호", "대표전화", "연락처"]),
    column("latitude", Form::Latitude, "37.57").or(&["lat", "위도"]),
    column("longitude", Form::Longitude, "126.98").or(&["lon", "lng", "경도"]),
    optional("name_ko", Form::Text, "").or(&["한글이름", "한글명"]),
    optional("name_en", Form::Text, "").or(&["영문이름", "영문명"]),
    optional(Amenity::StepFree.word(), Form::YesNo, "yes"),
    optional(Amenity::AccessibleToilet.word(), Form::YesNo, "yes"),
    optional(Amenity::Parking.word(), Form::YesNo, "no").or(&["주차"]),
    optional(Amenity::HearingLoop.word(), Form::YesNo, ""),
    optional(Amenity::SignLanguage.word(), Form::YesNo, ""),
    optional(Amenity::Wheelchair.word(), Form::YesNo, "yes"),
    optional("directions", Form::Text, "강남역 3번 출구").or(&["오시는길", "찾아오는길"]),
    optional("directions_ko", Form::Text, ""),
    optional("directions_en", Form::Text, ""),
];
pub(super) const SLOTS: &[Column] = &[
    CLINIC_CODE,
    column("starts_at", Form::Time, "2026-12-07T09:00").or(&[
        "start",
        "시작",
        "시작시각",
        "시작시간",
    ]),
    column("ends_at", Form::Time, "2026-12-07T10:00").or(&[
        "end",
        "끝",
        "종료",
        "종료시각",
        "종료시간",
    ]),
    column("seats", Form::Seats, "10").or(&["좌석", "자리", "정원", "인원"]),
];
pub(super) const ALLOCATIONS: &[Column] = &[
    column("campaign_code", Form::Code, "w-2026").or(&["접종사업코드", "사업코드"]),
    CLINIC_CODE,
    column("product_code", Form::Code, "207").or(&["백신코드", "제품코드"]),
    column("on_date", Form::Date, "2026-12-07").or(&["date", "날짜", "일자", "접종일", "접종일자"]),
    column("doses", Form::Doses, "10").or(&["수량", "배정량", "도즈", "백신수"]),
    optional("channel", Form::Channel, "web").or(&["예약경로", "경로"]),
    optional("tranche_name", Form::Tranche, "").or(&["tranche", "예약그룹"]),
];
pub(super) const HOURS: &[Column] = &[
    CLINIC_CODE,
    column("weekdays", Form::Weekdays, "mon-fri").or(&["days", "요일"]),
    column("opens", Form::TimeOfDay, "09:00").or(&["open", "시작", "시작시각", "시작시간"]),
    column("closes", Form::TimeOfDay, "18:00").or(&["close", "끝", "종료", "종료시각", "종료시간"]),
    column("slot_minutes", Form::Minutes, "30").or(&["minutes", "간격", "예약간격"]),
    column("seats_per_slot", Form::Seats, "5").or(&["seats", "좌석", "자리", "정원", "인원"]),
    column("from_date", Form::Date, "2026-12-07").or(&["from", "시작일", "시작일자"]),
    column("to_date", Form::Date, "2026-12-31").or(&["to", "종료일", "종료일자"]),
    optional("break_from", Form::TimeOfDay, "12:00").or(&["휴게시작", "점심시작"]),
    optional("break_to", Form::TimeOfDay, "13:00").or(&["휴게종료", "점심종료"]),
    optional("except", Form::Dates, "2026-12-25").or(&["closed", "휴무일", "휴진일"]),
];

pub(super) const REGIONS: &[Column] = &[
    column("code", Form::Code, "11680").or(&[
        "region code",
        "코드",
        "지역코드",
        "행정구역코드",
        "시군구코드",
    ]),
    column("name", Form::Text, "강남구").or(&["region name", "이름", "지역명", "시군구명"]),
    optional("parent_code", Form::Code, "").or(&["상위코드", "상위지역코드", "시도코드"]),
    optional("name_ko", Form::Text, "").or(&["한글이름", "한글명"]),
    optional("name_en", Form::Text, "Gangnam-gu").or(&["영문이름", "영문명"]),
];
pub(super) const USERS: &[Column] = &[
    column("username", Form::Username, "desk-1").or(&["user", "아이디", "사용자", "사용자이름"]),
    column("role", Form::Role, "staff").or(&["역할", "권한"]),
    Column { is_required: false, ..CLINIC_CODE },
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&[Column]] =
        &[REGISTER, ROSTER, CLINICS, SLOTS, ALLOCATIONS, HOURS, REGIONS, USERS];

    #[test]
    fn no_heading_means_two_columns_of_a_file() {
        for columns in ALL {
            for column in *columns {
                for heading in column.also.iter().chain([&column.name]) {
                    let folded = fold(heading);
                    let meant = columns.iter().filter(|other| other.is_headed(&folded)).count();
                    assert_eq!(meant, 1, "{heading}");
                }
            }
        }
    }

    #[test]
    fn spellings_of_a_heading_are_equal() {
        for heading in [
            "birth_date",
            "BIRTH_DATE",
            "Birth Date",
            " birth-date ",
            "birthdate",
            "ＢＩＲＴＨ＿ＤＡＴＥ",
            "Birth\u{a0}Date",
            "\u{feff}birth.date",
            "생년월일",
            "생년 월일",
            // decomposed, as some file systems and exports have it
            "\u{1109}\u{1162}\u{11bc}\u{1102}\u{1167}\u{11ab}\
             \u{110b}\u{116f}\u{11af}\u{110b}\u{1175}\u{11af}",
        ] {
            assert!(BIRTH_DATE.is_headed(&fold(heading)), "{heading}");
        }
        for other in ["birth", "date", "birth_dates", "", "생년"] {
            assert!(!BIRTH_DATE.is_headed(&fold(other)), "{other}");
        }
    }
}
