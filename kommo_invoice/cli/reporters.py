"""How a run's events look: lines for people, or one JSON object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.engine.events import VERSION, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.cli.terminal import Terminal


class JsonReporter:
    """Prints each event as one line of JSON, as it happens.

    Args:
        terminal: Where to.
        run: The run's id, on every line.
    """

    def __init__(self, terminal: Terminal, run: str) -> None:
        self._terminal = terminal
        self._run = run

    def emit(self, event: Event) -> None:
        """Print one event."""
        head = {"v": VERSION, "event": event.kind.value, "run": self._run}
        self._terminal.json({**head, "deal": event.deal, "claim": event.claim, **event.data})


class PeopleReporter:
    """Prints events as a person reads them; errors go to stderr.

    Args:
        terminal: Where to.
        dry_run: Plans are shown with every value.
    """

    def __init__(self, terminal: Terminal, *, dry_run: bool) -> None:
        self._terminal = terminal
        self._dry_run = dry_run

    def emit(self, event: Event) -> None:
        """Print one event."""
        match event.kind:
            case Kind.PLAN:
                self._plan(event)
            case Kind.STEP:
                number = f"  number {event.data['number']}" if event.data.get("number") else ""
                found = " (found)" if event.data["state"] == "found" else ""
                self._terminal.line(f"  ✓ {event.data['step']}{found}{number}")
            case Kind.SKIP:
                self._terminal.line(f"deal {event.deal}: {event.data['reason']}")
            case Kind.ERROR:
                self._terminal.note(told(str(event.data["message"]), event.deal))
                self._terminal.note(f"  → {event.data['hint']}")
            case Kind.SUMMARY:
                self._summary(event.data)

    def _plan(self, event: Event) -> None:
        data = event.data
        customer, invoice = _dict(data["customer"]), data["invoice"]
        write = self._terminal.line
        write(f"deal {event.deal}: {data['name']}  [{event.claim}]")
        if customer:
            known = customer["known"]
            write(f"  customer  {customer['name']} <{customer['email']}>, {known}")
        if invoice:
            found = _dict(invoice)
            write(f"  invoice   {found['number']} ({found['status']})")
        amounts = f"{data['subtotal']} + {data['tax']} tax = {data['total']} {data['currency']}"
        write(f"  amount    {amounts}, due {data['due_date'] or 'by the terms of the books'}")
        for note in _list(data["notes"]):
            write(f"  note      {note}")
        if self._dry_run:
            for step in _list(data["steps"]):
                self._step(_dict(step))

    def _step(self, step: Mapping[str, object]) -> None:
        self._terminal.line(f"  {step['step']}")
        for name, value in _rows(step["values"]):
            self._terminal.line(f"      {name:<22} {value}")

    def _summary(self, data: Mapping[str, object]) -> None:
        counts = ", ".join(f"{count} {name}" for name, count in _dict(data["deals"]).items())
        totals = ", ".join(f"{amount} {code}" for code, amount in _dict(data["totals"]).items())
        word = "planned" if data["dry_run"] else "invoiced"
        money = f"; {word} {totals}" if totals else ""
        self._terminal.line(f"{counts or 'nothing to do'}{money}")
        if data["dry_run"]:
            self._terminal.note("nothing was written: this was a preview")


def told(message: str, deal: int | None) -> str:
    """Return an error's message, naming the deal where it does not do so itself."""
    if deal is None or f"deal {deal}" in message:
        return message
    return f"deal {deal}: {message}"


def _rows(values: object, prefix: str = "") -> list[tuple[str, str]]:
    """Flatten a step's values to one row a value, so that none is left out."""
    if isinstance(values, dict):
        return [row for name, each in values.items() for row in _rows(each, f"{prefix}.{name}")]
    if isinstance(values, list):
        return [
            row
            for number, each in enumerate(values, 1)
            for row in _rows(each, f"{prefix}[{number}]")
        ]
    if values is None:
        return []
    return [(prefix.removeprefix("."), str(values))]


def _dict(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
