-- Where a key is random, each row goes to a page of the index of its own, and the
-- first write to a page after a checkpoint puts all of it into the log: in a
-- database with years in it, four pages for the four events of an answer.

-- +goose Up

-- This index found nothing and guarded nothing: the hash covers the number of the
-- event, which is unique, and what was before it.
alter table events drop constraint events_hash_key;

-- Nobody asks for the events of a mail by its SHA-256, which is random.
drop index events_subject;
create index events_change on events (subject, seq) where subject_kind = 'change';

-- Copies of a mail have the same Date, whose day the content key begins with; and
-- a mail that lies in the mailbox is known by when it reached it.
drop index messages_sha256;
create index messages_twin on messages (left(content_key, 8), sha256);
create index messages_received on messages (received_at);

update schema_info set version = 8;
