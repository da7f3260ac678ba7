"""What can be wrong with a file that is loaded: one sentence a flaw, and the list of problems.

A flaw is a code with one English sentence that says what is wrong and what to do; the sentence is
the key of the translation catalogues. A problem is a flaw at a file, a line and a field. Problems
are collected, not raised, so that one run shows everything there is to mend. The list is bounded:
a broken export of a million rows must not fill the memory or the screen.
Sentences never repeat start codes, e-mail addresses or telephone numbers: they are secret or
personal, and the line number finds them. The next file is values.py, which checks single values.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

PROBLEMS_KEPT_MAX: Final = 1_000
VALUE_SHOWN_MAX: Final = 40

Facts = Mapping[str, str | int]
"""What a sentence is filled with."""


class Flaw(StrEnum):
    """Every reason for which a file, a row or a value is refused."""

    FILE_MISSING = "file_missing"
    FILE_UNREADABLE = "file_unreadable"
    FILE_EMPTY = "file_empty"
    FILE_WORKBOOK = "file_workbook"
    FILE_COMPRESSED = "file_compressed"
    FILE_UTF16 = "file_utf16"
    FILE_NOT_UTF8 = "file_not_utf8"
    FILE_BINARY = "file_binary"
    FILE_TOO_LARGE = "file_too_large"
    FILE_KIND = "file_kind"
    SEPARATOR = "separator"
    COLUMN_UNKNOWN = "column_unknown"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    NO_ROWS = "no_rows"
    LINE_TOO_LONG = "line_too_long"
    LINE_CONTROL = "line_control"
    LINE_QUOTES = "line_quotes"
    LINE_FIELDS = "line_fields"
    YAML_BROKEN = "yaml_broken"
    YAML_ALIAS = "yaml_alias"
    YAML_TAG = "yaml_tag"
    YAML_TOO_MUCH = "yaml_too_much"
    YAML_DOCUMENTS = "yaml_documents"
    YAML_KEY = "yaml_key"
    KEY_TWICE = "key_twice"
    KEY_UNKNOWN = "key_unknown"
    NOT_MAPPING = "not_mapping"
    NOT_LIST = "not_list"
    NOT_TEXT = "not_text"
    MISSING = "missing"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    NOT_ONE_OF = "not_one_of"
    NOT_WHOLE = "not_whole"
    NOT_NUMBER = "not_number"
    NOT_BETWEEN = "not_between"
    AMOUNT = "amount"
    NOT_SUM = "not_sum"
    NEGATIVE = "negative"
    ROUNDED = "rounded"
    NUMBER = "number"
    DEVICE_TWICE = "device_twice"
    NOT_START_CODE = "not_start_code"
    NOT_MATCHING_ID = "not_matching_id"
    NOT_CODE = "not_code"
    NOT_WORD = "not_word"
    NOT_ZONE = "not_zone"
    NOT_CURRENCY = "not_currency"
    NOT_COUNTRY = "not_country"
    NOT_LANGUAGE = "not_language"
    NOT_EMAIL = "not_email"
    NOT_PHONE = "not_phone"
    NOT_HOST = "not_host"
    NOT_SENDER = "not_sender"
    NOT_MOMENT = "not_moment"
    NOT_PAST = "not_past"
    NOT_BYTES = "not_bytes"
    NOT_PERCENT = "not_percent"
    NOT_HOURS = "not_hours"
    NEEDS = "needs"
    NOT_WITH = "not_with"
    BOTH = "both"
    TWICE = "twice"
    VERSION_ORDER = "version_order"
    SUCCESSOR_UNKNOWN = "successor_unknown"
    SUCCESSOR_LOOP = "successor_loop"
    SUCCESSOR_PRICE = "successor_price"
    REGION_UNKNOWN = "region_unknown"
    WINDOW = "window"
    NO_LIMIT = "no_limit"
    PLAN_UNKNOWN = "plan_unknown"
    PLAN_LATER = "plan_later"
    CURRENCY_UNUSED = "currency_unused"
    CURRENCY_KEPT = "currency_kept"
    ZONE_UNKNOWN = "zone_unknown"
    VERSION_SOLD = "version_sold"
    FIXED = "fixed"
    LOWERED = "lowered"
    NOT_LIMITS = "not_limits"
    OUTSIDE_LIMITS = "outside_limits"
    MSISDN_TAKEN = "msisdn_taken"
    ICCID_TWICE = "iccid_twice"
    CARD_UNKNOWN = "card_unknown"
    CARD_HELD = "card_held"
    STORE_UNKNOWN = "store_unknown"
    ROLE_ENDED = "role_ended"
    NOT_STORED = "not_stored"


def _(sentence: str) -> str:
    """Mark a sentence for the catalogues; whoever shows it translates it."""
    return sentence


SENTENCES: Final[Mapping[Flaw, str]] = MappingProxyType(
    {
        Flaw.FILE_MISSING: _("This file does not exist. Check its name and folder."),
        Flaw.FILE_UNREADABLE: _("This file cannot be read (%(detail)s). Check its permissions."),
        Flaw.FILE_EMPTY: _("This file is empty. Start from the template of the same name."),
        Flaw.FILE_WORKBOOK: _(
            "This is a spreadsheet workbook, not text. Save the sheet as “CSV UTF-8”."
        ),
        Flaw.FILE_COMPRESSED: _("This file is compressed. Unpack it first."),
        Flaw.FILE_UTF16: _("This file is in UTF-16. Save it again as “CSV UTF-8” or UTF-8."),
        Flaw.FILE_NOT_UTF8: _(
            "This line is not UTF-8; the file was probably saved in an older encoding such as "
            "Latin-1, Windows-1252 or GBK. Save it again as UTF-8."
        ),
        Flaw.FILE_BINARY: _("This is not a text file. Give a .csv or .yaml file in UTF-8."),
        Flaw.FILE_TOO_LARGE: _(
            "This file is larger than %(limit)s. Split it; cards belong in a .csv file, which "
            "may have any size."
        ),
        Flaw.FILE_KIND: _(
            "This file is of no kind that can be loaded. Expected one of: %(choices)s."
        ),
        Flaw.SEPARATOR: _(
            "The columns are separated by “%(found)s”. Save the file with commas between columns."
        ),
        Flaw.COLUMN_UNKNOWN: _("There is no column “%(value)s”. The columns are: %(choices)s."),
        Flaw.COLUMN_MISSING: _("This column is missing from the header. Add it."),
        Flaw.COLUMN_TWICE: _("This column stands twice in the header. Remove one."),
        Flaw.NO_ROWS: _("The file has a header but no rows. Add rows, or leave the file out."),
        Flaw.LINE_TOO_LONG: _(
            "This line is longer than %(limit)s bytes and was skipped. Check for missing line ends."
        ),
        Flaw.LINE_CONTROL: _(
            "There is an invisible control character in this line (%(value)s). Remove it."
        ),
        Flaw.LINE_QUOTES: _(
            "The quotation marks of this line do not match. A value with a comma stands in "
            "double quotes, a double quote inside it is written twice, and no value has a line "
            "break."
        ),
        Flaw.LINE_FIELDS: _(
            "This line has %(found)s values, the header has %(expected)s columns. Check the commas."
        ),
        Flaw.YAML_BROKEN: _(
            "This is not valid YAML (%(detail)s). Check the indentation, with spaces only."
        ),
        Flaw.YAML_ALIAS: _("Anchors, aliases (& and *) and << are not accepted. Write it out."),
        Flaw.YAML_TAG: _("Type tags such as %(value)s are not accepted. Remove the tag."),
        Flaw.YAML_TOO_MUCH: _("This file is nested too deeply or has too many values. Split it."),
        Flaw.YAML_DOCUMENTS: _("There is a second document after “---”. Put it in its own file."),
        Flaw.YAML_KEY: _("A key must be a plain word. Check the indentation and the colons."),
        Flaw.KEY_TWICE: _("“%(value)s” stands twice here. Remove one."),
        Flaw.KEY_UNKNOWN: _("There is no “%(value)s” here. Expected: %(choices)s."),
        Flaw.NOT_MAPPING: _("Expected “key: value” lines here. Check the indentation."),
        Flaw.NOT_LIST: _("Expected a list here: lines that begin with “- ”, or [a, b]."),
        Flaw.NOT_TEXT: _("Expected a single value here. Check the indentation."),
        Flaw.MISSING: _("This is missing. Write a value."),
        Flaw.TOO_LONG: _("This is longer than %(limit)s characters. Shorten it."),
        Flaw.TOO_MANY: _("There are more than %(limit)s here. Remove some."),
        Flaw.NOT_ONE_OF: _("“%(value)s” is not known here. Write one of: %(choices)s."),
        Flaw.NOT_WHOLE: _("“%(value)s” is not a whole number. Write digits only."),
        Flaw.NOT_NUMBER: _("“%(value)s” is not a number. Write it like 12 or 12.5."),
        Flaw.NOT_BETWEEN: _("“%(value)s” is out of range. Write %(low)s to %(high)s."),
        Flaw.AMOUNT: _("This is not an amount. Write digits and decimals, like 9.90."),
        Flaw.NOT_SUM: _("“%(value)s” is not a sum of money. Write it like 20000 IDR."),
        Flaw.NEGATIVE: _("“%(value)s” is negative. Write an amount of 0 or more."),
        Flaw.ROUNDED: _(
            "A spreadsheet has rounded this number (“%(value)s”). Format the column as text, "
            "paste the numbers again and save again."
        ),
        Flaw.NUMBER: _("This is not such a number. Copy it again."),
        Flaw.DEVICE_TWICE: _("One device stands twice here. Remove one."),
        Flaw.NOT_START_CODE: _(
            "This is not a start code. Write 4 to 20 letters and digits; hyphens do not count."
        ),
        Flaw.NOT_MATCHING_ID: _(
            "This is not a matching ID. Write the third part of the eSIM activation code: "
            "capital letters, digits and hyphens."
        ),
        Flaw.NOT_CODE: _(
            "“%(value)s” is not a code. Write 2 to 32 capital letters, digits and hyphens."
        ),
        Flaw.NOT_WORD: _(
            "“%(value)s” is not a short name. Write 2 to 32 small letters, digits and hyphens, "
            "a letter first."
        ),
        Flaw.NOT_ZONE: _("“%(value)s” is not a time zone. Write it like Asia/Jakarta."),
        Flaw.NOT_CURRENCY: _("“%(value)s” is not a currency. Write its ISO 4217 code, like IDR."),
        Flaw.NOT_COUNTRY: _("“%(value)s” is not a country. Write its ISO 3166 code, like ID."),
        Flaw.NOT_LANGUAGE: _("“%(value)s” is not offered. Write one of: %(choices)s."),
        Flaw.NOT_EMAIL: _("This is not an e-mail address. Write it like name@example.org."),
        Flaw.NOT_PHONE: _(
            "This is not a telephone number in international form. Write it like +62 21 555 0100."
        ),
        Flaw.NOT_HOST: _("“%(value)s” is not a host name. Write it like rsp.example.org."),
        Flaw.NOT_SENDER: _(
            "“%(value)s” is not a sender name for SMS. Write 3 to 11 letters and digits, or a "
            "number of 3 to 15 digits."
        ),
        Flaw.NOT_MOMENT: _(
            "“%(value)s” is not a time. Write it with its offset from UTC, like "
            "2026-11-01T09:00:00+07:00, or relative to the load, like load-12d06h."
        ),
        Flaw.NOT_PAST: _("“%(value)s” is in the future. Write a time before the load."),
        Flaw.NOT_BYTES: _(
            "“%(value)s” is not an amount of data. Write it like 500 MB or 30 GB (1 GB is "
            "1,000,000,000 bytes)."
        ),
        Flaw.NOT_PERCENT: _("“%(value)s” is not a percentage. Write it like 11%% or 7.5%%."),
        Flaw.NOT_HOURS: _(
            "“%(value)s” is not understood as opening hours. Write them like "
            "“Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off”, or 24/7."
        ),
        Flaw.NEEDS: _("This needs a value because “%(other)s” is %(value)s. Write one."),
        Flaw.NOT_WITH: _("This cannot stand here because “%(other)s” is %(value)s. Remove one."),
        Flaw.BOTH: _("This and “%(other)s” belong together. Write both, or neither."),
        Flaw.TWICE: _("“%(value)s” stands already in line %(first)s. Remove one of the two."),
        Flaw.VERSION_ORDER: _(
            "Version %(value)s does not begin after version %(before)s. Versions follow each "
            "other: give each a higher number and a later effective_from."
        ),
        Flaw.SUCCESSOR_UNKNOWN: _(
            "The successor “%(value)s” is not a plan of this file. Add it, or name another."
        ),
        Flaw.SUCCESSOR_LOOP: _(
            "The successors of “%(value)s” lead back to a retired plan. End with one still sold."
        ),
        Flaw.SUCCESSOR_PRICE: _(
            "The successor “%(value)s” has no price in %(currency)s, in which its holders pay. "
            "Add one."
        ),
        Flaw.REGION_UNKNOWN: _(
            "There is no region “%(value)s” in this file. Add it under regions, or write one of: "
            "%(choices)s."
        ),
        Flaw.WINDOW: _("The end is not after the beginning. Write a later end."),
        Flaw.NO_LIMIT: _("An offer without a limit is not accepted. Add a budget, like 500 uses."),
        Flaw.PLAN_UNKNOWN: _(
            "There is no plan “%(value)s”. Load it first, or write one of: %(choices)s."
        ),
        Flaw.PLAN_LATER: _(
            "The plan “%(value)s” was not sold yet at that time. Write a later time, or another "
            "plan."
        ),
        Flaw.CURRENCY_UNUSED: _(
            "The operator does not use %(value)s but %(choices)s. Write one of these, or add it "
            "to operator.yaml and load that first."
        ),
        Flaw.CURRENCY_KEPT: _("%(value)s is in use and cannot be left out. Write it here again."),
        Flaw.ZONE_UNKNOWN: _(
            "The database does not know the time zone “%(value)s”. Update its time zone data, or "
            "write another one."
        ),
        Flaw.VERSION_SOLD: _(
            "Version %(value)s has been sold and stays as it is, but here it differs "
            "(%(changed)s). Leave it, and add a version with the next number and a later "
            "effective_from."
        ),
        Flaw.FIXED: _("This was loaded as %(stored)s and stays so. Write that again."),
        Flaw.NOT_LIMITS: _(
            "Limits in %(value)s are the least and the most. Write them like [10, 500]."
        ),
        Flaw.OUTSIDE_LIMITS: _(
            "An amount in %(value)s lies outside of topup_limits. Change the amount or the limits."
        ),
        Flaw.LOWERED: _(
            "%(stored)s is booked already, and a file takes no money back. Write that, or more."
        ),
        Flaw.MSISDN_TAKEN: _(
            "Another card has this telephone number. Give each number to one card."
        ),
        Flaw.ICCID_TWICE: _("This card number stands twice in this file. Remove one of the two."),
        Flaw.CARD_UNKNOWN: _("There is no card %(value)s. Check the number, or load it first."),
        Flaw.CARD_HELD: _(
            "Somebody else holds this card. Remove it here until that person has given it up."
        ),
        Flaw.STORE_UNKNOWN: _("There is no store %(value)s. Check its code, or load it first."),
        Flaw.ROLE_ENDED: _("The office let this person go. Remove the line, or invite them there."),
        Flaw.NOT_STORED: _(
            "The database refuses this file (%(detail)s). Correct it, or report this sentence."
        ),
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One flaw at its place; `line` is counted from 1, 0 means the file as a whole."""

    file: str
    line: int
    field: str
    flaw: Flaw
    facts: Facts = dataclasses.field(default_factory=dict)
    template: str = ""

    @classmethod
    def of(cls, error: "FlawError", file: str, line: int, field: str = "") -> Self:
        """Give a flaw its place."""
        return cls(file, line, field, error.flaw, error.facts, error.template)

    def sentence(self, translate: Callable[[str], str] | None = None) -> str:
        """What is wrong and what to do, in the language of `translate` (English by default)."""
        template = self.template or SENTENCES[self.flaw]
        return (translate(template) if translate else template) % self.facts

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{self.field}: " if self.field else ""
        return f"{place}: {subject}{self.sentence()}"


