"""The catalogue: plans as they are on sale at an instant, and the operator's policy.

What a plan costs one card is asked of `renewals.quote`; here stand only the lists.
"""

from everline.catalogue.offers import Offer, Policy, offers, policy, version_on_sale

__all__ = ["Offer", "Policy", "offers", "policy", "version_on_sale"]
