//! The service as a process of its own: the released program, on the folder of a world.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::paths;

/// Counting who is eligible takes some seconds per million people.
const READY_MAX: Duration = Duration::from_secs(300);
const POLL_PAUSE: Duration = Duration::from_millis(20);

/// The public figures of campaign 1, as a browser asks for them.
pub(crate) const SUPPLY: &str = "GET /v1/campaigns/1/supply HTTP/1.1\r\nHost: bench\r\n\
                                 Accept-Encoding: gzip, deflate, br\r\n\r\n";

/// So that whoever signs in finds their codes.
const SHOWN: &[&str] = &["--show-codes"];

pub(crate) struct Service {
    process: Child,
    pub(crate) address: SocketAddr,
    /// Where it shows one-time codes; empty where it does not.
    pub(crate) codes: String,
}

/// How a service is set up. As `Setup::default()` it shows one-time codes, so that whoever signs
/// in finds them, and takes no proxy's word.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    /// By which it reaches the database; otherwise its own way.
    url: Option<&'a str>,
    /// How messages leave.
    messages: Messages,
    is_behind_proxy: bool,
    codes_per_minute: Option<u32>,
}

#[derive(Default)]
enum Messages {
    /// Codes are shown.
    #[default]
    Shown,
    /// Nobody is told anything.
    None,
    /// As these settings say, with what they name.
    Sent(String, &'static [(&'static str, &'static str)]),
}

impl<'a> Setup<'a> {
    /// Reaching the database by this URL.
    pub(crate) fn on(self, url: &'a str) -> Self {
        Self { url: Some(url), ..self }
    }

    /// Without any way for messages.
    pub(crate) fn silent(self) -> Self {
        Self { messages: Messages::None, ..self }
    }

    /// Sending messages as the settings say.
    pub(crate) fn sending(self, settings: &str) -> Self {
        let named = &[
            ("DOSEBOOK_PUBLIC_URL", "https://book.example.kr"),
            ("DOSEBOOK_ISSUER_KO", "질병관리청"),
        ];
        Self { messages: Messages::Sent(settings.to_owned(), named), ..self }
    }

    /// Sending messages as those of a rehearsal, to this address.
    pub(crate) fn sending_to(self, gateway: SocketAddr) -> Self {
        let file = paths::root().join("scenarios/messages.toml");
        let settings = std::fs::read_to_string(file).expect("settings");
        let settings = settings.replace("127.0.0.1:8090", &gateway.to_string());
        // Messages name the address of the pages, and need not know it.
        let named = &[("DOSEBOOK_PUBLIC_URL", "http://127.0.0.1:8080")];
        Self { messages: Messages::Sent(settings, named), ..self }
    }

    /// Behind a proxy on this machine, whose word is taken for who asks.
    pub(crate) fn behind_proxy(self) -> Self {
        Self { is_behind_proxy: true, ..self }
    }

    /// As `behind_proxy`, for a crowd that comes from everywhere and asks for so many codes.
    pub(crate) fn for_crowd(self, codes_per_minute: u32) -> Self {
        Self { codes_per_minute: Some(codes_per_minute), ..self.behind_proxy() }
    }
}

impl Service {
    /// Starts it and waits until it answers and has counted who is eligible.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_as(data_dir, &Setup::default())
    }

    /// The same, set up like this.
    pub(crate) fn start_as(data_dir: &Path, setup: &Setup<'_>) -> Self {
        let mut program = program(data_dir);
        if let Some(url) = setup.url {
            program.env("DATABASE_URL", url);
        }
        if let Messages::Sent(settings, named) = &setup.messages {
            let file = data_dir.join("messages.toml");
            std::fs::write(&file, settings).expect("written");
            program.env("DOSEBOOK_MESSAGES", file).envs(named.iter().copied());
        }
        if setup.is_behind_proxy {
            program.env("DOSEBOOK_TRUSTED_PROXIES", "127.0.0.1");
        }
        if let Some(codes) = setup.codes_per_minute {
            program.env("DOSEBOOK_CODES_PER_MINUTE", codes.to_string());
        }
        let flags = if matches!(setup.messages, Messages::Shown) { SHOWN } else { &[] };
        let service = Self::spawn(data_dir, program, flags);
        service.await_eligible();
        service
    }

    /// Starts it and waits until it prints its address.
    pub(crate) fn launch(data_dir: &Path) -> Self {
        Self::spawn(data_dir, program(data_dir), SHOWN)
    }

    fn spawn(data_dir: &Path, mut program: Command, flags: &[&str]) -> Self {
        let log = File::options().create(true).append(true).open(data_dir.join("serve.log"));
        let mut process = program
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("the service starts");
        let stdout = process.stdout.take().expect("its output");
        let mut lines = BufReader::new(stdout).lines();
        let mut host = || {
            let line = lines.next().expect("an address").expect("readable");
            let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
            url.expect("an address").trim_end_matches("/dev/codes").to_owned()
        };
        let address = host().parse().expect("an address");
        let codes = if flags.is_empty() { String::new() } else { format!("http://{}", host()) };
        Self { process, address, codes }
    }

    fn await_eligible(&self) {
        let since = Instant::now();
        let request = SUPPLY.replace("gzip, deflate, br", "identity");
        while ask(self.address, &request).contains("\"eligible\":null") {
            assert!(since.elapsed() < READY_MAX, "the eligible are not counted");
            std::thread::sleep(POLL_PAUSE);
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its highest resident memory so far, in MB.
    pub(crate) fn memory_mb(&self) -> f64 {
        status_kib(self.pid(), "VmHWM:") * 1024.0 / 1e6
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        // By the shell itself: a bare Debian has no other `kill`.
        let kill = format!("kill -TERM {}", self.process.id());
        let asked = Command::new("sh").args(["-c", &kill]).status();
        assert!(asked.expect("a shell").success());
        assert!(self.process.wait().expect("an end").success(), "the service ends well");
    }
}

/// What the kernel counts of a process's memory under this name, in KiB.
pub(crate) fn status_kib(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program on a folder, without the settings of this environment.
pub(crate) fn program(data_dir: &Path) -> Command {
    let mut program = Command::new(paths::built().join("release/dosebook"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DOSEBOOK_") {
            program.env_remove(name);
        }
    }
    program.env_remove("DATABASE_URL").env_remove("RUST_LOG").arg("--data-dir").arg(data_dir);
    program
}

/// Loads the demonstration, unless it is there.
pub(crate) fn load_demonstration(data_dir: &Path, flags: &[&str]) {
    let output = program(data_dir).arg("demo").args(flags).output().expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// As `ask` with a limit for connecting and for each wait; the status and the body.
pub(crate) fn try_ask(
    address: SocketAddr,
    request: &str,
    limit: Duration,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(request.replacen("Host: ", "Connection: close\r\nHost: ", 1).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, body.to_owned()))
}

/// Sends one request on a connection of its own; returns the whole response.
pub(crate) fn ask(address: SocketAddr, request: &str) -> String {
    String::from_utf8_lossy(&ask_bytes(address, request)).into_owned()
}

pub(crate) fn ask_bytes(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the service answers");
    let closing = request.replacen("Host: ", "Connection: close\r\nHost: ", 1);
    stream.write_all(closing.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    answer
}
