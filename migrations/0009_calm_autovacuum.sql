-- Autovacuum shares the cores with an opening. While these two tables grow, it would analyze them
-- again and again, 30,000 rows at a time (300 for each point of the statistics target), and vacuum
-- them although nothing in them is dead. A tenth of the rows tells what the planner needs: they are
-- read by index only.
alter table booking
    alter booking_id set statistics 10,
    alter person_id set statistics 10,
    alter campaign_id set statistics 10,
    alter product_id set statistics 10,
    alter course_id set statistics 10,
    alter dose_number set statistics 10,
    alter state set statistics 10,
    alter slot_id set statistics 10,
    alter allocation_id set statistics 10,
    alter rule_version set statistics 10,
    alter booked_at set statistics 10,
    alter ended_at set statistics 10,
    set (autovacuum_vacuum_insert_threshold = 1000000);
alter table movement
    alter tx set statistics 10,
    alter id set statistics 10,
    alter at set statistics 10,
    alter kind set statistics 10,
    alter from_bucket set statistics 10,
    alter to_bucket set statistics 10,
    alter doses set statistics 10,
    alter allocation_id set statistics 10,
    alter slot_id set statistics 10,
    alter from_pool_id set statistics 10,
    alter to_pool_id set statistics 10,
    alter booking_id set statistics 10,
    alter actor_role set statistics 10,
    alter staff_user_id set statistics 10,
    alter reason set statistics 10,
    set (autovacuum_vacuum_insert_threshold = 1000000);
