//! What pages of administrators say of persons of the register.

texts! {
    person_find_about,
        "By name and date of birth, by booking number and date of birth, or by the register's \
         code. Who looked, at whom and why is kept.",
        "이름과 생년월일, 예약번호와 생년월일, 또는 명부의 식별 코드로 찾습니다. 누가 누구를 왜 찾았는지 기록됩니다.";
    person_name, "Name in the register", "명부의 이름";
    person_birth, "Date of birth in the register", "명부의 생년월일";
    person_birth_hint, "As 1962-03-01; year and month, or the year, where no more is known.",
        "예: 1962-03-01. 모르면 연도와 달 또는 연도만 적습니다.";
    person_number_hint, "Instead of the name.", "이름 대신 적습니다.";
    person_code, "Code of the register", "명부의 식별 코드";
    person_look_reason, "Why you look", "찾는 이유";
    person_nobody, "Nobody was found.", "찾은 사람이 없습니다.";
    person_found, "Persons who were found", "찾은 사람";
    person_live, "Live bookings", "유효한 예약";
    person_email, "E-mail", "전자우편";
    person_id, "Number in the register", "명부 번호";
    person_is_now, "Is the person with the number", "합쳐진 대상자 번호";
    person_to_other, "To that person", "그 대상자 보기";
    person_bookings, "Bookings, the newest first", "예약(최근 순)";
    person_no_bookings, "There is no booking.", "예약이 없습니다.";
    person_no_show, "missed", "예약한 날 오지 않음";
    person_not_vaccinated, "came, not vaccinated", "왔으나 접종하지 않음";
    person_exclusions, "What clinics found that keeps them from doses", "접종기관이 기록한 접종 제한";
    person_excluded_why, "What keeps them from it", "제한 사유";
    person_excluded_found, "Found", "기록한 시각";
    person_excluded_stands, "stands", "제한 중";
    person_excluded_lifted, "lifted", "제한 풀림";
    person_excluded_on(reason: &str, day: &str), "{reason}: dose of {day}", "{reason}: 접종일 {day}";
    person_excluded_until(reason: &str, day: &str),
        "{reason}: can be booked again from {day}",
        "{reason}: {day}부터 다시 예약 가능";
    person_excluded_dose(course: &str, number: &str),
        "{course}, dose {number}",
        "{course} {number}차";
    person_step_undone, "the clinic took its step back", "접종기관이 기록을 되돌림";
    person_lift, "Lift it", "제한 풀기";
    person_lift_about,
        "The person can be booked for these doses again. Bookings that have ended stay ended.",
        "다시 이 접종을 예약할 수 있게 됩니다. 이미 끝난 예약은 되살아나지 않습니다.";
    person_was_lifted,
        "It was lifted: the person can be booked again.",
        "제한을 풀었습니다. 다시 예약할 수 있습니다.";
    person_changes(zone: &str), "What was changed. {zone}", "변경 기록. {zone}";
    person_by, "Done by", "처리한 사람";
    person_fields, "Fields", "바뀐 항목";
    person_was_corrected, "corrected", "수정";
    person_merged_into, "merged into", "다른 사람으로 합침";
    person_took_in, "took in", "다른 사람을 받아들임";
    person_moved, "moved away", "전출";
    person_died, "deceased", "사망";
    person_unmarked, "mark taken away", "표시 해제";
    person_registered, "registered at a clinic", "접종기관에서 등록";
    person_exclusion_lifted, "a clinic's note lifted", "접종 제한 해제";
    person_no_mark, "no mark", "표시 없음";
    person_correct, "Correct the record", "기록 수정";
    person_merge, "Merge into another", "다른 사람과 합치기";
    person_mark, "Mark", "표시";
    person_whom(name: &str, birth: &str), "{name}, born {birth}", "{name}, {birth} 출생";
    person_merge_about,
        "This record turns out to be the other one. Bookings, doses and lists go over, and this \
         name finds the other from then on. It cannot be undone.",
        "이 기록이 다른 기록과 같은 사람일 때 합칩니다. 예약과 접종, 명단이 넘어가고, 이후 이 이름으로도 그 사람을 찾습니다. 되돌릴 수 없습니다.";
    person_merge_into, "Number of the person who stays", "남을 사람의 명부 번호";
    person_merge_hint, "It stands on their page.", "그 사람의 화면에 있습니다.";
    person_mark_about,
        "Whoever is marked neither signs in nor books, and is sent nothing.",
        "표시된 사람은 로그인도 예약도 할 수 없고 메시지도 받지 않습니다.";
    person_cancel, "Cancel their bookings", "예약도 취소";
    person_corrected, "The record was corrected.", "기록을 수정했습니다.";
    person_corrected_but(count: &str),
        "The record was corrected. By the rules, {count} of the bookings could not be made now: \
         they stay until you cancel them.",
        "기록을 수정했습니다. 예약 {count}건은 지금 기준으로는 할 수 없는 예약이지만, 취소하기 전까지 남습니다.";
    person_were_merged(count: &str),
        "The records were merged; {count} bookings went over.",
        "기록을 합쳤습니다. 예약 {count}건이 넘어왔습니다.";
    person_stands_now,
        "Somebody else has changed this record since you opened the page. It stands as follows \
         now. What you typed is below: press again if you mean it.",
        "화면을 여신 뒤 다른 관리자가 이 기록을 바꾸었습니다. 지금 기록은 다음과 같습니다. 적으신 내용은 아래에 그대로 있으니, 그대로 하시려면 다시 눌러 주십시오.";
    person_marked, "The mark was saved.", "표시를 저장했습니다.";
    person_marked_booked(count: &str),
        "The mark was saved. {count} bookings stand.",
        "표시를 저장했습니다. 예약 {count}건이 남아 있습니다.";
    person_marked_but(count: &str),
        "The mark was saved, but {count} bookings could not be cancelled.",
        "표시를 저장했지만 예약 {count}건은 취소하지 못했습니다.";
}
