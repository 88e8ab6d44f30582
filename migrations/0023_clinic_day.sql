-- The clinic's day: who came, what was given, and what became of each dose. New columns have a
-- constant default or none, and no table is scanned under a lock that keeps bookings out.
set local lock_timeout = '3s';

-- Each press at a clinic about one booking: never changed, and taken back by a further step. The
-- same press sent again finds its row.
create table visit_step (
    -- Chosen by the client.
    step_id uuid primary key,
    booking_id uuid not null,
    -- 1 arrived, 2 given, 3 no-show, 4 not vaccinated, 5 cancelled late by the clinic, 6 takes back
    -- the step `undoes`, 7 given to a walk-in, 8 booked for somebody by staff. The numbers are those
    -- of domain::visit::StepKind.
    kind smallint not null,
    at timestamptz not null default statement_timestamp(),
    -- Null is the service itself.
    staff_user_id int references staff_user,
    -- Why not vaccinated: 1 refused, 2 unwell, 3 contraindicated, 4 already had, 5 not recorded.
    reason smallint,
    -- Where it was injected: the numbers of domain::visit::Site.
    site smallint,
    -- As it stands on the vial.
    lot text,
    -- The warnings that were answered: the numbers of domain::visit::Warning.
    answers smallint[] not null default '{}',
    undoes uuid references visit_step,
    -- What staff wrote: the reason of an assisted booking, of a correction.
    note text,
    constraint visit_step_kind_check check (kind between 1 and 8),
    constraint visit_step_reason_check check (
        case when kind = 4 then reason between 1 and 5 else reason is null end),
    constraint visit_step_site_check check (
        site is null or (kind in (2, 7) and site between 1 and 9)),
    constraint visit_step_lot_check check (
        lot is null or (kind in (2, 7) and length(lot) between 1 and 40)),
    constraint visit_step_undoes_check check ((undoes is not null) = (kind = 6)),
    constraint visit_step_note_check check (length(note) between 1 and 500)
);
create index visit_step_booking_idx on visit_step (booking_id);
-- A step is taken back once.
create unique index visit_step_undoes_key on visit_step (undoes) where undoes is not null;
grant select, insert on visit_step to dosebook_app;

-- Who must not be booked for a course, or has had a dose of it elsewhere: what the clinic found, not
-- why. Lifted with a reason, never deleted.
create table exclusion (
    exclusion_id bigint generated always as identity primary key,
    person_id bigint not null references person,
    course_id int not null references course,
    -- 0 is the whole course.
    dose_number smallint not null,
    -- 3 contraindicated, 4 already had, as in visit_step.reason.
    reason smallint not null,
    -- The booking at which it was found.
    booking_id uuid not null,
    -- The local date on which the dose was had elsewhere, as far as known.
    had_on date,
    at timestamptz not null default statement_timestamp(),
    staff_user_id int not null references staff_user,
    lifted_at timestamptz,
    lifted_by int references staff_user,
    constraint exclusion_dose_check check (dose_number between 0 and 20),
    constraint exclusion_reason_check check (reason in (3, 4)),
    constraint exclusion_had_on_check check (had_on is null or reason = 4),
    constraint exclusion_lifted_check check ((lifted_at is null) = (lifted_by is null))
);
create index exclusion_person_idx on exclusion (person_id) where lifted_at is null;
grant select, insert, update (person_id, lifted_at, lifted_by) on exclusion to dosebook_app;

-- The account of a clinic's local date, as it was when the day was closed. Reopening ends the row;
-- closing again writes another.
create table clinic_day_close (
    clinic_day_close_id bigint generated always as identity primary key,
    clinic_id int not null references clinic,
    on_date date not null,
    closed_at timestamptz not null default statement_timestamp(),
    -- Null: by the service, after the time of grace.
    staff_user_id int references staff_user,
    note text,
    -- People: expected = given + not_vaccinated + no_shows + cancelled + not_recorded.
    expected int not null,
    given int not null,
    not_vaccinated int not null,
    no_shows int not null,
    cancelled int not null,
    not_recorded int not null,
    walk_ins int not null,
    -- Doses: granted = given + walk_ins + lost + returned + kept.
    granted int not null,
    lost int not null,
    -- Back to the pool.
    returned int not null,
    -- For the clinic's next day.
    kept int not null,
    reopened_at timestamptz,
    reopened_by int references staff_user,
    reopen_reason text,
    constraint clinic_day_close_people_check check (
        expected = given + not_vaccinated + no_shows + cancelled + not_recorded),
    constraint clinic_day_close_doses_check check (
        granted = given + walk_ins + lost + returned + kept),
    constraint clinic_day_close_note_check check (length(note) between 1 and 500),
    constraint clinic_day_close_reopened_check check (
        (reopened_at is null) = (reopened_by is null)
        and (reopened_at is null) = (reopen_reason is null))
);
-- A day is closed at most once at a time.
create unique index clinic_day_close_key on clinic_day_close (clinic_id, on_date)
    where reopened_at is null;
