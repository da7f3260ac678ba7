-- The books: money from the bank, pockets, and the roll-up of the operator's own accounts.

-- verb fund: books money received at the bank onto a balance, a deposit or a promotion's budget.
-- Caller: ledger/__init__.py (loading, the back office). Locks: request, the account.
-- Refuses: nothing but a reused request. A budget comes from promotion funding, not from the bank.
create or replace function fund(
    channel text, source text, request_id text, request_hash bytea, account uuid, kind text,
    currency text, amount bigint, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    transfer_group uuid := everline_uuid7(fund.at);
    funding text := case fund.kind when 'promotion_budget' then 'promotion_funding' else 'bank' end;
    given uuid;
begin
    if fund.amount <= 0 or fund.kind not in ('balance', 'deposit', 'promotion_budget') then
        raise exception 'fund takes a positive amount for a balance, a deposit or a budget'
            using errcode = 'EV003';
    end if;
    if not claim(
        fund.channel, fund.source, fund.request_id, fund.request_hash, fund.account,
        fund.account, transfer_group, 'funded', null, fund.at
    ) then
        return replay(
            fund.channel, fund.source, fund.request_id, fund.request_hash, fund.account
        );
    end if;
    perform open_operator_accounts(fund.currency, array[]::text[]);
    given := give(fund.account, fund.kind, fund.currency, fund.amount, fund.at);
    perform post(
        transfer_group, 'funding', fund.account, operator_account(funding, '', fund.currency),
        given, fund.amount, fund.currency, fund.at
    );
    return row(transfer_group, 'funded', null, null, null, false)::answer;
end $$;

-- verb open_pockets: cuts a busy deposit or budget into pockets; existing money stays where it is.
-- Caller: ledger/__init__.py. Locks: nothing that exists.
create or replace function open_pockets(
    account uuid, kind text, currency text, pockets integer, at timestamptz
) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    if open_pockets.pockets not between 1 and 64 then
        raise exception 'pockets must be between 1 and 64' using errcode = 'EV003';
    end if;
    perform open_account(
        open_pockets.account, open_pockets.kind, open_pockets.currency, p.number, open_pockets.at
    ) from generate_series(0, open_pockets.pockets - 1) as p (number);
    return open_pockets.pockets;
end $$;

-- verb open_books: opens the operator's accounts for a currency and its gateways.
-- Caller: ledger/__init__.py (loading, a gateway's first use). Locks: nothing that exists.
create or replace function open_books(currency text, gateways text[]) returns void
language sql security definer set search_path from current as $$
    select open_operator_accounts(open_books.currency, open_books.gateways)
$$;

-- verb refill_pockets: spreads each owner's money evenly over its pockets, where one ran dry.
-- Caller: the worker's sweep. Locks: all pockets of an owner by id; a busy owner is passed over.
create or replace function refill_pockets(at timestamptz, most integer) returns integer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    owner record;
    refilled integer := 0;
begin
    for owner in
        select
            a.account_id, a.kind, a.currency, count(*) as pockets,
            sum(a.balance - a.held - a.floor)::bigint as total
        from ledger_account a
        where a.floor is not null and a.kind in ('deposit', 'promotion_budget')
        group by a.account_id, a.kind, a.currency
        having count(*) > 1
           and min(a.balance - a.held - a.floor) * 4 * count(*)
               < sum(a.balance - a.held - a.floor)
        limit refill_pockets.most
    loop
        refilled := refilled + spread(
            owner.account_id, owner.kind, owner.currency, refill_pockets.at
        );
    end loop;
    return refilled;
end $$;

-- part spread: evens one owner's pockets out, by transfers from the fullest one.
-- Locks: all pockets by id.
create or replace function spread(account uuid, kind text, currency text, at timestamptz)
returns integer
language plpgsql as $$
#variable_conflict error
declare
    target uuid := gather(spread.account, spread.kind, spread.currency, 0, spread.at);
    pockets bigint;
    share bigint;
begin
    select count(*) into pockets from ledger_account a
    where a.account_id = spread.account and a.kind = spread.kind and a.scope = ''
      and a.currency = spread.currency;
    share := spendable(spread.account, spread.kind, spread.currency) / pockets;
    if target is null or share = 0 then
        return 0;
    end if;
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    )
    select
        everline_uuid7(spread.at), spread.account, target, 'refill', target, a.id, share,
        a.currency, spread.at
    from ledger_account a
    where a.account_id = spread.account and a.kind = spread.kind and a.scope = ''
      and a.currency = spread.currency and a.id <> target;
    update ledger_account a
    set balance = a.balance + case when a.id = target then -share * (pockets - 1) else share end
    where a.account_id = spread.account and a.kind = spread.kind and a.scope = ''
      and a.currency = spread.currency;
    return 1;
end $$;

-- verb roll_up: adds the transfers of finished transactions to the operator's rolled-up accounts.
-- Caller: the worker's sweep. Locks: the watermark row, so one at a time; others return at once.
-- It reads only below pg_snapshot_xmin, under which no transaction can still commit a row.
create or replace function roll_up() returns bigint
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    read_from xid8;
    read_to xid8 := pg_snapshot_xmin(pg_current_snapshot());
    summed bigint;
begin
    select w.through into read_from from ledger_watermark w
    where w.name = 'accounts' for update skip locked;
    if not found or read_from >= read_to then
        return 0;
    end if;
    with fresh as (
        select t.debit_id, t.credit_id, t.amount from ledger_transfer t
        where t.transaction_id >= read_from and t.transaction_id < read_to
    ), moved as (
        select f.debit_id as id, f.amount as debits, 0 as credits from fresh f
        union all
        select f.credit_id, 0, f.amount from fresh f
    ), summary as (
        select m.id, sum(m.debits) as debits, sum(m.credits) as credits
        from moved m inner join ledger_account a on a.id = m.id
        where a.floor is null group by m.id
    )
    insert into ledger_rollup as r (ledger_account_id, debits, credits)
    select s.id, s.debits, s.credits from summary s
    on conflict on constraint ledger_rollup_pkey do update
    set debits = r.debits + excluded.debits, credits = r.credits + excluded.credits;
    get diagnostics summed = row_count;
    update ledger_watermark w set through = read_to where w.name = 'accounts';
    return summed;
end $$;

-- part is_ahead: whether a transfer or a watermark bears a number that this server has not reached.
-- What one sees was written below the snapshot's xmax, unless another server wrote it.
create or replace function is_ahead() returns boolean
language sql stable as $$
    select exists (
        select from ledger_transfer t
        where t.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
    ) or exists (
        select from ledger_watermark w where w.through > pg_snapshot_xmax(pg_current_snapshot())
    )
$$;

-- part renumber_transfers: makes every transfer one of a transaction long past, not summed yet.
-- Locks: both tables, as roll_up takes them; waits for every write and lets none begin.
create or replace function renumber_transfers() returns void
language plpgsql as $$
#variable_conflict error
begin
    lock table ledger_watermark, ledger_transfer in access exclusive mode;
    alter table ledger_transfer disable trigger transfer_is_append_only;
    update ledger_transfer set transaction_id = '3';
    alter table ledger_transfer enable trigger transfer_is_append_only;
    delete from ledger_rollup;
    update ledger_watermark set through = '3';
end $$;

-- verb account_sums: debits and credits of one account: rolled up, and what came since.
-- Caller: audit, the back office. Locks: none.
create or replace function account_sums(
    ledger_account uuid, out debits numeric, out credits numeric
)
language sql stable security definer set search_path from current as $$
    with mark as (
        select w.through from ledger_watermark w where w.name = 'accounts'
    ), recent as (
        select
            coalesce(
                sum(t.amount) filter (where t.debit_id = account_sums.ledger_account), 0
            ) as debits,
            coalesce(
                sum(t.amount) filter (where t.credit_id = account_sums.ledger_account), 0
            ) as credits
        from ledger_transfer t
        where t.transaction_id >= (select m.through from mark m)
          and account_sums.ledger_account in (t.debit_id, t.credit_id)
    )
    select
        coalesce(r.debits, 0) + n.debits, coalesce(r.credits, 0) + n.credits
    from recent n left join ledger_rollup r on r.ledger_account_id = account_sums.ledger_account
$$;
