-- Cards that are due, for due_rate.py, and what renewing them writes, without any logic.

-- The card at a place of the deck: those that follow each other there share no page.
create or replace function bench.dealt(place bigint, cards bigint) returns bigint
language sql immutable parallel safe as $$ select 1 + place * 611953 % cards $$;

-- Gives mandates to the cards at these places of the deck, due at an instant, each a microsecond
-- after the one before.
create or replace function bench.make_due(
    first_place bigint, last_place bigint, cards bigint, at timestamptz
) returns void
language sql as $$
    insert into autorenewal_mandate (
        id, account_id, card_id, channel, words_version, given_at, total, currency, period_unit,
        period_count
    )
    select
        bench.id('8007', n), bench.id('8002', n), bench.id('8001', n), 'web', 'bench',
        make_due.at, 1000, 'EUR', 'month', 1
    from generate_series(first_place, last_place) p (place)
    cross join lateral bench.dealt(p.place, make_due.cards) n;
    update cards_card c
    set next_rung_at = make_due.at + p.place % 1000000 * interval '1 microsecond',
        rung_ends_at = bench.ends(n)
    from generate_series(first_place, last_place) p (place)
    cross join lateral bench.dealt(p.place, make_due.cards) n
    where c.id = bench.id('8001', n)
$$;

-- What the sweep writes for the cards at these places of the deck, row by row, and nothing else: no
-- lock but those of the writes, no quote, no check, no calendar. It is as fast as these rows in
-- these tables can be, a thousand at once.
create or replace function bench.bare_due(
    first_place bigint, last_place bigint, cards bigint, at timestamptz
) returns bigint
language sql security definer set search_path from current as $$
    with dealt as materialized (
        select
            everline_uuid7(bare_due.at) as renewal, n, bench.id('8002', n) as account,
            bench.id('8001', n) as card, bench.ends(n) as starts_at, bench.next_end(n) as ends_at
        from generate_series(first_place, last_place) p (place)
        cross join lateral bench.dealt(p.place, bare_due.cards) n
    ), requested as (
        insert into database_request (
            channel, source, request_id, request_hash, account_id, subject_id, answer_id, outcome,
            valid_until, at
        )
        select
            'auto', 'bare', d.card || ':bare', sha256(d.card::text::bytea), d.account, d.card,
            d.renewal, 'renewed', d.ends_at, bare_due.at
        from dealt d
    ), paid as (
        update ledger_account a set balance = a.balance - 1000 from dealt d
        where a.account_id = d.account and a.kind = 'balance' and a.scope = ''
          and a.currency = 'EUR' and a.pocket = 0
    ), written as (
        insert into database_history (
            account_id, machine, subject_id, from_state, event, to_state, at
        )
        select d.account, 'renewal', d.renewal, '', 'pay_now', 'paid', bare_due.at from dealt d
    ), renewed as (
        insert into renewals_renewal (
            id, account_id, card_id, channel, source, request_id, state, plan_version_id, means,
            payer_id, currency, price, discount, total, tax, bonus_bytes, on_renewal, starts_at,
            ends_at, anchor_day, first_day, last_day, placed_at, paid_at, deadline_at, reason
        )
        select
            d.renewal, d.account, d.card, 'auto', 'bare', d.card || ':bare', 'paid',
            bench.id('8000', 2), 'balance', d.account, 'EUR', 1000, 0, 1000, 187, 0, 'queue',
            d.starts_at, d.ends_at, 1, d.starts_at::date, d.ends_at::date, bare_due.at,
            bare_due.at, bare_due.at + interval '30 minutes', ''
        from dealt d
    ), posted as (
        insert into ledger_transfer (
            id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
        )
        select
            everline_uuid7_beside(d.renewal, t.number), d.account, d.renewal, t.kind,
            bench.id('8003', d.n), t.credit::uuid, t.amount, 'EUR', bare_due.at
        from dealt d cross join (values
            (2, 'sale', '00000000-0000-7000-8000-000000000003', 813),
            (3, 'tax', '00000000-0000-7000-8000-000000000004', 187)
        ) as t (number, kind, credit, amount)
    ), entitled as (
        insert into cards_entitlement (
            id, account_id, card_id, renewal_id, plan_version_id, state, starts_at, ends_at,
            planned_ends_at, anchor_day, allowance_bytes, used_bytes, carried_bytes, devices_max
        )
        select
            everline_uuid7_beside(d.renewal, 1), d.account, d.card, d.renewal,
            bench.id('8000', 2), 'pending', d.starts_at, d.ends_at, d.ends_at, 1, 30000000000, 0,
            0, 2
        from dealt d
    ), queued as (
        insert into jobs_job (
            id, account_id, kind, subject_id, state, run_at, tries, tries_max, last_error,
            created_at
        )
        select
            everline_uuid7_beside(d.renewal, 4), d.account, 'deliver', d.renewal, 'ready',
            bare_due.at, 0, 12, '', bare_due.at
        from dealt d
    ), armed as (
        update cards_card c
        set next_rung_at = d.ends_at - interval '1 day', rung_ends_at = d.ends_at
        from dealt d where c.id = d.card
    ), noted as (
        insert into autorenewal_run (at, taken, charged, refused)
        select bare_due.at, count(*), count(*), 0 from dealt d
    )
    select count(*) from dealt
$$;
