-- The register: what people find changes by. It belongs to the projection and
-- holds nothing that the events do not say.
--
-- It is a table beside "changes" so that a decision costs what it cost before:
-- that row is rewritten with each of them, and Postgres does so without touching
-- an index (HOT) only while no indexed column of it is another. A row here is
-- written when the proposal is, and once more when the change ends; what it is
-- found by is indexed from then on. The changes that are open are few: they are
-- found by the index they have, "changes_waiting".

-- +goose Up

-- The words of a text, as they are searched. Marks between words are taken away
-- first: the parser would make numbers and file names of them. A text of any
-- length has to fit: Postgres takes a megabyte of words, and no more.
-- +goose StatementBegin
create function register_words(text) returns tsvector
    language sql immutable strict parallel safe as $$
    select to_tsvector('simple', translate(left($1, 100000),
        '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', '                                '))
$$;
-- +goose StatementEnd

create table register (
    change     text primary key references changes,
    name       text not null,
    ordinal    bigint not null, -- the name as a number: year and number; below zero for drafts
    title      text not null,
    categories text[] not null, -- none while it is a draft
    proposer   text not null,
    opened_at  timestamptz not null,
    major      boolean not null,
    restricted boolean not null,
    words      tsvector not null,

    -- Of changes that have ended.
    state      text,
    ended_at   timestamptz,
    people     text[], -- who had a part in it

    constraint end_is_whole check ((ended_at is null) = (state is null) and (ended_at is null) = (people is null))
);

-- Somebody's words can be of any length, a key of an index cannot.
create index register_number on register (ordinal) where ended_at is not null;
create index register_title on register (lower(left(title, 80)), ordinal) where ended_at is not null;
create index register_state on register (state, ordinal) where ended_at is not null;
create index register_ended on register (ended_at, ordinal) where ended_at is not null;
create index register_opened on register (opened_at, ordinal) where ended_at is not null;
create index register_found on register using gin (words, people, categories) where ended_at is not null;
grant select, insert, update, delete on register to countersign_app;

insert into register
select c.id, coalesce(c.number, c.draft),
    split_part(coalesce(c.number, c.draft), '-', 2)::bigint * 1000000000
        + split_part(coalesce(c.number, c.draft), '-', 3)::bigint
        - case when c.number is null then 10000000000000 else 0 end,
    c.title, said.categories, c.proposer, c.opened_at, c.major, said.restricted,
    register_words(concat_ws(' ', coalesce(c.number, c.draft), c.title,
        case when not said.restricted then said.more end)),
    case when c.ended_at is not null then c.state end, c.ended_at,
    case when c.ended_at is not null then array(
        select person from (select c.proposer as person union select b.person from ballots as b where b.change = c.id) as part
        order by person collate "C") end
from changes as c
cross join lateral (
    select array(select json_array_elements_text(
            case when c.revision > 0 then c.body::json #> '{proposal,categories}' else '[]' end)) as categories,
        case when c.revision > 0 then concat_ws(' ', c.body::json #>> '{proposal,systems}', c.body::json #>> '{proposal,description}') end as more,
        case when c.revision > 0 then c.restricted
            else coalesce(c.body::json #>> '{form,Restricted}', '') !~* '^\s*(no)?\s*$' end as restricted
) as said;
analyze register;

-- Programs from before would leave out what they decide.
update schema_info set version = 12, oldest = 12;
