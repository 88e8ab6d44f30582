-- The booking book: doses (pool, allocation), seats (slot), promises (booking) and their journal.
--
-- Buckets: 0 outside the book, 1 open, 2 held, 3 booked, 4 spare, 5 given, 6 lost, 7 open in a pool.
-- One row is a closed set of accounts: its checks make PostgreSQL itself refuse an oversell and an
-- unbalanced change, on every path. No index may mention a counter, not even in its predicate, or
-- every booking would rewrite it (no HOT update).

-- Doses above the clinic: one row per campaign, product and node (nation, province, district).
create table pool (
    pool_id int generated always as identity primary key,
    campaign_id int not null references campaign,
    product_id int not null references product,
    parent_id int references pool,
    -- Null is the nation.
    region_id int references region,
    received int not null default 0,
    open int not null default 0,
    passed_on int not null default 0,
    lost int not null default 0,
    constraint pool_node_key unique nulls not distinct (campaign_id, product_id, region_id),
    constraint pool_no_negative_check check (open >= 0 and passed_on >= 0 and lost >= 0),
    constraint pool_balances_check check (received = open + passed_on + lost)
) with (fillfactor = 70);

-- The doses of a product that a clinic may give on a date.
-- Its id begins with its clinic's (the bits above 24), so that the id alone names the lane, and later
-- the shard, that the row belongs to; the same holds for slots.
create table allocation (
    allocation_id bigint primary key,
    clinic_id int not null references clinic,
    campaign_id int not null references campaign,
    product_id int not null references product,
    on_date date not null,
    -- Null: doses for whoever's turn it is. Else only for this tranche.
    tranche_id int references tranche,
    -- 1 web, 2 phone or assisted, 3 walk-in
    channel smallint not null default 1,
    pool_id int not null references pool,
    granted int not null default 0,
    open int not null default 0,
    held int not null default 0,
    booked int not null default 0,
    spare int not null default 0,
    given int not null default 0,
    lost int not null default 0,
    constraint allocation_id_names_clinic_check check (allocation_id >> 24 = clinic_id),
    constraint allocation_channel_check check (channel between 1 and 3),
    constraint allocation_no_negative_check check (
        open >= 0 and held >= 0 and booked >= 0 and spare >= 0 and given >= 0 and lost >= 0),
    constraint allocation_balances_check check (
        granted = open + held + booked + spare + given + lost),
    constraint allocation_key unique nulls not distinct
        (clinic_id, campaign_id, product_id, on_date, tranche_id, channel)
) with (fillfactor = 50);

-- A time window at a clinic with a number of seats.
create table slot (
    slot_id bigint primary key,
    clinic_id int not null references clinic,
    -- The local date in the clinic's zone; kept beside starts_at because allocations, ages and
    -- closures all go by it.
    on_date date not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    seats int not null,
    taken int not null default 0,
    is_closed boolean not null default false,
    constraint slot_id_names_clinic_check check (slot_id >> 24 = clinic_id),
    constraint slot_window_check check (starts_at < ends_at),
    constraint slot_seats_check check (taken between 0 and seats),
    constraint slot_key unique (clinic_id, starts_at)
) with (fillfactor = 50);
create index slot_day_idx on slot (clinic_id, on_date);

-- A promise: one person, one dose of a course, one slot, one allocation.
-- No foreign key points from here: the booking transaction holds the locked slot and allocation in
-- its hands, and each foreign key would cost a lock record per booking (54 bytes of WAL). Slots,
-- allocations and persons are never deleted, and `dosebook verify` checks the references.
create table booking (
    -- Chosen by the client: the same request sent again finds the same row.
    booking_id uuid primary key,
    person_id bigint not null,
    campaign_id int not null,
    product_id int not null,
    course_id int not null,
    dose_number smallint not null,
    -- 1 booked, 2 given, 3 cancelled, 4 no-show, 5 held
    state smallint not null default 1,
    slot_id bigint not null,
    allocation_id bigint not null,
    rule_version int not null,
    booked_at timestamptz not null,
    ended_at timestamptz,
    constraint booking_state_check check (state between 1 and 5),
    -- Same clinic on both sides: the bits above 24 of both ids.
    constraint booking_one_clinic_check check (slot_id >> 24 = allocation_id >> 24),
    constraint booking_ended_check check ((state in (1, 5)) = (ended_at is null))
);
create unique index booking_one_live_key on booking (person_id, course_id, dose_number)
    where state in (1, 2, 5);
-- With the index above it finds all bookings of a person; written only when a booking ends.
create index booking_ended_idx on booking (person_id) where state in (3, 4);
create index booking_slot_idx on booking (slot_id);

-- The journal: audit trail and outbox at once. Each line names both sides of a move.
-- Ordered by (tx, id): a sequence alone would lose lines that commit late.
create table movement (
    tx xid8 not null default pg_current_xact_id(),
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    -- The numbers and the lawful moves are those of domain::movement::Kind.
    kind smallint not null,
    from_bucket smallint not null,
    to_bucket smallint not null,
    doses int not null,
    allocation_id bigint,
    from_pool_id int,
    to_pool_id int,
    booking_id uuid,
    -- 1 citizen (the booking's own person), 2 staff, 3 administrator, 4 the service itself
    actor_role smallint not null,
    staff_user_id int,
    reason text,
    constraint movement_pkey primary key (tx, id),
    constraint movement_doses_check check (doses > 0),
    constraint movement_actor_check check (
        actor_role between 1 and 4 and (staff_user_id is not null) = (actor_role in (2, 3))),
    constraint movement_lawful_check check ((kind, from_bucket, to_bucket) in (
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
        (24, 7, 6))),                       -- lose from a pool
    constraint movement_sides_check check (
        (allocation_id is not null) = (kind < 20 or kind in (22, 23))
        and (from_pool_id is not null) = (kind in (21, 22, 24))
        and (to_pool_id is not null) = (kind in (20, 21, 23))),
    constraint movement_booking_check check ((booking_id is not null) = (kind in (1, 2, 3, 4, 5, 10, 12)))
);

create function movement_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'movement is append-only' using errcode = 'restrict_violation';
end $$;
create trigger movement_append_only before update or delete or truncate on movement
    for each statement execute function movement_is_append_only();

-- One row that goes up whenever clinics, slots, campaigns, the register or anything else outside the
-- journal changes: whoever keeps a picture in memory reads it again when this moves.
create table catalogue (
    is_only boolean primary key default true,
    revision bigint not null default 1,
    -- Fingerprint of the secret that match keys and sessions derive from.
    secret_check bytea,
    constraint catalogue_one_row_check check (is_only)
);
insert into catalogue default values;
