-- Commission: what a store or partner earns on what it paid for from its deposit.

-- part post_commission: posts the payer's share of what its deposit just paid in a group, onto the
-- pocket that paid, whose row is locked already. Rounded half up; nothing when it has no rate.
create or replace function post_commission(
    payer uuid, account uuid, group_id uuid, at timestamptz
) returns void
language plpgsql as $$
#variable_conflict error
declare
    rate bigint;
    paid_from uuid;
    unit text;
    total bigint;
    share bigint;
begin
    select max(f.commission_basis_points) into rate from (
        select r.commission_basis_points from people_retailer r
        where r.account_id = post_commission.payer
        union all
        select p.commission_basis_points from people_partner p
        where p.account_id = post_commission.payer
    ) f;
    if coalesce(rate, 0) = 0 then
        return;
    end if;
    select t.debit_id, t.currency, sum(t.amount)::bigint into paid_from, unit, total
    from ledger_transfer t
    where t.account_id = post_commission.account and t.group_id = post_commission.group_id
      and t.kind in ('sale', 'tax', 'topup')
    group by t.debit_id, t.currency;
    share := (total * rate + 5000) / 10000;
    if share > 0 then
        update ledger_account a set balance = a.balance + share where a.id = paid_from;
        perform post(
            post_commission.group_id, 'commission', post_commission.account,
            operator_account('commission', '', unit), paid_from, share,
            unit, post_commission.at
        );
    end if;
end $$;
