"""What one browser remembers in its session: renewals, payments, eSIMs it took, reminders, setups.

So the same browser may go on with an open renewal that anybody else is only told of. Nothing here
is a proof of who somebody is.
"""

from typing import Final
from uuid import UUID

from django.http import HttpRequest

REMEMBERED_MAX: Final = 20
_RENEWALS: Final = "renewals"
_TOP_UPS: Final = "topups"
_RETURNS: Final = "returns"
_ESIMS: Final = "esims"
_REMINDERS: Final = "reminders"
_SETUPS: Final = "setups"


def remember_renewal(request: HttpRequest, renewal_id: UUID) -> None:
    """Remember that this browser opened a renewal."""
    _remember(request, _RENEWALS, renewal_id)


def opened(request: HttpRequest, renewal_id: UUID) -> bool:
    """Tell whether this browser opened a renewal."""
    return str(renewal_id) in request.session.get(_RENEWALS, [])


def remember_top_up(request: HttpRequest, top_up_id: UUID) -> None:
    """Remember that this browser opened a top-up."""
    _remember(request, _TOP_UPS, top_up_id)


def opened_top_up(request: HttpRequest, top_up_id: UUID) -> bool:
    """Tell whether this browser opened a top-up."""
    return str(top_up_id) in request.session.get(_TOP_UPS, [])


def remember_esim(request: HttpRequest, card_id: UUID) -> None:
    """Remember that this browser took an eSIM from stock."""
    _remember(request, _ESIMS, card_id)


def esims_taken(request: HttpRequest) -> list[UUID]:
    """List the eSIMs that this browser took from stock, the last one first."""
    return [UUID(each) for each in request.session.get(_ESIMS, [])]


def remember_return(request: HttpRequest, attempt_id: UUID) -> None:
    """Remember that this browser came back from the gateway's page of an attempt."""
    _remember(request, _RETURNS, attempt_id)


def has_returned(request: HttpRequest, attempt_id: UUID | None) -> bool:
    """Tell whether this browser came back from the gateway's page of an attempt."""
    return str(attempt_id) in request.session.get(_RETURNS, [])


def remember_reminder(request: HttpRequest, card_id: UUID, reminder_id: UUID) -> None:
    """Remember that this browser switched reminders of a card on."""
    known = request.session.get(_REMINDERS, {})
    kept = {key: value for key, value in known.items() if key != str(card_id)}
    newest = list(kept.items())[-REMEMBERED_MAX + 1 :]
    request.session[_REMINDERS] = dict([*newest, (str(card_id), str(reminder_id))])


def reminder_of(request: HttpRequest, card_id: UUID) -> UUID | None:
    """Tell which reminder of a card is this browser's."""
    found = request.session.get(_REMINDERS, {}).get(str(card_id))
    return UUID(found) if found else None


def forget_reminder(request: HttpRequest, card_id: UUID) -> None:
    """Forget which reminder of a card is this browser's."""
    known = request.session.get(_REMINDERS, {})
    request.session[_REMINDERS] = {key: each for key, each in known.items() if key != str(card_id)}


def remember_setup(request: HttpRequest, card_id: UUID, setup_id: UUID) -> None:
    """Remember which means of payment this browser is giving for a card."""
    known = request.session.get(_SETUPS, {})
    kept = {key: value for key, value in known.items() if key != str(card_id)}
    newest = list(kept.items())[-REMEMBERED_MAX + 1 :]
    request.session[_SETUPS] = dict([*newest, (str(card_id), str(setup_id))])


def setup_of(request: HttpRequest, card_id: UUID) -> UUID | None:
    """Tell which means of payment this browser was giving for a card."""
    found = request.session.get(_SETUPS, {}).get(str(card_id))
    return UUID(found) if found else None


def _remember(request: HttpRequest, name: str, inner: UUID) -> None:
    known = [each for each in request.session.get(name, []) if each != str(inner)]
    request.session[name] = [str(inner), *known][:REMEMBERED_MAX]
