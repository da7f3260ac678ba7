"""Requests and answers as plain values, between server.py and those who answer.

Nothing here listens or decides. Whatever a caller sends is read through the small readers below,
each of which names the field that is wrong.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

BODY_BYTES_MAX: Final = 65_536
TEXT_MAX: Final = 500
AMOUNT_MAX: Final = 10**15


class ProblemError(Exception):
    """A request that is answered with an error: an HTTP status, a stable code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `is_cut` closes the connection without a word instead."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What came in, the header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; anything else is a problem."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ProblemError(400, "body_not_json", "The body must be one JSON object.")
        return value

    def form(self) -> dict[str, str]:
        """Return the body as the fields of a form."""
        text = self.body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=20))

    def keys(self) -> frozenset[str]:
        """Return every name this request goes by, which faults are matched against."""
        names = {self.headers.get("idempotency-key", ""), *self.query.values()}
        names.add(self.path.rpartition("/")[2])
        if self.body.startswith(b"{"):
            names.update(value for value in self.json().values() if isinstance(value, str))
        return frozenset(names - {""})


CUT: Final = Answer(0, is_cut=True)


def answer(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode())


def problem(error: ProblemError) -> Answer:
    """Answer with an error."""
    return answer({"error": {"code": error.code, "message": error.message}}, error.status)


def text(values: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Read a text of 1 to 500 signs; a default makes it optional."""
    value = values.get(name, default)
    if not isinstance(value, str) or len(value) > TEXT_MAX or (not value and default is None):
        raise ProblemError(400, f"{name}_invalid", f"'{name}' must be a text of 1 to 500 signs.")
    return value


def flag(values: Mapping[str, Any], name: str) -> bool:
    """Read a yes or no, which is no when it is missing."""
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise ProblemError(400, f"{name}_invalid", f"'{name}' must be true or false.")
    return value


def whole(values: Mapping[str, Any], name: str, least: int, default: int | None = None) -> int:
    """Read a whole number of at least `least`; a default makes it optional."""
    value = values.get(name, default)
    if type(value) is not int or not least <= value <= AMOUNT_MAX:
        message = f"'{name}' must be a whole number from {least} to {AMOUNT_MAX}."
        raise ProblemError(400, f"{name}_invalid", message)
    return value


def instant_ms(values: Mapping[str, Any], name: str) -> int:
    """Read an ISO 8601 instant with its offset, as milliseconds since 1970."""
    try:
        moment = datetime.fromisoformat(text(values, name))
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 -- stands for "not an instant" in the next line
    if moment.tzinfo is None:
        message = f"'{name}' must be an ISO 8601 instant with an offset."
        raise ProblemError(400, f"{name}_invalid", message)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND


def address(values: Mapping[str, Any], name: str) -> str:
    """Read an absolute http(s) address, or nothing."""
    value = text(values, name, "")
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or "\n" in value):
        message = f"'{name}' must be an absolute http or https address."
        raise ProblemError(400, f"{name}_invalid", message)
    return value


_MILLISECOND: Final = datetime(1970, 1, 1, microsecond=1000) - datetime(1970, 1, 1)  # noqa: DTZ001
