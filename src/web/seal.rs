//! What a browser keeps for us and nobody else may read or change: sealed, each for one purpose.

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{domain::keys::SealKey, http::problem::Problem};

/// Seals a text. At random, a nonce comes twice by chance only after far more of them than a
/// service ever makes.
///
/// # Errors
/// `internal` when the machine gives no random bytes.
pub fn close(key: &SealKey, purpose: &[u8], mut text: Vec<u8>) -> Result<String, Problem> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(Problem::internal)?;
    let once = Nonce::assume_unique_for_key(nonce);
    aead(key, purpose)
        .and_then(|key| key.seal_in_place_append_tag(once, Aad::from(purpose), &mut text))
        .map_err(Problem::internal)?;
    Ok(BASE64URL_NOPAD.encode(&[&nonce, text.as_slice()].concat()))
}

/// The text; none for what is not from here, or for another purpose.
pub fn open(key: &SealKey, purpose: &[u8], sealed: &str) -> Option<Vec<u8>> {
    let mut bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
    let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let once = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let text = aead(key, purpose).ok()?.open_in_place(once, Aad::from(purpose), text).ok()?;
    Some(text.to_vec())
}

fn aead(key: &SealKey, purpose: &[u8]) -> Result<LessSafeKey, ring::error::Unspecified> {
    Ok(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key.mac(&[purpose]))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_key_alone() {
        let [ours, other] = [1, 2].map(|secret| Keys::new(&[secret; 32]).seal);
        let sealed = close(&ours, b"one", b"secret".to_vec()).unwrap();
        assert_eq!(open(&ours, b"one", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(open(&ours, b"two", &sealed), None);
        assert_eq!(open(&other, b"one", &sealed), None);
        let mut changed = sealed.clone();
        changed.replace_range(20..21, if sealed.get(20..21) == Some("A") { "B" } else { "A" });
        assert_eq!(open(&ours, b"one", &changed), None);
        for text in ["", "A", "!"] {
            assert_eq!(open(&ours, b"one", text), None, "{text}");
        }
    }
}
