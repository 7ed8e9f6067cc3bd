"""Wave's ground of the books suite."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from conformance_books import EMAIL, MINDS_CASE, TODAY, BooksGround
from conformance_ground import Scripted

from kommo_invoice.books.operations import Operation
from kommo_invoice.sandbox import wave_lists
from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.wave_money import TaxRounding
from kommo_invoice.sandbox.wave_state import WaveRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from kommo_invoice.sandbox.server import Simulator
    from kommo_invoice.sandbox.world import World


class WaveGround(BooksGround):
    """Wave; its moods are either way of everything that is not established (Wave sheet, 14)."""

    provider = "wave"
    moods = ("strict", "lenient")
    words: ClassVar[Mapping[Operation, str]] = {
        Operation.CREATE_CUSTOMER: "customerCreate",
        Operation.CREATE_INVOICE: "invoiceCreate",
        Operation.APPROVE: "invoiceApprove",
        Operation.SEND: "invoiceSend",
        Operation.DELETE: "invoiceDelete",
    }
    unauthorised = Scripted(
        200, {"errors": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}], "data": None}
    )
    item = "Consulting Services"
    taxed_item = "Hosting"
    unsold_item = "Office Supplies"
    tax = "VAT 19%"
    other_account = base64.b64encode(b"Business:00000000-0000-4000-8000-000000000000").decode()
    unknown_invoice = base64.b64encode(b"Business:x;Invoice:1").decode()
    unknown_customer = base64.b64encode(b"Business:x;Customer:1").decode()

    def seed(self, world: World, mood: str) -> Simulator:
        if mood == "strict":
            rules = WaveRules(deletes_approved=False)
            self.deviations = MINDS_CASE
        else:
            rules = WaveRules(
                unauthenticated_status=200,
                invalid_status=200,
                emails_ignore_case=True,
                modified_after_is_inclusive=False,
                tax_rounding=TaxRounding.TAX,
                groups_thousands=True,
            )
        self.wave = WaveSimulator(world, rules)
        self.account = self.wave.seed()
        return self.wave

    def add_customer(
        self,
        name: str = "Acme GmbH",
        email: str = EMAIL,
        *,
        created_at: datetime | None = None,
        archived: bool = False,
        currency: str | None = None,
    ) -> str:
        more = {} if currency is None else {"currency": currency}
        return self.wave.add_customer(name, email, created_at=created_at, archived=archived, **more)

    def take_name(self, name: str) -> None:
        raise NotImplementedError("Wave's customers may all have one name")

    def add_invoice(
        self, customer: str, text: str = "", *, created_at: datetime | None = None
    ) -> str:
        return self.wave.add_invoice(customer, 100, po_number=text, created_at=created_at)

    def pay(self, invoice: str, amount: str | None = None, *, on: date = TODAY) -> str:
        return self.wave.pay(invoice, amount, on)

    def refund(self, payment: str, amount: str) -> None:
        self.wave.refund(payment, amount)

    @contextmanager
    def ignore_filters(self) -> Iterator[None]:
        shown = wave_lists._shown

        def unfiltered(*given: Any) -> Any:
            given[-1].pop("email", None)
            return shown(*given)

        with (
            mock.patch.object(wave_lists, "_shown", unfiltered),
            mock.patch.object(wave_lists, "_filters", return_value=[]),
        ):
            yield

    def mails(self) -> list[tuple[str, str, str | None]]:
        return [
            (mail["invoice"], address, mail["message"])
            for mail in self.wave.dump()["mails"]
            for address in mail["to"]
        ]

    def customer_ids(self) -> list[str]:
        return [each["id"] for each in self.wave.dump()["customers"]]

    def invoice_ids(self) -> list[str]:
        return [each["id"] for each in self.wave.dump()["invoices"]]
