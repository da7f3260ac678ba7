"""The online channel: pages for everybody with a card's number, and a little more for its holder.

Nothing is decided here: views read, ask `renewals`, and word what it answered. urls.py lists the
pages; entry.py, ordering.py, following.py, doors.py and holders.py are the views, in the order in
which people meet them.
"""
