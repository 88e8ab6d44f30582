-- Who may book what, and when.

-- What a series of doses protects against; a person has one live booking per course and dose.
create table course (
    course_id int generated always as identity primary key,
    code text not null,
    name text not null,
    constraint course_code_key unique (code),
    constraint course_code_check check (code ~ '^[a-z0-9-]{1,64}$')
);

create table campaign (
    campaign_id int generated always as identity primary key,
    code text not null,
    name text not null,
    course_id int not null references course,
    dose_number smallint not null default 1,
    -- 1 draft, 2 published, 3 open, 4 paused, 5 closed; the lawful steps are in domain::campaign.
    state smallint not null default 1,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    -- Until this many hours before the slot a cancelled dose returns to everybody; later it is spare.
    cancel_until_hours smallint not null default 48,
    -- The zone in which this campaign's times are announced.
    zone text not null,
    -- Goes up with every change of window, cohorts, tranches or products. A lane keeps the rules of
    -- one version in memory and reads this number in each booking transaction.
    rule_version int not null default 1,
    -- The dose quota that was made public; a campaign cannot be published without it.
    published_quota int,
    published_at timestamptz,
    -- Why booking is paused or closed: shown to the public as it stands.
    state_reason text,
    constraint campaign_code_key unique (code),
    constraint campaign_code_check check (code ~ '^[a-z0-9-]{1,64}$'),
    constraint campaign_name_check check (length(name) between 1 and 200),
    constraint campaign_dose_number_check check (dose_number between 1 and 20),
    constraint campaign_state_check check (state between 1 and 5),
    constraint campaign_window_check check (opens_at < closes_at),
    constraint campaign_cancel_until_check check (cancel_until_hours between 0 and 1000),
    -- The limit is known before anyone queues: whatever writes here, no campaign is public without it.
    constraint campaign_quota_published_check check (
        state = 1 or (coalesce(published_quota, 0) > 0 and published_at is not null)),
    constraint campaign_closed_with_reason_check check (state <> 5 or state_reason is not null)
);

create table campaign_product (
    campaign_id int not null references campaign,
    product_id int not null references product,
    primary key (campaign_id, product_id)
);

-- A list of persons (an occupation, a facility) imported from a file.
create table roster (
    roster_id int generated always as identity primary key,
    code text not null,
    name text not null,
    constraint roster_code_key unique (code),
    constraint roster_code_check check (code ~ '^[A-Za-z0-9-]{1,32}$')
);

-- Rules are never edited: a new version ends the row (until_version) and adds another, so that every
-- booking can be explained by the version it names. A row holds for since <= version < until.
create table cohort (
    cohort_id int generated always as identity primary key,
    campaign_id int not null references campaign,
    name text not null,
    -- Birth dates are canonical (both ends included): three ways of counting age were in use in
    -- Korea in 2021, and only a birth date means the same to everybody.
    born_from date,
    born_to date,
    roster_id int references roster,
    region_id int references region,
    since_version int not null,
    until_version int,
    constraint cohort_name_check check (length(name) between 1 and 200),
    constraint cohort_birth_range_check check (born_from <= born_to),
    constraint cohort_names_someone_check check (
        born_from is not null or born_to is not null or roster_id is not null or region_id is not null),
    constraint cohort_version_check check (until_version > since_version)
);
create index cohort_campaign_idx on cohort (campaign_id);

-- A share of a campaign that opens on its own day. A person belongs to the tranche that lists the
-- last digit of their day of birth; a campaign without tranches opens for everybody at once.
create table tranche (
    tranche_id int generated always as identity primary key,
    campaign_id int not null references campaign,
    name text not null,
    birth_day_digits smallint[] not null,
    opens_at timestamptz not null,
    since_version int not null,
    until_version int,
    constraint tranche_name_check check (length(name) between 1 and 100),
    constraint tranche_digits_check check (
        cardinality(birth_day_digits) between 1 and 10
        and birth_day_digits <@ array[0,1,2,3,4,5,6,7,8,9]::smallint[]),
    constraint tranche_version_check check (until_version > since_version)
);
create index tranche_campaign_idx on tranche (campaign_id);

-- Every change of the limit or of the state, with its reason, for everybody to read.
create table supply_history (
    supply_history_id bigint generated always as identity primary key,
    campaign_id int not null references campaign,
    at timestamptz not null default clock_timestamp(),
    -- published, opened, paused, resumed, closed, received, granted, retracted
    event text not null,
    -- Change of the doses of this campaign, where the event changes them.
    doses int,
    reason text not null,
    constraint supply_history_event_check check (event in
        ('published', 'opened', 'paused', 'resumed', 'closed', 'received', 'granted', 'retracted'))
);
create index supply_history_campaign_idx on supply_history (campaign_id, supply_history_id);
