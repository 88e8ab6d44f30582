-- The keys of citizens' sessions. Key 0 comes from the secret alone and is the one of before; each
-- later one comes from the secret and its salt, so that neither a copy of the secret nor one of the
-- database makes a session once the keys were rotated.
set local lock_timeout = '1s';

create table session_key (
    key_id smallint primary key,
    -- Null for key 0.
    salt bytea,
    made_at timestamptz not null default clock_timestamp(),
    -- From then on sessions by this key are over; null while it is the latest.
    ends_at timestamptz,
    constraint session_key_salt_check check ((key_id = 0) = (salt is null)),
    constraint session_key_id_check check (key_id >= 0)
);

-- One lives on without an end.
create unique index session_key_latest_key on session_key ((true)) where ends_at is null;

insert into session_key (key_id) values (0);

-- `dosebook keys rotate` adds one and says when the others end.
grant select, insert (key_id, salt), update (ends_at) on session_key to dosebook_app;
