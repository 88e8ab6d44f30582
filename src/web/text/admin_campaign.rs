//! What the pages of campaigns say to administrators: the list, the tasks, the rules.

texts! {
    admin_to_decide, "What needs a decision", "결정이 필요한 일";
    admin_first, "How to begin", "처음 시작하기";
    admin_first_why,
        "Before anybody can book, the service needs these, in this order; each page says what it \
         takes.",
        "예약을 받으려면 다음 순서로 채우면 됩니다. 넣을 내용은 각 화면에 있습니다.";
    admin_first_campaign, "A first campaign: a draft, with its tasks", "첫 접종 사업: 초안과 할 일";
    admin_first_users,
        "Invite who works at the clinics, and a second administrator",
        "접종기관 직원과 두 번째 관리자 초대하기";
    admin_nothing_to_decide, "Nothing waits for a decision.", "결정을 기다리는 일이 없습니다.";
    admin_busy,
        "Many people are booking at this moment. Figures are left out until there is room for \
         them.",
        "지금 예약이 몰려 수치를 계산하지 않았습니다. 여유가 생기면 다시 보여 드립니다.";
    admin_urgent, "Now", "긴급";
    admin_days_open(name: &str, days: &str, clinics: &str, doses: &str),
        "{name}: days of clinics that nobody has closed: {days}, at {clinics} clinics, with \
         {doses} doses that are not accounted for.",
        "{name}: 마감하지 않은 접종일이 {days}일(접종기관 {clinics}곳) 있고, 백신 {doses}회분의 결과가 \
         기록되지 않았습니다.";
    admin_unheard(clinic: &str, date: &str, people: &str),
        "Clinic {clinic}, {date}: {people} people have not heard yet that their appointment is \
         lost, or is there again.",
        "접종기관 {clinic}, {date}: 예약 시간이 없어졌거나 되살아난 것을 아직 모르는 분이 {people}명 있습니다.";
    admin_may_publish(name: &str, warnings: &str),
        "{name} can be published. Warnings to read: {warnings}.",
        "{name}: 공개할 수 있습니다. 살펴보실 점 {warnings}건.";
    admin_draft_lacks(name: &str, errors: &str),
        "{name} cannot be published yet. Missing: {errors}.",
        "{name}: 아직 공개할 수 없습니다. 빠진 점 {errors}건.";
    admin_may_open(name: &str, warnings: &str),
        "{name} is public and can be opened. Warnings to look at: {warnings}.",
        "{name}: 공개되었고 예약을 시작할 수 있습니다. 살펴보실 점 {warnings}건.";
    admin_published_lacks(name: &str, errors: &str),
        "{name} is public but cannot be opened. What is missing: {errors}.",
        "{name}: 공개되었지만 예약을 시작할 수 없습니다. 빠진 점 {errors}건.";
    admin_is_paused(name: &str),
        "{name} is paused: nobody can book until it is resumed.",
        "{name}: 예약이 멈춰 있습니다. 다시 시작해야 예약할 수 있습니다.";
    admin_bookings_per_day, "Bookings of a person on one day", "한 사람이 하루에 할 수 있는 예약 횟수";
    admin_bookings_per_day_hint,
        "Somebody who books and cancels again and again can do so as many times on a day. \
         Everybody can see this figure.",
        "예약과 취소를 되풀이하시는 분이 하루에 예약할 수 있는 횟수입니다. 누구나 볼 수 있는 값입니다.";
    admin_campaigns_now, "Campaigns under way", "진행 중인 접종 사업";
    admin_campaigns_caption, "Campaigns that are not over, and their doses", "끝나지 않은 접종 사업과 백신";
    admin_campaigns_over, "Campaigns that are over", "끝난 접종 사업";
    admin_campaigns_over_caption, "What closed campaigns came to", "끝난 접종 사업의 결과";
    admin_no_campaign,
        "There is no campaign yet. Begin a draft: nobody sees it until it is published.",
        "아직 접종 사업이 없습니다. 초안을 만들어 주십시오. 공개하기 전에는 아무도 볼 수 없습니다.";
    admin_window_column, "When booking is open", "예약을 받는 기간";
    admin_received, "Received", "입고";
    admin_open_doses, "Free at clinics", "예약 가능(접종기관)";
    admin_booked_doses, "Promised", "예약 확정";
    admin_given_doses, "Doses given", "접종한 백신";
    admin_last_imports, "Latest files", "최근 파일";
    admin_last_imports_caption, "Files that were loaded or tried last", "최근에 반영하거나 시험한 파일";
    admin_when, "Date and time", "처리 일시";
    admin_who, "By whom", "처리자";
    admin_by_command, "by a command", "명령으로 처리";
    admin_older, "older", "이전 기록";
    admin_filter, "Show these", "조건에 맞는 것 보기";

    admin_new_campaign, "New campaign", "새 접종 사업";
    admin_new_campaign_why,
        "This makes a draft. Vaccines, cohorts, doses and hours follow, in any order; nothing is \
         public until you publish it.",
        "초안을 만듭니다. 백신, 대상, 물량, 운영 시간은 그다음에 순서에 상관없이 채웁니다. 공개하기 전에는 \
         아무것도 보이지 않습니다.";
    admin_begin_draft, "Make the draft", "초안 만들기";
    admin_draft_begun, "The draft is there. Go through its tasks.", "초안을 만들었습니다. 할 일을 하나씩 채워 주십시오.";
    admin_name_ko, "Name in Korean", "이름(한국어)";
    admin_name_en, "Name in English", "이름(영어)";
    admin_one_language, "Write it in Korean or in English.", "한국어나 영어 가운데 하나는 적어 주십시오.";
    admin_one_language_hint,
        "Where one language is left empty, the other is shown in its place.",
        "한 언어를 비워 두면 다른 언어로 적은 것을 대신 보여 줍니다.";
    admin_code, "Code of the campaign", "사업 코드";
    admin_code_hint,
        "By which files name it: small letters, digits and hyphens, like flu-2026. It cannot be \
         changed.",
        "파일에서 이 사업을 가리키는 이름입니다. 영문 소문자, 숫자, 붙임표를 씁니다(예: flu-2026). 나중에 바꿀 수 없습니다.";
    admin_course, "Course", "접종 과정";
    admin_course_hint,
        "What the doses protect against. A person has one booking for each dose of a course.",
        "무엇을 예방하는 접종인지입니다. 한 사람이 같은 과정의 같은 차수를 한 번만 예약할 수 있습니다.";
    admin_other_course, "Another one, named below", "아래에 새로 적기";
    admin_course_code, "Code of the new course", "새 과정의 코드";
    admin_course_name_ko, "Name of the new course in Korean", "새 과정의 이름(한국어)";
    admin_course_name_en, "Name of the new course in English", "새 과정의 이름(영어)";
    admin_dose_number, "Which dose of the course", "몇 차 접종";
    admin_window_heading, "Booking window", "예약 기간과 취소 기한";
    admin_zone, "Time zone", "표준 시간대";
    admin_zone_hint, "By its IANA name, like Asia/Seoul.", "IANA 이름으로 적습니다(예: Asia/Seoul).";
    admin_no_zone,
        "There is no such time zone. Write it like Asia/Seoul.",
        "그런 시간대가 없습니다. Asia/Seoul처럼 적어 주십시오.";
    admin_times_in(zone: &str), "Times are by the clock of {zone}.", "시각은 {zone} 기준입니다.";
    admin_opens_at, "Booking opens", "예약 시작 시각";
    admin_closes_at, "Booking ends", "예약 종료 시각";
    admin_moment_hint, "Like 2026-12-01 09:00.", "예: 2026-12-01 09:00";
    admin_day_hint, "Like 2026-12-01. Empty is no limit.", "예: 2026-12-01. 비워 두면 제한이 없습니다.";
    admin_born_hint,
        "Like 1961-01-31; this day is included. Empty is no limit.",
        "예: 1961-01-31. 이날도 포함합니다. 비워 두면 제한이 없습니다.";
    admin_course_code_hint,
        "Small letters, digits and hyphens, like covid-19.",
        "영어 소문자, 숫자, 붙임표로 적습니다. 예: covid-19";
    admin_cancel_until,
        "Hours before the appointment until which a cancelled dose is offered again",
        "취소한 백신을 다시 예약받는 기한(예약 몇 시간 전까지)";
    admin_cancel_until_hint,
        "What is cancelled later stays at the clinic for walk-ins.",
        "그보다 늦게 취소한 백신은 접종기관에 남아 현장 접종에 쓰입니다.";
    admin_walk_in, "Who is given a dose without a booking", "예약 없이 접종할 수 있는 분";
    admin_walk_in_nobody, "Nobody", "아무도 없음";
    admin_walk_in_register, "People of the register who may book", "명부에 있는 대상자";
    admin_walk_in_anybody, "Anybody: the clinic adds them to the register", "누구나(접종기관에서 명부에 추가)";
    admin_left_over,
        "What becomes of doses that are left over when a clinic closes its day",
        "하루를 마감할 때 남은 백신";
    admin_left_over_pool, "Back to the pool", "배정 전 물량으로 되돌리기";
    admin_left_over_next_day, "To the next day of the clinic", "그 접종기관의 다음 접종일로 넘기기";
    admin_left_over_waste, "Thrown away", "모두 폐기하기";
    admin_missing, "Write something here.", "내용을 적어 주십시오.";
    admin_too_long(chars_max: usize),
        "Write one line of at most {chars_max} characters.",
        "한 줄로, {chars_max}자까지 적어 주십시오.";
    admin_between(min: &str, max: &str),
        "Write a whole number from {min} to {max}.",
        "{min}부터 {max}까지의 정수를 적어 주십시오.";
    admin_no_day, "This is no date. Write it like 2026-12-01.", "날짜가 아닙니다. 2026-12-01처럼 적어 주십시오.";
    admin_no_moment,
        "This is no date with a time. Write it like 2026-12-01 09:00.",
        "날짜와 시각이 아닙니다. 2026-12-01 09:00처럼 적어 주십시오.";
    admin_no_such_hour,
        "The clocks leave this hour out on that day. Choose another time.",
        "그날은 시계를 앞당겨 없는 시각입니다. 다른 시각을 적어 주십시오.";

    admin_settings, "Name and window", "이름과 예약 기간";
    admin_settings_kept, "The settings are kept.", "설정을 저장했습니다.";
    admin_keep, "Keep these", "저장";
    admin_is_over,
        "This campaign is closed. Nothing of it can be changed.",
        "종료된 접종 사업이라 바꿀 수 없습니다.";
    admin_products, "Vaccines", "쓰는 백신";
    admin_products_legend, "Which vaccines the campaign gives", "이 사업에서 접종하는 백신";
    admin_products_kept, "The vaccines are kept.", "백신을 저장했습니다.";
    admin_no_products, "No vaccine is known yet. Add one.", "등록된 백신이 없습니다. 하나를 추가해 주십시오.";
    admin_no_product_ticked, "Tick at least one vaccine.", "백신을 하나 이상 골라 주십시오.";
    admin_add_product, "Add a vaccine", "백신 추가";
    admin_add_product_why,
        "For a vaccine that is not known yet. All campaigns can use it then; whether this one \
         does is ticked afterwards.",
        "목록에 없는 백신을 모든 사업에서 쓸 수 있게 추가합니다. 추가한 뒤 위에서 골라 주십시오.";
    admin_product_added(name: &str),
        "{name} is known now, and ticked below. Press “Keep these”: only then does the campaign \
         give it.",
        "{name}: 목록에 추가하고 아래에서 선택해 두었습니다. 저장을 눌러야 이 사업에서 쓸 수 있습니다.";
    admin_product_name_ko, "Name of the vaccine in Korean", "백신 이름(한국어)";
    admin_product_name_en, "Name of the vaccine in English", "백신 이름(영어)";
    admin_product_code, "Code of the vaccine", "백신 코드";
    admin_product_code_hint,
        "By which files name it: its CVX number, like 207 for Moderna, or the code of another \
         system that is named below.",
        "파일에서 백신을 가리키는 코드입니다. CVX 번호(예: 모더나 207)나 아래에 적은 다른 체계의 코드를 씁니다.";
    admin_code_system, "Code system", "코드 체계";
    admin_code_system_hint,
        "Leave it empty for CVX. Another system is named by its web address (URI).",
        "CVX이면 비워 둡니다. 다른 체계는 인터넷 주소(URI)로 적습니다.";
    admin_doses_per_vial, "Doses in a vial", "한 바이알의 회분";
    admin_age_min, "From which age, in months", "접종할 수 있는 나이(개월)";
    admin_age_hint,
        "In completed months on the day of the appointment; 18 years are 216.",
        "접종일의 만 개월 수입니다. 18세는 216개월입니다.";
    admin_age_max, "Up to which age, in months", "접종할 수 있는 가장 많은 나이(개월)";
    admin_age_max_hint, "Included. Empty is no upper limit.", "그 개월 수까지 포함합니다. 비워 두면 위로 제한이 없습니다.";
    admin_doses_in_series, "Doses in the series", "기본 접종 횟수";
    admin_interval, "Days between two doses, at least", "다음 접종까지의 최소 일수";
    admin_product_facts(code: &str, vial: &str, series: &str),
        "code {code}, {vial} in a vial, {series} in the series",
        "코드 {code}, 바이알당 {vial}회분, 기본 {series}회";
    admin_age_from(months: &str), "from {months} months", "{months}개월부터";
    admin_age_between(min: &str, max: &str), "{min} to {max} months", "{min}~{max}개월";

    admin_cohorts, "Cohorts: who may book", "예약할 수 있는 대상";
    admin_cohorts_caption,
        "Cohorts: whoever is in one of them may book",
        "대상: 이 가운데 하나에 들면 예약할 수 있습니다";
    admin_no_cohorts, "No cohort says who may book: nobody can.", "대상이 정해져 있지 않아 아무도 예약할 수 없습니다.";
    admin_name_column, "Its name", "명칭";
    admin_meant_column, "Who is meant", "해당하는 분";
    admin_action_column, "To do", "처리";
    admin_add_cohort, "Add a cohort", "대상 추가";
    admin_cohort_rule,
        "Everything that is filled in must hold. Of several cohorts one is enough.",
        "적은 조건을 모두 만족해야 합니다. 대상이 여럿이면 그 가운데 하나만 맞아도 됩니다.";
    admin_cohort_added(name: &str), "{name} may book.", "{name}: 대상에 추가했습니다.";
    admin_cohort_ended, "The cohort has ended.", "대상에서 뺐습니다.";
    admin_end, "End", "끝내기";
    admin_end_cohort(name: &str), "End the cohort {name}?", "대상 {name}, 끝내시겠습니까?";
    admin_end_cohort_then,
        "Whoever is in no other cohort cannot book any more. What is booked stays booked.",
        "다른 대상에 들지 않는 분은 더 예약할 수 없습니다. 이미 한 예약은 그대로입니다.";
    admin_born_from, "Born from", "생년월일(부터)";
    admin_born_to, "Born until", "생년월일(까지)";
    home_region, "Where they live", "거주 지역";
    home_region_hint,
        "A district, or a province with all of its districts.",
        "시군구, 또는 시도 전체입니다.";
    admin_every_region, "Every region", "모든 지역";
    admin_roster, "A list that they are on", "명단";
    admin_roster_hint, "Lists of persons are loaded as files.", "명단은 파일로 반영합니다.";
    admin_no_roster, "No list", "명단을 쓰지 않음";
    admin_on_roster(name: &str), "on the list {name}", "명단 {name}";
    admin_names_nobody,
        "Say at least one of birth date, region and list.",
        "생년월일, 지역, 명단 가운데 하나는 정해 주십시오.";
    admin_add, "Add", "추가하기";
    admin_leave_it, "Leave it as it is", "그대로 두기";

    admin_tranches, "Turns by day of birth", "예약 순서(출생일 끝자리)";
    admin_tranches_caption, "Tranches: from when which digits may book", "출생일 끝자리별 예약 시작";
    admin_no_tranches,
        "There are no tranches: booking opens for everybody at once.",
        "순서를 나누지 않았습니다. 모든 대상이 한꺼번에 예약할 수 있습니다.";
    admin_add_tranche, "Add a tranche", "순서 추가";
    admin_tranche_rule,
        "People belong to the tranche with the last digit of their day of birth. Digits that are \
         in \
         none cannot book.",
        "태어난 날의 끝자리가 든 순서에 속합니다. 어디에도 없는 끝자리는 예약할 수 없습니다.";
    admin_tranche_added(name: &str), "{name} has its turn.", "{name}: 순서를 추가했습니다.";
    admin_tranche_ended, "The tranche has ended.", "순서를 끝냈습니다.";
    admin_end_tranche(name: &str), "End the tranche {name}?", "순서 {name}, 끝내시겠습니까?";
    admin_end_tranche_then,
        "Its digits cannot book, unless another tranche has them or none is left. Doses that were \
         set aside for it are offered to nobody.",
        "다른 순서에 없는 끝자리는 예약할 수 없습니다. 순서가 하나도 남지 않으면 모두 예약할 수 있습니다. 이 \
         순서에 따로 둔 백신은 아무에게도 제공되지 않습니다.";
    admin_digits(digits: &str), "Last digits: {digits}", "끝자리: {digits}";
    admin_digits_legend, "Last digits of the day of birth", "출생일 끝자리";
    admin_digits_hint, "The 3rd, 13th and 23rd all end in 3.", "3일, 13일, 23일은 모두 끝자리가 3입니다.";
    admin_digits_without(digits: &str),
        "Nobody born on a day that ends in {digits} can book: these are in no tranche.",
        "끝자리 {digits}: 어느 순서에도 없어 예약할 수 없습니다.";
    admin_no_digit, "Tick at least one digit.", "끝자리를 하나 이상 골라 주십시오.";
    admin_tranche_opens, "From when they may book", "예약할 수 있는 때";
}
