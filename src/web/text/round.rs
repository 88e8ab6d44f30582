//! What is said of a booking round, before anybody signs in.

texts! {
    tag_announced, "Announced", "예약 예정";
    tag_open, "Open", "예약 중";
    tag_none_free, "No dose free now", "지금은 예약 불가";
    tag_sold_out, "Fully booked", "예약 마감";
    tag_paused, "Paused", "일시 중지";
    tag_over, "Ended", "종료";

    opens_at(at: &str), "Booking opens on {at}.", "예약은 {at}에 시작합니다.";
    time_left(left: &str), "{left} left until then, by our clock", "시작까지 {left} (서버 시각 기준)";
    opens_now, "Booking is opening. Look again.", "예약이 시작됩니다. '다시 보기'를 눌러 주십시오.";
    still_to_open(at: &str),
        "Booking was announced for {at}. It has not been opened yet.",
        "예약은 {at}에 시작할 예정이었으나 아직 시작되지 않았습니다.";
    doses_then(doses: &str),
        "{doses} doses can be booked then.",
        "시작하면 {doses}회분을 예약할 수 있습니다.";
    one_dose_now, "1 dose can be booked now.", "지금 1회분을 예약할 수 있습니다.";
    doses_now(doses: &str),
        "{doses} doses can be booked now.",
        "지금 {doses}회분을 예약할 수 있습니다.";
    bookable_until(at: &str), "You can book until {at}.", "{at}까지 예약할 수 있습니다.";
    people_left(people: &str),
        "{people} people have not booked yet.",
        "아직 예약하지 않은 대상자는 {people}명입니다.";
    people_counting,
        "We are still counting how many people may book.",
        "예약 대상자 수를 집계하고 있습니다.";
    odds_one_in(people: &str),
        "About 1 in {people} of them can have one.",
        "약 {people}명 중 1명이 예약할 수 있는 양입니다.";
    odds_in_ten(people: i64),
        "About {people} in 10 of them can have one.",
        "약 10명 중 {people}명이 예약할 수 있는 양입니다.";
    odds_all,
        "That is enough for all of them.",
        "모두가 예약할 수 있는 양입니다.";
    none_free(doses: &str),
        "No dose can be booked at the moment. {doses} doses are left, and the numbers of \
         this round say why they cannot be booked now.",
        "지금은 예약할 수 있는 백신이 없습니다. 남은 백신 {doses}회분을 지금 예약할 수 없는 이유는 '모든 숫자와 기록'에 있습니다.";
    next_turn(group: &str, at: &str),
        "The next turn begins on {at}: {group}.",
        "다음 순서: {group}, {at}부터입니다.";
    sold_out(doses: &str),
        "All {doses} doses of this round are booked or given.",
        "이번 백신 {doses}회분의 예약이 마감되었습니다.";
    sold_out_then,
        "A dose that somebody gives back in time can be booked here again.",
        "취소된 백신이 나오면 여기에서 다시 예약할 수 있습니다.";
    paused, "Booking is paused.", "예약을 잠시 멈추었습니다.";
    paused_since(at: &str),
        "Booking has been paused since {at}.",
        "{at}부터 예약을 잠시 멈추었습니다.";
    because(reason: &str), "Reason: {reason}", "사유: {reason}";
    paused_then,
        "Every booking that was made stays as it is. This page says when booking goes on.",
        "이미 하신 예약은 그대로 유지됩니다. 예약을 다시 시작하면 이 화면에서 안내합니다.";
    doses_after_pause(doses: &str),
        "{doses} doses can be booked when it goes on.",
        "다시 시작하면 {doses}회분을 예약할 수 있습니다.";
    over_since(at: &str), "Booking ended on {at}.", "예약은 {at}에 끝났습니다.";
    closed, "This round is closed.", "이번 예약은 종료되었습니다.";
    closed_then, "Every booking that was made stays as it is.", "이미 하신 예약은 그대로 유지됩니다.";

    who_may_book, "Who may book", "예약 대상";
    born_between(from: &str, to: &str),
        "born from {from} to {to}",
        "{from}부터 {to}까지 태어나신 분";
    born_since(from: &str), "born on {from} or later", "{from} 이후에 태어나신 분";
    born_until(to: &str), "born on {to} or earlier", "{to} 이전에 태어나신 분";
    living_in(region: &str), "living in {region}", "{region} 거주";
    on_a_list, "whose names are on a list", "명단에 있는 분";
    as_of(time: &str), "As of {time}, from the dose ledger.", "{time} 기준, 백신 장부의 숫자입니다.";
    limit_is(doses: &str),
        "The limit of this round is {doses} doses.",
        "이번 예약의 한도는 {doses}회분입니다.";

    change_published, "Limit published", "한도 공개";
    change_opened, "Booking opened", "예약 시작";
    change_paused, "Booking paused", "예약 일시 중지";
    change_resumed, "Booking went on", "예약 다시 시작";
    change_closed, "Booking closed", "예약 종료";
    change_received(doses: &str), "{doses} doses came in", "백신 입고: {doses}회분";
    change_granted(doses: &str), "{doses} doses went to clinics", "접종기관 배정: {doses}회분";
    change_retracted(doses: &str),
        "{doses} doses came back from clinics",
        "접종기관에서 회수: {doses}회분";
    change_corrected(doses: &str),
        "{doses} doses fewer were delivered than had been said",
        "입고 정정: {doses}회분 줄어듦";
}
