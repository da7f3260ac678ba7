"""The catalogue: plans as they are on sale at an instant, advice, and the operator's policy.

What a plan costs one card is asked of `renewals.quote`; here stand only the lists.
"""

from everline.catalogue.advice import Advice, Need, advise, roams, works_in
from everline.catalogue.offers import (
    Offer,
    Policy,
    find_plan,
    offers,
    policy,
    sold_in_place,
    version_on_sale,
)
from everline.catalogue.on_sale import REVISION, OnSale, on_sale
from everline.catalogue.promotions import Promotion, running

__all__ = [
    "REVISION",
    "Advice",
    "Need",
    "Offer",
    "OnSale",
    "Policy",
    "Promotion",
    "advise",
    "find_plan",
    "offers",
    "on_sale",
    "policy",
    "roams",
    "running",
    "sold_in_place",
    "version_on_sale",
    "works_in",
]
