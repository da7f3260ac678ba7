"""`everline card`, `explain` and `renew`: one line, looked at and renewed from the command line.

Here is only what was typed, checked. How a wish is quoted and sent, or asked again under its id, is
in sending.py; how results look, in showing.py and explaining.py.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from everline.cli.speech import Exit, Json, err, fail, opened, plain_errors, write_json
from everline.ids import Iccid

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_TOKEN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,63}")
_PLAN: Final = re.compile(r"[A-Za-z0-9-]{2,40}")

CardNumber = Annotated[str, typer.Argument(metavar="ICCID", help="The number on the card.")]


def card(iccid: CardNumber, *, json: Json = False) -> None:
    """Show a card: its state, what runs and what waits, data left, balance, open renewal.

    Example: `everline card 8999907111111111112`
    """
    with plain_errors():
        number = Iccid.parse(iccid)
    with opened("command"):
        from everline import clock
        from everline.cli import sending, showing

        found = sending.find_card(number)
        shown = showing.look(found, clock.now())
        if json:
            write_json(shown.as_json())
        else:
            shown.print()


def explain(
    iccid: CardNumber,
    *,
    most: Annotated[
        int, typer.Option("--most", metavar="N", help="How many facts, the newest.", min=1, max=200)
    ] = 60,
    json: Json = False,
) -> None:
    """Explain a card: why it was charged or not, what happened when, and what comes next.

    The same facts as on its holder's page and in the office. No address stands in them.

    Example: `everline explain 8999907111111111112`
    """
    with plain_errors():
        number = Iccid.parse(iccid)
    with opened("command"):
        from everline import clock
        from everline.cli import explaining, sending

        told = explaining.look(sending.find_card(number), clock.now(), most)
        if json:
            write_json(told.as_json())
        else:
            told.print()


def renew(
    iccid: CardNumber,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's code.")],
    *,
    pay: Annotated[
        str,
        typer.Option(
            metavar="balance|TOKEN",
            help="Pay from the card's balance, or with a token that the gateway gave.",
        ),
    ] = "balance",
    request_id: Annotated[
        str, typer.Option(metavar="ID", help="The request's id; one is made when none is given.")
    ] = "",
    at: Annotated[
        str, typer.Option(metavar="TIME", help="Renew at this instant; in a demo alone.")
    ] = "",
    promotion: Annotated[str, typer.Option(metavar="CODE", help="A promo code.")] = "",
    json: Json = False,
) -> None:
    """Renew a card: quote, then pay from its balance or with a gateway's token.

    The request id is printed before anything is sent. Send the same id again when an answer was
    lost: it gives the same renewal, and nothing is charged twice.

    Examples: `everline renew 8999907111111111112 HOME-30` ·
    `everline renew 8999907111111111112 HOME-30 --pay tok_approve --request-id desk-7-0042`
    """
    with plain_errors():
        number = Iccid.parse(iccid)
    code = _checked(plan, _PLAN, "PLAN", "write the plan's code, like HOME-30.")
    token = None if pay == "balance" else _token(pay)
    key = _checked(
        request_id or str(uuid.uuid4()),
        _REQUEST_ID,
        "--request-id",
        "use 1 to 80 letters, digits, dots, colons, hyphens or underscores.",
    )
    instant = _instant(at) if at else None
    with opened("command"):
        from everline.cli import sending, showing

        wish = sending.Wish(number, code, token, promotion.strip() or None, key, instant)
        # Said before it is sent: whoever loses the answer can ask again under the same id.
        err.print(f"Request id: {wish.request_id}", style="dim")
        result = showing.Result(wish.request_id, *sending.send(wish))
        if json:
            write_json(result.as_json())
        else:
            result.print()
    raise typer.Exit(result.code)


def _checked(text: str, form: re.Pattern[str], name: str, way_out: str) -> str:
    """Give a typed value without the blanks around it, or end with what to type instead."""
    value = text.strip()
    if not form.fullmatch(value):
        fail(f"{name} is not understood: {way_out}", Exit.MISUSED)
    return value


def _token(text: str) -> str:
    """Check a token; a bank card number typed here is never sent or shown."""
    if sum(sign.isdigit() for sign in text) >= 12:  # noqa: PLR2004  The shortest card number.
        fail(
            "--pay takes no bank card number: never type one here. Give the gateway's token, like"
            " tok_approve, or balance.",
            Exit.MISUSED,
        )
    return _checked(text, _TOKEN, "--pay", "write balance, or a token like tok_approve.")


def _instant(text: str) -> datetime:
    """Read an instant in ISO 8601; without an offset nobody knows which it is."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = datetime.min  # noqa: DTZ901  Like one without an offset, it is refused below.
    if at.utcoffset() is None:
        fail("--at is not understood: write it like 2026-12-01T09:00:00+07:00.", Exit.MISUSED)
    return at.astimezone(UTC)


COMMANDS: Final = (card, explain, renew)
