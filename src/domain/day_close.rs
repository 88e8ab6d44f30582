//! Closing a clinic's day: every booking ends, and every dose that is left over goes where the
//! campaign's policy says. Afterwards no dose of the day is open, held, booked or spare.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    AllocationId, BookingId, Code, Detail, PoolId, Refusal, SlotId,
    actor::{Actor, Cause},
    day::{Day, DayDoses, People},
    day_policy::LeftOver,
    fact::Counted,
    grant::Grant,
    movement::{Bucket, Kind, Movement},
    vials::Vials,
};

/// A booking of the day that nobody has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub booking_id: BookingId,
    pub slot_id: SlotId,
    pub allocation_id: AllocationId,
    pub starts_at: DateTime<Utc>,
    pub has_arrived: bool,
    /// The clinic had closed the slot, or given it up, before the day was over.
    pub has_lost_its_time: bool,
}

/// How a booking ends by the closing. The numbers are those of `visit_step.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Did not come.
    NoShow,
    /// The clinic did not have the time that was booked.
    Cancelled,
    /// Was there, and nobody wrote down what happened: the dose counts as lost.
    NotRecorded,
}

impl End {
    /// The line of the journal: its kind, and to where the promised dose goes.
    pub fn movement(self) -> (Kind, Bucket) {
        match self {
            Self::NoShow => (Kind::NoShow, Bucket::Spare),
            Self::Cancelled => (Kind::CancelLate, Bucket::Spare),
            Self::NotRecorded => (Kind::NotRecorded, Bucket::Lost),
        }
    }
}

/// Doses in vials that nobody has opened, of one allocation, as somebody counted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unopened {
    pub allocation_id: AllocationId,
    pub doses: i32,
}

/// What closing a day writes.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Bookings that end, each with its line of the journal.
    pub ends: Vec<(Standing, End)>,
    /// The other lines, in order.
    pub lines: Vec<Movement>,
    /// The day's allocations, and those of later days that keep doses, as they are then.
    pub rows: Vec<Grant>,
    /// Whole vials that come back to a pool, and that it gives out again.
    pub pools: BTreeMap<PoolId, (i32, i32)>,
    /// The account.
    pub people: People,
    pub granted: i32,
    pub lost: i32,
    pub returned: i32,
    pub kept: i32,
}

/// Decides what closing the day writes. `later` are the allocations that the day's left-over doses
/// may go to; they are locked, as all of this is.
///
/// # Errors
/// `wrong_state` for a day that is closed or still to come, and where people are waiting or have
/// yet to come, with their bookings; `invalid_field` for unopened doses that cannot be. The service
/// asks nobody: it closes with people waiting.
pub fn close(
    day: &Day,
    later: &[Grant],
    standing: &[Standing],
    unopened: Option<&[Unopened]>,
    (cause, now): (&Cause, DateTime<Utc>),
) -> Result<Plan, Refusal> {
    day.unless_closed()?;
    if day.date > day.today {
        let today = day.today;
        return Err(Refusal::new(Code::WrongState, Detail::DayAhead { today }));
    }
    if cause.actor != Actor::Service {
        nobody_left(standing, now)?;
    }
    let mut plan = Plan { people: day.people, ..Plan::default() };
    let mut doses = day.doses.clone();
    for one in standing {
        let end = end_of(one);
        let row = doses.iter_mut().find(|row| row.grant.allocation_id == one.allocation_id);
        let Some(row) = row else { return Err(Code::Internal.into()) };
        row.grant.booked -= 1;
        match end.movement().1 {
            Bucket::Lost => row.grant.lost += 1,
            _ => row.grant.spare += 1,
        }
        plan.people.end(one, end);
        plan.ends.push((*one, end));
    }
    if doses.iter().any(|row| row.grant.booked != 0 || row.grant.held != 0) {
        // Counters and bookings disagree; `dosebook verify` reports the details.
        return Err(Code::Internal.into());
    }
    plan.granted = doses.iter().map(|row| row.grant.granted).sum();
    let whole = match unopened {
        Some(counted) => counted_vials(&doses, counted)?,
        None => fewest_opened(&doses),
    };
    plan.settle(doses, &whole, later, cause);
    Ok(plan)
}

