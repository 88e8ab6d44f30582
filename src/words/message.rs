//! What messages say. A text message is kept to one part where that can be: each has several
//! wordings, the fullest first, and the first that fits is taken.

use crate::domain::{
    amenity::Amenity,
    language::Language,
    notice::{Appointment, News, Notice},
    sign_in_code::{CODE_MINUTES, SignInCode},
    sms_length::SmsStandard,
};

use super::{
    amenity::amenity,
    date::{brief, instant},
};

/// Who writes, and where to turn.
#[derive(Clone, Copy, Debug)]
pub struct Letterhead<'a> {
    pub language: Language,
    /// Who answers for the service.
    pub issuer: &'a str,
    /// Where the pages are, as far as people would type it: book.example.kr
    pub host: Option<&'a str>,
    /// The helpline's number.
    pub helpline: Option<&'a str>,
    pub standard: SmsStandard,
}

/// A clinic's name is cut no shorter than this.
const NAME_LETTERS_MIN: usize = 6;

impl Letterhead<'_> {
    /// The first wording that fits into one part; if none does, the last one.
    fn fit(&self, wordings: impl IntoIterator<Item = String>) -> String {
        let mut last = String::new();
        for wording in wordings {
            if self.standard.parts(&wording) == 1 {
                return wording;
            }
            last = wording;
        }
        last
    }

    /// As `fit`, where each wording names the clinic, whose name is cut if nothing else helps.
    pub(super) fn fit_clinic(&self, clinic: &str, wordings: &[&dyn Fn(&str) -> String]) -> String {
        let whole = wordings.iter().map(|wording| wording(clinic));
        let letters = clinic.chars().count();
        let shortest = wordings.last();
        let cut = (NAME_LETTERS_MIN..letters).rev().filter_map(|length| {
            let name: String = clinic.chars().take(length).collect();
            shortest.map(|wording| wording(&format!("{}..", name.trim_end())))
        });
        // A name that is so long that even cut it does not fit is given in whole.
        let fallback = shortest.map(|wording| wording(clinic));
        self.fit(whole.chain(cut).chain(fallback))
    }
}

/// The SMS with a one-time code. Its last line is read by telephones, which then fill the code in
/// on this service's pages and on no other (<https://wicg.github.io/sms-one-time-codes/>).
pub fn code_text(head: Letterhead<'_>, code: &SignInCode) -> String {
    let Letterhead { language, issuer, .. } = head;
    let code = code.as_str();
    let last = head.host.map_or(String::new(), |host| format!("\n@{host} #{code}"));
    let wordings = [
        say!(
            language,
            "[{issuer}] Your code is {code}. It works for {CODE_MINUTES} minutes. \
             Tell it to nobody, whoever asks.",
            "[{issuer}] 인증번호 {code} ({CODE_MINUTES}분간 유효). \
             누구에게도 알려 주지 마십시오."
        ),
        say!(
            language,
            "[{issuer}] Your code is {code}. Tell it to nobody.",
            "[{issuer}] 인증번호 {code}. 남에게 알려 주지 마십시오."
        ),
        say!(language, "[{issuer}] Code {code}", "[{issuer}] 인증번호 {code}"),
    ];
    head.fit(wordings.map(|wording| wording + &last))
}

/// Subject and text of the mail with a one-time code.
pub fn code_mail(head: Letterhead<'_>, code: &SignInCode) -> (String, String) {
    let Letterhead { language, .. } = head;
    let code = code.as_str();
    let subject = say!(language, "Your code", "인증번호 안내");
    let text = say!(
        language,
        "Your code is {code}\n\nIt works for {CODE_MINUTES} minutes. Tell it to nobody, whoever \
         asks. If you have not asked for it, you need do nothing: without it nobody gets in.\n",
        "인증번호는 {code}입니다.\n\n{CODE_MINUTES}분간 쓸 수 있습니다. 누가 물어도 알려 주지 \
         마십시오. 요청하신 적이 없다면 아무것도 하지 않으셔도 됩니다. 이 번호 없이는 아무도 \
         로그인할 수 없습니다.\n"
    );
    (subject, text + "\n" + &signature(head))
}

