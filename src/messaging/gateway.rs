//! SMS by an HTTP gateway, as its settings describe it: what is asked, and what answers mean.

use std::{collections::BTreeMap, path::PathBuf};

use http::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    answer::{Answers, RuleSource},
    attempt::{Attempt, Verdict},
    http::{self as carrier, Client},
    outgoing::TextMessage,
    place::Place,
    secret::{Secret, SecretSource},
    template::{Field, Secrets, Template, as_it_is, percent_encoded},
};

/// A gateway, as it stands in the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewaySource {
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    json: Option<toml::Table>,
    form: Option<BTreeMap<String, String>>,
    basic: Option<BasicSource>,
    #[serde(default)]
    secrets: BTreeMap<String, SecretSource>,
    #[serde(default)]
    answers: Vec<RuleSource>,
    ca_file: Option<PathBuf>,
}

/// A user name and a password (RFC 7617).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicSource {
    user: String,
    password: SecretSource,
}

fn post() -> String {
    "POST".to_owned()
}

/// What a request carries.
#[derive(Clone, Debug)]
enum Body {
    None,
    Json(Json),
    Form(Vec<(String, Template)>),
}

/// A JSON document whose texts are templates.
#[derive(Clone, Debug)]
enum Json {
    Text(Template),
    Fixed(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

#[derive(Clone, Debug)]
pub(super) struct Gateway {
    client: Client,
    method: Method,
    url: Template,
    headers: Vec<(HeaderName, Template)>,
    basic: Option<(String, Secret)>,
    body: Body,
    answers: Answers,
}

impl Gateway {
    /// None, and the faults noted, where the settings cannot work.
    pub(super) fn read(
        source: &GatewaySource,
        at_once: usize,
        mut place: Place<'_>,
    ) -> Option<Self> {
        let mut secrets = Secrets::new();
        for (name, source) in &source.secrets {
            let mut place = place.within(&format!("secrets.{name}"));
            // A name that is known, even where its secret is missing, is no fault of a template.
            let secret = place.take(source.read()).unwrap_or_else(Secret::none);
            secrets.insert(name.clone(), secret);
        }
        let basic = source.basic.as_ref().and_then(|basic| {
            let password = place.within("basic.password").take(basic.password.read())?;
            Some((basic.user.clone(), password))
        });
        let method = method(&source.method, place.within("method"));
        let url = url(&source.url, &secrets, place.within("url"));
        let headers = headers(&source.headers, &secrets, &mut place);
        let body = body(source, &secrets, &mut place);
        let answers = Answers::read(&source.answers, &mut place);
        let client =
            place.within("ca_file").take(carrier::client(source.ca_file.as_deref(), at_once));
        let gateway = Self {
            client: client?,
            method: method?,
            url: url?,
            headers,
            basic,
            body: body?,
            answers,
        };
        gateway.check(&mut place);
        Some(gateway)
    }

    /// A message needs a recipient and a text, and some bodies need another method.
    fn check(&self, place: &mut Place<'_>) {
        let uses = |field| self.url.uses(field) || self.body.uses(field);
        if !uses(Field::To) && !uses(Field::ToInternational) {
            place.fault("neither url nor body has {to} or {to_international}: whom is it for?");
        }
        if !uses(Field::Text) {
            place.fault("neither url nor body has {text}");
        }
        if self.method == Method::GET && !matches!(self.body, Body::None) {
            place.within("method").fault("a GET has no body: put {to} and {text} into the url");
        }
    }

    /// Asks the gateway to send the message.
    pub(super) async fn carry(&self, message: &TextMessage) -> Attempt {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(why) => return Attempt::new(Verdict::Refused, why),
        };
        match carrier::ask(&self.client, request).await {
            Ok(answer) => {
                Attempt { rest: answer.rest, ..self.answers.judge(answer.status, &answer.body) }
            }
            Err(attempt) => attempt,
        }
    }

    fn request(&self, message: &TextMessage) -> Result<Request<carrier::Body>, String> {
        let (kind, body) = match &self.body {
            Body::None => (None, String::new()),
            Body::Json(json) => (Some("application/json"), json.fill(message).to_string()),
            Body::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, template) in fields {
                    form.append_pair(name, &template.fill(message, as_it_is));
                }
                (Some("application/x-www-form-urlencoded"), form.finish())
            }
        };
        let url = self.url.fill(message, percent_encoded);
        let request = Request::builder().method(self.method.clone()).uri(url);
        let mut request = request
            .body(carrier::Body::from(body))
            .map_err(|_unusable| "the message does not fit into the url")?;
        let headers = request.headers_mut();
        headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
        for (name, template) in &self.headers {
            let value = header_value(&template.fill(message, as_it_is))
                .map_err(|_unusable| format!("the message does not fit into the header {name}"))?;
            headers.insert(name, value);
        }
        if let Some((user, password)) = &self.basic {
            let pair = format!("{user}:{}", password.expose());
            let value = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
            let value =
                header_value(&value).map_err(|_unusable| "the password fits into no header")?;
            headers.insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// The request for a message, with its body as a text.
    #[cfg(test)]
    pub(super) fn described(&self, message: &TextMessage) -> Result<Request<String>, String> {
        use http_body_util::BodyExt;
        let (parts, body) = self.request(message)?.into_parts();
        let collected = futures_util::FutureExt::now_or_never(body.collect());
        let bytes = collected.expect("it is there").expect("it cannot fail").to_bytes();
        Ok(Request::from_parts(parts, String::from_utf8(bytes.to_vec()).expect("text")))
    }

    #[cfg(test)]
    pub(super) fn judge(&self, status: u16, body: &str) -> Attempt {
        self.answers.judge(status, body.as_bytes())
    }
}

impl Body {
    fn uses(&self, field: Field) -> bool {
        match self {
            Self::None => false,
            Self::Json(json) => json.uses(field),
            Self::Form(fields) => fields.iter().any(|(_, template)| template.uses(field)),
        }
    }
}

impl Json {
    fn read(value: &toml::Value, secrets: &Secrets, mut place: Place<'_>) -> Option<Self> {
        match value {
            toml::Value::String(text) => place.take(Template::parse(text, secrets)).map(Self::Text),
            toml::Value::Array(list) => {
                let read = |(at, value)| Self::read(value, secrets, place.within(&at_index(at)));
                list.iter().enumerate().map(read).collect::<Option<_>>().map(Self::List)
            }
            toml::Value::Table(table) => {
                let read = |(name, value): (&String, _)| {
                    Some((name.clone(), Self::read(value, secrets, place.within(name))?))
                };
                table.iter().map(read).collect::<Option<_>>().map(Self::Object)
            }
            toml::Value::Datetime(_) => {
                place.fault("JSON has no dates: write it as a text, in quotes");
                None
            }
            toml::Value::Integer(number) => Some(Self::Fixed((*number).into())),
            toml::Value::Float(number) => Some(Self::Fixed((*number).into())),
            toml::Value::Boolean(boolean) => Some(Self::Fixed((*boolean).into())),
        }
    }

