"""One slip: what a sale was, in the language that is spoken now, and as lines from top to bottom.

Paper and screen show these lines and no others. Amounts and instants are worded by pages/words.py,
the state of a renewal by pages/states.py. Bytes are made in printing.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import get_language, gettext as _

from everline import ids
from everline.catalogue import Policy
from everline.ids import Iccid
from everline.pages import states, words
from everline.pages.states import Row
from everline.renewals import Renewal, grouped_code
from everline.topups import TopUp

PLAIN: Final = str.maketrans(
    {
        "\N{BULLET}": "*",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{EN DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)
"""Signs of good typesetting that receipt printers lack, and what stands for them on any slip."""


class Kind(StrEnum):
    """What a line is."""

    NAME = "name"
    TITLE = "title"
    TEXT = "text"
    PAIR = "pair"
    STRONG = "strong"
    RULE = "rule"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `left` alone, or with `right` at the other edge; a QR code holds `left`."""

    kind: Kind
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The store or kiosk that gives a slip, by the names and codes that stand on its sticker."""

    name: str
    place: str
    code: str
    terminal: str


@dataclass(frozen=True, slots=True)
class Cash:
    """What was given and what went back, in minor units."""

    tendered: int
    change: int


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip says, every text in `language`; `verify_url` is what its QR code holds."""

    language: str
    operator: str
    domain: str
    issuer: Issuer
    title: str
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    receipt: str
    spoken_code: str
    verify_url: str
    is_copy: bool = False

    def lines(self) -> Iterator[Line]:
        """Give the lines from top to bottom, in the signs that any printer can be taught."""
        for line in self._lines():
            yield Line(line.kind, line.left.translate(PLAIN), line.right.translate(PLAIN))

    def _lines(self) -> Iterator[Line]:
        yield Line(Kind.NAME, self.operator)
        yield Line(Kind.TEXT, self.issuer.name)
        if self.issuer.place:
            yield Line(Kind.TEXT, self.issuer.place)
        yield Line(Kind.TEXT, f"{self.issuer.code} · {self.issuer.terminal}")
        yield Line(Kind.RULE)
        if self.is_copy:
            yield Line(Kind.TITLE, _("Copy"))
        yield Line(Kind.TITLE, self.title)
        for sentence in self.sentences:
            yield Line(Kind.TEXT, sentence)
        yield Line(Kind.RULE)
        for row in self.rows:
            yield Line(Kind.STRONG if row.is_strong else Kind.PAIR, row.label, row.value)
        if self.spoken_code:
            yield Line(Kind.STRONG, _("Code to pay elsewhere"), self.spoken_code)
        yield Line(Kind.RULE)
        yield Line(Kind.QR, self.verify_url)
        yield Line(Kind.TEXT, _("Scan to check that this slip is official."))
        official = {"operator": self.operator, "domain": self.domain}
        yield Line(Kind.TEXT, _("The official site of %(operator)s is %(domain)s.") % official)


def of_renewal(
    renewal: Renewal,
    policy: Policy,
    issuer: Issuer,
    *,
    public_address: str,
    cash: Cash | None = None,
    is_copy: bool = False,
) -> Slip:
    """Make the slip of a renewal; one that waits for its payment carries its spoken code."""
    face = states.face(renewal, policy, has_returned=False)
    number = ids.outside("rnw", renewal.id)
    is_open = renewal.state == "awaiting_payment" and renewal.spoken_code
    return _slip(
        policy,
        issuer,
        title=face.title,
        sentences=face.sentences,
        rows=(
            *_renewed(renewal, policy),
            *_paid(renewal, policy, cash),
            _number(renewal, number),
        ),
        number=number,
        public_address=public_address,
        spoken_code=grouped_code(renewal.spoken_code or "") if is_open else "",
        is_copy=is_copy,
    )


