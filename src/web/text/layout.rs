//! What stands on every page.

texts! {
    skip_to_content, "Skip to content", "본문 바로가기";
    service_name, "Vaccination booking", "예방접종 예약";
    other_language, "한국어", "English";
    service_pages, "Service", "서비스";
    my_booking, "My booking", "내 예약";
    official(issuer: &str), "A service of {issuer}", "{issuer} 서비스";
    free_and_safe,
        "Booking is free of charge. Staff never ask for your one-time code.",
        "예약은 무료입니다. 직원은 인증번호를 묻지 않습니다.";
    helpline, "Helpline", "전화 문의";
    helpline_for,
        "Call if you need help with a booking.",
        "예약에 도움이 필요하시면 전화해 주십시오.";
    about_the_pages,
        "For developers: the interface of this service",
        "개발자용 안내: 이 서비스의 인터페이스(영문)";
    stop_updating, "Stop updating", "자동 갱신 멈추기";
    start_updating, "Update again", "다시 갱신하기";
    look_again, "Look again", "다시 보기";
    page_has_changed,
        "Something has changed. Look again to see it.",
        "내용이 바뀌었습니다. '다시 보기'를 눌러 확인해 주십시오.";
}
