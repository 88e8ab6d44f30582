//! Renders the page: operations, then schemas, then the codes of refusals.

use std::fmt::{Result, Write};

use super::{
    node::Node,
    prose::{inline, paragraphs},
    schema,
};
use crate::{
    domain::{Code, language::Language},
    html::escape,
    words,
};

const VERBS: [&str; 6] = ["get", "put", "post", "delete", "patch", "head"];

/// One method of one path.
struct Operation<'a> {
    path: &'a str,
    verb: &'a str,
    /// The members that all methods of the path share.
    item: &'a Node,
    body: &'a Node,
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.body.text("operationId")
    }
}

/// The whole page.
///
/// # Errors
/// None: writing to a `String` does not fail.
pub(super) fn write(document: &Node, style: &str) -> std::result::Result<String, std::fmt::Error> {
    let operations = operations(document);
    let mut out = String::new();
    let info = document.get("info").unwrap_or(document);
    let title = escape(info.text("title"));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}: the API</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#top\">Skip the contents</a>\n"
    )?;
    contents(&mut out, document, &operations)?;
    write!(
        out,
        "<main id=\"top\">\n<header>\n<h1>{title} <small>{}</small></h1>\n\
         <p class=\"lead\">{}</p>\n{}\
         <p>For machines: <a href=\"/openapi.yaml\">openapi.yaml</a> (OpenAPI {}).</p>\n\
         </header>\n",
        escape(info.text("version")),
        inline(info.text("summary")),
        paragraphs(info.text("description")),
        escape(document.text("openapi")),
    )?;
    for tag in document.get("tags").map(Node::items).unwrap_or_default() {
        let name = escape(tag.text("name"));
        let about = paragraphs(tag.text("description"));
        writeln!(out, "<section class=\"tag\" id=\"tag-{name}\">\n<h2>{name}</h2>\n{about}")?;
        for operation in tagged(&operations, tag.text("name")) {
            write_operation(&mut out, document, operation)?;
        }
        out.push_str("</section>\n");
    }
    schemas(&mut out, document)?;
    codes(&mut out)?;
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

fn operations(document: &Node) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for (path, item) in document.get("paths").map(Node::entries).unwrap_or_default() {
        for (verb, body) in item.entries() {
            if VERBS.contains(&verb.as_str()) {
                found.push(Operation { path, verb, item, body });
            }
        }
    }
    found
}

fn tagged<'a>(operations: &'a [Operation<'a>], tag: &str) -> Vec<&'a Operation<'a>> {
    let has_tag = |operation: &&Operation<'_>| {
        let tags = operation.body.get("tags").map(Node::items).unwrap_or_default();
        tags.iter().any(|one| one.word() == tag)
    };
    operations.iter().filter(has_tag).collect()
}

