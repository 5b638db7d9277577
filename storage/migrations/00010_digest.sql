-- A digest reads the events of its months, and which changes were open when one
-- ended. Events are added in the order of time: what lies between two times lies
-- together, and an index of a few pages says where.

-- +goose Up

create index events_at on events using brin (at) with (pages_per_range = 32, autosummarize = on);
create index changes_ended on changes (ended_at) where ended_at is not null;

update schema_info set version = 10;
