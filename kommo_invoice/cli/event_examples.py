"""The events of ``--json``, one example each; a test compares their keys with a real run's."""

from __future__ import annotations

INTRODUCTION = """\
A command that acts prints one JSON object a line to stdout, as things happen. Each has v (the
version of this form), event, run, deal and claim; deal and claim are null where an event is about
the whole run. The last line is always the summary. Amounts are decimal texts, times are UTC.
Commands that only read print one document."""

_HEAD = {"v": 1, "run": "20261102T090000-3fa2c1", "deal": 12345678, "claim": "KQ4-12345678"}
_KEY = "wave:QnVzaW5lc3M6MQ==/KQ4-12345678"

EXAMPLES: tuple[tuple[str, dict[str, object]], ...] = (
    (
        (
            "plan: what will be done, with every value; tax and total are null where the books "
            "alone decide the tax; with --dry-run only the summary follows"
        ),
        {
            **_HEAD,
            "event": "plan",
            "name": "Website redesign",
            "customer": {
                "name": "Acme Ltd",
                "email": "jo@acme.example",
                "id": None,
                "known": "new",
            },
            "invoice": None,
            "currency": "EUR",
            "subtotal": "1500.00",
            "tax": "285.00",
            "total": "1785.00",
            "date": "2026-11-02",
            "due_date": "2026-12-02",
            "steps": [{"step": "invoice.create", "key": f"{_KEY}/invoice.create", "values": {}}],
            "notes": [],
        },
    ),
    (
        "step: a write that is done, or whose effect was found (state: done | found)",
        {
            **_HEAD,
            "event": "step",
            "step": "invoice.create",
            "key": f"{_KEY}/invoice.create",
            "state": "done",
            "id": "QnVzaW5lc3M6MTtJbnZvaWNlOjc=",
            "number": "107",
        },
    ),
    (
        "skip: nothing is left to do for the deal",
        {
            **_HEAD,
            "event": "skip",
            "reason": "already invoiced: 107 (sent)",
            "changed": False,
        },
    ),
    (
        (
            "error: the deal (or, with deal null, the run) failed; exit_code is this failure's "
            "own; one failure of several deals is told once, and lists them as deals"
        ),
        {
            **_HEAD,
            "event": "error",
            "category": "deal",
            "exit_code": 3,
            "message": "deal 12345678 has no contact, so customer.email is empty",
            "hint": "correct the deal or the mapping, then run `kinv invoice --deal` for it again",
            "retry_at": None,
        },
    ),
    (
        (
            "summary: the run's end; deals are counted by what became of them, and totals are "
            "before tax where a preview cannot know the tax of the books"
        ),
        {
            **_HEAD,
            "deal": None,
            "claim": None,
            "event": "summary",
            "dry_run": False,
            "deals": {"invoiced": 1},
            "totals": {"EUR": "1785.00"},
            "before_tax": False,
            "exit_code": 0,
        },
    ),
)
