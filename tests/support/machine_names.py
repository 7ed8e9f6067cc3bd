"""A random life with books that want names once: clients become vendors as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import rule
from machine import CLIENTS, Life

if TYPE_CHECKING:
    from people_stage import PeopleStage


class NamesOnce(Life):
    """A name may be somebody's who is no customer."""

    stage: PeopleStage

    def __init__(self) -> None:
        super().__init__()
        self.vendors: set[str] = set()

    @rule(client=st.sampled_from(list(CLIENTS)))
    def a_client_becomes_a_vendor(self, client: str) -> None:
        """A bookkeeper adds a client, who sells as well, as a vendor, unless the name is taken."""
        if client not in {*self.vendors, *(name for name, _ in self.stage.names)}:
            self.stage.take_name(client)
            self.vendors.add(client)
