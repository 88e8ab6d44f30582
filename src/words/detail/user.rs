//! What is said to and about users who sign in by a password.

use crate::domain::language::Language;

pub(super) fn invitation_over(language: Language) -> String {
    say!(
        language,
        "This invitation was used, has expired, or a newer one has taken its place. Ask an \
         administrator for another.",
        "이미 사용했거나 만료되었거나 새 초대로 바뀐 초대입니다. 관리자에게 다시 요청해 주십시오."
    )
}

pub(super) fn last_administrator(language: Language) -> String {
    say!(
        language,
        "Nobody else could sign in as administrator. Let another one in first; an invitation \
         counts once its password is chosen.",
        "이 사용자 말고는 로그인할 수 있는 관리자가 없습니다. 먼저 다른 관리자가 로그인할 수 있게 해 주십시오. \
         초대한 관리자는 비밀번호를 정한 뒤부터 관리자로 셉니다."
    )
}

pub(super) fn disabled(language: Language) -> String {
    say!(
        language,
        "The user is disabled. Enable them first.",
        "사용이 중지된 사용자입니다. 먼저 사용을 허용해 주십시오."
    )
}

pub(super) fn administrator_at_clinic(language: Language) -> String {
    say!(
        language,
        "Administrators work for all clinics: leave the clinic empty.",
        "관리자는 모든 접종기관을 맡습니다. 접종기관을 비워 두십시오."
    )
}

pub(super) fn staff_without_clinic(language: Language) -> String {
    say!(language, "Staff work at a clinic: name it.", "직원이 일하는 접종기관을 적어 주십시오.")
}

pub(super) fn call_centre_at_clinic(language: Language) -> String {
    say!(
        language,
        "The call centre books for all clinics: leave the clinic empty.",
        "상담원은 모든 접종기관의 예약을 맡습니다. 접종기관을 비워 두십시오."
    )
}
