//! From choosing a place to the booking and its end.

use super::Texts;
use crate::{domain::booking_standing::Standing, words};

texts! {
    dose_of(campaign: &str, dose: i16), "{campaign}, dose {dose}", "{campaign} {dose}차";
    dose_is_for(campaign: &str), "Campaign: {campaign}", "접종: {campaign}";
    paused_because(reason: &str),
        "Booking is paused: {reason}. What you have booked is safe.",
        "예약을 잠시 멈추었습니다. 사유: {reason}. 이미 하신 예약은 그대로 유지됩니다.";
    closed_because(reason: &str),
        "This campaign is closed: {reason}. What you have booked is safe.",
        "이 접종 사업은 종료되었습니다. 사유: {reason}. 이미 하신 예약은 그대로 유지됩니다.";
    vaccine_and_dose(vaccine: &str, dose: i16), "{vaccine}, dose {dose}", "{vaccine} {dose}차";
    one_dose, "1 dose", "1회분";
    many_doses(n: &str), "{n} doses", "{n}회분";
    one_place, "1 place", "1자리";
    many_places(n: &str), "{n} places", "{n}자리";
    distance_in_km(km: &str), "about {km} km", "약 {km}km";

    place_title, "Choose a place and a day", "장소와 날짜 선택";
    district_hint,
        "Where you would like to go. It need not be where you live.",
        "가고 싶은 지역을 선택해 주십시오. 사시는 곳이 아니어도 됩니다.";
    choose_district, "Choose a district", "지역 선택";
    choose_district_first,
        "Choose a district, and you see its clinics and what can be booked there.",
        "지역을 선택하시면 그곳의 접종기관과 예약할 수 있는 백신을 보여 드립니다.";
    all_of_province(province: &str), "All of {province}", "{province} 전체";
    day_of_appointment, "Day of the appointment", "접종 날짜";
    any_day, "Any day", "모든 날짜";
    show_clinics, "Show clinics", "접종기관 보기";
    near_me, "Near me", "내 주변";
    near_me_denied, "Your browser does not say where you are", "위치를 확인할 수 없습니다";
    clinics_in(region: &str), "Clinics in {region}", "{region} 접종기관";
    other_place_or_day, "Another district or another day", "다른 지역이나 날짜 고르기";
    pins_title(list: &str), "Map: {list}", "지도: {list}";
    pins_about,
        "Each clinic stands where it is, with its number in the list below. North is up.",
        "접종기관이 아래 목록의 번호로 표시되어 있습니다. 위쪽이 북쪽입니다.";
    pins_about_near,
        "Each clinic stands where it is, with its number in the list below. The cross is about \
         where you are. North is up.",
        "접종기관이 아래 목록의 번호로 표시되어 있습니다. 십자 표시는 지금 계신 곳의 대략적인 위치입니다. 위쪽이 북쪽입니다.";
    clinics_near_you, "Clinics near you", "가까운 접종기관";
    nothing_here,
        "There is nothing to book here now.",
        "지금 이곳에는 예약할 수 있는 백신이 없습니다.";
    look_at_any_day, "Look at every day", "모든 날짜로 다시 보기";
    nearest_with_doses, "The nearest clinics with doses", "백신이 남은 가까운 접종기관";
    nothing_anywhere,
        "At this moment nothing else can be booked. Doses that are given back can be booked again.",
        "지금은 다른 곳에도 예약할 수 있는 백신이 없습니다. 취소된 백신이 나오면 다시 예약하실 수 있습니다.";
    see_supply, "See all doses by region and day", "지역과 날짜별 백신 현황 보기";
    nearest_again, "The first ones", "처음부터";
    more_clinics, "More clinics", "접종기관 더 보기";
    show_full_too,
        "Show clinics where all is booked too",
        "예약이 마감된 접종기관도 보기";
    clinic_has, "Known to have:", "확인된 시설:";
    no_doses_now, "Nothing can be booked here now.", "지금은 예약할 수 없습니다.";
    more_days, "More days", "다른 날짜 더 보기";

    time_title, "Choose a time", "시간 선택";
    about_the_clinic, "What this clinic has", "이 접종기관의 시설 안내";
    can_be_booked(doses: &str), "{doses} can be booked on this day", "이날 예약할 수 있는 백신: {doses}";
    doses_bind(doses: &str, places: &str),
        "There are {doses} and {places} left: the doses run out first.",
        "남은 백신은 {doses}, 남은 자리는 {places}입니다. 백신이 먼저 마감됩니다.";
    places_bind(doses: &str, places: &str),
        "There are {doses} and {places} left: the places run out first.",
        "남은 백신은 {doses}, 남은 자리는 {places}입니다. 자리가 먼저 마감됩니다.";
    both_bind(doses: &str, places: &str),
        "There are {doses} and {places} left.",
        "남은 백신은 {doses}, 남은 자리는 {places}입니다.";
    some_doses_wait(doses: &str, places: &str),
        "There are {doses} and {places} left. Some of the doses are for groups whose turn is yet \
         to come.",
        "남은 백신은 {doses}, 남은 자리는 {places}입니다. 일부는 아직 차례가 되지 않은 분들의 백신입니다.";
    vaccine_is(product: &str), "Vaccine: {product}", "백신: {product}";
    other_vaccines, "There are other vaccines on this day:", "이날 다른 백신도 있습니다.";
    morning, "Morning", "오전";
    afternoon, "Afternoon", "오후";
    full, "full", "자리 없음";
    clinic_has_nothing,
        "This clinic has nothing to book in this campaign now.",
        "지금 이 접종기관에는 예약할 수 있는 백신이 없습니다.";
    day_is_past(day: &str), "The day {day} is over.", "{day}은 지난 날짜입니다.";
    day_has_no_times(day: &str),
        "This clinic gives no appointments on {day}.",
        "이 접종기관은 {day}에 예약을 받지 않습니다.";
    day_is_closed(day: &str),
        "This clinic is closed on {day}.",
        "이 접종기관은 {day}에 운영하지 않습니다.";
    day_is_full(day: &str),
        "This clinic has no time left on {day}. Doses are left on these days and at these clinics \
         near by:",
        "이 접종기관의 {day} 예약 시간은 모두 마감되었습니다. 백신이 남은 다른 날짜와 가까운 접종기관입니다.";
    time_but_no_doses(day: &str),
        "This clinic still has time on {day}, but no doses. Doses are left on these days and at \
         these clinics near by:",
        "이 접종기관은 {day}에 시간은 있지만 남은 백신이 없습니다. 백신이 남은 다른 날짜와 가까운 접종기관입니다.";
    doses_wait(day: &str),
        "The doses of {day} at this clinic are for groups whose turn is yet to come.",
        "이 접종기관의 {day} 백신은 아직 차례가 되지 않은 분들의 백신입니다.";
    other_times, "Other times on this day", "같은 날 다른 시간";
    other_days, "Other days at this clinic", "이 접종기관의 다른 날짜";
    other_clinics, "Other clinics near by", "가까운 다른 접종기관";
    choose_anew, "Choose another place", "다른 장소 선택";

    check_title, "Check and book", "예약 확인";
    booking_for, "For", "받는 분";
    booking_what, "Vaccine", "백신";
    the_place, "the place", "접종 장소";
    the_time, "the time", "접종 시간";
    pressing_twice,
        "Pressing twice is safe: it is one booking.",
        "두 번 눌러도 예약은 한 건만 됩니다.";
    book_this, "Book this appointment", "이 시간으로 예약하기";
    press_was_not_taken(time: &str),
        "Many people are booking right now. This press was not taken in. Press again in {time}: it \
         is one booking at most, and if you have it already, you will see it.",
        "지금 예약하는 분이 많습니다. 방금 누르신 요청은 접수되지 않았습니다. {time} 뒤에 다시 눌러 주십시오. 예약은 한 건만 되며, 이미 되었다면 그 \
         예약을 보여 드립니다.";
    press_again,
        "We do not know yet whether it went through. Press again: it is one booking at most, and \
         if you have it, you will see it.",
        "결과를 확인하지 못했습니다. 다시 눌러 주십시오. 예약은 한 건만 되며, 이미 되었다면 그 예약을 보여 드립니다.";
    press_again_in(time: &str),
        "We do not know yet whether it went through. Press again in {time}: it is one booking at \
         most, and if you have it, you will see it.",
        "결과를 확인하지 못했습니다. {time} 뒤에 다시 눌러 주십시오. 예약은 한 건만 되며, 이미 되었다면 그 예약을 보여 드립니다.";
    check_once_more,
        "Nothing has been booked by this press. Check once more and press again.",
        "방금 누르신 요청으로 예약된 것은 없습니다. 다시 확인한 뒤 눌러 주십시오.";
    nothing_booked, "You have no booking from this press.", "이 요청으로 예약된 것은 없습니다.";
    taken_title, "Somebody was quicker", "다른 분이 먼저 예약했습니다";
    seat_was_taken,
        "Somebody booked this time a moment ago. These times at the same clinic are free:",
        "방금 다른 분이 이 시간을 예약했습니다. 같은 접종기관에서 예약할 수 있는 시간입니다.";
    seat_was_the_last,
        "Somebody booked the last time of this day a moment ago. Doses are left on these days and \
         at these clinics:",
        "방금 다른 분이 이날의 마지막 시간을 예약했습니다. 백신이 남은 다른 날짜와 접종기관입니다.";
    doses_gone_title, "No dose is left for this day", "이날 남은 백신이 없습니다";
    time_is_gone_title, "This time cannot be booked", "예약할 수 없는 시간입니다";
    time_has_begun,
        "This time has already begun, or the clinic has closed it.",
        "이미 시작되었거나 접종기관이 닫은 시간입니다.";
    no_such_time, "There is no such time.", "없는 예약 시간입니다.";

    booked_title, "You are booked", "예약되었습니다";
    booking_past_title, "This appointment is over", "예약 시간이 지났습니다";
    booking_given_title, "You got this dose", "접종을 받으셨습니다";
    booking_cancelled_title, "This booking is cancelled", "취소된 예약입니다";
    booking_lost_title, "Your appointment cannot take place", "예약대로 접종할 수 없습니다";
    where_to_go, "Where you can go instead", "대신 가실 수 있는 곳";
    one_press_moves,
        "One press books there and gives this appointment up.",
        "누르시면 그 시간으로 예약되고, 이 예약은 없어집니다.";
    book_there(when: &str), "Book {when}", "{when} 예약하기";
    nowhere_to_go,
        "At this moment nothing else can be booked. Your booking stands: look again later.",
        "지금은 다른 곳에도 예약할 수 있는 백신이 없습니다. 이 예약은 남아 있으니 나중에 다시 확인해 주십시오.";
    was_not_moved,
        "That time was taken a moment ago, or cannot be booked. Your booking stands as it was. \
         Choose one of these:",
        "방금 다른 분이 예약했거나 예약할 수 없는 시간입니다. 이 예약은 그대로입니다. 아래에서 선택해 주십시오.";
    booking_missed_title, "You were not there", "오지 않으신 예약입니다";
    booking_not_vaccinated_title, "You were not vaccinated", "접종받지 않으신 예약입니다";
    have_it_already,
        "You already have this booking. Pressing again changed nothing.",
        "이미 예약되어 있습니다. 다시 눌러도 바뀐 것은 없습니다.";
    booking_number, "Booking number", "예약번호";
    booking_number_is(number: &str), "Booking number: {number}", "예약번호: {number}";
    qr_of(number: &str), "Booking number {number} for the scanner", "스캐너용 예약번호 {number}";
    dose_is_set_aside, "A dose is set aside for you.", "백신을 따로 확보해 두었습니다.";
    way_there, "How to find it", "찾아가는 길";
    clinic_phone_is(phone: &str), "Telephone of the clinic: {phone}", "접종기관 전화번호: {phone}";
    what_next, "What happens next", "다음 안내";
    bring, "Bring an identity card.", "신분증을 가지고 오십시오.";
    show_number,
        "At the clinic, show this page or say the number.",
        "접종기관에서 이 화면을 보여 주시거나 예약번호를 말씀해 주십시오.";
    after_dose,
        "After the dose you stay for 15 to 30 minutes, in case you feel unwell.",
        "접종 뒤에는 이상반응을 살피기 위해 15~30분 동안 머무르십시오.";
    add_to_calendar, "Add to calendar", "달력에 추가";
    cancel_booking, "Cancel the booking", "예약 취소하기";
    to_change,
        "To come at another time, cancel this booking first and book again. You give up its dose \
         by that, so look first whether there is another.",
        "시간을 바꾸려면 이 예약을 취소하고 다시 예약해 주십시오. 취소하면 확보된 백신이 없어지므로 다른 시간이 있는지 먼저 확인해 주십시오.";
    dose_opened,
        "The dose is open to everybody again.",
        "백신은 다시 모두에게 열렸습니다.";
    dose_stayed,
        "The dose stays at the clinic for somebody else that day.",
        "백신은 그날 그 접종기관에서 다른 분께 드립니다.";
    book_again, "Book again", "다시 예약하기";
    calendar_summary(what: &str), "Vaccination: {what}", "예방접종: {what}";

    cancel_title, "Cancel this booking?", "예약을 취소하시겠습니까?";
    cancel_loses,
        "Your time and your dose are given up at once. You can book again while doses are left.",
        "예약 시간과 확보된 백신이 바로 없어집니다. 백신이 남아 있는 동안 다시 예약하실 수 있습니다.";
    dose_would_open(until: &str),
        "The dose is then open to everybody again. From {until} on it would stay at the clinic, \
         for somebody else that day.",
        "취소하시면 백신은 다시 모두에게 열립니다. {until} 이후에는 그날 그 접종기관에서 다른 분께 드립니다.";
    dose_would_stay,
        "It is too late for the dose to be booked by others: the clinic keeps it for somebody else \
         that day.",
        "다른 분이 새로 예약하기에는 늦은 시각이므로 백신은 그날 그 접종기관에서 다른 분께 드립니다.";
    keep_booking, "Keep the booking", "예약 유지하기";
    cancel_was_not_taken(time: &str),
        "Many people are booking right now. Your booking still stands. Press again in {time}.",
        "지금 예약하는 분이 많습니다. 예약은 아직 그대로입니다. {time} 뒤에 다시 눌러 주십시오.";
    cancel_again,
        "We do not know yet whether it is cancelled. Press again: pressing twice changes nothing.",
        "취소되었는지 확인하지 못했습니다. 다시 눌러 주십시오. 두 번 눌러도 달라지지 않습니다.";
    cancel_not_known,
        "We do not know yet whether your booking is cancelled",
        "예약이 취소되었는지 확인하지 못했습니다";
    cancel_not_known_press,
        "If you still want to cancel, press the button: pressing twice changes nothing.",
        "계속 취소하시려면 아래 버튼을 눌러 주십시오. 두 번 눌러도 달라지지 않습니다.";
    cancel_again_in(time: &str),
        "We do not know yet whether it is cancelled. Press again in {time}: pressing twice changes \
         nothing.",
        "취소되었는지 확인하지 못했습니다. {time} 뒤에 다시 눌러 주십시오. 두 번 눌러도 달라지지 않습니다.";
    too_late_title, "This cannot be cancelled here", "이 화면에서 취소할 수 없습니다";
    too_late,
        "The appointment has begun, or its outcome is already written down. If you cannot come, \
         call the clinic.",
        "예약 시간이 시작되었거나 이미 처리된 예약입니다. 방문하지 못하시면 접종기관에 전화해 주십시오.";
    call_clinic(phone: &str), "Call the clinic: {phone}", "접종기관에 전화하기: {phone}";
}

