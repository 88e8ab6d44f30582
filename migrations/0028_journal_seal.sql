-- The journal below a position, summed up and sealed: whoever starts, publishes or verifies reads the
-- sums and the lines since, and not millions of lines. Written off the way of bookings.
set local lock_timeout = '1s';

-- A block of the journal, in the order (tx, id). All transactions up to its end were over when it was
-- sealed: no line can come below it any more.
create table journal_seal (
    -- From 1; each follows on the one before.
    number bigint primary key,
    -- The last line of the block.
    tx xid8 not null,
    id bigint not null,
    -- Lines of the block, and of all blocks up to it.
    lines bigint not null,
    lines_total bigint not null,
    -- Over all allocations up to here: open, held, booked, spare, given, lost.
    totals bigint[] not null,
    -- SHA-256 over the lines of the block, in their order.
    digest bytea not null,
    -- SHA-256 over all of the above and the hash of the seal before.
    hash bytea not null,
    sealed_at timestamptz not null default clock_timestamp(),
    constraint journal_seal_lines_check check (lines > 0 and lines_total >= lines),
    constraint journal_seal_hash_check check (length(digest) = 32 and length(hash) = 32)
);

-- What the sealed lines come to, for each allocation.
create table journal_sum (
    allocation_id bigint primary key,
    open bigint not null,
    held bigint not null,
    booked bigint not null,
    spare bigint not null,
    given bigint not null,
    lost bigint not null,
    -- Walk-ins of before, which had no booking.
    walk_ins bigint not null,
    -- Sums over hashes of the bookings that are booked, and given: they differ where another booking
    -- is than the lines say.
    booked_mark bigint not null,
    given_mark bigint not null
) with (fillfactor = 70);

-- The same for each pool.
create table journal_pool_sum (
    pool_id int primary key,
    received bigint not null,
    open bigint not null,
    passed_on bigint not null,
    lost bigint not null
);

create function journal_seal_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'journal_seal is append-only' using errcode = 'restrict_violation';
end $$;
create trigger journal_seal_append_only before update or delete or truncate on journal_seal
    for each statement execute function journal_seal_is_append_only();

grant select, insert on journal_seal to dosebook_app;
grant select, insert, update on journal_sum, journal_pool_sum to dosebook_app;
