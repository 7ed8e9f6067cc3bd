"""What people do in Wave's own pages, as methods: set up the books, add records, pay, look."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kommo_invoice.sandbox import wave_catalog, wave_invoicing, wave_sending
from kommo_invoice.sandbox.wave_records import Account, Business, Invoice, User, global_id
from kommo_invoice.sandbox.wave_state import SETTLED, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from kommo_invoice.sandbox.wave_state import WaveState
    from kommo_invoice.sandbox.world import World

Number = Decimal | int | str

_ACCOUNTS = (
    ("Sales", "INCOME", "INCOME"),
    ("Bank", "ASSET", "CASH_AND_BANK"),
    ("Purchases", "EXPENSE", "EXPENSE"),
)


class WavePeople:
    """The people around one Wave user's books.

    Whatever is added here was there before: lists show it at once, whatever the lag. Every
    method gives ids as Wave does, takes invoices by id or number and products and taxes by id or
    name, and means the first business that is not private unless told otherwise.
    """

    def __init__(self, world: World, state: WaveState) -> None:
        self.world = world
        self.state = state

    def add_business(
        self, name: str, currency: str = "EUR", timezone: str = "Europe/Berlin", **more: Any
    ) -> str:
        """Add a business with accounts for sales, bank and purchases.

        Args:
            name: Its name.
            currency: ISO code.
            timezone: IANA name.
            more: Any other field of ``wave_records.Business``.
        """
        with self.world.lock:
            now = self.state.now()
            if self.state.user is None:
                self.state.user = User(
                    id=global_id(f"User:{_uuid('user')}"),
                    created_at=now,
                    modified_at=now,
                    default_email="owner@northlight.example",
                    first_name="Nora",
                    last_name="Licht",
                )
            own = _uuid(f"business {self.world.ids.next('wave.Business')}")
            business = Business(
                id=global_id(f"Business:{own}"),
                uuid=own,
                created_at=now,
                modified_at=now,
                name=name,
                currency=currency,
                timezone=timezone,
                **more,
            )
            self.state.businesses[business.id] = business
            for title, kind, subtype in _ACCOUNTS:
                account = Account(
                    id=self.state.new_id("Account", business),
                    business_id=business.id,
                    created_at=now,
                    modified_at=now,
                    name=title,
                    type=kind,
                    subtype=subtype,
                    currency=currency,
                )
                self.state.accounts.put(account, SETTLED)
            return business.id

    def change_business(self, business: str | None = None, **changes: Any) -> None:
        """Change fields of a business (``wave_records.Business``)."""
        with self.world.lock:
            changed = replace(self.state.business(business), **changes)
            self.state.businesses[changed.id] = changed

    def add_tax(
        self,
        name: str,
        abbreviation: str,
        rate: Number,
        *,
        business: str | None = None,
        **more: Any,
    ) -> str:
        """Add a sales tax; ``rate`` is a fraction (0.19)."""
        with self.world.lock:
            asked = {"name": name, "abbreviation": abbreviation, "rate": Decimal(rate), **more}
            tax = wave_catalog.create_tax(self.state, self._in(business, asked))
            return self.state.taxes.settle(tax).id

    def add_product(
        self,
        name: str,
        price: Number = 0,
        *,
        taxes: Sequence[str] = (),
        sold: bool = True,
        business: str | None = None,
    ) -> str:
        """Add a product.

        Args:
            name: Its name.
            price: In major units.
            taxes: Its default taxes.
            sold: False leaves it without an income account.
            business: Whose it is.
        """
        with self.world.lock:
            account = self._account("INCOME", business) if sold else None
            asked = {
                "name": name,
                "unit_price": Decimal(price),
                "income_account_id": account,
                "default_sales_tax_ids": [self._tax(tax, business) for tax in taxes],
            }
            product = wave_catalog.create_product(self.state, self._in(business, asked))
            return self.state.products.settle(product).id

    def add_customer(
        self,
        name: str,
        email: str = "",
        *,
        business: str | None = None,
        created_at: datetime | None = None,
        archived: bool = False,
        **more: Any,
    ) -> str:
        """Add a customer; ``more`` are inputs of ``customerCreate`` under Python names."""
        with self.world.lock:
            asked = {"name": name, "email": email, **more}
            customer = wave_catalog.create_customer(self.state, self._in(business, asked))
            self.state.unsettled.discard(customer.id)
            at = created_at or customer.created_at
            customer = replace(customer, created_at=at, modified_at=at, is_archived=archived)
            return self.state.customers.settle(customer).id

    def add_invoice(
        self,
        customer: str,
        amount: Number = 0,
        *,
        product: str = "",
        status: str = "SAVED",
        business: str | None = None,
        created_at: datetime | None = None,
        **more: Any,
    ) -> str:
        """Add an invoice made by hand, with one untaxed line.

        Args:
            customer: The customer's id.
            amount: The line's price in major units.
            product: The line's product; the first one that is sold by default.
            status: ``SAVED`` (approved) or ``DRAFT``.
            business: Whose it is.
            created_at: When it was made (UTC); now by default.
            more: Other inputs of ``invoiceCreate`` under Python names (``invoice_number``,
                ``po_number``, ``due_date``, ``items``).
        """
        with self.world.lock:
            line = {"product_id": self._product(product, business), "taxes": []}
            asked = {
                "customer_id": customer,
                "status": status,
                "items": [{**line, "unit_price": Decimal(amount)}],
                **more,
            }
            invoice = wave_invoicing.create_invoice(self.state, self._in(business, asked))
            at = created_at or invoice.created_at
            invoice = replace(invoice, created_at=at, modified_at=at)
            return self.state.invoices.settle(invoice).id

    def archive_customer(self, customer: str) -> None:
        """Archive a customer, who then still comes back in lists."""
        with self.world.lock:
            now = self.state.now()
            record = replace(self.state.customers.get(customer), is_archived=True, modified_at=now)
            self.state.customers.put(record, now)

    def pay(
        self,
        invoice: str,
        amount: Number | None = None,
        on: date | None = None,
        method: str = "BANK_TRANSFER",
    ) -> str:
        """Let money come in for an invoice and return the payment's id.

        Args:
            invoice: The invoice's id or number.
            amount: In major units of the invoice's currency; what is due by default.
            on: The day that it came; today by default.
            method: Wave's enum value.
        """
        with self.world.lock:
            record = self.invoice(invoice)
            business = self.state.business(record.business_id)
            asked = {
                "invoice_id": record.id,
                "payment_account_id": self._account("CASH_AND_BANK", business.id),
                "amount": record.due if amount is None else Decimal(amount),
                "payment_date": on or self.state.today(business),
                "payment_method": method,
                "exchange_rate": Decimal(1),
            }
            return wave_sending.create_payment(self.state, asked).id

    def refund(self, payment: str, amount: Number | None = None, on: date | None = None) -> str:
        """Give a payment back, wholly or in part, and return the refund's id."""
        with self.world.lock:
            given = self.state.payments.get(payment)
            business, now = self.state.business(given.business_id), self.state.now()
            back = replace(
                given,
                id=self.state.new_id("InvoicePayment", business),
                created_at=now,
                modified_at=now,
                amount=given.amount if amount is None else Decimal(amount),
                day=on or self.state.today(business),
                refund_of=given.id,
            )
            invoice = self.state.invoices.get(given.invoice_id)
            return wave_sending.add_payment(self.state, invoice, back).id

    def view(self, invoice: str) -> None:
        """Let the customer open the invoice's link."""
        with self.world.lock:
            now = self.state.now()
            record = replace(self.invoice(invoice), viewed_at=now, modified_at=now)
            self.state.invoices.put(record, now)

    def invoice(self, invoice: str) -> Invoice:
        """Return an invoice by its id or its number (the newest of several).

        Raises:
            NotFound: There is none.
        """
        record = self.state.invoices.find(invoice)
        if record is not None:
            return record
        for business in self.state.businesses:
            for each in reversed(list(self.state.invoices.all(business))):
                if each.number == invoice:
                    return each
        raise NotFound(f"Invoice '{invoice}' could not be found.")

    def _in(self, business: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"business_id": self.state.business(business).id, **asked}

    def _account(self, subtype: str, business: str | None) -> str:
        accounts = self.state.accounts.all(self.state.business(business).id)
        return next(account.id for account in accounts if account.subtype == subtype)

    def _product(self, wanted: str, business: str | None) -> str:
        for product in self.state.products.all(self.state.business(business).id):
            if wanted in {product.id, product.name} or (not wanted and product.is_sold):
                return product.id
        raise NotFound(f"Product '{wanted}' could not be found.")

    def _tax(self, wanted: str, business: str | None) -> str:
        for tax in self.state.taxes.all(self.state.business(business).id):
            if wanted in {tax.id, tax.name}:
                return tax.id
        raise NotFound(f"SalesTax '{wanted}' could not be found.")


def _uuid(name: str) -> str:
    """Return the same UUID for the same name, so that a story always has the same ids."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"wave {name}"))