class FlawError(ValueError):
    """Raised by the checks of single values; whoever knows the place makes it a problem."""

    def __init__(self, flaw: Flaw, **facts: str | int) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw
        self.facts = facts
        self.line = 0
        self.column = ""
        self.template = SENTENCES[flaw]

    def saying(self, template: str) -> Self:
        """Give the same error with a sentence that another module has worded."""
        self.template = template
        return self

    def on(self, column: str) -> Self:
        """Give the same error with the column that it is about."""
        self.column = column
        return self

    def at(self, line: int) -> Self:
        """Give the same error with the line where it was found, for flaws that stop the reading."""
        self.line = line
        return self


class Problems:
    """The problems of one load over all its files: the first ones in full, the rest counted."""

    __slots__ = ("_kept", "count", "kept_max")

    def __init__(self, kept_max: int = PROBLEMS_KEPT_MAX) -> None:
        self._kept: list[Problem] = []
        self.kept_max = kept_max
        self.count = 0

    def add(self, problem: Problem) -> None:
        """Keep the problem, or only count it when enough are kept."""
        self.count += 1
        if len(self._kept) < self.kept_max:
            self._kept.append(problem)

    @property
    def more(self) -> int:
        """How many problems were counted beyond those that are kept."""
        return self.count - len(self._kept)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._kept, key=lambda problem: (problem.file, problem.line)))

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.count > 0


def shown(value: str) -> str:
    """A value as it may stand in a sentence: bounded, and without what is invisible."""
    visible = "".join(letter if letter.isprintable() else "�" for letter in value[:VALUE_SHOWN_MAX])
    return visible + "…" if len(value) > VALUE_SHOWN_MAX else visible
