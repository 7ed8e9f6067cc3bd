"""A stage for tests: both simulators over real HTTP, a mapping, and kinv run on them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import typer.main

from kommo_invoice.domain.claim import Claim, Namer, references_in
from kommo_invoice.domain.plan import StepKind
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.kommo import TOKEN as KOMMO_TOKEN
from kommo_invoice.sandbox.kommo_seed import agency
from kommo_invoice.sandbox.server import Sandbox, Simulator
from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

DEAL_UPDATE, TASK_CREATE = "PATCH /api/v4/leads", "POST /api/v4/tasks"
CRM_STEPS: Mapping[StepKind, str] = MappingProxyType(
    {StepKind.DEAL_UPDATE: DEAL_UPDATE, StepKind.TASK_CREATE: TASK_CREATE}
)

MAPPING: dict[str, Any] = {
    "version": 1,
    "crm": {"provider": "kommo", "account": "agency"},
    "books": {},
    "trigger": {"pipeline": "Sales", "stages": ["Issue Invoice"]},
    "customer": {
        "name": "{{ company.name or contact.name }}",
        "email": "{{ contact.email }}",
        "contact": "{{ contact.name }}",
        "country": "{{ contact['Country'] }}",
        "currency": "{{ first(deal['Currency'], account.currency) }}",
    },
    "invoice": {
        "item": "Consulting Services",
        "due_date": "{{ first(deal['Due Date'], today + days(30)) }}",
        "discount": "{{ deal['Discount %'] }}",
        "po_number": "{{ deal['PO'] }}",
        "message": "Invoice for {{ deal.name }}",
    },
    "lines": {"description": "{{ deal.name }}"},
    "tax": {"key": "{{ customer.country }}", "DE": "VAT 19%", "GB": "VAT 20%", "US": "none"},
    "write_back": {
        "invoice_field": "Invoice ID",
        "fields": {
            "Invoice number": "{{ invoice.number }}",
            "Invoice link": "{{ invoice.url }}",
            "Payment status": "{{ invoice.status }}",
        },
        "stages": {"invoiced": "Invoice Sent"},
    },
    "task": {
        "text": "Check payment of invoice {{ invoice.number }}",
        "due": "{{ invoice.due_date + days(3) }}",
    },
}
"""An agency's mapping; a test changes what it is about."""

# The commands are the same in every run, and building their tree is a third of a short one.
COMMAND_TREE = cache(typer.main.get_command)


