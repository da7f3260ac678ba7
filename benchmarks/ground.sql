-- A small operator and many bound cards, each with a funded balance and a term that still runs.
-- `bench.cards` says how many, `bench.at` when this was, `bench.first_end` after what time the
-- first of their terms ends, `bench.days` over how many days they do.
-- Numbers are counted, so that a program can name a card without asking: card n has id 8001-n,
-- account 8002-n and ledger account 8003-n.

create schema bench;

-- How far the deck of cards is used up, so that a kept server deals each card once.
create table bench.deck (through bigint not null);

-- A card number of 18 digits and their check digit (Luhn).
create function bench.iccid(number bigint) returns text
language sql immutable parallel safe as $$
    select '890010000' || b.body || (10 - sum(
        case when d.place % 2 = 0 then d.digit::integer
            when d.digit::integer < 5 then 2 * d.digit::integer
            else 2 * d.digit::integer - 9 end
    ) % 10) % 10
    from (select lpad(number::text, 9, '0') as body) as b
    cross join lateral string_to_table(reverse('890010000' || b.body), null)
        with ordinality as d (digit, place)
    group by b.body
$$;

create function bench.id(kind text, number bigint) returns uuid
language sql immutable parallel safe as
$$ select ('00000000-0000-7000-' || kind || '-' || lpad(number::text, 12, '0'))::uuid $$;

insert into catalogue_policy (
    id, name, domain, sender_email, sender_sms, currency_digits, quote_minutes,
    payment_minutes, delivery_minutes, terms_ahead_max, lapsed_days
) values (
    1, 'Benchline', 'bench.example', 'a@bench.example', 'Bench', '{}', 15, 30, 30, 6, 90
);

insert into trust_channel (code, is_open, means, amount_max)
select c.code, true, '{balance,deposit,gateway}', '{}'
from unnest(array['web', 'partner', 'auto']) as c (code);

insert into catalogue_plan (id, code, names, position)
values (bench.id('8000', 1), 'home-month', '{"en": "Home"}', 1);

insert into catalogue_planversion (
    id, number, effective_from, period_unit, period_count, validity, on_renewal,
    allowance_bytes, devices_max, plan_id
) values (
    bench.id('8000', 2), 1, '2020-01-01', 'month', 1, 'rolling', 'queue', 30000000000, 2,
    bench.id('8000', 1)
);

insert into catalogue_price (plan_version_id, currency, amount, tax_basis_points)
values (bench.id('8000', 2), 'EUR', 1000, 2300);

insert into cards_card (
    id, account_id, iccid, kind, zone, currency, state, start_code_tries, smdp_address,
    matching_id, loaded_at
)
select
    bench.id('8001', n), bench.id('8002', n), bench.iccid(n), 'sim',
    'Europe/Lisbon', 'EUR', 'bound', 0, '', '', now()
from generate_series(1, current_setting('bench.cards')::bigint) as n;

insert into ledger_account (
    id, account_id, kind, scope, currency, pocket, floor, balance, held
)
select
    bench.id('8003', n), bench.id('8002', n), 'balance', '', 'EUR', 0, 0, 1000000, 0
from generate_series(1, current_setting('bench.cards')::bigint) as n;

insert into ledger_transfer (
    id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
)
select
    bench.id('8004', n), bench.id('8002', n), bench.id('8005', n), 'funding',
    md5('operator:bank::EUR')::uuid, bench.id('8003', n), 1000000, 'EUR', now()
from generate_series(1, current_setting('bench.cards')::bigint) as n;

do $make$ begin
    execute format($$
        create function bench.ends(number bigint) returns timestamptz
        language sql stable parallel safe as $ends$
            select timestamptz %L + number %% %s * interval '1 day'
                + number %% 86400 * interval '1 second'
        $ends$
    $$, current_setting('bench.at')::timestamptz + current_setting('bench.first_end')::interval,
    current_setting('bench.days')::integer);
end $make$;

create function bench.next_end(number bigint) returns timestamptz
language sql stable parallel safe as $$
    select (bench.ends(number) at time zone 'Europe/Lisbon' + interval '1 month')
        at time zone 'Europe/Lisbon'
$$;

insert into cards_entitlement (
    id, account_id, card_id, plan_version_id, state, starts_at, ends_at, planned_ends_at,
    anchor_day, allowance_bytes, fair_use_bytes, used_bytes, carried_bytes, devices_max
)
select
    bench.id('8006', n), bench.id('8002', n), bench.id('8001', n), bench.id('8000', 2),
    'delivered', bench.ends(n) - interval '30 days', bench.ends(n), bench.ends(n),
    extract(day from bench.ends(n) at time zone 'Europe/Lisbon'), 30000000000, null, 7000000000,
    0, 2
from generate_series(1, current_setting('bench.cards')::bigint) as n;

grant usage on schema bench to everline_app;
