"""People and firms: who signs in, who holds an account, retailers, partners and their API keys.

models.py has the tables, keys.py the keys of the API. What a partner may do is said by the channel
`partner`, in trust; what it owes or holds stands in the ledger.
"""
