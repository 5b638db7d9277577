-- The record: append-only, gap-free and chained, so that history cannot be
-- rewritten quietly. countersign_app may read and add, never alter or remove.
--
-- An event and its payload lie apart: the chain covers the salted hash of the
-- payload, so that a payload can one day be erased lawfully and the chain still
-- holds. The encoding of the hashes is fixed in storage/chain.go.

-- +goose Up

create table events (
    seq          bigint primary key check (seq > 0),
    at           timestamptz not null,
    subject_kind text not null check (subject_kind in ('change', 'mail', 'directory', 'operator', 'clock')),
    subject      text not null,
    kind         text not null,
    prev         bytea not null check (octet_length(prev) = 32),
    payload_hash bytea not null check (octet_length(payload_hash) = 32),
    hash         bytea not null unique check (octet_length(hash) = 32)
);
create index events_subject on events (subject_kind, subject, seq);
grant select, insert on events to countersign_app;

-- The payload is text, not jsonb: the exact bytes that were hashed.
create table event_payloads (
    seq     bigint primary key references events,
    salt    bytea not null check (octet_length(salt) = 32),
    payload text not null
);
grant select, insert on event_payloads to countersign_app;

-- One row: the last link of the chain. Whoever appends locks it, so numbers
-- have no gaps and no two events claim the same predecessor.
create table chain_head (
    one  boolean primary key default true check (one),
    seq  bigint not null check (seq >= 0),
    hash bytea not null check (octet_length(hash) = 32)
);
insert into chain_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));
grant select, update on chain_head to countersign_app;

-- Who held which role and when: the newest row is in force. The hash is the
-- subject of the event that recorded it.
create table directory (
    version bigint generated always as identity primary key,
    hash    text not null check (hash <> ''),
    body    text not null,
    at      timestamptz not null
);
grant select, insert on directory to countersign_app;

update schema_info set version = 2;
