//! The fields by which somebody says who they are, and what can be wrong with them.

texts! {
    name_label, "Name", "이름";
    name_hint,
        "As in the register, in Korean or in English letters.",
        "등록된 이름을 한글이나 영문으로 입력해 주십시오.";
    name_missing, "Write your name.", "이름을 입력해 주십시오.";
    name_long(chars: usize),
        "A name has at most {chars} characters here.",
        "이름은 {chars}자까지 입력할 수 있습니다.";
    name_unreadable,
        "The name has characters that cannot be read. Write it anew.",
        "이름에 읽을 수 없는 문자가 있습니다. 다시 입력해 주십시오.";
    birth_label, "Date of birth", "생년월일";
    birth_hint, "For example 3 9 1964", "예: 1964년 9월 3일";
    birth_missing, "Write your date of birth.", "생년월일을 입력해 주십시오.";
    birth_year_missing, "Write the year of your birth too.", "태어난 연도도 입력해 주십시오.";
    birth_month_missing, "Write the month of your birth too.", "태어난 월도 입력해 주십시오.";
    birth_day_missing, "Write the day of your birth too.", "태어난 일도 입력해 주십시오.";
    birth_short_year,
        "Write the year with 4 digits, for example 1964.",
        "연도를 1964처럼 네 자리로 입력해 주십시오.";
    birth_year_unreadable,
        "The year must be a number of 4 digits, for example 1964.",
        "연도는 1964처럼 네 자리 숫자여야 합니다.";
    birth_month_unreadable,
        "The month must be a number from 1 to 12.",
        "월은 1에서 12 사이의 숫자여야 합니다.";
    birth_day_unreadable,
        "The day must be a number from 1 to 31.",
        "일은 1에서 31 사이의 숫자여야 합니다.";
    birth_not_said,
        "Ask for the date of birth and write it, or say that you compared it with a document.",
        "생년월일을 여쭤보고 입력하거나, 신분증으로 확인했다고 표시해 주십시오.";
    birth_whole_unreadable,
        "Write the date of birth in 8 digits, for example 19640903.",
        "생년월일을 19640903처럼 여덟 자리 숫자로 입력해 주십시오.";
    birth_ambiguous,
        "Write day, month and year each in its own field.",
        "연도, 월, 일을 각각의 칸에 입력해 주십시오.";
    birth_no_such_day,
        "The calendar does not have this day. Check day and month.",
        "달력에 없는 날짜입니다. 월과 일을 확인해 주십시오.";
    phone_label, "Mobile phone", "휴대전화 번호";
    phone_hint, "The number in the register.", "등록된 번호를 입력해 주십시오.";
    phone_missing, "Write your mobile phone number.", "휴대전화 번호를 입력해 주십시오.";
    number_hint,
        "10 digits, as in the message and on the page of the booking. Spaces do not matter.",
        "문자나 예약 화면에 있는 숫자 10자리입니다. 띄어쓰기는 상관없습니다.";
    number_missing, "Write the booking number.", "예약번호를 입력해 주십시오.";
    number_digits,
        "A booking number has 10 digits. Write all of them.",
        "예약번호는 숫자 10자리입니다. 모두 입력해 주십시오.";
    number_slip,
        "There is a slip in this number. Compare it digit by digit.",
        "예약번호에 잘못 입력된 숫자가 있습니다. 한 자리씩 비교해 주십시오.";
    code_label, "One-time code", "인증번호";
    code_hint, "6 digits", "숫자 6자리";
    code_missing, "Write the code that came to your phone.", "휴대전화로 받은 인증번호를 입력해 주십시오.";
    code_digits,
        "The code has 6 digits. Write all of them.",
        "인증번호는 숫자 6자리입니다. 모두 입력해 주십시오.";
    region_label, "Where you live", "사시는 지역";
    region_hint,
        "Where you are registered as living.",
        "주민등록상 주소지를 선택해 주십시오.";
    region_unknown, "Choose a region from the list.", "목록에서 지역을 선택해 주십시오.";
}