impl Texts {
    /// A number of doses.
    pub fn doses(self, n: i64) -> String {
        match n {
            1 => self.one_dose().to_owned(),
            n => self.many_doses(&words::count(n)),
        }
    }

    /// A list of clinics, for a day.
    pub fn on_that_day(self, clinics: &str, day: &str) -> String {
        if self.is_korean() { format!("{day} {clinics}") } else { format!("{clinics}, {day}") }
    }

    /// A number of places in time windows.
    pub fn places(self, n: i64) -> String {
        match n {
            1 => self.one_place().to_owned(),
            n => self.many_places(&words::count(n)),
        }
    }

    /// How far a clinic is away: to 100 metres where it is near, else to a kilometre.
    pub fn distance(self, km: f64) -> String {
        let km = if km < 10.0 { format!("{:.1}", km.max(0.1)) } else { format!("{km:.0}") };
        self.distance_in_km(&km)
    }

    /// An hour of the day: "14:00–15:00", "오후 2시".
    pub fn hour(self, hour: u32) -> String {
        let half = if hour < 12 { self.morning() } else { self.afternoon() };
        match (self.is_korean(), hour) {
            (false, hour) => format!("{hour:02}:00–{:02}:00", hour + 1),
            (true, 13..) => format!("{half} {}시", hour - 12),
            (true, hour) => format!("{half} {hour}시"),
        }
    }

    /// What the page of a booking is headed with.
    pub fn booking_heading(self, standing: &Standing) -> &'static str {
        match standing {
            Standing::Ahead { .. } => self.booked_title(),
            Standing::Past { .. } => self.booking_past_title(),
            Standing::Given { .. } => self.booking_given_title(),
            Standing::Lost { .. } => self.booking_lost_title(),
            Standing::Cancelled { .. } | Standing::CancelledFor { .. } => {
                self.booking_cancelled_title()
            }
            Standing::Missed { .. } => self.booking_missed_title(),
            Standing::NotVaccinated { .. } => self.booking_not_vaccinated_title(),
        }
    }

    /// What became of the dose of a cancelled booking.
    pub fn dose_of_cancelled(self, is_late: bool) -> &'static str {
        if is_late { self.dose_stayed() } else { self.dose_opened() }
    }
}