/// Subject and text of the mail with a notice; `number` is the booking's, for people.
pub fn notice_mail(head: Letterhead<'_>, notice: &Notice, number: &str) -> (String, String) {
    let language = head.language;
    let appointment = &notice.appointment;
    let when = brief(language, appointment.starts_at, appointment.zone);
    let subject = match notice.news {
        News::Booked => say!(language, "Booked: {when}", "예약되었습니다: {when}"),
        News::Cancelled => say!(language, "Cancelled: {when}", "예약이 취소되었습니다: {when}"),
        News::Closed => {
            say!(language, "Cannot take place: {when}", "휴진으로 접종이 어렵습니다: {when}")
        }
        News::Opened => {
            say!(language, "Takes place after all: {when}", "예약대로 접종합니다: {when}")
        }
        News::Reminder => say!(language, "Tomorrow: {when}", "내일 접종: {when}"),
    };
    let what = what_happened(language, notice);
    let facts = facts(language, appointment, number);
    let (next, find) = (what_next(head, notice), how_to_find(head));
    (subject, format!("{what}\n\n{facts}\n{next}\n\n{find}\n\n{}", signature(head)))
}

fn what_happened(language: Language, notice: &Notice) -> String {
    match notice.news {
        News::Booked => say!(
            language,
            "You are booked. A dose is set aside for you.",
            "예약되었습니다. 백신을 따로 확보해 두었습니다."
        ),
        News::Cancelled => match &notice.appointment.cancelled_because {
            None => say!(language, "Your booking is cancelled.", "예약이 취소되었습니다."),
            Some(reason) => {
                let reason = reason.in_language(language);
                say!(
                    language,
                    "Your booking was cancelled for you, because the clinic cannot keep it. The \
                     reason: {reason}",
                    "접종기관 사정으로 예약이 취소되었습니다. 사유: {reason}"
                )
            }
        },
        News::Closed => {
            let reason = notice.appointment.closure_reason.as_ref();
            let reason = reason.map_or(String::new(), |reason| {
                let reason = reason.in_language(language);
                say!(language, " The reason: {reason}", " 사유: {reason}")
            });
            say!(
                language,
                "The clinic is closed then, so your appointment cannot take place.{reason}",
                "접종기관이 그날 휴진하여 예약하신 접종이 어렵습니다.{reason}"
            )
        }
        News::Opened => say!(
            language,
            "The clinic is open after all: your appointment takes place.",
            "휴진이 취소되어 예약대로 접종합니다."
        ),
        News::Reminder => say!(language, "Your appointment is tomorrow.", "내일이 접종일입니다."),
    }
}

fn facts(language: Language, appointment: &Appointment, number: &str) -> String {
    let when = instant(language, appointment.starts_at, appointment.zone);
    let clinic = appointment.clinic.in_language(language);
    let Appointment { address, clinic_phone, dose_number, .. } = appointment;
    let course = appointment.course.in_language(language);
    let directions = appointment.directions.in_language(language);
    let directions = directions.map_or(String::new(), |directions| {
        say!(language, "How to find it: {directions}\n", "찾아오시는 길: {directions}\n")
    });
    let known = Amenity::ALL.iter().filter_map(|&one| {
        let is_there = appointment.amenities.get(one);
        is_there.map(|is_there| amenity(language, one, Some(is_there)))
    });
    let known = known.collect::<Vec<_>>().join(" ");
    let known = if known.is_empty() { known } else { known + "\n" };
    say!(
        language,
        "When: {when}\nWhere: {clinic}, {address}, telephone {clinic_phone}\n{directions}{known}\
         Vaccination: {course}, dose {dose_number}\nBooking number: {number}\n",
        "일시: {when}\n장소: {clinic}, {address}, 전화 {clinic_phone}\n{directions}{known}\
         접종: {course} {dose_number}차\n예약번호: {number}\n"
    )
}

