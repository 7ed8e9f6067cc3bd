"""QuickBooks' ground of the books suite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from conformance_books import EMAIL, MINDS_CASE, TODAY, BooksGround
from conformance_ground import Scripted

from kommo_invoice.books.operations import Operation
from kommo_invoice.errors import LoginNeeded
from kommo_invoice.sandbox import quickbooks_query
from kommo_invoice.sandbox.quickbooks import CONSULTANCY, QuickBooksSimulator
from kommo_invoice.sandbox.quickbooks_state import QuickBooksRules, RequestIds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from kommo_invoice.sandbox.server import Simulator
    from kommo_invoice.sandbox.world import World

_IRISH: Mapping[str, Any] = {
    "name": "Harbor & Pine",
    "country": "IE",
    "currency": "EUR",
    "rates": {"GBP": "1.17", "JPY": "0.0061", "BHD": "2.44"},
    "custom_numbers": True,
}
COMPANIES: Mapping[str, Mapping[str, Any]] = {
    "strict": _IRISH,
    "lenient": {
        **_IRISH,
        "duplicate_warning": False,
        "payments": True,
        "custom_fields": ("Crew #", "Deal"),
    },
    "american": {"name": "Harbor & Pine", "sales_tax": "19", "allow_discount": False},
}
RULES: Mapping[str, Mapping[str, Any]] = {
    "strict": {
        "request_ids": RequestIds.REFUSE,
        "other_body": RequestIds.REFUSE,
        "failures_kept": True,
        "missing_status": 404,
        "link_on_create": False,
        "values_ignore_case": False,
        "payments_touch_invoices": False,
        "deactivated_names_taken": True,
        "bare_answers": True,
        "largest_batch": 10,
    },
    "lenient": {
        "other_body": RequestIds.ACT,
        "send_replays": True,
        "faults_with_200": True,
        "currency_required": False,
        "long_country": False,
    },
    "american": {"failures_kept": True, "link_on_create": False},
}
_THROTTLE = (
    '<?xml version="1.0" encoding="UTF-8"?><IntuitResponse><Fault type="SERVICE">'
    '<Error code="3001"><Message>ThrottleExceeded; errorCode=003001</Message></Error>'
    "</Fault></IntuitResponse>"
)


class QuickBooksGround(BooksGround):
    """QuickBooks; its moods are what its sheet does not establish, and kinds of companies.

    ``strict`` and ``lenient`` are companies with tax codes and several currencies, ``american``
    one whose tax the books decide, with one currency, numbers of its own and no discounts.
    """

    provider = "quickbooks"
    moods = tuple(COMPANIES)
    words: ClassVar[Mapping[Operation, str]] = {
        Operation.CREATE_CUSTOMER: "POST /customer$",
        Operation.CREATE_INVOICE: "POST /invoice$",
        Operation.SEND: "POST /invoice/send$",
        Operation.VOID: "POST /invoice void$",
        Operation.DELETE: "POST /invoice delete$",
    }
    unauthorised = Scripted(
        403,
        {
            "Fault": {
                "Error": [{"Message": "Permission Denied", "code": "5020"}],
                "type": "AuthorizationFault",
            }
        },
    )
    throttles: ClassVar = (Scripted(429, _THROTTLE), Scripted(403, _THROTTLE), Scripted(429))
    stranger = LoginNeeded  # one consent opens one company (section 3)
    places = 2  # section 8
    item = "Consulting Services"
    taxed_item = "Hosting"
    unsold_item = "Services"
    other_account = "9130000000000000"
    unknown_invoice = "99999999"
    unknown_customer = "99999999"

    def seed(self, world: World, mood: str) -> Simulator:
        self.people = QuickBooksSimulator(world, QuickBooksRules(**RULES[mood]))
        self.account = self.people.seed({**CONSULTANCY, "companies": [COMPANIES[mood]]})
        self.tax, self.home = ("TAX", "USD") if mood == "american" else ("VAT 19%", "EUR")
        if mood != "american":
            self.people.add_tax_code("VAT 19%", {"VAT 19%": 19})
        code = "TAX" if mood == "american" else self.people.tax_code_id("VAT 19%")
        self.people.add_item("Hosting", 30, SalesTaxCodeRef={"value": code})
        self.deviations = {
            "test_with_an_unknown_country_is_refused": (
                "an address's country is free text; the mapping's own check goes before it"
            )
        }
        if mood == "strict":
            self.deviations |= MINDS_CASE
        return self.people

    def add_customer(
        self,
        name: str = "Acme GmbH",
        email: str = EMAIL,
        *,
        created_at: datetime | None = None,
        archived: bool = False,
        currency: str | None = None,
    ) -> str:
        return self.people.add_customer(
            name, email, created_at=created_at, active=not archived, currency=currency
        )

    def take_name(self, name: str) -> None:
        self.people.add_vendor(name)

    def add_invoice(
        self, customer: str, text: str = "", *, created_at: datetime | None = None
    ) -> str:
        return self.people.add_invoice(customer, 100, PrivateNote=text, created_at=created_at)

    def pay(self, invoice: str, amount: str | None = None, *, on: date = TODAY) -> str:
        return self.people.pay(invoice, amount, on)

    def refund(self, payment: str, amount: str) -> None:
        self.people.refund(payment, amount)

    def ignore_filters(self) -> AbstractContextManager[Any]:
        return mock.patch.object(quickbooks_query, "_test", return_value=lambda _: True)

    def mails(self) -> list[tuple[str, str, str | None]]:
        return [
            (mail["invoice"], address, None)
            for mail in self.people.dump()["mails"]
            for address in mail["to"]
        ]

    def customer_ids(self) -> list[str]:
        return [each["id"] for each in self.people.dump()["customers"]]

    def invoice_ids(self) -> list[str]:
        return [each["id"] for each in self.people.dump()["invoices"]]
