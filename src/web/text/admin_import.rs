//! What the pages of files say.

use super::Texts;
use crate::domain::import::Kind;

texts! {
    import_of_register, "Register of people", "명부";
    import_of_roster, "Lists of people", "명단(사람)";
    import_of_clinics, "List of clinics", "접종기관 목록";
    import_of_slots, "Slots", "예약 시간대";
    import_of_allocations, "Allocations", "배정";
    import_of_hours, "Opening hours", "운영 시간";
    import_of_regions, "Regions", "지역 목록";
    import_of_users, "Users of clinics", "사용자 목록";
    import_why_register,
        "Who may become a citizen of a campaign. People who are known are changed, others are \
         added; nobody is removed.",
        "예약 대상이 될 수 있는 사람들입니다. 이미 있는 분은 고치고 없는 분은 추가하며, 아무도 지우지 않습니다.";
    import_why_roster,
        "Which people of the register are on which list.",
        "명부에 있는 분 가운데 누가 어느 명단에 드는지입니다.";
    import_why_clinics,
        "Where doses are given. Clinics that are known by their code are changed, others are \
         added.",
        "접종하는 곳입니다. 코드가 같은 접종기관은 고치고 없는 곳은 추가합니다.";
    import_why_slots,
        "Times with a number of people, at a clinic. The slots of a day become those of the file.",
        "접종기관의 시간대와 인원입니다. 파일에 있는 날의 시간대를 파일대로 맞춥니다.";
    import_why_allocations,
        "How many doses go from a pool to which clinic for which day. The file adds: the same file \
         is not loaded twice.",
        "어느 물량에서 어느 접종기관의 어느 날로 몇 회분을 배정하는지입니다. 더하는 파일이라 같은 파일은 두 번 \
         반영하지 않습니다.";
    import_why_hours,
        "When clinics are open. Their slots are made of it.",
        "접종기관이 여는 시간입니다. 이것으로 시간대를 만듭니다.";
    import_why_regions, "Provinces and their districts.", "시도와 시군구입니다.";
    import_why_users,
        "Who signs in by a password. Each is invited; the invitations are shown once, after \
         loading.",
        "비밀번호로 로그인하는 사람입니다. 한 사람씩 초대하며, 초대장은 반영한 뒤 한 번만 보여 줍니다.";
    import_send_heading, "Send a file", "파일 보내기";
    import_send_title(kind: &str), "Load a file: {kind}", "파일 반영: {kind}";
    import_two_presses,
        "The first press tries the file and changes nothing. You see what it would do, and load \
         it by a second press.",
        "처음에는 시험만 하고 아무것도 바꾸지 않습니다. 결과를 보신 뒤 한 번 더 눌러 반영합니다.";
    import_kept(minutes: i64),
        "A file is kept for {minutes} minutes after the last press.",
        "파일은 마지막으로 누르신 뒤 {minutes}분 동안 보관합니다.";
    import_file, "File", "보낼 파일";
    import_file_hint, "CSV or XLSX, up to 1 GiB.", "CSV 또는 XLSX, 1GiB까지.";
    import_no_file, "Choose a file.", "파일을 골라 주십시오.";
    import_sheets, "The workbook has several sheets", "시트가 여럿인 파일";
    import_sheet, "Sheet of the workbook", "엑셀 시트 이름";
    import_sheet_hint, "Empty is the first one.", "비워 두면 첫 시트를 읽습니다.";
    import_remove_missing,
        "Remove slots of these days that the file does not name",
        "파일의 날짜에서 파일에 없는 시간대를 지웁니다";
    import_try, "Try it", "시험하기";
    import_in_order,
        "In the order in which an empty service needs them. What a file makes can mostly be typed \
         on a page too.",
        "처음 시작할 때 필요한 순서입니다. 파일 대신 화면에서 입력할 수 있는 것도 많습니다.";
    import_headings,
        "The first row holds the headings, in any order: the English word, or one of those below \
         it.",
        "첫 행에는 제목을 적습니다. 순서는 상관없고, 영어 이름이나 그 아래 적힌 말 가운데 하나를 씁니다.";
    import_next(what: &str), "Go on: {what}", "다음으로: {what}";
    import_invitations_how,
        "Each is a link: copy its address, and the user has only to choose a password.",
        "초대장은 링크이기도 합니다. 링크 주소를 복사해 전하면 비밀번호만 정하면 됩니다.";
    import_columns, "What belongs in the file", "파일에 넣을 것";
    import_columns_caption, "Columns of the file", "파일의 열";
    import_column, "Column", "열";
    import_need_column, "Needed", "필수";
    import_form_column, "What stands there", "적는 내용";
    import_example_column, "Example", "보기";
    import_template_xlsx, "Workbook to fill in (XLSX)", "채워 넣을 엑셀 파일(XLSX)";
    import_template_csv, "Text file to fill in (CSV)", "채워 넣을 텍스트 파일(CSV)";
    import_kind_column, "Kind of file", "파일 종류";
    import_outcome_column, "Outcome", "결과";
    import_all_kinds, "All kinds", "모든 종류";
    import_tried_line(new: &str, changed: &str, rejected: &str),
        "tried: {new} new, {changed} changed, {rejected} rejected",
        "시험: 추가 {new}행, 변경 {changed}행, 제외 {rejected}행";
    import_loaded_line(new: &str, changed: &str, rejected: &str),
        "loaded: {new} new, {changed} changed, {rejected} left out",
        "반영: 추가 {new}행, 변경 {changed}행, 제외 {rejected}행";
    import_jobs, "Files that are kept now", "지금 보관 중인 파일";
    import_earlier, "Earlier files", "이전 파일";
    import_earlier_caption,
        "Files that were loaded or tried, the newest first",
        "반영하거나 시험한 파일(최근 순)";
    import_none, "No file yet.", "아직 파일이 없습니다.";
    import_file_of(kind: &str), "File: {kind}", "파일: {kind}";
    import_file_name, "Name of the file", "파일 이름";
    import_without_name, "without a name", "이름 없음";
    import_bytes, "Bytes", "바이트";
    import_sent_at, "Sent", "보낸 시각";
    import_read_as, "Read as", "읽은 방식";
    import_as_workbook, "workbook", "엑셀 통합 문서";
    import_as_text(encoding: &str), "text in {encoding}", "{encoding} 텍스트";
    import_fingerprint, "Fingerprint", "지문(SHA-256 앞부분)";
    import_file_not_kept,
        "Files are not kept: only what became of them.",
        "파일 자체는 보관하지 않고 결과만 남깁니다.";
    import_running, "under way", "처리 중";
    import_tried, "tried, not loaded", "시험함, 반영 전";
    import_loaded, "loaded", "반영함";
    import_refused, "not loaded", "반영하지 않음";
    import_failed, "failed", "실패";
    import_reading(read: &str, all: &str),
        "{read} of {all} bytes are read.",
        "{all}바이트 가운데 {read}바이트를 읽었습니다.";
    import_checking,
        "All of it is read. It is being checked and written.",
        "모두 읽었습니다. 점검하고 쓰는 중입니다.";
    import_ready, "It is ready. Look at the page again.", "끝났습니다. 화면을 다시 불러와 주십시오.";
    import_leave,
        "You can leave this page and come back to it: it is in the list of files.",
        "이 화면을 떠났다가 파일 목록에서 다시 돌아올 수 있습니다.";
    import_tried_why,
        "The file was tried and taken back: nothing is changed yet. This is what it would do.",
        "파일을 시험한 뒤 되돌렸습니다. 아직 바뀐 것이 없습니다. 반영하면 이렇게 됩니다.";
    import_loaded_why, "The file is loaded.", "파일을 반영했습니다.";
    import_nothing_changed, "Nothing was changed.", "바뀐 것이 없습니다.";
    import_failed_why,
        "The service could not finish. Nothing was changed. Try it again.",
        "처리를 마치지 못했습니다. 바뀐 것이 없습니다. 다시 시도해 주십시오.";
    import_not_known, "not known whether it is loaded", "반영 여부 확인 안 됨";
    import_not_known_why,
        "The service could not finish, and it is not known whether the file was loaded. Try it \
         again: that is safe and shows what is still to be loaded. The same file is loaded once.",
        "처리를 마치지 못해 파일이 반영되었는지 알 수 없습니다. 다시 시험해 보십시오. 시험해도 바뀌는 것은 없으며, 더 반영할 것이 남았는지 \
         알 수 있습니다. 같은 파일은 한 번만 반영됩니다.";
    import_not_known_users,
        "If users were added by it, nobody has seen their invitations: invite each anew on the \
         page of users.",
        "이때 추가된 사용자의 초대장은 아무도 보지 못했습니다. 사용자 화면에서 다시 초대해 주십시오.";
    import_load(rows: &str), "Load it: {rows} rows", "{rows}행 반영하기";
    import_load_why,
        "It is loaded only if it still does exactly this.",
        "지금도 똑같은 결과일 때만 반영합니다.";
    import_partial, "Try it without the rejected rows", "제외된 행을 빼고 시험하기";
    import_partial_why,
        "Better is a mended file. Without them the good rows can be loaded now, and the rest \
         later.",
        "파일을 고치는 것이 좋습니다. 지금 바른 행만 반영하고 나머지를 나중에 반영할 수도 있습니다.";
    import_again, "Try it once more all the same", "그래도 다시 시험하기";
    import_again_why,
        "Loading these rows again adds their doses a second time.",
        "같은 행을 다시 반영하면 그만큼 백신이 한 번 더 더해집니다.";
    import_meant, "Yes, this is meant", "네, 의도한 것입니다";
    import_confirm(figure: &str),
        "Type the figure {figure} if this is meant",
        "의도한 것이라면 숫자 {figure}을(를) 적어 주십시오";
    import_confirm_hint, "It asks because it is far more than usual.", "평소보다 훨씬 많아 여쭙습니다.";
    import_confirm_wrong, "This is not the figure that stands there.", "적힌 숫자와 다릅니다.";
    import_try_again, "Try again", "다시 시험하기";
    import_discard, "Throw away the copy of the file", "보관 중인 파일 버리기";
    import_discarded, "The copy of the file is thrown away. What was loaded stays.",
        "보관 중이던 파일을 버렸습니다. 반영한 내용은 그대로입니다.";
    import_other_file, "Send another file", "다른 파일 보내기";
    import_in_the_list, "Its entry among the files", "파일 목록의 기록 보기";
    import_the_file, "The file that was sent", "보내신 파일";
    import_gone, "This file is not here any more", "이 파일은 남아 있지 않습니다";
    import_press_undone,
        "This press did nothing: nothing was tried, loaded or changed by it.",
        "방금 누르신 것은 처리되지 않았습니다. 시험도 반영도 하지 않았고 바뀐 것이 없습니다.";
    import_elsewhere,
        "Another process of this service has the file, or the service has been started anew since. \
         Looking again may reach the process that has it.",
        "파일을 이 서비스의 다른 프로세스가 가지고 있거나, 그 사이에 서비스가 다시 시작되었습니다. 다시 보면 파일이 있는 프로세스로 연결될 수 있습니다.";
    import_time_over(minutes: i64),
        "It was thrown away, or nobody pressed anything for {minutes} minutes.",
        "파일을 버렸거나, {minutes}분 동안 아무도 누르지 않았습니다.";
    import_gone_then,
        "The way on is to send the file again. What was loaded stays loaded, and the list says so: \
         a file that is loaded already is known by its content.",
        "파일을 다시 보내면 됩니다. 이미 반영한 것은 그대로이며 목록에서 확인하실 수 있습니다. 같은 내용의 파일은 이미 반영한 파일로 알아봅니다.";
    import_send_again, "Send the file again", "파일 다시 보내기";
    import_to_entries, "What became of earlier files", "이전 파일의 결과";
    import_rows_read, "Rows", "전체 행";
    import_rows_new, "New", "추가한 행";
    import_rows_changed, "Changed", "변경한 행";
    import_rows_same, "As it was already", "그대로";
    import_rows_rejected, "Rejected", "제외";
    import_rows_missing, "Known, but not in the file", "파일에 없는 기존 자료";
    import_slots_added, "Slots added", "추가한 시간대";
    import_slots_removed, "Slots removed", "지운 시간대";
    import_slots_kept, "Slots kept because people are booked there", "예약이 있어 남긴 시간대";
    import_bookings_hit, "Appointments that lose their time", "시간을 잃는 예약";
    import_warnings, "Rows to look at", "살펴볼 행";
    import_warnings_heading, "Rows that are taken, but look wrong", "반영하지만 살펴볼 행";
    import_warnings_caption, "The first rows with a warning", "살펴볼 행(앞부분)";
    import_rejects, "Rejected rows", "제외된 행";
    import_rejects_caption, "Rows that cannot be loaded, and why", "반영할 수 없는 행과 그 까닭";
    import_rejects_csv, "All listed rows as a file (CSV)", "제외된 행을 파일로 받기(CSV)";
    import_rejects_shown(shown: &str, all: &str),
        "The first {shown} of {all} are shown here.",
        "{all}행 가운데 앞의 {shown}행입니다.";
    import_line, "Line", "행 번호";
    import_code, "Code", "코드";
    import_fault_column, "What is wrong", "까닭";
    import_invitations, "Invitations", "초대장";
    import_invitations_why,
        "They are shown here and nowhere else. Hand each to its user.",
        "여기에서만 볼 수 있습니다. 각 사용자에게 전해 주십시오.";
    import_invitations_caption, "Invitations of the users who were added", "추가한 사용자의 초대장";
}

impl Texts {
    /// What a kind of file is called.
    pub fn import_kind(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Register => self.import_of_register(),
            Kind::Roster => self.import_of_roster(),
            Kind::Clinics => self.import_of_clinics(),
            Kind::Slots => self.import_of_slots(),
            Kind::Allocations => self.import_of_allocations(),
            Kind::Hours => self.import_of_hours(),
            Kind::Regions => self.import_of_regions(),
            Kind::Users => self.import_of_users(),
        }
    }

    /// What a kind of file does.
    pub fn import_why(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Register => self.import_why_register(),
            Kind::Roster => self.import_why_roster(),
            Kind::Clinics => self.import_why_clinics(),
            Kind::Slots => self.import_why_slots(),
            Kind::Allocations => self.import_why_allocations(),
            Kind::Hours => self.import_why_hours(),
            Kind::Regions => self.import_why_regions(),
            Kind::Users => self.import_why_users(),
        }
    }
}
