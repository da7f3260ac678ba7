"""x.
"""
from functools import partial
import time
import pytest
from django.conf import settings
from everline import renewals

from tests.town import at_once, findings, of_each, weaken
from tests.world import World


def test_a(town: World) -> None:
    t=time.time()
    card, plan = town.card(balance=100000), town.plan()
    order, caller = town.order(card, plan), town.caller()
    settings.POOL_MAX = 64
    print('s', time.time()-t); t=time.time()
    answers = at_once(*[partial(renewals.renew, caller, order, card.account_id, town.at)] * 64)
    print('r', time.time()-t); t=time.time()
    assert sum(a.replayed for a in answers) == 63
    assert findings(town) == {}
    print('a', time.time()-t); t=time.time()

def test_b(town: World) -> None:
    test_a.__wrapped__(town) if hasattr(test_a,'__wrapped__') else test_a(town)
def test_c(world: World) -> None:
    test_a(world)
