"""Loading an operator's own files: plans, cards, stores and the rest, all checked, then written.

`load` is the whole of it: each file in one transaction, everything that is wrong listed. Below it
stand the readers: each takes a path, the list of problems and the instant of the load, and gives
frozen records. They never stop at the first problem and never raise for what a file holds. Only
loaded.py and what it calls know the database. The templates are in everline/demo.
"""

from everline.loading.cards import Card, read_cards
from everline.loading.files import Kind, kind_of
from everline.loading.loaded import Loaded, LoadedFile, Outcome, Progress, load, load_demo
from everline.loading.operator import Channel, Operator, read_operator
from everline.loading.partners import Partner, read_partners
from everline.loading.people import Person, read_people
from everline.loading.plans import Catalogue, Plan, PlanVersion, Price, Region, read_plans
from everline.loading.problems import Flaw, Problem, Problems
from everline.loading.promotions import USES_UNIT, Promotion, read_promotions
from everline.loading.retailers import Retailer, read_retailers
from everline.loading.task import Counts

__all__ = [
    "USES_UNIT",
    "Card",
    "Catalogue",
    "Channel",
    "Counts",
    "Flaw",
    "Kind",
    "Loaded",
    "LoadedFile",
    "Operator",
    "Outcome",
    "Partner",
    "Person",
    "Plan",
    "PlanVersion",
    "Price",
    "Problem",
    "Problems",
    "Progress",
    "Promotion",
    "Region",
    "Retailer",
    "kind_of",
    "load",
    "load_demo",
    "read_cards",
    "read_operator",
    "read_partners",
    "read_people",
    "read_plans",
    "read_promotions",
    "read_retailers",
]
