-- outbox_recipient_idx has taken its place.
drop index outbox_person_idx;
