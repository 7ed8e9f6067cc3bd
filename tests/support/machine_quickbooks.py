"""The random life of an agency with QuickBooks: what may happen with these books alone."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import CLIENTS, Life
from quickbooks_stage import QuickBooksStage


class QuickBooksLife(Life):
    """Invoices are live at once, names are there once, and writes carry a request id."""

    books = QuickBooksStage
    stage: QuickBooksStage

    def __init__(self) -> None:
        super().__init__()
        self.vendors: set[str] = set()

    @rule(client=st.sampled_from(list(CLIENTS)))
    def a_client_becomes_a_vendor(self, client: str) -> None:
        """A bookkeeper adds a client, who sells as well, as a vendor, unless the name is taken."""
        if client not in {*self.vendors, *(name for name, _ in self.stage.names)}:
            self.stage.take_name(client)
            self.vendors.add(client)

    @rule(mood=st.sampled_from(list(QuickBooksStage.moods)))
    def request_ids_are_taken_otherwise(self, mood: str) -> None:
        """Ids of before bring the first answer again, or 600, or are forgotten after a while."""
        self.stage.fall_into(mood)

    @rule(own=st.booleans())
    def the_company_numbers_otherwise(self, *, own: bool) -> None:
        """The company turns its own numbers on or off: an invoice has none then, or the next."""
        self.stage.people.change_company(custom_numbers=own)
