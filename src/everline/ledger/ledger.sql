-- The ledger's verbs: post, take, give, hold, release, reverse, roll up. Words and chart:
-- docs/ledger.md.
-- Lock order inside the ledger: budgets of promotions first, then payers, each by id.

-- part operator_account: the id of one of the operator's own accounts, computed and so never
-- looked up.
create or replace function operator_account(kind text, scope text, currency text) returns uuid
language sql immutable parallel safe as
$$ select md5('operator:' || kind || ':' || scope || ':' || currency)::uuid $$;

-- part open_operator_accounts: opens the operator's accounts of one currency; nothing if they
-- are open.
create or replace function open_operator_accounts(currency text, gateways text[]) returns void
language sql as $$
    insert into ledger_account (
        id, account_id, kind, scope, currency, pocket, floor, balance, held
    )
    select
        operator_account(k.kind, k.scope, open_operator_accounts.currency),
        '00000000-0000-7000-8000-000000000000', k.kind, k.scope,
        open_operator_accounts.currency, 0, null, 0, 0
    from (
        select o.kind, '' as scope
        from unnest(array[
            'bank', 'deferred', 'revenue', 'tax', 'unapplied', 'commission', 'goodwill',
            'promotion_spent', 'promotion_funding'
        ]) as o (kind)
        union all
        select 'clearing', g.name from unnest(open_operator_accounts.gateways) as g (name)
    ) k
    on conflict do nothing
$$;

