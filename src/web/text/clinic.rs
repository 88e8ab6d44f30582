//! What pages at a clinic say.

texts! {
    clinic_who_comes, "Who comes, by time", "시간순 명단";
    clinic_nobody, "Nobody is booked on this day.", "이날은 예약한 사람이 없습니다.";
    clinic_time, "Time", "시간";
    clinic_name, "Name (masked)", "이름(일부 가림)";
    clinic_state, "State", "상태";
    clinic_what, "Vaccine", "백신";
    clinic_dose(product: &str, dose: i16), "{product}, dose {dose}", "{product} {dose}차";
    clinic_print, "Print this list", "명단 인쇄";
    clinic_awaited, "Still to come", "올 사람";
    clinic_late, "Of them late", "그중 지각";
    clinic_waiting, "Checked in, waiting", "접수 후 대기";
    clinic_given, "Given", "접종";
    clinic_walk_ins, "Walk-ins", "현장 접종 인원";
    clinic_not_vaccinated, "Not vaccinated", "접종 못 함";
    clinic_no_shows, "Did not come", "오지 않음";
    clinic_is_awaited, "expected", "예정";
    clinic_is_late, "late", "지각";
    clinic_is_waiting, "is here", "대기 중";
    clinic_is_given, "given", "접종 완료";
    clinic_walk_in_given, "walk-in", "현장 접종 완료";
    clinic_is_not_vaccinated, "not vaccinated", "접종하지 않음";
    clinic_is_no_show, "did not come", "미방문";
}
