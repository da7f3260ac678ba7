"""The e-wallet's pages as HTML: each function gives the inside of one page, `frame` the outside.

Everything that comes from elsewhere goes through `text`. Styles stand in kantong.css; there is no
script. Next: words.py.
"""

from html import escape as text
from typing import Any, Final

from purchases import Purchase
from words import LANGUAGES, moment, money, say

SIGNS: Final = {
    "data_card": "M6 3h8l5 5v13H6zM10 12h5v5h-5z",
    "power": "M13 2 5 14h6l-1 8 8-12h-6z",
    "water": "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z",
    "train": "M6 4h12v12H6zM6 10h12M8 20l2-4M16 20l-2-4",
}
"""What is drawn on each tile, as the path of a drawing of 24 by 24."""

LOOK_AGAIN_SECONDS: Final = 3
FACES: Final = {"checking": "…", "paid": "✓", "renewed": "✓", "refused": "!", "returned": "↺"}


def frame(inside: str, language: str, *, at: str = "/", looks_again: bool = False) -> str:
    """Put a page together; one that waits looks again by itself."""
    again = f'<meta http-equiv="refresh" content="{LOOK_AGAIN_SECONDS}">' if looks_again else ""
    others = "".join(
        f'<a href="{text(at)}?lang={code}" lang="{code}">{name}</a>'
        for code, name in LANGUAGES.items()
        if code != language
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{again}<title>Kantong</title><link rel="stylesheet" href="/kantong.css"></head><body>'
        f'<header><a class="name" href="/">Kantong</a><nav>'
        f'<a href="/">{say("home", language)}</a>'
        f'<a href="/history">{say("history", language)}</a></nav></header>'
        f"<main>{inside}</main><footer><p>{say('demo', language)}</p><p>{others}</p></footer>"
        "</body></html>"
    )


def home(balance: str, news: list[dict[str, Any]], language: str) -> str:
    """Show the balance and the tiles."""
    tiles = "".join(
        f'<li class="tile off">{_drawn(key)}{say(key, language)}'
        f"<small>{say('soon', language)}</small></li>"
        for key in ("power", "water", "train")
    )
    banners = "".join(f'<p class="news">{text(each["text"])}</p>' for each in news)
    return (
        f'<section class="purse"><h1>{say("balance", language)}</h1><p>{text(balance)}</p>'
        f'</section>{banners}<h2>{say("services", language)}</h2><ul class="tiles">'
        f'<li class="tile"><a href="/card">{_drawn("data_card")}'
        f"{say('data_card', language)}</a></li>{tiles}</ul>"
    )


def ask(language: str, number: str = "", problem: str = "") -> str:
    """Ask for the number."""
    wrong = f'<p class="problem" role="alert">{text(problem)}</p>' if problem else ""
    return (
        f'<h1>{say("data_card", language)}</h1>{wrong}<form method="post" action="/plans">'
        f'<label for="number">{say("number", language)}</label>'
        f'<input id="number" name="number" value="{text(number)}" required maxlength="100"'
        f' inputmode="tel" autocomplete="off" aria-describedby="hint">'
        f'<p id="hint" class="soft">{say("hint", language)}</p>'
        f"<button>{say('go_on', language)}</button></form>"
    )


def plans(number: str, found: list[tuple[str, dict[str, Any]]], language: str) -> str:
    """Offer the plans with what each costs this card and when it would end."""
    if not found:
        return f"<h1>{say('plans', language)}</h1>" + sorry("no_plans", language)
    rows = "".join(
        f'<li><form method="post" action="/review"><input type="hidden" name="number"'
        f' value="{text(number)}"><button class="plan" name="plan"'
        f' value="{text(told["quote"]["plan"])}"><strong>{text(name)}</strong>'
        f"<b>{text(money(told['quote']['total'], told['quote']['currency']))}</b>"
        f"<small>{say('until', language)} "
        f"{text(moment(told['quote']['ends_at'], told['quote']['zone'], language))}</small>"
        "</button></form></li>"
        for name, told in found
    )
    return (
        f'<h1>{say("plans", language)}</h1><p class="soft">{text(found[0][1]["card"])}</p>'
        f'<ul class="plans">{rows}</ul>'
    )


