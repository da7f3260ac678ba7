"""Jobs: follow-up work as rows, written by the verb that causes it and done by any worker.

The queue's verbs stand in jobs.sql; `Worker` leases, does and settles jobs, and runs the sweeps
that find due work by state. What each kind of job does is composed in config/plugs.py.
"""

from everline.jobs.queue import Depth, depth, revive
from everline.jobs.worker import Kind, LaterError, Now, Sweep, Worker

__all__ = ["Depth", "Kind", "LaterError", "Now", "Sweep", "Worker", "depth", "revive"]
