-- From an empty database to an open campaign: users who choose their password by an invitation,
-- regions and users out of files, and names that can be corrected.
set local lock_timeout = '3s';

-- Null: the user was invited and has not chosen a password yet, and nothing signs them in.
alter table staff_user alter column password_hash drop not null;

-- A one-time invitation to choose a password. A user has one at most: a newer one takes its place,
-- and whoever uses it takes it away.
create table staff_invitation (
    staff_user_id int primary key references staff_user,
    -- Keyed HMAC of the token: a copy of this table lets nobody in.
    token_hash bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    -- The administrator who invited; null is whoever holds the machine.
    by_staff_user_id int references staff_user,
    constraint staff_invitation_token_key unique (token_hash),
    constraint staff_invitation_token_length_check check (length(token_hash) = 32)
);

-- Two more kinds of files; the table has a row for each file that was loaded.
alter table import
    drop constraint import_kind_check,
    add constraint import_kind_check check (kind in
        ('register', 'roster', 'clinics', 'slots', 'allocations', 'hours', 'regions',
         'users')) not valid;
alter table import validate constraint import_kind_check;

grant select, insert, delete, update (token_hash, created_at, expires_at, by_staff_user_id)
    on staff_invitation to dosebook_app;
grant update (role, clinic_id) on staff_user to dosebook_app;
grant update (name, name_ko, name_en) on course, product, cohort, tranche to dosebook_app;
grant update (name) on roster to dosebook_app;
