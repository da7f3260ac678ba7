"""The sandbox bank's own payment page, where a customer types or chooses a test number.

It works without script, in English, Chinese and Indonesian, with everything escaped. A number is
looked up and forgotten: only its last four digits are kept, and a number that is no test number is
not even repeated on the page. The words and templates stand in pages/; the outcome in bank.py.
"""

import html
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from everline.simulators import bank, numbers
from everline.simulators.bank_api import Operation, World, carry_out
from everline.simulators.faults import Fault
from everline.simulators.wire import Answer, Request

LOCALES: Final = ("en", "zh-Hans", "id")
GROUPS: Final = (
    ("yes", ("approve", "confirm", "slow", "webhook_twice", "webhook_first")),
    ("later", ("later_soft", "later_hard")),
    ("no", ("decline_soft", "decline_hard")),
    ("unsure", ("unknown_yes", "unknown_no", "late_success")),
)
WITHOUT_ZERO_DECIMALS: Final = frozenset({"IDR"})
"""Currencies whose decimals people no longer write, unless there are some."""

MINUTES_MAX: Final = 180
"""A page that stays open longer than this does not hurry anybody."""

_FOLDER: Final = Path(__file__).parent / "pages"
_FILES: Final = {
    "style.css": "text/css; charset=utf-8",
    "reader.css": "text/css; charset=utf-8",
    "mark.svg": "image/svg+xml",
}


