"""A proxy in front that speaks TLS: its word is taken only where the operator says it is there."""

import httpx
import pytest

from tests.marketplace import serving
from tests.world import World


@pytest.mark.parametrize(
    ("proxies", "said", "is_secure"),
    [("1", "https", True), ("1", "http", False), ("1", "", False), ("", "https", False)],
)
def test_a_request_is_secure_where_the_operators_proxy_says_so(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    proxies: str,
    said: str,
    is_secure: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("EVERLINE_PUBLIC_ADDRESS", "https://localhost")
    if proxies:
        monkeypatch.setenv("EVERLINE_PROXIES", proxies)
    with serving(world.logins) as server:
        headers = {"Host": "localhost", **({"X-Forwarded-Proto": said} if said else {})}
        answer = httpx.get(server.address, headers=headers, timeout=20, trust_env=False)
    assert answer.status_code == 200
    assert ("strict-transport-security" in answer.headers) == is_secure