-- part open_account: opens an account with a floor for its owner and gives its id; nothing if it
-- is open.
create or replace function open_account(
    account uuid, kind text, currency text, pocket integer, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    opened uuid;
begin
    insert into ledger_account (
        id, account_id, kind, scope, currency, pocket, floor, balance, held
    ) values (
        everline_uuid7(open_account.at), open_account.account, open_account.kind, '',
        open_account.currency, open_account.pocket, 0, 0, 0
    ) on conflict do nothing;
    select a.id into strict opened from ledger_account a
    where a.account_id = open_account.account and a.kind = open_account.kind and a.scope = ''
      and a.currency = open_account.currency and a.pocket = open_account.pocket;
    return opened;
end $$;

-- part spendable: what an owner can spend of one kind and currency, over all pockets.
create or replace function spendable(account uuid, kind text, currency text) returns bigint
language sql stable as $$
    select coalesce(sum(a.balance - a.held - a.floor), 0)::bigint from ledger_account a
    where a.account_id = spendable.account and a.kind = spendable.kind and a.scope = ''
      and a.currency = spendable.currency
$$;

-- part short: the refusal of a payer that has too little, with what is needed and what is there.
create or replace function short(payer uuid, means text, currency text, needed bigint)
returns objection
language sql stable as $$
    select row('balance_short', jsonb_build_object(
        'needed', short.needed, 'currency', short.currency,
        'balance', spendable(short.payer, short.means, short.currency)
    ))::objection
$$;

-- part gather: brings what lies in an owner's pockets into one of them, when together they suffice.
-- Locks all pockets by id. Null when they do not suffice.
create or replace function gather(
    account uuid, kind text, currency text, amount bigint, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    target uuid;
begin
    perform 1 from ledger_account a
    where a.account_id = gather.account and a.kind = gather.kind and a.scope = ''
      and a.currency = gather.currency
    order by a.id for update;
    if spendable(gather.account, gather.kind, gather.currency) < gather.amount then
        return null;
    end if;
    select a.id into target from ledger_account a
    where a.account_id = gather.account and a.kind = gather.kind and a.scope = ''
      and a.currency = gather.currency
    order by a.balance - a.held - a.floor desc, a.id limit 1;
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    )
    select
        everline_uuid7(gather.at), gather.account, target, 'refill', a.id, target,
        a.balance - a.held - a.floor, a.currency, gather.at
    from ledger_account a
    where a.account_id = gather.account and a.kind = gather.kind and a.scope = ''
      and a.currency = gather.currency and a.id <> target and a.balance - a.held - a.floor > 0;
    update ledger_account a
    set balance = case
        when a.id = target then
            a.balance + spendable(gather.account, gather.kind, gather.currency)
            - (a.balance - a.held - a.floor)
        else a.held + a.floor
    end
    where a.account_id = gather.account and a.kind = gather.kind and a.scope = ''
      and a.currency = gather.currency;
    return target;
end $$;

-- part take: lowers a balance, deposit or budget by an amount and gives its account; null when
-- short.
-- One row for an owner with one pocket; with several, a free pocket that can pay, from one by
-- chance on; a busy one, which is waited for, when none is free; and all of them when none can pay.
-- Gathering because all are busy would make them busier still, and nobody would ever find one free.
-- Locks: the pocket, or all pockets by id. A pocket that was locked and found too poor keeps its
-- lock, out of order; so looking for one is a subtransaction, which lets go of them all.
-- The caller writes the transfer.
create or replace function take(
    account uuid, kind text, currency text, amount bigint, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    taken uuid;
    last_pocket integer := 0;
    first_pocket integer;
begin
    if take.kind <> 'balance' then
        select a.pocket into last_pocket from ledger_account a
        where a.account_id = take.account and a.kind = take.kind and a.scope = ''
          and a.currency = take.currency
        order by a.pocket desc limit 1;
    end if;
    if last_pocket > 0 then
        first_pocket := trunc(random() * 64);
        begin
            select a.id into strict taken from ledger_account a
            where a.account_id = take.account and a.kind = take.kind and a.scope = ''
              and a.currency = take.currency and a.balance - a.held - take.amount >= a.floor
            order by (a.pocket + first_pocket) % (last_pocket + 1) limit 1
            for update skip locked;
        exception when no_data_found then
            begin
                select a.id into strict taken from ledger_account a
                where a.balance - a.held - take.amount >= a.floor and a.id = (
                    select b.id from ledger_account b
                    where b.account_id = take.account and b.kind = take.kind and b.scope = ''
                      and b.currency = take.currency
                      and b.balance - b.held - take.amount >= b.floor
                    order by (b.pocket + first_pocket) % (last_pocket + 1) limit 1
                ) for update;
            exception when no_data_found then
                taken := gather(take.account, take.kind, take.currency, take.amount, take.at);
            end;
        end;
    end if;
    update ledger_account a set balance = a.balance - take.amount
    where a.account_id = take.account and a.kind = take.kind and a.scope = ''
      and a.currency = take.currency and (last_pocket = 0 or a.id = taken)
      and a.balance - a.held - take.amount >= a.floor
    returning a.id into taken;
    return taken;
end $$;

-- part give: raises a balance, deposit or budget by an amount and gives its account.
-- With several pockets it goes to the poorest. The caller writes the transfer.
create or replace function give(
    account uuid, kind text, currency text, amount bigint, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    given uuid;
begin
    select a.id into given from ledger_account a
    where a.account_id = give.account and a.kind = give.kind and a.scope = ''
      and a.currency = give.currency
    order by a.balance, a.id limit 1;
    if given is null then
        given := open_account(give.account, give.kind, give.currency, 0, give.at);
    end if;
    update ledger_account a set balance = a.balance + give.amount where a.id = given;
    return given;
end $$;

-- part post: writes one transfer; accounts with a floor were moved by `take` or `give` before.
create or replace function post(
    group_id uuid, kind text, account uuid, debit uuid, credit uuid, amount bigint,
    currency text, at timestamptz
) returns void
language sql as $$
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    ) values (
        everline_uuid7(post.at), post.account, post.group_id, post.kind, post.debit,
        post.credit, post.amount, post.currency, post.at
    )
$$;

-- part hold: sets an amount aside on an account with a floor; null when it is short.
create or replace function hold(
    account uuid, kind text, currency text, amount bigint, group_id uuid,
    expires_at timestamptz, at timestamptz
) returns uuid
language plpgsql as $$
#variable_conflict error
declare
    taken uuid := take(hold.account, hold.kind, hold.currency, hold.amount, hold.at);
    hold_id uuid := everline_uuid7(hold.at);
begin
    if taken is null then
        return null;
    end if;
    update ledger_account a set balance = a.balance + hold.amount, held = a.held + hold.amount
    where a.id = taken;
    insert into ledger_hold (
        id, account_id, ledger_account_id, group_id, amount, state, expires_at
    ) values (
        hold_id, hold.account, taken, hold.group_id, hold.amount, 'held', hold.expires_at
    );
    return hold_id;
end $$;

-- part release: gives back what the holds of a group set aside.
create or replace function release(group_id uuid) returns void
language sql as $$
    with released as (
        update ledger_hold h set state = 'released'
        where h.group_id = release.group_id and h.state = 'held'
        returning h.ledger_account_id, h.amount
    )
    update ledger_account a set held = a.held - r.amount
    from (
        select ledger_account_id, sum(amount) as amount from released group by ledger_account_id
    ) r
    where a.id = r.ledger_account_id
$$;

-- part lock_holds: locks the accounts on which a group holds something, before its payer is locked.
create or replace function lock_holds(group_id uuid) returns void
language plpgsql as $$
#variable_conflict error
begin
    perform 1 from ledger_account a
    where a.id in (
        select h.ledger_account_id from ledger_hold h
        where h.group_id = lock_holds.group_id and h.state = 'held'
    ) order by a.id for update;
end $$;

-- part post_holds: turns the holds of a group into transfers to one account.
create or replace function post_holds(
    group_id uuid, kind text, credit_kind text, at timestamptz
) returns void
language sql as $$
    with posted as (
        update ledger_hold h set state = 'posted'
        where h.group_id = post_holds.group_id and h.state = 'held'
        returning h.account_id, h.ledger_account_id, h.amount
    ), moved as (
        update ledger_account a set held = a.held - p.amount, balance = a.balance - p.amount
        from posted p where a.id = p.ledger_account_id
        returning a.id, a.account_id, a.currency, p.amount
    )
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    )
    select
        everline_uuid7(post_holds.at), m.account_id, post_holds.group_id, post_holds.kind, m.id,
        operator_account(post_holds.credit_kind, '', m.currency), m.amount, m.currency,
        post_holds.at
    from moved m
$$;

-- part reverse_transfers: writes the opposite of a group's transfers of some kinds, each once.
-- Running balances move with their transfers. Locks: accounts with a floor by id.
create or replace function reverse_transfers(
    account uuid, group_id uuid, kinds text[], at timestamptz
) returns bigint
language plpgsql as $$
#variable_conflict error
declare
    reversed bigint;
begin
    perform 1 from ledger_account a
    where a.floor is not null and a.id in (
        select unnest(array[t.debit_id, t.credit_id]) from ledger_transfer t
        where t.account_id = reverse_transfers.account
          and t.group_id = reverse_transfers.group_id
          and t.kind = any(reverse_transfers.kinds)
    ) order by a.id for update;
    with written as (
        insert into ledger_transfer (
            id, account_id, group_id, kind, debit_id, credit_id, amount, currency, reverses_id, at
        )
        select
            everline_uuid7(reverse_transfers.at), t.account_id, t.group_id,
            t.kind || '_reversed', t.credit_id, t.debit_id, t.amount, t.currency, t.id,
            reverse_transfers.at
        from ledger_transfer t
        where t.account_id = reverse_transfers.account
          and t.group_id = reverse_transfers.group_id
          and t.kind = any(reverse_transfers.kinds)
          and not exists (select from ledger_transfer r where r.reverses_id = t.id)
        returning ledger_transfer.debit_id, ledger_transfer.credit_id, ledger_transfer.amount
    ), moved as (
        select m.id, sum(m.amount) as amount from (
            select w.credit_id as id, w.amount from written w
            union all
            select w.debit_id, -w.amount from written w
        ) m group by m.id
    ), balanced as (
        update ledger_account a set balance = a.balance + m.amount
        from moved m where a.id = m.id and a.floor is not null
    )
    select coalesce(sum(w.amount), 0) into reversed from written w;
    return reversed;
end $$;
