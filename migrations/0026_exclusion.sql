-- Until when somebody unwell is not booked, and exclusions that are lifted with a reason. New
-- columns have no default, and no row is read.
set local lock_timeout = '1s';

alter table visit_step
    -- Of somebody unwell: the local date from which they can have the dose, where it is known.
    add column until date,
    -- The local date on which the dose was had elsewhere, as far as known.
    add column had_on date,
    add constraint visit_step_until_check check (until is null or reason = 2) not valid,
    add constraint visit_step_had_on_check check (had_on is null or reason = 4) not valid;

alter table exclusion
    -- The local date from which the person can be booked again; of somebody unwell only.
    add column until date,
    -- What an administrator wrote when they lifted it; null where the step that found it was taken
    -- back.
    add column lift_reason text,
    drop constraint exclusion_reason_check,
    -- 2 unwell, 3 contraindicated, 4 already had, as in visit_step.reason.
    add constraint exclusion_reason_check check (reason between 2 and 4) not valid,
    add constraint exclusion_until_check check ((until is not null) = (reason = 2)) not valid,
    add constraint exclusion_lift_reason_check check (
        lift_reason is null or (lifted_at is not null and length(lift_reason) between 1 and 500))
        not valid;
grant update (lift_reason) on exclusion to dosebook_app;

-- Not valid only means that the rows of before are not read again: each is one of the first seven.
alter table person_change
    drop constraint person_change_kind_check,
    -- 8: an exclusion was lifted.
    add constraint person_change_kind_check check (kind between 1 and 8) not valid;
