-- Which lines of the journal closed a day: they are taken back when it is opened again, and
-- `dosebook verify` holds the account against them.
set local lock_timeout = '3s';

alter table clinic_day_close
    -- The transaction that closed the day; all its lines are of this closing.
    add column tx xid8 not null default pg_current_xact_id();
