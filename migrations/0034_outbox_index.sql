-- outbox_recipient_idx has taken its place.
set local lock_timeout = '1s';
drop index outbox_person_idx;
