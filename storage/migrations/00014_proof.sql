-- Mail that nobody can say who sent waits here until its sender says so from
-- the mailbox on file. It is no part of the record: what is decided by it is, and
-- the mail itself lies in the archive.

-- +goose Up

create table held (
    id          text primary key, -- derives from the mail
    kid         text not null,    -- of the key that the token was made with which confirms it
    folder      text not null,
    uidvalidity bigint not null,
    uid         bigint not null,
    person      text not null,
    at          timestamptz not null,
    until       timestamptz not null,
    ended_at    timestamptz,
    outcome     text not null default '' check (outcome in ('', 'confirmed', 'denied')),

    constraint outcome_ends_it check ((outcome = '') = (ended_at is null))
);
create index held_person on held (person, at);
-- Which mail is held, and from whom an answer counts, cannot be altered.
grant select, insert, update (ended_at, outcome) on held to countersign_app;

-- How many of the mails that decide nothing somebody got of late.
alter table outbox add rationed boolean not null default false;
create index outbox_rationed on outbox (recipient, at) where rationed;

update schema_info set version = 14;
