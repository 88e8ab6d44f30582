//! Text for the page: the little Markdown that openapi.yaml uses, as HTML.

use crate::{domain::Code, html::escape};

/// A sentence with `code`, **strong** and *emphasis*; the code of a refusal is a link to it.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => html.push_str(&stressed(part)),
            _ if Code::ALL.iter().any(|code| code.slug() == part) => {
                html.push_str(&format!("<a href=\"#{part}\"><code>{part}</code></a>"));
            }
            _ => html.push_str(&format!("<code>{}</code>", escape(part))),
        }
    }
    html
}

fn stressed(text: &str) -> String {
    let strong = pairs(&escape(text), "**", "strong");
    pairs(&strong, "*", "em")
}

fn pairs(text: &str, mark: &str, tag: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (at, part) in text.split(mark).enumerate() {
        match (at, at % 2) {
            (0, _) => {}
            (_, 1) => html.push_str(&format!("<{tag}>")),
            _ => html.push_str(&format!("</{tag}>")),
        }
        html.push_str(part);
    }
    html
}

/// Paragraphs.
pub(super) fn paragraphs(text: &str) -> String {
    let blocks = text.trim().split("\n\n").filter(|block| !block.trim().is_empty());
    blocks.map(|block| format!("<p>{}</p>\n", inline(&block.replace('\n', " ")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_text_becomes_a_tag() {
        let html = paragraphs("a <script> & `<b>` *so*\n\n**it** is");
        let expected = "<p>a &lt;script&gt; &amp; <code>&lt;b&gt;</code> <em>so</em></p>\n\
                        <p><strong>it</strong> is</p>\n";
        assert_eq!(html, expected);
        let linked = "<a href=\"#not_found\"><code>not_found</code></a> <code>not_found2</code>";
        assert_eq!(inline("`not_found` `not_found2`"), linked);
    }
}