fn what_next(head: Letterhead<'_>, notice: &Notice) -> String {
    let language = head.language;
    let at = head.host.map_or(String::new(), |host| say!(language, " at {host}", " {host}에서"));
    let calendar = say!(
        language,
        "The file with this mail puts it into your calendar, or takes it out.",
        "첨부한 파일로 일정을 달력에 넣거나 뺄 수 있습니다."
    );
    match notice.news {
        News::Booked | News::Opened => say!(
            language,
            "Bring an identity document with your photograph. If you cannot come, please \
             cancel{at}: somebody else can have the dose. {calendar}",
            "사진이 있는 신분증을 가져오십시오. 오실 수 없으면{at} 예약을 취소해 주십시오. 다른 \
             분이 접종할 수 있습니다. {calendar}"
        ),
        News::Cancelled => say!(
            language,
            "You can book again{at} while doses are left. {calendar}",
            "백신이 남아 있는 동안{at} 다시 예약하실 수 있습니다. {calendar}"
        ),
        News::Closed => say!(
            language,
            "Please choose another time or another clinic on the page of this booking{at}. \
             {calendar}",
            "예약 화면에서{at} 다른 시간이나 다른 기관을 선택해 주십시오. {calendar}"
        ),
        News::Reminder => say!(
            language,
            "Bring an identity document with your photograph. If you cannot come, please \
             cancel{at}.",
            "사진이 있는 신분증을 가져오십시오. 오실 수 없으면{at} 예약을 취소해 주십시오."
        ),
    }
}

/// How the booking is found again, on whichever device.
fn how_to_find(head: Letterhead<'_>) -> String {
    let language = head.language;
    let at = head.host.map_or(String::new(), |host| say!(language, " at {host}", " {host}에서"));
    say!(
        language,
        "With the booking number and your date of birth you find this booking{at} from any device.",
        "예약번호와 생년월일로{at} 어느 기기에서나 이 예약을 찾으실 수 있습니다."
    )
}

/// What every mail ends with.
pub(super) fn signature(head: Letterhead<'_>) -> String {
    let Letterhead { language, issuer, .. } = head;
    let helpline = head.helpline.map_or(String::new(), |helpline| {
        say!(language, "Questions: {helpline}\n", "전화 문의: {helpline}\n")
    });
    say!(
        language,
        "We never ask for money, passwords, card numbers or account numbers: not by mail, not by \
         text message, not by telephone.\n{helpline}{issuer}\n",
        "메일, 문자, 전화로 돈이나 비밀번호, 카드번호, 계좌번호를 절대 묻지 \
         않습니다.\n{helpline}{issuer}\n"
    )
}

