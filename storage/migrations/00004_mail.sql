-- The archive: every mail that reached the mailbox, whole, with the one thing
-- that became of it. Written once in the transaction that decides the mail;
-- never altered by the daemon. Raw bytes are null once pruned.
--
-- What a mail says is never a key: unique and searched columns hold hashes.

-- +goose Up

-- Counted before anything of a mail is parsed, in a transaction of its own, so
-- that a mail which kills the daemon is known by its count.
create table attempts (
    folder      text not null,
    uidvalidity bigint not null,
    uid         bigint not null,
    attempts    integer not null check (attempts >= 0),
    primary key (folder, uidvalidity, uid)
);
grant select, insert, update on attempts to countersign_app;

create table messages (
    id              bigint generated always as identity primary key,
    folder          text not null,
    uidvalidity     bigint not null,
    uid             bigint not null,
    disposition     text not null,
    reason          text not null,
    sha256          text not null,
    message_id_hash text not null, -- SHA-256 of the Message-ID; empty where the mail has none
    content_key     text not null, -- Message-ID, sender, Date and typed content, hashed; empty where unread
    sender          text not null,
    person          text not null,
    change          text not null,
    ballot          text not null,
    received_at     timestamptz not null,
    decided_at      timestamptz not null,
    size            bigint not null check (size >= 0),
    raw             bytea,

    -- No mail acts twice: deciding it a second time fails here.
    unique (folder, uidvalidity, uid),
    constraint disposition_known check (disposition in (
        'accepted', 'counted', 'answered', 'noted', 'held', 'automatic', 'own',
        'unverified', 'unknown-sender', 'duplicate', 'oversize', 'unreadable')),
    constraint raw_is_what_was_hashed check (raw is null or sha256 = encode(sha256(raw), 'hex'))
);
create index messages_sha256 on messages (sha256);
create index messages_content_key on messages (content_key) where content_key <> '';
create index messages_change on messages (change) where change <> '';
grant select, insert on messages to countersign_app;

create table attachments (
    message bigint not null references messages,
    n       integer not null,
    name    text not null,
    type    text not null,
    sha256  text not null,
    bytes   bytea not null,
    primary key (message, n),
    constraint bytes_are_what_was_hashed check (sha256 = encode(sha256(bytes), 'hex'))
);
create index attachments_sha256 on attachments (sha256);
grant select, insert on attachments to countersign_app;

update schema_info set version = 4;
