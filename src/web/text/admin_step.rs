//! What the steps of a campaign say: its tasks and figures, the check, consequences, and what
//! another administrator has changed.

texts! {
    admin_tasks, "Tasks", "할 일";
    admin_tasks_caption, "What a campaign needs before it opens", "예약을 시작하기 전에 갖출 것";
    admin_task_column, "Task", "항목";
    admin_so_far_column, "So far", "현재";
    admin_task_done, "done", "완료";
    admin_task_missing, "missing", "빠짐";
    admin_task_optional, "if wanted", "선택";
    admin_task_look, "look at it", "살펴보기";
    admin_count_products(count: &str), "{count} named", "백신 {count}종";
    admin_count_cohorts(count: &str), "cohorts: {count}", "대상 {count}개";
    admin_count_tranches(count: &str), "tranches: {count}", "순서 {count}개";
    admin_register, "People of the register", "대상자 명부";
    admin_register_why, "Who is not in the register cannot sign in.", "명부에 없는 분은 로그인할 수 없습니다.";
    admin_doses, "Doses of the nation", "국가 물량";
    admin_doses_so_far(received: &str, granted: &str, left: &str),
        "received {received}, at clinics {granted}, left above them {left}",
        "입고 {received}회분, 접종기관 배정 {granted}회분, 남은 물량 {left}회분";
    admin_allocations, "Doses for clinics and days", "접종기관별·일별 배정";
    admin_allocations_so_far(open: &str), "free from today on: {open}", "오늘부터 예약 가능 {open}회분";
    admin_task_clinics, "Regions and clinics", "지역과 접종기관";
    admin_count_clinics(clinics: &str), "clinics: {clinics}", "접종기관 {clinics}곳";
    admin_hours, "Hours of clinics", "접종기관 운영 시간";
    admin_hours_before_doses,
        "There are hours. Seats are counted on days with doses.",
        "운영 시간이 있습니다. 자리는 백신이 배정된 날만 셉니다.";
    admin_places_so_far(seats: &str, bookable: &str),
        "free seats on days with doses: {seats}; doses with a seat: {bookable}",
        "백신이 있는 날의 빈자리 {seats}개, 자리가 있는 백신 {bookable}회분";
    admin_rosters_too,
        "Lists of people, for cohorts that go by a list, come by file:",
        "명단으로 대상을 정하는 경우 명단도 파일로 반영합니다:";
    admin_load_roster, "load a list", "명단 반영";
    admin_figures, "Figures", "수치";
    admin_quota, "Published limit", "공개한 한도";
    admin_not_published, "not published", "공개 전";
    admin_in_pools, "In pools", "아직 배정하지 않음";
    admin_granted, "Granted to clinics", "접종기관에 배정";
    admin_lost_doses, "Doses lost", "폐기한 백신";
    admin_unaccounted, "Of past days, not accounted for", "지난 날짜의 미기록";
    admin_as_public, "What everybody sees of it", "이 사업의 공개 화면";
    admin_its_journal, "Every movement of its doses", "이 사업의 백신 이동 기록";
    admin_public_history, "What the public was told", "국민에게 알린 내역";
    admin_public_history_caption, "Public history, the newest first", "공개 이력(최근 순)";
    admin_event_column, "Event", "내용";
    admin_reason_column, "The reason given", "밝힌 사유";
    admin_event_resumed, "Booking resumed", "예약을 다시 시작함";
    admin_event_received, "Doses received", "백신 입고";
    admin_event_granted, "Doses granted to clinics", "접종기관에 백신 배정";
    admin_event_retracted, "Doses taken back from a clinic", "접종기관의 백신 회수";
    admin_event_corrected, "Receipt corrected", "입고 정정";
    admin_event_doses(event: &str, doses: &str), "{event}: {doses}", "{event} {doses}회분";

    admin_check, "Look for what is missing", "점검";
    admin_people, "People who may book", "예약할 수 있는 인원";
    admin_not_counted, "not counted", "세지 않음";
    admin_seats, "Free seats", "빈자리";
    admin_bookable, "Doses with a seat", "자리가 있는 백신";
    admin_found, "What was found", "점검 결과";
    admin_nothing_found, "Nothing is missing, and nothing looks odd.", "빠지거나 살펴보실 점이 없습니다.";
    admin_error, "Error", "빠진 점";
    admin_look_at, "Look at this", "살펴보실 점";
    admin_mend, "Go and mend it", "고치러 가기";
    admin_errors_first,
        "Mend what is missing before this step can be taken.",
        "빠진 점을 먼저 채워야 진행할 수 있습니다.";
    admin_also_look, "Look at these too", "함께 살펴보실 점";
    admin_no_step_left,
        "The campaign has been opened: there is no further check.",
        "이미 예약을 시작한 사업이라 더 점검할 단계가 없습니다.";

    admin_step_publish, "Publish", "공개하기";
    admin_step_open, "Open booking", "예약 시작하기";
    admin_step_resume, "Resume booking", "예약 다시 시작하기";
    admin_step_pause, "Pause booking", "예약 멈추기";
    admin_step_close, "Close for good", "완전히 종료하기";
    admin_what_then, "What happens then", "이렇게 됩니다";
    admin_then_limit(doses: &str),
        "The limit of {doses} doses becomes public, with the window and the rules.",
        "한도 {doses}회분이 예약 기간, 대상과 함께 공개됩니다.";
    admin_then_public, "Nobody can book until booking is opened.", "예약을 시작하기 전에는 아무도 예약할 수 없습니다.";
    admin_then_no_way_back,
        "What is public stays public: later changes appear in the public history.",
        "공개한 것은 되돌릴 수 없습니다. 나중에 바꾸면 공개 이력에 남습니다.";
    admin_then_open(opens: &str, open: &str),
        "Booking is possible from {opens} on. Doses that can be booked now: {open}.",
        "{opens}부터 예약할 수 있습니다. 지금 예약할 수 있는 백신은 {open}회분입니다.";
    admin_then_no_draft,
        "It cannot become a draft again. It can be paused and closed.",
        "초안으로 되돌릴 수 없습니다. 멈추거나 종료할 수는 있습니다.";
    admin_then_resumed(open: &str),
        "People can book again at once. Doses that can be booked: {open}.",
        "곧바로 다시 예약할 수 있습니다. 예약할 수 있는 백신은 {open}회분입니다.";
    admin_then_paused(open: &str),
        "Nobody can book the {open} free doses until you resume.",
        "다시 시작할 때까지 남은 백신 {open}회분을 예약할 수 없습니다.";
    admin_then_stay(booked: &str),
        "Appointments stay: {booked}. People can still cancel them.",
        "예약 {booked}건은 그대로 유지되며, 취소할 수도 있습니다.";
    admin_then_closed(open: &str),
        "Booking ends. The {open} free doses at clinics cannot be booked any more.",
        "예약이 끝납니다. 접종기관에 남은 백신 {open}회분을 더 예약할 수 없습니다.";
    admin_then_in_pools(doses: &str),
        "Doses that stay in pools: {doses}.",
        "배정하지 않은 백신 {doses}회분은 그대로 남습니다.";
    admin_then_still_stay(booked: &str),
        "Appointments stay as they are and are given: {booked}.",
        "예약 {booked}건은 그대로 유지되고 예정대로 접종합니다.";
    admin_then_for_good, "This cannot be taken back.", "되돌릴 수 없습니다.";
    admin_confirm_legend, "I have read these warnings", "살펴보실 점을 확인했습니다";
    admin_confirm_hint, "Tick each one to go on in spite of it.", "그대로 진행하시려면 하나씩 표시해 주십시오.";
    admin_confirm_missing(warning: &str),
        "Tick the warning if you go on in spite of it: {warning}",
        "그대로 진행하시려면 표시해 주십시오: {warning}";
    admin_reason_public, "Everybody reads the reason.", "사유는 모든 국민에게 공개됩니다.";
    admin_reason_ko, "Reason in Korean", "사유(한국어)";
    admin_reason_en, "Reason in English", "사유(영어)";
    admin_published_done(quota: &str),
        "The campaign is public, with a limit of {quota} doses.",
        "한도 {quota}회분으로 공개했습니다.";
    admin_open_done, "Booking is open.", "예약을 시작했습니다.";
    admin_pause_done, "Booking is paused for everybody.", "예약을 멈췄습니다.";
    admin_close_done, "The campaign is closed.", "접종 사업을 종료했습니다.";
    admin_not_settled,
        "It holds for every booking that is decided from now on. Bookings that were decided before \
         may still be written: look again in ten seconds before you count.",
        "지금부터 처리하는 모든 예약에 적용됩니다. 그 전에 처리한 예약은 아직 기록되는 중일 수 있으니 \
         10초 뒤에 다시 확인하고 집계하십시오.";
    admin_to_campaign, "To the campaign", "접종 사업으로 가기";

    admin_changed,
        "Somebody else has changed this campaign since you opened the page. Nothing of yours was \
         done.",
        "이 화면을 여신 뒤에 다른 관리자가 이 사업을 바꿨습니다. 입력하신 것은 처리하지 않았습니다.";
    admin_changed_then,
        "What you typed is still here. Press again if it is still meant.",
        "입력하신 내용은 남아 있습니다. 그래도 진행하시려면 다시 눌러 주십시오.";
    admin_changed_state(state: &str), "Its state: {state}.", "상태: {state}.";
    admin_changed_name(name: &str), "Its name: {name}.", "이름: {name}.";
    admin_changed_settings(opens: &str, closes: &str),
        "The window or the limit of cancelling: from {opens} until {closes}.",
        "예약 기간 또는 취소 기한: {opens}부터 {closes}까지.";
    admin_changed_cohort_added(name: &str), "Cohort added: {name}.", "대상 추가: {name}.";
    admin_changed_cohort_ended(name: &str), "Cohort ended: {name}.", "대상 종료: {name}.";
    admin_changed_tranche_added(name: &str), "Tranche added: {name}.", "순서 추가: {name}.";
    admin_changed_tranche_ended(name: &str), "Tranche ended: {name}.", "순서 종료: {name}.";
    admin_changed_products,
        "Its vaccines, or the names of its rules.",
        "백신, 또는 대상과 순서의 이름.";
    admin_changed_doses,
        "The doses that were received: the limit is another one.",
        "입고된 백신: 한도가 달라졌습니다.";
}

use super::Texts;

impl Texts {
    /// The usual reason for opening, in Korean whatever the page's language.
    pub fn admin_as_announced_ko(self) -> &'static str {
        "예고한 대로 예약을 시작합니다."
    }

    /// The usual reason for opening, in English whatever the page's language.
    pub fn admin_as_announced_en(self) -> &'static str {
        "Booking is open, as announced."
    }
}
