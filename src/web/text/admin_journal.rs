//! What the journal, the users and the records of access say.

texts! {
    journal_why,
        "Every movement of doses, with who made it and why. Nothing here is ever changed.",
        "백신의 모든 이동을 누가 왜 했는지와 함께 보여 줍니다. 이 기록은 바뀌지 않습니다.";
    journal_caption, "Movements, the newest first", "백신 이동(최근 순)";
    journal_none, "No movement fits.", "조건에 맞는 이동이 없습니다.";
    journal_as_file, "As a file:", "파일로 받기:";
    journal_all_campaigns, "All of them", "모든 사업";
    journal_all_kinds, "All movements", "모든 이동";
    journal_kind, "Movement", "이동";
    journal_way, "From and to", "어디에서 어디로";
    journal_place, "Clinic and day, or pool", "접종기관과 날짜 또는 물량";
    journal_product, "What is given", "백신 종류";
    journal_clinic, "Code of a clinic", "접종기관 코드";
    journal_pool_number, "Number of a pool", "물량 번호";
    journal_pool(number: &str), "pool {number}", "물량 {number}";
    journal_no_pool, "A pool has a number.", "물량은 번호로 적어 주십시오.";
    journal_user, "Made by user", "사용자 이름으로 찾기";
    journal_no_user, "There is no such user.", "그런 사용자가 없습니다.";
    journal_from, "From day", "시작일";
    journal_until, "Until day", "종료일";
    journal_corrects(id: &str), "takes back {id}", "{id} 정정";
    journal_citizen, "the person", "본인";
    journal_staff, "clinic staff", "접종기관 직원";
    journal_administrator, "administrator", "관리자";
    journal_service, "the service", "시스템";
    journal_call_centre, "call centre", "콜센터";
    bucket_outside, "manufacturer", "제조사";
    bucket_open, "free", "예약 가능한 백신";
    bucket_held, "held", "임시 확보분";
    bucket_booked, "promised", "확정";
    bucket_spare, "spare", "잔여";
    bucket_given, "given to somebody", "접종분";
    bucket_lost, "lost", "폐기분";
    bucket_pool, "pool", "배정 전 물량";
    move_book, "Somebody booked", "예약함";
    move_cancel, "Cancelled in time", "기한 내 취소";
    move_cancel_late, "Cancelled late", "기한 후 취소";
    move_no_show, "Nobody came", "내원하지 않음";
    move_administer, "Dose given", "접종함";
    move_walk_in, "Given to a walk-in", "현장 접종함";
    move_offer_again, "Offered again", "다시 예약받음";
    move_waste, "Wasted", "폐기함";
    move_hold, "Set aside for somebody", "임시로 확보함";
    move_confirm, "Hold confirmed", "확보 확정";
    move_release, "Hold released", "확보 해제";
    move_correct, "Wrong press taken back", "잘못 누른 것 정정";
    move_not_vaccinated, "Came, not vaccinated", "내원했으나 접종하지 않음";
    move_correct_waste, "Wrong waste taken back", "폐기 정정";
    move_withhold, "Offer taken back", "예약받기 철회";
    move_not_recorded, "Not recorded by the end of the day", "마감까지 기록되지 않음";
    move_receive, "Received from the manufacturer", "제조사에서 입고";
    move_pass_on, "Passed on to a pool below", "아래 물량으로 보냄";
    move_grant, "Granted to clinic", "접종기관에 배정함";
    move_retract, "Taken back from clinic", "접종기관에서 회수함";
    move_lose, "Lost above the clinic", "배정 전 폐기";
    move_send_back, "Sent back to the pool above", "위 물량으로 돌려보냄";
    move_correct_receipt, "Wrong receipt taken back", "입고 정정함";
    move_correct_loss, "Wrong loss taken back", "배정 전 폐기 정정";

    users_caption, "Who signs in by a password", "비밀번호로 로그인하는 사용자";
    user_name_column, "User", "사용자명";
    user_role_column, "Works as", "맡은 일";
    user_administrator, "Administrator", "관리자(전체)";
    user_administrator_hint, "Sees and changes everything.", "모든 것을 보고 바꿀 수 있습니다.";
    user_staff, "Staff of a clinic", "접종기관에서 일하는 사람";
    user_staff_hint, "Sees only the clinic named below.", "아래에 적은 접종기관만 볼 수 있습니다.";
    user_call_centre, "Call centre staff", "콜센터 상담원";
    user_call_centre_hint,
        "Finds people and books for them at any clinic.",
        "사람을 찾아 어느 접종기관에나 대신 예약할 수 있습니다.";
    user_at_clinic(code: &str), "staff of clinic {code}", "접종기관 {code} 직원";
    user_active, "active", "사용 중";
    user_invited, "invited", "초대함";
    user_without_password, "invitation is over", "초대 기한 지남";
    user_disabled, "disabled", "사용 중지";
    user_invite_title, "Invite a user", "사용자 초대";
    user_invite_why,
        "You get a link to hand over; with it the user chooses a password.",
        "전해 주실 링크가 나오며, 사용자는 그것으로 비밀번호를 정합니다.";
    user_many, "Many users come by file.", "여러 명은 파일로 반영합니다.";
    user_name, "Name to sign in with", "로그인 이름";
    user_name_hint,
        "Small letters, digits, dot, hyphen and underscore.",
        "영문 소문자, 숫자, 점, 붙임표, 밑줄을 씁니다.";
    user_role, "What they work as", "맡길 일";
    user_clinic, "Their clinic, by its code", "일하는 접종기관의 코드";
    user_clinic_hint, "Only for staff of a clinic.", "접종기관 직원만 적습니다.";
    user_invite, "Invite", "초대하기";
    user_invited_title(name: &str), "Invitation for {name}", "{name} 초대장";
    user_invited_why,
        "Hand this link over by a way that you trust: whoever opens it chooses the password. It \
         is shown here and never again; a lost one is replaced by a reset.",
        "이 링크를 믿을 수 있는 방법으로 전해 주십시오. 여는 사람이 비밀번호를 정합니다. 다시 볼 수 없으며, 잃어버리면 초기화해서 새로 만듭니다.";
    user_invited_until(until: &str), "It is good until {until}.", "{until}까지 쓸 수 있습니다.";
    user_invited_where,
        "Where a link cannot be opened, this code is typed at",
        "링크를 열 수 없으면 이 코드를 여기에 입력합니다:";
    user_token_column, "Code and link", "초대용 코드와 링크";
    user_until_column, "Good until", "유효 기한";
    user_reset, "Reset", "비밀번호 초기화";
    user_reset_title(name: &str), "Reset {name}?", "{name}, 비밀번호를 초기화하시겠습니까?";
    user_reset_then,
        "The password is taken away, the user is signed out everywhere, and gets a new invitation.",
        "비밀번호가 없어지고 모든 곳에서 로그아웃되며, 새 초대장이 나옵니다.";
    user_disable, "Disable", "사용 중지하기";
    user_disable_title(name: &str), "Disable {name}?", "{name}, 사용을 중지하시겠습니까?";
    user_disable_then,
        "The user is signed out at once and cannot sign in until enabled again. What they did \
         stays in the journal.",
        "곧바로 로그아웃되고 다시 허용할 때까지 로그인할 수 없습니다. 한 일은 기록에 남습니다.";
    user_disabled_done(name: &str), "{name} cannot sign in any more.", "{name}: 사용을 중지했습니다.";
    user_enable, "Enable", "다시 허용하기";
    user_enable_title(name: &str), "Enable {name}?", "{name}, 다시 허용하시겠습니까?";
    user_enable_then,
        "The user can sign in again with the password, or needs a reset where there is none.",
        "쓰던 비밀번호로 다시 로그인할 수 있습니다. 비밀번호가 없으면 초기화해 주십시오.";
    user_enabled_done(name: &str), "{name} may sign in again.", "{name}: 다시 허용했습니다.";

    looks, "Who looked at whom", "열람 기록";
    looks_why,
        "Every look of a user at a person of the register. Persons are named by their number.",
        "사용자가 명부의 사람을 열람한 기록입니다. 사람은 번호로 적습니다.";
    looks_caption, "Looks at persons, the newest first", "사람 열람(최근 순)";
    looks_none, "No look fits.", "조건에 맞는 열람이 없습니다.";
    look_person, "Number of the person", "사람 번호";
    look_no_person, "A person has a number.", "사람은 번호로 적어 주십시오.";
    look_nobody, "nobody was found", "찾지 못함";
    look_way, "Found by", "찾은 방법";
    look_by_name, "name and birth date", "이름과 생년월일";
    look_by_number, "booking number", "예약번호로 찾음";
    look_by_code, "code of the person", "개인 코드";
    look_by_id, "opened by number", "번호로 열람";
    look_journal, "journal of changes", "변경 이력";
}
