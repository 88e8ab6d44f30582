//! What the first page of administrators says of campaigns.

texts! {
    admin_campaign, "Campaign", "접종 사업";
    admin_window(from: &str, until: &str), "from {from} until {until}", "{from}부터 {until}까지";
    admin_draft, "draft", "초안";
    admin_published, "published", "공개됨";
    admin_open, "open", "예약 진행 중";
    admin_paused, "paused", "멈춤";
    admin_closed, "closed", "종료됨";
}
