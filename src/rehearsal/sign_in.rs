//! Signing in before the start: some citizens by a one-time code over HTTP; the others get the
//! token that `POST /v1/auth/sessions` would have issued.

use std::collections::HashMap;

use anyhow::{Context, bail};
use chrono::{SubsecRound, TimeDelta};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use uuid::Uuid;

use super::{
    plan::{TOKEN_BYTES, Token},
    target::Target,
};
use crate::{
    clock::Clock,
    db::{self, Db, rehearsal::SignInClaim},
    domain::{
        PersonId,
        keys::Keys,
        session::{CITIZEN_SESSION_HOURS, citizen_token},
    },
    rehearsal::load::connection::Connection,
};

/// Codes that are requested before they are looked up; the service shows the last 1000.
const AT_ONCE: usize = 100;
const NO_CODE: &str = "the service sends no code: a person has three in 15 minutes, and an address \
                       300. Wait, or rehearse with other people by --seed";
const NOT_SHOWN: &str = "the service does not show its codes there: sign_in_by_code needs one that \
                         was started with --show-codes, and --codes-url where it prints another \
                         address";

/// Session tokens of these persons, in their order, made from the secret.
pub fn issue_tokens(
    keys: &Keys,
    clock: &Clock,
    person_ids: &[PersonId],
) -> anyhow::Result<Vec<Token>> {
    let expires_at = (clock.now() + TimeDelta::hours(CITIZEN_SESSION_HOURS)).trunc_subsecs(0);
    person_ids.iter().map(|person_id| token(&citizen_token(keys, *person_id, expires_at))).collect()
}

fn token(text: &str) -> anyhow::Result<Token> {
    let token = text.as_bytes().try_into();
    token.ok().with_context(|| format!("a token is not {TOKEN_BYTES} bytes long"))
}

/// Session tokens of these persons, in their order, by one-time codes over HTTP.
///
/// # Errors
/// A sentence for the operator: the service shows no codes, or does not know a person.
pub async fn sign_in_by_code(
    db: &Db,
    target: &Target,
    codes: &Target,
    person_ids: &[PersonId],
) -> anyhow::Result<Vec<Token>> {
    let mut tokens = Vec::with_capacity(person_ids.len());
    if person_ids.is_empty() {
        return Ok(tokens);
    }
    let mut client = AuthClient::open(target).await?;
    let page = AuthClient::open(codes).await;
    let mut page = page.with_context(|| format!("{}: {NOT_SHOWN}", codes.url))?;
    for person_ids in person_ids.chunks(AT_ONCE) {
        tokens.extend(client.sign_in(&mut page, db, person_ids).await?);
    }
    Ok(tokens)
}

/// Checks that the service accepts a token of this store.
///
/// # Errors
/// A sentence for the operator: the service works on another database, or with another secret.
pub async fn check_token(
    target: &Target,
    person_id: PersonId,
    token: &Token,
) -> anyhow::Result<()> {
    let mut client = AuthClient::open(target).await?;
    let me: Option<Me> = client.ask("GET", "/v1/me", Some(token), None).await?;
    if me.is_none_or(|me| me.person_id != person_id) {
        bail!(
            "the service on {} works on another database or with another secret: give this \
             command the same --data-dir, or the same DATABASE_URL and secret",
            target.url,
        );
    }
    Ok(())
}

#[derive(Deserialize)]
struct Me {
    person_id: PersonId,
}

#[derive(Deserialize)]
struct Challenge {
    challenge_id: Uuid,
}

#[derive(Deserialize)]
struct ShownCode {
    challenge_id: Uuid,
    code: String,
}

#[derive(Deserialize)]
struct Session {
    token: String,
}

struct AuthClient<'a> {
    connection: Connection,
    target: &'a Target,
}

impl<'a> AuthClient<'a> {
    async fn open(target: &'a Target) -> anyhow::Result<Self> {
        Ok(Self { connection: Connection::open(target.address).await?, target })
    }

    async fn sign_in(
        &mut self,
        page: &mut AuthClient<'_>,
        db: &Db,
        person_ids: &[PersonId],
    ) -> anyhow::Result<Vec<Token>> {
        let ids: Vec<_> = person_ids.iter().map(|id| id.0).collect();
        let claims = db::rehearsal::claims(&db.jobs, &ids).await?;
        let mut challenges = HashMap::new();
        for SignInClaim { person_id, name, birth_date, phone, .. } in claims {
            let claim = json!({ "name": name, "birth_date": birth_date, "phone": phone });
            let challenge: Option<Challenge> =
                self.ask("POST", "/v1/auth/codes", None, Some(claim.to_string())).await?;
            let challenge = challenge.context(NO_CODE)?;
            challenges.insert(person_id, challenge.challenge_id);
        }
        let shown: Option<Vec<ShownCode>> = page.ask("GET", "/dev/codes", None, None).await?;
        let shown = shown.context(NOT_SHOWN)?;
        let codes: HashMap<_, _> = shown.into_iter().map(|s| (s.challenge_id, s.code)).collect();
        let mut tokens = Vec::with_capacity(person_ids.len());
        for person_id in person_ids {
            let challenge_id = challenges.get(person_id).context("somebody left the register")?;
            let code = codes.get(challenge_id).context("a code is not shown")?;
            let answer = json!({ "challenge_id": challenge_id, "code": code }).to_string();
            let session: Option<Session> =
                self.ask("POST", "/v1/auth/sessions", None, Some(answer)).await?;
            tokens.push(token(&session.context("a code signed nobody in")?.token)?);
        }
        Ok(tokens)
    }

    /// The body of a 2xx response; none for any other status.
    async fn ask<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&Token>,
        body: Option<String>,
    ) -> anyhow::Result<Option<T>> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n",
            self.target.host,
        );
        if let Some(token) = token {
            let token = std::str::from_utf8(token)?;
            request.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if let Some(body) = &body {
            let length = body.len();
            request.push_str("Content-Type: application/json\r\n");
            request.push_str(&format!("Content-Length: {length}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(&body.unwrap_or_default());
        let response = self.connection.ask(request.as_bytes()).await?;
        if !(200..300).contains(&response.status) {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(response.body)?))
    }
}
