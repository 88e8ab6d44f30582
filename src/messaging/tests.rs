//! What the file of `--messages` can say, and what is refused with its place.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{
    attempt::Verdict,
    gateway::{Gateway, GatewaySource},
    outgoing::{TextMessage, samples},
    place::Place,
    settings::{Settings, parse},
};
use crate::domain::{language::Language, sms_length::SmsStandard};

const MAIL: &str = "[[mail]]\nname = 'm'\n[mail.smtp]\nhost = 'localhost'\ntls = 'none'\n\
                    from = 'a@example.kr'\n";

fn gateway(toml: &str) -> Result<Gateway, Vec<String>> {
    let source: GatewaySource =
        toml::from_str(toml).map_err(|error| vec![error.message().to_owned()])?;
    gateway_of(&source)
}

fn gateway_of(source: &GatewaySource) -> Result<Gateway, Vec<String>> {
    let mut faults = Vec::new();
    let gateway = Gateway::read(source, 1, Place::new(&mut faults, "http"));
    gateway.filter(|_| faults.is_empty()).ok_or(faults)
}

/// What the gateway is sent: method, address, headers and body.
fn sent(toml: &str, message: &TextMessage) -> (String, String, Vec<String>, String) {
    let request = gateway(toml).expect(toml).described(message);
    let (parts, body) = request.expect("a request").into_parts();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    (parts.method.to_string(), parts.uri.to_string(), headers.collect(), body)
}

/// Letters that mean something in one of the places.
const WILD: &str = "안녕 & \"a=b\"\\ #1 <x>\n100% + {to} ?/";

#[test]
fn a_json_body_carries_any_text_as_it_is() {
    let toml = "url = 'https://sms.example/send'\n\
                json = { list = [{ to = '{to}', n = 1, b = true, f = 0.5 }], text = '{text}' }\n\
                headers = { x-id = '{id}' }";
    let (method, url, headers, body) = sent(toml, &samples::text(WILD));
    assert_eq!((method.as_str(), url.as_str()), ("POST", "https://sms.example/send"));
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let list = json!([{ "to": "01012345678", "n": 1, "b": true, "f": 0.5 }]);
    assert_eq!(body, json!({ "list": list, "text": WILD }));
    assert!(headers.contains(&"content-type: application/json".into()), "{headers:?}");
    assert!(headers.contains(&"x-id: 01990000-0000-7000-8000-000000000001".into()), "{headers:?}");
}

#[test]
fn a_form_carries_any_text_as_it_is() {
    let toml = "url = 'https://sms.example/send'\nmethod = 'PUT'\n\
                form = { to = '{to_international}', msg = '{text}!' }\n\
                basic = { user = 'me', password = { env = 'CARGO_PKG_NAME' } }";
    let (method, _, headers, body) = sent(toml, &samples::text(WILD));
    assert_eq!(method, "PUT");
    let fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let expected = [("msg", format!("{WILD}!")), ("to", "+821012345678".into())];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
    let basic = format!("authorization: Basic {}", data_encoding::BASE64.encode(b"me:dosebook"));
    assert!(headers.contains(&basic), "{headers:?}");
}

#[test]
fn a_url_carries_any_text_as_it_is() {
    let toml = "url = 'https://sms.example/{to}/send?text={text}&id={id}'\nmethod = 'GET'";
    let (_, url, _, body) = sent(toml, &samples::text(WILD));
    assert_eq!(body, "");
    let (path, query) = url.split_once('?').expect("a query");
    assert_eq!(path, "https://sms.example/01012345678/send");
    let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(fields[0], ("text".to_owned(), WILD.to_owned()));
    assert_eq!(fields.len(), 2, "nothing of the text became a field of its own");
}

#[test]
fn a_number_that_is_none_ends_no_header() {
    let toml =
        "url = 'https://sms.example/'\nheaders = { x-to = '{to}' }\nform = { a = '{to}{text}' }";
    let message = TextMessage { to: "010\r\nx-evil: 1".into(), ..samples::text("a") };
    let refused = gateway(&format!("{toml}\n")).expect(toml).described(&message).unwrap_err();
    assert!(refused.contains("does not fit into the header x-to"), "{refused}");
    assert!(!refused.contains("evil"), "and is not repeated: {refused}");
}

