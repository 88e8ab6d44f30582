//! What pages at a clinic say.

texts! {
    clinic_who_comes, "Who comes, by time", "시간순 명단";
    clinic_nobody, "Nobody is booked on this day.", "이날은 예약한 사람이 없습니다.";
    clinic_no_hours, "The clinic has no hours on this day.", "이날은 운영 시간이 없습니다.";
    clinic_is_closed(reason: &str),
        "The clinic is closed on this day: {reason}",
        "이날은 접종기관이 쉽니다. 사유: {reason}";
    clinic_on_hand, "Doses on hand", "남은 백신";
    clinic_on_hand_spare, "Of them spare", "그중 여유분";
    clinic_name, "Name (masked)", "이름(일부 가림)";
    clinic_dose(product: &str, dose: i16), "{product}, dose {dose}", "{product} {dose}차";
    clinic_print, "Print this list", "명단 인쇄";
    clinic_awaited, "Still to come", "올 사람";
    clinic_late, "Of them late", "그중 지각";
    clinic_waiting, "Checked in, waiting", "접수 후 대기";
    clinic_walk_ins, "Walk-ins", "현장 접종 인원";
    clinic_no_shows, "Did not come", "오지 않음";
    clinic_is_awaited, "expected", "예정";
    clinic_is_late, "late", "지각";
    clinic_is_waiting, "is here", "대기 중";
    clinic_walk_in_given, "walk-in", "현장 접종 완료";
    clinic_is_not_vaccinated, "not vaccinated", "접종하지 않음";
    clinic_is_no_show, "did not come", "오지 않았음";

    clinic_scan_hint,
        "Scan the code of the booking, or type its 10 digits and press Enter.",
        "예약 화면의 코드를 스캔하거나 숫자 10자리를 입력하고 엔터를 눌러 주십시오.";
    clinic_find, "Find", "찾기";
    clinic_camera, "Use the camera", "카메라로 스캔";
    clinic_no_camera, "The camera cannot be used", "카메라를 사용할 수 없습니다";
    clinic_find_title, "Find a booking", "예약 찾기";
    clinic_several,
        "Several bookings have this number. Ask for name and date of birth.",
        "같은 번호의 예약이 여러 건 있습니다. 이름과 생년월일을 확인해 주십시오.";
    clinic_born(date: &str), "born {date}", "{date}생";
    clinic_born_aged(date: &str, years: i32), "{date}, {years} years old", "{date}생, 만 {years}세";
    clinic_no_number,
        "Without a number, look in the list of today by time, or find the person under Walk-in.",
        "예약번호가 없으면 오늘 명단에서 시간으로 찾거나 '현장 접종'에서 대상자를 찾아 주십시오.";

    clinic_visit_title, "Visit", "방문 확인";
    clinic_masked,
        "The whole name and the date of birth are shown after check-in.",
        "전체 이름과 생년월일은 접수한 뒤에 표시됩니다.";
    clinic_arrive_why,
        "Let the person say their name and date of birth. Do not read them out.",
        "이름과 생년월일을 직접 말씀하시도록 해 주십시오. 먼저 읽어 드리지 마십시오.";
    clinic_said, "Date of birth, as it is said", "말씀하신 생년월일";
    clinic_said_hint, "For example 19450815 or 450815.", "예: 19450815 또는 450815";
    clinic_by_document,
        "The person cannot say it: compared with a document",
        "직접 말씀하기 어려워 신분증으로 확인함";
    clinic_compared, "date of birth compared", "생년월일 확인";
    clinic_arrive, "Check in", "접수하기";
    clinic_before_giving, "Ask, and tick what was answered", "확인하고 답을 받은 항목에 표시";
    clinic_lot, "Lot on the vial", "백신 제조번호";
    clinic_lot_hint,
        "As printed. It stays for the next person at this desk.",
        "바이알에 적힌 대로 입력합니다. 이 창구의 다음 접종에도 그대로 남습니다.";
    clinic_lot_missing, "Write the lot on the vial.", "바이알에 적힌 백신 제조번호를 입력해 주십시오.";
    clinic_lot_long, "A lot has at most 40 characters.", "제조번호는 40자까지 입력할 수 있습니다.";
    clinic_lot_of(lot: &str), "lot {lot}", "제조번호 {lot}";
    clinic_site, "Where it is injected", "접종 부위";
    clinic_site_missing, "Choose where it is injected.", "접종 부위를 선택해 주십시오.";
    clinic_give, "Dose was given", "접종 완료하기";
    clinic_otherwise, "Something else happened", "다른 경우";
    clinic_reason, "Came, but not vaccinated: why", "방문했으나 접종하지 않은 사유";
    clinic_reason_missing, "Choose why nothing was given.", "접종하지 않은 사유를 선택해 주십시오.";
    clinic_had_on, "Had it already: on which day", "이미 접종한 경우: 접종일";
    clinic_had_on_hint,
        "Year, month, day: 2021-05-31. Empty if nobody knows.",
        "예: 2021-05-31. 모르면 비워 두십시오.";
    clinic_had_on_unreadable,
        "Write a day that is past, like 2021-05-31, or leave it empty.",
        "지난 날짜를 2021-05-31처럼 입력하거나 비워 두십시오.";
    clinic_until, "Unwell: can come again from", "몸 상태가 좋지 않은 경우: 다시 올 수 있는 날";
    clinic_until_hint,
        "Year, month, day: 2026-12-03. Empty where any day will do.",
        "예: 2026-12-03. 정하지 않으려면 비워 두십시오.";
    clinic_until_unreadable,
        "Write the day like 2026-12-03, or leave it empty.",
        "날짜를 2026-12-03처럼 입력하거나 비워 두십시오.";
    clinic_until_beyond(days: u64),
        "Write a day after today, no more than {days} days ahead, or leave it empty.",
        "내일부터 {days}일 안의 날짜를 입력하거나 비워 두십시오.";
    clinic_day_of_other_reason,
        "This day belongs to another reason. Choose that reason, or empty the field.",
        "다른 사유에 쓰는 날짜입니다. 그 사유를 고르거나 이 칸을 비워 주십시오.";
    clinic_not_vaccinate, "Write down: not vaccinated", "접종하지 않음으로 기록";
    clinic_call, "Call the person:", "대상자 전화:";
    clinic_no_show_why,
        "If the person will not come any more, the dose is free for somebody else here.",
        "더 이상 오지 않으면 백신을 이곳에서 다른 분께 드릴 수 있습니다.";
    clinic_no_show, "Write down: did not come", "미방문으로 기록";
    clinic_cancel_why,
        "Only when the person asks for it: the booking ends.",
        "본인이 원할 때만 취소해 주십시오. 예약이 끝납니다.";
    clinic_next_dose, "Book the next dose", "다음 차수 예약하기";
    clinic_next_reason(dose: i16),
        "Booked at the desk after dose {dose}",
        "{dose}차 접종 뒤 창구에서 예약";
    clinic_to_person, "Other bookings of this person", "이 사람의 다른 예약";
    clinic_history, "What was done", "처리 기록";
    clinic_by_service, "the service itself", "자동 처리";
    clinic_undo(what: &str), "Take back: {what}", "기록 취소: {what}";
    clinic_done(name: &str, what: &str), "{name}: {what}.", "{name}: {what} 처리했습니다.";
    clinic_busy(time: &str),
        "Many people are booking right now. Nothing was written down: press again in {time}.",
        "지금 예약하는 분이 많아 기록하지 못했습니다. {time} 뒤에 다시 눌러 주십시오.";
    clinic_signed_out,
        "You are not signed in here any more, so the list stays as it is. Load the page again and \
         sign in.",
        "로그인이 끝나 명단이 더 이상 바뀌지 않습니다. 화면을 다시 불러와 로그인해 주십시오.";
    clinic_not_renewed,
        "The list cannot be renewed at this moment: what you see may be old. It goes on by \
         itself as soon as it can. If people are waiting, go on by the printed list.",
        "지금은 명단을 새로 고칠 수 없어 보이는 내용이 최신이 아닐 수 있습니다. 연결되면 자동으로 다시 고쳐집니다. \
         기다리는 분이 있으면 인쇄한 명단으로 진행해 주십시오.";
    clinic_not_known,
        "It is not known whether this was written down. Press again: it is done at most once.",
        "기록되었는지 확인하지 못했습니다. 다시 눌러 주십시오. 한 번만 기록됩니다.";

    clinic_print_week, "Print this week", "주간표 인쇄";
    clinic_week_from(date: &str), "Week from {date}", "{date}부터 한 주";
    clinic_day, "Date", "날짜";
    clinic_seats, "Places", "자리";
    clinic_spare, "Spare", "여유분";
    clinic_day_closed, "day closed", "마감됨";
    clinic_days, "The days, with places and doses", "날짜별 자리와 백신";

    clinic_walk_in_why,
        "For somebody without a booking, or without its number. Each search is written down with \
         your name.",
        "예약이 없거나 예약번호를 모르는 분을 찾습니다. 검색할 때마다 사용자 이름과 함께 기록됩니다.";
    clinic_name_hint, "As in the register.", "등록된 이름입니다.";
    clinic_found, "Found in the register", "등록 명부에서 찾은 사람";
    clinic_found_nobody,
        "Nobody in the register has this name and date of birth. Compare both with a document.",
        "이 이름과 생년월일로 등록된 사람이 없습니다. 신분증으로 다시 확인해 주십시오.";
    clinic_find_again, "Look for somebody else", "다른 사람 찾기";
    clinic_register, "Register on the spot", "현장에서 등록하기";
    clinic_register_why,
        "For somebody who is not in the register yet. It is written down that you registered them.",
        "아직 등록 명부에 없는 분을 등록합니다. 등록한 사용자 이름이 함께 기록됩니다.";
    clinic_register_not,
        "The campaigns here are for people of the register only. Nobody can be added at the desk.",
        "이곳의 접종은 등록된 대상자만 받을 수 있어 창구에서 등록할 수 없습니다.";
    clinic_register_name_hint, "As in the document.", "신분증에 적힌 이름입니다.";
    clinic_register_phone_hint,
        "To tell them about their dose. Empty for somebody without a telephone.",
        "접종 안내를 보내 드릴 번호입니다. 전화가 없으면 비워 두십시오.";
    clinic_register_distinct,
        "It is another person with the same name and date of birth",
        "이름과 생년월일이 같은 다른 사람임";
    clinic_registered(name: &str), "{name} is in the register now.", "{name} 님을 등록했습니다.";
    clinic_person_title, "Person", "대상자 확인";
    clinic_their_bookings, "Their bookings", "이 사람의 예약";
    clinic_give_now, "Give a dose now", "지금 접종하기";
    clinic_nothing_to_give,
        "This clinic has no doses today, or no hours.",
        "오늘 이 기관에는 백신이나 운영 시간이 없습니다.";
    clinic_doses_here(spare: i64, open: i64),
        "Today here: {spare} spare, {open} that can still be booked.",
        "오늘 이곳의 백신: 여유분 {spare}회분, 예약 가능 {open}회분.";
    clinic_book_later, "Book here for another day", "이곳에 예약해 드리기";
    clinic_no_times, "No time is free.", "비어 있는 시간이 없습니다.";
    clinic_slot_missing, "Choose a time.", "시간을 선택해 주십시오.";
    clinic_book_reason, "Why the person does not book themselves", "대신 예약하는 사유";
    clinic_book_reason_hint, "For example: no phone, asked at the desk.", "예: 휴대전화 없음, 창구에서 요청.";
    clinic_book_reason_missing, "Write why you book for them.", "대신 예약하는 사유를 입력해 주십시오.";
    clinic_book_reason_long, "The reason is too long.", "사유가 너무 깁니다.";
    clinic_consent, "Who has agreed to the booking", "예약에 동의한 사람";
    clinic_consent_person, "The person", "대상자 본인";
    clinic_consent_representative, "A parent, guardian or carer", "부모, 후견인, 보호자";
    clinic_consent_missing, "Say who has agreed.", "누가 동의했는지 선택해 주십시오.";
    clinic_book, "Book", "예약하기";
    clinic_walk_in_done, "The dose is given and written down.", "접종을 기록했습니다.";
    clinic_booked_done(when: &str, number: &str),
        "The appointment is booked: {when}, number {number}.",
        "예약했습니다. 일시: {when}, 예약번호: {number}.";

    close_title(date: &str), "Account of {date}", "{date} 마감";
    close_people, "People who were expected", "예약한 사람";
    close_expected, "Expected", "예정 인원";
    close_cancelled, "Cancelled too late", "늦은 취소";
    close_not_recorded, "Not written down", "기록 없음";
    close_people_sum,
        "Everybody who was expected is in one of these columns. Walk-ins are counted apart.",
        "예정 인원은 모두 이 칸 가운데 하나에 들어갑니다. 현장 접종은 따로 셉니다.";
    close_no_doses, "This clinic had no doses on this day.", "이날 이 기관에 배정된 백신이 없습니다.";
    close_doses_title, "Doses of the day", "이날의 백신";
    close_doses_sum,
        "Doses = free to book + booked + spare + given + lost. After closing, what is free or \
         spare is gone: back to the pool, kept for the next day, or waste.",
        "백신 = 예약 가능 + 예약 + 여유분 + 접종 + 폐기. 마감하면 예약 가능분과 여유분은 물량으로 돌아가거나 다음 접종일로 넘어가거나 폐기됩니다.";
    close_waiting,
        "These people are checked in, and nothing is written down about them. Finish with each \
         before you close the day.",
        "접수했지만 처리 기록이 없는 분들입니다. 마감하기 전에 한 분씩 기록해 주십시오.";
    close_why,
        "Whoever has not come by now counts as a no-show. Nothing of this day can be changed \
         afterwards, unless it is opened again.",
        "지금까지 오지 않은 분은 미방문으로 기록됩니다. 마감한 뒤에는 다시 열지 않는 한 이날의 기록을 바꿀 수 없습니다.";
    close_unopened(what: &str), "Unopened: {what}", "개봉하지 않은 백신: {what}";
    close_per_vial(doses: i16), "Doses, {doses} in a vial.", "횟수로 입력합니다. 한 병에 {doses}회분입니다.";
    close_unopened_hint,
        "Leave these empty if no more vials were opened than had to be: then the service counts.",
        "꼭 필요한 만큼만 개봉했다면 비워 두십시오. 서비스가 계산합니다.";
    close_note, "Differences, in words", "차이가 있으면 설명";
    close_note_hint, "Only if something does not add up.", "수가 맞지 않을 때만 입력합니다.";
    close_done, "The day is closed.", "하루를 마감했습니다.";
    close_by(when: &str, by: &str), "Closed on {when} by {by}", "{when} 마감(처리: {by})";
    close_returned, "Returned to the pool", "물량으로 반환";
    close_kept, "Kept for the next day", "다음 접종일로 이월";
    close_reopen, "Open the day again", "마감 취소하기";
    close_reopen_why,
        "Staff can do this on the same day, administrators later too.",
        "직원은 당일에만, 관리자는 그 뒤에도 할 수 있습니다.";
    close_reopened, "The day is open again.", "마감을 취소했습니다.";
    close_reason, "Reason for this", "처리 사유";
    close_reason_missing, "Write why, in at most 500 characters.", "사유를 500자 안으로 입력해 주십시오.";
    close_move, "Move doses", "백신 옮기기";
    close_which, "Which doses", "어느 백신";
    close_which_missing, "Choose which doses.", "어느 백신인지 선택해 주십시오.";
    close_act, "What to do", "처리 방법";
    close_act_missing, "Choose what to do.", "처리 방법을 선택해 주십시오.";
    close_doses, "How many doses", "몇 회분";
    close_doses_missing, "Write a number of doses, 1 or more.", "1 이상의 횟수를 숫자로 입력해 주십시오.";
    close_offer_again, "Offer again to everybody", "다시 예약받기";
    close_withhold, "Keep for those who stand here", "현장 접종용으로 남기기";
    close_waste, "Write off as waste", "폐기로 기록";
    close_correct_waste, "Take back a wrong waste", "잘못된 폐기 취소";
    close_moved(doses: i32, what: &str), "{what}. Doses: {doses}.", "{what}: {doses}회분 처리했습니다.";
    close_web, "by web", "온라인 예약";
    close_phone, "by phone", "전화 예약";
    close_print, "Print this account", "마감표 인쇄";

    call_title, "At which clinic", "어느 접종기관";
    call_why,
        "Choose the clinic at which the caller wants an appointment. Then find the person there.",
        "전화하신 분이 원하는 접종기관을 선택한 다음 대상자를 찾아 주십시오.";
    call_which, "Clinic or district", "접종기관 또는 지역 이름";
    call_none, "No clinic has this in its name or address.", "이름이나 주소에 이 말이 있는 접종기관이 없습니다.";
    call_more, "There are more. Write more of the name.", "더 있습니다. 이름을 더 입력해 주십시오.";
}
