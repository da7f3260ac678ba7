"""`everline parked`, `jobs` and `key`: what waits for a person, and the keys of partners.

The first two list what the audit calls a deadline of persons. What is to be done with a parked
payment is told in docs/operating.md; keys are made in people/keys.py.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table

from everline.cli.speech import Exit, Json, fail, opened, out, write_json
from everline.ids import Iccid

MOST: Final = 500
"""Rows that a list shows; the oldest come first, so what is left out is the least urgent."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A payment or refund whose outcome a person is to find out."""

    kind: str
    id: UUID
    gateway: str
    key: str
    reference: str | None
    amount: int
    currency: str
    reason: str
    card: str
    owner: str
    owner_by: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """A job that used up its tries."""

    id: UUID
    kind: str
    subject_id: UUID
    tries: int
    last_error: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, as far as it is kept."""

    id: UUID
    hint: str
    created_at: datetime
    revoked_at: datetime | None


def parked(*, json: Json = False) -> None:
    """List parked payments and refunds: which, why, how much, whose, and until when.

    Example: `everline parked --json`
    """
    with opened("command"):
        from everline import database

        found = database.rows(
            Parked,
            "select w.kind, w.id, a.gateway, a.key, w.reference, w.amount, p.currency, w.reason,"
            " c.iccid as card, w.owner, w.owner_by from ("
            " select 'payment' as kind, t.id, t.id as attempt_id, t.payment_id, t.reference,"
            "  y.amount, t.reason, t.owner, t.owner_by from payments_attempt t"
            "  join payments_payment y on y.id = t.payment_id where t.state = 'parked'"
            " union all select 'refund', f.id, f.attempt_id, f.payment_id, f.reference, f.amount,"
            "  f.reason, f.owner, f.owner_by from payments_refund f where f.state = 'parked'"
            ") w join payments_attempt a on a.id = w.attempt_id"
            " join payments_payment p on p.id = w.payment_id"
            " join cards_card c on c.account_id = p.account_id order by w.owner_by limit %s",
            [MOST],
        )
        rows = [asdict(each) | {"card": Iccid(each.card).masked} for each in found]
        if json:
            write_json({"parked": rows})
        elif not rows:
            out.print("No payment is parked.", style="green")
        else:
            _print_rows(rows)


def jobs(
    *,
    retry: Annotated[
        UUID | None, typer.Option(metavar="ID", help="Give this dead job a new set of tries.")
    ] = None,
    json: Json = False,
) -> None:
    """List dead letters: jobs that used up their tries, with their last error. Or retry one.

    Example: `everline jobs --retry 01a20132-3f80-7886-9e9e-3ea67b147113`
    """
    with opened("command"):
        from everline import clock, database

        if retry is not None:
            if not database.value("select revive_job(%s, %s)", [retry, clock.now()]):
                fail("No dead job has this id: everline jobs lists them.", Exit.REFUSED)
            if json:
                write_json({"retried": str(retry)})
            else:
                out.print("The job has new tries; a worker takes it at once.")
            return
        found = database.rows(
            Dead,
            "select j.id, j.kind, j.subject_id, j.tries::integer as tries, j.last_error,"
            " j.created_at from jobs_job j where j.state = 'dead' order by j.id limit %s",
            [MOST],
        )
        rows = [asdict(each) for each in found]
        if json:
            write_json({"dead": rows})
        elif not rows:
            out.print("No job is dead.", style="green")
        else:
            _print_rows(rows)


def key(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="The partner's code.")],
    *,
    make: Annotated[
        bool, typer.Option("--make", help="Make a key; it is shown this once.")
    ] = False,
    revoke: Annotated[
        UUID | None, typer.Option(metavar="ID", help="End the key with this id.")
    ] = None,
    json: Json = False,
) -> None:
    """List a partner's API keys, make one, or revoke one. An older key stays valid beside a new.

    Example: `everline key ROAMWELL --make`
    """
    with opened("command"):
        from everline import clock
        from everline.people import keys
        from everline.people.models import APIKey, Partner

        found = Partner.objects.filter(code=partner.strip()).first()
        if found is None:
            fail("PARTNER is not known: give the code of partners.yaml.", Exit.MISUSED)
        if revoke is not None:
            of_partner = APIKey.objects.filter(id=revoke, partner=found).exists()
            if not of_partner or not keys.revoke(revoke, clock.now()):
                fail("No valid key of this partner has this id.", Exit.REFUSED)
        made = keys.make(found.id, clock.now()) if make else None
        kept = APIKey.objects.filter(partner=found).order_by("id")[:MOST]
        rows = [asdict(Key(each.id, each.hint, each.created_at, each.revoked_at)) for each in kept]
        if json:
            write_json({"key": made, "keys": rows})
            return
        if made:
            out.print("The key, shown this once:")
            out.print(made, markup=False, soft_wrap=True)
        _print_rows(rows)


def _print_rows(rows: list[dict[str, object]]) -> None:
    """Write rows of the same form, one field a line, as ids and errors need the width."""
    for row in rows:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for name, value in row.items():
            table.add_row(name.replace("_", " "), "-" if value in {None, ""} else str(value))
        out.print(table)
        out.print()


COMMANDS: Final = (parked, jobs, key)
