-- Doses move up as well as down, and what was written down wrongly above the clinic is taken back by
-- a line of its own, never by an edit.
set local lock_timeout = '3s';

-- One request of an administrator that moves doses, by the key that its client chose: the same
-- request sent again is done once, and answered as the first time.
create table idempotency_key (
    key uuid primary key,
    staff_user_id int not null references staff_user,
    -- SHA-256 over what is asked: another request with the same key is refused.
    fingerprint bytea not null,
    -- What was done, as the program keeps it; null only inside the transaction that does it.
    answer jsonb,
    created_at timestamptz not null default clock_timestamp(),
    constraint idempotency_key_fingerprint_check check (length(fingerprint) = 32)
);
create index idempotency_key_created_idx on idempotency_key (created_at);

-- Which line of the journal takes back doses of which, and how many. A table of its own: the journal
-- has tens of millions of lines, and no index is built on it.
create table movement_correction (
    -- The line that takes back.
    tx xid8 not null,
    id bigint not null,
    -- The line that was wrong.
    of_tx xid8 not null,
    of_id bigint not null,
    doses int not null,
    constraint movement_correction_pkey primary key (tx, id),
    constraint movement_correction_doses_check check (doses > 0)
);
create index movement_correction_of_idx on movement_correction (of_tx, of_id);

-- The public history says when a published limit was wrong.
alter table supply_history
    drop constraint supply_history_event_check,
    add constraint supply_history_event_check check (event in
        ('published', 'opened', 'paused', 'resumed', 'closed', 'received', 'granted', 'retracted',
         'corrected'));

grant select, insert, update (answer), delete on idempotency_key to dosebook_app;
grant select, insert on movement_correction to dosebook_app;

-- Last, because it keeps bookings out while it lasts. Not valid only means that the lines of before
-- are not read again: each was checked by these constraints as they were, which allow less.
alter table movement
    drop constraint movement_lawful_check,
    drop constraint movement_sides_check,
    add constraint movement_lawful_check check ((kind, from_bucket, to_bucket) in (
        (1, 1, 3),                          -- book
        (2, 3, 1),                          -- cancel
        (3, 3, 4),                          -- cancel late
        (4, 3, 4),                          -- no-show
        (5, 3, 5),                          -- administer
        (6, 4, 5),                          -- walk-in
        (7, 4, 1),                          -- offer again
        (8, 1, 6), (8, 4, 6),               -- waste
        (9, 1, 2), (10, 2, 3), (11, 2, 1),  -- hold, confirm, release
        (12, 5, 3),                         -- correct a wrong "given"
        (20, 0, 7),                         -- receive into a pool
        (21, 7, 7),                         -- pass on from pool to pool
        (22, 7, 1),                         -- grant: pool to allocation
        (23, 1, 7),                         -- retract: allocation to pool
        (24, 7, 6),                         -- lose from a pool
        (25, 7, 7),                         -- send back from a pool to the one above
        (26, 7, 0),                         -- take back a wrong receipt
        (27, 6, 7))) not valid,             -- take back a wrong loss
    add constraint movement_sides_check check (
        (allocation_id is not null) = (kind < 20 or kind in (22, 23))
        and (from_pool_id is not null) = (kind in (21, 22, 24, 25, 26))
        and (to_pool_id is not null) = (kind in (20, 21, 23, 25, 27))) not valid;
