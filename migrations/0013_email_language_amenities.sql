-- Where else a person can be reached and in which language, and what a clinic has for those who
-- come. Columns without a default, or with a constant one: no row is rewritten. Bookings read person
-- and write nothing there: the index keeps writers of the register out while it is built (two
-- seconds for 3.5 million persons), and nobody else. The locks that keep out readers come last, those
-- on person at the very end, and last for the change of the catalogue only. Where one cannot be had
-- in time, nothing is changed and the migration is run again.
set local lock_timeout = '3s';

-- Who was born on a day: some two thousand persons, among whom the holder of a booking number is
-- looked for.
create index person_birth_date_idx on person (birth_date);

alter table clinic
    -- What is known: {"step_free": true, "parking": false}. What is not there is not known, and is
    -- never taken for a no. The names are those of domain::amenity::Amenity.
    add column amenities jsonb not null default '{}',
    -- How to find it, in a few sentences, and the same in Korean and in English.
    add column directions text,
    add column directions_ko text,
    add column directions_en text,
    add constraint clinic_amenities_check check (
        jsonb_typeof(amenities) = 'object'
        and amenities - array['step_free', 'accessible_toilet', 'parking', 'hearing_loop',
            'sign_language', 'wheelchair'] = '{}'
        and not jsonb_path_exists(amenities, 'strict $.* ? (@.type() != "boolean")')),
    add constraint clinic_directions_check check (
        length(directions) between 1 and 500 and length(directions_ko) between 1 and 500
        and length(directions_en) between 1 and 500);

alter table person
    -- In clear, as the phone is: messages go there. The plain check of domain::person.
    add column email text,
    -- In which language messages are written: the register's word, or the last that the person used.
    add column language text,
    -- Not valid only means that no row is read now: none has an address or a language yet.
    add constraint person_email_check check (
        length(email) <= 254 and email ~ '^[^@ ]+@[^@ ]+$') not valid,
    add constraint person_language_check check (language in ('ko', 'en')) not valid;

grant update (amenities, directions, directions_ko, directions_en) on clinic to dosebook_app;
grant update (email, language) on person to dosebook_app;
