//! Nothing that is read is kept aside before its type is known: `http::object` reads structs from
//! objects alone, and does not see what serde keeps aside.

use crate::source::{Source, assert_clean, assert_complains, sources};

/// By these serde keeps values aside.
const ASIDE: [&str; 3] = ["flatten", "tag", "untagged"];
/// What these read the service has written itself.
const OURS: [&str; 3] =
    ["src/domain/detail.rs", "src/domain/fact.rs", "src/domain/import/report.rs"];

fn kept_aside(source: &Source) -> Vec<String> {
    let code = source.code();
    let mut complaints = Vec::new();
    for (at, _) in code.match_indices("#[derive(") {
        let rest = &code[at..];
        let derived = rest.split(']').next().unwrap_or_default();
        if !derived.contains("Deserialize") {
            continue;
        }
        // An item ends with the first line that closes at its own depth.
        let depth = code[..at].rsplit('\n').next().unwrap_or_default();
        let ends = [format!("\n{depth}}}"), ");\n".to_owned()];
        let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
        let words = rest[..end].split("#[serde(").skip(1).flat_map(|attribute| {
            let inside = attribute.split(")]").next().unwrap_or_default();
            inside.split([',', '=']).map(str::trim)
        });
        for word in words.filter(|word| ASIDE.contains(word)) {
            let item =
                rest[..end].lines().find(|line| line.contains("struct ") || line.contains("enum "));
            let item = item.unwrap_or_default().trim();
            complaints.push(format!("{}: `{word}` in what is read: {item}", source.path));
        }
    }
    complaints
}

#[test]
fn nothing_that_is_read_is_kept_aside() {
    let all = sources("src", ".rs");
    let from_outside = all.iter().filter(|source| !OURS.contains(&source.path.as_str()));
    assert_clean(&from_outside.flat_map(kept_aside).collect::<Vec<_>>());
    for (field, of) in [("flatten", "    "), ("default, flatten", "    ")] {
        let text = format!(
            "#[derive(Debug, Deserialize)]\nstruct A {{\n{of}#[serde({field})]\n{of}b: B,\n}}\n"
        );
        assert_complains(&kept_aside(&Source::new("src/api/a.rs", &text)), "struct A");
        let written = text.replace("Deserialize", "Serialize");
        assert_clean(&kept_aside(&Source::new("src/api/a.rs", &written)));
        let plain = text.replace("flatten", "default");
        let next = "#[derive(Serialize)]\nstruct B {\n    #[serde(flatten)]\n    c: C,\n}\n";
        assert_clean(&kept_aside(&Source::new("src/api/a.rs", &format!("{plain}{next}"))));
    }
    let tagged = "#[derive(Deserialize)]\n#[serde(tag = \"kind\")]\npub enum A {\n    B(C),\n}\n";
    assert_complains(&kept_aside(&Source::new("src/api/a.rs", tagged)), "`tag`");
}
