-- Of an out-of-office only the date is kept, until which its sender is away: it
-- is shown where they are waited for. It stands with the mail that said it.

-- +goose Up

alter table messages add away_until date;
create index messages_away on messages (person, received_at) where away_until is not null;

-- Programs from before leave the date out, which does no harm.
update schema_info set version = 13;
