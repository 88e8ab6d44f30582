//! All settings: parsed once, documented once (`dosebook serve --help`). Every one can be given as
//! a flag or in the environment, and means the same in every command.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum, builder::RangedU64ValueParser, value_parser};

/// Where the database is, and the secret that everything keyed derives from.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// Folder of the private PostgreSQL and of the secret
    #[arg(long, env = "DOSEBOOK_DATA_DIR", default_value = ".data", global = true)]
    pub data_dir: PathBuf,

    /// Use this PostgreSQL (15 or later) instead of a private one; its user must own the database
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// 64 hexadecimal digits; without it DATA_DIR/secret is used, and made on first start. Every
    /// process on one database needs the same
    #[arg(long, env = "DOSEBOOK_SECRET", hide_env_values = true, global = true)]
    pub secret: Option<String>,

    /// Folder with PostgreSQL's programs (initdb, postgres, pg_ctl); found by itself when left out
    #[arg(long, env = "PG_BIN", global = true)]
    pub pg_bin: Option<PathBuf>,

    /// How log lines are written
    #[arg(long, env = "DOSEBOOK_LOG_FORMAT", default_value = "pretty", global = true)]
    pub log_format: LogFormat,
}

/// How log lines are written: for people, or one JSON object a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Pretty,
    Json,
}

/// How the service listens and how much it takes on at once.
#[derive(Args, Clone, Debug)]
pub struct Service {
    /// Where to answer, as ADDRESS:PORT, e.g. 127.0.0.1:8080
    #[arg(
        long,
        env = "DOSEBOOK_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: SocketAddr,

    /// Threads that speak HTTP; 0 means half the cores, at least one
    #[arg(long, env = "DOSEBOOK_WORKERS", default_value_t = 0)]
    pub workers: usize,

    /// Lanes, each with its own connection, that write bookings
    #[arg(long, env = "DOSEBOOK_LANES", default_value_t = 2, value_parser = one_or_more())]
    pub lanes: usize,

    /// Requests that may wait in one lane; beyond it the answer is 503 at once
    #[arg(long, env = "DOSEBOOK_QUEUE", default_value_t = 4096, value_parser = one_or_more())]
    pub queue: usize,

    /// Milliseconds that a request may have to wait in its lane; who would wait longer is refused
    /// at once and told when to come again
    #[arg(
        long,
        env = "DOSEBOOK_WAIT_MS",
        default_value_t = 150,
        value_parser = value_parser!(u64).range(1..)
    )]
    pub wait_ms: u64,

    /// Requests that one booking transaction decides at most
    #[arg(long, env = "DOSEBOOK_BATCH", default_value_t = 512, value_parser = one_or_more())]
    pub batch: usize,

    /// Connections in each of the two pools for requests (writes outside the lanes, reads); three
    /// more belong to background jobs, and one to each lane
    #[arg(
        long,
        env = "DOSEBOOK_CONNECTIONS",
        default_value_t = 8,
        value_parser = value_parser!(u32).range(1..)
    )]
    pub connections: u32,

    /// Show one-time codes in the log and on /dev/codes also with DATABASE_URL: for tests and
    /// demonstrations; refused unless listening on this machine only
    #[arg(long, env = "DOSEBOOK_SHOW_CODES")]
    pub show_codes: bool,

    #[command(flatten)]
    pub site: Site,
}

/// What pages and messages say about whoever runs the service.
#[derive(Args, Clone, Debug, Default)]
pub struct Site {
    /// Who answers for the service, as pages and messages name them
    #[arg(long, env = "DOSEBOOK_ISSUER", default_value = "dosebook")]
    pub issuer: String,

    /// The same in Korean, where that differs
    #[arg(long, env = "DOSEBOOK_ISSUER_KO")]
    pub issuer_ko: Option<String>,

    /// Telephone number of the helpline, as people dial it; without it pages name none
    #[arg(long, env = "DOSEBOOK_HELPLINE")]
    pub helpline: Option<String>,

    /// Where people reach the pages, e.g. https://book.example.kr; with https, browsers are told to
    /// come by TLS only
    #[arg(long, env = "DOSEBOOK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Origin>,
}

impl Site {
    /// Whether people reach the pages by TLS only.
    pub fn is_behind_tls(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_https)
    }
}

/// Scheme, host and port, as in the header `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as in the header `Host`.
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, host)| host)
    }

    fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    /// In small letters; a slash at the end is left out.
    ///
    /// # Errors
    /// A sentence for the operator: another scheme, no host, or more than a host.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.to_ascii_lowercase();
        let text = text.strip_suffix('/').unwrap_or(&text);
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = host.ok_or("an address begins with https:// or http://")?;
        let is_of_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_of_host) {
            return Err("an address ends after the host and its port");
        }
        Ok(Self(text.to_owned()))
    }
}

fn one_or_more() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

impl Service {
    /// Whether one-time codes are shown on this machine instead of being sent: always with the
    /// private database, else only when asked for.
    ///
    /// # Errors
    /// When asked for although other machines can reach the service.
    pub fn is_local(&self, is_private_database: bool) -> anyhow::Result<bool> {
        anyhow::ensure!(
            !self.show_codes || self.listen.ip().is_loopback(),
            "--show-codes (DOSEBOOK_SHOW_CODES) needs --listen on a loopback address, not {}",
            self.listen,
        );
        Ok(is_private_database || self.show_codes)
    }

    /// Threads for HTTP on this machine: on few cores PostgreSQL and the lanes need the rest.
    pub fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |n| (n.get() / 2).max(1)),
            n => n,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        service: Service,
    }

    fn is_local(flags: &[&str], is_private_database: bool) -> anyhow::Result<bool> {
        let line = std::iter::once(&"dosebook").chain(flags);
        Line::parse_from(line).service.is_local(is_private_database)
    }

    #[test]
    fn codes_are_shown_only_where_nobody_else_can_see_them() {
        assert!(is_local(&[], true).expect("lawful"));
        assert!(!is_local(&[], false).expect("lawful"));
        assert!(is_local(&["--show-codes"], false).expect("lawful"));
        assert!(is_local(&["--show-codes", "--listen", "[::1]:1"], false).expect("lawful"));
        is_local(&["--show-codes", "--listen", "0.0.0.0:1"], false).expect_err("anyone could");
        is_local(&["--show-codes", "--listen", "192.0.2.1:1"], true).expect_err("anyone could");
    }

    #[test]
    fn a_service_with_none_of_something_is_refused() {
        for flag in ["--lanes", "--queue", "--batch", "--connections"] {
            let parsed = |count| Line::try_parse_from(["dosebook", flag, count]).map(drop);
            parsed("1").expect("the control");
            let refused = parsed("0").expect_err("none").to_string();
            assert!(refused.contains(flag), "{refused}");
        }
    }

    #[test]
    fn the_public_address_is_an_origin() {
        for (given, origin, host, is_https) in [
            ("https://Book.Example.kr/", "https://book.example.kr", "book.example.kr", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", false),
            ("https://[::1]:8443", "https://[::1]:8443", "[::1]:8443", true),
        ] {
            let parsed: Origin = given.parse().expect("an origin");
            assert_eq!((parsed.as_str(), parsed.host()), (origin, host));
            assert_eq!(
                Site { public_url: Some(parsed), ..Site::default() }.is_behind_tls(),
                is_https
            );
        }
        let refused =
            ["book.example.kr", "ftp://a", "https://", "https://a/b", "https://a@b", "https://a?b"];
        for given in refused {
            given.parse::<Origin>().map(drop).expect_err(given);
        }
    }
}
