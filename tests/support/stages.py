"""The stages by their books: what tests hold of all of them, they hold of each one in this list."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from quickbooks_stage import QuickBooksStage
from stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES: Mapping[str, type[Stage]] = MappingProxyType(
    {each.provider: each for each in (Stage, QuickBooksStage)}
)
