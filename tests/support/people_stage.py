"""What stages share where the books want names once, and people may add what has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class PeopleStage(Stage):
    """A stage whose books are the simulator ``people``.

    Attributes:
        tax: The mapping's taxes with these books.
        order_text: Which property of an invoice holds the client's order number.
    """

    tax: ClassVar[Mapping[str, str]]
    order_text: ClassVar[str]
    people: Any

    def fall_into(self, mood: str) -> None:
        """Let what is not documented turn out in one of the ``moods``."""
        usual = type(self.people.rules)()
        for rule in {rule for each in self.moods.values() for rule in each}:
            setattr(self.people.rules, rule, self.moods[mood].get(rule, getattr(usual, rule)))

    def map(self, **changes: Any) -> Path:
        """Write the mapping, with sections changed."""
        return super().map(**{**changes, "tax": {**self.tax, **changes.get("tax", {})}})

    def add_customer(
        self, name: str = "Northwind GmbH", email: str = "jo@northwind.example", **more: Any
    ) -> str:
        """Add a customer to the books by hand, by default the German deal's."""
        added: str = self.people.add_customer(name, email, **{"currency": "EUR", **more})
        return added

    def add_invoice(self, amount: str, *, po_number: str = "", **more: Any) -> str:
        """Add an invoice to the books by hand, by default of the German deal's customer."""
        customer = more.pop("customer", None) or self.add_customer()
        texts = {self.order_text: po_number}
        added: str = self.people.add_invoice(customer, amount, **texts, **more)
        return added

    def take_name(self, name: str) -> None:
        """Let somebody who is no customer have a name."""
        self.people.add_vendor(name)

    @property
    def names(self) -> list[tuple[str, str]]:
        """Names and addresses of the customers, in the order of their making."""
        return [(each["name"], each["email"]) for each in self.books["customers"]]
