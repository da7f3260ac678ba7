"""The guides: how to renew in each of the six ways, and what to look at before, step by step.

They are data: sentences and the names of pictures. They decide nothing, read no table and know no
address; channels/web/helping.py shows them. from_home.py and at_places.py have
the six ways, before.py what comes first.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from everline.guides.at_places import KIOSK, STORE
from everline.guides.before import BEFORE, OF_CODE
from everline.guides.from_home import AUTOMATIC, HOTLINE, ONLINE, PLATFORM
from everline.guides.guide import HEIGHT, WIDTH, Guide, Step

WAYS: Final = (ONLINE, AUTOMATIC, HOTLINE, STORE, PLATFORM, KIOSK)

GUIDES: Final[Mapping[str, Guide]] = MappingProxyType({each.name: each for each in (*WAYS, BEFORE)})
"""Every guide by its name, in the order of the tiles."""

__all__ = ["BEFORE", "GUIDES", "HEIGHT", "OF_CODE", "WAYS", "WIDTH", "Guide", "Step"]
