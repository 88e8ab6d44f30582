//! What the first page of administrators says.

texts! {
    admin_no_campaigns, "There is no campaign yet.", "아직 예약 회차가 없습니다.";
    admin_all_campaigns, "All campaigns, the newest first", "전체 예약 회차(최근 순)";
    admin_campaign, "Campaign", "회차";
    admin_booking_window, "Booking", "예약 기간";
    admin_window(from: &str, until: &str), "from {from} until {until}", "{from}부터 {until}까지";
    admin_draft, "draft", "초안";
    admin_published, "published", "공개됨";
    admin_open, "open", "예약 중";
    admin_paused, "paused", "일시 중지";
    admin_closed, "closed", "종료";
}
