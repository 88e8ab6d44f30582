//! What pages of administrators say of clinics, their hours and the days on which they are closed.

texts! {
    admin_save, "Save what was corrected", "수정한 내용 저장";
    clinics_find, "Search", "검색";
    clinics_by, "Name, code or address", "이름, 코드 또는 주소";
    clinics_found(count: &str), "{count} clinics", "접종기관 {count}곳";
    clinics_table, "Clinics by code", "접종기관(등록순)";
    clinics_code, "Its code", "기관 코드";
    clinics_name, "Name of the clinic", "기관 이름";
    clinics_name_ko, "Korean name", "한글 이름";
    clinics_name_en, "English name", "영문 이름";
    clinics_address, "Street address", "기관 주소";
    clinics_phone, "Telephone", "전화";
    clinics_zone, "Zone of its clock", "기관의 시간대";
    clinics_zone_hint, "As Asia/Seoul.", "예: Asia/Seoul";
    clinics_new, "Add a clinic", "접종기관 추가";
    clinics_load, "Load many from a file", "파일로 여러 곳 등록";
    clinics_add, "Add this clinic", "이 기관 추가";
    clinics_was_added,
        "The clinic was added. Next are its hours, and then its doses.",
        "접종기관을 추가했습니다. 이어서 진료 시간을 정하고 백신을 배정해 주십시오.";
    clinics_no_region,
        "A clinic lies in a region, and there is none yet. Load the regions first.",
        "접종기관은 지역에 속합니다. 아직 지역이 없으니 먼저 지역을 등록해 주십시오.";
    clinics_load_regions, "Load regions", "지역 등록하기";
    clinics_choose_region, "Choose a region", "지역을 골라 주십시오";
    clinics_code_hint,
        "By which files name it, up to 32 characters. It stays for ever.",
        "파일에서 이 기관을 가리키는 코드로 32자까지이며, 나중에 바꿀 수 없습니다.";
    clinics_one_name, "One language is enough.", "한 언어만 적어도 됩니다.";
    clinics_phone_hint, "As 02-123-4567. People read and dial it.", "예: 02-123-4567. 예약하는 분께 보입니다.";
    clinics_latitude_hint, "As 37.5665; empty if not known.", "예: 37.5665. 모르면 비워 둡니다.";
    clinics_longitude_hint, "As 126.978; empty if not known.", "예: 126.978. 모르면 비워 둡니다.";
    clinics_directions_ko, "How to find it, in Korean", "찾아가는 길(한국어)";
    clinics_directions_en, "How to find it, in English", "찾아가는 길(영어)";
    clinics_directions_hint, "A sentence or two; may be empty.", "한두 문장이며 비워 두어도 됩니다.";
    clinics_amenities, "What it has", "편의 시설";
    clinics_not_known, "not known", "모름";
    clinics_has, "yes", "있음";
    clinics_has_not, "no", "없음";
    clinics_whom(code: &str, name: &str), "Clinic {code}: {name}", "접종기관 {code}: {name}";
    clinics_stands_otherwise(values: &str),
        "Somebody else has corrected this clinic since you opened the page. Otherwise than typed \
         below, there stands: {values}. Press again if you mean what is typed.",
        "화면을 여신 뒤 다른 관리자가 이 기관을 수정했습니다. 아래에 적으신 것과 다르게 저장된 값: {values}. 적으신 대로 저장하려면 다시 눌러 주십시오.";
    clinics_place, "Latitude and longitude", "위도와 경도";
    clinics_latitude, "Latitude (degrees north)", "위도(북위)";
    clinics_longitude, "Longitude (degrees east)", "경도(동경)";
    clinics_correct, "Correct name and address", "정보 수정";
    clinics_corrected, "The clinic was corrected.", "접종기관 정보를 수정했습니다.";
    clinics_desk, "Pages of the clinic", "이 기관의 직원 화면";
    clinics_days, "Days to come", "앞으로의 날짜";
    clinics_no_days,
        "There is no day to come yet: say the hours, or load slots from a file.",
        "아직 예정된 날짜가 없습니다. 진료 시간을 정하거나 시간대를 파일로 등록해 주십시오.";
    clinics_open, "is open", "진료";
    clinics_closed, "closed all day", "휴진";
    clinics_partly, "partly closed", "일부 휴진";
    clinics_accounted, "account closed", "마감";
    clinics_taken, "Taken", "예약된 자리";

    hours_title, "Hours and slots", "진료 시간과 시간대";
    hours_about,
        "People book one of the slots that are made of these hours. Calculate first: it changes \
         nothing, and you see the slots before you save them.",
        "이 시간으로 예약 시간대를 만듭니다. 먼저 계산해 보면 아무것도 바뀌지 않고, 만들어질 시간대를 본 뒤 저장합니다.";
    hours_weekdays, "On which days of the week", "여는 요일";
    hours_not_saved, "Nothing is saved yet.", "아직 저장하지 않았습니다.";
    hours_again, "Change these hours", "시간 다시 고치기";
    hours_preview, "Calculate", "계산해 보기";
    hours_save, "Save these hours", "이대로 저장";
    hours_opens, "Opens", "시작 시각";
    hours_closes, "Closes", "마감 시각";
    hours_hint, "As 09:00.", "예: 09:00";
    hours_breaks, "Breaks", "쉬는 시간";
    hours_breaks_hint, "As 13:00-14:00; apart by commas.", "예: 13:00-14:00. 여럿이면 쉼표로 나눕니다.";
    hours_minutes, "Minutes of each slot", "한 시간대의 길이(분)";
    hours_seats_each, "Seats in each slot", "시간대마다 자리";
    hours_except, "Days without hours", "제외할 날짜";
    hours_except_hint, "Dates, apart by commas.", "날짜를 쉼표로 나누어 적습니다.";
    hours_days, "Days", "날";
    hours_slots, "Slots in all", "시간대 수";
    hours_seats, "Seats", "자리 수";
    hours_added, "Slots to add", "추가되는 시간대";
    hours_changed, "Slots that change", "바뀌는 시간대";
    hours_removed, "Slots that go", "없어지는 시간대";
    hours_hit(bookings: &str),
        "{bookings} bookings are in slots that go. They stay, lose their time, and their people \
         are told.",
        "없어지는 시간대에 예약 {bookings}건이 있습니다. 예약은 남지만 시간을 잃으며, 예약자에게 알립니다.";
    hours_saved, "Hours that were saved, the newest first", "저장된 진료 시간(최근 순)";
    hours_of_day, "Hours", "시작과 마감";
    hours_were_saved(slots: &str, seats: &str),
        "The hours were saved: {slots} slots with {seats} seats.",
        "진료 시간을 저장했습니다. 시간대 {slots}개, 자리 {seats}개.";
    hours_mon, "Monday", "월요일";
    hours_tue, "Tuesday", "화요일";
    hours_wed, "Wednesday", "수요일";
    hours_thu, "Thursday", "목요일";
    hours_fri, "Friday", "금요일";
    hours_sat, "Saturday", "토요일";
    hours_sun, "Sunday", "일요일";

    closures_title, "Closed days", "휴진일";
    closures_none, "No day is closed.", "휴진일이 없습니다.";
    closures_days, "Closed days, the last first", "휴진일(늦은 날짜부터)";
    closures_close, "Close days", "휴진 등록";
    closures_preview, "Show who is hit", "누가 영향을 받는지 보기";
    closures_to_hint, "Empty for one day.", "하루면 비워 둡니다.";
    closures_reason_ko, "Reason in Korean, as people read it", "안내할 사유(한국어)";
    closures_reason_en, "Reason in English, as people read it", "안내할 사유(영어)";
    closures_public,
        "One language is enough. Everybody who is booked then reads it.",
        "한 언어만 적어도 됩니다. 그날 예약한 모든 분이 읽습니다.";
    closures_span(from: &str, to: &str), "From {from} to {to}.", "{from}부터 {to}까지.";
    closures_hit, "Bookings that are hit", "영향을 받는 예약";
    closures_first_hit, "The first bookings that are hit", "영향을 받는 예약(앞부분)";
    closures_hit_when, "Appointment", "예약 일시";
    closures_what_then,
        "The bookings stay until you cancel them; their people are told and may move to another \
         place.",
        "예약은 취소하기 전까지 남습니다. 예약자에게 알리고, 다른 곳으로 옮길 수 있게 합니다.";
    closures_do, "Close now", "지금 휴진 처리";
    closures_done, "The clinic is closed then. Everybody who is booked is being told.",
        "휴진 처리했습니다. 예약한 분들께 알리고 있습니다.";
    closures_day(day: &str), "Closed: {day}", "휴진: {day}";
    closures_is_open, "The clinic is not closed on this day.", "이 날은 휴진일이 아닙니다.";
    closures_unreached, "Not reached by a message", "메시지를 받지 못한 분";
    closures_everybody, "Everybody has been reached by a message.", "모든 분께 메시지가 전달되었습니다.";
    closures_to_tell(left: &str, all: &str),
        "{left} of {all} persons still have to be told.",
        "{all}명 가운데 {left}명에게 아직 알려야 합니다.";
    closures_tick, "Save who was told", "알린 결과 저장";
    closures_why, "Why not", "전달되지 않은 이유";
    closures_state, "Booking now", "지금 예약";
    admin_person_column, "Who", "성명";
    closures_told, "Told", "알림";
    closures_not_told, "not yet", "아직";
    closures_how(name: &str), "How {name} was told", "{name} 님께 알린 방법";
    closures_by_phone, "by telephone", "전화로";
    closures_in_person, "in person", "직접";
    closures_by_letter, "by letter", "우편으로";
    closures_not_found, "tried, not found", "연락되지 않음";
    closures_no_way, "no phone, no address", "연락처 없음";
    closures_waiting, "waits to be sent", "발송 대기";
    closures_not_sent, "not delivered", "전달 실패";
    closures_present, "has come already", "이미 와 있음";
    closures_reached, "Reached by a message", "메시지로 알림";
    closures_told_by_hand, "Told by somebody", "담당자가 직접 알림";
    closures_left, "Moved or cancelled by themselves", "스스로 옮기거나 취소";
    closures_were_cancelled_by_us, "Cancelled for them", "관리자가 취소";
    closures_standing, "Stand without a time", "시간 없이 남은 예약";
    closures_where_to,
        "The page of their booking shows each of them the nearest free times, here and elsewhere, \
         and they move by one press. For whoever cannot, the call centre does it.",
        "예약 화면에서 가까운 빈 시간을 안내하고, 한 번 눌러 옮길 수 있습니다. 직접 하기 어려운 분은 콜센터가 옮겨 드립니다.";
    closures_cancelled, "cancelled", "예약 취소됨";
    closures_stands, "stands, time lost", "시간만 없어짐";
    closures_is_back, "has its time again: tell them", "시간을 되찾음, 다시 알려야 함";
    closures_ticked(count: &str), "{count} entries were saved.", "{count}건을 저장했습니다.";
    closures_cancel_title, "Cancel what has lost its time", "시간을 잃은 예약 취소";
    closures_cancel_about,
        "Cancels every booking of this day that is still to come. The doses flow back, and each \
         person is told.",
        "이 날의 남은 예약을 모두 취소합니다. 백신은 되돌아가고 예약자에게 알립니다.";
    closures_cancel, "Cancel these bookings", "이 예약들을 취소";
    closures_were_cancelled(count: &str),
        "{count} bookings were cancelled.",
        "예약 {count}건을 취소했습니다.";
    closures_open_title, "Undo the closing of this day", "휴진 해제";
    closures_open_about,
        "Bookings that stand have their time again, and their people are told by a message. Whom \
         somebody had told by hand stays on this list, to be told again.",
        "남아 있는 예약은 시간을 되찾고 예약자에게 메시지로 알립니다. 담당자가 직접 알렸던 분은 다시 알리도록 이 목록에 남습니다.";
    closures_open, "Open this day", "이 날 다시 진료";
    closures_opened, "The clinic gives doses on this day again.", "다시 진료하는 날입니다.";
}
