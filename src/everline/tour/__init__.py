"""The tour: the demo's home, on which each way to renew acts on one card.

It stands above the channels and drives them as people do: by pages, webhooks and the API, through
the whole web application. Nothing of it answers in production. Begin at views.py.
"""
