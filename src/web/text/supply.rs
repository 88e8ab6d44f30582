//! The numbers of a round.

texts! {
    supply_title(round: &str), "{round}: all numbers", "{round}: 모든 숫자";
    where_doses_are, "Where the doses are", "백신의 현재 상태";
    doses_by_state, "Doses by state", "상태별 백신(회분)";
    state_column, "State", "상태";
    doses_column, "Doses", "회분";
    dose_free, "Free to book", "예약 가능";
    dose_past_day, "Left over on days that are past", "지난 날짜에 남은 백신";
    dose_closed_day, "At clinics that are closed on the day", "그날 휴진하는 접종기관의 백신";
    dose_other_channel,
        "Kept for the telephone and for those who come without a booking",
        "전화 예약과 현장 접종용";
    dose_not_offered, "Of a vaccine that this round does not offer", "이번 예약에서 쓰지 않는 백신";
    dose_of_nobody, "Kept for a group to which nobody belongs", "해당하는 사람이 없는 그룹용";
    dose_turn_to_come, "For groups whose turn is still to come", "아직 순서가 오지 않은 그룹용";
    dose_no_time, "Without a free time at the clinic", "예약할 수 있는 시간이 없는 백신";
    dose_held, "Held for somebody", "임시 확보";
    dose_booked, "Booked", "예약됨";
    dose_given, "Given", "접종 완료";
    dose_spare,
        "Given back too late to be booked again; the clinic gives them to others",
        "늦게 취소되어 접종기관이 다른 분께 드리는 백신";
    dose_lost, "Lost", "폐기";
    dose_sum, "All doses at clinics", "접종기관에 배정된 백신 합계";
    dose_in_store, "In store, not yet at a clinic", "아직 배정하지 않은 백신";

    by_region, "By region", "지역별";
    free_by_region, "Doses that are free to book, by region", "지역별 예약 가능한 백신(회분)";
    by_district, "By district", "시군구별";
    region_column, "Region", "지역";
    district_column, "District", "시군구";
    free_column, "Free", "남음";
    of_column, "Of", "전체";
    by_day, "By day", "날짜별";
    free_by_day, "Doses that are free to book, by day of vaccination", "접종일별 예약 가능한 백신(회분)";
    day_column, "Day of vaccination", "접종일";
    no_day, "No clinic has doses on a coming day.", "앞으로 백신이 있는 날짜가 없습니다.";

    by_turn, "Whose turn is when", "순서";
    turns, "Groups by the last digit of the day of birth", "태어난 날의 끝자리별 순서";
    group_column, "Day of birth ends in", "태어난 날 끝자리";
    from_column, "From", "시작";

    clinics, "Clinics", "접종기관";
    map_title, "Map of the clinics", "접종기관 지도";
    map_about(some: &str, none: &str),
        "{some} clinics with doses that are free to book (dots; larger ones have more), \
         {none} without (rings).",
        "예약 가능한 백신이 있는 접종기관 {some}곳(점, 클수록 많음), 없는 접종기관 {none}곳(고리).";
    clinics_by_region, "Clinics by region", "지역별 접종기관(곳)";
    with_doses_column, "With free doses", "백신 있음";
    without_column, "Without", "백신 없음";
    find_clinics, "Find a clinic", "접종기관 찾기";

    history, "How the limit and the state changed", "한도와 상태의 변경 기록";
    history_first(count: &str),
        "The last {count} changes, newest first.",
        "최근 변경 {count}건이며 최신순입니다.";
    data_for_programs, "The same numbers for programs (JSON)", "프로그램용 데이터(JSON)";
}
