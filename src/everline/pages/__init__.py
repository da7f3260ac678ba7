"""What the pages of every channel share: the frame, the look, and facts in words.

It decides nothing and knows no channel: money, instants, data and the state of a renewal read the
same at the site, the till and the kiosk because they are worded here. frame.py renders, words.py
says single facts, states.py says where a renewal stands, facts.py says what a refusal is about.
"""