class Html(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


def get_page(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Show the page of a charge: to pay, or why there is nothing to pay."""
    charge = _charge(world, request)
    if charge is None or charge.state not in {"waiting", "confirming"}:
        return _message(request, charge)
    if charge.state == "confirming":
        return _moved(f"/pay/{charge.reference}/confirm{_language_part(request)}")
    with world.store.transaction() as records:
        now_ms = records.now_ms()
    return _pay(request, charge, now_ms)


def post_page(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Take a test number, or the customer's wish to leave."""
    form = request.form()
    typed = form.get("chosen") or form.get("number", "")
    digits = numbers.digits_of(typed)
    conduct = numbers.BY_NUMBER.get(digits)
    with world.store.transaction() as records:
        charge = records.get(bank.Charge, _reference(request))
        if charge is not None:
            charge = bank.settle(records, charge)
        if charge is None or charge.state != "waiting":
            return _message(request, charge)
        if "cancel" in form:
            charge = bank.decide(records, charge, is_yes=False, reason="cancelled")
            return _moved(charge.return_url)
        if conduct is None:
            wrong = "not_a_test" if numbers.is_complete(digits) else "incomplete"
            return _pay(request, charge, records.now_ms(), f"error_{wrong}")
        charge = bank.begin(records, charge, conduct)
    if charge.state == "confirming":
        return _moved(f"/pay/{charge.reference}/confirm{_language_part(request)}")
    carry_out(world, charge, conduct)
    return _moved(charge.return_url)


def get_confirmation(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Ask the customer whether it is really them."""
    charge = _charge(world, request)
    if charge is None or charge.state != "confirming":
        return _message(request, charge)
    words = words_of(tag_of(request, charge))
    merchant = charge.merchant
    content = rendered(
        "confirm.html",
        action=request.path + _language_part(request),
        merchant=merchant,
        title=words["confirm_title"],
        body=_filled(words["confirm_body"], merchant=merchant),
        to_pay=words["to_keep" if charge.is_setup else "to_pay"],
        amount=words["no_amount"]
        if charge.is_setup
        else amount_of(charge, tag_of(request, charge)),
        number_label=words["number_label"],
        masked=charge.masked_means,
        yes=words["confirm_yes_keep" if charge.is_setup else "confirm_yes"],
        no=words["confirm_no_keep" if charge.is_setup else "confirm_no"],
    )
    return _page(request, charge, content, title=words["confirm_title"], layout="narrow")


def post_confirmation(world: World, request: Request, _fault: Fault | None) -> Answer:
    """Take the customer's yes or no."""
    said = request.form().get("answer")
    with world.store.transaction() as records:
        charge = records.get(bank.Charge, _reference(request))
        if charge is not None:
            charge = bank.settle(records, charge)
        if charge is None or charge.state != "confirming" or said not in {"yes", "no"}:
            return _message(request, charge)
        reason = "" if said == "yes" else "confirmation_refused"
        bank.decide(records, charge, is_yes=said == "yes", reason=reason)
    return _moved(charge.return_url)


def get_file(_world: World, request: Request, _fault: Fault | None) -> Answer:
    """Serve the style sheet and the mark."""
    name = request.path.rpartition("/")[2]
    if name not in _FILES:
        return Answer(404)
    return Answer(200, (_FOLDER / name).read_bytes(), _FILES[name])


OPERATIONS: Final[Mapping[tuple[str, str], tuple[str, Operation]]] = {
    ("GET", "/pay/"): ("", get_page),
    ("POST", "/pay/"): ("", post_page),
    ("GET", "/pay/*/confirm"): ("", get_confirmation),
    ("POST", "/pay/*/confirm"): ("", post_confirmation),
    ("GET", "/page/"): ("", get_file),
}


def _reference(request: Request) -> str:
    return request.path.removeprefix("/pay/").partition("/")[0]


def _charge(world: World, request: Request) -> bank.Charge | None:
    with world.store.transaction() as records:
        charge = records.get(bank.Charge, _reference(request))
        return None if charge is None else bank.settle(records, charge)


def _pay(request: Request, charge: bank.Charge, now_ms: int, error: str = "") -> Answer:
    tag = tag_of(request, charge)
    words = words_of(tag)
    amount = amount_of(charge, tag)
    minutes = max(1, (charge.expires_ms - now_ms) // 60_000)
    groups = Html(
        "".join(
            rendered(
                "group.html",
                tone=tone,
                title=words[f"group_{tone}"],
                rows=Html("".join(_row(words, numbers.BY_NAME[name]) for name in names)),
            )
            for tone, names in GROUPS
        )
    )
    begin = words["keep"] if charge.is_setup else _filled(words["pay"], amount=amount)
    content = rendered(
        "pay.html",
        action=request.path + _language_part(request),
        merchant=charge.merchant,
        to_pay=words["to_keep" if charge.is_setup else "to_pay"],
        amount=words["no_amount"] if charge.is_setup else amount,
        description=charge.description,
        until=_filled(words["until"], minutes=str(minutes)) if minutes <= MINUTES_MAX else "",
        error=rendered("error.html", message=words[error]) if error else Html(),
        error_id=" number-error" if error else "",
        invalid=Html('aria-invalid="true" autofocus') if error else Html(),
        number_label=words["number_label"],
        number_hint=words["number_hint"],
        pay=begin,
        keeps=words["keeps"] if charge.keeps else "",
        numbers_title=words["numbers_title"],
        numbers_hint=words["numbers_hint"],
        groups=groups,
        cancel=words["cancel"],
    )
    name = "keep_title" if charge.is_setup else "page_title"
    title = _filled(words[name], merchant=charge.merchant)
    status = 422 if error else 200
    return _page(request, charge, content, title=title, layout="wide", status=status)


def _row(words: Mapping[str, str], conduct: numbers.Conduct) -> str:
    return rendered(
        "row.html",
        name=words[conduct.name],
        note=words[f"{conduct.name}_note"],
        number=conduct.number,
        spaced=conduct.spaced,
        use=words["use"],
    )


def _message(request: Request, charge: bank.Charge | None) -> Answer:
    words = words_of(tag_of(request, charge))
    merchant = (charge.merchant if charge else "") or words["merchant"]
    if charge is None:
        kind = "missing"
    elif charge.state == "pending":
        kind = "pending"
    else:
        kind = "expired" if charge.reason == "expired" else "done"
    link = Html()
    if charge is not None and charge.return_url:
        label = _filled(words["back"], merchant=merchant)
        link = rendered("link.html", href=charge.return_url, label=label)
    content = rendered(
        "message.html",
        merchant=charge.merchant if charge else "",
        title=words[f"{kind}_title"],
        body=_filled(words[f"{kind}_body"], merchant=merchant),
        link=link,
    )
    status = 404 if charge is None else 200
    title = words[f"{kind}_title"]
    return _page(request, charge, content, title=title, layout="narrow", status=status)


def _page(
    request: Request,
    charge: bank.Charge | None,
    content: str,
    *,
    title: str,
    layout: str,
    status: int = 200,
) -> Answer:
    tag = tag_of(request, charge)
    words = words_of(tag)
    languages = "".join(
        rendered(
            "language.html",
            tag=each,
            name=words_of(each)["language"],
            short=words_of(each)["language_short"],
            current=Html('aria-current="true"' if each == tag else ""),
        )
        for each in LOCALES
    )
    body = rendered(
        "layout.html",
        lang=tag,
        title=title,
        bank=words["bank"],
        no_money=words["no_money"],
        language_label=words["language_label"],
        languages=Html(languages),
        layout=layout,
        content=Html(content),
        foot=words["foot"],
    )
    # A browser checks form-action on the redirect that follows a form too, so the merchant's own
    # origin must stand here.
    parts = urlsplit(charge.return_url if charge else "")
    is_plain = re.fullmatch(r"[\w.:\-\[\]]+", parts.netloc)
    back = f" {parts.scheme}://{parts.netloc}" if is_plain else ""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self'{back}"
    )
    headers = (("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"))
    return Answer(status, body.encode(), "text/html; charset=utf-8", headers)


def _moved(url: str) -> Answer:
    return Answer(303, headers=(("Location", url), ("Referrer-Policy", "no-referrer")))


def tag_of(request: Request, charge: bank.Charge | None) -> str:
    """Choose the language: the address's, the charge's, or English."""
    wanted = (request.query.get("locale") or (charge.locale if charge else "")).lower()
    for tag in LOCALES:
        if wanted.partition("-")[0].partition("_")[0] == tag.partition("-")[0]:
            return tag
    return "en"


def _language_part(request: Request) -> str:
    return f"?locale={tag_of(request, None)}" if "locale" in request.query else ""


def amount_of(charge: bank.Charge, tag: str) -> str:
    """Write what a charge asks for."""
    digits = get_currency_precision(charge.currency)
    if charge.currency in WITHOUT_ZERO_DECIMALS and charge.amount_minor % 10**digits == 0:
        shown = 0
    else:
        shown = digits
    locale = Locale.parse(tag.replace("-", "_"))
    pattern = locale.currency_formats["standard"].pattern
    pattern = re.sub(r"(?<=0)\.[0#]+", f".{'0' * shown}" if shown else "", pattern)
    text: str = format_currency(
        Decimal(charge.amount_minor).scaleb(-digits),
        charge.currency,
        format=pattern,
        locale=locale,
        currency_digits=False,
    )
    return re.sub(r"(?<=[A-Za-z])(?=\d)", "\N{NO-BREAK SPACE}", text)


@cache
def words_of(tag: str) -> Mapping[str, str]:
    """Give the sentences of one language."""
    words: dict[str, str] = json.loads((_FOLDER / f"{tag}.json").read_text("utf-8"))
    return MappingProxyType(words)


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / name).read_text("utf-8"))


def _filled(sentence: str, /, **values: str) -> str:
    return Template(sentence).substitute(values)


def rendered(name: str, /, **values: str) -> Html:
    """Fill a template, everything in it escaped."""
    safe = {
        key: value if isinstance(value, Html) else html.escape(value)
        for key, value in values.items()
    }
    return Html(_template(name).substitute(safe))
