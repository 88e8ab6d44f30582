-- Who is a person: one form in which all spellings of a name are equal, the register's own codes,
-- and days of birth of which only the year or the month is known. Columns without a default or with
-- a constant one, and checks that read no row: nothing is rewritten, and the lock on person lasts
-- for the change of the catalogue only. The indexes come in a migration of their own, because they
-- would be built under this lock.
set local lock_timeout = '3s';

-- From here on phone is empty for people without one, who are helped by staff.
alter table person
    -- By which form of the name and phone match_key was made. 1 is the form before, and what a
    -- service of the version before still writes during an upgrade: a background job makes these
    -- keys anew, because they need the secret, and sets 2. 0 are those whose new key is another
    -- person's: they keep the old one, by which they are found as before, until somebody decides
    -- whether the two are one.
    add column fold smallint not null default 1,
    -- Keyed HMAC over folded name and birth date: people who could be one with two phones. Null
    -- while fold is 1. Without an index: files are joined whole, and one person is looked for among
    -- those of their birth date.
    add column name_key uuid,
    -- Keyed HMAC over the register's own code for the person; null where it has given none.
    add column person_code_key bytea,
    -- What is known of birth_date: 1 the year, 2 the month too, 3 the day too. What is not known
    -- stands there as the last day that is possible, by which ages and cohorts are counted.
    add column birth_precision smallint not null default 3,
    add constraint person_fold_check check (fold between 0 and 2) not valid,
    add constraint person_code_key_length_check check (length(person_code_key) = 16) not valid,
    add constraint person_birth_precision_check check (birth_precision between 1 and 3) not valid;

grant update (match_key, fold, name_key, person_code_key, birth_date, birth_precision) on person
    to dosebook_app;
grant update (match_key, name) on person_spelling to dosebook_app;