grant select, insert, update (reopened_at, reopened_by, reopen_reason) on clinic_day_close
    to dosebook_app;

alter table campaign
    -- Who is given a dose without a booking: 1 nobody, 2 people of the register, 3 anybody, who is
    -- then added to the register.
    add column walk_in smallint not null default 2,
    -- What becomes of doses that are left over when a clinic's day closes: 1 back to the pool, 2 the
    -- clinic's next day with doses, 3 waste.
    add column left_over smallint not null default 1,
    add constraint campaign_walk_in_check check (walk_in between 1 and 3),
    add constraint campaign_left_over_check check (left_over between 1 and 3);
grant update (walk_in, left_over) on campaign to dosebook_app;

-- The call centre books for people at any clinic, and has none of its own.
alter table staff_user
    drop constraint staff_user_role_check,
    add constraint staff_user_role_check check (
        (role = 2 and clinic_id is not null) or (role in (3, 5) and clinic_id is null));

-- Whether a row of `exclusion` that is not lifted names the person: bookings read the person anyway.
alter table person add column is_excluded boolean not null default false;
grant update (is_excluded) on person to dosebook_app;

-- Last, because they keep bookings out while they last. Not valid only means that the rows of before
-- are not read again: what was allowed still is.
alter table booking
    -- 1 web, 2 by phone or with somebody's help, 3 walk-in. A walk-in takes no seat; the slot only
    -- says on which day and about when.
    add column channel smallint not null default 1,
    -- Checked in at the clinic; null is not there yet.
    add column arrived_at timestamptz,
    -- Came, and was not vaccinated, or nobody wrote down what happened: 1 refused, 2 unwell,
    -- 3 contraindicated, 4 already had, 5 not recorded. Null with state 4 is a no-show.
    add column not_given smallint,
    add constraint booking_channel_check check (channel between 1 and 3) not valid,
    add constraint booking_not_given_check check (
        not_given is null or (state = 4 and not_given between 1 and 5)) not valid;
grant insert (channel) on booking to dosebook_app;

-- Whose a booking is changes only where the register says that two persons are one. Nothing else
-- sets the column, so bookings never run this.
create function booking_follows_merge() returns trigger language plpgsql as $$
begin
    if not exists (select from person
        where person_id = old.person_id and merged_into = new.person_id) then
        raise exception 'a booking goes to another person only with a merge'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger booking_follows_merge before update of person_id on booking
    for each row execute function booking_follows_merge();

grant update (arrived_at, not_given) on booking to dosebook_app;

alter table movement
    drop constraint movement_lawful_check,
    drop constraint movement_sides_check,
    drop constraint movement_booking_check,
    drop constraint movement_actor_check,
    -- 1 citizen (the booking's own person), 2 staff, 3 administrator, 4 the service itself, 5 call
    -- centre
    add constraint movement_actor_check check (
        actor_role between 1 and 5
        and (staff_user_id is not null) = (actor_role in (2, 3, 5))) not valid,
    add constraint movement_lawful_check check ((kind, from_bucket, to_bucket) in (
        (1, 1, 3),                          -- book
        (2, 3, 1),                          -- cancel
        (3, 3, 4),                          -- cancel late
        (4, 3, 4),                          -- no-show
        (5, 3, 5),                          -- administer
        (6, 4, 5), (6, 1, 5),               -- walk-in, from spare or from open doses
        (7, 4, 1),                          -- offer again
        (8, 1, 6), (8, 4, 6),               -- waste
        (9, 1, 2), (10, 2, 3), (11, 2, 1),  -- hold, confirm, release
        (12, 5, 3),                         -- correct a wrong "given"
        (12, 4, 3), (12, 6, 3),             -- correct a wrong end of a booking
        (12, 5, 4), (12, 5, 1),             -- correct a wrong walk-in
        (13, 3, 4),                         -- came, and was not vaccinated
        (14, 6, 1), (14, 6, 4),             -- correct wrong waste
        (15, 1, 4),                         -- take back an offer
        (16, 3, 6),                         -- the day was closed and nobody wrote down what happened
        (20, 0, 7),                         -- receive into a pool
        (21, 7, 7),                         -- pass on from pool to pool
        (22, 7, 1),                         -- grant: pool to allocation
        (23, 1, 7), (23, 4, 7),             -- retract: allocation to pool
        (24, 7, 6),                         -- lose from a pool
        (25, 7, 7),                         -- send back from a pool to the one above
        (26, 7, 0),                         -- take back a wrong receipt
        (27, 6, 7))) not valid,             -- take back a wrong loss
    add constraint movement_sides_check check (
        (allocation_id is not null) = (kind < 20 or kind in (22, 23))
        and (from_pool_id is not null) = (kind in (21, 22, 24, 25, 26))
        and (to_pool_id is not null) = (kind in (20, 21, 23, 25, 27))) not valid,
    -- Walk-ins of before had no booking.
    add constraint movement_booking_check check (
        kind = 6 or (booking_id is not null) = (kind in (1, 2, 3, 4, 5, 10, 12, 13, 16))) not valid;
