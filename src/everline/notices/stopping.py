"""The address that ends automatic renewal in one step; every message about it carries one.

Whoever has it can end it, and see or do nothing else; the page is channels/web/consenting.py.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from everline.trust import addresses


def stop_path(facts: Mapping[str, Any]) -> str:
    """Give the page that ends automatic renewal in one step; "" where nothing can be signed.

    It names the mandate, or the renewal that was made by one.
    """
    if not addresses.can_sign():
        return ""
    if facts.get("mandate"):
        token = addresses.token("mnd", UUID(facts["mandate"]), addresses.STOPPING)
    elif facts.get("channel") == "auto" and facts.get("renewal"):
        token = addresses.token("rnw", UUID(facts["renewal"]), addresses.STOPPING)
    else:
        return ""
    return f"/auto/{token}/end"
