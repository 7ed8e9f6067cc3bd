"""A stand-in for the HTTP client that answers for one organisation in Zoho Books.

It answers lists from a few records, by the filters that it is told to know, so that tests can say
what was asked, and how often.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from kommo_invoice.books.zoho import Zoho
from kommo_invoice.books.zoho.budget import Meter
from kommo_invoice.domain.catalog import BooksAccount, Catalog, Item, Settings
from kommo_invoice.http.calls import CallClass, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ACCOUNT = "60001"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PAGE = 200

Record = dict[str, Any]
_LISTS = {"contacts", "invoices", "items", "taxes", "currencies", "organizations"}
_OBJECTS = {"contacts": "contact", "invoices": "invoice"}


def reply(body: object, status: int = 200, text: str = "", **headers: Any) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, body, text, NOW)


def done(status: int = 200, **resources: Any) -> Reply:
    return reply({"code": 0, "message": "success", **resources}, status)


def refusal(code: int, message: str = "No.", status: int = 400, **headers: Any) -> Reply:
    return reply({"code": code, "message": message}, status, **headers)


def contact(number: int, email: str = "", **changes: Any) -> Record:
    return {
        "contact_id": str(number),
        "contact_name": f"Customer {number}",
        "contact_type": "customer",
        "status": "active",
        "email": email,
        "currency_code": "EUR",
        "created_time": f"2026-01-{number:02d}T08:00:00+0100",
    } | changes


def row(number: int, reference: str = "", **changes: Any) -> Record:
    """Return an invoice as a list has it."""
    moment = f"2026-10-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}+0200"
    return {
        "invoice_id": str(number),
        "invoice_number": f"INV-{number:06d}",
        "reference_number": reference,
        "status": "sent",
        "date": "2026-10-01",
        "due_date": "2026-11-30",
        "customer_id": "1",
        "currency_code": "EUR",
        "total": Decimal("119.00"),
        "balance": Decimal("119.00"),
        "write_off_amount": 0,
        "last_payment_date": "",
        "is_emailed": False,
        "is_viewed_by_client": False,
        "custom_field_hash": {},
        "created_time": moment,
        "last_modified_time": moment,
    } | changes


def invoice(number: int, reference: str = "", **changes: Any) -> Record:
    """Return an invoice as it is read by itself."""
    line = {
        "line_item_id": "1",
        "item_id": "19",
        "name": "Advice",
        "description": "Advice",
        "rate": 100,
        "quantity": 1,
        "tax_id": "7",
        "tax_percentage": 19,
    }
    return (
        row(number, reference)
        | {
            "sub_total": 100,
            "tax_total": 19,
            "payment_made": 0,
            "credits_applied": 0,
            "is_inclusive_tax": False,
            "line_items": [line],
            "invoice_url": f"https://zohosecurepay.com/books/demo/secure?CInvoiceID=2-{number} ",
            "email": "",
        }
        | changes
    )


def payment(number: int, amount: object, **changes: Any) -> Record:
    return {
        "payment_id": str(number),
        "invoice_payment_id": str(number + 1),
        "payment_mode": "banktransfer",
        "date": "2026-10-09",
        "amount": amount,
    } | changes


def company(**settings: Any) -> Catalog:
    return Catalog(
        account=BooksAccount(ACCOUNT, "Nordlicht", "EUR", "Europe/Berlin"),
        items=(Item("19", "Advice"),),
        settings=Settings(**settings),
    )


def organization(**changes: Any) -> Record:
    return {
        "organization_id": ACCOUNT,
        "name": "Nordlicht",
        "currency_code": "EUR",
        "time_zone": "Europe/Berlin",
        "country_code": "DE",
        "is_org_active": True,
    } | changes


def currency(number: int, code: str) -> Record:
    return {"currency_id": str(number), "currency_code": code}


@dataclass
class Asked:
    """One request."""

    call: CallClass
    method: str
    path: str
    raw_query: str
    params: dict[str, str]
    json: Any


@dataclass
class StandIn:
    """Answers from its records; ``scripted`` answers a path in its stead, one after the other."""

    records: dict[str, list[Record]] = field(default_factory=dict)
    payments: dict[str, list[Record]] = field(default_factory=dict)
    scripted: dict[str, list[Reply]] = field(default_factory=dict)
    known_filters: tuple[str, ...] = ("email", "contact_name", "search_text", "invoice_number")
    headers: dict[str, str] = field(default_factory=dict)
    on_request: Callable[[], None] = lambda: None
    requests: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.meter = Meter()

    def books(self, known: Catalog | None = None) -> Zoho:
        opened = Zoho(self, ACCOUNT, self.meter)  # type: ignore[arg-type]
        opened.know(known or company())
        return opened

    def call(self, call: CallClass, method: str, path: str, *, json: Any) -> Reply:
        parts = urlsplit(path)
        assert parts.path.startswith("/books/v3/")
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        own = parts.path.removeprefix("/books/v3")
        if own != "/organizations":
            assert params.pop("organization_id") == ACCOUNT
        asked = Asked(call, method, own, parts.query, params, json)
        self.requests.append(asked)
        waiting = self.scripted.get(own)
        answer = waiting.pop(0) if waiting else self._answer(asked)
        self.on_request()
        if (wrong := self.meter.judge(answer)) is not None:
            raise wrong
        return answer

    def paths(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.requests]

    def _answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path.removeprefix("/settings").split("/")[1:]:
            case "GET", [name] if name in _LISTS:
                return self._list(name, self.records.get(name, []), asked.params)
            case "GET", ["fields"]:
                return refusal(5, "Invalid URL Passed", 404)
            case "GET", ["invoices", number, "payments"]:
                return self._list("payments", self.payments.get(number, []), asked.params)
            case "GET", [name, number]:
                kind = _OBJECTS[name]
                every = self.records.get(kind, self.records.get(name, []))
                found = [each for each in every if each[f"{kind}_id"] == number]
                if not found:
                    return refusal(1002, f"{kind.title()} does not exist.", 404)
                shown: dict[str, Any] = {kind: found[0]}
                return done(**shown)
            case _:
                raise AssertionError(f"{asked.method} {asked.path} is not scripted")

    def _list(self, name: str, every: list[Record], params: Mapping[str, str]) -> Reply:
        rows = [each for each in every if self._holds(each, params)]
        if params.get("sort_order") == "D":
            rows.sort(key=lambda each: str(each["created_time"]), reverse=True)
        start = (int(params.get("page", "1")) - 1) * PAGE
        page = rows[start : start + PAGE]
        context = {"page": start // PAGE + 1, "has_more_page": len(rows) > start + PAGE}
        shown: dict[str, Any] = {name: page, "page_context": context}
        return done(**shown)

    def _holds(self, record: Record, params: Mapping[str, str]) -> bool:
        known = {name: params[name] for name in self.known_filters if name in params}
        text = known.pop("search_text", "")
        places = ("invoice_number", "reference_number", "customer_name")
        if not any(text in str(record.get(place, "")) for place in places):
            return False
        return all(str(record.get(name)) == value for name, value in known.items())
