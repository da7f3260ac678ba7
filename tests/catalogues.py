"""The gettext catalogues: what must be in them, bringing them up to date, and compiling them.

`make words` writes every sentence of the code into each .po file and compiles it to the .mo beside
it, both of which are committed, so nobody needs GNU gettext. Sentences without a translation stay
empty and are listed, and tests/test_locale.py fails until somebody fills them.
"""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tests.tidy.rule import ROOT, SOURCE

LOCALES: Final = ("zh_Hans", "id")
"""Every language but English, whose sentences are the keys."""

KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
"""How a sentence is marked, and which arguments hold it."""

PASSED_BY: Final = ("simulators/", "pages/templates/pages/design.html")
"""The outside has its own words, in simulators/pages; builders read the design in English."""

ONE_FORM: Final = "nplurals=1; plural=0;"
"""Chinese and Indonesian have no plural; Django's own catalogues of both say so too."""

WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""One date for ever, so that a catalogue changes only when its sentences do."""

Key = tuple[str, str | tuple[str, str]]
"""A context, mostly empty, and a sentence, or its singular and plural."""


def path(locale: str, ending: str = "po") -> Path:
    """Tell where a catalogue stands."""
    return ROOT / SOURCE / "locale" / locale / "LC_MESSAGES" / f"django.{ending}"


def sentences() -> dict[Key, list[str]]:
    """Find every sentence of the code and templates, with the files that say it."""
    found: dict[Key, list[str]] = {}
    for file in sorted((ROOT / SOURCE).rglob("*")):
        place = file.relative_to(ROOT / SOURCE).as_posix()
        if file.suffix not in {".py", ".html", ".txt"} or place.startswith(PASSED_BY):
            continue
        text = file.read_text(encoding="utf-8")
        for key in in_python(text) if file.suffix == ".py" else in_template(text):
            places = found.setdefault(key, [])
            if place not in places:
                places.append(place)
    return found


def in_python(text: str) -> Iterator[Key]:
    """Find the sentences of a module."""
    for _line, message, _comments, context in extract(
        "python", io.BytesIO(text.encode()), keywords=KEYWORDS
    ):
        sentence = message if isinstance(message, str) else (message[-2], message[-1])
        yield context or "", sentence


def in_template(text: str) -> Iterator[Key]:
    """Find the sentences of a template, as Django's own extraction does."""
    lines = templatize(text).splitlines()
    return in_python("\n".join(line.strip() for line in lines))


def read(locale: str) -> Catalog:
    """Read a catalogue; an empty one where there is none yet."""
    if not path(locale).exists():
        return Catalog(locale=locale)
    with path(locale).open("rb") as file:
        return read_po(file, locale=locale)


def compiled(catalogue: Catalog) -> bytes:
    """Compile a catalogue, as gettext reads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def renewed(locale: str) -> Catalog:
    """Give the catalogue with exactly the sentences of the code, and the translations it has."""
    old = read(locale)
    new = Catalog(
        locale=locale,
        project="Everline",
        version="",
        copyright_holder="Everline",
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        last_translator="Everline",
        language_team=locale,
        fuzzy=False,
        header_comment="# The words of docs/glossary.md; `make words` brings the keys up to date\n"
        "# and compiles.",
    )
    new.mime_headers = [("Plural-Forms", ONE_FORM)]
    for key, places in sorted(sentences().items(), key=lambda each: (each[1][0], str(each[0]))):
        context, sentence = key
        kept = old.get(sentence if isinstance(sentence, str) else sentence[0], context or None)
        forms = [form for form in strings(kept.string) if form] if kept else []
        plural = not isinstance(sentence, str)
        new.add(
            sentence,
            (forms[:1] or [""]) if plural else (forms or [""])[0],
            locations=[(place, 0) for place in places],
            context=context or None,
        )
    return new


def write(locale: str, catalogue: Catalog) -> None:
    """Write a catalogue and what it compiles to."""
    file = io.BytesIO()
    write_po(file, catalogue, width=98, include_lineno=False)
    path(locale).parent.mkdir(parents=True, exist_ok=True)
    path(locale).write_bytes(file.getvalue().rstrip(b"\n") + b"\n")
    path(locale, "mo").write_bytes(compiled(read(locale)))


def main() -> None:
    """Bring every catalogue up to date, compile it, and list what lacks a translation."""
    for locale in LOCALES:
        catalogue = renewed(locale)
        write(locale, catalogue)
        for message in catalogue:
            if message.id and not all(strings(message.string)):
                sys.stdout.write(f"{locale}: {message.id}\n")


def english(message: Message) -> list[str]:
    """Give the English of a message: one sentence, or singular and plural."""
    return strings(message.id)


def strings(said: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """Give the forms of a sentence or of its translation as a list."""
    return [said] if isinstance(said, str) else list(said or ())


if __name__ == "__main__":
    main()
