"""The random life of an agency with Zoho Books: what may happen with these books alone."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine_names import NamesOnce
from zoho_stage import ZohoStage


class ZohoLife(NamesOnce):
    """A mail approves a draft, names are there once, and no write carries a key."""

    books = ZohoStage
    stage: ZohoStage

    @rule()
    def what_is_not_established_turns_out_the_other_way(self) -> None:
        """Names and addresses are compared otherwise, repeats are refused, totals are texts."""
        self.stage.turn_strict()

    @rule(busy=st.integers(1, 2))
    def others_are_busy_in_the_organization(self, busy: int) -> None:
        """The next requests find too many others in process."""
        self.stage.people.rules.busy = busy
