-- The public picture keeps every slot in memory. The journal says which seat a booking took or gave
-- back, and clinics say when their slots were changed otherwise.

-- The slot of the booking, which is at the clinic of the allocation. Lines that are older than this
-- column name none.
alter table movement
    add column slot_id bigint,
    add constraint movement_slot_check check (
        slot_id is null or (booking_id is not null and slot_id >> 24 = allocation_id >> 24));
grant insert (slot_id) on movement to dosebook_app;

-- Goes up when slots are added to the clinic, closed, opened, or given other seats; not when a seat
-- is taken.
alter table clinic add column slots_revision bigint not null default 0;
grant update (slots_revision) on clinic to dosebook_app;

-- How many of the changes that `revision` counts told by clinic.slots_revision whose slots they
-- changed, if any. After one that did not (an older program's), every slot may be another.
alter table catalogue add column slots_told bigint not null default 0;
grant update (slots_told) on catalogue to dosebook_app;
