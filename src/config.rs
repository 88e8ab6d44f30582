//! All settings: parsed once, documented once (`dosebook serve --help`). Every one can be given as
//! a flag or in the environment, and means the same in every command.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use chrono_tz::Tz;
use clap::{
    Args, ValueEnum,
    builder::{RangedI64ValueParser, RangedU64ValueParser},
    value_parser,
};

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

    /// Connections in each of the two pools for requests (writes outside the lanes, reads); seven
    /// more belong to background jobs, one to signing in, and one to each lane
    #[arg(
        long,
        env = "DOSEBOOK_CONNECTIONS",
        default_value_t = 8,
        value_parser = value_parser!(u32).range(1..)
    )]
    pub connections: u32,

    /// Show one-time codes instead of sending them, in the log and on a page that only this machine
    /// reaches, at an address of its own that is printed: for trying out
    #[arg(long, env = "DOSEBOOK_SHOW_CODES")]
    pub show_codes: bool,

    /// Where the page with the codes answers: a loopback address; when left out, the next port
    /// after the service's own
    #[arg(long, env = "DOSEBOOK_CODES_LISTEN", value_name = "ADDRESS:PORT")]
    pub codes_listen: Option<SocketAddr>,

    /// Where /metrics answers too, for a Prometheus on another machine: an address that the public
    /// does not reach. Elsewhere only this machine is answered
    #[arg(long, env = "DOSEBOOK_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,

    /// Proxies in front, as addresses or blocks (10.0.0.0/8), separated by commas: their word is
    /// taken for where a request comes from (X-Forwarded-For, Forwarded), and nobody else's
    #[arg(
        long = "trusted-proxy",
        env = "DOSEBOOK_TRUSTED_PROXIES",
        value_name = "BLOCK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<Block>,

    /// Connections of clients altogether; fewer where the system lacks descriptors (ulimit -n)
    #[arg(
        long,
        env = "DOSEBOOK_CLIENTS",
        default_value_t = 20_000,
        value_parser = one_or_more()
    )]
    pub clients: usize,

    /// Connections from one address (of IPv6 from one /64), save trusted proxies; when left out
    /// 1024, and as many as come from this machine
    #[arg(long, env = "DOSEBOOK_CLIENTS_FROM_ADDRESS", value_parser = one_or_more())]
    pub clients_from_address: Option<usize>,

    /// One-time codes that this process makes in a minute, whoever asks
    #[arg(
        long,
        env = "DOSEBOOK_CODES_PER_MINUTE",
        default_value_t = 60_000,
        value_parser = value_parser!(u32).range(1..)
    )]
    pub codes_per_minute: u32,

    /// File that says by what messages leave (see docs/messages.md): SMS gateways, mail servers,
    /// webhooks; without it none leaves
    #[arg(long, env = "DOSEBOOK_MESSAGES", value_name = "FILE")]
    pub messages: Option<PathBuf>,

    /// Hours after midnight at a clinic from which the service closes its day where nobody has:
    /// those who did not come are no-shows, and what is left over goes where the campaign says
    #[arg(
        long,
        env = "DOSEBOOK_CLOSE_DAY_AFTER",
        value_name = "HOURS",
        default_value_t = 6,
        value_parser = value_parser!(u16).range(0..=8760)
    )]
    pub close_day_after: u16,

    /// How long clients are waited for; no setting, because nobody needs another.
    #[arg(skip)]
    pub patience: Patience,

    #[command(flatten)]
    pub site: Site,

    #[command(flatten)]
    pub import: Import,
}

/// How long clients are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often connections are looked at; the others are counted in this.
    pub tick: Duration,
    /// For a body to be whole, and again for the rest of one that is not wanted.
    pub body: Duration,
    /// From the first byte of a head to its last.
    pub head_ticks: u32,
    /// For room in the buffers of a connection, after which 32 KiB more fit in: who reads less than
    /// 3 KiB a second is taken for one that does not read.
    pub write_ticks: u32,
    /// Without any byte, while nothing is being answered; longer than the server's keep-alive.
    pub rest_ticks: u32,
}

impl Default for Patience {
    fn default() -> Self {
        let tick = Duration::from_secs(1);
        let body = Duration::from_secs(10);
        Self { tick, body, head_ticks: 10, write_ticks: 10, rest_ticks: 90 }
    }
}

/// How much a file may do without being asked whether it is meant. Shares are in percent.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// Of what is known, how much a file may change unasked, in percent; 100 never asks
    #[arg(
        long = "import-changed-max",
        env = "DOSEBOOK_IMPORT_CHANGED_MAX",
        value_name = "PERCENT",
        default_value_t = 20,
        value_parser = percent()
    )]
    pub changed_max: u8,

    /// Of its rows, how many a partial import may leave out unasked, in percent
    #[arg(
        long = "import-rejected-max",
        env = "DOSEBOOK_IMPORT_REJECTED_MAX",
        value_name = "PERCENT",
        default_value_t = 20,
        value_parser = percent()
    )]
    pub rejected_max: u8,

    /// Of what is known, how much may be missing unasked from a file that has most of it, in
    /// percent
    #[arg(
        long = "import-missing-max",
        env = "DOSEBOOK_IMPORT_MISSING_MAX",
        value_name = "PERCENT",
        default_value_t = 20,
        value_parser = percent()
    )]
    pub missing_max: u8,

    /// Of the rows of a file of allocations, how many may have been loaded before, in percent
    #[arg(
        long = "import-repeated-max",
        env = "DOSEBOOK_IMPORT_REPEATED_MAX",
        value_name = "PERCENT",
        default_value_t = 20,
        value_parser = percent()
    )]
    pub repeated_max: u8,

    /// Fewer rows than this are never too many, unless they were loaded before
    #[arg(
        long = "import-rows-min",
        env = "DOSEBOOK_IMPORT_ROWS_MIN",
        value_name = "ROWS",
        default_value_t = 20
    )]
    pub rows_min: u64,
}

