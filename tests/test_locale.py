"""Every sentence a person can meet is said in every language, in the glossary's words.

tests/catalogues.py finds the sentences and writes the catalogues. What makes a translation good
stands here as rules, each tried on examples that it must let pass and that it must catch.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from django.utils import translation

from everline.errors import SENTENCES, Code
from tests import catalogues
from tests.catalogues import LOCALES, strings
from tests.tidy.rule import SOURCE, files, read

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENDINGS: Final = {".": ("。", "."), "?": ("？", "?"), ":": ("：", ":")}
"""How a sentence ends in English, and then in Chinese and Indonesian."""

TERMS: Final = (
    *("auto-renewal", "authorised store", "balance", "bank card", "card number", "data card"),
    *("data left", "deposit", "e-wallet", "eSIM activation code", "grace period", "hotline"),
    *("mandate", "one-time code", "plan", "promo code", "receipt", "refused", "renew", "renewal"),
    *("roaming", "self-service kiosk", "service PIN", "start code", "valid until"),
    *("checking the payment", "payment declined", "paid, being delivered"),
)
"""Words of the glossary that stay recognisable in any sentence; verbs that bend are left out."""

TERM = re.compile(
    rf"(?<![\w-])(?P<term>{'|'.join(sorted(TERMS, key=len, reverse=True)).lower()})"
    r"(?:s|ed|ing)?(?![\w-])"
)
"""Read from left to right, so that a bank card's number is not taken for the ICCID."""


SILENT = re.compile(
    r"{#.*?#}|{% (comment|blocktranslate)\b.*?{% end\1 %}"
    r"|{% block layout %}.*?{% endblock layout %}"
    r"|{%.*?%}|{{.*?}}|<(style|script)\b.*?</\2>|<!--.*?-->",
    re.DOTALL,
)
"""What of a template is never shown as it stands; its layout is a class of the style sheet."""

