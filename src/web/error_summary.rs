//! The summary of what must be mended, at the top of a page whose form was refused. At its field a
//! sentence stands below the label; in the summary it stands alone. So each entry there begins with
//! what its field is called, unless the sentence says it by itself.
//!
//! The name is taken from the page as it was written: from the label, or from the legend where
//! several inputs are one question. So whoever writes a form cannot forget it, and a field has one
//! name.

const SUMMARY: &str = " id=\"errors\"";
const ENTRY: &str = "<a href=\"#";

/// The page with its fields named in the summary; one without a summary as it is.
pub(super) fn named(page: String) -> String {
    let Some((head, rest)) = page.split_once(SUMMARY) else { return page };
    let Some((summary, form)) = rest.split_once("</ul>") else { return page };
    let mut entries = summary.split(ENTRY);
    let mut whole = [head, SUMMARY, entries.next().unwrap_or_default()].concat();
    for entry in entries {
        whole += ENTRY;
        match entry.split_once("\">") {
            Some((id, said)) => {
                whole += id;
                whole += "\">";
                whole += &prefix(form, id, said);
                whole += said;
            }
            None => whole += entry,
        }
    }
    whole + "</ul>" + form
}

/// What stands before a sentence, so that it is understood alone.
fn prefix(form: &str, id: &str, said: &str) -> String {
    let said = said.split_once("</a>").map_or(said, |(said, _)| said);
    match name_of(form, id) {
        Some(name) if !says(said, &name) => match name.ends_with(['?', '.']) {
            true => format!("{name} "),
            false => format!("{name}: "),
        },
        _ => String::new(),
    }
}

/// What the field with this id is called; none where the id is of no field.
fn name_of(form: &str, id: &str) -> Option<String> {
    let (before, after) = form.split_once(&format!(" id=\"{id}\""))?;
    let start = before.rsplit_once('<')?.1;
    let tag = format!("{start}{}", after.split_once('>')?.0);
    let group = open_group(form, before);
    let is_one_of_them = start.starts_with("fieldset")
        || tag.contains(" type=\"radio\"")
        // A year, month or day.
        || group.is_some_and(|group| is_part_of(group, id));
    let name = if is_one_of_them {
        group?.split_once("<legend>")?.1.split_once("</legend>")?.0
    } else if let Some((_, label)) = form.split_once(&format!("<label for=\"{id}\">")) {
        label.split_once("</label>")?.0
    } else {
        tag.split_once(" aria-label=\"")?.1.split_once('"')?.0
    };
    let name = name.trim();
    (!name.is_empty() && !name.contains('<')).then(|| name.to_owned())
}

/// The group of fields, and all that follows, that is open at the end of `before`, if one is.
fn open_group<'a>(form: &'a str, before: &str) -> Option<&'a str> {
    let at = before.rfind("<fieldset")?;
    let is_over = before.get(at..)?.contains("</fieldset>");
    form.get(at..).filter(|_| !is_over)
}

fn is_part_of(group: &str, id: &str) -> bool {
    let tag = group.split_once('>').map_or(group, |(tag, _)| tag);
    let of = tag.split_once(" id=\"").and_then(|(_, rest)| rest.split_once('"'));
    of.is_some_and(|(group, _)| id.strip_prefix(group).is_some_and(|rest| rest.starts_with('-')))
}

