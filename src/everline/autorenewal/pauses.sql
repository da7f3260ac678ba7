-- Pauses: a mandate that charges nothing before an instant, and one that passes over a term.

-- part pause: keeps a mandate still until an instant. While a term runs its rungs stand, and each
-- is answered with the pause; a card without service waits for the end of the pause.
create or replace function pause(
    mandate autorenewal_mandate, until timestamptz, is_skip boolean, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
begin
    update autorenewal_mandate m set paused_until = pause.until, is_skip = pause.is_skip
    where m.id = mandate.id;
    perform await(array[mandate.card_id], array[pause.until], pause.at);
end $$;

-- part await_paused: lets the paused among cards that have no service any more wait for the end of
-- their pause.
create or replace function await_paused(cards uuid[], at timestamptz) returns void
language sql as $$
    select await(p.cards, p.untils, await_paused.at) from (
        select array_agg(m.card_id) as cards, array_agg(m.paused_until) as untils
        from autorenewal_mandate m
        where m.card_id = any(await_paused.cards) and m.ended_at is null
          and m.paused_until > await_paused.at
    ) p where p.cards is not null
$$;

-- part is_paused: whether a pause keeps a mandate still. A skip is over when the card has been
-- renewed as far as the skipped term would have led, by whomever.
create or replace function is_paused(
    paused_until timestamptz, is_skip boolean, ends_at timestamptz, at timestamptz
) returns boolean
language sql immutable parallel safe as $$
    select coalesce(
        paused_until > at and not (is_skip and coalesce(ends_at >= paused_until, false)), false
    )
$$;

-- verb pause_mandate: charges nothing before an instant, at most a year ahead; a second pause takes
-- the place of the first one.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown, mandate_unknown,
-- date_not_allowed. The answer is valid until the end of the pause.
create or replace function pause_mandate(
    channel text, source text, request_id text, request_hash bytea, card uuid, until timestamptz,
    at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_mandated(
        pause_mandate.channel, pause_mandate.source, pause_mandate.request_id,
        pause_mandate.request_hash, pause_mandate.card, 'mandate_paused', pause_mandate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if pause_mandate.until <= pause_mandate.at
        or pause_mandate.until > pause_mandate.at + make_interval(hours => 24 * 366) then
        return refuse(
            pause_mandate.channel, pause_mandate.source, pause_mandate.request_id,
            row('date_not_allowed', '{}'::jsonb)::objection
        );
    end if;
    perform pause(begun.mandate, pause_mandate.until, false, pause_mandate.at);
    return paused_answer(
        pause_mandate.channel, pause_mandate.source, pause_mandate.request_id,
        pause_mandate.until
    );
end $$;

-- part paused_answer: the answer of a pause, kept with its end, which a skip learns under the lock.
create or replace function paused_answer(
    channel text, source text, request_id text, until timestamptz
) returns answer
language sql as $$
    update database_request r set valid_until = paused_answer.until
    where r.channel = paused_answer.channel and r.source = paused_answer.source
      and r.request_id = paused_answer.request_id
    returning row(r.answer_id, r.outcome, null, null, r.valid_until, false)::answer
$$;

-- verb skip_term: passes over one term: nothing is charged before the end of the term that the next
-- charge would have bought.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown, mandate_unknown,
-- nothing_to_skip. A skip that is in force already is answered with its end, not prolonged.
create or replace function skip_term(
    channel text, source text, request_id text, request_hash bytea, card uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
    offer quoted;
    until timestamptz;
begin
    select b.* into begun from begin_mandated(
        skip_term.channel, skip_term.source, skip_term.request_id, skip_term.request_hash,
        skip_term.card, 'term_skipped', skip_term.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    select d.* into offer from wanted_versions(array[skip_term.card], skip_term.at) w
    cross join lateral quote(array[w.card_id], w.version_id, null, 'auto', skip_term.at) d;
    until := case
        when is_paused(
            (begun.mandate).paused_until, (begun.mandate).is_skip, offer.present_ends_at,
            skip_term.at
        ) and (begun.mandate).is_skip then (begun.mandate).paused_until
        when (begun.locked).next_rung_at < 'infinity' then offer.ends_at
    end;
    if until is null or until <= skip_term.at then
        return refuse(
            skip_term.channel, skip_term.source, skip_term.request_id,
            row('nothing_to_skip', '{}'::jsonb)::objection
        );
    end if;
    perform pause(begun.mandate, until, true, skip_term.at);
    return paused_answer(skip_term.channel, skip_term.source, skip_term.request_id, until);
end $$;

-- verb resume_mandate: ends a pause. What was due meanwhile is tried at once.
-- Caller: autorenewal/mandates.py. Locks: request, card. Refuses: card_unknown, mandate_unknown.
create or replace function resume_mandate(
    channel text, source text, request_id text, request_hash bytea, card uuid, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    begun record;
begin
    select b.* into begun from begin_mandated(
        resume_mandate.channel, resume_mandate.source, resume_mandate.request_id,
        resume_mandate.request_hash, resume_mandate.card, 'mandate_resumed', resume_mandate.at
    ) b;
    if (begun.final).outcome is not null then
        return begun.final;
    end if;
    if (begun.mandate).paused_until > resume_mandate.at then
        perform rush(array[resume_mandate.card], resume_mandate.at);
    end if;
    update autorenewal_mandate m set paused_until = null, is_skip = false
    where m.id = (begun.mandate).id;
    return row(resume_mandate.card, 'mandate_resumed', null, null, null, false)::answer;
end $$;