/// # Errors
/// Names those who are waiting, or else those whose slot has not begun.
fn nobody_left(standing: &[Standing], now: DateTime<Utc>) -> Result<(), Refusal> {
    let ids = |is_so: &dyn Fn(&Standing) -> bool| {
        let found = standing.iter().filter(|one| is_so(one)).map(|one| one.booking_id.to_string());
        found.collect::<Vec<_>>()
    };
    let waiting = ids(&|one| one.has_arrived);
    if !waiting.is_empty() {
        let people = waiting.len().try_into().unwrap_or(i64::MAX);
        let refusal = Refusal::new(Code::WrongState, Detail::PeopleWaiting { people });
        return Err(refusal.with("waiting_booking_ids", waiting));
    }
    let to_come = ids(&|one| one.starts_at > now && !one.has_lost_its_time);
    if !to_come.is_empty() {
        let people = to_come.len().try_into().unwrap_or(i64::MAX);
        let refusal = Refusal::new(Code::WrongState, Detail::PeopleToCome { people });
        return Err(refusal.with("coming_booking_ids", to_come));
    }
    Ok(())
}

fn end_of(one: &Standing) -> End {
    if one.has_arrived {
        End::NotRecorded
    } else if one.has_lost_its_time {
        End::Cancelled
    } else {
        End::NoShow
    }
}

impl People {
    fn end(&mut self, one: &Standing, end: End) {
        match one.has_arrived {
            true => self.waiting -= 1,
            false => self.to_come -= 1,
        }
        match end {
            End::NoShow => self.no_shows += 1,
            End::Cancelled => self.cancelled += 1,
            End::NotRecorded => self.not_recorded += 1,
        }
    }
}

/// Doses out of the same pool are out of the same vials, for whomever they were meant; those that
/// stay together move in whole vials.
type Kin = (PoolId, LeftOver);

fn kin(row: &DayDoses) -> Kin {
    (row.grant.pool_id, row.fate())
}

/// Whole vials among what is left, by allocation, if no more vials were opened than had to be.
fn fewest_opened(doses: &[DayDoses]) -> BTreeMap<AllocationId, i32> {
    let mut left: BTreeMap<Kin, (i32, i32)> = BTreeMap::new();
    for row in doses {
        let (sum, _) = left.entry(kin(row)).or_default();
        *sum += row.left();
    }
    for row in doses {
        if let Some((sum, whole)) = left.get_mut(&kin(row)) {
            let broken = sum.checked_rem(i32::from(row.doses_per_vial)).unwrap_or(0);
            *whole = *sum - broken;
        }
    }
    let mut by_row = BTreeMap::new();
    for row in doses {
        if let Some((_, whole)) = left.get_mut(&kin(row)) {
            let own = row.left().min(*whole);
            *whole -= own;
            by_row.insert(row.grant.allocation_id, own);
        }
    }
    by_row
}

/// Whole vials as they were counted; what is not named has none.
///
/// # Errors
/// `invalid_field` for doses that the day does not have, or has fewer of; `not_whole_vials`.
fn counted_vials(
    doses: &[DayDoses],
    counted: &[Unopened],
) -> Result<BTreeMap<AllocationId, i32>, Refusal> {
    let mut by_row = BTreeMap::new();
    let mut named = BTreeSet::new();
    for (at, one) in counted.iter().enumerate() {
        let row = doses.iter().find(|row| row.grant.allocation_id == one.allocation_id);
        let none = || Refusal::field(format!("unopened[{at}].allocation_id"), Detail::NotOfDay);
        let row = row.ok_or_else(none)?;
        if !named.insert(one.allocation_id) {
            let field = format!("unopened[{at}].allocation_id");
            return Err(Refusal::field(field, Detail::FieldTwice));
        }
        if !(0..=row.left()).contains(&one.doses) {
            let max = row.left().into();
            let detail = Detail::HowMany { of: Counted::Doses, min: 0, max };
            return Err(Refusal::field(format!("unopened[{at}].doses"), detail));
        }
        by_row.insert(one.allocation_id, one.doses);
    }
    let mut sums: BTreeMap<Kin, (i32, i16)> = BTreeMap::new();
    for row in doses {
        let own = by_row.get(&row.grant.allocation_id).copied().unwrap_or(0);
        let (sum, vial) = sums.entry(kin(row)).or_insert((0, row.doses_per_vial));
        (*sum, *vial) = (*sum + own, row.doses_per_vial);
    }
    for (sum, vial) in sums.into_values().filter(|(sum, _)| *sum > 0) {
        let broken = |refusal| Refusal { field: Some("unopened".into()), ..refusal };
        Vials::new(sum, vial).map_err(broken)?;
    }
    Ok(by_row)
}

