-- How often a person may book in a campaign on one day; and tranches that stay who they are when
-- they are moved.
set local lock_timeout = '1s';

-- Bookings of a person in the campaign, made on one day of the clinic's. Public, and a rule: another
-- number is another version of the rules.
alter table campaign add column bookings_per_day smallint not null default 5;
alter table campaign
    add constraint campaign_bookings_per_day_check check (bookings_per_day between 1 and 100) not valid;
grant update (bookings_per_day) on campaign to dosebook_app;

-- Has once cancelled as many bookings as a day may have: whoever books for such a person counts what
-- they have cancelled that day. Of all others nothing is counted. Never taken back; it says no more
-- than that counting is worth the while.
alter table person add column is_limited boolean not null default false;
grant update (is_limited) on person to dosebook_app;

-- Former times of tranches: from which to which version of the rules one opened when. The present
-- time stands in `tranche` itself, whose `since_version` is that of the time.
create table tranche_time (
    tranche_id int not null references tranche,
    birth_day_digits smallint[] not null,
    opens_at timestamptz not null,
    since_version int not null,
    until_version int not null,
    constraint tranche_time_pkey primary key (tranche_id, until_version),
    constraint tranche_time_version_check check (until_version > since_version)
);
grant select, insert on tranche_time to dosebook_app;
-- A tranche that is moved, or begins again.
grant update (birth_day_digits, opens_at, since_version) on tranche to dosebook_app;
