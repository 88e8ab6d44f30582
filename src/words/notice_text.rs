//! What a text message says of an appointment: in several wordings, the fullest first, of which the
//! first is taken that fits into one part.

use super::{date::brief, message::Letterhead};
use crate::domain::notice::{News, Notice};

/// The SMS with a notice; `number` is the booking's, for people.
pub fn notice_text(head: Letterhead<'_>, notice: &Notice, number: &str) -> String {
    let appointment = &notice.appointment;
    let language = head.language;
    let when = brief(language, appointment.starts_at, appointment.zone);
    let clinic = appointment.clinic.in_language(language);
    match notice.news {
        News::Booked => booked_text(head, (&when, clinic, number)),
        News::Cancelled if appointment.cancelled_because.is_some() => {
            cancelled_for_text(head, (&when, clinic))
        }
        News::Cancelled => cancelled_text(head, (&when, clinic)),
        News::Closed => closed_text(head, (&when, clinic)),
        News::Opened => opened_text(head, (&when, clinic)),
        News::Reminder => reminder_text(head, (&when, clinic, number)),
    }
}

fn booked_text(head: Letterhead<'_>, (when, clinic, number): (&str, &str, &str)) -> String {
    let Letterhead { language, issuer, .. } = head;
    head.fit_clinic(
        clinic,
        &[
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Booked: {when}, {clinic}. Booking number {number}. We never ask \
                     for money or passwords.",
                    "[{issuer}] {when} {clinic} 예약되었습니다. 예약번호 {number}. 돈이나 \
                     비밀번호를 묻지 않습니다."
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Booked: {when}, {clinic}. Booking number {number}",
                    "[{issuer}] {when} {clinic} 예약됨({number}). 돈·비밀번호를 묻지 않습니다."
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Booked: {when}, {clinic}, {number}",
                    "[{issuer}] {when} {clinic} 예약됨. 예약번호 {number}"
                )
            },
        ],
    )
}

fn cancelled_text(head: Letterhead<'_>, (when, clinic): (&str, &str)) -> String {
    let Letterhead { language, issuer, .. } = head;
    let helpline = head.helpline.map_or(String::new(), |helpline| {
        say!(language, " If that was not you, call {helpline}.", " 취소하지 않으셨다면 {helpline}")
    });
    head.fit_clinic(
        clinic,
        &[
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Cancelled: {when}, {clinic}.{helpline}",
                    "[{issuer}] {when} {clinic} 예약이 취소되었습니다.{helpline}"
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Cancelled: {when}, {clinic}",
                    "[{issuer}] {when} {clinic} 예약 취소됨"
                )
            },
        ],
    )
}

/// By the administration: that it was not the person says the helpline less than the page does.
fn cancelled_for_text(head: Letterhead<'_>, (when, clinic): (&str, &str)) -> String {
    let Letterhead { language, issuer, .. } = head;
    head.fit_clinic(
        clinic,
        &[
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] {clinic} cannot keep your appointment on {when}: it is cancelled. \
                     Please book another.",
                    "[{issuer}] {clinic} 사정으로 {when} 예약이 취소되었습니다. 다시 예약해 주십시오."
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Cancelled by the clinic: {when}, {clinic}",
                    "[{issuer}] 기관 사정으로 취소: {when} {clinic}"
                )
            },
        ],
    )
}

fn closed_text(head: Letterhead<'_>, (when, clinic): (&str, &str)) -> String {
    let Letterhead { language, issuer, .. } = head;
    head.fit_clinic(
        clinic,
        &[
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] {clinic} is closed: your appointment on {when} cannot take place. \
                     Move it on the page of your booking.",
                    "[{issuer}] {clinic} 휴진으로 {when} 접종이 어렵습니다. 예약 화면에서 옮겨 \
                     주십시오."
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] {clinic} is closed on {when}. Please move your booking.",
                    "[{issuer}] {clinic} {when} 휴진. 예약을 옮겨 주십시오."
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] {clinic} is closed on {when}",
                    "[{issuer}] {clinic} {when} 휴진"
                )
            },
        ],
    )
}

fn opened_text(head: Letterhead<'_>, (when, clinic): (&str, &str)) -> String {
    let Letterhead { language, issuer, .. } = head;
    head.fit_clinic(
        clinic,
        &[
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Your appointment takes place after all: {when}, {clinic}.",
                    "[{issuer}] 휴진이 취소되어 {when} {clinic}에서 예약대로 접종합니다."
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Open after all: {when}, {clinic}",
                    "[{issuer}] {when} {clinic} 예약대로 접종"
                )
            },
        ],
    )
}

fn reminder_text(head: Letterhead<'_>, (when, clinic, number): (&str, &str, &str)) -> String {
    let Letterhead { language, issuer, .. } = head;
    head.fit_clinic(
        clinic,
        &[
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Tomorrow: {when}, {clinic}. Bring an identity document. Booking \
                     number {number}",
                    "[{issuer}] 내일 {when} {clinic} 접종입니다. 신분증을 가져오십시오. 예약번호 \
                     {number}"
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Tomorrow: {when}, {clinic}. Booking number {number}",
                    "[{issuer}] 내일 {when} {clinic} 접종. 예약번호 {number}"
                )
            },
            &|clinic| {
                say!(
                    language,
                    "[{issuer}] Tomorrow: {when}, {clinic}",
                    "[{issuer}] 내일 {when} {clinic} 접종"
                )
            },
        ],
    )
}
