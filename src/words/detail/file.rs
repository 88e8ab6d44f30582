//! What is wrong with a file, its header or the form of its values, and the way out.

use crate::{
    domain::{import::Kind, language::Language},
    words::{
        noun::kind,
        number::{count, length},
    },
};

pub(super) fn empty(language: Language) -> String {
    say!(language, "The file is empty.", "파일이 비어 있습니다.")
}

pub(super) fn no_header(language: Language, columns: &str) -> String {
    say!(
        language,
        "The first line names the columns: {columns}.",
        "첫 줄에 열 이름을 적어 주십시오. 열 이름: {columns}."
    )
}

pub(super) fn column_unknown(language: Language, field: &str, of: Kind) -> String {
    let of = kind(language, of);
    say!(
        language,
        "A file of kind {of} has no column {field}.",
        "{of} 파일에는 {field} 열이 없습니다."
    )
}

pub(super) fn column_unnamed(language: Language, of: Kind, number: usize) -> String {
    let of = kind(language, of);
    say!(
        language,
        "The heading of column {number} is none that a file of kind {of} has.",
        "{number}번째 열의 제목은 {of} 파일에 없는 제목입니다."
    )
}

pub(super) fn column_missing(language: Language, field: &str) -> String {
    say!(language, "The column {field} is missing.", "{field} 열이 빠져 있습니다.")
}

pub(super) fn column_twice(language: Language, field: &str) -> String {
    say!(language, "The column {field} stands there twice.", "{field} 열이 두 번 있습니다.")
}

pub(super) fn unreadable(language: Language) -> String {
    say!(
        language,
        "The columns of the file are not those of such a file, so no row was read.",
        "파일의 열이 이런 종류의 파일과 달라 읽은 행이 없습니다."
    )
}

pub(super) fn rows_rejected(language: Language, rejected: u64, read: u64) -> String {
    let (rejected, read) = (count(rejected), count(read));
    say!(
        language,
        "{rejected} of {read} rows cannot be loaded, so none was.",
        "{read}행 가운데 {rejected}행을 반영할 수 없어 한 행도 반영하지 않았습니다."
    )
}

pub(super) fn too_many_columns(language: Language, max: usize) -> String {
    let max = length(max);
    say!(
        language,
        "The first line names more than {max} columns.",
        "첫 줄의 열이 {max}개를 넘습니다."
    )
}

pub(super) fn value_without_column(language: Language, number: usize) -> String {
    say!(
        language,
        "Field number {number} has a value, but its column has no name in the first line.",
        "{number}번째 칸에 값이 있지만 첫 줄에 그 열의 이름이 없습니다."
    )
}

pub(super) fn cell_error(language: Language) -> String {
    say!(
        language,
        "The cell holds an error of the spreadsheet, such as #N/A or #REF!.",
        "셀에 #N/A, #REF! 같은 스프레드시트 오류가 있습니다."
    )
}

pub(super) fn formula_without_value(language: Language) -> String {
    say!(
        language,
        "The cell holds a formula without its result. Open the file in a spreadsheet program and \
         save it, or paste the values.",
        "셀에 수식만 있고 결과가 없습니다. 스프레드시트 프로그램에서 열어 다시 저장하거나 \
         값만 붙여 넣어 주십시오."
    )
}

pub(super) fn encoding_unknown(language: Language, offset: u64) -> String {
    let offset = count(offset);
    say!(
        language,
        "The file is neither UTF-8 nor CP949 (EUC-KR): see the byte at offset {offset}. \
         Save it as \"CSV UTF-8\" or as an xlsx workbook.",
        "UTF-8도 CP949(EUC-KR)도 아닌 파일입니다. 앞에서 {offset}바이트 뒤를 확인해 주십시오. \
         \"CSV UTF-8\"이나 xlsx 통합 문서로 저장해 주십시오."
    )
}

pub(super) fn nul_byte(language: Language, offset: u64) -> String {
    let offset = count(offset);
    say!(
        language,
        "The file is no text: there is a NUL byte at offset {offset}. \
         Save it as \"CSV UTF-8\" or as an xlsx workbook.",
        "텍스트 파일이 아닙니다. 앞에서 {offset}바이트 뒤에 NUL 바이트가 있습니다. \
         \"CSV UTF-8\"이나 xlsx 통합 문서로 저장해 주십시오."
    )
}

pub(super) fn old_workbook(language: Language) -> String {
    say!(
        language,
        "The file is an old or a protected workbook. \
         Save it without a password as an xlsx workbook or as \"CSV UTF-8\".",
        "옛 형식이거나 암호로 보호된 통합 문서입니다. \
         암호 없이 xlsx 통합 문서나 \"CSV UTF-8\"로 저장해 주십시오."
    )
}

pub(super) fn no_workbook(language: Language) -> String {
    say!(
        language,
        "The file is an archive, but no xlsx workbook. \
         Save it as an xlsx workbook or as \"CSV UTF-8\".",
        "압축 파일이지만 xlsx 통합 문서가 아닙니다. \
         xlsx 통합 문서나 \"CSV UTF-8\"로 저장해 주십시오."
    )
}

pub(super) fn workbook_broken(language: Language) -> String {
    say!(
        language,
        "The workbook is damaged. Open it in a spreadsheet program and save it again.",
        "통합 문서가 손상되었습니다. 스프레드시트 프로그램에서 열어 다시 저장해 주십시오."
    )
}

