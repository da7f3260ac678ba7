"""The generated page docs/hotline.md: the dialogue of the hotline, drawn from its data.

`make docs` writes it; tests/test_docs.py fails when it differs from what is said.
"""

from collections.abc import Iterator

from everline.channels.hotline.flow import FLOW, Line, Step
from everline.channels.hotline.prompts import PROMPTS


def page() -> str:
    """Write docs/hotline.md."""
    parts = [
        "# The dialogue of the hotline",
        "",
        "Generated from `src/everline/channels/hotline/flow.py` by `make docs`; do not edit.",
        "",
        "0 leads to a person from everywhere, and * says a step again.",
        "After silence or a wrong key a step is said again, twice at most;",
        "then a call back is offered, and after that the call ends.",
        "An act may be refused; the last table tells what is said then, and which step comes next.",
        "",
        "```mermaid",
        "flowchart TD",
        *(f"    {line}" for step in FLOW.values() for line in _arrows(step)),
        "```",
        "",
        "## Steps",
        "",
        *(line for step in FLOW.values() if not step.act for line in _step(step)),
        "## Refusals",
        "",
        "| code | what is said | then |",
        "|---|---|---|",
        *(f"| `{code}` | {each.sentence} | {each.leads} |" for code, each in PROMPTS.items()),
    ]
    return "\n".join(parts) + "\n"


def _arrows(step: Step) -> Iterator[str]:
    """Draw a step and where it leads."""
    shape = f'(["{step.name}"])' if step.ends else f'["{step.name}"]'
    yield f"{step.name}{shape}" if not step.act else f'{step.name}{{{{"{step.name}"}}}}'
    for choice in step.choices:
        yield f'{step.name} -- "{choice.key}" --> {choice.leads}'
    if step.listing:
        yield f'{step.name} -- "1 to 5" --> {step.listing}'
    if step.entry:
        yield f'{step.name} -- "digits #" --> {step.entry.leads}'
    for outcome, leads in step.leads.items():
        yield f"{step.name} -. {outcome} .-> {leads}"


def _step(step: Step) -> Iterator[str]:
    """Write what a step says, and its keys."""
    yield f"### {step.name}"
    yield ""
    for line in step.says:
        text = line.text if isinstance(line, Line) else line
        yield f"- {text}" + (f" (if {line.needs})" if isinstance(line, Line) else "")
    for choice in step.choices:
        needs = f" (if {choice.needs})" if choice.needs else ""
        yield f"- {choice.key}: {choice.says % {'key': choice.key, 'same': '…'}}{needs}"
    yield ""
