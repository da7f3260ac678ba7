"""The kiosk: a full-screen touch flow for whoever walks up to it.

Who speaks is the device itself, by the key in its cookie; the person has no account and is a visit
that ends with nothing left behind (visits.py). Begin at urls.py; money is started in sales.py.
"""
