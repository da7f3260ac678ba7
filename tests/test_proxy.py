"""A proxy in front that speaks TLS: its word is taken only where the operator says it is there."""

import os
import subprocess
import sys

import httpx
import pytest

from tests.marketplace import serving
from tests.world import World


@pytest.mark.parametrize(
    ("proxies", "said", "seen"),
    [
        ("1", "https", (200, True)),
        ("1", "http", (301, False)),
        ("1", "", (301, False)),
        ("", "https", (200, False)),
    ],
)
def test_a_request_is_secure_where_the_operators_proxy_says_so(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    proxies: str,
    said: str,
    seen: tuple[int, bool],
) -> None:
    monkeypatch.setenv("EVERLINE_PUBLIC_ADDRESS", "https://localhost")
    if proxies:
        monkeypatch.setenv("EVERLINE_PROXIES", proxies)
    with serving(world.logins) as server:
        headers = {"Host": "localhost", **({"X-Forwarded-Proto": said} if said else {})}
        answer = httpx.get(server.address, headers=headers, timeout=20, trust_env=False)
    assert answer.headers.get("location", "https://localhost/") == "https://localhost/"
    assert (answer.status_code, "strict-transport-security" in answer.headers) == seen


def test_what_django_checks_before_a_deploy_is_clean() -> None:
    given = os.environ | {
        "EVERLINE_PUBLIC_ADDRESS": "https://renew.example",
        "EVERLINE_PROXIES": "1",
        "EVERLINE_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "DJANGO_SETTINGS_MODULE": "everline.config.settings",
    }
    checked = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env=given, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
