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

-- Tranches that were moved by ending one and adding another for the same digits: the doses that were
-- kept for the old one are kept for the new one, so that they can be booked again. Nobody waits for
-- these rows: nobody can book from them. Where the new one has doses of its own at the same place,
-- they stay, to be retracted.
update allocation a set tranche_id = n.tranche_id
from tranche o join tranche n on n.campaign_id = o.campaign_id and n.until_version is null
    and n.since_version >= o.until_version and n.birth_day_digits <@ o.birth_day_digits
    and o.birth_day_digits <@ n.birth_day_digits
where a.tranche_id = o.tranche_id and o.until_version is not null
    and not exists (select from tranche other where other.campaign_id = o.campaign_id
        and other.until_version is null and other.tranche_id < n.tranche_id
        and other.birth_day_digits <@ o.birth_day_digits
        and o.birth_day_digits <@ other.birth_day_digits)
    and not exists (select from tranche later where later.campaign_id = o.campaign_id
        and later.until_version is not null and later.tranche_id > o.tranche_id
        and later.birth_day_digits <@ o.birth_day_digits
        and o.birth_day_digits <@ later.birth_day_digits
        and exists (select from allocation l where l.tranche_id = later.tranche_id
            and (l.clinic_id, l.campaign_id, l.product_id, l.on_date, l.channel)
                = (a.clinic_id, a.campaign_id, a.product_id, a.on_date, a.channel)))
    and not exists (select from allocation l where l.tranche_id = n.tranche_id
        and (l.clinic_id, l.campaign_id, l.product_id, l.on_date, l.channel)
            = (a.clinic_id, a.campaign_id, a.product_id, a.on_date, a.channel));
update catalogue set revision = revision + 1, slots_told = slots_told + 1;
