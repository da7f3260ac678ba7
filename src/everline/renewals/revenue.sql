-- Revenue: deferred at sale, earned by cohort. A cohort is what was sold of one plan version
-- over the
-- same local days in one currency; one transfer a day moves what the day earned.

-- part earned_share: what of an amount is earned at the end of `day`, of the days first to last.
-- One card's share is this function too. Whole minor units; the last day earns what is left.
create or replace function earned_share(
    amount bigint, first_day date, last_day date, day date
) returns bigint
language sql immutable as $$
    select case
        when day < first_day then 0
        when day >= last_day then amount
        else (amount::numeric * (day - first_day + 1)) / (last_day - first_day + 1)
    end::numeric(38, 0)::bigint
$$;

-- verb collect_cohorts: adds the sales and reversals of finished transactions to their cohorts.
-- Caller: the worker's sweep. Locks: the watermark row, so one at a time; others return at once.
create or replace function collect_cohorts() returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    read_from xid8;
    read_to xid8 := pg_snapshot_xmin(pg_current_snapshot());
    collected bigint;
begin
    select w.through into read_from from ledger_watermark w
    where w.name = 'cohorts' for update skip locked;
    if not found or read_from >= read_to then
        return 0;
    end if;
    insert into renewals_cohort as c (
        plan_version_id, currency, first_day, last_day, sold, earned
    )
    select
        r.plan_version_id, r.currency, r.first_day, r.last_day,
        sum(case t.kind when 'sale' then t.amount else -t.amount end), 0
    from ledger_transfer t
    inner join renewals_renewal r on r.id = t.group_id
    where t.transaction_id >= read_from and t.transaction_id < read_to
      and t.kind in ('sale', 'sale_reversed')
    group by r.plan_version_id, r.currency, r.first_day, r.last_day
    on conflict on constraint cohort_is_one_per_term do update set sold = c.sold + excluded.sold;
    get diagnostics collected = row_count;
    update ledger_watermark w set through = read_to where w.name = 'cohorts';
    return collected;
end $$;

-- verb earn: earns every cohort's revenue through the end of `day`, with one transfer a cohort.
-- Caller: the worker, daily; run twice it does nothing twice. Locks: the cohorts, by id.
-- What a reversal took from a cohort that had earned already is moved back.
create or replace function earn(day date, at timestamptz) returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    moved bigint;
begin
    perform check_at(earn.at);
    perform collect_cohorts();
    perform 1 from renewals_cohort c
    where c.earned <> earned_share(c.sold, c.first_day, c.last_day, earn.day)
    order by c.id for update;
    with due as (
        select
            c.id, c.currency,
            earned_share(c.sold, c.first_day, c.last_day, earn.day) - c.earned as amount
        from renewals_cohort c
        where c.earned <> earned_share(c.sold, c.first_day, c.last_day, earn.day)
          and (c.earned_through is null or c.earned_through <= earn.day)
    ), updated as (
        update renewals_cohort c
        set earned = c.earned + d.amount, earned_through = earn.day
        from due d where c.id = d.id
    )
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    )
    select
        everline_uuid7(earn.at), '00000000-0000-7000-8000-000000000000',
        md5('cohort:' || d.id || ':' || earn.day)::uuid, 'earning',
        operator_account(
            case when d.amount > 0 then 'deferred' else 'revenue' end, '', d.currency
        ),
        operator_account(
            case when d.amount > 0 then 'revenue' else 'deferred' end, '', d.currency
        ),
        abs(d.amount), d.currency, earn.at
    from due d;
    get diagnostics moved = row_count;
    return moved;
end $$;

-- verb renumber: numbers the transfers of a restored dump anew and sums them once more; false when
-- there was no need. They carry the numbers of the server that wrote them, by which roll-ups know
-- how far they have read, and this server counts for itself.
-- Caller: renewals/restored.py, for the owner alone. Locks: the tables of transfers and watermarks.
create or replace function renumber(is_forced boolean) returns boolean
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    if session_user <> current_user then
        raise exception 'only the owner numbers transfers anew' using errcode = '42501';
    end if;
    if not (renumber.is_forced or is_ahead()) then
        return false;
    end if;
    perform renumber_transfers();
    update renewals_cohort set sold = 0;
    perform roll_up();
    perform collect_cohorts();
    return true;
end $$;