pub(super) fn workbook_too_large(language: Language, bytes_max: u64) -> String {
    let max = count(bytes_max);
    say!(
        language,
        "A part of the workbook unpacks to more than {max} bytes. Split it, or save it as CSV.",
        "압축을 푼 통합 문서의 한 부분이 {max}바이트를 넘습니다. 나누거나 CSV로 저장해 주십시오."
    )
}

pub(super) fn sheet_too_long(language: Language, rows_max: u32) -> String {
    let max = count(rows_max);
    say!(language, "A sheet has at most {max} rows.", "시트의 행은 {max}개 이하여야 합니다.")
}

pub(super) fn no_such_sheet(language: Language) -> String {
    say!(language, "The file has no sheet with this name.", "파일에 이 이름의 시트가 없습니다.")
}

pub(super) fn not_utf8(language: Language) -> String {
    say!(language, "The row is not UTF-8.", "UTF-8로 되어 있지 않은 행입니다.")
}

pub(super) fn quote_open(language: Language) -> String {
    say!(language, "A quote is not closed.", "따옴표가 닫혀 있지 않습니다.")
}

pub(super) fn quote_stray(language: Language) -> String {
    say!(
        language,
        "A quote stands where none may be; inside quotes, write it twice.",
        "따옴표가 있을 수 없는 곳에 있습니다. 따옴표 안의 따옴표는 두 번 적어 주십시오."
    )
}

pub(super) fn quote_never_closed(language: Language, lines_max: u64) -> String {
    say!(
        language,
        "A quote is opened and not closed within {lines_max} lines. The lines below this one are \
         read as rows.",
        "따옴표가 열린 뒤 {lines_max}줄 안에 닫히지 않습니다. 그 아래 줄은 각각 한 행으로 읽습니다."
    )
}

pub(super) fn row_too_long(language: Language, bytes_max: usize, lines: (u64, u64)) -> String {
    let (max, (first_line, last_line)) = (length(bytes_max), lines);
    say!(
        language,
        "A row has at most {max} bytes; lines {first_line} to {last_line} were left out.",
        "한 행은 {max}바이트 이하여야 합니다. \
         {first_line}번째 줄부터 {last_line}번째 줄까지 건너뛰었습니다."
    )
}

pub(super) fn row_width(language: Language, fields: usize, columns: usize) -> String {
    say!(
        language,
        "The row has {fields} fields and the header has {columns}.",
        "행의 칸은 {fields}개이고 첫 줄의 열은 {columns}개입니다."
    )
}

pub(super) fn phone_start(language: Language) -> String {
    say!(
        language,
        "The phone number begins neither with 0 nor with + and a country code, and more than one \
         number can be meant. Write it as 010-1234-5678 or +82 10-1234-5678, in a column of text.",
        "0으로도, +와 국가 번호로도 시작하지 않아 어느 전화번호인지 알 수 없습니다. 열의 서식을 \
         텍스트로 바꾸고 010-1234-5678이나 +82 10-1234-5678처럼 적어 주십시오."
    )
}

pub(super) fn phone_prefix(language: Language) -> String {
    say!(
        language,
        "No phone number begins with these digits.",
        "이런 숫자로 시작하는 전화번호는 없습니다."
    )
}

pub(super) fn number_in_powers(language: Language, value: &str) -> String {
    say!(
        language,
        "{value} is rounded to powers of ten (as in 1E+01). \
         Format the column as text or as a whole number, and enter the value again.",
        "{value}이 1E+01 같은 지수로 반올림되어 있습니다. \
         열의 서식을 텍스트나 정수로 바꾸고 값을 다시 입력해 주십시오."
    )
}

pub(super) fn number_point(language: Language, value: &str) -> String {
    say!(
        language,
        "{value} has a point and three digits after it: that is a thousand to some and one to \
         others. Write the number without a point.",
        "{value}에 점과 숫자 세 자리가 있어 천 단위인지 소수인지 알 수 없습니다. \
         점 없이 적어 주십시오."
    )
}

pub(super) fn date_order(language: Language, value: &str) -> String {
    say!(
        language,
        "{value} does not say which number is the day and which the month. \
         Write the year first: 2021-07-14.",
        "{value}에서 어느 숫자가 월이고 어느 숫자가 일인지 알 수 없습니다. \
         2021-07-14처럼 연도부터 적어 주십시오."
    )
}

pub(super) fn date_two_digit_year(language: Language, value: &str) -> String {
    say!(
        language,
        "{value} has a year of two digits. Write all four: 2021-07-14.",
        "{value}에 연도가 두 자리뿐입니다. 2021-07-14처럼 네 자리로 적어 주십시오."
    )
}

pub(super) fn date_serial(language: Language, value: &str) -> String {
    say!(
        language,
        "{value} is a number of days as spreadsheets count them, and they count from different \
         days. Format the column as a date, and save the file again.",
        "{value}이 스프레드시트의 날짜 일련번호인데, 기준일은 프로그램마다 다릅니다. \
         열의 서식을 날짜로 바꾸어 다시 저장해 주십시오."
    )
}

pub(super) fn date_with_time(language: Language, value: &str) -> String {
    say!(
        language,
        "{value} has a time of day beside the date. Write the date alone: 2021-07-14.",
        "{value}에 날짜와 함께 시각이 있습니다. 2021-07-14처럼 날짜만 적어 주십시오."
    )
}

pub(super) fn same_as_line(language: Language, line: u64, field: &str) -> String {
    say!(language, "Line {line} has the same {field}.", "{line}번째 줄과 {field} 값이 같습니다.")
}
