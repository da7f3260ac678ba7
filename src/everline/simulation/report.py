"""The report: one page for an operator to read before a price changes, and to print.

It is one file with everything in it: no script, nothing from elsewhere, light and dark. The figures
are those of figures.py, the words of report_words.py, the look of templates/simulation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_compact_currency, format_decimal
from django.template import Context, Engine
from django.utils import translation

from everline.money import Money, exponent
from everline.simulation import report_words as words
from everline.simulation.charts import Chart, Mark, Series, columns, percent
from everline.simulation.figures import Figures, Weeks
from everline.simulation.runs import START, Outcome

TEMPLATES: Final = Path(__file__).parent / "templates"
TONES: Final = ("one", "two", "three", "four", "five", "six", "seven")
MARKS_MAX: Final = 6
BIG: Final = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table with a bar: a name, a figure, its share of the greatest, a remark."""

    name: str
    figure: str
    share: int
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what a price changes: before, after, and the difference."""

    name: str
    before: str
    after: str
    difference: str


def write_report(path: Path, outcome: Outcome, changed: Outcome | None, language: str) -> None:
    """Write the page in a language; `changed` is the same run with the prices that are tried."""
    path.write_text(report_page(outcome, changed, language), encoding="utf-8")


def report_page(outcome: Outcome, changed: Outcome | None, language: str) -> str:
    """Give the page as text."""
    engine = Engine(dirs=[str(TEMPLATES)], builtins=["django.templatetags.i18n"], autoescape=True)
    with translation.override(language):
        page = _Page(changed or outcome, language)
        context = page.context() | {"changes": _changes(outcome, changed, page)}
        return engine.get_template("simulation/report.html").render(Context(context))


class _Page:
    """What the template shows, worded in one language."""

    def __init__(self, outcome: Outcome, language: str) -> None:
        assert outcome.figures is not None
        self.outcome = outcome
        self.figures: Figures = outcome.figures
        self.language = language
        self.tag = {"zh-hans": "zh_Hans"}.get(language, language)
        self.weeks = [
            format_date(START + timedelta(weeks=week), "medium", locale=self.tag)
            for week in range(self.figures.weeks)
        ]
        every = -(-self.figures.weeks // MARKS_MAX)
        self.marks = [
            Mark(
                f"{100 * week / self.figures.weeks:.2f}",
                format_date(START + timedelta(weeks=week), "d MMM", locale=self.tag),
            )
            for week in range(0, self.figures.weeks, every)
        ]

    def number(self, figure: int) -> str:
        """Write a whole number."""
        return str(format_decimal(figure, locale=self.tag))

    def money(self, minor: int, currency: str) -> str:
        """Write an amount short, as it stands beside an axis and in a sum."""
        major = minor // 10 ** exponent(currency)
        if major < BIG:
            return Money(minor, currency).format(self.tag, 0)
        return str(format_compact_currency(major, currency, locale=self.tag, fraction_digits=1))

    def context(self) -> dict[str, Any]:
        """Gather all that the template shows."""
        setting, figures = self.outcome.setting, self.figures
        return {
            "language": {"zh-hans": "zh-Hans"}.get(self.language, self.language),
            "title": words.title(len(setting.numbers), self.outcome.days_done, self.number),
            "period": words.period(
                format_date(START, "long", locale=self.tag),
                format_date(
                    START + timedelta(days=self.outcome.days_done), "long", locale=self.tag
                ),
            ),
            "prices": setting.prices,
            "keys": self._keys(),
            "channels": self._chart(figures.channels, words.CHANNELS),
            "terms": self._chart(figures.terms, words.TERMS),
            "payments": self._chart(
                {name: each for name, each in figures.payments.items() if name != "succeeded"},
                words.PAYMENTS,
            ),
            "sold": [self._sold(currency) for currency in self._currencies()],
            "rungs": self._rungs(),
            "messages": self._messages(),
            "stopped": self.number(figures.stopped),
            "faults": self._faults(),
            "seed": setting.seed,
            "digest": self.outcome.digest[:16],
            "mandates": self.number(figures.mandates),
            "consents": self.number(figures.consents),
            "has_consents": bool(figures.consents),
        }

    def _keys(self) -> list[Row]:
        """Give the few figures that are read first."""
        figures = self.figures
        by = {name: sum(each) for name, each in figures.channels.items()}
        renewals = sum(by.values())
        ends = {name: sum(each) for name, each in figures.terms.items()}
        charges = {name: sum(each) for name, each in figures.payments.items()}
        declined = sum(charges.values()) - charges.get("succeeded", 0)
        return [
            Row(words.KEYS["renewals"](), self.number(renewals), 0),
            Row(words.KEYS["auto"](), f"{percent(by.get('auto', 0), renewals)} %", 0),
            Row(
                words.KEYS["in_time"](),
                f"{percent(ends.get('renewed', 0), sum(ends.values()))} %",
                0,
            ),
            Row(
                words.KEYS["recovered"](), f"{percent(charges.get('recovered', 0), declined)} %", 0
            ),
            Row(words.KEYS["faults"](), self.number(sum(self.outcome.faults.values())), 0),
        ]

    def _chart(self, weeks: Weeks, named: Mapping[str, Any]) -> Chart:
        """Stack what is counted by week, in the order in which it is named."""
        known = [name for name in named if name in weeks]
        further = [name for name in weeks if name not in named]
        series = [
            Series(
                str(named[name]()) if name in named else name,
                TONES[min(place, len(TONES) - 1)],
                weeks[name],
                self.number(sum(weeks[name])),
            )
            for place, name in enumerate([*known, *further])
        ]
        return columns(series, self.weeks, self.number, self.marks)

    def _currencies(self) -> list[str]:
        return sorted(self.figures.sold, key=lambda each: -sum(self.figures.sold[each]))

    def _sold(self, currency: str) -> dict[str, Any]:
        """Draw what was sold in one currency."""
        values = self.figures.sold[currency]
        series = Series(currency, "one", values, self.money(sum(values), currency))
        return {
            "currency": currency,
            "total": series.total,
            "week": self.money(sum(values) // max(len(values), 1), currency),
            "chart": columns(
                [series], self.weeks, lambda minor: self.money(minor, currency), self.marks
            ),
        }

    def _rungs(self) -> list[Row]:
        """Say what became of the tries, rung by rung."""
        most = max((each.tried for each in self.figures.rungs), default=1)
        rows = []
        for rung in self.figures.rungs:
            reasons = sorted(rung.reasons.items(), key=lambda each: (-each[1], each[0]))[:3]
            remark = ", ".join(
                f"{words.reason(name)} {self.number(count)}" for name, count in reasons
            )
            rows.append(
                Row(
                    words.rung(rung.number),
                    words.tried(self.number(rung.tried), self.number(rung.renewed)),
                    percent(rung.tried, most),
                    remark,
                )
            )
        return rows

    def _messages(self) -> list[Row]:
        messages = sorted(self.figures.messages.items(), key=lambda each: (-each[1], each[0]))
        most = max((count for _name, count in messages), default=1)
        return [
            Row(words.message(name), self.number(count), percent(count, most))
            for name, count in messages
        ]

    def _faults(self) -> list[Row]:
        faults = sorted(self.outcome.faults.items(), key=lambda each: (-each[1], each[0]))
        most = max((count for _name, count in faults), default=1)
        return [
            Row(words.fault(name), self.number(count), percent(count, most))
            for name, count in faults
            if count
        ]


def _changes(outcome: Outcome, changed: Outcome | None, page: _Page) -> list[Change]:
    """Compare the run as it is with the one under the prices that are tried."""
    if changed is None or outcome.figures is None or changed.figures is None:
        return []
    old, new = outcome.figures, changed.figures
    found: list[tuple[str, int, int, Callable[[int], str]]] = [
        (words.KEYS["renewals"](), _sum(old.channels), _sum(new.channels), page.number),
        (words.TERMS["lapsed"](), _of(old.terms, "lapsed"), _of(new.terms, "lapsed"), page.number),
        (words.KEYS["consents"](), old.consents, new.consents, page.number),
    ]
    for currency in sorted(old.sold.keys() | new.sold.keys()):
        before, after = _of(old.sold, currency), _of(new.sold, currency)
        if before != after:
            say = partial(page.money, currency=currency)
            found.insert(0, (words.sold_in(currency), before, after, say))
    return [
        Change(
            name, say(before), say(after), f"{'+' if after > before else ''}{say(after - before)}"
        )
        for name, before, after, say in found
    ]


def _sum(weeks: Weeks) -> int:
    return sum(map(sum, weeks.values()))


def _of(weeks: Weeks, name: str) -> int:
    return sum(weeks.get(name, []))
