"""A receipt printer as far as our slips need one: it reads ESC/POS bytes and tells what came out.

It knows the commands that we send and stops at any other, so that nothing unread slips through.
"""

from dataclasses import dataclass, field

from PIL import Image

ESC, GS = 0x1B, 0x1D


@dataclass
class Paper:
    """What came out: lines of text, pictures of lines, QR codes, in their order."""

    out: list[str | Image.Image] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    pictures: list[Image.Image] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    starts: int = 0
    cuts: int = 0
    page: int | None = None


def read(data: bytes) -> Paper:
    """Print bytes; an unknown command is an assertion."""
    paper, place, pending = Paper(), 0, bytearray()
    while place < len(data):
        byte = data[place]
        if byte == 0x0A:
            _line(paper, pending)
            place += 1
        elif byte == ESC:
            place += _escape(paper, data[place:])
        elif byte == GS:
            place += _group(paper, data[place:])
        else:
            assert byte >= 0x20, hex(byte)
            pending.append(byte)
            place += 1
    assert not pending
    return paper


def _line(paper: Paper, pending: bytearray) -> None:
    if pending:
        text = bytes(pending).decode("cp858")
        paper.texts.append(text)
        paper.out.append(text)
        pending.clear()


def _escape(paper: Paper, data: bytes) -> int:
    command = chr(data[1])
    if command == "@":
        paper.starts += 1
        return 2
    if command == "t":
        paper.page = data[2]
        return 3
    assert command in "aE-!MGd{3", data[:4]
    return 3


def _group(paper: Paper, data: bytes) -> int:
    command = chr(data[1])
    if command == "V":
        paper.cuts += 1
        return 3 if data[2] in {0, 1} else 4
    if command == "(":
        size = int.from_bytes(data[3:5], "little")
        body = data[5 : 5 + size]
        if body[:3] == b"1P0":
            paper.codes.append(body[3:].decode())
            paper.out.append(body[3:].decode())
        return 5 + size
    if command == "v":
        width, height = (int.from_bytes(data[at : at + 2], "little") for at in (4, 6))
        bits = data[8 : 8 + width * height]
        inverted = bytes(byte ^ 0xFF for byte in bits)
        picture = Image.frombytes("1", (width * 8, height), inverted)
        paper.pictures.append(picture)
        paper.out.append(picture)
        return 8 + width * height
    assert command in "!bB", data[:4]
    return 3
