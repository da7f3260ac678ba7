-- eSIMs that are bought on a page: taken from stock by one buyer each.

-- part may_begin: whether an active eSIM may take its first plan although no device is bound. Its
-- device is a chip, which binds itself when the profile is downloaded; that comes after paying.
-- From the second term on a binding is needed like anywhere: docs/decisions/0016.
create or replace function may_begin(card cards_card) returns boolean
language sql stable as $$
    select card.kind = 'esim' and card.state = 'activated' and card.smdp_address <> ''
        and card.matching_id <> '' and not exists (
            select from cards_entitlement e where e.card_id = card.id and e.state <> 'cancelled'
        )
$$;

-- verb take_esim: takes an eSIM of a currency from stock and activates it, for who is to buy it.
-- Caller: cards/esims.py. Locks: request, card; it waits for no card, but passes over those that
-- others take. Refuses: esim_sold_out. Until a card is found the request belongs to no account.
create or replace function take_esim(
    channel text, source text, request_id text, request_hash bytea, currency text, at timestamptz
) returns answer
language plpgsql security definer set search_path from current as $$
#variable_conflict error
declare
    taken cards_card;
    nobody uuid := everline_uuid7(take_esim.at);
begin
    if not claim(
        take_esim.channel, take_esim.source, take_esim.request_id, take_esim.request_hash,
        nobody, nobody, null, 'taken', null, take_esim.at
    ) then
        return replay(
            take_esim.channel, take_esim.source, take_esim.request_id, take_esim.request_hash, (
                select q.subject_id from database_request q
                where q.channel = take_esim.channel and q.source = take_esim.source
                  and q.request_id = take_esim.request_id
            )
        );
    end if;
    select c.* into taken from cards_card c
    where c.state = 'in_stock' and c.kind = 'esim' and c.currency = take_esim.currency
      and c.smdp_address <> '' and c.matching_id <> ''
    order by c.id limit 1 for update skip locked;
    if taken.id is null then
        return refuse(
            take_esim.channel, take_esim.source, take_esim.request_id,
            row('esim_sold_out', jsonb_build_object('currency', take_esim.currency))::objection
        );
    end if;
    perform step_card(taken, 'activate', take_esim.at);
    update cards_card c set taken_at = take_esim.at where c.id = taken.id;
    update database_request q
    set account_id = taken.account_id, subject_id = taken.id, answer_id = taken.id
    where q.channel = take_esim.channel and q.source = take_esim.source
      and q.request_id = take_esim.request_id;
    return row(taken.id, 'taken', null, null, null, false)::answer;
end $$;
