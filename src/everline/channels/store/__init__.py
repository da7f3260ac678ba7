"""The store: the till, for the clerk with a queue.

Two speak here, and both are proved: the till by the key in its cookie (tills.py), and the clerk who
signed in on it (entrance.py). counter.py finds the card and opens it, selling.py sells, sales.py
shows what was sold and takes it back. Money is the retailer's deposit; the cash is the store's own.
"""