@dataclass(frozen=True)
class Result:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a ``--json`` run."""
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]


@dataclass
class Stage:
    """Both simulators, a mapping file and a state folder.

    kinv run in this process reads ``clock``, which is the world's unless a test says otherwise:
    ``world.advance`` moves the simulators and kinv alike.

    Attributes:
        provider: The books.
        steps: What each of a plan's steps asks these books for, as their simulator names it.
        moods: In which ways the undocumented may turn out that matters for lost answers.
        told_apart_by: What of an invoice in the books is part of a picture, the text that holds
            our reference first.
    """

    provider: ClassVar[str] = "wave"
    steps: ClassVar[Mapping[StepKind, str]] = MappingProxyType(
        {
            StepKind.CUSTOMER_CREATE: "customerCreate",
            StepKind.INVOICE_CREATE: "invoiceCreate",
            StepKind.INVOICE_APPROVE: "invoiceApprove",
            StepKind.INVOICE_SEND: "invoiceSend",
            StepKind.INVOICE_DELETE: "invoiceDelete",
        }
    )
    moods: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({"": {}})
    told_apart_by: ClassVar[tuple[str, ...]] = (
        *("po_number", "status", "currency", "total", "email"),
    )

    folder: Path
    world: World = field(default_factory=World)
    settings: dict[str, str] = field(default_factory=dict)
    clock: Callable[[], datetime] | None = None

    def __post_init__(self) -> None:
        self.world.unlimited = True
        self.kommo, self.seed = agency(self.world)
        self.sandbox = Sandbox(self.world, [self.kommo, self._open_books()]).start()
        for lead in self.seed.leads.values():
            if "Care plan" not in self.kommo.lead(lead).name:
                self.kommo.move_lead(lead, "Issue Invoice", "Sales")
        self.map()

    def _open_books(self) -> Simulator:
        """Return these books' simulator, with a company in it."""
        self.wave = WaveSimulator(self.world)
        self.business = self.wave.seed()
        return self.wave

    def fall_into(self, mood: str) -> None:
        """Let what is not documented turn out in one of the ``moods``."""
        assert mood in self.moods

    @property
    def deal(self) -> int:
        """A deal of a German company: 1200.50 EUR, PO 4711, a due date, VAT 19%."""
        return self.seed.leads["Website relaunch"]

    @property
    def other(self) -> int:
        """A deal of a British company in GBP."""
        return self.seed.leads["Online shop"]

    @property
    def state(self) -> Path:
        """The folder of ledger and locks."""
        return self.folder / "state"

    def close(self) -> None:
        """Stop the simulators."""
        self.sandbox.stop()

    # -- the mapping -------------------------------------------------------------------------

    def map(self, **changes: Any) -> Path:
        """Write the mapping, with sections changed: ``invoice={"send": False}``; None drops."""
        whole = json.loads(json.dumps(MAPPING))
        whole["crm"]["base_url"] = self.sandbox.urls["kommo"]
        whole["books"] |= {
            "provider": self.provider,
            "base_url": self.sandbox.urls[self.provider],
            "account": self.business,
        }
        for section, values in changes.items():
            if values is None:
                del whole[section]
                continue
            merged = {**whole.get(section, {}), **values}
            whole[section] = {name: each for name, each in merged.items() if each is not None}
        import tomli_w

        path = self.folder / "mapping.toml"
        path.write_text(tomli_w.dumps(whole), encoding="utf-8")
        return path

    # -- running kinv ------------------------------------------------------------------------

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a run."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KINV_MAPPING": str(self.folder / "mapping.toml"),
            "KINV_STATE_DIR": str(self.state),
            "KINV_CONFIG_DIR": str(self.folder / "config"),
            "KINV_KOMMO_TOKEN": KOMMO_TOKEN,
            f"KINV_{self.provider.upper()}_TOKEN": next(iter(self.world.tokens[self.provider])),
            "KINV_RATE_FACTOR": "inf",
            "KINV_TIMEOUT_S": "5",
            **self.settings,
            **more,
        }

    def kinv(self, *arguments: object, **environment: str) -> Result:
        """Run kinv in this process."""
        from kommo_invoice.cli.main import run

        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment(**environment), clear=True),
            mock.patch("kommo_invoice.cli.wiring.now", self.clock or self.world.now),
            mock.patch("typer.main.get_command", COMMAND_TREE),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run([str(each) for each in arguments])
        return Result(int(code), out.getvalue(), err.getvalue())

    def child(self, *arguments: object, **environment: str) -> Result:
        """Run kinv in a process of its own."""
        ended = subprocess.run(
            [sys.executable, "-m", "kommo_invoice", *map(str, arguments)],
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Result(ended.returncode, ended.stdout, ended.stderr)

    def popen(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """Start kinv in a process of its own, and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "kommo_invoice", *map(str, arguments)],
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def invoice(self, *deals: int, **environment: str) -> Result:
        """Run ``kinv invoice --json`` on deals (the German one if none is named)."""
        named = [part for deal in deals or (self.deal,) for part in ("--deal", deal)]
        return self.kinv("invoice", *named, "--json", **environment)

    def until_quiet(self, *deals: int, most: int = 6) -> list[Result]:
        """Run ``kinv invoice`` without a settle time until it exits 0."""
        results = []
        for _ in range(most):
            results.append(self.invoice(*deals, KINV_SETTLE_S="0"))
            if results[-1].code == 0:
                return results
        raise AssertionError(f"not quiet after {most} runs: {results[-1]}")

    # -- people --------------------------------------------------------------------------------

    def add_deal(
        self,
        name: str,
        price: str | int = 100,
        *,
        client: str = "Zoe Lund",
        email: str | None = "zoe@lund.example",
        **more: Any,
    ) -> int:
        """Add a deal that asks for an invoice, with a contact of its own in Germany."""
        contact = self.kommo.add_contact(client, email=email, fields={"Country": "DE"})
        given = {"stage": "Issue Invoice", "pipeline": "Sales", **more}
        return self.kommo.add_lead(name, price, contact=contact, **given)

    def add_customer(self, name: str = "Northwind", email: str = "jo@northwind.example") -> str:
        """Add a customer to the books by hand, by default the German deal's."""
        return self.wave.add_customer(name, email, currency="EUR")

    def add_invoice(self, amount: str, *, po_number: str = "", **more: Any) -> str:
        """Add an invoice to the books by hand, by default of the German deal's customer."""
        customer = more.pop("customer", None) or self.add_customer()
        return self.wave.add_invoice(customer, amount, po_number=po_number, **more)

    def take_name(self, name: str) -> None:
        """Let somebody have a name, where the books want names once."""
        raise NotImplementedError(f"in these books {name!r} may be there twice")

    def line(self, description: str = "Website relaunch", price: str = "1200.50") -> Any:
        """Return the lines of an invoice, by default as the mapping makes the German deal's."""
        return [
            {
                "product_id": self.wave._product("Consulting Services", None),
                "description": description,
                "quantity": Decimal(1),
                "unit_price": Decimal(price),
                "taxes": [{"sales_tax_id": self.wave._tax("VAT 19%", None)}],
            }
        ]

    # -- what happened -----------------------------------------------------------------------

    def fault(
        self, kind: FaultKind | str, match: str, *, provider: str | None = None, **more: Any
    ) -> None:
        """Have the next request that matches go wrong; of the books' unless told otherwise."""
        self.world.faults.add(Fault(provider or self.provider, match, FaultKind(kind), **more))

    def spoil(self, step: StepKind, kind: FaultKind | str, **more: Any) -> None:
        """Have the next request of a step go wrong, on whichever side it is."""
        provider = self.provider if step.in_books else "kommo"
        exactly = f"^{re.escape(self.operation(step))}$"
        self.fault(kind, exactly, provider=provider, **more)

    @classmethod
    def operation(cls, step: StepKind) -> str:
        """Return what a step asks its side for."""
        return (cls.steps if step.in_books else CRM_STEPS)[step]

    def forget(self) -> None:
        """Delete the ledger, as if it was another machine."""
        for path in self.state.glob("ledger.sqlite3*"):
            path.unlink()

    def requests(self, since: int = 0) -> Counter[str]:
        """Count the requests by operation."""
        return Counter(each.operation for each in self.world.requests[since:])

    def writes(self, since: int = 0) -> Counter[str]:
        """Count the requests that change something."""
        counted, changing = self.requests(since), {*self.steps.values(), *CRM_STEPS.values()}
        return Counter({name: counted[name] for name in counted if name in changing})

    def picture(self) -> dict[str, Any]:
        """Return what each side holds, without ids and times that differ from run to run."""
        books, crm = self.books, self.sandbox.dump()["kommo"]
        return {
            "customers": sorted((each["name"], each["email"]) for each in books["customers"]),
            "invoices": sorted(
                tuple(each[name] for name in self.told_apart_by) for each in books["invoices"]
            ),
            "mails": sorted(mail["to"][0] for mail in books["mails"]),
            "tasks": sorted((each["lead"], each["text"]) for each in crm["tasks"]),
            "deals": [
                (lead["id"], lead["stage"], self._filled(lead["fields"])) for lead in crm["leads"]
            ],
        }

    @property
    def books(self) -> dict[str, Any]:
        """What the books hold."""
        held: dict[str, Any] = self.sandbox.dump()[self.provider]
        return held

    def reference_in(self, invoice: Mapping[str, Any]) -> str:
        """Return the reference that an invoice of the books carries."""
        (reference,) = references_in([invoice[self.told_apart_by[0]]])
        return reference

    @staticmethod
    def is_issued(invoice: Mapping[str, Any]) -> bool:
        """Say whether an invoice of the books counts: it is no draft."""
        return bool(invoice["status"] != "DRAFT")

    @staticmethod
    def is_mailed(invoice: Mapping[str, Any]) -> bool:
        """Say whether the books take an invoice for e-mailed."""
        return bool(invoice["status"] == "SENT")

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """What tasks the CRM holds."""
        held: list[dict[str, Any]] = self.sandbox.dump()["kommo"]["tasks"]
        return held

    def lead(self, deal: int) -> dict[str, Any]:
        """Return a deal as people see it: ``stage``, ``fields`` …"""
        leads = self.sandbox.dump()["kommo"]["leads"]
        found: dict[str, Any] = next(lead for lead in leads if lead["id"] == deal)
        return found

    def mark(self, deal: int) -> str | None:
        """Return what a deal's invoice field holds."""
        value = self.lead(deal)["fields"].get("Invoice ID")
        return None if value is None else str(value)

    def reference(self, deal: int | None = None, issue: int = 1) -> str:
        """Return the reference of a deal's claim."""
        namer = Namer.of("kommo", str(self.kommo.account.id))
        return namer.reference(Claim("kommo:agency", deal or self.deal, issue=issue))

    @staticmethod
    def _filled(fields: dict[str, Any]) -> list[str]:
        return sorted(name for name, value in fields.items() if value not in {None, ""})
