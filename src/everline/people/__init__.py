"""People and firms: who signs in, who holds an account, retailers, partners and their API keys.

models.py has the tables, keys.py the keys of the API, roles.py what staff may do. Doors and office
ask everline.people.terminals for tills and kiosks, everline.people.return_calls for who waits for a
call. What a partner may do is said by the channel `partner`, in trust; what it owes or holds stands
in the ledger.
"""
