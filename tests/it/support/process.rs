//! `dosebook serve` as a process of its own.

use std::{
    fmt::Display,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use super::{
    app::{SECRET, WAIT_MS},
    database::TestDatabase,
};

/// A service in another process; killed when dropped.
pub struct Service {
    process: Child,
    pub url: String,
    /// Its log, where it is not shown with the test's own output.
    pub log: Option<ChildStderr>,
}

impl Service {
    /// With a private PostgreSQL in the folder.
    pub fn private(data_dir: &Path) -> Self {
        Self::start(Command::new(program()).env_remove("DATABASE_URL"), data_dir)
    }

    /// On the database of a test, stepped down from its superuser.
    pub fn on(database: &TestDatabase, data_dir: &Path) -> Self {
        Self::start(Command::new(program()).env("DATABASE_URL", database.url()), data_dir)
    }

    /// As `on`, with its log in JSON for the test to read.
    pub fn logging(database: &TestDatabase, data_dir: &Path) -> Self {
        let mut command = Command::new(program());
        command.env("DATABASE_URL", database.url()).env("DOSEBOOK_LOG_FORMAT", "json");
        Self::start(command.stderr(Stdio::piped()), data_dir)
    }

    /// As `on`, sending messages as the file says, with these variables in its environment.
    pub fn sending(
        database: &TestDatabase,
        data_dir: &Path,
        messages: &Path,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(program());
        command
            .env("DATABASE_URL", database.url())
            .env("DOSEBOOK_MESSAGES", messages)
            .env("DOSEBOOK_PUBLIC_URL", "https://book.example.kr")
            .env("DOSEBOOK_ISSUER", "KDCA")
            .env("DOSEBOOK_ISSUER_KO", "질병관리청")
            .envs(variables.iter().copied());
        Self::start(&mut command, data_dir)
    }

    /// As `on`, or as `private` without a database; with one-time codes shown on this machine, and
    /// for clients from wherever they say.
    pub fn showing_codes(database: Option<&TestDatabase>, data_dir: &Path) -> Self {
        let mut command = Command::new(program());
        match database {
            Some(database) => command.env("DATABASE_URL", database.url()),
            None => command.env_remove("DATABASE_URL"),
        };
        command.envs([
            ("DOSEBOOK_SHOW_CODES", "true"),
            ("DOSEBOOK_CODES_LISTEN", "127.0.0.1:0"),
            ("DOSEBOOK_TRUSTED_PROXIES", "127.0.0.1"),
        ]);
        Self::start(&mut command, data_dir)
    }

    /// As `on`, with a folder of its own for what has no place yet.
    pub fn spooling(database: &TestDatabase, data_dir: &Path, temp_dir: &Path) -> Self {
        let mut command = Command::new(program());
        command.env("DATABASE_URL", database.url()).env("TMPDIR", temp_dir);
        Self::start(&mut command, data_dir)
    }

    /// Of the process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn start(command: &mut Command, data_dir: &Path) -> Self {
        let secret = data_encoding::HEXLOWER.encode(&SECRET);
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--secret", &secret, "--data-dir"])
            .arg(data_dir)
            .env("DOSEBOOK_WAIT_MS", WAIT_MS.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let stdout = process.stdout.take().expect("its output");
        let line = BufReader::new(stdout).lines().next().expect("a line").expect("readable");
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let (url, log) = (url.expect("an address").to_owned(), process.stderr.take());
        Self { process, url, log }
    }

    /// With SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("dead");
    }
}

/// Kills a process that is not a child. By the shell itself: a bare Debian has no other `kill`.
pub fn kill_9(pid: impl Display) {
    let killed = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status();
    assert!(killed.expect("a shell").success(), "kill -9 {pid}");
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_dosebook")
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
