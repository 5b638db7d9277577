-- The projection: what the events made of each change, kept as rows so that it
-- can be locked, listed and constrained. It holds nothing the events do not
-- say; nothing outside it refers to it, so it can be thrown away and written
-- anew from them at any time. That is why countersign_app may delete here.
--
-- The constraints repeat what policy promises, as far as one row can say it: a
-- fault in the program then fails here instead of becoming a false record.

-- +goose Up

create table changes (
    id            text primary key,
    draft         text not null unique,
    number        text unique,
    state         text not null,
    revision      integer not null check (revision >= 0),
    hash          text,
    proposer      text not null,
    implementer   text not null,
    attempt       integer not null check (attempt >= 0),
    passed_by     text not null, -- who passed the current attempt; empty while nobody has
    told          boolean not null,
    live          boolean not null,
    ever_live     boolean not null,
    held_from     text not null,
    open_ballots  integer not null check (open_ballots >= 0),
    title         text not null,
    major         boolean not null,
    restricted    boolean not null,
    opened_at     timestamptz not null,
    ended_at      timestamptz,
    updated_seq   bigint not null default 0, -- the last event of this change
    body          text not null,             -- policy.Change as JSON

    constraint state_known check (state in (
        'draft', 'proposed', 'authorized', 'in progress', 'implemented', 'tested',
        'released', 'checked', 'held up', 'undoing', 'undone',
        'closed', 'rolled back', 'rejected', 'withdrawn', 'expired', 'canceled')),
    constraint end_has_its_time check ((ended_at is not null) = (state in (
        'closed', 'rolled back', 'rejected', 'withdrawn', 'expired', 'canceled'))),
    constraint end_asks_nobody check (ended_at is null or open_ballots = 0),

    -- A number comes with the first accepted revision, and everything beyond a
    -- draft has one.
    constraint number_with_revision check ((number is null) = (revision = 0)),
    constraint hash_with_revision check ((hash is null) = (revision = 0)),
    constraint only_drafts_lack_a_number check (
        number is not null or state in ('draft', 'withdrawn', 'expired', 'canceled')),

    -- (4), (6): what is tested was implemented, and somebody passed it.
    constraint done_before_tested check (
        state not in ('implemented', 'tested', 'released', 'closed') or attempt > 0),
    constraint passed_before_released check (
        state not in ('tested', 'released', 'closed') or passed_by <> ''),

    -- (7): everyone is told when it is released, and nothing closes untold.
    constraint released_is_live_and_told check (state <> 'released' or (live and told)),
    constraint closed_was_live_and_told check (state <> 'closed' or (ever_live and told)),

    -- What was ever in production ends closed or rolled back, never otherwise.
    constraint live_does_not_lapse check (
        not ever_live or state not in ('rejected', 'withdrawn', 'expired', 'canceled')),
    constraint rolled_back_is_not_live check (
        not live or state not in ('undone', 'rolled back')),
    constraint live_was_ever_live check (not live or ever_live),

    constraint held_up_from_somewhere check (state <> 'held up' or held_from <> '')
);
create index changes_waiting on changes (opened_at) where ended_at is null;
grant select, insert, update, delete on changes to countersign_app;

create table ballots (
    id          text primary key,
    change      text not null references changes,
    kind        text not null,
    person      text not null,
    revision    integer not null check (revision >= 0),
    attempt     integer not null check (attempt >= 0),
    status      text not null,
    keyword     text, -- empty where the answer needs none: a correction, a question's answer
    issued_at   timestamptz not null,
    due_at      timestamptz,
    answered_at timestamptz,

    constraint kind_known check (kind in (
        'correction', 'authorization', 'question', 'ratification', 'offer', 'implementation',
        'test', 'release', 'check', 'documents', 'decision', 'undo')),
    constraint status_known check (status in ('open', 'cast', 'voided', 'expired')),
    constraint cast_means_answered check (
        (status = 'cast') = (keyword is not null and answered_at is not null)
        and (keyword is null) = (answered_at is null)),
    constraint question_of_a_revision check (kind = 'correction' or revision > 0)
);
create index ballots_change on ballots (change);
create index ballots_open on ballots (due_at) where status = 'open';
grant select, insert, update, delete on ballots to countersign_app;

-- Separation of duties (6): one row for each person, so nobody can stand here
-- both as having implemented a part and as having passed the attempt.
create table hands (
    change text not null references changes,
    person text not null,
    part   text not null check (part in ('implemented', 'passed')),
    primary key (change, person)
);
create unique index hands_one_pass on hands (change) where part = 'passed';
grant select, insert, update, delete on hands to countersign_app;

-- The last number given in each series and year. Its row lock keeps the series
-- without gaps: a number is taken only by the transaction that commits it.
create table numbers (
    series text not null,
    year   integer not null,
    last   integer not null check (last >= 0),
    primary key (series, year)
);
grant select, insert, update on numbers to countersign_app;

-- A token of ours, by its hash: whose paper it is. The token itself is nowhere.
create table tokens (
    hash       text primary key,
    kid        text not null,
    generation integer not null,
    purpose    text not null check (purpose in ('mail', 'page', 'confirm')),
    change     text not null,
    ballot     text, -- none for a person's standing paper on a change
    person     text not null
);
create index tokens_change on tokens (change, person);
grant select, insert on tokens to countersign_app;

update schema_info set version = 3;
