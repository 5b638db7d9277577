-- Several programs on one database. Who reads the mailbox is settled by a
-- lease; under which directory decisions are made, by the head of the chain,
-- which every decision locks anyway.

-- +goose Up

-- Who does what only one instance should do at a time, and until when, by the
-- clock of the database. Economy, not correctness: what a late holder decides
-- fails on the uniqueness of a mail or waits for a row.
create table leases (
    name   text primary key,
    holder text not null,
    until  timestamptz not null
);
grant select, insert, update, delete on leases to countersign_app;

-- The programs that run: each writes every few seconds that it is there.
create table instances (
    id        text primary key, -- drawn at every start
    host      text not null,
    version   text not null,    -- of the program
    directory text not null,    -- hash of the directory it was started with
    since     timestamptz not null,
    seen      timestamptz not null
);
grant select, insert, update, delete on instances to countersign_app;

-- The hash of the directory in force; empty before the first. A decision made
-- under another one is not recorded.
alter table chain_head add column directory text not null default '';
update chain_head set directory = coalesce((select hash from directory order by version desc limit 1), '');

-- Where it was brought into force, to tell those who run another.
alter table directory add column host text not null default '';

-- A mail that waits to be sent is some kilobytes of text: lz4 compresses it in a
-- third of the time. Not every Postgres was built with it.
-- +goose StatementBegin
do $$
begin
    alter table outbox alter column body set compression lz4;
    alter table changes alter column body set compression lz4;
    alter table messages alter column raw set compression lz4;
exception
    when feature_not_supported then null;
end
$$;
-- +goose StatementEnd

-- Programs from before would decide whatever directory is in force.
update schema_info set version = 6, oldest = 6;
