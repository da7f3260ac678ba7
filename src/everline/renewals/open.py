"""Going on at one door with what another one opened: by its spoken code, or a caller's request.

The verbs stand in doors.sql and links.sql; a new attempt through a gateway is retry_payment in
renew.py.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from everline import database
from everline.database.requests import Answer, Caller, request_hash
from everline.notices import Contact
from everline.renewals.renew import VIEW, Renewal

CODE_LENGTH: Final = 8

_OF_REQUEST: Final = (
    "r.id = (select q.answer_id from database_request q where q.channel = %s"
    " and q.source = %s and q.request_id = %s and q.outcome in ('renewed', 'placed'))"
)


def pay_open(caller: Caller, renewal_id: UUID, payer_id: UUID, at: datetime) -> Answer:
    """Pay an open renewal at once, from its card's own balance or from `payer_id`'s deposit.

    It may have been opened at any door, whose it stays. Refuses renewal_unknown, renewal_state,
    payment_unsure while money may still move, the card's state, channel_closed, means_not_allowed,
    limit_exceeded, balance_short. Answers `renewed`. Locks the card and the payer's account.
    """
    answer = database.row(
        Answer,
        "select * from pay_open(%s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("pay_open", renewal=renewal_id, payer=payer_id),
            renewal_id,
            payer_id,
            at,
        ],
    )
    assert answer is not None
    return answer


def send_pay_link(
    caller: Caller, renewal_id: UUID, contact: Contact, path: str, at: datetime
) -> Answer:
    """Send the address at which an open renewal is paid; once for each recipient.

    `path` is that of a page, below our public address. Refuses renewal_unknown, renewal_state.
    """
    answer = database.row(
        Answer,
        "select * from send_pay_link(%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash(
                "send_pay_link", renewal=renewal_id, contact=[contact.email, contact.phone]
            ),
            renewal_id,
            contact.as_json(),
            path,
            at,
        ],
    )
    assert answer is not None
    return answer


def read_code(typed: str) -> str:
    """Give the eight digits of a spoken code as somebody typed it; "" when it is something else.

    Blanks, hyphens and full-width digits do not matter. With a + it is a telephone number.
    """
    plain = [sign for sign in typed[:100] if not sign.isspace() and sign != "-"]
    if len(plain) != CODE_LENGTH or not all(sign.isdecimal() for sign in plain):
        return ""
    return "".join(str(int(sign)) for sign in plain)


def find_by_code(code: str, at: datetime) -> Renewal | None:
    """Find the open renewal with a spoken code, as it was typed; None when its time is over.

    Sixteen million codes can be guessed: the channel limits how often somebody may ask.
    """
    digits = read_code(code)
    if not digits:
        return None
    return database.row(
        Renewal,
        VIEW + "r.spoken_code = %s and r.state in ('placed', 'awaiting_payment', 'held')"
        " and r.deadline_at > %s",
        [digits, at],
    )


def find_by_request(channel: str, source: str, request_id: str) -> Renewal | None:
    """Find the renewal that a caller's own request opened or paid; None when it was refused."""
    return database.row(
        Renewal,
        VIEW + _OF_REQUEST,
        [channel, source, request_id],
    )


def answer_of(caller: Caller) -> Answer | None:
    """Tell what a caller's own request was answered; None when it is not there, or not yet.

    A request that is being carried out at this moment is not seen: sending it again waits for it.
    """
    return database.row(
        Answer,
        "select q.answer_id as id, q.outcome, q.reason, q.facts, q.valid_until, true as replayed"
        " from database_request q where q.channel = %s and q.source = %s and q.request_id = %s",
        [caller.channel, caller.source, caller.request_id],
    )


def give_up(caller: Caller, account_id: UUID, at: datetime) -> Answer:
    """Use up a request id that never arrived, so that it is refused if it still does.

    Answers `given_up`, again when asked again. Refuses request_reused when the id was used for
    something else: `answer_of` tells for what. `account_id` is that of the caller. Locks nothing.
    """
    answer = database.row(
        Answer,
        "select * from give_up(%s, %s, %s, %s, %s, %s)",
        [
            caller.channel,
            caller.source,
            caller.request_id,
            request_hash("give_up", account=account_id),
            account_id,
            at,
        ],
    )
    assert answer is not None
    return answer


def grouped_code(code: str) -> str:
    """Write a spoken code as people read it: "4827 3915"."""
    return f"{code[:4]} {code[4:]}"
