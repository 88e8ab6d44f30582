//! Who is who: what is said of persons of the register who are, or may be, others.

use crate::domain::language::Language;

pub(super) fn same_name_and_birth_date(language: Language) -> String {
    say!(
        language,
        "The register has a person of this name and birth date with another phone. If they are \
         one, correct the phone there. If they are two, say so: distinct = yes.",
        "이름과 생년월일이 같고 전화번호가 다른 분이 이미 등록되어 있습니다. 같은 분이면 등록된 \
         전화번호를 고쳐 주십시오. 다른 분이면 distinct 값을 yes로 적어 주십시오."
    )
}

pub(super) fn possibly_same_as_line(language: Language, line: u64) -> String {
    say!(
        language,
        "Line {line} has the same name and birth date, and another phone. If they are one person, \
         leave one of the lines. If they are two, say so: distinct = yes.",
        "{line}번째 줄과 이름과 생년월일이 같고 전화번호가 다릅니다. 같은 분이면 한 줄만 남겨 \
         주십시오. 다른 분이면 distinct 값을 yes로 적어 주십시오."
    )
}

pub(super) fn code_in_register(language: Language) -> String {
    say!(
        language,
        "The register has a person with this code.",
        "이 코드를 가진 분이 이미 등록되어 있습니다."
    )
}

pub(super) fn has_other_code(language: Language) -> String {
    say!(
        language,
        "The person of this name, birth date and phone has another code in the register.",
        "이름, 생년월일, 전화번호가 같은 분에게 다른 코드가 등록되어 있습니다."
    )
}

pub(super) fn code_of_other_person(language: Language) -> String {
    say!(
        language,
        "The person with this code has another name and another birth date in the register. \
         Correct the one that is wrong there first.",
        "이 코드를 가진 분은 이름과 생년월일이 다르게 등록되어 있습니다. 잘못된 쪽을 먼저 고쳐 \
         주십시오."
    )
}

pub(super) fn key_of_other_person(language: Language) -> String {
    say!(
        language,
        "The person with this code has another name or phone in the register, and this name, birth \
         date and phone are those of another person there.",
        "이 코드를 가진 분은 이름이나 전화번호가 다르게 등록되어 있고, 이 이름과 생년월일, \
         전화번호는 등록된 다른 분의 것입니다."
    )
}
