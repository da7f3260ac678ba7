"""Sending one notice, as the queue asks for it, and reading notices for the outbox.

The row says everything: the job's only part is its id. What was sent is not sent again; a notice
whose recipient can never be reached is marked as failed, and seen by doctor. A warning that is no
longer true, as the card was renewed through any channel, is stopped and never leaves; so is a
one-time code that is too old.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from everline import database, ids
from everline.catalogue import Policy, policy
from everline.jobs import LaterError
from everline.notices.codes import CODE_WRITERS, word_code, word_way_in
from everline.notices.invitations import INVITATIONS, word_invitation
from everline.notices.push import device_of
from everline.notices.senders import GoneError, Letter, RefusedError, sender_of
from everline.notices.warnings import WRITERS, word_warning
from everline.notices.wording import SMS_LENGTH_MAX, Words, word

logger: Final = logging.getLogger(__name__)

Now = Callable[[], datetime]
Judge = Callable[[UUID, datetime], bool]
"""Whether a notice is still true, by what stands above this folder."""


def _unopposed(_notice: UUID, _at: datetime) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one recipient; `facts` are what it says, `plan_names` the plan by locale."""

    id: UUID
    at: datetime
    template: str
    medium: str
    recipient: str = field(repr=False)
    locale: str
    facts: dict[str, Any]
    state: str
    sent_at: datetime | None
    plan_names: dict[str, str] | None

    def words(self, operator: Policy) -> Words:
        """Word this notice in its locale."""
        return _writer(self.template)(
            self.template,
            self.facts,
            self.plan_names or {},
            self.locale,
            policy=operator,
            public_address=settings.PUBLIC_ADDRESS,
        )


def _writer(template: str) -> Callable[..., Words]:
    """Choose who words a template."""
    if template in CODE_WRITERS:
        return word_code
    if template == "way_in":
        return word_way_in
    if template in INVITATIONS:
        return word_invitation
    return word_warning if template in WRITERS else word


_NOTICE: Final = (
    "select n.id, n.at, n.template, n.medium, n.recipient, n.locale, n.facts, n.state, n.sent_at,"
    " p.names as plan_names from notices_notice n"
    " left join catalogue_plan p on p.code = n.facts ->> 'plan'"
)


def send(notice_id: UUID, now: Now, is_true: Judge = _unopposed) -> str:
    """Word and send one notice, if it is still true by `is_true` as well; gives its state.

    Raises FaultError while the sender is not sure, and LaterError for a warning at night.
    """
    notice = database.row(Notice, _NOTICE + " where n.id = %s", [notice_id])
    if notice is None or notice.state != "waiting":
        return notice.state if notice else "unknown"
    if not (_stands(notice, now()) and is_true(notice.id, now())):
        database.value("select notice_sent(%s, 'stopped', %s)", [notice.id, now()])
        return "stopped"
    _wait_for_day(notice, now())
    letter = letter_of(notice, policy())
    if notice.medium == "push" and letter.device is None:
        database.value("select notice_sent(%s, 'stopped', %s)", [notice.id, now()])
        return "stopped"
    state = "sent"
    try:
        with database.outside():
            sender_of(notice.medium).send(letter)
    except RefusedError as error:
        logger.info("notice %s cannot be sent: %s", notice.id, error)
        state = "failed"
        if isinstance(error, GoneError):
            database.value("select device_gone(%s)", [UUID(notice.recipient)])
            state = "stopped"
    database.value("select notice_sent(%s, %s, %s)", [notice.id, state, now()])
    return state


def _stands(notice: Notice, at: datetime) -> bool:
    """Tell whether a warning is still true, an offer still wanted, and a code still of use."""
    if notice.template in CODE_WRITERS:
        return "code" in notice.facts and datetime.fromisoformat(notice.facts["until"]) > at
    if notice.template in WRITERS:
        return bool(database.value("select notice_stands(%s, %s)", [notice.id, at]))
    if notice.template in INVITATIONS:
        return bool(database.value("select offer_stands(%s, %s)", [notice.id, at]))
    return True


def _wait_for_day(notice: Notice, at: datetime) -> None:
    """Put a warning off that comes late and at night, unless the morning would be too late."""
    if notice.template not in WRITERS:
        return
    said_from = database.value("select said_from(%s, %s)", [notice.id, at])
    if said_from is not None and said_from > at:
        raise LaterError(said_from)


def letter_of(notice: Notice, operator: Policy) -> Letter:
    """Put a notice into the form of its medium."""
    words = notice.words(operator)
    is_sms = notice.medium == "sms"
    if notice.medium == "push":
        return Letter(
            key=ids.outside("ntc", notice.id),
            sender_name=operator.name,
            sender=operator.sender_email,
            domain=operator.domain,
            recipient=notice.recipient,
            subject=words.subject,
            text=words.lead,
            html="",
            link=words.link,
            device=device_of(UUID(notice.recipient)),
        )
    return Letter(
        key=ids.outside("ntc", notice.id),
        sender_name=operator.name,
        sender=operator.sender_sms if is_sms else operator.sender_email,
        domain=operator.domain,
        recipient=notice.recipient,
        subject="" if is_sms else words.subject,
        text=words.short[:SMS_LENGTH_MAX] if is_sms else words.text,
        html="" if is_sms else words.html,
        leave="" if is_sms else words.leave,
        stop="" if is_sms else words.stop,
    )


def newest(most: int) -> list[Notice]:
    """List the newest notices whose recipient is still kept, as the demo's outbox shows them."""
    return database.rows(
        Notice, _NOTICE + " where n.recipient <> '' order by n.id desc limit %s", [most]
    )


def waiting_media(at: datetime) -> dict[str, tuple[int, int]]:
    """Count what waits and what failed for good in the last day, by medium, for doctor."""
    counted = database.rows(
        _Count,
        "select n.medium, count(*) filter (where n.state = 'waiting') as waiting,"
        " count(*) filter (where n.state = 'failed') as failed from notices_notice n"
        " where n.at > %s - interval '1 day' group by n.medium",
        [at],
    )
    return {count.medium: (count.waiting, count.failed) for count in counted}


@dataclass(frozen=True, slots=True)
class _Count:
    medium: str
    waiting: int
    failed: int
