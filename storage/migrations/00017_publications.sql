-- The published copy of the record: which change has which page in Confluence, and
-- up to which event that page tells. It is no part of the record, which it is made
-- from; and no decision waits for it, nor writes here.

-- +goose Up

create table publications (
    change     text primary key,
    wanted     bigint not null,           -- the last event about the change that was seen
    told       bigint not null default 0, -- the last event that its page tells of, which was looked at
    state      text not null default 'owed' check (state in ('owed', 'confirmed', 'parked')),
    due        timestamptz,               -- when it is worked on next; null where nothing is to do
    tries      integer not null default 0 check (tries >= 0),
    why        text not null default '',  -- what went wrong last, or why it is parked
    forced     boolean not null default false, -- what people made of our part is to be written over

    page       text not null default '',  -- the page's id in Confluence; empty before there is one
    url        text not null default '',
    version    integer not null default 0,-- the page's, as we left it
    title      text not null default '',  -- as we sent it
    hash       text not null default '',  -- SHA-256 of our part as we sent it
    sent       text not null default '',  -- our part as we sent it
    trying     text not null default '',  -- our part as it is being sent: whether it arrived is not known yet
    trying_title text not null default '',
    property   text not null default '',  -- the content property by which the page is known as ours
    said       text not null default '',  -- what it says
    property_version integer not null default 0,
    labels     text[] not null default '{}', -- that it has from us
    files      text[] not null default '{}', -- SHA-256 of those attached
    confirmed_at timestamptz,

    constraint confirmed_has_a_time check (state <> 'confirmed' or confirmed_at is not null),
    constraint parked_says_why check (state <> 'parked' or why <> '')
);
create index publications_due on publications (due) where state <> 'parked';
create index publications_unconfirmed on publications (change) where state <> 'confirmed';
grant select, insert, update on publications to countersign_app;

-- One row: up to where the record has been looked through for changes that have
-- news, the page of the register, and since when nothing can be published at all.
create table publishing (
    one           boolean primary key default true check (one),
    seq           bigint not null default 0,
    register      text not null default '',
    failing_since timestamptz,
    failing_why   text not null default '',
    told_at       timestamptz -- when the operators were told of that
);
insert into publishing default values;
grant select, update on publishing to countersign_app;

update schema_info set version = 17;
