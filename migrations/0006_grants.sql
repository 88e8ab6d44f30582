-- What the service may do. It owns nothing; counters are the only columns of the ledger it may
-- change, and the journal can only be appended to.
grant usage on schema public to dosebook_app;
grant select on all tables in schema public to dosebook_app;
grant insert on region, clinic, clinic_closure, product, course, campaign, campaign_product, roster,
    roster_member, cohort, tranche, supply_history, person, pool, allocation, slot,
    staff_user, staff_session, sign_in_code, outbox, import to dosebook_app;

-- Transaction and time of a journal line are the database's to say, and a booking begins as booked.
grant insert (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id, to_pool_id, booking_id,
    actor_role, staff_user_id, reason) on movement to dosebook_app;
grant insert (booking_id, person_id, campaign_id, product_id, course_id, dose_number, slot_id,
    allocation_id, rule_version, booked_at) on booking to dosebook_app;

grant update (name, region_id, zone, address, phone, latitude, longitude) on clinic to dosebook_app;
grant update (name) on region to dosebook_app;
grant update (reason) on clinic_closure to dosebook_app;
grant delete on clinic_closure, campaign_product to dosebook_app;
grant update (name, opens_at, closes_at, cancel_until_hours, state, rule_version, published_quota,
    published_at, state_reason) on campaign to dosebook_app;
grant update (until_version) on cohort, tranche to dosebook_app;
grant update (region_id, name, phone) on person to dosebook_app;
grant update (received, open, passed_on, lost) on pool to dosebook_app;
grant update (granted, open, held, booked, spare, given, lost) on allocation to dosebook_app;
grant update (seats, taken, is_closed) on slot to dosebook_app;
grant update (state, ended_at) on booking to dosebook_app;
grant update (revision) on catalogue to dosebook_app;
grant update (password_hash, is_active) on staff_user to dosebook_app;
grant update (revoked_at) on staff_session to dosebook_app;
grant update (attempts, used_at) on sign_in_code to dosebook_app;
grant update (claimed_until, sent_at) on outbox to dosebook_app;
-- The register is staged in a temporary table while a file is checked.
do $$ begin
    execute format('grant temporary on database %I to dosebook_app', current_database());
end $$;
