"""No thread is the first to read a type of JSON: msgspec crashes where two are."""

import json
import os
import subprocess
import sys

import pytest

LOOK = """
import gc, json, sys
{begin}
import msgspec

def everything(kind):
    for each in kind.__subclasses__():
        yield each
        yield from everything(each)

def is_learned(kind):
    return any(type(each).__name__ == "StructInfo" for each in gc.get_referents(kind))

found = {{each.__qualname__: is_learned(each) for each in everything(msgspec.Struct)}}
json.dump(found, sys.stdout)
"""


def learned(begin: str) -> dict[str, bool]:
    """Begin a process like this, and tell of each type whether msgspec has learned it."""
    asked = subprocess.run(
        [sys.executable, "-c", LOOK.format(begin=begin)],
        env=os.environ, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    found: dict[str, bool] = json.loads(asked.stdout)
    return found


@pytest.mark.parametrize(
    "begin",
    [
        "import everline.config.wsgi",
        "import django; django.setup(); from everline.config.plugs import plug_in; plug_in()",
    ],
)
def test_a_process_has_learned_every_type_before_it_serves(begin: str) -> None:
    found = learned(begin)
    assert "Order" in found
    assert [name for name, is_ready in found.items() if not is_ready] == []


def test_what_is_only_imported_is_not_learned() -> None:
    assert not all(learned("import everline.payments.gateways.paypal_answers").values())
