//! What the pictures of supply say to administrators.

texts! {
    picture_not_public,
        "The pictures begin when the campaign is published.",
        "그림은 접종 사업이 공개된 뒤부터 볼 수 있습니다.";
    picture_burn_down, "What is left, day by day", "날짜별 남은 백신";
    picture_burn_about,
        "Doses of clinics that were neither given nor lost at the end of each day of vaccination",
        "접종일별로 그날이 끝났을 때 접종도 폐기도 되지 않은 접종기관 백신(회분)";
    picture_planned, "Left if all goes as planned", "계획대로일 때 남는 양";
    picture_left, "Really left", "실제로 남은 양";
    picture_granted, "Granted", "배정됨";
    picture_regions, "Doses by region, with shares", "지역별 백신(회분)과 비율";
    picture_waste, "Waste", "폐기율";
    picture_no_shows, "No-shows", "미방문율";
    picture_busy,
        "No-shows are not counted at this moment, because many people are booking. Load the page \
         again later.",
        "지금은 예약이 몰려 미방문율을 집계하지 않았습니다. 나중에 화면을 다시 불러와 주십시오.";
    picture_none, "none yet", "아직 없음";
    picture_shares,
        "Waste: doses lost at clinics, of all given or lost. No-shows: of all who were expected \
         and whose booking has ended.",
        "폐기율은 접종되거나 폐기된 백신 가운데 폐기된 비율이고, 미방문율은 예약이 끝난 사람 가운데 오지 않은 비율입니다.";
    picture_days_file, "Download the days (CSV)", "날짜별 표 내려받기(CSV)";
    picture_regions_file, "Download the regions (CSV)", "지역별 표 내려받기(CSV)";
}
