//! What a clinic has for those who come, what it has not, and what is not known of it.

use crate::domain::{amenity::Amenity, language::Language};

/// What it is called, as in a list.
pub fn amenity_name(language: Language, amenity: Amenity) -> String {
    match amenity {
        Amenity::StepFree => say!(language, "Step-free access", "계단 없는 출입"),
        Amenity::AccessibleToilet => say!(language, "Accessible toilet", "장애인 화장실"),
        Amenity::Parking => say!(language, "Parking", "주차장"),
        Amenity::HearingLoop => say!(language, "Hearing loop", "보청기용 청취 보조 장치"),
        Amenity::SignLanguage => say!(language, "Sign language", "수어 통역"),
        Amenity::Wheelchair => say!(language, "Wheelchair to borrow", "휠체어 대여"),
    }
}

/// A sentence: that it is there, that it is not, or that this is not known.
pub fn amenity(language: Language, amenity: Amenity, is_there: Option<bool>) -> String {
    match is_there {
        Some(true) => there(language, amenity),
        Some(false) => not_there(language, amenity),
        None => {
            let name = amenity_name(language, amenity);
            say!(
                language,
                "{name}: not known. The clinic can tell you.",
                "{name}: 확인된 정보가 없습니다. 접종기관에 문의해 주십시오."
            )
        }
    }
}

fn there(language: Language, amenity: Amenity) -> String {
    match amenity {
        Amenity::StepFree => {
            say!(language, "You can get in without steps.", "계단 없이 들어갈 수 있습니다.")
        }
        Amenity::AccessibleToilet => {
            say!(language, "There is an accessible toilet.", "장애인 화장실이 있습니다.")
        }
        Amenity::Parking => say!(language, "There is parking.", "주차장이 있습니다."),
        Amenity::HearingLoop => say!(
            language,
            "There is a hearing loop for hearing aids.",
            "보청기용 청취 보조 장치가 있습니다."
        ),
        Amenity::SignLanguage => {
            say!(language, "Sign language is interpreted.", "수어 통역을 받을 수 있습니다.")
        }
        Amenity::Wheelchair => {
            say!(language, "You can borrow a wheelchair.", "휠체어를 빌릴 수 있습니다.")
        }
    }
}

fn not_there(language: Language, amenity: Amenity) -> String {
    match amenity {
        Amenity::StepFree => {
            say!(language, "There are steps on the way in.", "들어가는 길에 계단이 있습니다.")
        }
        Amenity::AccessibleToilet => {
            say!(language, "There is no accessible toilet.", "장애인 화장실이 없습니다.")
        }
        Amenity::Parking => say!(language, "There is no parking.", "주차장이 없습니다."),
        Amenity::HearingLoop => {
            say!(language, "There is no hearing loop.", "보청기용 청취 보조 장치가 없습니다.")
        }
        Amenity::SignLanguage => {
            say!(language, "Sign language is not interpreted.", "수어 통역을 받을 수 없습니다.")
        }
        Amenity::Wheelchair => {
            say!(language, "There is no wheelchair to borrow.", "빌릴 수 있는 휠체어가 없습니다.")
        }
    }
}
