"""What ``kinv mapping init`` came to, for people and for programs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.cli.mapping_fields import facts
from kommo_invoice.cli.words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    titles = one_line(f"{proved.first.crm.title} to {proved.first.books.title}")
    terminal.line(f"{path} is written: {titles}", style="bold")
    for label, value in _lines(proved, making):
        terminal.field(label, one_line(value))
    terminal.note(f"  → next: `{known['next']}`")


def _lines(proved: Proved, making: Making | None) -> Iterator[tuple[str, str]]:
    """Yield what was chosen, by label."""
    first = proved.first
    deals = first.deals
    yield "trigger", f"{deals.pipeline}: {', '.join(map(str, deals.stages))}, since {first.since}"
    moves = [
        f"{name} → {to}" for name, to in (("invoiced", deals.invoiced), ("paid", deals.paid)) if to
    ]
    if moves:
        yield "moves", ", ".join(moves)
    yield "item", str(first.item)
    yield "tax", _tax(proved)
    if not first.sends:
        yield "send", "no: the books may not e-mail for this account"
    yield "mark", str(deals.mark)
    told = [str(each.field) for each in deals.writes if each.exists or deals.create]
    if told:
        yield "writes", ", ".join(told)
    if making is not None and making.made:
        yield "made", ", ".join(each.name for each in making.made)
    absent = [str(each.field) for each in deals.writes if not each.exists and not deals.create]
    if absent:
        yield "left out", f"{', '.join(absent)}: no such fields; uncomment to have them"
    if first.dropped:
        yield "left out", f"{', '.join(first.dropped)}: the books do not take them"
    if proved.drafts and making is None:
        fields, them = ("field", "it") if len(proved.drafts) == 1 else ("fields", "them")
        named = ", ".join(each.name for each in proved.drafts)
        yield "missing", f"the {fields} {named}: kinv cannot work without {them}"


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
            "send": first.sends,
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