def facts(found: Purchase, language: str) -> str:
    """List what is bought."""
    rows = (
        ("card", found.card),
        ("plan", found.name),
        ("until", moment(found.ends_at, found.zone, language)),
        ("total", money(found.total, found.currency)),
    )
    return (
        "<dl>"
        + "".join(f"<dt>{say(k, language)}</dt><dd>{text(v)}</dd>" for k, v in rows)
        + ("</dl>")
    )


def review(found: Purchase, language: str, problem: str = "") -> str:
    """Show what will be paid, with one button."""
    wrong = f'<p class="problem" role="alert">{text(problem)}</p>' if problem else ""
    pay = say("pay", language) % money(found.total, found.currency)
    return (
        f"<h1>{say('confirm', language)}</h1>{wrong}{facts(found, language)}"
        f'<p class="soft">{text(found.said)}</p>'
        f'<form method="post" action="/purchases/{found.id}/pay">'
        f"<button>{text(pay)}</button></form>"
    )


def outcome(found: Purchase, language: str, problem: str = "") -> str:
    """Show where a purchase stands; a paid one is the receipt."""
    state = "renewed" if found.state == "paid" and found.is_delivered else found.state
    parts = [
        (
            f'<section class="outcome {state}"><span aria-hidden="true">{FACES[state]}</span>'
            f'<h1 role="status">{say(state, language)}</h1></section>'
        )
    ]
    if problem:
        parts.append(f'<p class="problem" role="alert">{text(problem)}</p>')
    if state == "checking":
        parts.append(f"<p>{say('checking_why', language)}</p>")
    if state == "refused":
        parts.append(f'<p class="problem">{text(found.reason)}</p>')
    if state in {"refused", "returned"}:
        parts.append(f"<p>{say('money_back', language)}</p>")
    if state == "refused" and found.problem == "quote_changed":
        parts.append(
            f'<form method="post" action="/review"><input type="hidden" name="number"'
            f' value="{text(found.number)}"><button name="plan" value="{text(found.plan)}">'
            f"{say('again', language)}</button></form>"
        )
    parts.append(facts(found, language))
    if found.url.startswith(("http://", "https://")):
        parts.append(
            f'<p><a class="verify" href="{text(found.url)}" rel="noreferrer">'
            f"{say('verify', language)}</a></p>"
        )
    if found.state == "paid":
        parts.append(
            f'<form method="post" action="/purchases/{found.id}/undo">'
            f'<button class="quiet">{say("undo", language)}</button></form>'
        )
    return "".join(parts)


def history(found: list[Purchase], language: str) -> str:
    """List what was bought or tried."""
    if not found:
        return f"<h1>{say('history', language)}</h1><p>{say('nothing', language)}</p>"
    rows = "".join(
        f'<li><a href="/purchases/{each.id}"><strong>{text(each.name)}</strong>'
        f"<b>{text(money(each.total, each.currency))}</b><small>{text(each.card)} · "
        f"{say('renewed' if each.is_delivered and each.state == 'paid' else each.state, language)}"
        "</small></a></li>"
        for each in found
    )
    return f'<h1>{say("history", language)}</h1><ul class="plans">{rows}</ul>'


def sorry(key: str, language: str) -> str:
    """Say that there is nothing here, or that the operator does not answer."""
    return f'<p class="problem" role="alert">{say(key, language)}</p>'


def _drawn(key: str) -> str:
    """Draw the sign of a tile; a font may lack it."""
    return (
        '<svg viewBox="0 0 24 24" width="40" height="40" aria-hidden="true" fill="none"'
        ' stroke="currentColor" stroke-width="1.8" stroke-linejoin="round">'
        f'<path d="{SIGNS[key]}"/></svg>'
    )
