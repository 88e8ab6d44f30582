-- Caps on one-time codes and on guessing them. Who asks and from where is kept as keyed hashes only:
-- neither a match key nor an address can be read out of what stands here.
set local lock_timeout = '3s';

-- Codes live for five minutes: whoever waits for one asks again. What piled up here goes at once.
truncate sign_in_code;

-- The check of the reference locked the row of a person who is in the register, and so took time
-- that it did not take for anybody else. Persons are never deleted.
alter table sign_in_code
    drop constraint sign_in_code_person_id_fkey,
    -- By the clock of the service, as expires_at.
    add column created_at timestamptz not null default clock_timestamp(),
    -- Zeros are the version before, which still runs during an upgrade.
    -- Who was asked for: the hash of what was typed, whether or not it is somebody's.
    add column person_key bytea not null default decode(repeat('00', 16), 'hex'),
    -- The same together with the network that asked.
    add column origin_key bytea not null default decode(repeat('00', 16), 'hex');
-- From here on the person of a decoy is 0: its row is then as long as any other. A code that a newer
-- one has replaced is marked by used_at, as a used one is.
create index sign_in_code_person_idx on sign_in_code (person_key, created_at);

-- How often something was done in a span of time. A row counts until ends_at; the next count begins
-- a new span.
create table code_cap (
    -- Keyed hash of what is counted, for a person, an origin, an address or a network.
    key bytea primary key,
    used int not null,
    ends_at timestamptz not null,
    constraint code_cap_key_length_check check (length(key) = 16),
    constraint code_cap_used_check check (used > 0)
);
create index code_cap_ends_idx on code_cap (ends_at);

-- A message that goes to nobody: it is kept and taken out as every other, and never sent.
alter table outbox add column is_decoy boolean not null default false;

create index staff_session_expires_idx on staff_session (expires_at);

grant select, insert, update (used, ends_at), delete on code_cap to dosebook_app;
-- The phone number and the code go when the message has been sent.
grant update (recipient, body) on outbox to dosebook_app;
grant delete on sign_in_code, outbox, staff_session to dosebook_app;
