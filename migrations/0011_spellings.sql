-- Other spellings of a person's name, in Korean or in English letters: whoever signs in may type any
-- of them. Each has a match key of its own, made as person.match_key is, so that finding somebody by
-- a spelling is one look-up. A table of its own: the register is neither rewritten nor scanned, and
-- the lock on it lasts for the change of the catalogue only.
set local lock_timeout = '3s';

create table person_spelling (
    match_key bytea not null,
    person_id bigint not null references person,
    language text not null,
    name text not null,
    constraint person_spelling_key primary key (match_key),
    -- A corrected spelling takes the place of the one before.
    constraint person_spelling_language_key unique (person_id, language),
    constraint person_spelling_match_key_length_check check (length(match_key) = 16),
    constraint person_spelling_language_check check (language in ('ko', 'en')),
    constraint person_spelling_name_check check (length(name) between 1 and 200)
);

grant select, insert, delete on person_spelling to dosebook_app;
