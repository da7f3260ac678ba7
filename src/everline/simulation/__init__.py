"""The simulator: cards, people, faults and months in minutes, over the real verbs and workers.

A run is made from its seed alone and is the same every time. It moves a clock of its own in a
database of its own; nothing of an operator is touched. runs.py drives it, people.py, crew.py,
bank.py and carrier.py act in it, checks.py judges every day, shrink.py makes a failure short and
report.py tells an operator. `everline simulate` stands in cli/simulating.py.
"""

from everline.simulation.ground import Ground
from everline.simulation.runs import START, Outcome, Outside, Setting, run
from everline.simulation.shrink import shrink

__all__ = ["START", "Ground", "Outcome", "Outside", "Setting", "run", "shrink"]
