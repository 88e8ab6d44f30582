//! The guards of closing a day and of opening it again: pure functions, so a guard is taken away by
//! taking away what it looks at. What is written then is the harm.

use chrono::{DateTime, TimeDelta, Utc};
use dosebook::domain::{
    AllocationId, BookingId, CampaignId, ClinicId, Code, Detail, PoolId, ProductId, Refusal,
    SlotId, StaffUserId,
    actor::{Actor, Cause},
    channel::Channel,
    day::{By, Closed, Day, DayDoses, NextDay, People},
    day_close::{End, Plan, Standing, Unopened, close},
    day_dose::Act,
    day_policy::LeftOver,
    grant::Grant,
    movement::{Bucket, Kind},
};
use uuid::Uuid;

const ROW: AllocationId = AllocationId((7 << 24) | 9);
const NEXT: AllocationId = AllocationId((7 << 24) | 10);

fn now() -> DateTime<Utc> {
    "2021-08-02T09:00:00Z".parse().unwrap()
}

fn grant(allocation_id: AllocationId) -> Grant {
    Grant {
        allocation_id,
        clinic_id: ClinicId(7),
        campaign_id: CampaignId(1),
        product_id: ProductId(1),
        on_date: "2021-08-02".parse().unwrap(),
        tranche_id: None,
        channel: Channel::Web,
        pool_id: PoolId(1),
        granted: 20,
        open: 12,
        held: 0,
        booked: 2,
        spare: 0,
        given: 6,
        lost: 0,
    }
}

/// An evening: six were given a dose, two are booked and have not come, twelve doses are open.
struct Evening {
    day: Day,
    standing: Vec<Standing>,
    unopened: Option<Vec<Unopened>>,
    by: Actor,
}

impl Evening {
    fn usual() -> Self {
        let doses = DayDoses {
            grant: grant(ROW),
            doses_per_vial: 10,
            left_over: LeftOver::Pool,
            next: None,
        };
        let day = Day {
            clinic_id: ClinicId(7),
            date: "2021-08-02".parse().unwrap(),
            today: "2021-08-02".parse().unwrap(),
            zone: "Asia/Seoul".to_owned(),
            slots: None,
            closed: None,
            reopened: None,
            people: People { arrived: 6, to_come: 2, given: 6, ..People::default() },
            doses: vec![doses],
        };
        let standing = (0..2).map(|n| Standing {
            booking_id: BookingId(Uuid::from_u128(n)),
            slot_id: SlotId((7 << 24) | 1),
            allocation_id: ROW,
            starts_at: now() - TimeDelta::hours(8),
            has_arrived: false,
            has_lost_its_time: false,
        });
        let (standing, by) = (standing.collect(), Actor::Staff(StaffUserId(1)));
        Self { day, standing, unopened: None, by }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn close(&self) -> Result<Plan, Refusal> {
        let cause = Cause { actor: self.by, reason: "evening".into() };
        let later = [Grant { open: 20, booked: 0, given: 0, ..grant(NEXT) }];
        close(&self.day, &later, &self.standing, self.unopened.as_deref(), (&cause, now()))
    }

    fn cause(&self) -> &'static str {
        self.close().map_or_else(|refusal| refusal.detail.cause(), |_| "closed")
    }
}

/// Doses of a plan that went from a bucket to another, by kind.
fn moved(plan: &Plan, kind: Kind, (from, to): (Bucket, Bucket)) -> i32 {
    let lines = plan.lines.iter();
    let of_kind = lines.filter(|line| (line.kind, line.from, line.to) == (kind, from, to));
    of_kind.map(|line| line.doses).sum()
}

#[test]
fn the_usual_evening_closes_and_adds_up() {
    let plan = Evening::usual().close().expect("the control");
    assert_eq!(plan.ends.iter().map(|(_, end)| *end).collect::<Vec<_>>(), [End::NoShow; 2]);
    assert_eq!((plan.granted, plan.people.given, plan.lost, plan.returned), (20, 6, 4, 10));
    assert_eq!(plan.people.expected(), 8);
    let row = &plan.rows[0];
    assert_eq!((row.open, row.held, row.booked, row.spare), (0, 0, 0, 0));
}

/// Without the guard a dose is sent back twice: the day has none left for the second closing.
#[test]
fn without_the_guard_on_a_closed_day_it_is_closed_twice() {
    let twice = Evening::usual().with(|evening| {
        evening.day.closed = Some(Closed {
            at: now(),
            by: Some(By { staff_user_id: StaffUserId(1), username: "kim".to_owned() }),
            note: None,
            granted: 20,
            returned: 10,
            kept: 0,
        });
    });
    assert_eq!(twice.cause(), "day_accounted");
    let unguarded = twice.with(|evening| evening.day.closed = None).close().unwrap();
    assert_eq!(moved(&unguarded, Kind::Retract, (Bucket::Open, Bucket::Pool)), 10, "once more");
}

#[test]
fn without_the_guard_on_days_ahead_tomorrows_doses_are_thrown_away_today() {
    let ahead = Evening::usual().with(|evening| {
        evening.day.today = "2021-08-01".parse().unwrap();
        evening.standing.iter_mut().for_each(|one| one.has_lost_its_time = true);
    });
    assert_eq!(ahead.cause(), "day_ahead");
    let unguarded = ahead.with(|evening| evening.day.today = evening.day.date).close().unwrap();
    let wasted = moved(&unguarded, Kind::Waste, (Bucket::Open, Bucket::Lost))
        + moved(&unguarded, Kind::Waste, (Bucket::Spare, Bucket::Lost));
    assert_eq!(wasted, 4, "of a day that has not begun");
}

