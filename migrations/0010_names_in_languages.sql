-- What the public sees has names in Korean and in English beside its main name. Where one is missing
-- the main name serves, so that nothing has to be translated before it can be used. Columns without
-- a default: no row is rewritten. Each CHECK reads its table once; the largest, clinic, has some ten
-- thousand rows, so that the locks last for milliseconds. Where one cannot be had in time, nothing
-- is changed and the migration is run again.
set local lock_timeout = '3s';

alter table region
    add column name_ko text,
    add column name_en text,
    add constraint region_names_check check (
        length(name_ko) between 1 and 100 and length(name_en) between 1 and 100);
alter table clinic
    add column name_ko text,
    add column name_en text,
    add constraint clinic_names_check check (
        length(name_ko) between 1 and 200 and length(name_en) between 1 and 200);
-- Why a clinic is closed on a day.
alter table clinic_closure
    add column reason_ko text,
    add column reason_en text,
    add constraint clinic_closure_reasons_check check (
        length(reason_ko) between 1 and 200 and length(reason_en) between 1 and 200);
alter table product
    add column name_ko text,
    add column name_en text,
    add constraint product_names_check check (
        length(name_ko) between 1 and 100 and length(name_en) between 1 and 100);
alter table course
    add column name_ko text,
    add column name_en text,
    add constraint course_names_check check (
        length(name_ko) between 1 and 200 and length(name_en) between 1 and 200);
alter table campaign
    add column name_ko text,
    add column name_en text,
    add column state_reason_ko text,
    add column state_reason_en text,
    add constraint campaign_names_check check (
        length(name_ko) between 1 and 200 and length(name_en) between 1 and 200);
alter table cohort
    add column name_ko text,
    add column name_en text,
    add constraint cohort_names_check check (
        length(name_ko) between 1 and 200 and length(name_en) between 1 and 200);
alter table tranche
    add column name_ko text,
    add column name_en text,
    add constraint tranche_names_check check (
        length(name_ko) between 1 and 100 and length(name_en) between 1 and 100);
-- The public history gives reasons too.
alter table supply_history
    add column reason_ko text,
    add column reason_en text;

grant update (name_ko, name_en) on region, clinic, campaign to dosebook_app;
grant update (reason_ko, reason_en) on clinic_closure to dosebook_app;
grant update (state_reason_ko, state_reason_en) on campaign to dosebook_app;
