-- no-transaction
-- Closed slots by their day: administrators see whom a closed day to come has not reached. A booking
-- changes nothing that stands here (no counter), and goes on while it is built.
create index concurrently if not exists slot_closed_idx on slot (on_date) where is_closed;
