-- Slots that go and come back, opening hours as a rule, and what becomes of the bookings that are
-- hit. Columns without a default: no row is rewritten, and the locks last for the change of the
-- catalogue only.
set local lock_timeout = '3s';

alter table slot
    -- Since when the clinic does not have the slot any more. A slot is never deleted, because
    -- bookings name it; one that was removed is closed, hidden from lists, and comes back by itself
    -- when a slot at the same time is added.
    add column removed_at timestamptz,
    -- Not valid only means that no row is read now: no slot was ever removed.
    add constraint slot_removed_closed_check check (removed_at is null or is_closed) not valid;

-- Opening hours as they were saved, the newest last. A series of one day is how that day differs,
-- and wins over those of several days.
create table opening_hours (
    opening_hours_id bigint generated always as identity primary key,
    clinic_id int not null references clinic,
    -- First and last day, in the clinic's zone.
    from_date date not null,
    to_date date not null,
    -- The rule, as domain::opening_hours::Series writes it: weekdays, hours, length, seats, breaks,
    -- days left out.
    series jsonb not null,
    saved_at timestamptz not null default clock_timestamp(),
    -- None for whoever holds the machine.
    staff_user_id int references staff_user,
    constraint opening_hours_range_check check (from_date <= to_date)
);
create index opening_hours_clinic_idx on opening_hours (clinic_id, opening_hours_id);

-- Bookings that the administration cancelled, and why: shown to their persons. Whatever is cancelled
-- and has no row here was cancelled by its person.
create table booking_cancellation (
    booking_id uuid primary key,
    at timestamptz not null default clock_timestamp(),
    staff_user_id int not null references staff_user,
    reason text not null,
    reason_ko text,
    reason_en text,
    constraint booking_cancellation_reason_check check (
        length(reason) between 1 and 200 and length(reason_ko) between 1 and 200
        and length(reason_en) between 1 and 200)
);

-- Messages about bookings that lost their appointment, once they have left: whose person is not
-- here was not reached by one.
create table notice_sent (
    booking_id uuid primary key,
    at timestamptz not null default clock_timestamp()
);

-- Persons of bookings that lost their appointment, ticked off a list: told by somebody.
create table booking_told (
    booking_id uuid primary key,
    at timestamptz not null default clock_timestamp(),
    staff_user_id int not null references staff_user,
    -- 1 by phone, 2 in person, 3 by letter, 4 tried and not found. A number and no text: nothing
    -- personal can stand here.
    how smallint not null,
    constraint booking_told_how_check check (how between 1 and 4)
);

alter table import
    drop constraint import_kind_check,
    add constraint import_kind_check check (
        kind in ('register', 'roster', 'clinics', 'slots', 'allocations', 'hours'));

-- A slot moves with the clock of its clinic when the zone is corrected, and may get another end.
grant update (on_date, starts_at, ends_at, removed_at) on slot to dosebook_app;
grant select, insert, delete on opening_hours to dosebook_app;
grant select, insert on booking_cancellation to dosebook_app;
grant select, insert, delete on notice_sent to dosebook_app;
grant select, insert, update (at, staff_user_id, how), delete on booking_told to dosebook_app;