impl Plan {
    /// Moves what is left: whole vials as the policy says, the rest is waste.
    fn settle(
        &mut self,
        doses: Vec<DayDoses>,
        whole: &BTreeMap<AllocationId, i32>,
        later: &[Grant],
        cause: &Cause,
    ) {
        let mut keeping: BTreeMap<_, _> =
            later.iter().map(|row| (row.allocation_id, row.clone())).collect();
        for row in doses {
            let fate = row.fate();
            let next = row.next.filter(|_| fate == LeftOver::NextDay);
            let mut grant = row.grant;
            let whole = match fate {
                LeftOver::Waste => 0,
                _ => whole.get(&grant.allocation_id).copied().unwrap_or(0),
            };
            let from_open = whole.min(grant.open);
            self.leave(&mut grant, Bucket::Open, from_open, cause);
            self.leave(&mut grant, Bucket::Spare, whole - from_open, cause);
            let next = next.and_then(|next| keeping.get_mut(&next.allocation_id));
            let back = self.pools.entry(grant.pool_id).or_default();
            back.0 += whole;
            match next {
                Some(next) if whole > 0 => {
                    back.1 += whole;
                    next.granted += whole;
                    next.open += whole;
                    self.kept += whole;
                    self.lines.push(Movement {
                        from_pool_id: Some(grant.pool_id),
                        ..line(Kind::Grant, (Bucket::Pool, Bucket::Open), whole, next, cause)
                    });
                }
                _ => self.returned += whole,
            }
            for bucket in [Bucket::Open, Bucket::Spare] {
                let left = match bucket {
                    Bucket::Open => std::mem::take(&mut grant.open),
                    _ => std::mem::take(&mut grant.spare),
                };
                if left > 0 {
                    grant.lost += left;
                    let moved = (bucket, Bucket::Lost);
                    self.lines.push(line(Kind::Waste, moved, left, &grant, cause));
                }
            }
            self.lost += grant.lost;
            self.rows.push(grant);
        }
        self.rows.extend(keeping.into_values().filter(|row| !later.contains(row)));
        self.pools.retain(|_, (back, _)| *back > 0);
    }

    /// Whole vials leave the allocation for its pool.
    fn leave(&mut self, grant: &mut Grant, from: Bucket, doses: i32, cause: &Cause) {
        if doses == 0 {
            return;
        }
        match from {
            Bucket::Open => grant.open -= doses,
            _ => grant.spare -= doses,
        }
        grant.granted -= doses;
        self.lines.push(Movement {
            to_pool_id: Some(grant.pool_id),
            ..line(Kind::Retract, (from, Bucket::Pool), doses, grant, cause)
        });
    }
}

/// A line about doses of an allocation.
pub(super) fn line(
    kind: Kind,
    (from, to): (Bucket, Bucket),
    doses: i32,
    of: &Grant,
    cause: &Cause,
) -> Movement {
    Movement {
        kind,
        from,
        to,
        doses,
        allocation_id: Some(of.allocation_id),
        from_pool_id: None,
        to_pool_id: None,
        booking_id: None,
        actor: cause.actor,
        reason: Some(cause.reason.main.clone()),
    }
}
