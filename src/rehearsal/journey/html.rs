//! What a browser reads from a page: links, and what forms carry unseen.

use std::borrow::Cow;

/// Where the links go that begin like this.
pub(super) fn links<'a>(html: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    let hrefs = html.split("href=\"").skip(1);
    let hrefs = hrefs.filter(move |rest| rest.starts_with(begin));
    hrefs.filter_map(|rest| rest.split_once('"')).map(|(href, _)| href)
}

/// The value of a field that is filled in.
pub(super) fn field<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let mut after = html.split("name=\"").skip(1);
    let own = after.find_map(|rest| rest.strip_prefix(name)?.strip_prefix("\" value=\""))?;
    own.split_once('"').map(|(value, _)| value)
}

/// What is chosen in a list of a form; none where that is nothing.
pub(super) fn selected<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let mut lists = html.split("<select ").skip(1);
    let named = format!("name=\"{name}\"");
    let list = lists.find_map(|rest| {
        let (tag, rest) = rest.split_once('>')?;
        tag.contains(&named).then_some(rest)
    })?;
    let (options, _) = list.split_once("</select>")?;
    let mut tags = options.split("<option value=\"").filter_map(|option| option.split_once('>'));
    let chosen = tags.find_map(|(tag, _)| tag.strip_suffix("\" selected"))?;
    Some(chosen).filter(|value| !value.is_empty())
}

/// Where the first form goes whose address begins like this.
pub(super) fn form<'a>(html: &'a str, begin: &str) -> Option<&'a str> {
    let actions = html.split("action=\"").skip(1).filter(|rest| rest.starts_with(begin));
    actions.filter_map(|rest| rest.split_once('"')).map(|(action, _)| action).next()
}

/// An address as it is asked for: without the escapes that it has in a page.
pub(super) fn address(href: &str) -> Cow<'_, str> {
    match href.contains('&') {
        true => href.replace("&#38;", "&").replace("&amp;", "&").into(),
        false => href.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<a href="/ko/me">x</a>
        <a class="b" href="/ko/c/1/check?slot=7&#38;product=2">
        <form action="/ko/c"><input type="hidden" name="booking_id" value="01909f7e">
        <input id="code" name="code" type="text"><input type="hidden" name="sent" value="Ab-_">"#;

    #[test]
    fn links_and_fields_are_found() {
        let found: Vec<_> = links(PAGE, "/ko/c/1/").map(address).collect();
        assert_eq!(found, ["/ko/c/1/check?slot=7&product=2"]);
        assert_eq!(
            (field(PAGE, "booking_id"), field(PAGE, "sent")),
            (Some("01909f7e"), Some("Ab-_"))
        );
        assert_eq!((field(PAGE, "code"), field(PAGE, "booking")), (None, None));
        assert_eq!((form(PAGE, "/ko/"), form(PAGE, "/en/")), (Some("/ko/c"), None));
    }

    #[test]
    fn what_is_chosen_is_found() {
        let list = |name: &str, chosen: &str| {
            let option = |value: &str| {
                let mark = if value == chosen { " selected" } else { "" };
                format!("<option value=\"{value}\"{mark}>x</option>")
            };
            let options: String = ["", "1", "18"].map(option).concat();
            format!("<select id=\"{name}\" name=\"{name}\">{options}</select>")
        };
        let page = |region: &str, date: &str| list("region", region) + &list("date", date);
        assert_eq!(selected(&page("18", "1"), "region"), Some("18"));
        for (region, name) in [("", "region"), ("none", "region"), ("18", "place")] {
            assert_eq!(selected(&page(region, "1"), name), None, "{region} {name}");
        }
    }
}
