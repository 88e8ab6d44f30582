//! What an operator sends to try the providers.

use super::message::{Letterhead, signature};

/// The SMS; one part in every setting.
pub fn trial_text(head: Letterhead<'_>) -> String {
    let Letterhead { language, issuer, .. } = head;
    say!(
        language,
        "[{issuer}] This is a test. Nobody has booked anything.",
        "[{issuer}] 시험 발송입니다. 예약과는 관계가 없습니다."
    )
}

/// Subject and text of the mail.
pub fn trial_mail(head: Letterhead<'_>) -> (String, String) {
    let subject = say!(head.language, "A test", "시험 발송");
    let text = say!(
        head.language,
        "This is a test of how messages leave. Nobody has booked anything.\n",
        "메시지가 제대로 나가는지 시험하는 메일입니다. 예약과는 관계가 없습니다.\n"
    );
    (subject, text + "\n" + &signature(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{language::Language, sms_length::SmsStandard};

    #[test]
    fn a_test_is_one_part_and_says_that_it_is_one() {
        for (language, word) in [(Language::English, "test"), (Language::Korean, "시험")] {
            for standard in [SmsStandard::Korean, SmsStandard::Gsm] {
                let (host, helpline) = (Some("book.example.kr"), Some("1339"));
                let head = Letterhead { language, issuer: "KDCA", host, helpline, standard };
                let text = trial_text(head);
                assert_eq!(standard.parts(&text), 1, "{text}");
                let (subject, mail) = trial_mail(head);
                for said in [text, subject, mail] {
                    assert!(said.contains(word), "{said}");
                }
            }
        }
    }
}
