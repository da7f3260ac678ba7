"""What people see, in a real browser: every door and the tour, walked as they walk them.

One demo is brought up for all of it, by its own command. Here nothing is asked of the database:
what holds is what the pages show.
"""
