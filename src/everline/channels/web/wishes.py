"""What somebody wants of a plan, read from the address, and the advice that answers it, in words.

Where, how much, and whether abroad: plain parameters of GET, so the list works without script and
can be sent to a friend. What is wrong in an address is left aside. The arithmetic is
catalogue/advice.py; a holder's pace is cards/pace.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from everline.cards import Pace
from everline.catalogue import Advice, Need, Offer, Policy, advise, roams, works_in
from everline.catalogue.advice import GIGABYTE, MONTH_DAYS
from everline.pages import words

COUNTRIES_MAX: Final = 12
GIGABYTES: Final = (3, 10, 30, 100)
"""What a stranger may say to need in a month."""

LONG_DAYS: Final = 60
"""From here on a time is said in months."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Countries in the order of their codes, whether abroad, and gigabytes in 30 days or 0."""

    countries: tuple[str, ...] = ()
    roaming: bool = False
    gigabytes: int = 0

    def fits(self, offer: Offer) -> bool:
        """Tell whether a plan works where it is wanted."""
        return works_in(offer, self.countries) and (not self.roaming or roams(offer))

    @property
    def is_made(self) -> bool:
        """Whether anything was asked for."""
        return self != Wish()


@dataclass(frozen=True, slots=True)
class Advised:
    """An advice in words: one sentence, and the arithmetic behind it line by line."""

    code: str
    name: str
    price: str
    reason: str
    arithmetic: list[str]


def read(typed: QueryDict, covered: Sequence[str]) -> Wish:
    """Read a wish; countries in which nothing is sold are left out."""
    asked = set(typed.getlist("country")[:COUNTRIES_MAX])
    need = typed.get("need", "")
    return Wish(
        countries=tuple(code for code in covered if code in asked),
        roaming=typed.get("roaming") == "yes",
        gigabytes=int(need) if need in {str(each) for each in GIGABYTES} else 0,
    )


def needs() -> list[tuple[int, str]]:
    """Give the answers to "how much", in words."""
    use = (
        _("messages, maps and mail"),
        _("music and social networks"),
        _("films on some evenings"),
        _("films and calls every day"),
    )
    return [
        (size, f"{words.data(size * GIGABYTE)} · {what}")
        for size, what in zip(GIGABYTES, use, strict=True)
    ]


def advised(
    offers: Sequence[Offer], wish: Wish, pace: Pace | None, policy: Policy
) -> Advised | None:
    """Advise one plan of those that fit: for what is asked, else for the holder's own pace."""
    fitting = [offer for offer in offers if wish.fits(offer)]
    size = wish.gigabytes * GIGABYTE or (pace.month_bytes if pace else 0)
    if not size:
        return None
    advice = advise(fitting, Need(size, frozenset(wish.countries)))
    if advice is None:
        return None
    own = None if wish.gigabytes else pace
    offer = advice.offer
    return Advised(
        code=offer.code,
        name=words.name(offer.names),
        price=words.money(offer.price, offer.currency, policy),
        reason=_reason(advice, own, policy),
        arithmetic=_arithmetic(advice, own, policy),
    )


def _reason(advice: Advice, pace: Pace | None, policy: Policy) -> str:
    said = _said(advice, policy)
    if pace is not None:
        return (
            _("You use about %(use)s a month; %(given)s lasts you %(lasts)s. Valid for %(period)s.")
            % said
        )
    if advice.is_enough:
        return _(
            "Enough for about %(use)s a month, at the lowest price: %(month)s for 30 days."
        ) % (said)
    return (
        _(
            "No plan gives %(use)s a month; with this one it comes cheapest. %(given)s last"
            " %(lasts)s."
        )
        % said
    )


def _arithmetic(advice: Advice, pace: Pace | None, policy: Policy) -> list[str]:
    said = _said(advice, policy)
    lines = []
    if pace is not None:
        used = {"used": words.data(pace.used_bytes), "days": words.period("day", pace.days)}
        lines.append(_("%(used)s used in %(days)s: about %(use)s in 30 days.") % (said | used))
    lines.append(_("%(term)s need about %(needed)s; the plan gives %(given)s.") % said)
    if advice.is_enough:
        lines.append(_("%(price)s for %(term)s is %(month)s for 30 days.") % said)
    else:
        lines.append(
            _("%(given)s last %(lasts)s at this pace, so 30 days cost about %(month)s.") % said
        )
    return lines


def _said(advice: Advice, policy: Policy) -> dict[str, str]:
    offer = advice.offer
    given = words.data(advice.given_bytes)
    if offer.allowance_bytes is None:
        given = _("%(data)s at full speed") % {"data": given}
    return {
        "use": words.data(_rounded(advice.need.month_bytes)),
        "given": given,
        "lasts": _lasting(advice.lasts_days),
        "period": words.period(offer.period_unit, offer.period_count),
        "term": words.period("day", advice.term_days),
        "needed": words.data(_rounded(advice.term_bytes)),
        "price": words.money(offer.price, offer.currency, policy),
        "month": words.money(advice.month_price, offer.currency, policy),
    }


def _rounded(size: int) -> int:
    """Round to a tenth of a gigabyte below ten, to a whole one above, for "about"."""
    step = GIGABYTE if size >= 10 * GIGABYTE else GIGABYTE // 10
    return max(round(size / step) * step, GIGABYTE // 10)


def _lasting(days: int) -> str:
    if days >= LONG_DAYS:
        return words.period("month", days // MONTH_DAYS)
    return words.period("day", days)
