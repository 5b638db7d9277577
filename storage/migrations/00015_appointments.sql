-- Who authorizes says by mail who stands in for them. That is an event, and
-- nothing else: there is no second place that could say otherwise.

-- +goose Up

create index events_appointments on events (seq) where kind = 'deputy.appointed';

-- The last of these events. A decision that was made without knowing of it is
-- not recorded, but made again.
alter table chain_head add column appointed bigint not null default 0 check (appointed >= 0);

-- Programs from before would ask no deputy, and count no answer of one.
update schema_info set version = 15, oldest = 15;
