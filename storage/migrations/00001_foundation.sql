-- Two roles share the work: the owner, who runs this file, and countersign_app,
-- as whom the daemon runs. What the daemon must never do is not granted to it,
-- so a fault or a break-in there cannot rewrite the record.
--
-- Each table is followed by what countersign_app may do with it; nothing is
-- granted for tables to come.

-- +goose Up

-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'countersign_app') then
        create role countersign_app login;
    end if;
exception
    -- Roles belong to the whole cluster: another database's migration may have
    -- been quicker.
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'the role countersign_app does not exist and % may not create it', current_user
            using hint = 'As a superuser: create role countersign_app login;';
end
$$;
-- +goose StatementEnd

grant usage on schema public to countersign_app;

-- One row: the number of this schema, and the oldest program that still works
-- with it. Every migration writes its own number; one that breaks older
-- programs raises "oldest" too. So two versions can run side by side during an
-- upgrade, and a program that is too old refuses to start.
create table schema_info (
    one     boolean primary key default true check (one),
    version integer not null,
    oldest  integer not null check (oldest <= version)
);
insert into schema_info (version, oldest) values (1, 1);
grant select on schema_info to countersign_app;
