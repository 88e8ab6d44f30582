//! Pages for what went wrong: what it means for somebody's booking, and what to do.

texts! {
    no_page, "There is no such page", "이 주소에는 페이지가 없습니다";
    no_page_why,
        "The address may be old, or a letter in it may be wrong.",
        "주소가 바뀌었거나 잘못 입력되었을 수 있습니다.";
    too_many, "Too many tries from here", "요청이 너무 많습니다";
    busy, "Many people are booking right now", "지금 예약하는 분이 많습니다";
    busy_nothing_booked,
        "Nothing has been booked or changed by this press.",
        "방금 누르신 요청은 접수되지 않았습니다.";
    not_known,
        "We do not know yet whether it went through",
        "결과를 확인하지 못했습니다";
    not_known_press,
        "Go back and press again: it is one booking at most, and if you have it, you will see it.",
        "뒤로 가서 다시 눌러 주십시오. 예약은 한 건만 되며, 이미 되었다면 그 예약을 보여 드립니다.";
    no_answer, "This page cannot be shown right now", "지금은 이 화면을 보여 드릴 수 없습니다";
    booking_is_safe,
        "If you have a booking, it stays as it is.",
        "이미 예약하셨다면 예약은 그대로 유지됩니다.";
    again_in_seconds(seconds: u64),
        "Please try again in {seconds} seconds.",
        "{seconds}초 뒤에 다시 시도해 주십시오.";
    again_in_minutes(minutes: u64),
        "Please try again in {minutes} minutes.",
        "{minutes}분 뒤에 다시 시도해 주십시오.";
    again_soon, "Please try again in a moment.", "잠시 뒤에 다시 시도해 주십시오.";
    not_known_press_here,
        "Press the button: what you sent is sent again, and is done once at most. If it went \
         through, you will see it.",
        "아래 버튼을 눌러 주십시오. 보내신 내용이 그대로 다시 전송되며, 한 번만 처리됩니다. 이미 되었다면 그 결과를 보여 드립니다.";
    send_again, "Send the same again", "같은 내용 다시 보내기";
    tries_by_itself(time: &str),
        "We will press it for you in {time}.",
        "{time} 뒤에 자동으로 눌러 드립니다.";
    looks_by_itself(time: &str),
        "We will load this page again for you in {time}.",
        "{time} 뒤에 이 화면을 자동으로 다시 불러옵니다.";
    not_by_itself, "Do not press it automatically", "자동으로 누르지 않기";
    no_look_by_itself, "Do not load it automatically", "자동으로 불러오지 않기";
    cut_off(day: &str, time: &str),
        "Nothing can be booked, changed or cancelled at this moment: our records cannot be \
         reached. Bookings that were made stay as they are. You can look around; what you see is \
         as of {time} on {day}. Look again in a minute or two.",
        "지금은 예약 시스템에 연결되지 않아 예약, 변경, 취소를 하실 수 없습니다. 이미 하신 예약은 그대로 유지됩니다. \
         계속 둘러보실 수 있으며, 화면의 내용은 {day} {time} 기준입니다. 1~2분 뒤에 다시 확인해 주십시오.";
    to_the_start, "To the first page", "첫 화면으로";
}
