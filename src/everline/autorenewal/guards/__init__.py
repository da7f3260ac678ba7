"""What guards automatic renewal, so that nobody is charged wrongly or cut off by our own fault.

breakers.py: too many charges hold back a card, or all. outages.py: what our silence cost is made
good. prolonging.py: terms that go on at no cost, after an outage or as a grace. untried.py: whether
every try that was foreseen was made.
"""
