-- Staff: invited, given one role and one workplace, let go. A role is a group of Django's.

-- verb invite_staff: makes somebody staff by e-mail, whoever that is, with one role; gives invited,
-- known (had an account before, and keeps its password), again (the same invitation once more) or
-- staff (works here already, so nothing was done). `password` is one that no input hashes to.
-- Caller: people/staff.py. Locks: the person.
create or replace function invite_staff(
    person uuid, email text, name text, locale text, password text, role text
) returns text
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    known people_person;
    reached text := 'known';
begin
    insert into people_person (
        id, email, password, is_superuser, name, locale, is_active, is_staff
    ) values (
        invite_staff.person, invite_staff.email, invite_staff.password, false, invite_staff.name,
        invite_staff.locale, true, false
    ) on conflict do nothing;
    if found then
        reached := 'invited';
    end if;
    select p.* into known from people_person p
    where p.email = invite_staff.email for update;
    if known.id = invite_staff.person and known.is_staff then
        return 'again';
    elsif known.id is null or known.is_staff or known.is_superuser or not known.is_active then
        return 'staff';
    end if;
    update people_person p set is_staff = true where p.id = known.id;
    perform set_role(known.id, invite_staff.role);
    return reached;
end $$;

-- part set_role: gives somebody exactly one role, or with null none.
create or replace function set_role(person uuid, role text) returns void
language sql as $$
    delete from people_person_groups m using auth_group a
    where m.person_id = set_role.person and a.id = m.group_id
      and a.name is distinct from set_role.role;
    insert into people_person_groups (person_id, group_id)
    select set_role.person, a.id from auth_group a where a.name = set_role.role
    on conflict do nothing
$$;

-- verb assign_staff: gives somebody one role and, with a store, one workplace from `at` on; false
-- when both were so before. Caller: people/staff.py. Locks: the person.
create or replace function assign_staff(person uuid, role text, retailer uuid, at timestamptz)
returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    held text[];
    place uuid;
begin
    perform check_at(assign_staff.at);
    perform 1 from people_person p where p.id = assign_staff.person for update;
    select coalesce(array_agg(a.name::text), '{}') into held from people_person_groups m
    inner join auth_group a on a.id = m.group_id where m.person_id = assign_staff.person;
    select e.retailer_id into place from people_employment e
    where e.person_id = assign_staff.person and e.ends_at is null;
    if held = array[assign_staff.role] and place is not distinct from assign_staff.retailer then
        return false;
    end if;
    perform set_role(assign_staff.person, assign_staff.role);
    if place is distinct from assign_staff.retailer then
        update people_employment e set ends_at = greatest(e.starts_at, assign_staff.at)
        where e.person_id = assign_staff.person and e.ends_at is null;
        insert into people_employment (id, person_id, retailer_id, starts_at)
        select
            everline_uuid7(assign_staff.at), assign_staff.person, r.id, assign_staff.at
        from people_retailer r where r.id = assign_staff.retailer;
    end if;
    return true;
end $$;

-- verb end_staff: ends somebody's work at `at`: no role, no store, no office; the account stays.
-- False when it had ended before. Caller: people/staff.py. Locks: the person.
create or replace function end_staff(person uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    perform check_at(end_staff.at);
    update people_person p set is_staff = false where p.id = end_staff.person and p.is_staff;
    if not found then
        return false;
    end if;
    update people_employment e set ends_at = greatest(e.starts_at, end_staff.at)
    where e.person_id = end_staff.person and e.ends_at is null;
    perform set_role(end_staff.person, null);
    return true;
end $$;
