-- What time drives. When time does something next to an open ballot stands with
-- the ballot; everything time did is a row of its own, by its name, so that it is
-- done once, however many instances look at the clock.

-- +goose Up

alter table ballots add next_at timestamptz; -- of the open ones
create index ballots_next on ballots (next_at) where status = 'open';

-- The open duties of a person (5), (8) head every other mail to them.
create index ballots_person on ballots (person, due_at) where status = 'open';

create table firings (
    name text primary key,
    due  timestamptz not null, -- when it was to be
    at   timestamptz not null  -- when it was
);
grant select, insert on firings to countersign_app;

update schema_info set version = 9;