fn contents(out: &mut String, document: &Node, operations: &[Operation<'_>]) -> Result {
    out.push_str("<nav aria-label=\"Contents\">\n<a class=\"name\" href=\"#top\">dosebook</a>\n");
    for tag in document.get("tags").map(Node::items).unwrap_or_default() {
        let name = escape(tag.text("name"));
        writeln!(out, "<h2><a href=\"#tag-{name}\">{name}</a></h2>\n<ul>")?;
        for operation in tagged(operations, tag.text("name")) {
            let (id, verb) = (escape(operation.id()), operation.verb);
            let summary = inline(operation.body.text("summary"));
            writeln!(
                out,
                "<li><a href=\"#{id}\"><span class=\"verb {verb}\">{verb}</span> {summary}</a></li>"
            )?;
        }
        out.push_str("</ul>\n");
    }
    out.push_str(
        "<h2><a href=\"#schemas\">schemas</a></h2>\n\
         <h2><a href=\"#codes\">refusal codes</a></h2>\n\
         </nav>\n",
    );
    Ok(())
}

fn write_operation(out: &mut String, document: &Node, operation: &Operation<'_>) -> Result {
    let Operation { path, verb, body, .. } = operation;
    let id = escape(operation.id());
    writeln!(
        out,
        "<article id=\"{id}\">\n<h3><a href=\"#{id}\">{}</a></h3>\n\
         <p class=\"line\"><span class=\"verb {verb}\">{verb}</span> <code>{}</code>\
         <span class=\"roles\">",
        inline(body.text("summary")),
        escape(path).replace('/', "<wbr>/"),
    )?;
    for role in body.get("x-roles").map(Node::items).unwrap_or_default() {
        let role = escape(&role.word());
        write!(out, "<span class=\"role\">{role}</span> ")?;
    }
    out.push_str("</span></p>\n");
    out.push_str(&paragraphs(body.text("description")));
    parameters(out, document, operation)?;
    if let Some(request) = body.get("requestBody") {
        out.push_str("<h4>You send</h4>\n");
        out.push_str(&paragraphs(request.text("description")));
        content(out, document, request, Shown::Members)?;
    }
    out.push_str("<h4>You get</h4>\n");
    let mut known = Vec::new();
    for (status, response) in body.get("responses").map(Node::entries).unwrap_or_default() {
        write_response(out, document, (status, response), &mut known)?;
    }
    out.push_str("</article>\n");
    Ok(())
}

fn parameters(out: &mut String, document: &Node, operation: &Operation<'_>) -> Result {
    let both = [operation.item, operation.body];
    let all = both.iter().filter_map(|node| node.get("parameters")).flat_map(Node::items);
    let all: Vec<&Node> = all.map(|parameter| parameter.resolve(document).1).collect();
    if all.is_empty() {
        return Ok(());
    }
    out.push_str("<h4>Parameters</h4>\n<dl class=\"members\">\n");
    for parameter in all {
        let schema = parameter.get("schema").unwrap_or(parameter);
        let optional = match parameter.get("required") {
            Some(Node::Bool(true)) => "",
            _ => "<span class=\"optional\">optional</span>",
        };
        writeln!(
            out,
            "<dt><code>{}</code> <span class=\"kind\">{}, in the {}</span> {optional}</dt>\n\
             <dd>{}</dd>",
            escape(parameter.text("name")),
            schema::kind(document, schema),
            escape(parameter.text("in")),
            inline(&parameter.text("description").trim().replace('\n', " ")),
        )?;
    }
    out.push_str("</dl>\n");
    Ok(())
}

/// `known` are the schemas whose example was shown above.
fn write_response<'a>(
    out: &mut String,
    document: &'a Node,
    (status, response): (&str, &'a Node),
    known: &mut Vec<&'a str>,
) -> Result {
    let (_, response) = response.resolve(document);
    let is_good = status.starts_with('2') || status.starts_with('3');
    let about = inline(&response.text("description").trim().replace('\n', " "));
    let class = if is_good { "good" } else { "no" };
    let is_plain = !is_good || response.get("content").is_none();
    if is_plain {
        writeln!(
            out,
            "<p class=\"answer\"><b class=\"status {class}\">{status}</b> \
             <span>{about}{}</span></p>",
            headers(response)
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "<div class=\"answer\"><b class=\"status {class}\">{status}</b> <div>{about}{}",
        headers(response)
    )?;
    content(out, document, response, Shown::Example(known))?;
    out.push_str("</div></div>\n");
    Ok(())
}

fn headers(response: &Node) -> String {
    let names = response.get("headers").map(Node::entries).unwrap_or_default();
    let names: Vec<_> =
        names.iter().map(|(name, _)| format!("<code>{}</code>", escape(name))).collect();
    match names.len() {
        0 => String::new(),
        1 => format!(" Header: {}.", names.concat()),
        _ => format!(" Headers: {}.", names.join(", ")),
    }
}

/// What is shown of a named schema: all members of what a client sends, and one example of what it
/// gets.
enum Shown<'a, 'b> {
    Members,
    Example(&'b mut Vec<&'a str>),
}

/// The bodies of a request or a response, by media type.
fn content<'a>(
    out: &mut String,
    document: &'a Node,
    holder: &'a Node,
    mut shown: Shown<'a, '_>,
) -> Result {
    for (kind, media) in holder.get("content").map(Node::entries).unwrap_or_default() {
        let Some(found) = media.get("schema") else { continue };
        let (name, resolved) = found.resolve(document);
        let named = name.map_or_else(String::new, |_| schema::kind(document, found));
        writeln!(out, "<p class=\"media\"><code>{}</code> {named}</p>", escape(kind))?;
        let is_known = match (&mut shown, name) {
            (Shown::Example(known), Some(name)) => {
                let is_known = known.contains(&name);
                known.push(name);
                is_known
            }
            _ => {
                schema::write(out, document, resolved)?;
                false
            }
        };
        let examples = resolved.get("examples").map(Node::items).unwrap_or_default();
        let example = media.get("example").or_else(|| examples.first());
        if let Some(example) = example.filter(|_| !is_known) {
            let text = match example {
                Node::Text(text) => text.clone(),
                other => other.to_string(),
            };
            writeln!(out, "<pre tabindex=\"0\"><code>{}</code></pre>", escape(&text))?;
        }
    }
    Ok(())
}

fn schemas(out: &mut String, document: &Node) -> Result {
    out.push_str("<section class=\"tag\" id=\"schemas\">\n<h2>schemas</h2>\n");
    let all = document.at(&["components", "schemas"]).map(Node::entries).unwrap_or_default();
    for (name, found) in all {
        let name = escape(name);
        writeln!(
            out,
            "<article id=\"schema-{name}\">\n<h3><a href=\"#schema-{name}\">{name}</a></h3>\n{}",
            paragraphs(found.text("description")),
        )?;
        schema::write(out, document, found)?;
        out.push_str("</article>\n");
    }
    out.push_str("</section>\n");
    Ok(())
}

/// The `type` of a problem document links here.
fn codes(out: &mut String) -> Result {
    out.push_str(
        "<section class=\"tag\" id=\"codes\">\n<h2>refusal codes</h2>\n\
         <p>The <code>code</code> of a problem document; it never changes its meaning.</p>\n\
         <dl class=\"codes\">\n",
    );
    for code in Code::ALL {
        writeln!(
            out,
            "<dt id=\"{0}\"><a href=\"#{0}\"><code>{0}</code></a> \
             <b class=\"status no\">{1}</b></dt>\
             <dd>{2}.</dd>",
            escape(code.slug()),
            code.status(),
            escape(words::title(Language::English, *code)),
        )?;
    }
    out.push_str("</dl>\n</section>\n");
    Ok(())
}
