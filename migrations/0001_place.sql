-- Where doses are given, and what is given there.
-- Keys are named after their table (clinic_id, not id), so that a join reads the same from both sides.

-- The service signs in as, or switches to, this role. It owns nothing: it cannot change the schema,
-- and later migrations grant it only the verbs that a flow needs. Roles belong to the whole server,
-- so two databases migrating at once may both try.
do $$ begin
    -- Asked first, because where the role is there already the owner need not be able to make one.
    if not exists (select from pg_roles where rolname = 'dosebook_app') then
        create role dosebook_app nologin;
    end if;
exception when duplicate_object or unique_violation then null;
end $$;
-- An owner who is no superuser needs this to step down to the role; where it cannot be granted here
-- (somebody else made the role), the service says so when it connects.
do $$ begin
    if not pg_has_role(current_user, 'dosebook_app', 'member') then
        execute format('grant dosebook_app to %I', current_user);
    end if;
exception when others then null;
end $$;

-- A province, or a district of a province.
create table region (
    region_id int generated always as identity primary key,
    parent_id int references region,
    code text not null,
    name text not null,
    constraint region_code_key unique (code),
    constraint region_code_check check (code ~ '^[A-Za-z0-9-]{1,32}$'),
    constraint region_name_check check (length(name) between 1 and 100),
    constraint region_not_its_own_parent_check check (parent_id <> region_id)
);
create index region_parent_idx on region (parent_id);

create table clinic (
    clinic_id int generated always as identity primary key,
    region_id int not null references region,
    code text not null,
    name text not null,
    -- IANA name; appointment dates, ages and closures are judged in this zone.
    zone text not null,
    address text not null,
    phone text not null,
    latitude double precision,
    longitude double precision,
    constraint clinic_code_key unique (code),
    constraint clinic_code_check check (code ~ '^[A-Za-z0-9-]{1,32}$'),
    constraint clinic_name_check check (length(name) between 1 and 200),
    constraint clinic_position_check check (
        (latitude is null) = (longitude is null)
        and latitude between -90 and 90 and longitude between -180 and 180)
);
create index clinic_region_idx on clinic (region_id);

-- A day on which a clinic gives nothing. The slots of that day carry is_closed as well, because a
-- booking locks its slot and must see the closure there.
create table clinic_closure (
    clinic_id int not null references clinic,
    on_date date not null,
    reason text not null,
    primary key (clinic_id, on_date),
    constraint clinic_closure_reason_check check (length(reason) between 1 and 200)
);

create table product (
    product_id int generated always as identity primary key,
    -- CVX by default: https://www2.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx
    code_system text not null default 'http://hl7.org/fhir/sid/cvx',
    code text not null,
    name text not null,
    doses_per_vial smallint not null,
    -- Age limits in completed months on the appointment date; null means no upper limit.
    age_months_min smallint not null default 0,
    age_months_max smallint,
    doses_in_series smallint not null default 1,
    -- Days that must pass between two doses of a series.
    interval_days_min smallint not null default 0,
    constraint product_code_key unique (code_system, code),
    constraint product_name_check check (length(name) between 1 and 100),
    constraint product_doses_per_vial_check check (doses_per_vial > 0),
    constraint product_doses_in_series_check check (doses_in_series > 0),
    constraint product_interval_check check (interval_days_min >= 0),
    constraint product_age_check check (
        age_months_min >= 0 and (age_months_max is null or age_months_max >= age_months_min))
);
