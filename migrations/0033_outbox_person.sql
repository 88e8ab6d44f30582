-- no-transaction
-- Messages of a person. The index that this replaces had outbox_id as its last column: planned while
-- the outbox was empty, messages were looked up by their ids in it, from end to end for each.
create index concurrently if not exists outbox_recipient_idx on outbox (person_id);
