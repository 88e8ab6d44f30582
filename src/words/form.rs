//! What stands in a column of a file, as help and templates say it.

use crate::domain::{import::column::Form, language::Language};

/// What stands in such a column.
pub fn form(language: Language, form: Form) -> String {
    let (english, korean) = texts(form);
    say!(language, "{english}", "{korean}")
}

#[expect(clippy::too_many_lines, reason = "one table, in the order of Form")]
fn texts(form: Form) -> (&'static str, &'static str) {
    match form {
        Form::Name => ("a name, as the person signs in with it", "로그인할 때 쓰는 이름"),
        Form::Spelling => (
            "a further spelling of the name, which signs in too",
            "이름의 다른 표기. 이 표기로도 로그인할 수 있습니다.",
        ),
        Form::BirthDate => (
            "the year first: 1964-03-05, 1964.03.05, 1964/3/5, 19640305, or a date of the \
             spreadsheet; 1950 or 1950-03 where no more is known",
            "연도부터: 1964-03-05, 1964.03.05, 1964/3/5, 19640305, 또는 날짜 서식의 셀. 그만큼만 \
             알면 1950 또는 1950-03",
        ),
        Form::Phone => (
            "010-1234-5678, +82 10-1234-5678, or another country's with + and its code; empty for \
             somebody without one",
            "010-1234-5678, +82 10-1234-5678, 다른 나라는 +와 국가 번호부터. 없으면 빈칸",
        ),
        Form::PhoneLine => (
            "as it is to be shown: one number or several, with extensions, or empty",
            "보이는 그대로: 번호 하나나 여럿, 내선, 또는 빈칸",
        ),
        Form::Email => ("an e-mail address", "이메일 주소"),
        Form::Language => ("ko or en", "ko 또는 en"),
        Form::Code => ("a code, as it is known here", "이 시스템에 등록된 코드"),
        Form::Text => ("one line of text", "한 줄의 글"),
        Form::Zone => ("a time zone: Asia/Seoul", "시간대: Asia/Seoul"),
        Form::Latitude => ("degrees north: 37.57, or empty", "위도(도): 37.57, 또는 빈칸"),
        Form::Longitude => ("degrees east: 126.98, or empty", "경도(도): 126.98, 또는 빈칸"),
        Form::YesNo => ("yes, no, or empty where that is not known", "yes, no, 모르면 빈칸"),
        Form::Time => (
            "as the clinic's clock shows it: 2026-12-07T09:00, 2026-12-07 09:00:00; or with an \
             offset",
            "접종기관의 시각: 2026-12-07T09:00, 2026-12-07 09:00:00, 또는 시차와 함께",
        ),
        Form::Seats => ("a whole number: 10", "정수: 10"),
        Form::Date => (
            "the year first: 2026-12-07, 2026.12.07, 20261207, or a date of the spreadsheet",
            "연도부터: 2026-12-07, 2026.12.07, 20261207, 또는 날짜 서식의 셀",
        ),
        Form::Doses => (
            "a whole number, in whole vials: 10, 10.0, 1,000",
            "바이알 단위의 정수: 10, 10.0, 1,000",
        ),
        Form::Channel => ("web, phone or walk_in; empty is web", "web, phone, walk_in. 빈칸은 web"),
        Form::Weekdays => (
            "days of the week: mon-fri, mon,wed,sat, daily",
            "요일: 월-금, 월수금, 매일, mon,wed,sat",
        ),
        Form::TimeOfDay => ("as the clinic's clock shows it: 09:00", "접종기관의 시각: 09:00"),
        Form::Minutes => ("how long a slot is, in minutes: 30", "예약 시간 하나의 길이(분): 30"),
        Form::Dates => (
            "days without slots, apart by spaces: 2026-12-24 2026-12-25",
            "예약을 받지 않는 날. 빈칸으로 구분: 2026-12-24 2026-12-25",
        ),
        Form::Username => (
            "3 to 64 of a-z, 0-9, dot, underscore and hyphen",
            "영문 소문자, 숫자, 점, 밑줄, 붙임표 3~64자",
        ),
        Form::Role => (
            "staff, who work at the clinic of the row, administrator or call_centre",
            "staff(직원, 그 행의 접종기관에서 일함), administrator(관리자), call_centre(상담원) 가운데 하나",
        ),
        Form::Tranche => (
            "the name of a tranche that has the doses to itself, or empty",
            "백신을 따로 쓰는 예약 그룹의 이름, 또는 빈칸",
        ),
        Form::PersonCode => (
            "the register's own code for the person, by which later files correct name and phone; \
             kept as a hash only",
            "명부가 각 사람에게 부여한 코드. 이후 파일에서 이 코드로 이름과 전화번호를 고칩니다. \
             해시로만 보관합니다.",
        ),
        Form::Distinct => (
            "yes for another person than one of the same name and birth date",
            "이름과 생년월일이 같은 다른 분이면 yes 또는 예",
        ),
    }
}

/// Whether a column must be there.
pub fn need(language: Language, is_required: bool) -> String {
    match is_required {
        true => say!(language, "required", "필수"),
        false => say!(language, "may be left out", "생략 가능"),
    }
}
