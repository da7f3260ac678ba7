"""Stripe's peer for tests: localstripe, a process of its own, and the faults on the way to it.

Nothing here is Stripe. README.md says what is localstripe's and what is put before it, and whence.
"""
