//! The landing page.

texts! {
    landing_title, "Book a vaccination", "예방접종 예약하기";
    check_eligibility, "Check whether you can book", "예약 대상인지 확인하기";
    find_a_clinic, "Choose a place and a time", "장소와 시간 고르기";
    all_numbers, "All numbers and their history", "모든 숫자와 기록";
    no_round,
        "No vaccination can be booked yet. The next one is announced on this page.",
        "지금 예약할 수 있는 예방접종이 없습니다. 다음 일정은 이 화면에서 안내합니다.";
    limit_history, "The limit and its changes", "한도와 변경 기록";
    have_booked, "Booked already?", "이미 예약하셨다면";
    have_booked_ways,
        "See, cancel or print your booking on any device: sign in, or use the booking number.",
        "어느 기기에서나 로그인하거나 예약번호로 예약을 보고 취소하고 인쇄하실 수 있습니다.";
    past_rounds, "Rounds that have ended", "종료된 예약";
    what_you_need, "What you need", "필요한 것";
    need_identity, "your name and date of birth, as they were registered", "등록된 이름과 생년월일";
    need_phone,
        "the mobile phone that was registered, for a one-time code",
        "인증번호를 받을, 등록된 휴대전화";
    need_nothing_else,
        "You need no account and no password.",
        "회원 가입도 비밀번호도 필요하지 않습니다.";
}
