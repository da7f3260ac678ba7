"""The words of warnings: what is to come for a card, and what one can do before it comes.

They are no confirmations: no receipt stands behind them, and each leads to where the card can be
helped, as far as this process can sign an address. Automatic renewal is worded in auto_warnings.py,
confirmations in wording.py; what is written when stands in warnings.sql.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import get_language, gettext as _

from everline.catalogue import Policy
from everline.notices.auto_warnings import AUTO_WRITERS, auto_path
from everline.notices.said import Said, Told, card_path, say
from everline.notices.stopping import stop_path
from everline.notices.wording import Words, and_its_end, clean, short_subject, speaking


def word_warning(
    template: str,
    facts: Mapping[str, Any],
    plan_names: Mapping[str, str],
    locale: str,
    *,
    policy: Policy,
    public_address: str,
) -> Words:
    """Word a warning. A locale that we do not speak is answered in English."""
    home = public_address.rstrip("/")
    stop = stop_path(facts)
    with speaking(locale):
        said = say(
            facts,
            plan_names,
            policy,
            link=home + _path(template, facts),
            stop=f"{home}{stop}" if stop else "",
        )
        told = WRITERS[template](said)
        return Words(
            locale=get_language() or "en",
            subject=short_subject(told.subject),
            lead=told.lead,
            facts=tuple((label, value) for label, value in told.facts if value),
            link=said.link,
            link_text=told.link_text,
            short=and_its_end(told.short, said.stop),
            operator=said.operator,
            domain=clean(policy.domain),
            stop=said.stop,
        )


def _path(template: str, facts: Mapping[str, Any]) -> str:
    """Tell the page that helps: the same plan again, where that helps, or the card."""
    card = card_path(facts)
    if not card:
        return "/"
    if template in AUTO_WRITERS:
        return auto_path(template, facts, card)
    if template in {"data_low", "data_out"}:
        return card if facts["on_renewal"] == "queue" else f"{card}/again"
    return f"{card}/again"


def _ending(said: Said) -> Told:
    """Tell when service ends, and until when the card can still be renewed after that."""
    lead = _("Your data card %(card)s works until %(end)s. Renew it before to stay online.")
    if said.successor:
        lead = _(
            "Your data card %(card)s works until %(end)s. Its plan is no longer sold;"
            " %(successor)s comes in its place. Renew before to stay online."
        )
    return said.tell(
        (_("Plan"), said.plan),
        (_("In its place"), said.successor),
        (_("Valid until"), said.ends),
        (_("Renewable until"), said.gone),
        subject=_("Service ends soon: %(end)s"),
        lead=lead,
        link_text=_("Renew with the same plan") if not said.successor else _("Renew"),
        short=_("%(operator)s: card %(ending)s works until %(end)s. Renew: %(link)s"),
    )


def _data_low(said: Said) -> Told:
    """Tell that four fifths of the data are used."""
    return said.tell(
        *_data(said),
        subject=_("80 %% of the data is used: %(left)s left"),
        lead=_("Your data card %(card)s has used 80 %% of its data. %(left)s are left."),
        link_text=_("Get more data"),
        short=_("%(operator)s: card %(ending)s has %(left)s of data left. More: %(link)s"),
    )


def _data_out(said: Said) -> Told:
    """Tell that all data is used."""
    return said.tell(
        *_data(said),
        subject=_("All data of card %(card)s is used"),
        lead=_("Your data card %(card)s has used all its data. Its plan runs until %(end)s."),
        link_text=_("Get more data"),
        short=_("%(operator)s: card %(ending)s has used all its data. More: %(link)s"),
    )


def _data(said: Said) -> tuple[tuple[str, str], ...]:
    """Give the facts of data that is used up."""
    return (
        (_("Plan"), said.plan),
        (_("Data left"), said.left),
        (_("As of"), said.as_of),
        (_("Valid until"), said.ends),
    )


def _number_ends(said: Said) -> Told:
    """Tell that the number is given away soon."""
    return said.tell(
        (_("Last plan"), said.plan),
        (_("Lapsed since"), said.ends),
        (_("Renewable until"), said.gone),
        subject=_("The number of card %(card)s is given away on %(gone)s"),
        lead=_(
            "Your data card %(card)s has lapsed. It can be renewed until %(gone)s; then it ends"
            " and its number is given to somebody else."
        ),
        link_text=_("Renew"),
        short=_(
            "%(operator)s: card %(ending)s has lapsed. Renew it before %(gone)s or its number is"
            " given away. %(link)s"
        ),
    )


WRITERS: Final[dict[str, Callable[[Said], Told]]] = {
    "ending_week": _ending,
    "ending_days": _ending,
    "ending_day": _ending,
    "ending_soon": _ending,
    "data_low": _data_low,
    "data_out": _data_out,
    "number_ends": _number_ends,
    "number_ends_soon": _number_ends,
    **AUTO_WRITERS,
}
"""How each warning is worded."""
