from collections import Counter
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests import test_machine as t
import time
def test_x(town):
    seen=Counter()
    class M(t.Machine):
        def __init__(self): super().__init__(town.logins); seen['ex']+=1
        def teardown(self):
            for c in self.models:
                for r in c.renewals:
                    seen[r.means+':'+r.state]+=1; seen.update('a:'+a.state for a in r.attempts); seen.update('f:'+a.state for a in r.refunds)
            for call,a in self.calls: seen['ans:'+(a.reason or a.outcome)]+=1
            super().teardown()
        @t.invariant()
        def n(self): seen['steps']+=1
    t0=time.time()
    try:
        run_state_machine_as_test(M, settings=settings(max_examples=120, stateful_step_count=50, deadline=None, database=None, suppress_health_check=list(HealthCheck)))
    finally: print(round(time.time()-t0,1), seen)
