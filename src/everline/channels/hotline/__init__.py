"""The hotline: voice prompts for a caller at any hour, as TwiML webhooks.

Who speaks is not known at first: caller ID can be forged, so it only selects a card, as a keyed
phone number, customer number or spoken code does. The service PIN authorises. flow.py is the
dialogue as data, engine.py walks it, acts.py asks the core, scenes.py gives what is said, voice.py
writes TwiML and views.py takes the webhooks. phone.py and trying.py are the telephone of the demo.
"""
