-- What a balance-paid renewal writes, row by row, and nothing else: no check, no lock but those
-- of the writes, no quote, no calendar. It is as fast as these rows in these tables can be.
create or replace function bench.bare(
    request_id text, account uuid, card uuid, plan_version uuid, total bigint,
    starts_at timestamptz, ends_at timestamptz, at timestamptz
) returns timestamptz
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    renewal uuid := everline_uuid7(bare.at);
    paid_from uuid;
begin
    insert into database_request (
        channel, source, request_id, request_hash, account_id, subject_id, answer_id, outcome,
        valid_until, at
    ) values (
        'web', 'bare', bare.request_id, '\x01', bare.account, bare.card, renewal, 'renewed',
        bare.ends_at, bare.at
    );
    update ledger_account a set balance = a.balance - bare.total
    where a.account_id = bare.account and a.kind = 'balance' and a.scope = ''
      and a.currency = 'EUR' and a.pocket = 0
    returning a.id into paid_from;
    insert into renewals_renewal (
        id, account_id, card_id, channel, source, request_id, state, plan_version_id,
        promotion_id, means, payer_id, currency, price, discount, total, tax, bonus_bytes,
        on_renewal, starts_at, ends_at, anchor_day, first_day, last_day, placed_at, paid_at,
        deadline_at, reason, contact
    ) values (
        renewal, bare.account, bare.card, 'web', 'bare', bare.request_id, 'paid',
        bare.plan_version, null, 'balance', bare.account, 'EUR', bare.total, 0, bare.total, 187,
        0, 'queue', bare.starts_at, bare.ends_at, 1, bare.starts_at::date,
        bare.ends_at::date, bare.at,
        bare.at, bare.at + interval '30 minutes', '', null
    );
    insert into database_history (
        account_id, machine, subject_id, from_state, event, to_state, at
    ) values (bare.account, 'renewal', renewal, '', 'pay_now', 'paid', bare.at);
    insert into ledger_transfer (
        id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
    ) values
    (
        everline_uuid7_beside(renewal, 1), bare.account, renewal, 'sale', paid_from,
        '00000000-0000-7000-8000-000000000003', bare.total - 187, 'EUR', bare.at
    ),
    (
        everline_uuid7_beside(renewal, 2), bare.account, renewal, 'tax', paid_from,
        '00000000-0000-7000-8000-000000000004', 187, 'EUR', bare.at
    );
    insert into cards_entitlement (
        id, account_id, card_id, renewal_id, plan_version_id, state, starts_at, ends_at,
        planned_ends_at, anchor_day, allowance_bytes, fair_use_bytes, used_bytes, carried_bytes,
        devices_max
    ) values (
        everline_uuid7_beside(renewal, 3), bare.account, bare.card, renewal, bare.plan_version,
        'pending', bare.starts_at, bare.ends_at, bare.ends_at, 1, 30000000000, null, 0, 0, 2
    );
    insert into jobs_job (
        id, account_id, kind, subject_id, state, run_at, tries, tries_max, last_error, created_at
    ) values (
        everline_uuid7_beside(renewal, 4), bare.account, 'deliver', renewal, 'ready', bare.at, 0,
        12, '', bare.at
    );
    return bare.ends_at;
end $$;
