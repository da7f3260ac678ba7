"""Identifiers: ours sort by time and survive the way out and in; theirs keep their rule."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given, strategies as st
from stdnum import imei, luhn
from stdnum.iso7064 import mod_97_10

from everline import ids
from everline.ids import Eid, Iccid, Imei, InvalidNumberError, Msisdn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=2_900_000)).map(lambda since: EPOCH + since)
PREFIXES = st.sampled_from(ids.PREFIXES)
ICCID, EID, IMEI = "8944110068256270054", "89049032123451234512345678901235", "352099001761481"
DIGITS = "0123456789"


def digits(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=low, max_size=high)


ICCIDS = digits(17, 19).map(lambda body: body + ids.luhn_digit(body))
EIDS = digits(30, 30).map(lambda body: body + ids.mod97_digits(body))
IMEIS = digits(14, 14).map(lambda body: body + ids.luhn_digit(body))


# Our own.


@given(INSTANTS)
def test_a_uuid7_carries_its_milliseconds_version_and_variant(at: datetime) -> None:
    made = ids.uuid7(at)

    assert made.version == 7
    assert made.variant == RFC_4122
    assert EPOCH + timedelta(milliseconds=made.int >> 80) == at - timedelta(
        microseconds=at.microsecond % 1000
    )


@given(INSTANTS, INSTANTS)
def test_ids_sort_as_their_milliseconds_do(one: datetime, other: datetime) -> None:
    first, second = ids.uuid7(one), ids.uuid7(other)

    if first.int >> 80 != second.int >> 80:
        assert (first < second) == (one < other)
        assert (str(first) < str(second)) == (one < other)
        assert (ids.outside("rnw", first) < ids.outside("rnw", second)) == (one < other)


def test_every_other_bit_of_a_uuid7_is_by_chance() -> None:
    made = [ids.uuid7(EPOCH).int for _time in range(300)]
    ever_one, ever_zero = 0, 0
    for number in made:
        ever_one |= number
        ever_zero |= ~number
    chance = (1 << 80) - 1 & ~(0xF << 76) & ~(0x3 << 62)

    assert len(set(made)) == len(made)
    assert ever_one & ever_zero & (1 << 128) - 1 == chance


def test_an_id_takes_its_time_from_any_zone() -> None:
    at = datetime.fromisoformat("2026-12-21T14:05:00+07:00")

    assert ids.uuid7(at).int >> 80 == 1_797_836_700_000


def test_an_id_needs_an_instant_from_1970_on() -> None:
    with pytest.raises(ValueError, match="1970"):
        ids.uuid7(EPOCH - timedelta(microseconds=1))
    with pytest.raises(TypeError):
        ids.uuid7(datetime(2026, 1, 1))  # noqa: DTZ001 a naive time is the point


@given(PREFIXES, st.uuids())
def test_an_id_survives_the_way_out_and_in(prefix: ids.Prefix, inner: UUID) -> None:
    text = ids.outside(prefix, inner)

    assert text[:4] == f"{prefix}_"
    assert len(text) == 30
    assert not set(text[4:]) & set("ilou")
    assert ids.inside(prefix, text) == inner
    assert ids.inside(prefix, f" {text.upper()}\n") == inner
    assert ids.inside(prefix, text[:4] + text[4:].replace("1", "l").replace("0", "O")) == inner


def test_the_ends_of_the_range() -> None:
    assert ids.outside("pay", UUID(int=0)) == "pay_" + "0" * 26
    assert ids.outside("pay", UUID(int=2**128 - 1)) == "pay_7" + "z" * 25


def test_each_prefix_is_its_own() -> None:
    assert len(set(ids.PREFIXES)) == len(ids.PREFIXES)
    assert all(len(prefix) == 3 and prefix.isalpha() for prefix in ids.PREFIXES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pay_" + "0" * 26, "begins with pay_. Send the one that begins with rnw_"),
        ("xyz_" + "0" * 26, "it begins with rnw_"),
        ("0" * 26, "it begins with rnw_"),
        ("", "it begins with rnw_"),
        ("rnw", "has 26 letters and digits"),
        ("rnw_", "has 26 letters and digits"),
        ("rnw_" + "0" * 25, "has 26 letters and digits"),
        ("rnw_" + "0" * 27, "has 26 letters and digits"),
        ("rnw_8" + "0" * 25, "has 26 letters and digits"),
        ("rnw_" + "u" * 26, "has 26 letters and digits"),
        ("rnw_" + "٣" * 26, "has 26 letters and digits"),
        ("rnw_" + "0" * 200, "too long"),
        ("0198c3d2-7a3b-7e11-8f00-000000000000", "it begins with rnw_"),
    ],
)
def test_what_is_not_an_id_says_how_to_mend_it(text: str, sentence: str) -> None:
    with pytest.raises(InvalidNumberError) as caught:
        ids.inside("rnw", text)

    assert caught.value.field == "id"
    assert sentence in caught.value.sentence
    assert caught.value.template % caught.value.facts == caught.value.sentence


@given(st.randoms(use_true_random=False))
def test_a_spoken_code_has_no_look_alikes(source: random.Random) -> None:
    code = ids.spoken_code(source)

    assert len(code) == 8
    assert not set(code) & set("01258BILOSUZ")
    assert code.isascii()
    assert code == code.upper()


def test_spoken_codes_use_every_sign_and_follow_their_source() -> None:
    codes = [ids.spoken_code(random.Random(seed)) for seed in range(200)]

    assert set("".join(codes)) == set(ids.SPOKEN_ALPHABET)
    assert codes == [ids.spoken_code(random.Random(seed)) for seed in range(200)]
    assert len(set(codes)) == len(codes)


# Those of cards, chips, devices and lines.


@given(digits(0, 40))
def test_luhn_agrees_with_stdnum(body: str) -> None:
    assert ids.luhn_digit(body) == luhn.calc_check_digit(body)


@given(digits(1, 40))
def test_mod_97_agrees_with_stdnum(body: str) -> None:
    assert ids.mod97_digits(body) == mod_97_10.calc_check_digits(body)


@pytest.mark.parametrize("iccid", [ICCID, "89014103211118510720", "894411006825627009"])
def test_known_card_numbers(iccid: str) -> None:
    assert Iccid.parse(iccid) == iccid


@pytest.mark.parametrize(
    "eid", [EID, "89044045116727494800000004479366", "89086030202200000022000023022943"]
)
def test_known_eids(eid: str) -> None:
    assert Eid.parse(eid) == eid


def test_known_devices() -> None:
    assert Imei.parse("35-209900-176148-1") == IMEI == imei.validate(IMEI)
    assert Imei.parse("35/209900/176148/23") == "3520990017614823"
    assert Imei.parse(IMEI).body == Imei.parse("3520990017614823").body == "35209900176148"


@given(ICCIDS)
def test_every_card_number_with_its_check_digit_is_read(number: str) -> None:
    assert Iccid.parse(number) == number
    assert luhn.is_valid(number)


@given(st.one_of(ICCIDS, IMEIS, EIDS), st.data())
def test_every_single_wrong_digit_is_found(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([x for x in DIGITS if x != number[place]]))
    wrong = number[:place] + other + number[place + 1 :]

    with pytest.raises(InvalidNumberError, match="one digit is wrong or two are swapped"):
        parser_of(number)(wrong)


@given(st.one_of(ICCIDS, IMEIS, EIDS), st.data())
def test_two_swapped_neighbours_are_found(number: str, data: st.DataObject) -> None:
    """Luhn misses 09 and 90 alone; MOD 97-10 misses nothing."""
    place = data.draw(st.integers(0, len(number) - 2))
    left, right = number[place], number[place + 1]
    wrong = number[:place] + right + left + number[place + 2 :]
    missed = left == right or (len(number) != 32 and {left, right} == {"0", "9"})

    if missed:
        assert parser_of(number)(wrong) == wrong
    else:
        with pytest.raises(InvalidNumberError, match="one digit is wrong or two are swapped"):
            parser_of(number)(wrong)


def parser_of(number: str) -> Callable[[str], str]:
    """Tell by its length how a number is read."""
    return {15: Imei.parse, 32: Eid.parse}.get(len(number), Iccid.parse)


def full_width(number: str) -> str:
    return "".join(chr(ord("０") + int(digit)) for digit in number)


@given(st.one_of(ICCIDS, IMEIS, EIDS), st.data())
def test_what_people_put_between_the_digits_is_dropped(number: str, data: st.DataObject) -> None:
    parse = parser_of(number)
    typed = ""
    for digit in number:
        typed += data.draw(st.sampled_from(["", "", " ", "-", "–", "\t", "\u00a0", "\u200b"]))
        typed += digit

    assert parse(typed) == number
    assert parse(full_width(number)) == number
    assert parse("".join(chr(ord("٠") + int(digit)) for digit in number)) == number


def test_the_filler_of_a_chip_is_dropped() -> None:
    assert Iccid.parse(ICCID + "F") == Iccid.parse(ICCID + "f") == ICCID
    for wrong in (ICCID + "FF", ICCID + "G", "F" + ICCID, "89014103211118510720F"):
        with pytest.raises(InvalidNumberError, match="Only digits"):
            Iccid.parse(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+62 812-5550-100", "+628125550100"),
        ("0062 (812) 5550.100", "+628125550100"),
        ("＋６２８１２５５５０１００", "+628125550100"),
        ("+12345678", "+12345678"),
        ("+882351234567890", "+882351234567890"),
        ("\u202a+628125550100\u202c", "+628125550100"),
    ],
)
def test_how_telephone_numbers_are_read(text: str, expected: str) -> None:
    assert Msisdn.parse(text) == expected


@given(st.integers(1, 9), digits(7, 14))
def test_any_8_to_15_digits_after_a_plus_are_a_number(first: int, rest: str) -> None:
    assert Msisdn.parse(f"+{first}{rest}") == Msisdn.parse(f"00{first}{rest}") == f"+{first}{rest}"


WRONG: list[tuple[Any, str, str]] = [
    (Iccid, "89441100682562700", "18 to 20 digits, this one has 17"),
    (Iccid, "894411006825627005412", "18 to 20 digits, this one has 21"),
    (Iccid, "", "18 to 20 digits, this one has 0"),
    (Iccid, "8944110068256270055", "The length is right (19 digits)"),
    (Iccid, "894411006825627OO54", "Only digits"),
    (Iccid, "+8944110068256270054", "Only digits"),
    (Iccid, "8944110068256270054²x", "Only digits"),
    (Iccid, "9" * 101, "too long"),
    (Iccid, " " * 101, "too long"),
    (Eid, EID[:-1], "32 digits, this one has 31"),
    (Eid, EID[:-1] + "6", "The length is right (32 digits)"),
    (Eid, "x" * 32, "Only digits"),
    (Imei, IMEI[:-1], "15 digits, this one has 14"),
    (Imei, IMEI + "11", "15 digits, this one has 17"),
    (Imei, IMEI[:-1] + "2", "The length is right (15 digits)"),
    (Msisdn, "08125550100", "with + and the country's code"),
    (Msisdn, "628125550100", "with + and the country's code"),
    (Msisdn, "+0812555010", "with + and the country's code"),
    (Msisdn, "+62+8125550", "with + and the country's code"),
    (Msisdn, "", "with + and the country's code"),
    (Msisdn, "+", "with + and the country's code"),
    (Msisdn, "+1234567", "8 to 15 digits after the +, this one has 7"),
    (Msisdn, "+1234567890123456", "8 to 15 digits after the +, this one has 16"),
    (Msisdn, "+1-800-FLOWERS", "Only digits"),
]


@pytest.mark.parametrize(("kind", "text", "sentence"), WRONG)
def test_what_is_wrong_is_named_with_its_remedy(kind: Any, text: str, sentence: str) -> None:
    with pytest.raises(InvalidNumberError) as caught:
        kind.parse(text)

    error = caught.value
    assert error.field == kind.__name__.lower()
    assert sentence in error.sentence
    assert error.template % error.facts == error.sentence == str(error)
    if len(text) > 2:
        assert text not in error.sentence


@given(st.sampled_from([Iccid, Eid, Imei, Msisdn]), st.text(max_size=110))
def test_any_text_is_a_number_or_a_clear_error(kind: Any, text: str) -> None:
    try:
        number = kind.parse(text)
    except InvalidNumberError:
        return
    assert kind.parse(number) == number


def test_masks_show_the_ends_alone() -> None:
    assert Iccid.parse(ICCID).masked == "8944 •••• •••• 0054"
    assert Eid.parse(EID).masked == "8904 •••• •••• 1235"
    assert Imei.parse(IMEI).masked == "3520 •••• •••• 1481"
    assert Msisdn.parse("+62812555010").masked == "•••• •••• 010"


def test_no_number_is_whole_in_a_repr() -> None:
    card = Iccid.parse(ICCID)

    assert f"{[card]} {card!r}" == "[Iccid('8944 •••• •••• 0054')] Iccid('8944 •••• •••• 0054')"
    assert f"{card}" == ICCID
    assert type(str(card)) is str