def of_top_up(
    top_up: TopUp,
    policy: Policy,
    issuer: Issuer,
    *,
    public_address: str,
    cash: Cash | None = None,
    is_copy: bool = False,
) -> Slip:
    """Make the slip of a top-up."""
    number = ids.outside("top", top_up.id)
    title, sentence = top_up_face(top_up)
    amount = words.money(top_up.amount, top_up.currency, policy)
    rows = (
        Row(_("Card number"), Iccid(top_up.iccid).masked, is_code=True),
        Row(_("Onto the balance"), amount, is_strong=True),
        *_paid(top_up, policy, cash),
        _number(top_up, number),
    )
    return _slip(
        policy,
        issuer,
        title=title,
        sentences=(sentence,),
        rows=rows,
        number=number,
        public_address=public_address,
        is_copy=is_copy,
    )


def top_up_face(top_up: TopUp) -> tuple[str, str]:
    """Say where a top-up stands: a title and a sentence."""
    known = {
        "paid": (_("Topped up"), _("The money is on the balance of the card.")),
        "reversed": (_("Taken back"), _("The money was taken off the balance again.")),
        "awaiting_payment": (_("Waiting for payment"), _("Nothing was charged yet.")),
        "expired": (_("Not paid in time"), _("Nothing was charged.")),
        "cancelled": (_("Cancelled"), _("Nothing was charged.")),
    }
    return known.get(top_up.state, (_("Refused"), _("Nothing was charged.")))


def _slip(
    policy: Policy,
    issuer: Issuer,
    *,
    title: str,
    sentences: tuple[str, ...],
    rows: tuple[Row, ...],
    number: str,
    public_address: str,
    spoken_code: str = "",
    is_copy: bool = False,
) -> Slip:
    return Slip(
        language=get_language() or "en",
        operator=policy.name,
        domain=policy.domain,
        issuer=issuer,
        title=title,
        sentences=sentences,
        rows=rows,
        receipt=number,
        spoken_code=spoken_code,
        verify_url=f"{public_address}/verify/{number}",
        is_copy=is_copy,
    )


def _renewed(renewal: Renewal, policy: Policy) -> Iterator[Row]:
    """Give card, plan, term and price."""

    def money(amount: int) -> str:
        return words.money(amount, renewal.currency, policy)

    yield Row(_("Card number"), Iccid(renewal.iccid).masked, is_code=True)
    yield Row(_("Plan"), words.name(renewal.plan_names))
    allowance = words.allowance(renewal.allowance_bytes, None)
    bonus = renewal.bonus_bytes
    yield Row(_("Data"), f"{allowance} + {words.data(bonus)}" if bonus else allowance)
    if renewal.state in {"awaiting_payment", "paid", "delivered", "held", "placed"}:
        yield Row(_("Starts"), words.instant(renewal.starts_at, renewal.zone))
        yield Row(_("Valid until"), words.instant(renewal.ends_at, renewal.zone), is_strong=True)
    if renewal.discount:
        yield Row(_("Price"), money(renewal.price))
        yield Row(_("Discount"), money(-renewal.discount))
    yield Row(_("Total, tax included"), money(renewal.total), is_strong=True)
    yield Row(_("Of which tax"), words.tax(renewal.tax, renewal.currency, policy))


def _paid(sale: Renewal | TopUp, policy: Policy, cash: Cash | None) -> Iterator[Row]:
    """Say how it was paid; whose deposit stood behind the cash is no affair of the person's."""
    if cash is not None:
        yield Row(_("Cash"), words.money(cash.tendered, sale.currency, policy))
        yield Row(_("Change"), words.money(cash.change, sale.currency, policy), is_strong=True)
    elif sale.paid_at is not None:
        yield Row(_("Paid by"), _means(sale))
    if sale.paid_at is not None:
        yield Row(_("Paid at"), words.instant(sale.paid_at, sale.zone))


def _means(sale: Renewal | TopUp) -> str:
    if isinstance(sale, Renewal) and sale.means != "deposit":
        return states.means(sale)
    if sale.means == "deposit":
        return _("In the store")
    return words.paid_online(sale.masked_means)


def _number(sale: Renewal | TopUp, number: str) -> Row:
    label = _("Order number") if sale.paid_at is None else _("Receipt number")
    return Row(label, number, is_code=True)
