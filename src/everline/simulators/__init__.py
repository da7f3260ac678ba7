"""The outside world in a box: a bank with its own payment page, and a mobile network.

A separate program (`python -m everline.simulators --port 9100 --data DIR`) that imports nothing of
Everline and keeps its own state, so it goes on when everything of Everline is killed. It can be
slow, silent, double, late and untruthful on demand. It moves no money and serves loopback alone.
Start at server.py; bank.py and network.py hold the two characters, control.py scripts them.
"""