fn percent() -> RangedI64ValueParser<u8> {
    value_parser!(u8).range(0..=100)
}

/// A variable of the environment that a file of settings names: where a secret stands.
#[expect(clippy::disallowed_methods, reason = "settings are read here")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
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

    /// By whose clock it is today where no clinic is named, and pages tell times that belong to no
    /// clinic and no campaign; what new clinics and campaigns begin with. An IANA name
    #[arg(long, env = "DOSEBOOK_ZONE", default_value = ZONE_DEFAULT, value_parser = zone)]
    pub zone: Tz,
}

/// A zone by its IANA name.
fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_unknown| format!("{name} is no time zone: write one as Asia/Seoul"))
}

/// Where nothing else is said.
const ZONE_DEFAULT: &str = "Asia/Seoul";

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
    /// Where the page with one-time codes answers; none where codes are not shown.
    ///
    /// # Errors
    /// When other machines could reach the page, or no port is left for it.
    pub fn codes_page(&self) -> anyhow::Result<Option<SocketAddr>> {
        if !self.show_codes {
            return Ok(None);
        }
        let address = match self.listen.ip() {
            address if address.is_loopback() => address,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let port = match self.listen.port() {
            0 => Some(0),
            port => port.checked_add(1),
        };
        let next = port.map(|port| SocketAddr::new(address, port));
        let page = self.codes_listen.or(next);
        let page = page.ok_or_else(|| anyhow::anyhow!("no port follows: give --codes-listen"))?;
        anyhow::ensure!(
            page.ip().is_loopback(),
            "--codes-listen (DOSEBOOK_CODES_LISTEN) needs a loopback address, not {page}",
        );
        Ok(Some(page))
    }

    /// Threads for HTTP on this machine: on few cores PostgreSQL and the lanes need the rest.
    pub fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |n| (n.get() / 2).max(1)),
            n => n,
        }
    }
}

/// A block of addresses: an address, or as many of its leading bits as stand behind the slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    address: IpAddr,
    bits: u32,
}

impl Block {
    /// Whether an address is in it. An IPv4 address inside IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(Ipv4Addr::BITS - self.bits).unwrap_or(0);
                ours.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(Ipv6Addr::BITS - self.bits).unwrap_or(0);
                ours.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Block {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no address and no block such as 10.0.0.0/8");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_not_one| wrong())?;
        let bits_max = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= bits_max).ok_or_else(wrong)?,
            None => bits_max,
        };
        Ok(Self { address, bits })
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

    fn codes_page(flags: &[&str]) -> anyhow::Result<Option<SocketAddr>> {
        let line = std::iter::once(&"dosebook").chain(flags);
        Line::parse_from(line).service.codes_page()
    }

    #[test]
    fn codes_are_shown_only_when_asked_for_and_where_nobody_else_can_see_them() {
        let shown = |flags: &[&str]| codes_page(flags).expect("lawful").map(|at| at.to_string());
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&["--listen", "0.0.0.0:1"]), None);
        assert_eq!(shown(&["--show-codes"]).as_deref(), Some("127.0.0.1:8081"));
        let free = ["--show-codes", "--listen", "[::1]:0"];
        assert_eq!(shown(&free).as_deref(), Some("[::1]:0"));
        let own = ["--show-codes", "--codes-listen", "127.0.0.2:80"];
        assert_eq!(shown(&own).as_deref(), Some("127.0.0.2:80"));
        for (public, page) in [
            ("0.0.0.0:80", "127.0.0.1:81"),
            ("192.0.2.1:80", "127.0.0.1:81"),
            ("[::]:80", "[::1]:81"),
            ("[::ffff:192.0.2.1]:80", "[::1]:81"),
        ] {
            assert_eq!(shown(&["--show-codes", "--listen", public]).as_deref(), Some(page));
        }
        for refused in [
            &["--show-codes", "--codes-listen", "0.0.0.0:1"][..],
            &["--show-codes", "--codes-listen", "192.0.2.1:1"],
            &["--show-codes", "--listen", "127.0.0.1:65535"],
        ] {
            codes_page(refused).expect_err("anyone could see them, or there is no port");
        }
    }

    #[test]
    fn a_block_holds_the_addresses_that_begin_as_it_does() {
        let holds = |block: &str, address: &str| {
            block.parse::<Block>().expect(block).contains(address.parse().expect(address))
        };
        for (block, address) in [
            ("127.0.0.1", "127.0.0.1"),
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1"),
            ("0.0.0.0/0", "203.0.113.9"),
            ("2001:db8::/32", "2001:db8:1::1"),
            ("::/0", "2001:db8::1"),
        ] {
            assert!(holds(block, address), "{block} {address}");
        }
        for (block, address) in [
            ("127.0.0.1", "127.0.0.2"),
            ("10.0.0.0/8", "11.0.0.1"),
            ("0.0.0.0/0", "2001:db8::1"),
            ("2001:db8::/32", "2001:db9::1"),
        ] {
            assert!(!holds(block, address), "{block} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "proxy.example", "10.0.0.0/"] {
            wrong.parse::<Block>().expect_err(wrong);
        }
        let line = Line::parse_from(["dosebook", "--trusted-proxy", "10.0.0.0/8,::1"]);
        assert_eq!(line.service.trusted_proxies.len(), 2);
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
