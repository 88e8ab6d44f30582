//! What stands on every page for staff, and how they sign in.

texts! {
    staff_area, "Clinic", "접종기관 화면";
    staff_administration, "Administration", "관리";
    staff_call_centre, "Call centre", "콜센터 화면";
    nav_call_centre, "Find a person", "대상자 찾기";
    staff_pages, "Pages for staff", "직원용 메뉴";
    staff_no_page_why,
        "There is nothing at this address that you may see. Another clinic's pages are not shown.",
        "이 주소에는 볼 수 있는 화면이 없습니다. 다른 접종기관의 화면은 표시되지 않습니다.";
    staff_crowded, "The service is very busy right now", "지금 서비스가 매우 혼잡합니다";
    staff_nothing_done,
        "Nothing was written down by this press. Go back and press again: it is done at most \
         once.",
        "방금 누르신 것은 기록되지 않았습니다. 뒤로 가서 다시 눌러 주십시오. 한 번만 기록됩니다.";
    staff_nothing_done_here,
        "Nothing was written down by this press. Press the button: what you sent is sent again, \
         and is written down at most once.",
        "방금 누르신 것은 기록되지 않았습니다. 아래 버튼을 눌러 주십시오. 보내신 내용이 그대로 다시 전송되며, 한 번만 기록됩니다.";
    staff_not_known_press,
        "Go back and press again: what was pressed is written down at most once, and if it was, \
         the page says so.",
        "뒤로 가서 다시 눌러 주십시오. 한 번만 기록되며, 이미 기록되었다면 화면에 표시됩니다.";
    staff_not_known_press_here,
        "Press the button: what you sent is sent again, and is written down at most once. If it \
         was, the page says so.",
        "아래 버튼을 눌러 주십시오. 보내신 내용이 그대로 다시 전송되며, 한 번만 기록됩니다. 이미 기록되었다면 화면에 표시됩니다.";
    staff_earlier_done,
        "Your earlier press was done, though its answer was lost. Look at what it has changed; \
         press again only if what is written now is to be done besides.",
        "앞서 누르신 것은 답이 전해지지 않았지만 처리되었습니다. 무엇이 바뀌었는지 확인하시고, 지금 적은 내용을 더 처리하려는 경우에만 다시 \
         눌러 주십시오.";
    staff_on_paper,
        "If people are waiting and this lasts, go on by the printed list: write down booking \
         number, time and lot, and enter them afterwards.",
        "기다리는 분이 있는데 계속되면 인쇄한 명단으로 진행하면서 예약번호, 시각, 제조번호를 적어 두었다가 나중에 입력해 주십시오.";
    staff_forbidden, "Not for your role", "권한이 없습니다";
    staff_only_administrators,
        "Only administrators can see this page. Ask one of them if you need what is here.",
        "관리자만 볼 수 있는 화면입니다. 필요하시면 관리자에게 문의해 주십시오.";
    nav_today, "Today", "오늘";
    nav_week, "Week", "주간";
    nav_walk_in, "Walk-in", "현장 접종";
    nav_close, "Close the day", "하루 마감";
    nav_campaigns, "Campaigns", "접종 사업 관리";
    nav_imports, "Files", "파일";
    nav_doses, "Stock", "백신 물량";
    nav_supply, "Supply", "수급 현황";
    nav_clinics, "All clinics", "접종기관 관리";
    nav_persons, "Persons", "대상자";
    nav_users, "Users", "사용자";
    nav_journal, "Journal", "원장";

    staff_sign_in_title, "Staff sign-in", "직원 로그인";
    staff_sign_in_why,
        "For clinic staff and administrators. A session lasts one working day, 10 hours.",
        "접종기관 직원과 관리자용입니다. 로그인은 근무 시간인 10시간 동안 유지됩니다.";
    staff_username, "User name", "사용자 이름";
    staff_password, "Password", "비밀번호";
    staff_username_missing, "Write your user name.", "사용자 이름을 입력해 주십시오.";
    staff_password_missing, "Write your password.", "비밀번호를 입력해 주십시오.";
    staff_wrong,
        "User name and password do not match, or this user may not sign in. Try again, or ask an \
         administrator for an invitation.",
        "사용자 이름과 비밀번호가 맞지 않거나 로그인할 수 없는 사용자입니다. 다시 입력하시거나 관리자에게 초대를 요청해 주십시오.";
    staff_busy(time: &str),
        "Many people are signing in right now. You are not signed in yet: write your password and \
         press again in {time}.",
        "지금 로그인하는 사람이 많습니다. 아직 로그인되지 않았으니 {time} 뒤에 비밀번호를 다시 입력하고 눌러 주십시오.";
    staff_unavailable(time: &str),
        "Nobody can be signed in at this moment. Write your password and press again in {time}.",
        "지금은 로그인할 수 없습니다. {time} 뒤에 비밀번호를 다시 입력하고 눌러 주십시오.";
    staff_not_kept,
        "You cannot sign in at this address: it is not encrypted, so your browser keeps nobody \
         signed in here.",
        "이 주소에서는 로그인하실 수 없습니다. 암호화되지 않은 연결이어서 브라우저에 로그인이 유지되지 않습니다.";
    staff_no_password, "I have no password yet, or forgot it", "비밀번호가 없거나 잊으셨습니까?";
    staff_no_password_text,
        "An administrator invites you, and you choose a password by the invitation.",
        "관리자가 초대를 보내 드리면 그 초대로 비밀번호를 정하실 수 있습니다.";
    staff_not_staff, "I want to book a vaccination", "예방접종을 예약하려고 합니다";
    staff_signed_out,
        "On this device nobody sees the pages for staff any more.",
        "이 기기에서는 더 이상 직원용 화면을 볼 수 없습니다.";

    invitation_title, "Choose a password", "비밀번호 정하기";
    invitation_why,
        "You were invited to work with this service. The invitation works once and for seven days.",
        "이 서비스의 사용자로 초대받으셨습니다. 초대는 7일 안에 한 번만 쓸 수 있습니다.";
    invitation_token, "Invitation", "초대 코드";
    invitation_token_hint,
        "The 43 characters that you were given.",
        "받으신 43자리 코드입니다.";
    invitation_token_missing, "Write the invitation.", "초대 코드를 입력해 주십시오.";
    invitation_password, "New password", "새 비밀번호";
    invitation_password_hint,
        "At least 12 characters. Several words are easier to remember than signs.",
        "12자 이상입니다. 기호보다 여러 단어를 이어 쓰면 기억하기 쉽습니다.";
    invitation_choose, "Choose this password", "이 비밀번호로 정하기";
    invitation_not_known(time: &str),
        "It is not known whether your password was set. Write it and press again in {time}. If \
         the invitation is refused then, sign in with this password: it was set.",
        "비밀번호가 정해졌는지 확인하지 못했습니다. {time} 뒤에 같은 비밀번호를 다시 입력하고 눌러 주십시오. 그때 초대 코드를 쓸 수 없다고 나오면 \
         비밀번호가 이미 정해진 것이니 그 비밀번호로 로그인해 주십시오.";
    invitation_done(username: &str),
        "The password is set. Sign in as {username}.",
        "비밀번호를 정했습니다. 이제 로그인해 주십시오. 사용자 이름: {username}";
}
