"""A plan as people read it before it is done: the invoice as a table, each step with its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kommo_invoice.cli.words import price, short, wording
from kommo_invoice.domain.plan import StepKind

if TYPE_CHECKING:
    from kommo_invoice.cli.terminal import Terminal

_LABEL = 22
_MOMENT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d:\d\d)\+00:00")

_Row = tuple[str, str]


def show_lines(terminal: Terminal, plan: Mapping[str, object]) -> None:
    """Print the lines of the invoice that a plan creates, its discount with them.

    Args:
        terminal: Where to.
        plan: The data of a plan event.
    """
    draft = next(
        (
            as_dict(step["values"])
            for step in map(as_dict, as_list(plan["steps"]))
            if step["step"] == StepKind.INVOICE_CREATE
        ),
        {},
    )
    rows = [
        ("lines" if number == 0 else "", *_line(as_dict(line), plan["currency"]))
        for number, line in enumerate(as_list(draft.get("lines")))
    ]
    if rows:
        padded = [(f"{label:<8}", *cells) for label, *cells in rows]
        terminal.grid(padded, indent=2, folded=1)
    discount = as_dict(draft.get("discount"))
    if discount:
        terminal.field("discount", _discount(discount, plan["currency"]))


def show_steps(terminal: Terminal, plan: Mapping[str, object]) -> None:
    """Print every step of a plan with all the values that it sends."""
    for step in map(as_dict, as_list(plan["steps"])):
        kind, values = str(step["step"]), step["values"]
        terminal.line(f"  • {wording(kind).do}")
        rows = list(_rows(_own(kind, values)))
        padded = [(f"{name:<{_LABEL}}", short(value)) for name, value in rows]
        if padded:
            terminal.grid(padded, indent=6, folded=1)


def as_dict(value: object) -> Mapping[str, object]:
    """Return a value of an event that is a mapping, an empty one where there is none."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> Sequence[object]:
    """Return a value of an event that is a list, an empty one where there is none."""
    return value if isinstance(value, list) else []


def _line(line: Mapping[str, object], currency: object) -> tuple[str, str, str, str]:
    tax = as_dict(line["tax"])
    off = as_dict(line.get("discount"))
    amount = f"{line['quantity']} x {price(line['unit_price'], currency)}"
    return (
        str(line["description"]),
        f"{amount} less {_discount(off, currency)}" if off else amount,
        str(tax["name"]) if tax else "no tax",
        str(as_dict(line["item"])["name"]),
    )


def _discount(discount: Mapping[str, object], currency: object) -> str:
    if discount.get("percent") is not None:
        return f"{discount['percent']}%"
    return price(discount["amount"], currency)


def _own(kind: str, values: object) -> object:
    """Leave out what stands above the steps: the invoice's lines, discount and customer."""
    if kind != StepKind.INVOICE_CREATE:
        return values
    above = {"lines", "discount", "customer"}
    return {name: each for name, each in as_dict(values).items() if name not in above}


def _rows(values: object, prefix: str = "") -> Iterator[_Row]:
    """Yield one row a value, so that none is left out; inner names follow a full stop."""
    match values:
        case None | []:
            return
        case Mapping():
            for name, each in values.items():
                # What is set on the deal stands under its own name.
                inner = name if prefix in {"", "fields"} else f"{prefix}.{name}"
                shown = "(cleared)" if each is None and prefix == "fields" else each
                yield from _rows(shown, str(inner))
        case list():
            yield prefix, ", ".join(map(str, values))
        case bool():
            yield prefix, "yes" if values else "no"
        case _:
            yield prefix, _text(str(values))


def _text(value: str) -> str:
    """Return a value, a moment without the letters that are for programs."""
    moment = _MOMENT.fullmatch(value)
    return f"{moment['day']} {moment['time']} UTC" if moment else value
