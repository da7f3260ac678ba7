"""What a refusal is about: those of its facts that help, in words.

Its sentence stands in errors.py; where it leads on to is each channel's own table.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _, ngettext

from everline.cards import Card
from everline.catalogue import Policy
from everline.errors import Code, Refusal
from everline.pages import words


def in_words(refusal: Refusal, card: Card | None, policy: Policy) -> list[str]:
    """Word the facts of a refusal that help; what is not needed, or not for everybody, is left."""
    facts = dict(refusal.facts)
    match refusal.code:
        case Code.RENEWAL_OPEN | Code.TERM_PAID if card:
            return elsewhere(refusal, partial(words.instant, zone=card.zone))
        case Code.QUOTE_CHANGED if card and facts.get("total") is not None:
            total = words.money(facts["total"], facts["currency"], policy)
            told = _("The total is now %(total)s.") % {"total": total}
            return [*elsewhere(refusal, partial(words.instant, zone=card.zone)), told]
        case Code.LIMIT_EXCEEDED if card and facts.get("most") is not None:
            most = words.money(facts["most"], card.currency, policy)
            return [_("At most %(most)s can be paid here at once.") % {"most": most}]
        case Code.START_CODE_WRONG | Code.CODE_WRONG if "tries_left" in facts:
            left = int(facts["tries_left"])
            told = ngettext("%(count)d try is left.", "%(count)d tries are left.", left)
            return [told % {"count": left}]
        case Code.DEVICE_LIMIT | Code.DEVICE_BOUND if facts.get("devices"):
            return [_("Bound now: %(devices)s") % {"devices": ", ".join(facts["devices"])}]
        case Code.TOO_FAR_AHEAD if "queued" in facts:
            queued = int(facts["queued"])
            told = ngettext(
                "%(count)d plan is waiting to start.",
                "%(count)d plans are waiting to start.",
                queued,
            )
            return [told % {"count": queued}]
    return []


def elsewhere(refusal: Refusal, say: Callable[[datetime], str]) -> list[str]:
    """Say where and since when another renewal stands that this one lost against, if it did."""
    facts = dict(refusal.facts)
    if "since" not in facts:
        return []
    since = say(datetime.fromisoformat(facts["since"]))
    other = {"channel": words.channel(facts.get("channel", "")), "since": since}
    match refusal.code:
        case Code.RENEWAL_OPEN:
            return [_("It was opened %(channel)s, %(since)s.") % other]
        case Code.QUOTE_CHANGED | Code.TERM_PAID:
            told = _(
                "The card was renewed %(channel)s, %(since)s. Pay only if you want one more term."
            )
            return [told % other]
    return []
