"""What a refusal is about: those of its facts that help, in words.

Its sentence stands in errors.py; where it leads on to is each channel's own table.
"""

from datetime import datetime

from django.utils.translation import gettext as _, ngettext

from everline.cards import Card
from everline.catalogue import Policy
from everline.errors import Code, Refusal
from everline.pages import words


def in_words(refusal: Refusal, card: Card | None, policy: Policy) -> list[str]:
    """Word the facts of a refusal that help; what is not needed, or not for everybody, is left."""
    facts = dict(refusal.facts)
    match refusal.code:
        case Code.RENEWAL_OPEN if card and "since" in facts:
            since = words.instant(datetime.fromisoformat(facts["since"]), card.zone)
            opened = {"channel": words.channel(facts.get("channel", "")), "since": since}
            return [_("It was opened %(channel)s, %(since)s.") % opened]
        case Code.QUOTE_CHANGED if card and facts.get("total") is not None:
            total = words.money(facts["total"], facts["currency"], policy)
            return [_("The total is now %(total)s.") % {"total": total}]
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
