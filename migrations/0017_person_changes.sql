-- What administrators do with a person of the register: they look, correct, merge and mark, each
-- time with a reason. What was written before is not kept in clear: a change names the fields.
set local lock_timeout = '3s';

-- Every change by an administrator. Only ever added to.
create table person_change (
    person_change_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    staff_user_id int not null references staff_user,
    person_id bigint not null,
    -- The numbers are those of domain::person_change::Kind.
    kind smallint not null,
    reason text not null,
    -- What was corrected: names of fields, and neither the old nor the new value of any.
    fields text[] not null default '{}',
    -- The other person of a merge.
    other_person_id bigint,
    -- Bookings that went over to the other person.
    booking_ids uuid[] not null default '{}',
    constraint person_change_kind_check check (kind between 1 and 6),
    constraint person_change_reason_check check (length(reason) between 1 and 500),
    constraint person_change_other_check check (
        (other_person_id is not null) = (kind in (2, 3)))
);
create index person_change_person_idx on person_change (person_id, person_change_id);

-- Every look of an administrator at a person. Only ever added to.
create table person_look (
    person_look_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    staff_user_id int not null references staff_user,
    -- None where somebody was looked for and not found.
    person_id bigint,
    -- How the person was come upon: the numbers of domain::person_change::Way.
    way smallint not null,
    -- Why; none where a person was opened by the id, after they had been found.
    reason text,
    constraint person_look_way_check check (way between 1 and 5),
    constraint person_look_reason_check check (length(reason) between 1 and 500)
);
create index person_look_person_idx on person_look (person_id, person_look_id);

grant select, insert (staff_user_id, person_id, kind, reason, fields, other_person_id, booking_ids)
    on person_change to dosebook_app;
grant select, insert (staff_user_id, person_id, way, reason) on person_look to dosebook_app;

-- Columns without a default: no row is rewritten. No foreign key, which would cost each row of a
-- register a check: persons are never deleted, and `dosebook verify` looks at whom a row names.
alter table person
    -- Who this person turned out to be: never somebody who was merged themselves. The row stays, so
    -- that its match keys still find somebody.
    add column merged_into bigint,
    -- Since when nothing is booked for the person, because they are about to be merged. Taken back
    -- where the merge is refused, and where whoever was at it is gone.
    add column sealed_at timestamptz,
    -- Why the person neither signs in nor books.
    add column mark text,
    -- Not valid only means that no row is read now: none has any of these yet.
    add constraint person_merged_into_check check (merged_into <> person_id) not valid,
    add constraint person_mark_check check (mark in ('moved_away', 'deceased')) not valid;

grant update (merged_into, sealed_at, mark, match_key, birth_date) on person to dosebook_app;
-- What was promised to a person goes over to whom they are merged into, and so do their lists.
grant update (person_id) on booking to dosebook_app;
grant delete on roster_member to dosebook_app;