/// What a calendar shows of an appointment: its title, its text, and what it says the day before.
pub fn calendar_entry(
    head: Letterhead<'_>,
    appointment: &Appointment,
    number: &str,
) -> (String, String, String) {
    let language = head.language;
    let course = appointment.course.in_language(language);
    let dose = appointment.dose_number;
    let title = say!(language, "Vaccination: {course}, dose {dose}", "예방접종: {course} {dose}차");
    let text = facts(language, appointment, number);
    let alarm = say!(language, "Tomorrow: {title}", "내일 {title}");
    (title, text, alarm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{language::Language::*, localized::Localized, notice::samples},
        words::notice_text,
    };

    const NUMBER: &str = "482 913 5507";

    fn head(language: Language, standard: SmsStandard) -> Letterhead<'static> {
        let issuer = match language {
            English => "KDCA",
            Korean => "질병관리청",
        };
        let (host, helpline) = (Some("book.example.kr"), Some("1339"));
        Letterhead { language, issuer, host, helpline, standard }
    }

    /// Every letterhead that there is, but for the names in it.
    fn heads() -> impl Iterator<Item = Letterhead<'static>> {
        let standards = [SmsStandard::Korean, SmsStandard::Gsm];
        Language::ALL.into_iter().flat_map(move |language| {
            standards.into_iter().map(move |standard| head(language, standard))
        })
    }

    fn notice_at(clinic: &str, news: News) -> Notice {
        let mut notice = samples::notice(news);
        notice.appointment.clinic = clinic.into();
        notice
    }

    #[test]
    fn every_text_message_is_one_part() {
        for head in heads() {
            let code = code_text(head, &SignInCode::from_random(12_345));
            assert_eq!(head.standard.parts(&code), 1, "{code}");
            for news in News::ALL {
                for clinic in [
                    "중구보건소",
                    "Jung-gu Health Centre",
                    "서울특별시 중랑구 신내동 연세의료재단 신내병원",
                ] {
                    let text = notice_text(head, &notice_at(clinic, news), NUMBER);
                    assert_eq!(head.standard.parts(&text), 1, "{text}");
                }
            }
        }
    }

    #[test]
    fn what_fits_is_said_in_full_and_what_does_not_is_cut_as_little_as_can_be() {
        let korean = head(Korean, SmsStandard::Korean);
        let text = |clinic, news| notice_text(korean, &notice_at(clinic, news), NUMBER);
        assert_eq!(
            text("중구보건소", News::Booked),
            "[질병관리청] 7/26(월) 14:30 중구보건소 예약됨(482 913 5507). 돈·비밀번호를 묻지 않습니다."
        );
        assert_eq!(
            text("서울특별시 중랑구 신내동 연세의료재단 신내병원", News::Booked),
            "[질병관리청] 7/26(월) 14:30 서울특별시 중랑구 신내동 연세.. 예약됨. 예약번호 482 913 5507"
        );
        // A name of the longest length that there is.
        let endless = text(&"가".repeat(200), News::Reminder);
        assert_eq!(korean.standard.parts(&endless), 1, "{endless}");
    }

    #[test]
    fn a_code_ends_with_the_line_for_telephones_and_says_to_whom_not_to_tell_it() {
        let code = SignInCode::from_random(12_345);
        let korean = code_text(head(Korean, SmsStandard::Korean), &code);
        assert_eq!(
            korean,
            "[질병관리청] 인증번호 012345. 남에게 알려 주지 마십시오.\n@book.example.kr #012345"
        );
        for head in heads() {
            let text = code_text(head, &code);
            assert!(text.ends_with("\n@book.example.kr #012345"), "{text}");
            let without = code_text(Letterhead { host: None, ..head }, &code);
            assert!(!without.contains('@') && without.contains("012345"), "{without}");
        }
        let long = Letterhead {
            host: Some("vaccination-booking.health-authority.example.go.kr"),
            ..head(Korean, SmsStandard::Korean)
        };
        let long = code_text(long, &code);
        assert_eq!(SmsStandard::Korean.parts(&long), 1, "{long}");
    }

    #[test]
    fn no_text_message_has_a_link() {
        for head in heads() {
            for news in News::ALL {
                let text = notice_text(head, &samples::notice(news), NUMBER);
                assert!(!text.contains("http") && !text.contains("book.example.kr"), "{text}");
            }
        }
    }

    #[test]
    fn every_mail_says_what_where_and_when_and_what_is_never_asked_for() {
        for head in heads() {
            for news in News::ALL {
                let mut notice = samples::notice(news);
                notice.appointment.closure_reason =
                    Some(Localized::new("수도관 파열".into(), None, Some("Burst pipe".into())));
                let (subject, text) = notice_mail(head, &notice, NUMBER);
                let (when, never, reason) = match head.language {
                    English => ("26 Jul 14:30", "We never ask for money", "Burst pipe"),
                    Korean => ("7/26(월) 14:30", "절대 묻지 않습니다", "수도관 파열"),
                };
                assert!(subject.contains(when), "{subject}");
                for fact in [NUMBER, never, "1339", head.issuer, "02-3396-6317"] {
                    assert!(text.contains(fact), "{fact} in {text}");
                }
                assert_eq!(text.contains(reason), news == News::Closed, "{text}");
                assert!(!text.contains("  ") && !text.contains("{"), "{text}");
            }
        }
    }

    #[test]
    fn both_languages_say_it() {
        let is_hangul = |c: char| ('가'..='힣').contains(&c);
        for news in News::ALL {
            let notice = samples::notice(news);
            let (subject, text) = notice_mail(head(Korean, SmsStandard::Gsm), &notice, NUMBER);
            assert!(subject.contains(is_hangul) && text.contains(is_hangul), "{subject}");
            let mut notice = notice;
            notice.appointment.address = "1 Main Street".into();
            let (subject, text) = notice_mail(head(English, SmsStandard::Gsm), &notice, NUMBER);
            assert!(!subject.contains(is_hangul) && !text.contains(is_hangul), "{text}");
        }
    }
}
