//! What stands in the way of accounting for a clinic's day.

use chrono::NaiveDate;

use crate::{
    domain::language::Language,
    words::{date::date, number::count},
};

pub(super) fn day_accounted(language: Language, on_date: NaiveDate) -> String {
    let on_date = date(language, on_date);
    say!(
        language,
        "The day {on_date} is closed at this clinic. To correct something, open the day again \
         first.",
        "이 접종기관은 {on_date} 마감을 마쳤습니다. 고칠 것이 있으면 먼저 마감을 푸십시오."
    )
}

pub(super) fn day_not_accounted(language: Language) -> String {
    say!(
        language,
        "The day is open: there is no closing to take back.",
        "마감하지 않은 날짜입니다. 풀 마감이 없습니다."
    )
}

pub(super) fn day_ahead(language: Language, today: NaiveDate) -> String {
    let today = date(language, today);
    say!(
        language,
        "The day has not come: at the clinic it is {today}. Close it in the evening of the day.",
        "아직 오지 않은 날짜입니다. 접종기관의 오늘은 {today}입니다. 그날 접종이 끝난 뒤 마감해 \
         주십시오."
    )
}

pub(super) fn day_changed(language: Language) -> String {
    say!(
        language,
        "The day has changed since you looked at it. Look at it again, then close it.",
        "확인하신 뒤에 그날의 내용이 바뀌었습니다. 다시 확인한 다음 마감해 주십시오."
    )
}

pub(super) fn people_waiting(language: Language, people: i64) -> String {
    let people = count(people);
    say!(
        language,
        "Checked in and still waiting: {people}. Write down what became of each person, then close \
         the day.",
        "도착한 뒤 기다리는 사람이 {people}명 있습니다. 한 사람씩 결과를 적은 다음 마감해 주십시오."
    )
}

pub(super) fn people_to_come(language: Language, people: i64) -> String {
    let people = count(people);
    say!(
        language,
        "Booked at a time that is still to come: {people}. Close the day after that time.",
        "아직 예약 시간이 되지 않은 사람이 {people}명 있습니다. 그 시간이 지난 뒤 마감해 주십시오."
    )
}

pub(super) fn not_of_day(language: Language) -> String {
    say!(
        language,
        "The clinic has no such doses on this day.",
        "접종기관의 그날 배정에 없는 백신입니다."
    )
}

pub(super) fn no_doses(language: Language) -> String {
    say!(language, "Name at least one dose.", "1회분 이상을 적어 주십시오.")
}

pub(super) fn day_holds(language: Language, doses: i32) -> String {
    let doses = count(doses);
    say!(
        language,
        "Doses of the day with which this can be done: {doses}. Name no more than that.",
        "그날 백신 가운데 이렇게 처리할 수 있는 것은 {doses}회분입니다. 그 이하로 적어 주십시오."
    )
}

pub(super) fn nobody_could_book(language: Language) -> String {
    say!(
        language,
        "Nobody could book these doses: the day has no free seat that is still to come. Give them \
         to people who come without a booking.",
        "그날은 앞으로 예약할 수 있는 자리가 없어 다시 내놓아도 예약할 수 없습니다. 예약 없이 온 \
         사람에게 접종해 주십시오."
    )
}

pub(super) fn only_today(language: Language, today: NaiveDate) -> String {
    let today = date(language, today);
    say!(
        language,
        "This is done on the day itself: at the clinic it is {today}.",
        "그날에만 할 수 있습니다. 접종기관의 오늘은 {today}입니다."
    )
}
