-- The register: whom an administrator has imported as a possible citizen of a campaign.
create table person (
    person_id bigint generated always as identity primary key,
    -- Keyed HMAC over normalised name, birth date and phone: the register can be asked "is this
    -- person in it?" without an index that lists who is. The key lives outside the database.
    match_key bytea not null,
    birth_date date not null,
    region_id int not null references region,
    name text not null,
    phone text not null,
    constraint person_match_key unique (match_key),
    constraint person_match_key_length_check check (length(match_key) = 16),
    constraint person_name_check check (length(name) between 1 and 200)
);

create table roster_member (
    person_id bigint not null references person,
    roster_id int not null references roster,
    primary key (person_id, roster_id)
);
create index roster_member_roster_idx on roster_member (roster_id);
