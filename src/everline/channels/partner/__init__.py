"""The third-party channel: the JSON API under /api/v1, for platforms that pay from a deposit.

A request is read in gate.py (in front of Django's other layers), auth.py (whose key), views.py
(what is asked), questions.py and answers.py (the forms); problems.py words every "no". It decides
no price and no rule: `renewals` does. document.py describes all of it as OpenAPI 3.1.
"""
