"""Reading the words of a PDF of ours back: as little of ISO 32000 as its one writer needs."""

import re
import zlib
from typing import Final

STREAM: Final = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
SHOWN: Final = re.compile(rb"/(f\d+) [\d.]+ Tf|\[((?:\((?:\\.|[^\\)])*\)|[^\]()])*)\]TJ", re.DOTALL)
STRING: Final = re.compile(rb"\(((?:\\.|[^\\)])*)\)", re.DOTALL)
ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
NAMED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words(pdf: bytes) -> str:
    """Give the text of all pages, as it is drawn, with blanks as they were set."""
    letters = {
        name: _letters(pdf, int(number))
        for fonts in re.findall(rb"/Font<<(.*?)>>", pdf)
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", fonts)
    }
    said = []
    for page in STREAM.findall(pdf):
        drawn = _inflated(page)
        if b"TJ" not in drawn:
            continue
        font = b""
        for chosen, shown in SHOWN.findall(drawn):
            font = chosen or font
            codes = b"".join(map(_plain, STRING.findall(shown)))
            pairs = [codes[at : at + 2] for at in range(0, len(codes), 2)]
            said.append("".join(letters[font].get(pair, "?") for pair in pairs))
    return " ".join(" ".join(said).split())


def _letters(pdf: bytes, font: int) -> dict[bytes, str]:
    """Read which letter each code of a font is (ToUnicode)."""
    map_number = re.search(rb"/ToUnicode (\d+) 0 R", _object(pdf, font))
    assert map_number is not None
    found = STREAM.search(_object(pdf, int(map_number[1])))
    assert found is not None
    pairs = re.findall(rb"<(\w{4})> <(\w+)>", _inflated(found[1]))
    return {
        bytes.fromhex(code.decode()): bytes.fromhex(letter.decode()).decode("utf-16-be")
        for code, letter in pairs
    }


def _object(pdf: bytes, number: int) -> bytes:
    found = re.search(rb"(?:^|\n)%d 0 obj\n(.*?)\nendobj" % number, pdf, re.DOTALL)
    assert found is not None
    return found[1]


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def _plain(string: bytes) -> bytes:
    return ESCAPE.sub(
        lambda found: (
            bytes([int(found[1], 8)]) if found[1].isdigit() else NAMED.get(found[1], found[1])
        ),
        string,
    )
