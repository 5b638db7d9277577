-- The outbox: mail owed, one row for each recipient. It is written in the
-- transaction that decided it and sent only after that has committed.
--
-- A worker claims a row by pushing "due" past its lease; if it dies, the row is
-- simply due again. "attempts" is the claim's number: a worker that comes back
-- late finds another one and changes nothing.

-- +goose Up

create table outbox (
    id           bigint generated always as identity primary key,
    message_id   text not null unique, -- our own, derived from what caused the mail
    change       text not null,
    ballot       text not null,
    notice       text not null,
    person       text not null,
    recipient    text not null,
    asks         boolean not null, -- the mail is void once its ballot is no longer open
    kid          text not null,
    token_ballot text not null,
    token_person text not null,
    generation   integer not null,
    body         text not null, -- the rendered mail as JSON, tokens still slots
    at           timestamptz not null,
    state        text not null default 'pending',
    due          timestamptz not null,
    attempts     integer not null default 0 check (attempts >= 0),
    last_error   text not null default '',
    ended_at     timestamptz,

    constraint state_known check (state in ('pending', 'deferred', 'sent', 'failed', 'superseded')),
    constraint end_has_its_time check ((ended_at is not null) = (state in ('sent', 'failed', 'superseded'))),
    constraint sent_was_tried check (state <> 'sent' or attempts > 0),
    constraint asks_about_a_ballot check (not asks or ballot <> '')
);
create index outbox_due on outbox (due, id) where state in ('pending', 'deferred');
create index outbox_order on outbox (recipient, change, id) where state in ('pending', 'deferred');
create index outbox_change on outbox (change, person, id);
grant select, insert, update on outbox to countersign_app;

-- Wakes the workers; they look for themselves what is due.
-- +goose StatementBegin
create function wake_outbox() returns trigger language plpgsql as $$
begin
    perform pg_notify('countersign_outbox', '');
    return null;
end
$$;
-- +goose StatementEnd
create trigger outbox_wakes after insert on outbox
    for each statement execute function wake_outbox();

update schema_info set version = 5;
