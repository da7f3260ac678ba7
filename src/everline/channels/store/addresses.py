"""Parts of the till's addresses: ids as they stand on slips. Who may open them the till proves."""

from typing import ClassVar
from uuid import UUID

from django.urls import register_converter

from everline import ids


class _Outside:
    """Turns an id as callers see it into a UUID, and back; a wrong one is not found."""

    prefix: ClassVar[ids.Prefix]

    def to_python(self, value: str) -> UUID:
        """Read an id. Raises ValueError, which Django answers with 404."""
        return ids.inside(self.prefix, value)

    def to_url(self, value: UUID) -> str:
        """Write an id."""
        return ids.outside(self.prefix, value)


class TillCard(_Outside):
    """`<till_card:…>`."""

    prefix = "crd"
    regex = r"crd_[0-9a-z]{26}"


class TillRenewal(_Outside):
    """`<till_renewal:…>`."""

    prefix = "rnw"
    regex = r"rnw_[0-9a-z]{26}"


class TillTopUp(_Outside):
    """`<till_top_up:…>`."""

    prefix = "top"
    regex = r"top_[0-9a-z]{26}"


def register() -> None:
    """Make the converters known to Django's addresses."""
    register_converter(TillCard, "till_card")
    register_converter(TillRenewal, "till_renewal")
    register_converter(TillTopUp, "till_top_up")
