//! The page that shows every component.

texts! {
    style_title, "Every component", "모든 구성 요소";
    style_intro,
        "What the pages are made of, for those who build and check them. Nothing here is sent.",
        "화면을 만들고 점검하는 사람을 위한 페이지입니다. 여기서는 아무것도 보내지 않습니다.";
    sample_how, "How shall we tell you?", "어떻게 알려 드릴까요?";
    sample_message, "By message to your phone", "휴대전화 문자";
    sample_message_hint, "To the number in the register.", "등록된 번호로 보냅니다.";
    sample_letter, "By letter", "우편";
    sample_notice, "Pressing twice makes one booking.", "두 번 눌러도 예약은 한 건입니다.";
    sample_warning, "This clinic is closed on that day.", "이 기관은 그날 휴진입니다.";
    sample_details, "What if I do not have a phone?", "휴대전화가 없으면 어떻게 합니까?";
    sample_details_text,
        "Somebody you trust may book for you with your details.",
        "믿을 수 있는 분이 대신 예약하실 수 있습니다.";
    sample_table, "Doses left by region", "지역별 남은 백신(회분)";
    sample_clinic, "Jung-gu Public Health Centre", "중구보건소";
    sample_seoul, "Seoul", "서울특별시";
    sample_busan, "Busan", "부산광역시";
    sample_live, "806,400 doses are left.", "남은 백신은 806,400회분입니다.";
    component_forms, "Forms", "입력";
    component_buttons, "Buttons and links", "버튼과 링크";
    component_states, "States and notices", "상태와 안내";
    component_lists, "Lists and tables", "목록과 표";
}
