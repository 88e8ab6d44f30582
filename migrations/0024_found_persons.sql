-- Staff of clinics and the call centre look for people of the register, and add some of them.
set local lock_timeout = '3s';

-- How often a user has looked for somebody in the present minute. One row a user: nothing grows.
create table person_find (
    staff_user_id int primary key references staff_user,
    -- The minute that is counted, by the database's clock.
    minute timestamptz not null,
    finds int not null,
    constraint person_find_finds_check check (finds > 0)
);
grant select, insert, update (minute, finds) on person_find to dosebook_app;

-- Not valid only means that the rows of before are not read again: each is one of the first six.
alter table person_change
    drop constraint person_change_kind_check,
    -- 7: added to the register at a clinic.
    add constraint person_change_kind_check check (kind between 1 and 7) not valid;
