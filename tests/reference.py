"""The generated reference pages: states from the transition table, errors from the catalogue.

`make docs` writes them into docs/; tests/test_docs.py fails when they differ from what is true.
"""

from collections.abc import Sequence
from typing import Final

from everline.errors import SENTENCES

Step = tuple[str, str, str, str]
"""(machine, from_state, event, to_state); '' is "not there yet"."""

MACHINES: Final[dict[str, str]] = {
    "renewal": "A renewal is the order: one card, one plan version, one total, one end.",
    "topup": "A top-up is money put onto a card's balance.",
    "attempt": "An attempt is one try to take a payment's money through one gateway.",
    "refund": "A refund is money on its way back to where an attempt took it from.",
    "order": "An order asks a network to apply an entitlement, or to take it back.",
    "term": "A term is what a renewal gave; it is prolonged at no cost by an outage or a grace.",
    "card": "A card is the plastic or the profile; what it may use stands in its entitlements.",
}

OWNERS: Final[dict[tuple[str, str], str]] = {
    ("renewal", "placed"): "the channel that placed it; the sweep ends it at its deadline",
    ("renewal", "awaiting_payment"): "the person who pays; the sweep ends it at its deadline",
    ("renewal", "held"): "a person who reviews; the sweep ends it at its deadline",
    ("renewal", "paid"): "the job `deliver`; at its deadline the sweep sends the money back",
    ("renewal", "delivered"): "final, unless somebody takes it back",
    ("renewal", "reversing"): "the job `withdraw`, then the refund",
    ("topup", "awaiting_payment"): "the person who pays; the sweep ends it at its deadline",
    ("topup", "paid"): "final, unless somebody takes it back while the balance covers it",
    ("attempt", "created"): "its caller; the janitor fails it after a minute",
    ("attempt", "sent"): "the janitor, who asks the gateway",
    ("attempt", "unknown"): "the janitor, who asks again at the gateway's pace",
    ("attempt", "superseded"): "the janitor; another means may pay meanwhile",
    ("attempt", "parked"): "finance, with a deadline",
    ("attempt", "failed"): "final; a late success is booked and refunded",
    ("refund", "created"): "the janitor, who sends it",
    ("refund", "sent"): "the janitor, who asks the gateway",
    ("refund", "unknown"): "the janitor, who asks again",
    ("refund", "parked"): "finance, with a deadline",
    ("order", "sent"): "the job that sent it",
    ("order", "unknown"): "the job that sent it, which asks the network first",
    ("term", "prolonged"): "final, unless another outage prolongs it",
    ("card", "in_stock"): "its first holder, who activates it with the start code",
    ("card", "activated"): "its holder, who binds a device; an unpaid eSIM, by the sweep",
    ("card", "bound"): "its holder; long after its last term the sweep recycles its number",
    ("card", "suspended"): "support",
    ("card", "lost"): "support",
}
"""Who brings each state that has a way out further."""


def states_page(steps: Sequence[Step]) -> str:
    """Write docs/states.md from the transition table."""
    parts = [
        "# States",
        "",
        "Generated from the table `database_transition` by `make docs`; do not edit.",
        "A state changes only in a verb, along one of these steps,",
        "and the same verb writes the step into `database_history`.",
    ]
    for machine, sentence in MACHINES.items():
        own = [step for step in steps if step[0] == machine]
        parts += ["", f"## {machine.capitalize()}", "", sentence, ""]
        parts += ["```mermaid", "stateDiagram-v2"]
        for _, before, event, after in own:
            parts.append(f"    {before or '[*]'} --> {after}: {event}")
        parts += ["```", "", "| state | brought further by | steps out |", "|---|---|---|"]
        for state in sorted({step[3] for step in own}):
            out = sorted({f"{step[2]} → {step[3]}" for step in own if step[1] == state})
            owner = OWNERS.get((machine, state), "final")
            parts.append(f"| {state} | {owner} | {', '.join(out) or 'none'} |")
    return "\n".join(parts) + "\n"


def errors_page() -> str:
    """Write docs/errors.md from the catalogue of refusals."""
    parts = [
        "# Errors",
        "",
        "Generated from `src/everline/errors.py` by `make docs`; do not edit.",
        "",
        "A refusal is an answer: it is stored with its request and replayed with it.",
        "A new try needs a new request id.",
        "The API answers with problem+json, `code` and `facts`;",
        "a page says the sentence in the person's language and what can be done.",
        "",
        "| code | sentence |",
        "|---|---|",
    ]
    parts += [f"| `{code}` | {sentence} |" for code, sentence in SENTENCES.items()]
    parts += [
        "",
        "Besides refusals there are three kinds of trouble:",
        "",
        "- **Fault**: something outside did not answer explicitly.",
        "  The attempt becomes `unknown`, and the janitor asks again.",
        "- **Misuse**: a caller's mistake, such as a broken body or a bad signature.",
        "  Nothing is written; the answer names the field and the fix.",
        "- **Bug**: an impossible state. The verb stops, nothing is written, somebody is paged.",
    ]
    return "\n".join(parts) + "\n"
