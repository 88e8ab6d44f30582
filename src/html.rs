//! HTML that is written by hand: the one function that keeps text from becoming markup.

/// Text as it may stand between tags and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_neither_a_tag_nor_the_end_of_an_attribute() {
        assert_eq!(escape("<b a=\"1\">'&amp;'"), "&lt;b a=&quot;1&quot;&gt;&#39;&amp;amp;&#39;");
        assert_eq!(escape("서울 ≥ 1"), "서울 ≥ 1");
    }
}
