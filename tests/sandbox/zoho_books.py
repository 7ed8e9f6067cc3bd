"""A consultancy's organisation in the Zoho Books simulator, and a client that speaks to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
from kommo_case import InProcess

from kommo_invoice.sandbox.world import World
from kommo_invoice.sandbox.zoho import CONSULTANCY, ZohoSimulator

MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ROOT = "/books/v3"


class Zoho:
    """The consultancy's organisation with a client that speaks to it.

    Args:
        settings: How the organisation is set up, over the consultancy's own.
    """

    def __init__(self, **settings: Any) -> None:
        self.world = World(lambda: MORNING)
        self.world.unlimited = True
        self.people = ZohoSimulator(self.world)
        self.rules = self.people.rules
        [first] = CONSULTANCY["organizations"]
        self.org = self.people.seed({**CONSULTANCY, "organizations": [{**first, **settings}]})
        self.token = CONSULTANCY["token"]
        self.api = httpx.Client(
            transport=InProcess(self.people.app), base_url="http://127.0.0.1:8703"
        )
        self.customer = self.people.add_customer("Acme GmbH", "ap@acme.example")

    # -- raw requests --------------------------------------------------------------------------

    def send(self, method: str, path: str, body: Any = None, **given: Any) -> httpx.Response:
        params = {"organization_id": self.org, **given.pop("params", {})}
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}"} | given.pop("headers", {})
        if body is not None:
            given["content"] = json.dumps(body, default=float)
            headers.setdefault("Content-Type", "application/json")
        return self.api.request(method, f"{ROOT}{path}", params=params, headers=headers, **given)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.send("GET", path, params=params)

    def post(self, path: str, body: Any = None, **params: Any) -> httpx.Response:
        return self.send("POST", path, body, params=params)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.send("PUT", path, body)

    # -- what has to succeed -------------------------------------------------------------------

    def ok(self, answer: httpx.Response, status: int = 200) -> Any:
        assert answer.status_code == status, answer.text
        body = json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)
        assert body["code"] == 0, answer.text
        return body

    def rows(self, path: str, key: str = "", **params: Any) -> list[Any]:
        rows: list[Any] = self.ok(self.get(path, **params))[key or path.strip("/")]
        return rows

    def contacts(self, **params: Any) -> list[str]:
        return [row["contact_name"] for row in self.rows("/contacts", **params)]

    def invoices(self, **params: Any) -> list[str]:
        return [row["invoice_number"] for row in self.rows("/invoices", **params)]

    def new_contact(self, **body: Any) -> Any:
        return self.ok(self.post("/contacts", body), 201)["contact"]

    def read(self, invoice: str) -> Any:
        return self.ok(self.get(f"/invoices/{invoice}"))["invoice"]

    def status(self, invoice: str) -> str:
        return str(self.read(invoice)["status"])

    # -- invoices ------------------------------------------------------------------------------

    def line(self, rate: Any = 100, tax: str | None = None, **more: Any) -> dict[str, Any]:
        line: dict[str, Any] = {"name": "Work", "rate": rate, "quantity": 1, **more}
        if tax is not None:
            line["tax_id"] = self.people.tax_id(tax) if tax else ""
        return line

    def body(self, *lines: Any, **more: Any) -> dict[str, Any]:
        return {
            "customer_id": self.customer,
            "date": "2026-11-02",
            "line_items": list(lines) or [self.line()],
            **more,
        }

    def create(self, *lines: Any, params: Any = None, **more: Any) -> Any:
        answer = self.post("/invoices", self.body(*lines, **more), **(params or {}))
        return self.ok(answer, 201)["invoice"]

    def invoice(self, *lines: Any, **more: Any) -> str:
        """Return the id of a new invoice, which was sent without a mail."""
        made = str(self.create(*lines, **more)["invoice_id"])
        self.ok(self.post(f"/invoices/{made}/status/sent"))
        return made

    def mail(self, invoice: str, body: Any = None, **params: Any) -> httpx.Response:
        return self.post(f"/invoices/{invoice}/email", body, **params)

    # -- refusals ------------------------------------------------------------------------------

    def refusal(self, answer: httpx.Response) -> tuple[int, int]:
        return answer.status_code, answer.json()["code"]

    def refused(self, *lines: Any, params: Any = None, **more: Any) -> tuple[int, int]:
        """Return what an invoice is refused with; it is not there afterwards."""
        before = len(self.people.dump()["invoices"])
        found = self.refusal(self.post("/invoices", self.body(*lines, **more), **(params or {})))
        assert len(self.people.dump()["invoices"]) == before
        return found
