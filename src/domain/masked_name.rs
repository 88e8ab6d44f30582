//! A name on a list that others may see over a shoulder: enough to find somebody who stands there,
//! and not enough to know who comes.

/// Of a name in Hangul or Han the first and the last syllable are shown (김\*수), of others the
/// initials of each part (K\*\* M\*\*\*).
pub fn masked_name(name: &str) -> String {
    let is_syllabic = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
    let parts: Vec<&str> = name.split_whitespace().collect();
    if parts.iter().all(|part| part.chars().all(is_syllabic)) {
        return masked(&parts.concat(), true);
    }
    parts.into_iter().map(|part| masked(part, false)).collect::<Vec<_>>().join(" ")
}

fn masked(part: &str, keeps_last: bool) -> String {
    let count = part.chars().count();
    let is_shown = |at: usize| at == 0 && count > 1 || keeps_last && count > 2 && at + 1 == count;
    part.chars().enumerate().map(|(at, c)| if is_shown(at) { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_hidden_but_for_its_ends() {
        for (name, expected) in [
            ("김민수", "김*수"),
            ("김 민수", "김*수"),
            ("남궁민수", "남**수"),
            ("김민", "김*"),
            ("왕", "*"),
            ("Kim Minsu", "K** M****"),
            ("X", "*"),
            ("김 Min", "* M**"),
            ("Zoë O’Neill", "Z** O******"),
            ("", ""),
        ] {
            assert_eq!(masked_name(name), expected, "{name}");
        }
    }
}
