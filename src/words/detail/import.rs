//! Why a file that could be read is not loaded as it stands, and what to do if it is meant.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{
        ImportId,
        import::{
            Counts,
            brake::{Excess, What},
        },
        language::Language,
    },
    words::{date::instant, number::count},
};

pub(super) fn already_loaded(
    language: Language,
    import_id: ImportId,
    at: DateTime<Utc>,
    by: Option<&str>,
) -> String {
    let at = instant(language, at, Tz::UTC);
    let by = match by {
        Some(name) => say!(language, "by {name}", "사용자 {name}"),
        None => say!(language, "by the command", "명령줄"),
    };
    say!(
        language,
        "What this file says was loaded before: import {import_id}, on {at}, {by}. Loaded again, \
         it would add the same doses once more. If that is meant, send again=true (--again).",
        "같은 내용의 파일이 이미 반영되었습니다. 등록 번호 {import_id}, {at}, {by}. \
         다시 반영하면 같은 수량이 한 번 더 배정됩니다. 그렇게 하시려면 again=true(--again)를 함께 \
         보내 주십시오."
    )
}

pub(super) fn other_file_than_tried(language: Language) -> String {
    say!(
        language,
        "The dry run was made with another file. Make one with this file first.",
        "시험 실행에 쓴 파일과 다른 파일입니다. 이 파일로 먼저 시험 실행을 해 주십시오."
    )
}

pub(super) fn changed_since_dry_run(language: Language, then: &Counts, now: &Counts) -> String {
    let pairs = [
        (("accepted", "신규"), then.rows_accepted, now.rows_accepted),
        (("changed", "변경"), then.rows_changed, now.rows_changed),
        (("unchanged", "동일"), then.rows_unchanged, now.rows_unchanged),
        (("rejected", "제외"), then.rows_rejected, now.rows_rejected),
    ];
    let differing = pairs.into_iter().filter(|(_, then, now)| then != now);
    let said: Vec<_> = differing
        .map(|((english, korean), then, now)| {
            let (then, now) = (count(then), count(now));
            say!(language, "{english} {now}, not {then}", "{korean} {then}행에서 {now}행")
        })
        .collect();
    if said.is_empty() {
        return say!(
            language,
            "Since the dry run something has changed: other rows are rejected. Nothing was \
             loaded. Look at the rows, and make a new dry run.",
            "시험 실행 뒤에 상황이 바뀌어 제외되는 행이 달라졌습니다. 아무것도 반영하지 않았습니다. \
             제외된 행을 확인하고 다시 시험 실행을 해 주십시오."
        );
    }
    let said = said.join("; ");
    say!(
        language,
        "Since the dry run something has changed. Rows would be: {said}. Nothing was loaded. Make \
         a new dry run.",
        "시험 실행 뒤에 상황이 바뀌어 결과가 달라집니다. {said}. 아무것도 반영하지 않았습니다. 다시 \
         시험 실행을 해 주십시오."
    )
}

pub(super) fn far_more(language: Language, shares: &[Excess], confirm: u64) -> String {
    let said: Vec<_> = shares.iter().map(|one| share(language, one)).collect();
    let said = said.join("; ");
    say!(
        language,
        "This is far more than files usually do: {said}. Nothing was loaded. If it is meant, send \
         the file again with confirm={confirm} (--confirm {confirm}).",
        "평소의 파일보다 훨씬 많습니다. {said}. 아무것도 반영하지 않았습니다. 맞는 파일이면 \
         confirm={confirm}(--confirm {confirm})을 함께 보내 주십시오."
    )
}

fn share(language: Language, Excess { what, rows, of, percent_max }: &Excess) -> String {
    let (rows, of) = (count(*rows), count(*of));
    match what {
        What::Changed => say!(
            language,
            "{rows} of {of} that are known would change (limit {percent_max} %)",
            "이미 있는 {of}건 가운데 {rows}건 변경(한도 {percent_max}%)"
        ),
        What::Rejected => say!(
            language,
            "{rows} of {of} rows would be left out (limit {percent_max} %)",
            "{of}행 가운데 {rows}행 제외(한도 {percent_max}%)"
        ),
        What::Missing => say!(
            language,
            "{rows} of {of} that are known are not in the file (limit {percent_max} %)",
            "이미 있는 {of}건 가운데 {rows}건이 파일에 없음(한도 {percent_max}%)"
        ),
        What::Repeated => say!(
            language,
            "{rows} of {of} rows were loaded before, word for word (limit {percent_max} %)",
            "{of}행 가운데 {rows}행은 이미 반영된 행과 동일(한도 {percent_max}%)"
        ),
    }
}
