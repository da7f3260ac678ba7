"""partners.yaml: third-party platforms that renew through the API and pay from a deposit.

A busy deposit is cut into pockets, rows that are locked apart, so that one partner's traffic is not
serial. Keys of the API never stand in a file: they are made by the program and shown once.
The template is demo/partners.yaml.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everline.loading import values
from everline.loading.nodes import Section, read_tree
from everline.loading.problems import Flaw, Problems

POCKETS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner; the deposit is in minor units."""

    code: str
    name: str
    currency: str
    deposit: int
    pockets: int
    commission_basis_points: int
    line: int


def read_partners(path: Path, problems: Problems) -> tuple[Partner, ...]:
    """Read partners.yaml; sound records alone, everything else is a problem."""
    top = Section(path.name, read_tree(path, problems), "", problems)
    if not top.is_sound or not top.keys:
        return ()
    found: dict[str, Partner] = {}
    for section in top.sections("partners"):
        code = section.one("code", values.code, "")
        section.name(f"partner {code}")
        name = section.one("name", values.text(120), "")
        currency = section.one("currency", values.currency, "")
        deposit = section.one("deposit", values.amount(currency), 0) if currency else 0
        if not currency:
            section.maybe("deposit", str, "")
        pockets = section.maybe("pockets", values.whole(1, POCKETS_MAX), 1)
        commission = section.maybe("commission", values.commission, 0)
        if not section.close():
            continue
        if code in found:
            section.refuse("code", Flaw.TWICE, value=code, first=found[code].line)
            continue
        found[code] = Partner(code, name, currency, deposit, pockets, commission, section.line)
    if not top.has("partners"):
        top.refuse("partners", Flaw.MISSING)
    top.close()
    return tuple(found.values())
