"""The gettext catalogues: what must be in them, bringing them up to date, and compiling them.

`python -m tests.catalogues` writes every sentence of the code into each .po file and compiles it to
the .mo beside it, both of which are committed, so nobody needs GNU gettext. Sentences without a
translation stay empty, and tests/test_locale.py fails until somebody fills them.
"""

import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

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
}
PASSED_BY: Final = ("simulators/",)
"""The outside has its own words, in simulators/pages."""

WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""One date for ever, so that a catalogue changes only when its sentences do."""

Key = str | tuple[str, str]
"""A sentence, or its singular and plural."""


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
    for _line, message, _comments, _context in extract(
        "python", io.BytesIO(text.encode()), keywords=KEYWORDS
    ):
        yield message if isinstance(message, str) else (message[0], message[1])


def in_template(text: str) -> Iterator[Key]:
    """Find the sentences of a template, as Django itself reads it."""
    from django.template import engines
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    template = engines["django"].engine.from_string(text)  # type: ignore[attr-defined]
    for node in template.nodelist.get_nodes_by_type(TranslateNode):
        yield str(node.filter_expression.var.literal)
    for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
        singular = node.render_token_list(node.singular)[0]
        yield (singular, node.render_token_list(node.plural)[0]) if node.plural else singular


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
        copyright_holder="Everline",
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        last_translator="Everline",
        language_team=locale,
        fuzzy=False,
        header_comment="# The words of docs/glossary.md; `python -m tests.catalogues` brings the\n"
        "# keys up to date and compiles.",
    )
    for key, places in sorted(sentences().items(), key=lambda each: (each[1][0], str(each[0]))):
        kept = old.get(key if isinstance(key, str) else key[0])
        new.add(key, kept.string if kept else "", locations=[(place, 0) for place in places])
    return new


def main() -> None:
    """Bring every catalogue up to date, compile it, and list what lacks a translation."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everline.config.settings")
    import django

    django.setup()
    for locale in LOCALES:
        catalogue = renewed(locale)
        path(locale).parent.mkdir(parents=True, exist_ok=True)
        with path(locale).open("wb") as file:
            write_po(file, catalogue, width=98, include_lineno=False)
        text = path(locale).read_text(encoding="utf-8").rstrip("\n") + "\n"
        path(locale).write_text(text, encoding="utf-8")
        path(locale, "mo").write_bytes(compiled(read(locale)))
        for message in catalogue:
            if message.id and not any(strings(message.string)):
                sys.stdout.write(f"{locale}: {message.id}\n")


def strings(translated: str | tuple[str, ...] | list[str]) -> list[str]:
    """Give the forms of a translation as a list."""
    return [translated] if isinstance(translated, str) else list(translated)


if __name__ == "__main__":
    main()
