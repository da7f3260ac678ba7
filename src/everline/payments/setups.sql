-- Setups: means of payment that are given to a gateway without paying. What a gateway said of one
-- is written by `settle_setup` in renewals/means.sql.

-- verb begin_setup: opens a setup for a card's account; its gateway is then called.
-- Caller: payments/setups.py. Locks: request, card. Refuses: card_unknown, and the card's state
-- when it has ended.
create or replace function begin_setup(
    channel text, source text, request_id text, request_hash bytea, card uuid, gateway text,
    words_version text, open_seconds integer, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    setup_id uuid := everline_uuid7(begin_setup.at);
begin
    select b.* into begun from begin_card(
        begin_setup.channel, begin_setup.source, begin_setup.request_id,
        begin_setup.request_hash, begin_setup.card, 'set_up', begin_setup.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if (begun.locked).state = 'terminated' then
        return refuse(
            begin_setup.channel, begin_setup.source, begin_setup.request_id,
            row('card_terminated', '{}'::jsonb)::objection
        );
    end if;
    insert into payments_setup (
        id, account_id, gateway, key, channel, words_version, state, reason, asks, ask_at,
        created_at, ends_at
    ) values (
        setup_id, (begun.locked).account_id, begin_setup.gateway, 'setup-' || setup_id,
        begin_setup.channel, begin_setup.words_version, 'open', '', 0,
        begin_setup.at + interval '1 minute', begin_setup.at,
        begin_setup.at + make_interval(secs => begin_setup.open_seconds)
    );
    update database_request q set answer_id = setup_id
    where q.channel = begin_setup.channel and q.source = begin_setup.source
      and q.request_id = begin_setup.request_id;
    return row(setup_id, 'set_up', null, null, null, false)::answer;
end $$;

-- verb claim_setups: gives setups whose time to be asked about has come, for `seconds`.
-- Caller: the worker's sweep. Locks: the setups, passing over those that others hold.
create or replace function claim_setups(at timestamptz, most integer, seconds integer)
returns setof payments_setup
language plpgsql security definer set search_path from current as $$
#variable_conflict error
begin
    return query
    with due as (
        select s.id from payments_setup s where s.ask_at <= claim_setups.at
        order by s.ask_at, s.id limit least(claim_setups.most, 1000) for update skip locked
    )
    update payments_setup s
    set asks = s.asks + 1,
        ask_at = claim_setups.at + make_interval(secs => claim_setups.seconds)
    from due d where s.id = d.id
    returning s.*;
end $$;
