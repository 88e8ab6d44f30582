//! What the parts of pages say by themselves.

texts! {
    error_title(title: &str), "Error: {title}", "오류: {title}";
    error_summary, "Please mend this first", "다음을 먼저 고쳐 주십시오";
    error_beside, "Error:", "오류:";
    year, "Year", "년";
    month, "Month", "월";
    day, "Day", "일";
    back, "Back", "뒤로";
    way_back, "The page before", "이전 화면";
    change, "Change", "변경";
    continue_on, "Continue", "계속";
    warning, "Warning", "주의";
    optional(label: &str), "{label} (optional)", "{label} (선택)";
    pages, "Pages", "쪽";
    previous, "Previous", "이전";
    next, "Next", "다음";
    same_as_table, "The table below has the same numbers.", "아래 표와 같은 숫자입니다.";
}
