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

impl Service {
    /// Starts it and waits until it answers and has counted who is eligible.
    pub(crate) fn start(data_dir: &Path) -> Self {
        let service = Self::launch(data_dir);
        service.await_eligible();
        service
    }

    /// The same, reaching the database by this URL.
    pub(crate) fn start_on(data_dir: &Path, url: &str) -> Self {
        let mut program = program(data_dir);
        program.env("DATABASE_URL", url);
        let service = Self::spawn(data_dir, program, SHOWN);
        service.await_eligible();
        service
    }

    /// As `start`, sending messages as the settings say.
    pub(crate) fn start_sending(data_dir: &Path, settings: &str) -> Self {
        let file = data_dir.join("messages.toml");
        std::fs::write(&file, settings).expect("written");
        let mut program = program(data_dir);
        program.env("DOSEBOOK_MESSAGES", file);
        program.env("DOSEBOOK_PUBLIC_URL", "https://book.example.kr");
        program.env("DOSEBOOK_ISSUER_KO", "질병관리청");
        let service = Self::spawn(data_dir, program, &[]);
        service.await_eligible();
        service
    }

    /// As `start_sending`, behind a proxy on this machine that says where requests come from, and
    /// with as many codes a minute as somebody can ask for.
    pub(crate) fn start_sending_behind_proxy(data_dir: &Path, settings: &str) -> Self {
        let file = data_dir.join("messages.toml");
        std::fs::write(&file, settings).expect("written");
        let mut program = program(data_dir);
        program.env("DOSEBOOK_MESSAGES", file);
        program.env("DOSEBOOK_PUBLIC_URL", "https://book.example.kr");
        program.env("DOSEBOOK_ISSUER_KO", "질병관리청");
        program.env("DOSEBOOK_TRUSTED_PROXIES", "127.0.0.1");
        program.env("DOSEBOOK_CODES_PER_MINUTE", "60000000");
        let service = Self::spawn(data_dir, program, &[]);
        service.await_eligible();
        service
    }

    /// As `start`, for a crowd that comes from everywhere through this machine, and whose codes go
    /// to this address.
    pub(crate) fn start_rehearsed(data_dir: &Path, gateway: SocketAddr) -> Self {
        let file = data_dir.join("messages.toml");
        let settings = std::fs::read_to_string(paths::root().join("scenarios/messages.toml"));
        let settings = settings.expect("settings").replace("127.0.0.1:8090", &gateway.to_string());
        std::fs::write(&file, settings).expect("written");
        let mut program = program(data_dir);
        program.env("DOSEBOOK_MESSAGES", file);
        // Messages name the address of the pages, and need not know it.
        program.env("DOSEBOOK_PUBLIC_URL", "http://127.0.0.1:8080");
        program.env("DOSEBOOK_TRUSTED_PROXIES", "127.0.0.1");
        program.env("DOSEBOOK_CODES_PER_MINUTE", "10000000");
        let service = Self::spawn(data_dir, program, &[]);
        service.await_eligible();
        service
    }

    /// As `start`, behind a proxy on this machine, whose word is taken for who asks.
    pub(crate) fn start_behind_proxy(data_dir: &Path) -> Self {
        let mut program = program(data_dir);
        program.env("DOSEBOOK_TRUSTED_PROXIES", "127.0.0.1");
        let service = Self::spawn(data_dir, program, SHOWN);
        service.await_eligible();
        service
    }

    /// As `start`, without any way for messages.
    pub(crate) fn start_silent(data_dir: &Path) -> Self {
        let service = Self::spawn(data_dir, program(data_dir), &[]);
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
