-- A thousand partners with one pocket each and a busy one, number 1001, with sixteen; all have
-- funded deposits and a key. Key n is evl_ and n in 43 digits.
insert into people_partner (id, account_id, code, name, currency, pockets)
select
    bench.id('8101', p.n), bench.id('8102', p.n), 'partner-' || p.n, 'Partner', 'EUR',
    case when p.n > 1000 then 16 else 1 end
from generate_series(1, 1001) as p (n);

insert into people_apikey (id, partner_id, key_hash, hint, created_at)
select
    bench.id('8103', p.n), bench.id('8101', p.n),
    sha256(('evl_' || lpad(p.n::text, 43, '0'))::bytea), '0000', now()
from generate_series(1, 1001) as p (n);

insert into ledger_account (
    id, account_id, kind, scope, currency, pocket, floor, balance, held
)
select
    bench.id('8104', p.n * 100 + k.pocket), bench.id('8102', p.n), 'deposit', '', 'EUR',
    k.pocket, 0, 10000000000, 0
from generate_series(1, 1001) as p (n)
cross join lateral generate_series(0, case when p.n > 1000 then 15 else 0 end) as k (pocket);

insert into ledger_transfer (
    id, account_id, group_id, kind, debit_id, credit_id, amount, currency, at
)
select
    md5('bench' || a.id)::uuid, a.account_id, a.id, 'funding',
    md5('operator:bank::EUR')::uuid, a.id, a.balance, 'EUR', now()
from ledger_account as a where a.kind = 'deposit';
