//! What is large or hostile takes no more memory than a small file, and ends with a clear no.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::{REGISTER, people};
use crate::support::{TestApp, app::SECRET, make, until};

/// Of the files: more than they may take.
const FILE_BYTES: usize = 64 << 20;
/// Above what a small file takes.
const MORE_BYTES_MAX: u64 = 32 << 20;

/// Loads the file with the command; answers the most memory that it had, in bytes, and what it
/// printed.
async fn load(app: &TestApp, path: &Path) -> (u64, String) {
    let folder = tempfile::tempdir().unwrap();
    let printed = folder.path().join("printed");
    let mut process = Command::new(env!("CARGO_BIN_EXE_dosebook"))
        .args(["import", "register", "--partial"])
        .arg(path)
        .env("DATABASE_URL", app.database.url())
        .env("DOSEBOOK_SECRET", data_encoding::HEXLOWER.encode(&SECRET))
        .env("DOSEBOOK_DATA_DIR", folder.path())
        .stdout(std::fs::File::create(&printed).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", process.id());
    let mut most = 0;
    until(|| {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes = kilobytes.and_then(|text| text.trim().parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or(0) * 1024);
        process.try_wait().unwrap().is_some()
    })
    .await;
    (most, std::fs::read_to_string(&printed).unwrap())
}

#[tokio::test]
async fn a_hostile_file_takes_no_more_memory_than_a_small_one() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.csv");
    std::fs::write(&path, REGISTER).unwrap();
    let (usual, printed) = load(&app, &path).await;
    assert!(printed.contains("2 accepted"), "the control: {printed}");
    assert!(usual > 1 << 20, "the memory is seen: {usual}");

    let columns = format!("A,1962-03-01,010-1234-5678,P1D1{}\n", ",x".repeat(10_000));
    let open = format!("\"{}\n", "x".repeat(3_000));
    for (what, unit, expected) in [
        ("one line", "x", "A row has at most"),
        ("ten thousand columns", columns.as_str(), "malformed_row"),
        ("quotes that stay open", open.as_str(), "A quote is opened and not closed"),
    ] {
        let mut file = "name,birth_date,phone,region_code\n".to_owned();
        while file.len() < FILE_BYTES {
            file.push_str(unit);
        }
        std::fs::write(&path, &file).unwrap();
        drop(file);
        let (most, printed) = load(&app, &path).await;
        assert!(printed.contains(expected), "{what}: {printed}");
        assert!(printed.contains("Nothing was changed."), "{what}");
        assert!(most < usual + MORE_BYTES_MAX, "{what}: {most} beside {usual}");
    }
    assert_eq!(people(&app.db).await, 22, "nothing half done");
}
