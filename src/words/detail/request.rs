//! What is wrong with a request as a whole.

use crate::{
    domain::{
        fact::{Role, Sent},
        language::Language,
    },
    words::{
        noun::{role, sent},
        number::count,
    },
};

pub(super) fn wrong_media_type(language: Language, what: Sent, media_type: &str) -> String {
    let what = sent(language, what);
    say!(
        language,
        "Send the {what} as {media_type}.",
        "{what}을 {media_type} 형식으로 보내 주십시오."
    )
}

pub(super) fn too_large(language: Language, what: Sent, bytes_max: u64) -> String {
    let (what, max) = (sent(language, what), count(bytes_max));
    say!(
        language,
        "A {what} may have at most {max} bytes.",
        "{what}의 크기는 {max}바이트 이하여야 합니다."
    )
}

pub(super) fn too_slow(language: Language, sent: Sent) -> String {
    match sent {
        Sent::Body => {
            say!(language, "The body came too slowly.", "본문이 제때 도착하지 않았습니다.")
        }
        Sent::File => {
            say!(language, "The file stopped coming.", "파일이 도중에 더 이상 도착하지 않았습니다.")
        }
    }
}

pub(super) fn broken_off(language: Language, what: Sent) -> String {
    let what = sent(language, what);
    say!(language, "The {what} broke off.", "{what}이 도중에 끊겼습니다.")
}

pub(super) fn not_json(language: Language, line: u64, column: u64) -> String {
    say!(
        language,
        "The body is not one JSON value: line {line}, column {column}.",
        "본문이 올바른 JSON이 아닙니다. 위치: {line}번째 줄 {column}번째 글자."
    )
}

pub(super) fn no_such_method(language: Language) -> String {
    say!(
        language,
        "See /docs for what this resource can do.",
        "이 주소에서 쓸 수 있는 요청은 /docs에서 확인해 주십시오."
    )
}

pub(super) fn token_missing(language: Language) -> String {
    say!(
        language,
        "Send `Authorization: Bearer TOKEN`.",
        "`Authorization: Bearer TOKEN` 헤더를 보내 주십시오."
    )
}

pub(super) fn token_refused(language: Language, whose: Role) -> String {
    let whose = role(language, whose);
    say!(
        language,
        "This needs the token of {whose}, and the one sent is not, or not any more.",
        "{whose} 로그인이 필요합니다. 보내신 토큰은 맞지 않거나 만료되었습니다."
    )
}

pub(super) fn only_clinics(language: Language) -> String {
    say!(
        language,
        "This is done by the staff of a clinic and by administrators.",
        "접종기관 직원과 관리자만 할 수 있는 일입니다."
    )
}

pub(super) fn only_call_centre(language: Language) -> String {
    say!(
        language,
        "This is done by the call centre and by administrators. At your own clinic you book under \
         the clinic's address.",
        "상담원과 관리자만 할 수 있는 일입니다. 소속 접종기관의 예약은 그 접종기관의 주소에서 대신 잡아 \
         주십시오."
    )
}

pub(super) fn only_administrators(language: Language) -> String {
    say!(language, "Only administrators may do this.", "관리자만 할 수 있습니다.")
}

pub(super) fn nothing_visible(language: Language) -> String {
    say!(
        language,
        "There is nothing with this id that you may see.",
        "이 ID로 볼 수 있는 내용이 없습니다."
    )
}

pub(super) fn form_from_elsewhere(language: Language) -> String {
    say!(
        language,
        "This did not come from a page of this service, so nothing was done. Open the page \
         here and try again.",
        "이 서비스의 화면에서 보낸 요청이 아니어서 처리하지 않았습니다. 이 서비스의 화면을 연 뒤 다시 시도해 \
         주십시오."
    )
}
