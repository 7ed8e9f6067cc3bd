"""Zoho Books' ground of the books suite."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from conformance_books import EMAIL, MINDS_CASE, TODAY, BooksGround
from conformance_ground import Scripted

from kommo_invoice.books.operations import Operation
from kommo_invoice.sandbox import zoho_lists
from kommo_invoice.sandbox.zoho import CONSULTANCY, ZohoSimulator
from kommo_invoice.sandbox.zoho_rules import OtherCurrency, OwnNumber, ReferenceMatch, ZohoRules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from kommo_invoice.sandbox.server import Simulator
    from kommo_invoice.sandbox.world import World

[_NORDLICHT] = CONSULTANCY["organizations"]
_GERMAN: Mapping[str, Any] = {
    **_NORDLICHT,
    "currencies": {"GBP": "1.17", "JPY": "0.0061", "BHD": "2.44"},
}
ORGANIZATIONS: Mapping[str, Mapping[str, Any]] = {
    "usual": _GERMAN,
    "strict": _GERMAN,
    "lenient": _GERMAN,
    "american": {"name": "Harbor & Pine", "country": "US", "currency": "USD", "terms_days": 14},
}
RULES: Mapping[str, Mapping[str, Any]] = {
    "usual": {},
    "strict": {
        "names_ignore_case": False,
        "names_trimmed": False,
        "emails_ignore_case": False,
        "reference_match": ReferenceMatch.EXACT,
        "own_number": OwnNumber.REFUSE,
        "duplicate_number_code": 4060,
        "missing_reference_status": 400,
        "needs_item": True,
        "inclusive_subtotal_is_net": False,
        "totals_as_text": True,
        "repeats_refused": True,
        "voids_drafts": False,
        "zero_is_paid": False,
        "overdue_hides_partial": False,
        "bearer": False,
        "counters": False,
    },
    "lenient": {
        "lists_inactive": True,
        "inactive_refused": False,
        "reference_match": ReferenceMatch.CONTAINS,
        "filters_custom_fields": True,
        "items_bring_tax": False,
        "other_currency": OtherCurrency.IGNORE,
        "primary_is_used": False,
        "void_can_be_mailed": True,
        "repeated_mail_touches": True,
    },
    "american": {"unique_key": None, "rate_defaults": False},
}
_BLOCKED = {"code": 43, "message": "you have been blocked for some time"}
_MINUTE = {"code": 44, "message": "For security reasons you have been blocked"}
_DAY = {"code": 45, "message": "has exceeded the maximum call rate limit of 1000."}


class ZohoGround(BooksGround):
    """Zoho Books; its moods are what its sheet does not establish, and kinds of organisations.

    ``american`` has one currency, prices that cannot contain tax, and a custom field of kinv's
    whose values have to be unique.
    """

    provider = "zoho"
    moods = tuple(RULES)
    words: ClassVar[Mapping[Operation, str]] = {
        Operation.CREATE_CUSTOMER: "^POST /contacts$",
        Operation.CREATE_INVOICE: "^POST /invoices$",
        Operation.APPROVE: "^POST /invoices/status/sent$",
        Operation.SEND: "^POST /invoices/email$",
        Operation.VOID: "^POST /invoices/status/void$",
        Operation.DELETE: "^DELETE /invoice$",
    }
    unauthorised = Scripted(403, {"code": 57_000, "message": "The plan does not have this."})
    throttles: ClassVar = (
        *(Scripted(429, each) for each in (_BLOCKED, _MINUTE, _DAY)),
        Scripted(429),
    )
    tells_when_mailed = False
    voids_keep_totals = True  # section 4.6: even their balance
    item = "Consulting Services"
    taxed_item = "Hosting"
    unsold_item = "Fax Support"
    tax = "VAT DE 19%"
    other_account = "60000000001"
    unknown_invoice = "999999999999"
    unknown_customer = "999999999999"

    def seed(self, world: World, mood: str) -> Simulator:
        self.people = ZohoSimulator(world, ZohoRules(**RULES[mood]))
        organization = ORGANIZATIONS[mood]
        self.account = self.people.seed({**CONSULTANCY, "organizations": [organization]})
        self.home = str(organization["currency"])
        self.people.add_item("Hosting", "30", tax=self.tax)
        self.has_unique_field = mood == "american"
        if self.has_unique_field:
            self.people.add_field("kinv", unique=True)
        if mood == "strict":
            self.deviations = MINDS_CASE
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
        persons = [
            {"first_name": "Anna", "email": each.strip(), "is_primary_contact": place == 0}
            for place, each in enumerate(email.split(","))
        ]
        return self.people.add_customer(
            name,
            created_at=created_at,
            active=not archived,
            currency=currency,
            contact_persons=persons,
        )

    def take_name(self, name: str) -> None:
        self.people.add_vendor(name)

    def add_invoice(
        self, customer: str, text: str = "", *, created_at: datetime | None = None
    ) -> str:
        line = {"item_id": self.people.item_id(self.item), "rate": Decimal(100), "tax_id": ""}
        return self.people.add_invoice(
            customer, created_at=created_at, sent=True, reference_number=text, line_items=[line]
        )

    def pay(self, invoice: str, amount: str | None = None, *, on: date = TODAY) -> str:
        return self.people.pay(invoice, amount, on)

    def refund(self, payment: str, amount: str) -> None:
        self.people.refund(payment, amount)

    def ignore_filters(self) -> AbstractContextManager[Any]:
        return mock.patch.object(zoho_lists, "tests_of", return_value=[])

    def mails(self) -> list[tuple[str, str, str | None]]:
        return [
            (mail["invoice"], address, mail["body"])
            for mail in self.people.dump()["mails"]
            for address in mail["to"]
        ]

    def customer_ids(self) -> list[str]:
        return [each["id"] for each in self.people.dump()["customers"]]

    def invoice_ids(self) -> list[str]:
        return [each["id"] for each in self.people.dump()["invoices"]]
