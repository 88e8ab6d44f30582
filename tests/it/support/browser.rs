//! A browser without script: it keeps cookies as browsers do, follows links, fills in forms as they
//! stand in the page, and says in `Sec-Fetch-Site` where a request comes from.

use std::collections::BTreeMap;

use reqwest::{Method, header::HeaderMap};

/// A browser at one service.
#[derive(Clone)]
pub struct Browser {
    url: String,
    http: reqwest::Client,
    /// By name.
    pub cookies: BTreeMap<String, String>,
    /// Every path that was asked for, with its query.
    pub visited: Vec<String>,
    keeps_cookies: bool,
}

/// A page as it came.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Path and query.
    pub at: String,
}

/// A form of a page, filled in as far as the page has it.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Browser {
    pub fn new(url: &str, http: reqwest::Client) -> Self {
        let (cookies, visited) = (BTreeMap::new(), Vec::new());
        Self { url: url.to_owned(), http, cookies, visited, keeps_cookies: true }
    }

    /// One that refuses all cookies.
    pub fn without_cookies(mut self) -> Self {
        self.keeps_cookies = false;
        self
    }

    /// Opens an address and goes where it leads.
    pub async fn open(&mut self, path: &str) -> Page {
        let mut page = self.send(Method::GET, path, None, &[("sec-fetch-site", "none")]).await;
        for _ in 0..5 {
            if page.status != 303 {
                return page;
            }
            let to = page.header("location").to_owned();
            page = self.send(Method::GET, &to, None, &[("sec-fetch-site", "same-origin")]).await;
        }
        panic!("{path} leads round in a circle: {}", page.at);
    }

    /// Opens an address, and stays with the first answer.
    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[("sec-fetch-site", "none")]).await
    }

    /// Sends a form, and stays with the first answer.
    pub async fn submit(&mut self, form: &Form) -> Page {
        self.submit_with(form, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form with these headers and no others, and stays with the first answer.
    pub async fn submit_with(&mut self, form: &Form, headers: &[(&str, &str)]) -> Page {
        self.send(Method::POST, &form.action, Some(&form.fields), headers).await
    }

    /// Sends a form and goes where the answer leads.
    pub async fn press(&mut self, form: &Form) -> Page {
        let page = self.submit(form).await;
        if page.status == 303 { self.open(page.header("location")).await } else { page }
    }

    /// Sends a form with a file, as browsers do, and stays with the first answer.
    pub async fn upload(&mut self, form: &Form, name: &str, bytes: &[u8]) -> Page {
        const BOUNDARY: &str = "----a-boundary-of-the-test";
        let mut body = Vec::new();
        for (field, value) in form.fields.iter().filter(|(field, _)| field != "file") {
            let head = format!("Content-Disposition: form-data; name=\"{field}\"");
            body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n").bytes());
        }
        let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        let kind = "Content-Type: application/octet-stream";
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\n{kind}\r\n\r\n").bytes());
        body.extend(bytes);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", &kind)];
        self.send_body(Method::POST, &form.action, Some(body), &headers).await
    }

    /// Any request, with the cookies that the browser keeps.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        fields: Option<&[(String, String)]>,
        headers: &[(&str, &str)],
    ) -> Page {
        let body = fields.map(|fields| {
            let mut body = form_urlencoded::Serializer::new(String::new());
            fields.iter().for_each(|(name, value)| {
                body.append_pair(name, value);
            });
            body.finish().into_bytes()
        });
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = body.iter().map(|_| kind).chain(headers.iter().copied());
        let headers: Vec<_> = headers.collect();
        self.send_body(method, path, body, &headers).await
    }

    async fn send_body(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Page {
        assert!(path.starts_with('/'), "an address of another site: {path}");
        self.visited.push(path.to_owned());
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            request = request.header("cookie", cookies.collect::<Vec<_>>().join("; "));
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        // In the background runtime, so that the connection outlives this test's own.
        let answer = super::RUNTIME.spawn(async move {
            let response = request.send().await.expect("an answer");
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            (status, headers, response.text().await.expect("text"))
        });
        let (status, headers, text) = answer.await.expect("the client does not fall over");
        self.keep(&headers);
        let page = Page { status, headers, text, at: path.to_owned() };
        assert_eq!(page.unnamed(), [""; 0], "{path}: what the error summary says of no field");
        page
    }

    /// As browsers do: `__Host-` is for this host alone, and nothing that script could read.
    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all("set-cookie") {
            let line = line.to_str().expect("a cookie");
            let mut parts = line.split("; ");
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
            let attributes: Vec<&str> = parts.collect();
            // Those of citizens come along from web mail, those of staff from nowhere else.
            let is_strict =
                ["__Host-staff", "__Host-done", "__Host-vial", "__Host-known"].contains(&name);
            let same_site = if is_strict { "SameSite=Strict" } else { "SameSite=Lax" };
            for wanted in ["Secure", "HttpOnly", "Path=/", same_site] {
                assert!(attributes.contains(&wanted), "{line}");
            }
            assert!(name.starts_with("__Host-") && !line.contains("Domain"), "{line}");
            if attributes.contains(&"Max-Age=0") || !self.keeps_cookies {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The page, which must have this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.at, self.main());
        self
    }

    /// What stands between the header and the footer.
    pub fn main(&self) -> &str {
        let main = self.text.split_once("<main").map_or("", |(_, rest)| rest);
        main.split_once("</main>").map_or(main, |(main, _)| main)
    }

    /// What is said in the first heading.
    pub fn heading(&self) -> &str {
        let rest = self.text.split_once("<h1>").map_or("", |(_, rest)| rest);
        rest.split_once("</h1>").map_or("", |(heading, _)| heading)
    }

    pub fn title(&self) -> &str {
        let rest = self.text.split_once("<title>").map_or("", |(_, rest)| rest);
        rest.split_once("</title>").map_or("", |(title, _)| title.trim())
    }

    /// The form with this action and, where there are several, the first of them.
    #[track_caller]
    pub fn form(&self, action: &str) -> Form {
        let forms = self.text.split("<form ").skip(1);
        let found = forms.map(|rest| rest.split_once("</form>").expect("its end").0).find(|form| {
            let tag = form.split_once('>').expect("a tag").0;
            attribute(tag, "action").as_deref() == Some(action)
        });
        let found = found.unwrap_or_else(|| panic!("no form to {action} in {}", self.text));
        let inputs = found.split("<input ").skip(1).map(|rest| rest.split_once('>').unwrap().0);
        let fields = inputs.filter_map(|tag| {
            Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
        });
        let selects = found.split("<select ").skip(1).map(|rest| {
            let (tag, rest) = rest.split_once('>').unwrap();
            let chosen = rest.split_once("</select>").unwrap().0.split("<option ").find(|option| {
                option.split_once('>').is_some_and(|(tag, _)| tag.ends_with(" selected"))
            });
            let value = chosen.and_then(|option| attribute(option, "value")).unwrap_or_default();
            (attribute(tag, "name").unwrap(), value)
        });
        Form { action: action.to_owned(), fields: fields.chain(selects).collect() }
    }

    /// The path in the language of this page.
    pub fn form_action(&self, path: &str) -> String {
        let language = if self.text.contains("<html lang=\"ko\"") { "ko" } else { "en" };
        format!("/{language}{path}")
    }

    /// The error summary: the inputs to which it links, and what it says of them.
    pub fn errors(&self) -> Vec<(String, String)> {
        let Some((_, rest)) = self.text.split_once("id=\"errors\"") else { return Vec::new() };
        let list = rest.split_once("</ul>").expect("its end").0;
        list.split("<a href=\"#")
            .skip(1)
            .map(|link| {
                let (field, rest) = link.split_once("\">").expect("a link");
                (field.to_owned(), unescape(rest.split_once("</a>").expect("its end").0))
            })
            .collect()
    }

    /// Entries of the error summary that do not say of which field they speak: by its label, or by
    /// the legend above it.
    pub fn unnamed(&self) -> Vec<String> {
        let is_unnamed = |(field, said): &(String, String)| {
            let names = self.names(field);
            let said = said.to_lowercase();
            !names.is_empty() && !names.iter().any(|name| said.contains(&name.to_lowercase()))
        };
        let unnamed = self.errors().into_iter().filter(is_unnamed);
        unnamed.map(|(field, said)| format!("#{field} {said}")).collect()
    }

    /// What the page calls the input with this id; nothing for an id of something else.
    fn names(&self, id: &str) -> Vec<String> {
        let text = |rest: &str, end| {
            let (_, text) = rest.split_once('>').expect("the end of a tag");
            unescape(text.split_once(end).expect("its end").0)
        };
        let labels = self.text.split("<label ").skip(1);
        let labels = labels.filter(|rest| attribute(rest, "for").as_deref() == Some(id));
        let groups = self.text.split("<fieldset").skip(1);
        let own = format!(" id=\"{id}\"");
        let groups = groups.filter_map(|rest| {
            let group = rest.split_once("</fieldset>")?.0;
            let (_, legend) = group.split_once("<legend").filter(|_| group.contains(&own))?;
            Some(text(legend, "</legend>"))
        });
        labels.map(|rest| text(rest, "</label>")).chain(groups).collect()
    }
}

impl Form {
    /// The form with these values typed into its fields.
    #[track_caller]
    pub fn with(mut self, values: &[(&str, &str)]) -> Self {
        for (name, value) in values {
            let field = self.fields.iter_mut().find(|(field, _)| field == name);
            let field = field.unwrap_or_else(|| panic!("no field {name} in {}", self.action));
            (*value).clone_into(&mut field.1);
        }
        self
    }

    /// The form with the button of this name pressed.
    pub fn by_button(mut self, name: &str) -> Self {
        self.fields.push((name.to_owned(), "yes".to_owned()));
        self
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescape(rest.split_once('"')?.0))
}

fn unescape(text: &str) -> String {
    let entities =
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}
