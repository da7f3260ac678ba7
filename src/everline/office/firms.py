"""Which store or partner an address of the office means, and how acts and addresses name it.

Its screens are in places.py, its deposit in deposits.py.
"""

from uuid import UUID

from django.http import Http404
from django.urls import reverse

from everline.loading.firms import Noun
from everline.people.models import Partner, Retailer

Firm = Retailer | Partner


def find(noun: Noun, firm_id: UUID) -> Firm:
    """Find a store or partner, or answer that there is none."""
    found: Firm | None
    if noun == "retailer":
        found = Retailer.objects.filter(id=firm_id).first()
    else:
        found = Partner.objects.filter(id=firm_id).first()
    if found is None:
        raise Http404
    return found


def subject(noun: Noun) -> str:
    """Name it as acts do."""
    return "store" if noun == "retailer" else "partner"


def address(noun: Noun, firm_id: UUID) -> str:
    """Give the address of its screen."""
    return reverse(f"office:{subject(noun)}", kwargs={"firm_id": firm_id})
