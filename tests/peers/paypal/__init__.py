"""PayPal's double: a server on loopback that keeps to PayPal's published descriptions.

contract.py validates each body against them, double.py keeps orders and answers, faults.py is what
goes wrong on the way. tests/test_paypal.py drives the adapter against it.
"""