#[test]
fn a_gateway_that_cannot_work_is_refused_with_the_reason_and_the_place() {
    let url = "url = 'https://sms.example/'";
    for (toml, reason) in [
        (
            format!("{url}\njson = {{ to = '{{to}}', text = '{{txt}}' }}"),
            "http.json.text: {txt} is",
        ),
        (format!("{url}\njson = {{ a = [{{ b = '{{' }}] }}"), "http.json.a.[0].b: a single {"),
        (format!("{url}\nform = {{ to = '{{to}}' }}"), "http: neither url nor body has {text}"),
        (format!("{url}\nform = {{ text = '{{text}}' }}"), "whom is it for?"),
        (format!("{url}\nmethod = 'GET'\nform = {{ a = '{{to}}{{text}}' }}"), "http.method: a GET"),
        (format!("{url}\nmethod = 'SEND'\nform = {{ a = '{{to}}{{text}}' }}"), "none of POST, PUT"),
        (format!("{url}\nform = {{ a = '{{to}}' }}\njson = {{ b = '{{text}}' }}"), "not both"),
        (format!("{url}\njson = {{ a = 2021-07-26 }}"), "http.json.a: JSON has no dates"),
        (format!("{url}\nheaders = {{ x = '{{text}}' }}"), "http.headers.x: {text} has lines"),
        (format!("{url}\nheaders = {{ 'a b' = '1' }}"), "http.headers.a b: no header name"),
        (format!("{url}\nheaders = {{ a = \"1\\n2\" }}"), "http.headers.a: no header value"),
        (format!("{url}\nheaders = {{ a = '{{secret.key}}' }}"), "`secrets` has no key"),
        (
            format!("{url}\nsecrets = {{ key = {{ env = 'DOSEBOOK_NONE' }} }}"),
            "http.secrets.key: the",
        ),
        (format!("{url}\nca_file = '/nowhere'"), "http.ca_file: /nowhere cannot be read"),
        (format!("{url}\nbody = 'x'"), "unknown field `body`"),
        (format!("{url}\nanswers = [{{ status = 'ok', means = 'refused' }}]"), "answers[0].status"),
        ("url = 'http://sms.example/'".into(), "http.url: sms.example is another machine"),
        ("url = 'https://{to}.example/{text}'".into(), "the same for every message"),
        ("url = 'https:///{to}{text}'".into(), "http.url:"),
        ("method = 'POST'".into(), "missing field `url`"),
    ] {
        let faults = gateway(&toml).err().unwrap_or_else(|| panic!("{toml} was taken"));
        assert!(faults.iter().any(|fault| fault.contains(reason)), "{toml}: {faults:?}");
    }
    gateway(&format!("{url}\nform = {{ to = '{{to}}', text = '{{text}}' }}")).expect("the control");
}

#[test]
fn every_fault_of_the_file_is_told_at_once() {
    let toml = "language = 'de'\nquiet_hours = 'night'\nreminder_at = '25:00'\n\
                country_code = '+82'\nsms_standard = 'morse'\n\
                [[sms]]\nname = 'a'\nper_second = 0\nat_once = 0\ntimeout_seconds = 60\n\
                [[sms]]\nname = 'a'\n[sms.http]\nurl = 'ftp://a/'\nform = { a = '{to}' }\n";
    let faults = parse(toml).expect_err("all of it");
    for fault in [
        "language: \"ko\" or \"en\"",
        "quiet_hours: write \"21:00-08:00\"",
        "reminder_at: write \"10:00\"",
        "country_code: one to three digits",
        "sms_standard: \"korean\" or \"gsm\"",
        "sms[0] \"a\".per_second: a number",
        "sms[0] \"a\".at_once: a number",
        "sms[0] \"a\".timeout_seconds: a number",
        "sms[0] \"a\": by what?",
        "sms[1] \"a\".http.url: ftp is neither",
        "name: two providers are called \"a\"",
    ] {
        assert!(faults.iter().any(|found| found.contains(fault)), "{fault}: {faults:#?}");
    }
    assert!(parse("").expect_err("nothing")[0].contains("nothing could be sent"));
    let broken = parse("[[sms]\nname = 1").expect_err("no TOML");
    assert!(broken[0].contains("line 1"), "{broken:?}");
}

