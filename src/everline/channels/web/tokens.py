"""Parts of addresses that name cards, renewals and top-ups; how they are signed is in trust.

A receipt's number alone opens the receipt, as notices link it: whoever has one holds the receipt
already.
"""

from typing import ClassVar
from uuid import UUID

from django.urls import register_converter

from everline import ids
from everline.trust import addresses


class _Converter:
    """Turns a part of an address into the id of something, and back; a wrong one is not found."""

    prefix: ClassVar[ids.Prefix]
    purpose: ClassVar[str] = addresses.SEEING

    def to_python(self, value: str) -> UUID:
        """Read a token. Raises ValueError, which Django answers with 404."""
        return addresses.read_token(self.prefix, value, self.purpose)

    def to_url(self, value: UUID) -> str:
        """Write a token."""
        return addresses.token(self.prefix, value, self.purpose)


class CardConverter(_Converter):
    """`<card:…>` in an address."""

    prefix = "crd"
    regex = r"crd_[0-9a-z]{26}\.[\w-]{16}"


class RenewalConverter(_Converter):
    """`<renewal:…>` in an address."""

    prefix = "rnw"
    regex = r"rnw_[0-9a-z]{26}\.[\w-]{16}"


class TopUpConverter(_Converter):
    """`<topup:…>` in an address."""

    prefix = "top"
    regex = r"top_[0-9a-z]{26}\.[\w-]{16}"


class MandateConverter(_Converter):
    """`<mandate:…>` in an address: where somebody agrees anew."""

    prefix = "mnd"
    regex = r"mnd_[0-9a-z]{26}\.[\w-]{16}"


class StopConverter(MandateConverter):
    """`<stop:…>` in an address: where a mandate is ended, and nothing else."""

    purpose = addresses.STOPPING


class StopRenewalConverter(RenewalConverter):
    """`<stop-renewal:…>` in an address: the same, by a renewal that the mandate made."""

    purpose = addresses.STOPPING


class ReceiptConverter:
    """`<receipt:…>` in an address: a renewal's id without a signature, as on its receipt."""

    prefix: ClassVar[ids.Prefix] = "rnw"
    regex = r"rnw_[0-9a-z]{26}"

    def to_python(self, value: str) -> UUID:
        """Read a receipt's number. Raises ValueError, which Django answers with 404."""
        return ids.inside(self.prefix, value)

    def to_url(self, value: UUID) -> str:
        """Write a receipt's number."""
        return ids.outside(self.prefix, value)


class TopUpReceiptConverter(ReceiptConverter):
    """`<topup-receipt:…>` in an address: a top-up's id without a signature, as on its receipt."""

    prefix = "top"
    regex = r"top_[0-9a-z]{26}"


class ConsentConverter(ReceiptConverter):
    """`<consent:…>` in an address: a consent's id, which only its recipient was sent."""

    prefix = "ntc"
    regex = r"ntc_[0-9a-z]{26}"


def register() -> None:
    """Make the converters known to Django's addresses."""
    register_converter(CardConverter, "card")
    register_converter(ConsentConverter, "consent")
    register_converter(MandateConverter, "mandate")
    register_converter(ReceiptConverter, "receipt")
    register_converter(RenewalConverter, "renewal")
    register_converter(StopConverter, "stop")
    register_converter(StopRenewalConverter, "stop-renewal")
    register_converter(TopUpConverter, "topup")
    register_converter(TopUpReceiptConverter, "topup-receipt")
