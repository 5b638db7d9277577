-- The archive has a bound. Mail that decided nothing and that nobody asked for
-- is kept for some weeks; then a third role, countersign_prune, takes its bytes
-- away and adds to the record that it did. The role can do nothing else, which
-- its privileges and the triggers below say, whatever program connects as it.

-- +goose Up

-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'countersign_prune') then
        create role countersign_prune login;
    end if;
exception
    -- Roles belong to the whole cluster, as in 00001.
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'the role countersign_prune does not exist and % may not create it', current_user
            using hint = 'As a superuser: create role countersign_prune login;';
end
$$;
-- +goose StatementEnd

grant usage on schema public to countersign_prune;
grant select on schema_info to countersign_prune;

alter table attachments alter column bytes drop not null;

-- How much of the archive mail took on a day for whose sender nobody vouches, by
-- the clock of the decisions.
create table strangers (
    day      date primary key, -- the organization's
    bytes    bigint not null check (bytes >= 0),    -- that were kept
    left_out bigint not null check (left_out >= 0)  -- mails of which they were not
);
grant select, insert, update on strangers to countersign_app;

-- What may be pruned at all. What counted or was accepted, answered, noted or held
-- is evidence and never stands here; nor does what is about a change that is still
-- open. The view looks there with its owner's eyes: who prunes sees none of it.
create view prunable with (security_barrier) as
select m.id, m.received_at, m.sha256,
    octet_length(m.raw) + (select coalesce(sum(octet_length(a.bytes)), 0) from attachments as a where a.message = m.id) as bytes
from messages as m
where m.raw is not null and m.disposition in ('unknown-sender', 'automatic', 'own', 'unverified', 'duplicate')
    and not exists (select from changes as c where c.id = m.change and c.ended_at is null);
create index messages_prunable on messages (received_at, id)
    where raw is not null and disposition in ('unknown-sender', 'automatic', 'own', 'unverified', 'duplicate');
grant select on prunable to countersign_prune;
grant select (id), update (raw) on messages to countersign_prune;
grant select (message), update (bytes) on attachments to countersign_prune;

-- Nobody but the owner of the table alters a mail in any other way than that,
-- even if somebody grants them more.
-- +goose StatementBegin
create function refuse_all_but_pruning() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if pg_has_role((select relowner from pg_class where oid = tg_relid), 'usage') then
        return new;
    end if;
    if tg_table_name = 'messages' then
        old.raw := null;
        if new is not distinct from old and exists (select from prunable where id = old.id) then
            return new;
        end if;
    else
        old.bytes := null;
        if new is not distinct from old and exists (select from prunable where id = old.message) then
            return new;
        end if;
    end if;
    raise insufficient_privilege using message = format('%s may not alter this row of %s', current_user, tg_table_name);
end
$$;
-- +goose StatementEnd
create trigger only_pruned before update on messages for each row execute function refuse_all_but_pruning();
create trigger only_pruned before update on attachments for each row execute function refuse_all_but_pruning();

-- Who prunes says so in the record, and says nothing else there: its events are about
-- the archive, each follows the head of the chain, and the head moves to it.
alter table events drop constraint events_subject_kind_check;
alter table events add constraint events_subject_kind_check
    check (subject_kind in ('change', 'mail', 'directory', 'operator', 'clock', 'archive'));
grant insert on events, event_payloads to countersign_prune;
grant select, update (seq, hash, directory, appointed) on chain_head to countersign_prune;

-- +goose StatementBegin
create function refuse_all_but_the_next() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    fits boolean;
begin
    case tg_table_name
    when 'events' then
        fits := (new.subject_kind, new.kind) = ('archive', 'archive.pruned')
            and exists (select from chain_head where seq = new.seq - 1 and hash = new.prev);
    when 'event_payloads' then
        fits := exists (select from events where seq = new.seq and subject_kind = 'archive');
    when 'chain_head' then
        fits := (new.directory, new.appointed) = (old.directory, old.appointed)
            and exists (select from events where seq = new.seq and prev = old.hash and hash = new.hash and subject_kind = 'archive');
    end case;
    if fits is not true then
        raise insufficient_privilege using message = format('%s may only add that it pruned', session_user);
    end if;
    return new;
end
$$;
-- +goose StatementEnd
create trigger only_the_next before insert on events for each row
    when (current_user = 'countersign_prune') execute function refuse_all_but_the_next();
create trigger only_the_next before insert on event_payloads for each row
    when (current_user = 'countersign_prune') execute function refuse_all_but_the_next();
create trigger only_the_next before update on chain_head for each row
    when (current_user = 'countersign_prune') execute function refuse_all_but_the_next();

-- A program from before would take no account of the bound, which does no harm.
update schema_info set version = 16;
