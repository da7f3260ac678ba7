"""Receipts as PDF, in the language of the page: set by typst from one template, without a network.

What a receipt says are the rows of its page, states.py and topup_states.py. It goes to the template
as JSON and is never put into its source, so a name with typst's own signs stays a name. The font is
the one of slips, Noto Sans CJK, found by its path.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import segno
import typst
from django.conf import settings
from django.utils.translation import get_language, gettext as _

from everline import ids
from everline.catalogue import Policy
from everline.pages import states, topup_states
from everline.pages.states import Face, Row
from everline.renewals import Renewal
from everline.topups import TopUp

HERE: Final = Path(__file__).resolve().parent
TEMPLATE: Final = HERE / "typst" / "receipt.typ"
FONT_PACKAGE: Final = "manimgx_fonts_cjk"
_setting: Final = threading.Lock()
"""One compiler for the process, which keeps the font in memory; it sets one receipt at a time."""


def of_renewal(renewal: Renewal, policy: Policy) -> bytes | None:
    """Set the receipt of a renewal; None while no money was taken for it."""
    if renewal.paid_at is None and not renewal.refund_state:
        return None
    face = states.face(renewal, policy, has_returned=False)
    number = ids.outside("rnw", renewal.id)
    return _pdf(document(face, list(states.rows(renewal, policy)), number, policy))


def of_top_up(top_up: TopUp, policy: Policy) -> bytes | None:
    """Set the receipt of a top-up; None while no money was taken for it."""
    if top_up.paid_at is None and not top_up.refund_state:
        return None
    face = topup_states.face(top_up, policy, has_returned=False)
    number = ids.outside("top", top_up.id)
    return _pdf(document(face, list(topup_states.rows(top_up, policy)), number, policy))


def document(face: Face, rows: Sequence[Row], number: str, policy: Policy) -> dict[str, Any]:
    """Give what the template takes: every value is a text, and set as such."""
    check = f"{settings.PUBLIC_ADDRESS.rstrip('/')}/verify/{number}"
    language = (get_language() or "en").partition("-")[0]
    names = {"operator": policy.name, "domain": policy.domain}
    return {
        "lang": language,
        "title": _("Receipt"),
        "number": number,
        **names,
        "tone": face.tone,
        "state": face.title,
        "sentences": list(face.sentences),
        "rows": [{"label": row.label, "value": row.value, "strong": row.is_strong} for row in rows],
        "check": _("Scan it to see on %(domain)s whether this receipt is ours.") % names,
        "qr": ["".join(map(str, line)) for line in segno.make(check, micro=False).matrix],
        "footer": _(
            "%(operator)s, official only at %(domain)s. We never ask for a code or a bank card"
            " number in a message."
        )
        % names,
    }


def _pdf(said: Mapping[str, Any]) -> bytes:
    with _setting:
        made = _compiler().compile(format="pdf", sys_inputs={"data": json.dumps(said)})
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    found = find_spec(FONT_PACKAGE)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {FONT_PACKAGE} with its font is not installed")
    return typst.Compiler(
        str(TEMPLATE),
        root=str(HERE),
        font_paths=[str(Path(found.origin).parent)],
        ignore_system_fonts=True,
    )
