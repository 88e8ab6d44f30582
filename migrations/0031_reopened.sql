-- Makes a table, and waits for no other.
set local lock_timeout = '1s';

-- Bookings that have their time back, whose person somebody had told by hand that it was gone:
-- until a message or somebody tells them again, or the time is gone anew.
create table booking_reopened (
    booking_id uuid primary key,
    at timestamptz not null default clock_timestamp()
);
grant select, insert, delete on booking_reopened to dosebook_app;
