-- Indexes of the columns that 0016 and 0017 have added, which keep readers out until they commit. Bookings read person and write nothing there: an
-- index keeps writers of the register out while it is built (a second for 3.5 million persons), and
-- nobody else.
set local lock_timeout = '3s';

-- A unique index and not a constraint, which would take a lock that keeps readers out.
create unique index person_code_key on person (person_code_key) where person_code_key is not null;
-- Those whose keys are still to be made anew, and those who wait for somebody to decide. Everybody
-- else is not in it.
create index person_fold_idx on person (fold, person_id) where fold < 2;
-- Those who were merged, and those who are about to be: they are few.
create index person_merged_into_idx on person (merged_into) where merged_into is not null;
create index person_sealed_at_idx on person (sealed_at) where sealed_at is not null;