/// Whether a sentence has this name in it. In Korean a particle follows it without a space.
fn says(sentence: &str, name: &str) -> bool {
    let (sentence, name) = (sentence.to_lowercase(), name.to_lowercase());
    sentence.match_indices(&name).any(|(at, found)| {
        let before = sentence.get(..at).and_then(|before| before.chars().next_back());
        let after = sentence.get(at + found.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric)
            && !after.is_some_and(|after| after.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(entry: &str, form: &str) -> String {
        format!(
            "<main><div class=\"summary\" id=\"errors\" tabindex=\"-1\"><ul>\n<li>{entry}</li>\n\
             </ul></div><form>{form}</form></main>"
        )
    }

    fn said(entry: &str, form: &str) -> String {
        let whole = named(page(entry, form));
        let entry = whole.split_once("<li>").unwrap().1.split_once("</li>").unwrap().0.to_owned();
        assert_eq!(whole, page(&entry, form), "nothing else is changed");
        entry
    }

    #[test]
    fn an_entry_names_its_field_by_the_label() {
        let form = "<label for=\"why\">Reason</label><input id=\"why\">";
        assert_eq!(
            said("<a href=\"#why\">Write something here.</a>", form),
            "<a href=\"#why\">Reason: Write something here.</a>"
        );
        let korean = "<label for=\"why\">사유</label><input id=\"why\">";
        assert_eq!(
            said("<a href=\"#why\">여기에 적어 주십시오.</a>", korean),
            "<a href=\"#why\">사유: 여기에 적어 주십시오.</a>"
        );
        let question = "<label for=\"why\">Why?</label><input id=\"why\">";
        assert_eq!(
            said("<a href=\"#why\">Write something here.</a>", question),
            "<a href=\"#why\">Why? Write something here.</a>"
        );
    }

    #[test]
    fn a_sentence_that_names_its_field_stays_as_it_is() {
        for (label, sentence) in [
            ("Name", "Enter your name."),
            ("이름", "이름을 적어 주십시오."),
            ("Doses", "Doses are whole numbers."),
        ] {
            let form = format!("<label for=\"x\">{label}</label><input id=\"x\">");
            let entry = format!("<a href=\"#x\">{sentence}</a>");
            assert_eq!(said(&entry, &form), entry);
        }
        // A part of another word is not the name.
        let form = "<label for=\"x\">Day</label><input id=\"x\">";
        assert_eq!(
            said("<a href=\"#x\">Not before today.</a>", form),
            "<a href=\"#x\">Day: Not before today.</a>"
        );
    }

    #[test]
    fn an_entry_of_a_group_names_the_question() {
        let radios = "<fieldset class=\"field\"><legend>Arm</legend>\
             <input type=\"radio\" id=\"site\"><label for=\"site\">Left</label></fieldset>";
        let choose = |id: &str| format!("<a href=\"#{id}\">Choose one.</a>");
        let chosen = |id: &str, name| format!("<a href=\"#{id}\">{name}: Choose one.</a>");
        assert_eq!(said(&choose("site"), radios), chosen("site", "Arm"));
        let day = "<fieldset id=\"birth\" tabindex=\"-1\"><legend>Date of birth</legend>\
             <label for=\"birth-day\">Day</label><input id=\"birth-day\"></fieldset>";
        assert_eq!(said(&choose("birth"), day), chosen("birth", "Date of birth"));
        assert_eq!(said(&choose("birth-day"), day), chosen("birth-day", "Date of birth"));
        // One that is over is not the group of what follows, and a tick has its own label.
        let after = format!("{day}{radios}<label for=\"x\">Lot</label><input id=\"x\">");
        assert_eq!(said(&choose("x"), &after), chosen("x", "Lot"));
        assert_eq!(said(&choose("site"), &after), chosen("site", "Arm"));
        let ticks = "<fieldset><legend>Before</legend>\
             <input type=\"checkbox\" id=\"well\"><label for=\"well\">Is well</label></fieldset>";
        assert_eq!(said(&choose("well"), ticks), chosen("well", "Is well"));
    }

    #[test]
    fn what_has_no_name_and_a_page_without_a_summary_stay_as_they_are() {
        let entry = "<a href=\"#main\">The doses of this day are booked.</a>";
        assert_eq!(said(entry, "<p id=\"other\">x</p>"), entry);
        assert_eq!(said(entry, "<div id=\"main\">x</div>"), entry);
        let plain = "<main><a href=\"#x\">x</a><ul></ul><label for=\"x\">y</label></main>";
        assert_eq!(named(plain.to_owned()), plain);
    }
}
