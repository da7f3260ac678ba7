"""The catalogue: plans as they are on sale at an instant, advice, and the operator's policy.

What a plan costs one card is asked of `renewals.quote`; here stand only the lists.
"""

from everline.catalogue.advice import Advice, Need, advise, roams, works_in
from everline.catalogue.offers import Offer, Policy, offers, policy, version_on_sale

__all__ = [
    "Advice",
    "Need",
    "Offer",
    "Policy",
    "advise",
    "offers",
    "policy",
    "roams",
    "version_on_sale",
    "works_in",
]
