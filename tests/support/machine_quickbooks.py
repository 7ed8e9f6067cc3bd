"""The random life of an agency with QuickBooks: what may happen with these books alone."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_names import NamesOnce
from quickbooks_stage import QuickBooksStage


class QuickBooksLife(NamesOnce):
    """Invoices are live at once, names are there once, and writes carry a request id."""

    books = QuickBooksStage
    stage: QuickBooksStage

    @rule(mood=st.sampled_from(list(QuickBooksStage.moods)))
    def request_ids_are_taken_otherwise(self, mood: str) -> None:
        """Ids of before bring the first answer again, or 600, or are forgotten after a while."""
        self.stage.fall_into(mood)

    @rule(own=st.booleans())
    def the_company_numbers_otherwise(self, *, own: bool) -> None:
        """The company turns its own numbers on or off: an invoice has none then, or the next."""
        self.stage.people.change_company(custom_numbers=own)
