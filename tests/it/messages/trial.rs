//! `dosebook messages test`: an operator tries the providers before anybody depends on them.

use std::{path::Path, process::Command};

use super::real::{Kannel, MailServer, settings};
use crate::support::gateway::Gateway;

/// Exit code, what is printed, and the log.
fn try_it(file: &Path, kind: &str, to: &str) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dosebook"))
        .args(["messages", "test", "--kind", kind, "--to", to, "--messages"])
        .arg(file)
        .env_remove("DATABASE_URL")
        .env("DOSEBOOK_PUBLIC_URL", "https://book.example.kr")
        .env("DOSEBOOK_ISSUER_KO", "질병관리청")
        .env("TEST_KANNEL_KEY", "sesame")
        .env("RUST_LOG", "dosebook=trace")
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_arrives_by_the_gateway_and_by_mail_and_each_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (kannel, mail) = (Kannel::start(folder.path()).await, MailServer::start(folder.path()));
    let file = settings(folder.path(), &[kannel.settings(), mail.settings()]);

    let (code, said, log) = try_it(&file, "sms", "010-1234-5678");
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}{log}");
    assert!(said.starts_with("kannel: accepted ("), "{said}");
    let texts = kannel.until_texts("01012345678", 1).await;
    assert_eq!(texts, ["[질병관리청] 시험 발송입니다. 예약과는 관계가 없습니다."]);

    let (code, said, log) = try_it(&file, "email", "minji@example.org");
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}{log}");
    assert!(said.starts_with("aiosmtpd: accepted ("), "{said}");
    let arrived = mail.next();
    assert_eq!(arrived["to"], serde_json::json!(["minji@example.org"]));
    assert!(arrived.to_string().contains("시험 발송"), "{arrived}");

    // One that refuses, as aiosmtpd does this one: said, with the server's words, and exit code 1.
    let (code, said, log) = try_it(&file, "email", "nobody@example.org");
    assert_eq!(code, Some(1), "{said}{log}");
    assert!(said.starts_with("aiosmtpd: refused") && said.contains("550"), "{said}");
    for secret in ["1234", "5678", "minji", "nobody", "example.org", "sesame", "시험"] {
        assert!(!log.contains(secret) && !said.contains(secret), "{secret}: {said}{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_is_tried_whatever_the_one_before_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (broken, well) = (Gateway::answering(|_, _| Some(503)).await, Gateway::start().await);
    let gone = {
        let gone = Gateway::start().await;
        gone.provider("gone")
    };
    let file = settings(folder.path(), &[gone, broken.provider("broken"), well.provider("well")]);
    let (code, said, log) = try_it(&file, "sms", "01012345678");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!((code, lines.len()), (Some(1), 3), "{said}{log}");
    assert!(lines[0].starts_with("gone: not accepted"), "{said}");
    assert!(lines[1].starts_with("broken: not known") && lines[1].contains("503"), "{said}");
    assert!(lines[2].starts_with("well: accepted"), "{said}");
    let (one, other) = (broken.got(), well.got());
    assert_eq!((one.len(), other.len()), (1, 1), "each once");
    assert_eq!(one[0].id(), other[0].id(), "the same message");
    assert_eq!(other[0].to(), "01012345678");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_said_before_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start().await;
    let file = settings(folder.path(), &[gateway.provider("gateway")]);
    let missing = folder.path().join("missing.toml");
    for (file, kind, to, why) in [
        (&file, "sms", "minji@example.org", "--to"),
        (&file, "email", "010-1234-5678", "--to"),
        (&file, "email", "minji@example.org", "names no [[mail]]"),
        (&missing, "sms", "01012345678", "missing.toml"),
    ] {
        let (code, said, log) = try_it(file, kind, to);
        assert_eq!((code, said.as_str()), (Some(1), ""), "{log}");
        assert!(log.contains(why), "{log}");
        assert!(!log.contains("1234") && !log.contains("minji"), "{log}");
    }
    assert!(gateway.got().is_empty());
    let (code, ..) = try_it(&file, "sms", "01012345678");
    assert_eq!((code, gateway.got().len()), (Some(0), 1), "the control");
}
