-- Files are compared with what is there each time, and what became of each stands here: who loaded
-- what, when, and how it was tried before. Columns without a default, or with a constant one: no row
-- is rewritten.
set local lock_timeout = '3s';

alter table import
    drop constraint import_file_key,
    -- Rows that changed what was known; of old, they are among those accepted.
    add column rows_changed bigint not null default 0,
    -- Of a dry run the SHA-256 of its file, and nothing in sha256: a process of the version before
    -- answers a file whose sha256 stands here as loaded.
    add column dry_run_of bytea,
    -- Of files that add: what their rows say, in whatever order, bytes or format
    -- (domain::import::content).
    add column content bytea,
    -- As whoever sent it called it; files have no name here otherwise.
    add column file_name text,
    add constraint import_sha256_check check ((dry_run_of is not null) = (sha256 = '')) not valid,
    add constraint import_file_name_check check (length(file_name) between 1 and 200) not valid;
create index import_content_idx on import (content) where content is not null;
create index import_dry_run_idx on import (at) where dry_run_of is not null;

-- Rows that add, as they were loaded: a row that comes again is known by what it says. No foreign
-- key: import_id is an import's, in the same transaction, and imports are never deleted.
create table import_row (
    -- The first 64 bits of the SHA-256 over the row's values.
    hash bigint not null,
    import_id bigint not null,
    constraint import_row_key primary key (hash, import_id)
);

-- Dry runs go after some weeks.
grant delete on import to dosebook_app;
grant select, insert on import_row to dosebook_app;
