"""How a run's events look: lines for people, or one JSON object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.cli.preview import as_dict, as_list, show_lines, show_steps
from kommo_invoice.cli.words import wording
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.engine.events import VERSION, Event, Kind
from kommo_invoice.errors import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kommo_invoice.cli.terminal import Terminal


_BATCHED = frozenset(kind.value for kind in StepKind if not kind.in_books)


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
        deals: How many deals there are, for a bar; 0 where it is not known.
    """

    def __init__(self, terminal: Terminal, *, dry_run: bool, deals: int = 0) -> None:
        self._terminal = terminal
        self._dry_run = dry_run
        self._seen: set[int] = set()
        terminal.follow(deals)

    def emit(self, event: Event) -> None:
        """Print one event."""
        match event.kind:
            case Kind.PLAN:
                self._plan(event)
            case Kind.STEP:
                self._step(event)
            case Kind.SKIP:
                self._terminal.line(f"= deal {event.deal}: {event.data['reason']}")
            case Kind.ERROR:
                self._error(event)
            case Kind.SUMMARY:
                self._terminal.unfollow()
                self._summary(event.data)
        if event.deal is not None:
            self._seen.add(event.deal)
            self._terminal.advance(len(self._seen))

    def _plan(self, event: Event) -> None:
        data, terminal = event.data, self._terminal
        terminal.line(f"deal {event.deal}: {data['name']}  [{event.claim}]", style="bold")
        if customer := as_dict(data.get("customer")):
            who = f"{customer['name']} <{customer['email']}>"
            terminal.field("customer", f"{who}, {customer['known']}")
        if invoice := as_dict(data.get("invoice")):
            terminal.field("invoice", f"{invoice['number']} ({invoice['status']})")
        if self._dry_run:
            show_lines(terminal, data)
        if data.get("subtotal") is not None:
            terminal.field("total", _total(data))
        if data.get("date") is not None:
            due = data["due_date"] or "by the terms of the books"
            terminal.field("date", f"{data['date']}, due {due}")
        for note in as_list(data.get("notes")):
            terminal.field("note", note)
        if self._dry_run:
            show_steps(terminal, data)
            terminal.line()

    def _step(self, event: Event) -> None:
        data = event.data
        words = wording(str(data["step"])).done
        if data.get("number"):
            words = words.replace("invoice", f"invoice {data['number']}", 1)
        found = ", as a look showed" if data["state"] == "found" else ""
        # The deals' side comes in batches, after the headings of several deals.
        apart = len(self._seen) > 1 and data["step"] in _BATCHED
        mark = f"✓ deal {event.deal}:" if apart else "  ✓"
        self._terminal.line(f"{mark} {words}{found}", style="green")

    def _error(self, event: Event) -> None:
        self._terminal.note(f"✗ {naming(str(event.data['message']), event.deal)}", style="red")
        self._terminal.note(f"  → {event.data['hint']}")

    def _summary(self, data: Mapping[str, object]) -> None:
        counts = ", ".join(f"{count} {name}" for name, count in as_dict(data["deals"]).items())
        totals = ", ".join(f"{amount} {code}" for code, amount in as_dict(data["totals"]).items())
        word = "to be invoiced" if data["dry_run"] else "invoiced"
        nothing = "stopped" if data["exit_code"] else "nothing to do"
        tax = " and the books' tax" if data["before_tax"] else ""
        money = f"; {word}: {totals}{tax}" if totals else ""
        self._terminal.line(f"{counts or nothing}{money}")
        if data["dry_run"]:
            self._terminal.note("nothing was written: this was a preview")


def _total(data: Mapping[str, object]) -> str:
    subtotal, currency = data["subtotal"], data["currency"]
    if data["total"] is None:
        return f"{subtotal} {currency} + tax, which the books decide"
    return f"{subtotal} + {data['tax']} tax = {data['total']} {currency}"
