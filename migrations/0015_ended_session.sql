-- Sessions of citizens that were ended before their time. A session proves itself without a look-up,
-- so each process keeps what stands here in memory. A row is needed until the session would have
-- expired by itself, twelve hours at most.
set local lock_timeout = '3s';

create table ended_session (
    person_id bigint not null,
    -- Tells the session from the person's others: when it would have expired, in whole seconds.
    expires_at timestamptz not null,
    -- All of the person's that expire by then have ended with it.
    with_earlier boolean not null,
    -- Which process has not seen the row yet is told by the transaction that wrote it.
    tx xid8 not null default pg_current_xact_id(),
    constraint ended_session_key primary key (person_id, expires_at)
);
create index ended_session_tx_idx on ended_session (tx);
create index ended_session_expires_idx on ended_session (expires_at);

-- When a code has signed somebody in. A browser whose answer was lost sends it again, and gets the
-- same session once more. No default, so no row is rewritten.
alter table sign_in_code add column signed_in_at timestamptz;

grant select, insert, update (with_earlier, tx), delete on ended_session to dosebook_app;
grant update (signed_in_at) on sign_in_code to dosebook_app;
