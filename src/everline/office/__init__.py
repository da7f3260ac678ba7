"""The back office: what the operator's people look at, and what they do by hand.

Its screens stand in the one table of urls.py, each with the abilities that it needs; access.py
holds them, asking.py asks before an act. audit.py proves the books, outbox.py is the demo's own.
"""
