"""The online channel: pages for everybody with a card's number, and a little more for its holder.

Nothing is decided here: views read, ask `renewals`, and word what it answered. urls.py lists the
pages; entry.py, ordering.py, following.py and doors.py are the views of everybody, in the order in
which people meet them. signing_in.py lets holders in; holders.py, adding.py, held.py, recording.py,
securing.py and leaving.py are theirs alone.
"""
