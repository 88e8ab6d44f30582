//! docs/administrator.md, run by bash as it stands there, from an empty database: the service of
//! its first step, and all that follows beside it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command as Program, Stdio},
    time::Duration,
};

use data_encoding::HEXLOWER;
use tokio::process::Command;

use crate::support::{app::SECRET, database::TestDatabase};

const GUIDE: &str = include_str!("../../docs/administrator.md");
/// Stands alone on a line of the output before that of each block.
const MARK: &str = "--- the next block ---";
/// What a reader is told to look for.
const PRINTS: &str = "# prints ";
/// The whole of it takes seconds.
const SECONDS_MAX: Duration = Duration::from_secs(180);
/// From an empty database to an open campaign.
const COMMANDS_MAX: usize = 12;
const PASSWORD: &str = "correct horse battery staple";

fn blocks(guide: &str) -> Vec<&str> {
    let fenced = guide.split("```sh\n").skip(1);
    fenced.map(|block| block.split("\n```").next().expect("its end")).collect()
}

/// The numbers of the steps, in their order.
fn steps(guide: &str) -> Vec<usize> {
    let bold = guide.lines().filter_map(|line| line.strip_prefix("**")?.split_once(".**"));
    bold.filter_map(|(number, _)| number.parse().ok()).collect()
}

fn broken<'a>(block: &'a str, output: &str) -> Vec<&'a str> {
    let promises = block.lines().filter_map(|line| line.strip_prefix(PRINTS));
    promises.filter(|promise| !output.contains(promise)).collect()
}

/// The service that the first step starts.
struct Service {
    process: Child,
    url: String,
    codes_url: String,
}

impl Service {
    /// Runs the block as it stands, on a database and free ports of the test.
    fn start(block: &str, folder: &Path, variables: &[(&str, String)]) -> Self {
        let mut process = Program::new("bash")
            .args(["-euc", &format!("exec {block}")])
            .current_dir(folder)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let addresses = lines.take(2).filter_map(|line| {
            let line = line.expect("readable");
            let at = line.find("http://")?;
            let address = line[at..].split_whitespace().next()?;
            Some(address.trim_end_matches("/dev/codes").to_owned())
        });
        let addresses: Vec<_> = addresses.collect();
        let [url, codes_url] = addresses.try_into().expect("two addresses");
        Self { process, url, codes_url }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn the_guide_leads_from_nothing_to_a_booking() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let program = Path::new(env!("CARGO_BIN_EXE_dosebook"));
    let path = std::env::var("PATH").unwrap_or_default();
    let variables = [
        ("PATH", format!("{}:{path}", program.parent().expect("its folder").display())),
        ("DATABASE_URL", database.url()),
        ("DOSEBOOK_SECRET", HEXLOWER.encode(&SECRET)),
        ("DOSEBOOK_LISTEN", "127.0.0.1:0".to_owned()),
        ("DOSEBOOK_CODES_LISTEN", "127.0.0.1:0".to_owned()),
        ("ADMIN_PASSWORD", PASSWORD.to_owned()),
        ("no_proxy", "127.0.0.1".to_owned()),
    ];
    let blocks = blocks(GUIDE);
    let (serve, rest) = blocks.split_first().expect("the first step");
    let service = Service::start(serve, folder.path(), &variables);

    let script = rest.iter().map(|block| format!("echo '{MARK}'\n{block}\n"));
    let (printed, asked) = (folder.path().join("printed"), folder.path().join("typed"));
    // What is typed where a password is asked for.
    fs::write(&asked, format!("{PASSWORD}\n")).expect("written");
    let file = File::create(&printed).expect("a file for what is printed");
    let mut bash = Command::new("bash")
        .args(["-euc", &script.collect::<String>()])
        .current_dir(folder.path())
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .env("URL", &service.url)
        .env("CODES_URL", &service.codes_url)
        .stdin(File::open(&asked).expect("what is typed"))
        .stderr(file.try_clone().expect("the same file"))
        .stdout(file)
        .kill_on_drop(true)
        .spawn()
        .expect("bash");
    let done = tokio::time::timeout(SECONDS_MAX, bash.wait()).await;
    let output = fs::read_to_string(&printed).expect("what was printed");
    let is_done = matches!(done, Ok(Ok(status)) if status.success());
    assert!(is_done, "{done:?}\n{output}");
    let outputs: Vec<&str> = output.split(MARK).skip(1).collect();
    assert_eq!(outputs.len(), rest.len());
    for (block, output) in rest.iter().zip(outputs) {
        let broken = broken(block, output);
        assert!(broken.is_empty(), "{block}\ndoes not print {broken:?} but\n{output}");
    }
}

#[test]
fn a_campaign_is_open_after_twelve_commands() {
    let (until_open, _) = GUIDE.split_once("\n## The first booking\n").expect("a booking");
    let steps = steps(until_open);
    assert_eq!(steps, (1..=steps.len()).collect::<Vec<_>>(), "in order, none left out");
    assert!((8..=COMMANDS_MAX).contains(&steps.len()), "{steps:?}");
    let commands = until_open.lines().filter(|line| {
        ["dosebook ", "as_admin /", "TOKEN=$("].iter().any(|start| line.starts_with(start))
    });
    assert_eq!(commands.count(), steps.len(), "a step is one command");
    let promises = GUIDE.lines().filter(|line| line.starts_with(PRINTS)).count();
    assert!(promises >= 25, "{promises}");
}

#[test]
fn a_promise_that_is_not_kept_is_noticed() {
    let guide = "# x\n\n**1.** a\n\n```sh\na\n# prints b\n# prints c\n```\n\n**Later.** d\n";
    assert_eq!(blocks(guide), ["a\n# prints b\n# prints c"]);
    assert_eq!(steps(guide), [1]);
    assert_eq!(broken(blocks(guide)[0], "xbx"), ["c"]);
    assert!(broken(blocks(guide)[0], "c\nb").is_empty());
}