    fn uses(&self, field: Field) -> bool {
        match self {
            Self::Text(template) => template.uses(field),
            Self::Fixed(_) => false,
            Self::List(list) => list.iter().any(|item| item.uses(field)),
            Self::Object(members) => members.iter().any(|(_, member)| member.uses(field)),
        }
    }

    fn fill(&self, message: &TextMessage) -> Value {
        match self {
            Self::Text(template) => Value::String(template.fill(message, as_it_is)),
            Self::Fixed(value) => value.clone(),
            Self::List(list) => list.iter().map(|item| item.fill(message)).collect(),
            Self::Object(members) => {
                let member = |(name, member): &(String, Self)| (name.clone(), member.fill(message));
                Value::Object(members.iter().map(member).collect())
            }
        }
    }
}

fn at_index(at: usize) -> String {
    format!("[{at}]")
}

fn method(text: &str, mut place: Place<'_>) -> Option<Method> {
    match text {
        "POST" => Some(Method::POST),
        "PUT" => Some(Method::PUT),
        "GET" => Some(Method::GET),
        other => {
            place.fault(format!("{other:?} is none of POST, PUT and GET"));
            None
        }
    }
}

/// A template that gives an address of the same host whatever the message is.
fn url(source: &str, secrets: &Secrets, mut place: Place<'_>) -> Option<Template> {
    let template = place.take(Template::parse(source, secrets))?;
    let message = |text: &str| TextMessage {
        id: uuid::Uuid::nil(),
        to: text.into(),
        to_international: text.into(),
        text: text.into(),
    };
    let origin = |text| {
        let filled = template.fill(&message(text), percent_encoded);
        let url = carrier::address(&filled)?;
        Ok::<_, String>((url.scheme().cloned(), url.authority().cloned()))
    };
    let (one, other) = (place.take(origin("1"))?, place.take(origin("a.b"))?);
    if one != other {
        place.fault("the host must be the same for every message");
        return None;
    }
    Some(template)
}

fn headers(
    sources: &BTreeMap<String, String>,
    secrets: &Secrets,
    place: &mut Place<'_>,
) -> Vec<(HeaderName, Template)> {
    let mut headers = Vec::new();
    for (name, source) in sources {
        let mut place = place.within(&format!("headers.{name}"));
        let Some(template) = place.take(Template::parse(source, secrets)) else { continue };
        if template.uses(Field::Text) {
            place.fault("{text} has lines and letters that no header may have");
        }
        let sample = TextMessage {
            id: uuid::Uuid::nil(),
            to: "0".into(),
            to_international: "+0".into(),
            text: String::new(),
        };
        place.take(
            header_value(&template.fill(&sample, as_it_is)).map_err(|_unusable| "no header value"),
        );
        if let Some(name) =
            place.take(HeaderName::try_from(name).map_err(|_unusable| "no header name"))
        {
            headers.push((name, template));
        }
    }
    headers
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|error| error.to_string())?;
    value.set_sensitive(true);
    Ok(value)
}

fn body(source: &GatewaySource, secrets: &Secrets, place: &mut Place<'_>) -> Option<Body> {
    match (&source.json, &source.form) {
        (None, None) => Some(Body::None),
        (Some(_), Some(_)) => {
            place.fault("json or form, not both");
            None
        }
        (Some(table), None) => {
            let value = toml::Value::Table(table.clone());
            Json::read(&value, secrets, place.within("json")).map(Body::Json)
        }
        (None, Some(form)) => {
            let field = |(name, source): (&String, &String)| {
                let mut place = place.within(&format!("form.{name}"));
                Some((name.clone(), place.take(Template::parse(source, secrets))?))
            };
            form.iter().map(field).collect::<Option<_>>().map(Body::Form)
        }
    }
}