/// The service asks nobody, so it closes without this guard: whoever waits has lost their dose.
#[test]
fn without_the_guard_on_who_waits_their_doses_are_lost() {
    let waiting = Evening::usual().with(|evening| evening.standing[0].has_arrived = true);
    let refusal = waiting.close().unwrap_err();
    assert_eq!(
        (refusal.code, refusal.detail),
        (Code::WrongState, Detail::PeopleWaiting { people: 1 })
    );
    let unguarded = waiting.with(|evening| evening.by = Actor::Service).close().unwrap();
    assert_eq!(unguarded.ends[0].1, End::NotRecorded);
    assert_eq!(unguarded.ends[0].1.movement(), (Kind::NotRecorded, Bucket::Lost));
    assert_eq!(unguarded.people.not_recorded, 1);
}

#[test]
fn without_the_guard_on_who_is_to_come_they_have_missed_what_has_not_begun() {
    let coming = Evening::usual().with(|evening| {
        evening.standing[1].starts_at = now() + TimeDelta::hours(1);
    });
    assert_eq!(coming.cause(), "people_to_come");
    let unguarded = coming.with(|evening| evening.by = Actor::Service).close().unwrap();
    let missed = unguarded.ends.iter().filter(|(one, _)| one.starts_at > now());
    assert_eq!(missed.map(|(_, end)| *end).collect::<Vec<_>>(), [End::NoShow]);
}

#[test]
fn without_the_guard_on_what_was_counted_vials_come_back_that_nobody_has() {
    let counted = |doses, allocation_id| {
        Evening::usual().with(|evening| {
            evening.unopened = Some(vec![Unopened { allocation_id, doses }]);
        })
    };
    assert_eq!(counted(10, ROW).cause(), "closed", "the control");
    assert_eq!(counted(10, NEXT).cause(), "not_of_day");
    assert_eq!(counted(15, ROW).cause(), "how_many", "fourteen are left");
    assert_eq!(counted(5, ROW).cause(), "vial_broken");
    let twice = counted(10, ROW).with(|evening| {
        let one = evening.unopened.as_ref().unwrap()[0];
        evening.unopened.as_mut().unwrap().push(one);
    });
    assert_eq!(twice.cause(), "field_twice");
    // Without the guard: as if the day had what was counted.
    let unguarded = counted(20, ROW).with(|evening| {
        let grant = &mut evening.day.doses[0].grant;
        (grant.granted, grant.open) = (28, 20);
    });
    let plan = unguarded.close().unwrap();
    assert_eq!(plan.returned, 20, "of a day that had twenty doses and gave six");
}

#[test]
fn without_the_guard_on_counters_a_day_closes_with_a_promise_that_nobody_holds() {
    let broken = Evening::usual().with(|evening| evening.standing.truncate(1));
    assert_eq!(broken.close().unwrap_err().code, Code::Internal);
    let held = Evening::usual().with(|evening| {
        let grant = &mut evening.day.doses[0].grant;
        (grant.open, grant.held) = (11, 1);
    });
    assert_eq!(held.close().unwrap_err().code, Code::Internal);
}

/// What the second of two has seen is not what is there; without the guard it closes what nobody
/// looked at.
#[test]
fn without_the_guard_on_the_version_a_day_is_closed_that_nobody_has_seen() {
    let seen = Evening::usual().day.version();
    let changed = Evening::usual().with(|evening| evening.day.doses[0].grant.lost = 1).day;
    let refusal = changed.unless_changed(Some(&seen)).unwrap_err();
    assert_eq!((refusal.code, refusal.detail), (Code::ChangedMeanwhile, Detail::DayChanged));
    changed.unless_changed(None).expect("without the guard");
    changed.unless_changed(Some(&changed.version())).expect("the control");
}

#[test]
fn doses_that_are_kept_go_to_the_next_day_and_to_no_other() {
    let kept = Evening::usual().with(|evening| {
        let on_date = "2021-08-03".parse().unwrap();
        let doses = &mut evening.day.doses[0];
        doses.left_over = LeftOver::NextDay;
        doses.next = Some(NextDay { allocation_id: NEXT, on_date });
    });
    let plan = kept.close().unwrap();
    assert_eq!((plan.kept, plan.returned), (10, 0));
    let next = plan.rows.iter().find(|row| row.allocation_id == NEXT).unwrap();
    assert_eq!((next.granted, next.open), (30, 30));
}

/// Without the guard more doses move than the day has, and a bucket is negative.
#[test]
fn without_the_guard_on_doses_of_the_day_a_bucket_is_negative() {
    let cause = Cause { actor: Actor::Staff(StaffUserId(1)), reason: "x".into() };
    for act in Act::ALL {
        let mut row = Grant { open: 3, spare: 2, lost: 4, booked: 5, ..grant(ROW) };
        let most = act.most(&row, 1);
        let refusal = act.apply(&mut row, most + 1, 1, &cause).unwrap_err();
        assert_eq!(refusal.detail, Detail::DayHolds { doses: most }, "{act:?}");
        let none = act.apply(&mut row, 0, 1, &cause).unwrap_err();
        assert_eq!(none.detail, Detail::NoDoses);
        assert!(act.apply(&mut row.clone(), most, 1, &cause).is_ok(), "the control: {act:?}");
        let unguarded = [row.spare, row.open, row.open + row.spare, row.lost - 1];
        let at = Act::ALL.iter().position(|one| *one == act).unwrap();
        assert_eq!(unguarded[at], most, "one more would be a dose that is not there");
    }
}
