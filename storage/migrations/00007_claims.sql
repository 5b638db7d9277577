-- Claiming looks for the mails that are first for their recipient and change. The
-- index for that says what it holds in other words than the one by which mails
-- are due, so that the planner, who takes both for small when it last counted
-- no mail that waited, cannot use either in place of the other.

-- +goose Up

create index outbox_first on outbox (recipient, change, id) where ended_at is null;
drop index outbox_order;

-- Each mail leaves dead rows behind, over which the next claims have to step. The
-- usual fifth of the table would be a hundred thousand mails in a table of a million.
alter table outbox set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.01);

update schema_info set version = 7;
