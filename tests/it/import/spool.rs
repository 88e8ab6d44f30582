//! Files that are being taken in have no name on the disk, and are gone with whoever takes them.

use std::{io, path::Path};

use futures_util::stream;
use reqwest::Method;
use tokio::sync::oneshot;

use super::{REGISTER, all_counts, people};
use crate::support::{TestApp, make, process::Service, until};

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Bytes in files below the folder that the process has open and that have no name.
fn nameless(process: u32, folder: &Path) -> Option<u64> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let folder = folder.to_str().unwrap();
    open.filter_map(Result::ok).find_map(|file| {
        let to = std::fs::read_link(file.path()).ok()?;
        let to = to.to_str()?;
        let is_here = to.starts_with(folder) && to.ends_with(" (deleted)");
        is_here.then(|| std::fs::metadata(file.path()).map_or(0, |meta| meta.len()))
    })
}

#[tokio::test]
async fn a_file_leaves_nothing_behind_whatever_becomes_of_it() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let (data, temp) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut service = Service::spooling(&app.database, data.path(), temp.path());
    let admin = app.admin().await.at(&service.url);
    let path = "/v1/admin/imports/register";

    let answer = admin.request(Method::POST, path).body("text/csv", REGISTER).send().await;
    assert_eq!(all_counts(&answer.ok(200)), [2, 0, 0, 0], "a load");
    assert!(entries(temp.path()).is_empty());
    let bad = "name,birth_date,phone,region_code\nPark Doyun,1962-02-30,01011112222,P1D1\n";
    let answer = admin.request(Method::POST, path).body("text/csv", bad).send().await;
    answer.problem(422, "rows_rejected");
    assert!(entries(temp.path()).is_empty(), "a refusal");

    // A client that goes away; a second one, and then the process dies.
    for dies in [false, true] {
        let (go, gone) = oneshot::channel::<()>();
        // More than is read ahead before anybody takes it in.
        let part = format!("{REGISTER}{}", " ".repeat(100 * 1024));
        let written = u64::try_from(part.len()).unwrap();
        let first = stream::iter([Ok::<_, io::Error>(part)]);
        let last = stream::once(async move {
            let _ = gone.await;
            Err(io::Error::other("the client goes away"))
        });
        let body = reqwest::Body::wrap_stream(futures_util::StreamExt::chain(first, last));
        let request = admin.request(Method::POST, path).body("text/csv", body);
        let sending = tokio::spawn(request.try_send());
        until(|| nameless(service.id(), temp.path()) == Some(written)).await;
        assert!(entries(temp.path()).is_empty(), "while it is taken in");
        if dies {
            service.kill();
            let _ = go.send(());
        } else {
            let _ = go.send(());
            until(|| nameless(service.id(), temp.path()).is_none()).await;
        }
        assert!(sending.await.unwrap().is_err(), "no answer");
        assert!(entries(temp.path()).is_empty());
    }
    assert_eq!(people(&app.db).await, 22, "half a file is none");
}