#[test]
fn what_the_file_leaves_out_has_a_default() {
    let (settings, providers) = parse(MAIL).map_err(|faults| faults.join("\n")).expect(MAIL);
    assert_eq!(settings, Settings::default());
    assert_eq!((settings.language, providers.len()), (Language::Korean, 1));
    let all = format!(
        "language = 'en'\nquiet_hours = 'none'\nreminder_at = 'none'\ncountry_code = '44'\n\
         sms_standard = 'gsm'\n{MAIL}"
    );
    let (settings, _) = parse(&all).map_err(|faults| faults.join("\n")).expect("lawful");
    let expected = Settings {
        language: Language::English,
        quiet_hours: None,
        reminder_at: None,
        country_code: "44".into(),
        sms_standard: SmsStandard::Gsm,
    };
    assert_eq!(settings, expected);
}

/// The examples of the page for operators, with secrets that are there.
fn examples() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/messages.md");
    let page = fs::read_to_string(page).expect("docs/messages.md");
    let blocks = page.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().expect("an end").to_owned())
        .map(|block| {
            let mut parts = block.split("env = \"");
            let mut text = parts.next().expect("a beginning").to_owned();
            for part in parts {
                let (_, after) = part.split_once('"').expect("a name");
                text += "env = \"CARGO_PKG_NAME\"";
                text += after;
            }
            text.replace("file = \"/run/secrets/smtp\"", "env = \"CARGO_PKG_NAME\"")
        })
        .collect()
}

#[test]
fn every_example_of_the_page_for_operators_works() {
    let examples = examples();
    assert!(examples.len() >= 4, "{}", examples.len());
    for example in examples {
        let faults = parse(&example).err().unwrap_or_default();
        // A webhook's secret has a form of its own.
        let faults: Vec<_> =
            faults.iter().filter(|fault| !fault.contains("a secret begins with")).collect();
        assert!(faults.is_empty(), "{example}\n{faults:#?}");
    }
}

#[test]
fn the_worked_examples_understand_what_their_gateways_answer() {
    let of = |name: &str| {
        let all = examples();
        let example = all.iter().find(|example| example.contains(name)).expect(name);
        let table: toml::Table = toml::from_str(example).expect("TOML");
        let source = table["sms"][0]["http"].clone().try_into().expect("a source");
        gateway_of(&source).expect("a gateway")
    };
    let judged = |gateway: &Gateway, status, body: &str| gateway.judge(status, body).verdict;
    let aligo = of("apis.aligo.in");
    for (body, verdict) in [
        (
            r#"{"result_code":"1","message":"success","msg_id":"1","success_cnt":1}"#,
            Verdict::Accepted,
        ),
        (r#"{"result_code":1,"message":"success"}"#, Verdict::Accepted),
        (r#"{"result_code":"-101","message":"인증오류입니다."}"#, Verdict::TryAgain),
        ("maintenance", Verdict::Unsure),
    ] {
        assert_eq!(judged(&aligo, 200, body), verdict, "{body}");
    }
    let twilio = of("api.twilio.com");
    for (status, body, verdict) in [
        (201, r#"{"sid":"SM1","status":"queued"}"#, Verdict::Accepted),
        (400, r#"{"code":21211,"status":400}"#, Verdict::Refused),
        (400, r#"{"code":21606,"status":400}"#, Verdict::TryAgain),
        (401, r#"{"code":20003,"status":401}"#, Verdict::TryAgain),
        (429, r#"{"code":20429,"status":429}"#, Verdict::TryAgain),
        (500, "", Verdict::Unsure),
    ] {
        assert_eq!(judged(&twilio, status, body), verdict, "{status} {body}");
    }
}
