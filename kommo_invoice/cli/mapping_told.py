"""What ``kinv mapping init`` came to, for people and for programs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.cli.mapping_fields import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommo_invoice.cli.terminal import Terminal
    from kommo_invoice.engine.fields import Making
    from kommo_invoice.engine.first_mapping import Proved


def preview(terminal: Terminal, path: Path, proved: Proved) -> None:
    """Show the file that would be written."""
    if terminal.as_json:
        terminal.json({**_facts(path, proved, None), "written": False, "text": proved.text})
    else:
        terminal.line(proved.text.rstrip("\n"))


def tell(terminal: Terminal, path: Path, proved: Proved, making: Making | None) -> None:
    """Say what was written, what was chosen, what is left to do."""
    known = _facts(path, proved, making)
    if terminal.as_json:
        terminal.json({**known, "written": True})
        return
    first = proved.first
    deals = first.deals
    terminal.line(f"{path} is written: {first.crm.title} to {first.books.title}", style="bold")
    stages = ", ".join(map(str, deals.stages))
    terminal.field("trigger", f"{deals.pipeline}: {stages}, since {first.since}")
    moves = [
        f"{name} → {to}" for name, to in (("invoiced", deals.invoiced), ("paid", deals.paid)) if to
    ]
    if moves:
        terminal.field("moves", ", ".join(moves))
    terminal.field("item", str(first.item))
    terminal.field("tax", _tax(proved))
    terminal.field("mark", str(deals.mark))
    told = [str(each.field) for each in deals.writes if each.exists or deals.create]
    if told:
        terminal.field("writes", ", ".join(told))
    if making is not None and making.made:
        terminal.field("made", ", ".join(each.name for each in making.made))
    absent = [str(each.field) for each in deals.writes if not each.exists and not deals.create]
    if absent:
        terminal.field("left out", f"{', '.join(absent)}: no such fields; uncomment to have them")
    if first.dropped:
        terminal.field("left out", f"{', '.join(first.dropped)}: the books have no place for them")
    if proved.drafts and making is None:
        terminal.field("missing", f"the field {deals.mark}: kinv cannot work without it")
    terminal.note(f"  → next: `{known['next']}`")


def _tax(proved: Proved) -> str:
    tax = proved.first.tax
    if tax is None:
        return "none: the books have no taxes"
    rest = {"error": "refused until decided", "none": "no tax"}
    cases = [f"{country}: {chosen}" for country, chosen in tax.cases.items()]
    return "; ".join([*cases, f"others: {rest.get(tax.default.text, tax.default)}"])


def _facts(path: Path, proved: Proved, making: Making | None) -> dict[str, object]:
    first = proved.first
    deals, tax = first.deals, first.tax
    missing = [] if making is not None else [each.name for each in proved.drafts]
    return {
        "path": str(path),
        "crm": first.crm,
        "books": first.books,
        "choices": {
            "pipeline": deals.pipeline.text,
            "stages": [each.text for each in deals.stages],
            "invoiced_stage": deals.invoiced.text if deals.invoiced else None,
            "paid_stage": deals.paid.text if deals.paid else None,
            "since": first.since,
            "item": first.item.text,
            "invoice_field": deals.mark.text,
            "tax": {country: each.text for country, each in tax.cases.items()} if tax else {},
            "tax_default": tax.default.text if tax else None,
        },
        "fields": {
            "made": facts(making) if making else [],
            "missing": missing,
            "left_out": [
                each.field.text for each in deals.writes if not each.exists and not deals.create
            ],
        },
        "dropped": first.dropped,
        "next": _next(path, missing),
    }


def _next(path: Path, missing: Sequence[str]) -> str:
    named = "" if path == Path("mapping.toml") else f" --mapping {shlex.quote(str(path))}"
    if missing:
        return f"kinv mapping check --create-fields{named}"
    return f"kinv{named} invoice --deal ID --dry-run"
