-- In a transaction of its own: the one that adds columns holds tables that bookings read.
set local lock_timeout = '1s';

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