SHOWN_ATTRIBUTE = re.compile(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"')
SAME_EVERYWHERE: Final = frozenset({"eSIM"})
"""Names that are the same in every language."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and what it is in another language; a plural one is judged by its plural."""

    locale: str
    english: str
    translated: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for a translation, with the examples that keep it honest."""

    name: str
    finds: Callable[[Said], str]
    good: tuple[Said, ...]
    bad: tuple[Said, ...]


def missing(said: Said) -> str:
    """Find what is not translated."""
    return "" if said.translated.strip() else "nothing is said"


def placeholders(said: Said) -> str:
    """Find facts that were lost, doubled or misspelt on the way."""
    wanted, got = (Counter(PLACEHOLDER.findall(text)) for text in (said.english, said.translated))
    return "" if wanted == got else f"has {sorted(got)}, not {sorted(wanted)}"


def script(said: Said) -> str:
    """Find Chinese without a Chinese character, and Chinese characters elsewhere."""
    if not re.search("[A-Za-z]", PLACEHOLDER.sub("", said.english)):
        return ""  # Signs alone, between two facts.
    if bool(CHINESE.search(said.translated)) == (said.locale == "zh_Hans"):
        return ""
    return "is not written as this language is"


def ending(said: Said) -> str:
    """Find a title that became a sentence, or the other way round."""
    place = LOCALES.index(said.locale)
    wanted = ENDINGS[said.english[-1]][place] if said.english[-1] in ENDINGS else ""
    marks = tuple(mark for marks in ENDINGS.values() for mark in marks)
    got = said.translated[-1] if said.translated.endswith(marks) else ""
    return "" if wanted == got else f"ends with {got!r}, not {wanted!r}"


def words(said: Said) -> str:
    """Find a term of the glossary that is said in another word."""
    for found in TERM.finditer(PLACEHOLDER.sub("", said.english).lower()):
        known = glossary()[found["term"]][said.locale]
        if not any(word in said.translated.lower() for word in known):
            return f"says {found['term']!r} without {' or '.join(known)}"
    return ""


def forbidden(said: Said) -> str:
    """Find words that would make a page ask for what it never asks for."""
    return "the ICCID is 卡号" if "银行卡号" in said.translated else ""


def unmarked(template: str) -> list[str]:
    """Find the words of a template that no catalogue can reach."""
    rest = SILENT.sub(" ", template)
    shown = [*SHOWN_ATTRIBUTE.findall(rest), re.sub(r"<[^>]*>", " ", rest)]
    found = [word for text in shown for word in re.findall(r"[^\W\d_]{2,}", text)]
    return [word for word in found if word not in SAME_EVERYWHERE]


@cache
def glossary() -> dict[str, dict[str, tuple[str, ...]]]:
    """Read what each term is in each language from the first tables of the glossary's page."""
    page = read("docs/glossary.md").partition("\n## Words kept apart")[0]
    rows = [
        [re.sub(r"\*\*|（.*?）|\(.*?\)", "", cell).strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("|")
    ]
    found = {}
    for cells in rows:
        english, *others = (tuple(_words(cell)) for cell in cells)
        for number, term in enumerate(english):
            pairs = [each[number:][:1] if len(each) == len(english) else each for each in others]
            found[term] = dict(zip(LOCALES, pairs, strict=True))
    return found


def _words(cell: str) -> Iterator[str]:
    for word in cell.split(" / "):
        yield re.split(r"[,，](?= ?(?:do not|请勿|jangan))", word)[0].strip().lower()


RULES: Final = (
    Rule(
        "missing",
        missing,
        good=(Said("id", "Plan", "Paket"),),
        bad=(Said("id", "Plan", ""), Said("zh_Hans", "Plan", " ")),
    ),
    Rule(
        "placeholders",
        placeholders,
        good=(
            Said("id", "%(a)s of %(b)d, 5%%", "5%% %(b)d, %(a)s"),
            Said("id", "{a} {a}", "{a}: {a}"),
        ),
        bad=(
            Said("id", "%(a)s", "a"),
            Said("id", "%(a)s", "%(b)s"),
            Said("id", "%(a)s", "%(a)d"),
            Said("id", "%(a)s", "%(a)s %(a)s"),
            Said("id", "5%%", "5%"),
        ),
    ),
    Rule(
        "script",
        script,
        good=(
            Said("zh_Hans", "Card number (ICCID)", "卡号（ICCID）"),
            Said("zh_Hans", "%(before)s, %(after)s", "%(before)s、%(after)s"),
            Said("id", "Total", "Total"),
        ),
        bad=(Said("zh_Hans", "Total", "Total"), Said("id", "Total", "总价")),
    ),
    Rule(
        "ending",
        ending,
        good=(
            Said("zh_Hans", "Stop.", "停。"),
            Said("id", "Where?", "Di mana?"),
            Said("id", "Plan", "Paket"),
        ),
        bad=(
            Said("zh_Hans", "Stop.", "停."),
            Said("zh_Hans", "Stop.", "停"),
            Said("id", "Plan", "Paket."),
            Said("id", "Where?", "Di mana"),
        ),
    ),
    Rule(
        "words",
        words,
        good=(
            Said("zh_Hans", "Your data cards", "您的数据卡"),
            Said("zh_Hans", "Auto-renewal", "自动续费"),
            Said("id", "Renewed, valid until", "Berhasil diperpanjang, berlaku sampai"),
            Said("zh_Hans", "Never a bank card number", "绝不索要银行卡信息"),
            Said("id", "Unbalanced, exposed: %(plan)s", "Entah: %(plan)s"),
        ),
        bad=(
            Said("zh_Hans", "Renew your card", "为您的卡充值"),
            Said("zh_Hans", "The balance is too low", "钱包不足"),
            Said("id", "The balance is too low", "Dompet tidak cukup"),
            Said("id", "Auto-renewals", "Perpanjangan"),
            Said("id", "Start code", "Kode aktivasi"),
            Said("zh_Hans", "Pay by bank card", "用卡支付"),
            Said("id", "Promo code", "Promo"),
        ),
    ),
    Rule(
        "forbidden",
        forbidden,
        good=(Said("zh_Hans", "Card number", "卡号"),),
        bad=(Said("zh_Hans", "Card number", "银行卡号"),),
    ),
)


@cache
def said(locale: str) -> tuple[Said, ...]:
    """Give everything that a catalogue says."""
    return tuple(
        Said(locale, strings(message.id)[-1], form)
        for message in messages(locale)
        for form in strings(message.string) or [""]
    )


def messages(locale: str) -> list[Message]:
    return [message for message in catalogues.read(locale) if message.id]


def _key(message: Message) -> catalogues.Key:
    english = strings(message.id)
    return message.context or "", english[0] if len(english) == 1 else (english[0], english[1])


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_translation_keeps(rule: Rule, locale: str) -> None:
    found = [f"{each.english} -> {each.translated}: {rule.finds(each)}" for each in said(locale)]
    assert [line for line in found if not line.endswith(": ")] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_lets_pass_and_catches(rule: Rule) -> None:
    assert rule.good
    assert rule.bad
    assert [example for example in rule.good if rule.finds(example)] == []
    assert [example for example in rule.bad if not rule.finds(example)] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_catalogue_holds_what_the_code_says_and_nothing_else(locale: str) -> None:
    catalogue = catalogues.read(locale)
    wanted, got = set(catalogues.sentences()), {_key(message) for message in messages(locale)}
    assert wanted - got == set(), "run `make words`, then translate what it lists"
    assert got - wanted == set(), "run `make words`"
    assert [message.id for message in messages(locale) if message.fuzzy] == []
    assert list(catalogue.obsolete) == []
    assert catalogue.num_plurals == 1


@pytest.mark.parametrize("locale", LOCALES)
def test_a_catalogue_is_compiled(locale: str) -> None:
    with catalogues.path(locale, "mo").open("rb") as file:
        served = {_key(message): strings(message.string) for message in read_mo(file) if message.id}
    assert served == {_key(message): strings(message.string) for message in messages(locale)}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", Code)
def test_every_refusal_is_said_in_every_language(code: Code, locale: str) -> None:
    with translation.override(locale.replace("_", "-").lower()):
        assert translation.gettext(SENTENCES[code]) != SENTENCES[code]


def test_no_template_says_a_word_that_is_not_marked() -> None:
    pages = [
        path
        for path in files()
        if path.startswith(SOURCE)
        and path.endswith((".html", ".txt"))
        and not path.removeprefix(SOURCE).startswith(catalogues.PASSED_BY)
    ]
    assert pages
    assert {path: unmarked(read(path)) for path in pages if unmarked(read(path))} == {}


@pytest.mark.parametrize(
    "template",
    [
        '<p class="one">{% translate "Two" %} · {{ three }} {# four #} + 5 G</p>',
        "{% blocktranslate trimmed %}One {{ two }}{% endblocktranslate %}",
        "{% block layout %}wide{% endblock layout %}<script>one()</script>",
        '<img alt="{{ one }}" title="{% translate "Two" %}"> eSIM',
    ],
)
def test_a_marked_template_passes(template: str) -> None:
    assert unmarked(template) == []


@pytest.mark.parametrize(
    "template",
    ["<p>One</p>", "{{ one }} two", '<nav aria-label="One">', '{% translate "One" %} 二号'],
)
def test_an_unmarked_word_is_caught(template: str) -> None:
    assert unmarked(template)


def test_the_terms_stand_in_the_glossary() -> None:
    assert [term for term in TERMS if term.lower() not in glossary()] == []
    assert glossary()["balance"] == {"zh_Hans": ("账户余额",), "id": ("saldo",)}
    assert glossary()["renewal"]["id"] == ("perpanjangan",)
    assert glossary()["promo code"] == {"zh_Hans": ("优惠码",), "id": ("kode promo",)}


def test_sentences_are_found_in_a_module() -> None:
    text = (
        'a = _("One"), gettext_lazy("T" "wo"), other("Three")\n'
        'b = ngettext("%(n)d day", "%(n)d days", n), pgettext("verb", "Top")\n'
        'c = npgettext("till", "slip", "slips", n), gettext_noop("Four"), _(name)\n'
    )
    assert list(catalogues.in_python(text)) == [
        ("", "One"),
        ("", "Two"),
        ("", ("%(n)d day", "%(n)d days")),
        ("verb", "Top"),
        ("till", ("slip", "slips")),
        ("", "Four"),
    ]


def test_sentences_are_found_in_a_template() -> None:
    text = (
        '{% load i18n %}<p title="{% translate "One" %}">\n'
        '    {% translate "Two" context "verb" as two %} Three {{ _("Four") }}\n'
        '  {% include "a.html" with b=_("Five") %}\n'
        "{% blocktranslate trimmed with a=b %}\n   It's {{ a }},\n   100%.\n"
        "{% endblocktranslate %}</p>\n"
        "      {% blocktranslate count n=days %}{{ n }} day{% plural %}{{ n }} days"
        "{% endblocktranslate %}\n"
    )
    assert list(catalogues.in_template(text)) == [
        ("", "One"),
        ("verb", "Two"),
        ("", "Four"),
        ("", "Five"),
        ("", "It's %(a)s, 100%%."),
        ("", ("%(n)s day", "%(n)s days")),
    ]
