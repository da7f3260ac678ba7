"""The OpenAPI document: complete, in keeping with what is answered, and fit to be read.

Schemathesis makes requests from it, good and bad ones, and judges every answer by it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import settings, strategies
from schemathesis.config import HealthCheck
from schemathesis.specs.openapi.schemas import OpenApiSchema

from everline import ids
from everline.channels.partner.problems import MISUSES, STATUSES, sentence
from everline.channels.partner.values import ICCID_EXAMPLE, RENEWAL_EXAMPLE
from everline.errors import Code
from tests.marketplace import RENEWALS, Platform
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

DOCUMENT = "/api/v1/openapi.json"
EXAMPLES = 25
CONFIG = schemathesis.Config(seed=1, suppress_health_check=[HealthCheck.all])


def _numbered(body: int) -> str:
    text = f"8988{body:014d}"
    return text + ids.luhn_digit(text)


schemathesis.openapi.format(
    "iccid",
    strategies.just(ICCID_EXAMPLE) | strategies.integers(0, 10**14 - 1).map(_numbered),
)


@pytest.fixture
def subject(town: World, platform: Platform) -> Platform:
    """The world that the document's examples speak of, and a platform in it."""
    plan = town.plan("DAY-2", days=1, price=1500000)
    town.card(iccid=ICCID_EXAMPLE)
    town.fund(platform.owner.account_id, "deposit", 10**9)
    for _ in range(3):
        assert platform.renew(platform.order(town.card(), plan)).status == 201
    return platform


published = schemathesis.openapi.from_wsgi(DOCUMENT, get_wsgi_application(), config=CONFIG)


@published.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)
def test_every_answer_is_documented(case: schemathesis.Case, subject: Platform) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {subject.owner.key}"})
