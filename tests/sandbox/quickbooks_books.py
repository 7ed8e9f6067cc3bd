"""A consultancy's company in the QuickBooks simulator, and a client that speaks to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
from kommo_case import InProcess

from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator
from kommo_invoice.sandbox.world import World

MORNING = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
JSON = {"Accept": "application/json"}


class QuickBooks:
    """The consultancy's company with a client that speaks to it.

    Args:
        country: Of the company; elsewhere than in the US it has that country's tax codes.
        settings: How it is set up.
    """

    def __init__(self, country: str = "US", **settings: Any) -> None:
        self.world = World(lambda: MORNING)
        self.world.unlimited = True
        self.people = QuickBooksSimulator(self.world)
        self.rules = self.people.rules
        company = {"name": "Harbor & Pine", "country": country, **settings}
        self.realm = self.people.seed({**CONSULTANCY, "companies": [company]})
        self.token = CONSULTANCY["token"]
        self.api = httpx.Client(
            transport=InProcess(self.people.app), base_url="http://127.0.0.1:8702", headers=JSON
        )
        self.customer = self.people.add_customer("Acme Ltd", "ap@acme.example")

    # -- raw requests --------------------------------------------------------------------------

    def send(self, method: str, path: str, realm: str = "", **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | given.pop("headers", {})
        where = f"/v3/company/{realm or self.realm}{path}"
        return self.api.request(method, where, headers=headers, **given)

    def post(self, path: str, body: Any, **params: Any) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return self.send(
            "POST", path, content=json.dumps(body, default=float), params=params, headers=headers
        )

    def mail(self, invoice: str, kind: str = "application/octet-stream", **params: Any) -> Any:
        return self.send(
            "POST", f"/invoice/{invoice}/send", headers={"Content-Type": kind}, params=params
        )

    # -- what has to succeed -------------------------------------------------------------------

    def ok(self, answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        body = json.loads(answer.text, parse_float=Decimal)
        assert "Fault" not in body, answer.text
        return body

    def write(self, kind: str, body: Any, **params: Any) -> Any:
        return self.ok(self.post(f"/{kind.lower()}", body, **params))[kind]

    def read(self, invoice: str, **params: Any) -> Any:
        return self.ok(self.send("GET", f"/invoice/{invoice}", params=params))["Invoice"]

    def ask(self, statement: str) -> Any:
        return self.ok(self.send("GET", "/query", params={"query": statement}))["QueryResponse"]

    def found(self, statement: str, name: str = "DisplayName") -> list[str]:
        answer = self.ask(statement)
        [rows] = [each for each in answer.values() if isinstance(each, list)] or [[]]
        return [row[name] for row in rows]

    # -- invoices ------------------------------------------------------------------------------

    def line(self, amount: float | None = 100, item: str | None = "Workshop", **more: Any) -> Any:
        detail = dict(more)
        if item is not None:
            detail["ItemRef"] = {"value": self.people.item_id(item)}
        return {
            "DetailType": "SalesItemLineDetail",
            "Amount": amount,
            "Description": "Work",
            "SalesItemLineDetail": detail,
        }

    def body(self, *lines: Any, **more: Any) -> dict[str, Any]:
        return {
            "CustomerRef": {"value": self.customer},
            "TxnDate": "2026-11-02",
            "BillEmail": {"Address": "ap@acme.example"},
            "Line": list(lines) or [self.line()],
            **more,
        }

    def create(self, *lines: Any, **more: Any) -> Any:
        return self.write("Invoice", self.body(*lines, **more))

    def refusal(self, answer: httpx.Response) -> tuple[int, str]:
        [error] = answer.json()["Fault"]["Error"]
        return answer.status_code, error["code"]

    def refused(self, *lines: Any, **more: Any) -> str:
        """Return the code that an invoice is refused with; it is not there afterwards."""
        before = len(self.people.dump()["invoices"])
        status, code = self.refusal(self.post("/invoice", self.body(*lines, **more)))
        assert (status, len(self.people.dump()["invoices"])) == (400, before)
        return code


def code(tax_code: str) -> dict[str, Any]:
    return {"TaxCodeRef": {"value": tax_code}}


def discount(*, percent: float | None = None, amount: float | None = None) -> dict[str, Any]:
    detail: dict[str, Any] = {"PercentBased": percent is not None}
    if percent is not None:
        detail["DiscountPercent"] = percent
    whole = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
    return whole if amount is None else {**whole, "Amount": amount}
