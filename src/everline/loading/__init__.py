"""Reading an operator's own files: plans, cards, stores and the rest, all checked, nothing kept.

Each reader takes a path, the list of problems and the instant of the load, and gives frozen
records. Readers never stop at the first problem and never raise for what a file holds; a file may
be loaded only when the list is empty after its last row. Nothing here knows the database: the
command line reads here and writes there. Start with files.py; the templates are in everline/demo.
"""

from everline.loading.cards import Card, read_cards
from everline.loading.files import Kind, kind_of
from everline.loading.operator import Channel, Operator, read_operator
from everline.loading.partners import Partner, read_partners
from everline.loading.people import Person, read_people
from everline.loading.plans import Catalogue, Plan, PlanVersion, Price, Region, read_plans
from everline.loading.problems import Flaw, Problem, Problems
from everline.loading.promotions import USES_UNIT, Promotion, read_promotions
from everline.loading.retailers import Retailer, read_retailers

__all__ = [
    "USES_UNIT",
    "Card",
    "Catalogue",
    "Channel",
    "Flaw",
    "Kind",
    "Operator",
    "Partner",
    "Person",
    "Plan",
    "PlanVersion",
    "Price",
    "Problem",
    "Problems",
    "Promotion",
    "Region",
    "Retailer",
    "kind_of",
    "read_cards",
    "read_operator",
    "read_partners",
    "read_people",
    "read_plans",
    "read_promotions",
    "read_retailers",
]
