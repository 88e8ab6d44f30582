//! How long a text message is: in how many parts it is sent, and paid for.

/// By what text messages are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmsStandard {
    /// 90 bytes of EUC-KR, as the networks of Korea have it; what is longer is a long message.
    #[default]
    Korean,
    /// 160 letters of GSM 7 bit, or 70 units of UCS-2 where there are others (3GPP TS 23.038, and
    /// TS 23.040 for parts).
    Gsm,
}

const KOREAN_BYTES_MAX: usize = 90;
/// A long message of Korea.
const KOREAN_LONG_BYTES_MAX: usize = 2_000;
const SEPTETS_MAX: usize = 160;
const SEPTETS_OF_PART_MAX: usize = 153;
const UNITS_MAX: usize = 70;
const UNITS_OF_PART_MAX: usize = 67;

/// The letters of GSM 7 bit that are not ASCII, or not at their place there.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those that take two septets.
const GSM_EXTENDED: &str = "^{}\\[~]|€\u{c}";

impl SmsStandard {
    /// In how many parts the text is sent. In Korea one that is too long for one part is sent as
    /// one long message, which counts as two here: it costs more.
    pub fn parts(self, text: &str) -> usize {
        match self {
            Self::Korean => match korean_bytes(text) {
                0..=KOREAN_BYTES_MAX => 1,
                bytes => 1 + bytes.div_ceil(KOREAN_LONG_BYTES_MAX),
            },
            Self::Gsm => match septets(text) {
                Some(0..=SEPTETS_MAX) => 1,
                Some(septets) => septets.div_ceil(SEPTETS_OF_PART_MAX),
                None => match text.encode_utf16().count() {
                    0..=UNITS_MAX => 1,
                    units => units.div_ceil(UNITS_OF_PART_MAX),
                },
            },
        }
    }
}

/// Bytes in EUC-KR: one for a letter of ASCII, two for any other. The end of a line is two as well:
/// some gateways make it so.
fn korean_bytes(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() && c != '\n' { 1 } else { 2 }).sum()
}

/// Septets in GSM 7 bit; none where a letter is not in it.
fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            _ if c.is_ascii_alphanumeric() || GSM.contains(c) => Some(1),
            _ if GSM_EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (usize, usize) {
        (SmsStandard::Korean.parts(text), SmsStandard::Gsm.parts(text))
    }

    #[test]
    fn a_text_has_as_many_parts_as_the_networks_count() {
        for (text, expected) in [
            (String::new(), (1, 1)),
            ("a".repeat(90), (1, 1)),
            ("a".repeat(91), (2, 1)),
            ("a".repeat(160), (2, 1)),
            ("a".repeat(161), (2, 2)),
            ("a".repeat(306), (2, 2)),
            ("a".repeat(307), (2, 3)),
            ("€".repeat(45), (1, 1)),
            ("€".repeat(81), (2, 2)),
            ("가".repeat(45), (1, 1)),
            ("가".repeat(46), (2, 1)),
            ("a".repeat(88) + "\n", (1, 1)),
            ("a".repeat(89) + "\n", (2, 1)),
            ("가".repeat(70), (2, 1)),
            ("가".repeat(71), (2, 2)),
            ("가".repeat(134), (2, 2)),
            ("가".repeat(135), (2, 3)),
            ("가".repeat(1_001), (3, 15)),
            // Two units each in UTF-16.
            ("🙂".repeat(35), (1, 1)),
            ("🙂".repeat(36), (1, 2)),
        ] {
            assert_eq!(parts(&text), expected, "{} letters", text.chars().count());
        }
    }

    #[test]
    fn the_letters_of_gsm_are_those_of_the_standard() {
        assert_eq!(septets("¿Según?"), None, "é is there, and ù, but not ú");
        assert_eq!(septets("¿Que? è é ù ì ò Ç ß Ñ"), Some(21));
        assert_eq!(septets("[a]"), Some(5));
        assert_eq!(septets("`"), None, "ASCII, and not in it");
        assert_eq!(septets("\t"), None);
        // 128 places, of which one is the escape.
        assert_eq!(GSM.chars().count() + 26 + 26 + 10, 127);
    }
}
