//! Why somebody is not signed in.

use crate::{domain::language::Language, words::number::wait};

pub(super) fn codes_not_sent(language: Language) -> String {
    say!(
        language,
        "No way to send codes is set up here, so citizens cannot sign in.",
        "인증번호를 보내는 방법이 마련되어 있지 않아 로그인하실 수 없습니다."
    )
}

pub(super) fn wrong_code(language: Language) -> String {
    say!(language, "This code does not sign anyone in.", "로그인에 쓸 수 없는 인증번호입니다.")
}

pub(super) fn wrong_password(language: Language) -> String {
    say!(language, "Username or password is wrong.", "사용자 이름이나 비밀번호가 맞지 않습니다.")
}

pub(super) fn sign_in_crowded(language: Language) -> String {
    say!(
        language,
        "Too many people sign in at this moment.",
        "지금 로그인하는 분이 많습니다. 잠시 후 다시 시도해 주십시오."
    )
}

pub(super) fn too_many_codes(language: Language, retry_after: u64) -> String {
    let wait = wait(language, retry_after);
    say!(
        language,
        "Too many codes were asked for. Ask for the next one in {wait}.",
        "인증번호 요청이 너무 많습니다. {wait} 뒤에 다시 요청해 주십시오."
    )
}

pub(super) fn too_many_tries(language: Language, retry_after: u64) -> String {
    let wait = wait(language, retry_after);
    say!(
        language,
        "Too many codes were wrong. Try again in {wait}.",
        "맞지 않는 인증번호가 너무 많이 입력되었습니다. {wait} 뒤에 다시 시도해 주십시오."
    )
}

pub(super) fn too_many_passwords(language: Language, retry_after: u64) -> String {
    let wait = wait(language, retry_after);
    say!(
        language,
        "Too many passwords were wrong. Try again in {wait}.",
        "맞지 않는 비밀번호가 너무 많이 입력되었습니다. {wait} 뒤에 다시 시도해 주십시오."
    )
}
