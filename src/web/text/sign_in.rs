//! Signing in and out.

use super::Texts;

texts! {
    sign_in, "Sign in", "로그인";
    sign_in_to_book, "Sign in and book", "로그인하고 예약하기";
    sign_in_title, "Who are you?", "본인 확인";
    sign_in_why,
        "We look you up in the register and send a one-time code to your phone. You can do this \
         before booking opens.",
        "등록된 정보를 확인하고 휴대전화로 인증번호를 보내 드립니다. 예약이 시작되기 전에도 하실 수 있습니다.";
    sign_in_only_for,
        "We use what you write here only to find you in the register.",
        "입력하신 정보는 등록된 분인지 확인하는 데에만 씁니다.";
    number_title, "Find your booking", "예약번호로 예약 찾기";
    number_why,
        "With its number and your date of birth you find a booking from any device. We send a \
         one-time code to the phone that was registered for it.",
        "예약번호와 생년월일로 어느 기기에서나 예약을 찾을 수 있습니다. 등록된 휴대전화로 인증번호를 보내 드립니다.";
    number_known, "I have a booking number", "예약번호가 있습니다";
    number_not_known, "I do not know the number", "예약번호를 모릅니다";
    number_sent(time: &str),
        "If there is a booking with this number and date of birth, a 6\u{2011}digit code is on \
         its way to the phone that was registered for it. It works for {time}.",
        "이 예약번호와 생년월일로 된 예약이 있으면 등록된 휴대전화로 인증번호 6자리를 보냅니다. {time} 동안 쓸 수 있습니다.";
    number_was_sent,
        "A code went to the phone that was registered for the booking, if there is one with this \
         number and date of birth.",
        "이 예약번호와 생년월일로 된 예약이 있으면 등록된 휴대전화로 인증번호를 보냈습니다.";
    send_code, "Send me a code", "인증번호 받기";
    for_others, "For somebody else, or without a phone of your own", "다른 분을 대신하거나 본인 휴대전화가 없는 경우";
    for_others_text,
        "You may book for somebody who trusts you: write their details, not yours. The code goes \
         to the number in the register, so ask them for it.",
        "믿고 부탁하신 분을 대신하여 예약하실 수 있습니다. 이때는 그분의 정보를 입력해 주십시오. 인증번호는 등록된 번호로 가므로 그분께 여쭈어 보셔야 합니다.";
    for_others_phone(helpline: &str),
        "Without any phone at hand, call {helpline}.",
        "받을 수 있는 휴대전화가 없으면 {helpline}번으로 전화해 주십시오.";
    not_kept_doubtful,
        "This page seems to have come unencrypted. If so, your browser will not keep you signed \
         in.",
        "이 화면이 암호화되지 않은 연결로 열린 것 같습니다. 그러면 브라우저에 로그인이 유지되지 않습니다.";
    not_kept,
        "You cannot sign in at this address: it is not encrypted, so your browser keeps nobody \
         signed in here. No code was sent.",
        "이 주소에서는 로그인하실 수 없습니다. 암호화되지 않은 연결이어서 브라우저에 로그인이 유지되지 않습니다. 인증번호는 보내지 않았습니다.";
    not_kept_go(url: &str), "Use this address: {url}", "다음 주소를 이용해 주십시오: {url}";
    not_kept_https,
        "Open the address that begins with https://, or use the machine on which the service runs.",
        "https://로 시작하는 주소를 열거나 서비스가 실행되는 컴퓨터에서 이용해 주십시오.";

    sign_in_busy(time: &str),
        "Many people are signing in right now. Nothing was sent. Your details are kept: press \
         again in {time}.",
        "지금 로그인하는 분이 많습니다. 인증번호를 보내지 않았습니다. 입력하신 정보는 그대로 있으니 {time} 뒤에 다시 눌러 주십시오.";
    sign_in_unavailable(time: &str),
        "We cannot look anybody up at this moment. Your details are kept: press again in {time}.",
        "지금은 등록 정보를 확인할 수 없습니다. 입력하신 정보는 그대로 있으니 {time} 뒤에 다시 눌러 주십시오.";
    sign_in_failed,
        "We cannot look anybody up at this moment. Your details are kept: press again in a minute.",
        "지금은 등록 정보를 확인할 수 없습니다. 입력하신 정보는 그대로 있으니 1분 뒤에 다시 눌러 주십시오.";

    code_title, "Write the code", "인증번호 입력";
    code_on_its_way(phone: &str, time: &str),
        "If these details match our register, a 6\u{2011}digit code is on its way to {phone}. It \
         works for {time}.",
        "입력하신 정보가 등록된 정보와 같으면 {phone} 번호로 인증번호 6자리를 보냅니다. {time} 동안 쓸 수 있습니다.";
    code_was_sent(phone: &str),
        "A code for these details went to {phone}, if they match our register.",
        "입력하신 정보가 등록된 정보와 같으면 {phone} 번호로 인증번호를 보냈습니다.";
    code_missing_title, "If no code comes", "인증번호가 오지 않으면";
    code_not_come,
        "If nothing comes within a minute, check the details or ask for a new code.",
        "1분이 지나도 오지 않으면 정보를 확인하거나 인증번호를 다시 요청해 주십시오.";
    code_or_call(helpline: &str),
        "You can also call {helpline}.",
        "전화로도 문의하실 수 있습니다: {helpline}";
    code_again, "Send a new code", "인증번호 다시 받기";
    code_change, "Check the details", "입력한 정보 확인하기";
    code_replaces,
        "A new code ends the ones before it.",
        "새 인증번호를 받으면 이전 인증번호는 쓸 수 없습니다.";
    code_last_try,
        "That code is not right. You can try once more.",
        "인증번호가 맞지 않습니다. 한 번 더 입력하실 수 있습니다.";
    code_tries_left(tries: i16),
        "That code is not right. You can try {tries} more times.",
        "인증번호가 맞지 않습니다. {tries}번 더 입력하실 수 있습니다.";
    code_expired,
        "This code has expired. Ask for a new one: your details are kept.",
        "인증번호의 유효 시간이 지났습니다. 다시 받아 주십시오. 입력하신 정보는 그대로 있습니다.";
    code_over,
        "This code does not work any more: it was used, replaced by a newer one or tried too \
         often. Ask for a new one: your details are kept.",
        "더 이상 쓸 수 없는 인증번호입니다. 이미 쓰였거나 새 번호로 바뀌었거나 여러 번 잘못 입력되었습니다. 다시 받아 주십시오. 입력하신 정보는 그대로 있습니다.";
    code_earlier_works,
        "A code that came in the last minutes still works: you can write it here.",
        "최근 몇 분 안에 받으신 인증번호는 아직 쓸 수 있으니 아래에 입력해 주십시오.";
    code_helps,
        "It helps to try from another connection, for example mobile data instead of a shared \
         network. Somebody else cannot use up your tries there.",
        "공용 네트워크 대신 이동통신 데이터처럼 다른 연결로 시도하시면 됩니다. 그 연결의 횟수는 다른 사람이 쓸 수 없습니다.";
    code_busy(time: &str),
        "Many people are signing in right now. This code was not tried. Press again in {time}.",
        "지금 로그인하는 분이 많습니다. 입력하신 인증번호는 아직 확인하지 않았습니다. {time} 뒤에 다시 눌러 주십시오.";
    code_unavailable,
        "We do not know yet whether it went through. Press again: the same code still works if it \
         was right.",
        "결과를 확인하지 못했습니다. 다시 눌러 주십시오. 맞는 인증번호라면 그대로 쓸 수 있습니다.";
    code_unavailable_until(time: &str),
        "We do not know yet whether it went through. Press again in {time}: the same code still \
         works if it was right.",
        "결과를 확인하지 못했습니다. {time} 뒤에 다시 눌러 주십시오. 맞는 인증번호라면 그대로 쓸 수 있습니다.";
    code_shown_here,
        "This service is being tried out: codes are not sent. They are shown on this page of the \
         same machine:",
        "시험 운영 중이어서 인증번호를 보내지 않습니다. 같은 컴퓨터의 다음 화면에 표시됩니다.";
    code_shown_elsewhere,
        "This service is being tried out: codes are not sent. They are shown on the machine on \
         which it runs.",
        "시험 운영 중이어서 인증번호를 보내지 않습니다. 서비스가 실행되는 컴퓨터에 표시됩니다.";

    kept_title, "You are not signed in", "로그인되지 않았습니다";
    kept_why,
        "The code was right, but your browser did not keep that you are signed in. A booking that \
         you have is kept.",
        "인증번호는 맞았지만 브라우저에 로그인이 유지되지 않았습니다. 이미 하신 예약은 그대로 유지됩니다.";
    asked_title, "No code is asked for here", "입력할 인증번호가 없습니다";
    asked_why,
        "It is too long ago that a code was sent, it was used, or your browser does not keep that \
         one was sent. A booking that you have is safe.",
        "인증번호를 보낸 지 오래되었거나 이미 쓰였거나, 보낸 것이 브라우저에 남아 있지 않습니다. 이미 하신 예약은 안전합니다.";
    kept_cookies,
        "Allow cookies for this site, or open it in another browser, and sign in once more.",
        "이 사이트의 쿠키를 허용하거나 다른 브라우저에서 연 뒤 다시 로그인해 주십시오.";

    sign_out, "Sign out", "로그아웃";
    sign_out_title, "Sign out here, or everywhere?", "로그아웃할 기기 선택";
    sign_out_here, "On this device", "이 기기";
    everywhere, "Everywhere", "모든 기기";
    sign_out_failed,
        "This cannot be done at this moment: you are still signed in. Press again in a minute.",
        "지금은 처리할 수 없어 아직 로그인되어 있습니다. 1분 뒤에 다시 눌러 주십시오.";
    sign_out_here_about,
        "Do this on a device that others use too.",
        "다른 사람도 쓰는 기기라면 로그아웃해 주십시오.";
    sign_out_everywhere, "Sign out on all devices", "모든 기기에서 로그아웃";
    sign_out_everywhere_about,
        "If you have lost a device, or somebody else has signed in as you.",
        "기기를 잃어버렸거나 다른 사람이 내 정보로 로그인한 것 같을 때 이용해 주십시오.";
    sign_out_keeps,
        "What you have booked stays booked.",
        "로그아웃해도 예약은 그대로 유지됩니다.";
    signed_out_title, "You are signed out", "로그아웃되었습니다";
    signed_out_here, "You are not signed in on this device.", "이 기기에서는 로그인되어 있지 않습니다.";
    signed_out_again, "Sign in again", "다시 로그인";
}

impl Texts {
    /// What a wrong code is answered with.
    pub fn code_wrong(self, tries_left: i16) -> String {
        match tries_left {
            1 => self.code_last_try().to_owned(),
            tries => self.code_tries_left(tries),
        }
    }
}
