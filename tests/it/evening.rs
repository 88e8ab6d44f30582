//! `make evening`, small and soon: README's first command does what it says.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    net::TcpListener,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::time::sleep;

/// Loading the register takes most of it, on a machine that does other things too.
const SECONDS_MAX: Duration = Duration::from_secs(180);

/// Where the script makes its own folder, in that of the test.
const OWN: &str = "own";

/// The script on free ports, with what it prints in a file.
struct Evening {
    script: Child,
    folder: TempDir,
    listen: String,
}

impl Evening {
    fn begin() -> Self {
        // PostgreSQL's user must get through, also when the tests run as root.
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).expect("set");
        let own = folder.path().join(OWN);
        DirBuilder::new().mode(0o711).create(&own).expect("a folder in it");
        let [listen, gateway] = free_addresses();
        let printed = File::create(folder.path().join("printed")).expect("a file");
        let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/evening"));
        script
            .arg(env!("CARGO_BIN_EXE_dosebook"))
            .envs([("DOSEBOOK_SHARE", "0.001"), ("DOSEBOOK_OPENS_IN", "20")])
            .env("DOSEBOOK_LISTEN", &listen)
            .env("DOSEBOOK_GATEWAY", gateway)
            .env("DOSEBOOK_REPORT", folder.path().join("report.html"))
            .env("TMPDIR", own)
            .env_remove("DATABASE_URL")
            .stderr(printed.try_clone().expect("the same file"))
            .stdout(printed)
            .stdin(Stdio::null());
        Self { script: script.spawn().expect("the script"), folder, listen }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn printed(&self) -> String {
        fs::read_to_string(self.path("printed")).expect("what is printed")
    }

    /// Waits until this is printed.
    async fn says(&mut self, words: &str) {
        let since = Instant::now();
        while !self.printed().contains(words) {
            let ended = self.script.try_wait().expect("a child");
            let is_late = since.elapsed() > SECONDS_MAX;
            assert!(ended.is_none() && !is_late, "no {words:?}: {ended:?}\n{}", self.printed());
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// As Ctrl-C does. Whether it ended well.
    fn end(&mut self) -> bool {
        let kill = format!("kill -TERM {}", self.script.id());
        let asked = Command::new("sh").args(["-c", &kill]).status();
        asked.is_ok() && self.script.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Evening {
    fn drop(&mut self) {
        if matches!(self.script.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

fn free_addresses() -> [String; 2] {
    let bound = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    bound.map(|listener| listener.local_addr().expect("an address").to_string())
}

/// How many it says of this.
fn figure(printed: &str, name: &str) -> Option<u32> {
    let mut lines = printed.lines().map(str::split_whitespace);
    let line = lines.find_map(|mut words| (words.next() == Some(name)).then_some(words));
    line?.next()?.replace(',', "").parse().ok()
}

#[tokio::test]
async fn the_evening_says_where_to_look_and_people_book_and_nothing_is_left_behind() {
    let mut evening = Evening::begin();
    let page = format!("http://{}/en", evening.listen);
    evening.says(&format!("Watch it:  {page} ")).await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert_eq!(http.get(&page).send().await.expect("an answer").status(), 200);

    let report = evening.path("report.html");
    evening.says(&format!("The report: {}\n", report.display())).await;
    let printed = evening.printed();
    let arrived = figure(&printed, "arrivals");
    assert!(arrived.is_some_and(|people| (390..400).contains(&people)), "{printed}");
    assert!(figure(&printed, "booked").is_some_and(|booked| booked > 300), "{printed}");
    assert!(printed.contains("whole journeys by the pages"), "{printed}");
    assert!(fs::read_to_string(report).expect("it").contains("Every promise was kept"));
    assert_eq!(http.get(&page).send().await.expect("it stays up").status(), 200);

    assert!(evening.end(), "{}", evening.printed());
    assert!(http.get(&page).send().await.is_err(), "it is down");
    let left = fs::read_dir(evening.path(OWN)).expect("its folder").count();
    assert_eq!(left, 0, "what it started and made is gone");
}

#[test]
fn a_figure_is_read_from_its_line() {
    let printed = "  arrivals                          397\n  booked   1,395   5 of them\n";
    assert_eq!((figure(printed, "booked"), figure(printed, "arrivals")), (Some(1_395), Some(397)));
    assert_eq!(figure(printed, "lost"), None);
}
