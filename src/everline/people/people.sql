-- Terminals: letting a device in by its one-time code. Everything else about people is read and
-- written row by row.

-- verb enrol_terminal: gives a key, by its hash, to the terminal whose one-time code was shown, and
-- its id; null when no open code is this one. A code is good for one device: it is gone with the
-- first. A wrong one counts against every code that is open, and ten of them end it.
-- Caller: people/terminals.py. Locks: terminals by id.
create or replace function enrol_terminal(code_hash bytea, key_hash bytea, at timestamptz)
returns uuid
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    enrolled uuid;
begin
    perform check_at(enrol_terminal.at);
    update people_terminal t
    set key_hash = enrol_terminal.key_hash, enrolled_at = enrol_terminal.at, revoked_at = null,
        last_seen_at = enrol_terminal.at, enrol_code_hash = null, enrol_expires_at = null,
        enrol_tries = 0
    where t.enrol_code_hash = enrol_terminal.code_hash
      and t.enrol_expires_at > enrol_terminal.at and t.enrol_tries < 10
    returning t.id into enrolled;
    if enrolled is null then
        with opened as (
            select t.id from people_terminal t
            where t.enrol_code_hash is not null and t.enrol_expires_at > enrol_terminal.at
            order by t.id for update
        )
        update people_terminal t set enrol_tries = t.enrol_tries + 1
        from opened o where t.id = o.id and t.enrol_tries < 10;
    end if;
    return enrolled;
end $$;
