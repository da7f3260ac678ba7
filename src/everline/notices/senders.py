"""Senders: how a worded notice leaves the house; one for each medium, chosen by config/plugs.py.

A sender raises FaultError while it is not sure, so the queue tries again, and RefusedError when the
recipient will never be reached. Sending may happen twice when a worker dies in between, so a letter
has a key by which the receiving side knows it again.
"""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import BadHeaderError
from django.core.validators import validate_email

from everline.errors import FaultError
from everline.notices.push import Device

PERMANENT: Final = range(500, 600)
"""Replies of SMTP that will not change by asking again (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One worded notice for one recipient. `sender` is an address or number of the operator.

    `key` is the same each time it is sent. A text message has no subject and no HTML; a push
    message goes to a device.
    """

    key: str
    sender_name: str
    sender: str
    domain: str
    recipient: str = field(repr=False)
    subject: str
    text: str
    html: str
    link: str = ""
    device: Device | None = None
    leave: str = ""
    """Where the recipient leaves in one step; empty for what is no offer."""
    stop: str = ""
    """The page where automatic renewal is ended by a button; empty for all else."""


class RefusedError(Exception):
    """The recipient will never be reached this way; the reason names no person."""


class GoneError(RefusedError):
    """The same, and the device is not known any more: it can be forgotten."""


class Sender(Protocol):
    """What carries letters of one medium."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over; returns when the other side has taken it."""
        ...


class Outbox:
    """The demo's sender of every medium: nothing leaves, the notice's own row is what is shown."""

    def send(self, letter: Letter) -> None:
        """Take the letter; it is read at /outbox."""


class Smtp:
    """E-mail by the operator's SMTP server, which the EVERLINE_EMAIL_… variables name."""

    def send(self, letter: Letter) -> None:
        """Send a text with its HTML twin; the Message-ID is the notice's own, for ever the same."""
        try:
            validate_email(letter.recipient)
        except ValidationError:
            raise RefusedError("not an e-mail address") from None
        message = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            from_email=f"{_quoted(letter.sender_name)} <{letter.sender}>",
            to=[letter.recipient],
            headers={
                "Message-ID": f"<{letter.key}@{letter.domain}>",
                "Auto-Submitted": "auto-generated",
                **_leaving(letter),
            },
            connection=get_connection("django.core.mail.backends.smtp.EmailBackend"),
        )
        message.attach_alternative(letter.html, "text/html")
        try:
            message.send()
        except BadHeaderError:
            raise RefusedError("a line break in a header") from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _reply in error.recipients.values()]
            if all(code in PERMANENT for code in codes):
                raise RefusedError(f"the mail server answers {max(codes)}") from None
            raise FaultError("e-mail", f"the mail server answers {max(codes)}") from None
        except smtplib.SMTPDataError as error:
            if error.smtp_code in PERMANENT:
                raise RefusedError(f"the mail server answers {error.smtp_code}") from None
            raise FaultError("e-mail", f"the mail server answers {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise FaultError("e-mail", type(error).__name__) from None


def _leaving(letter: Letter) -> dict[str, str]:
    """Let mail programs offer leaving in one step (RFC 8058).

    Automatic renewal is ended on a page alone (RFC 2369): a mail program that ends it by itself, as
    somebody marks a letter as junk, would cut a line off.
    """
    if letter.stop:
        return {"List-Unsubscribe": f"<{letter.stop}>"}
    if not letter.leave:
        return {}
    return {
        "List-Unsubscribe": f"<{letter.leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _quoted(name: str) -> str:
    """Write the operator's name as a header takes it."""
    return '"' + name.replace("\\", "").replace('"', "") + '"'


_installed: Final[dict[str, Sender]] = {}


def install(senders: Mapping[str, Sender]) -> None:
    """Make these the senders of this process, by medium; the composition root calls it."""
    _installed.clear()
    _installed.update(senders)


def installed() -> Mapping[str, Sender]:
    """Return all senders of this process by medium, as doctor lists them."""
    return dict(_installed)


def sender_of(medium: str) -> Sender:
    """Return the sender of a medium; one that is not set up is a fault, so that it may come yet."""
    found = _installed.get(medium)
    if found is None:
        raise FaultError(medium, "no sender is set up")
    return found
