-- Who signs in, files that were loaded, and messages on their way.

create table staff_user (
    staff_user_id int generated always as identity primary key,
    username text not null,
    -- PHC string, argon2id
    password_hash text not null,
    -- 2 staff, 3 administrator
    role smallint not null,
    -- Staff see this clinic only; administrators have none.
    clinic_id int references clinic,
    is_active boolean not null default true,
    constraint staff_user_username_key unique (username),
    constraint staff_user_username_check check (username ~ '^[a-z0-9._-]{3,64}$'),
    constraint staff_user_role_check check (
        (role = 2 and clinic_id is not null) or (role = 3 and clinic_id is null))
);

create table staff_session (
    -- SHA-256 of the token: a copy of this table signs nobody in.
    token_hash bytea primary key,
    staff_user_id int not null references staff_user,
    expires_at timestamptz not null,
    revoked_at timestamptz
);

-- A one-time code on its way to a citizen. A row without a person is a decoy: whoever asks for a
-- person outside the register gets the same answer and can never pass.
create table sign_in_code (
    challenge_id uuid primary key,
    person_id bigint references person,
    -- Keyed HMAC of the code.
    code_hash bytea not null,
    expires_at timestamptz not null,
    attempts smallint not null default 0,
    used_at timestamptz,
    constraint sign_in_code_attempts_check check (attempts between 0 and 5)
);

-- Messages leave through here, in the transaction that causes them.
create table outbox (
    outbox_id bigint generated always as identity primary key,
    created_at timestamptz not null default clock_timestamp(),
    kind text not null,
    recipient text not null,
    body text not null,
    -- Whoever sends has it to themselves until then; afterwards anybody may try again. Sending can
    -- be slow, so no lock is held meanwhile.
    claimed_until timestamptz,
    sent_at timestamptz,
    constraint outbox_kind_check check (kind in ('sign_in_code'))
);
create index outbox_unsent_idx on outbox (outbox_id) where sent_at is null;

-- A file that was loaded: the same file again is answered from here.
create table import (
    import_id bigint generated always as identity primary key,
    kind text not null,
    sha256 bytea not null,
    at timestamptz not null default clock_timestamp(),
    rows_accepted bigint not null,
    rows_unchanged bigint not null,
    rows_rejected bigint not null,
    -- The first rejected rows, as they were answered: line, column and reason, no values.
    rejects jsonb not null,
    staff_user_id int references staff_user,
    constraint import_file_key unique (kind, sha256),
    constraint import_kind_check check (kind in ('register', 'roster', 'clinics', 'slots', 'allocations'))
);
