//! What pages of administrators say of doses above the clinic, and of splitting them.

texts! {
    admin_show, "Show", "이 사업 보기";
    admin_reason, "Reason", "기록할 사유";
    admin_reason_kept, "Kept for ever, with your name.", "이름과 함께 계속 보관됩니다.";
    admin_product, "Kind of vaccine", "만들 물량의 백신";
    pools_no_campaign, "There is no campaign. Make one first.", "접종 사업이 없습니다. 먼저 접종 사업을 만들어 주십시오.";
    admin_reason_read,
        "Kept for ever, with your name. Everybody reads it in the campaign's public history.",
        "이름과 함께 계속 보관되며, 접종 사업의 공개 이력에서 누구나 읽습니다.";
    pools_title, "Stock: doses not yet at a clinic", "접종기관에 배정하기 전의 물량";
    pools_of, "Pools, each followed by those below it", "물량(상위 물량 다음에 하위 물량)";
    pools_none,
        "This campaign has no pool yet. Make the nation's pool first: deliveries go there.",
        "이 접종 사업에는 아직 물량이 없습니다. 먼저 전국 물량을 만들어 주십시오. 백신은 전국 물량으로 들어옵니다.";
    pool_new, "Make a pool of the nation", "전국 물량 만들기";
    pool_of_nation, "The nation", "전국";
    pool_place, "Pool of", "물량";
    pool_received, "Received in all", "총 입고";
    pool_open, "In the pool", "보유";
    pool_passed_on, "Passed on", "배분";
    pool_lost, "Written off", "폐기 처리";
    pool_title(place: &str, product: &str), "{place}: {product}", "{place} 물량: {product}";
    pool_holds(place: &str, doses: &str), "{place}: {doses} doses", "{place}: {doses}회분";
    pool_receive, "Receive a delivery", "입고 기록";
    pool_transfer, "Move to another pool", "물량 옮기기";
    pool_lose, "Write doses off", "백신 폐기";
    pool_below, "Make a pool below", "하위 물량 만들기";
    pool_to, "To which pool", "받을 물량";
    pool_whole_vials(doses: &str),
        "Whole vials of {doses} doses.",
        "{doses}회분 단위(개봉하지 않은 바이알)로만 옮길 수 있습니다.";
    pool_made, "The pool is there.", "물량을 만들었습니다.";
    pool_was_received(doses: &str), "{doses} doses were received.", "{doses}회분을 입고했습니다.";
    pool_was_moved(doses: &str, place: &str),
        "{doses} doses were moved: {place}.",
        "{doses}회분을 옮겼습니다. 받은 곳: {place}.";
    pool_was_lost(doses: &str), "{doses} doses were written off.", "{doses}회분을 폐기했습니다.";
    pool_lines, "The last lines of the journal", "최근 원장 기록";
    pool_no_lines, "Nothing has moved here yet.", "아직 움직인 백신이 없습니다.";
    pool_when, "At", "시각";
    pool_what, "What", "처리 내용";
    pool_with, "From or to", "상대";
    pool_why, "Reason given", "기록된 사유";
    pool_take_back, "Take back", "되돌리기";
    pool_correct_title, "Take a wrong line back", "잘못된 기록 되돌리기";
    pool_correct_left, "Can be taken back", "되돌릴 수 있는 회분";
    pool_correct_about,
        "The line stays; another one takes its doses back. Only what is still there can go.",
        "기록은 남고, 새 기록이 그 백신을 되돌립니다. 아직 남아 있는 백신만 되돌릴 수 있습니다.";
    pool_was_corrected(doses: &str, left: &str),
        "{doses} doses were taken back; {left} of the line still stand.",
        "{doses}회분을 되돌렸습니다. 이 기록에 {left}회분이 남아 있습니다.";
    line_receive, "Delivery", "입고 처리";
    line_pass_on, "Passed on to a pool", "하위 물량으로 배분";
    line_grant, "Granted to a clinic", "접종기관으로 배정";
    line_retract, "Taken back from a clinic", "접종기관에서 회수";
    line_lose, "Loss", "폐기 기록";
    line_send_back, "Sent back up", "상위 물량으로 반환";
    line_correct, "Correction", "정정";
    line_other, "Other", "기타";

    split_title, "Split by a rule", "기준에 따라 배분";
    split_about,
        "The doses go to the regions right below, or to all clinics below and their days. \
         Nothing moves before you have seen what each gets.",
        "백신은 바로 아래 지역으로, 또는 아래의 모든 접종기관과 날짜로 나뉩니다. 미리 보기 전에는 아무것도 움직이지 않습니다.";
    split_over, "Who gets a share", "나눌 곳";
    split_over_regions, "The regions right below", "바로 아래 지역";
    split_over_clinics, "The clinics below and their days", "아래의 접종기관과 날짜";
    split_by, "By which rule", "기준";
    split_by_population, "Population (persons of the register)", "인구(명부에 등록된 사람)";
    split_by_capacity, "Capacity (seats without a dose)", "수용 인원(백신이 없는 자리)";
    split_by_equal, "Equal shares", "똑같이";
    split_doses, "Doses; all that are there if empty", "회분(비우면 전부)";
    split_from, "First day", "첫날";
    split_to, "Last day", "마지막 날";
    split_day_hint, "As 2026-12-31.", "예: 2026-12-31";
    split_channel, "For whom", "용도";
    split_channel_web, "booking on the web", "인터넷 예약";
    split_channel_phone, "booking by telephone", "전화로 예약";
    split_channel_walk_in, "people without a booking", "예약 없이 오신 분";
    split_tranche, "Kept for a group", "따로 둘 그룹";
    split_everybody, "everybody whose turn it is", "순서가 된 모든 분";
    split_preview, "Show what each gets", "미리 보기";
    split_again, "Change the rule", "기준 바꾸기";
    split_do, "Split now", "지금 배분";
    split_file, "Download as a file of allocations", "배정 파일로 내려받기";
    split_file_once,
        "The file moves nothing. Either split here or load the file: both would grant twice.",
        "파일만으로는 아무것도 움직이지 않습니다. 여기서 배분하거나 파일을 등록하거나 한 가지만 하십시오. 둘 다 하면 두 번 배정됩니다.";
    split_shares, "What each region gets", "지역별 몫";
    split_people, "People", "사람 수";
    split_parts, "Parts", "등분";
    split_clinics, "What each clinic gets", "접종기관별 몫";
    split_first_clinics, "What the first clinics get", "접종기관별 몫(앞부분)";
    split_clinic, "Clinic with its day", "접종기관과 날짜";
    split_seats, "Seats without a dose", "백신 없는 자리";
    split_days, "Days of clinics", "접종기관의 날";
    split_beyond(doses: &str),
        "{doses} of the doses will have no seat: nobody can book them.",
        "이 가운데 {doses}회분은 자리가 없어 예약할 수 없습니다.";
    split_without_hours(clinics: &str),
        "{clinics} clinics have no slot to come on these days and get nothing.",
        "접종기관 {clinics}곳은 이 기간에 예약 시간이 없어 받지 못합니다.";
    split_done(doses: &str, places: &str),
        "{doses} doses were split, as the preview said: {places} lines.",
        "미리 본 대로 {doses}회분을 배분했습니다. 기록 {places}건.";
    split_clinics_with, "Clinics that get doses", "받는 접종기관";
}
