"""The operator's look: one file is read, a bad field is named with its fix, a hostile logo refused.

Whether its colours can be read is in test_colours.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from everline.config.plugs import plug_in
from everline.pages import drawings, look
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")  # No static files are needed.

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><defs>'
    '<linearGradient id="a"><stop offset="0" stop-color="#0a7"/></linearGradient></defs>'
    '<path d="M0 0h8v8z" fill="url(#a)"/></svg>'
)
HOSTILE = {
    "script": ('<path d="M0 0h8v8z"', "<script>alert(1)</script><path ", "remove <script>"),
    "event": ("<path ", '<path onload="alert(1)" ', "attribute onload of <path>"),
    "link": ("<path ", '<path href="https://evil.example/" ', "attribute href of <path>"),
    "other link": (
        "<path ",
        '<path xmlns:x="http://www.w3.org/1999/xlink" x:href="#a" ',
        "attribute href of <path>",
    ),
    "foreign picture": ("<path ", '<image width="9"/><path ', "remove <image>"),
    "used from elsewhere": ("<path ", "<use/><path ", "remove <use>"),
    "page inside": ("<path ", "<foreignObject/><path ", "remove <foreignObject>"),
    "html inside": ("<path ", '<b xmlns="http://www.w3.org/1999/xhtml"/><path ', "remove <b>"),
    "style sheet": ("<path ", "<style>@import 'x'</style><path ", "remove <style>"),
    "style": ("<path ", '<path style="fill:url(//evil.example)" ', "attribute style"),
    "moving": ("<path ", '<animate attributeName="d"/><path ', "remove <animate>"),
    "foreign reference": ("url(#a)", "url(https://evil.example/a.svg#a)", "may point only"),
    "hidden reference": ("url(#a)", "\\75 rl(//evil.example)", "may point only"),
    "base": ("<svg ", '<svg xml:base="https://evil.example/" ', "attribute base of <svg>"),
    "doctype": ("<svg ", "<!DOCTYPE svg SYSTEM 'http://evil.example/x.dtd'><svg ", "DOCTYPE"),
    "entities": ("<svg ", '<!DOCTYPE a [<!ENTITY b "c">]><svg ', "ENTITY"),
    "style by instruction": ("<svg ", '<?xml-stylesheet href="x.css"?><svg ', "instructions"),
    "no svg": ("<svg ", "<html ", "no SVG"),
    "no namespace": ('xmlns="http://www.w3.org/2000/svg" ', "", "first element"),
    "no box": ('viewBox="0 0 8 8"', "", "viewBox"),
    "cut": ("</svg>", "", "no SVG"),
    "huge": ("<path ", "<!--" + "x" * 70_000 + "--><path ", "too many"),
    "many": ("<path ", "<g/>" * 2_001 + "<path ", "simplify"),
}


@pytest.fixture
def brand(tmp_path: Path) -> Path:
    (tmp_path / "logo.svg").write_text(LOGO)
    file = tmp_path / "brand.yaml"
    file.write_text('name: 青鸟通信\nlogo: logo.svg\naccent: "#00A86B"\nsecond: "#f0b429"\n')
    return file


@pytest.fixture
def dressed(world: World, brand: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(settings, "BRAND_FILE", str(brand))
    plug_in()
    yield Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    look.install(look.Look())


def test_a_look_dresses_every_page(dressed: Client) -> None:
    version = look.installed().version
    page = dressed.get("/").content.decode()
    assert "青鸟通信" in page
    assert "Testline" not in page
    assert f'href="/look.css?{version}"' in page
    assert page.count(f'"/mark.svg?{version}"') == 2
    sheet = dressed.get(f"/look.css?{version}")
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert sheet["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "--brand: #027e4f;" in sheet.content.decode()
    mark = dressed.get(f"/mark.svg?{version}")
    assert mark.content.decode() == LOGO
    assert mark["Content-Type"] == "image/svg+xml"
    assert mark["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert dressed.get("/look.css?older")["Cache-Control"] == "public, max-age=3600"


def test_a_page_for_what_went_wrong_is_dressed_too(dressed: Client) -> None:
    page = dressed.get("/nothing").content.decode()
    assert "青鸟通信" in page
    assert "/look.css?" in page


def test_without_a_logo_ours_wears_the_accent(world: World) -> None:
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    try:
        look.install(look.Look("", b"", *look.tokens("#00a86b", "")))
        page = client.get("/").content.decode()
        mark = client.get(f"/mark.svg?{look.installed().version}").content.decode()
    finally:
        look.install(look.Look())
    assert page.count('"/mark.svg?') == 2
    assert 'fill="#027e4f"' in mark
    assert "#2447d8" not in mark


def test_without_a_look_nothing_more_is_loaded(world: World) -> None:
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    page = client.get("/").content.decode()
    assert "Testline" in page
    assert "look.css" not in page
    assert b"#2447d8" in client.get("/mark.svg").content


@pytest.mark.parametrize(
    ("line", "field", "advice"),
    [
        ('accent: "#ffcc00"', "accent", r"1\.5:1 where 4\.5:1 is needed\. Use a darker one, such"),
        ("accent: blue", "accent", "six digits in quotes"),
        ("accent: #2447d8", "accent", "six digits in quotes"),
        ("accent: 123456", "accent", "six digits in quotes"),
        ('second: "#000000"', "second", "can hardly be seen on #171b22"),
        ("logo: ../logo.png", "logo", "path of an SVG file"),
        ("logo: lost.svg", "logo", "cannot be read"),
        ("name: [a]", "name", "at most 40 characters"),
        (f"name: {'x' * 41}", "name", "at most 40 characters"),
        ("colour: blue", "colour", "Use name, logo, accent, second"),
        ("- a", "", "holds no fields"),
        ("a: [", "", "no YAML"),
    ],
)
def test_a_wrong_field_is_named_with_its_fix(
    tmp_path: Path, line: str, field: str, advice: str
) -> None:
    file = tmp_path / "brand.yaml"
    file.write_text(f"{line}\n")
    with pytest.raises(look.BrandError, match=advice) as caught:
        look.read(file)
    assert caught.value.field_name == field
    assert "\n" not in caught.value.sentence


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(look.BrandError, match=r"EVERLINE_BRAND_FILE: .*lost\.yaml cannot be read"):
        look.read(tmp_path / "lost.yaml")


def test_an_empty_look_is_ours(tmp_path: Path) -> None:
    file = tmp_path / "brand.yaml"
    file.write_text("name: Senandi\n")
    found = look.read(file)
    assert (found.name, found.css, found.mark) == ("Senandi", "", b"")


def test_a_plain_logo_is_taken_as_it_is() -> None:
    assert drawings.checked(LOGO.encode()) == LOGO.encode()
    ours = Path(drawings.__file__).parent / "static" / "pages" / "mark.svg"
    assert drawings.checked(ours.read_bytes())


@pytest.mark.parametrize("harm", HOSTILE)
def test_a_hostile_logo_is_refused_and_says_what_to_remove(brand: Path, harm: str) -> None:
    before, after, told = HOSTILE[harm]
    (brand.parent / "logo.svg").write_text(LOGO.replace(before, after, 1))
    with pytest.raises(look.BrandError, match="logo: ") as caught:
        look.read(brand)
    assert told in caught.value.sentence


@pytest.mark.parametrize("drawing", [b"\xff\xfe<\0s\0v\0g\0", b"", b"\0", "<é/>".encode("latin-1")])
def test_bytes_that_are_no_text_are_refused(drawing: bytes) -> None:
    with pytest.raises(drawings.UnsafeError):
        drawings.checked(drawing)
