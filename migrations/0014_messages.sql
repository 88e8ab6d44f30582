-- Messages that leave by themselves: who gets them, by what, in which order, until when. What has
-- happened to bookings is read from the journal, after the commit: a booking writes no more than
-- before.
set local lock_timeout = '3s';

-- Codes live for five minutes, and those of before lost their challenges with 0012: whoever waits
-- for one asks again. So no row is rewritten.
truncate outbox;

alter table outbox
    drop constraint outbox_kind_check,
    add constraint outbox_kind_check check (
        kind in ('sign_in_code', 'booked', 'cancelled', 'closed', 'opened', 'reminder')),
    -- The same each time the message is tried, for providers and recipients to tell it by.
    add column message_id uuid not null default gen_random_uuid(),
    -- Whom it is for; 0 is nobody, or whoever a row of the program before is for.
    add column person_id bigint not null default 0,
    -- 1 codes, 2 text messages, 3 mails: each is emptied by itself, and in order for each person.
    add column queue smallint not null default 1,
    -- What it is about; none for a code. Neither its text nor the recipient is kept here.
    add column booking_id uuid,
    -- When that happened.
    add column happened_at timestamptz not null default clock_timestamp(),
    -- Not to be sent before: after quiet hours, or after an attempt that failed.
    add column due_at timestamptz not null default clock_timestamp(),
    add column attempts smallint not null default 0,
    -- Of no use to anybody from then on.
    add column expires_at timestamptz not null default clock_timestamp() + interval '5 minutes',
    add constraint outbox_queue_check check (queue between 1 and 3),
    add constraint outbox_booking_check check ((kind = 'sign_in_code') = (booking_id is null)),
    -- A claim is written in place.
    set (fillfactor = 70);
drop index outbox_unsent_idx;
create index outbox_due_idx on outbox (queue, due_at);
-- Of decoys too: an index of those for somebody only would tell by the bytes of the log who it is.
create index outbox_person_idx on outbox (person_id, queue, outbox_id);
create index outbox_expires_idx on outbox (expires_at);

-- How far the journal has been turned into messages. Exact, as the board's position is: a line is
-- done if `seen` sees the transaction that wrote it. A transaction that commits late is in a later
-- snapshot, whatever its id is.
create table notice_cursor (
    is_only boolean primary key default true,
    seen pg_snapshot not null,
    -- What is being worked on, some lines at a time: all that this snapshot sees and `seen` does not,
    -- by id, which grows with what depends on what. Lines up to `done_id` are done.
    ahead pg_snapshot,
    done_id bigint not null default 0,
    constraint notice_cursor_one_row_check check (is_only)
);
-- What was booked before is no news.
insert into notice_cursor (seen) values (pg_current_snapshot());

-- Days of clinics that were closed or opened, for the persons who are booked there. Gone when they
-- have been told.
create table closure_change (
    closure_change_id bigint generated always as identity primary key,
    tx xid8 not null default pg_current_xact_id(),
    at timestamptz not null default clock_timestamp(),
    clinic_id int not null references clinic,
    on_date date not null
);

-- Bookings whose person has been told that the clinic is closed then.
create table closure_told (
    booking_id uuid primary key,
    -- The day in the clinic's zone; of no use after it.
    on_date date not null
);

-- Days for which the persons booked at a clinic have been reminded.
create table reminder_day (
    clinic_id int not null references clinic,
    on_date date not null,
    primary key (clinic_id, on_date)
);

grant select, update (seen, ahead, done_id) on notice_cursor to dosebook_app;
grant select, insert (clinic_id, on_date), delete on closure_change to dosebook_app;
grant select, insert, delete on closure_told, reminder_day to dosebook_app;
grant update (due_at, attempts) on outbox to dosebook_app;
