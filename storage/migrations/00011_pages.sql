-- The pages. What a person entered there waits here until they have typed the
-- code that was mailed to them; a session is a browser whose person has done so.
-- Neither is part of the record: what was decided is, and the answer lies in the
-- archive then. So these rows may go, after some days.
--
-- No code and no session stands here: a code is made again from the key and the
-- id, of a session there is the hash.

-- +goose Up

create table submissions (
    id       text primary key,
    purpose  text not null check (purpose in ('answer', 'sign-in')),
    kid      text not null,
    browser  text not null, -- the hash of what the browser is known by
    person   text not null,
    address  text not null, -- that the code went to
    change   text not null,
    ballot   text not null,
    revision integer not null,
    entry    text not null, -- what was entered, as JSON
    at       timestamptz not null,
    until    timestamptz not null,
    tries    integer not null default 0 check (tries >= 0),
    ended_at timestamptz, -- it was used, or tried too often
    used     boolean not null default false,

    constraint used_is_ended check (not used or ended_at is not null),
    constraint answer_has_a_ballot check ((purpose = 'answer') = (ballot <> ''))
);
create index submissions_person on submissions (person, at);
create index submissions_at on submissions (at);
-- What was entered, by whom and for what cannot be altered under its code.
grant select, insert, delete, update (tries, ended_at, used) on submissions to countersign_app;

create table sessions (
    hash     text primary key,
    person   text not null,
    address  text not null, -- whose mailbox was proven
    since    timestamptz not null,
    until    timestamptz not null,
    ended_at timestamptz
);
create index sessions_until on sessions (until);
grant select, insert, delete, update (ended_at) on sessions to countersign_app;

update schema_info set version = 11;
