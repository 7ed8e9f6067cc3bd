"""How the Wave simulator's mutations answer: didSucceed, inputErrors and the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kommo_invoice.sandbox.wave_graphql import Resolver
    from kommo_invoice.sandbox.wave_state import Info, WaveState

Asked = Mapping[str, Any]
"""A mutation's input under Python names; what was left out is not in it."""


class Refusal(Exception):
    """A rule of the books forbids it; Wave answers ``didSucceed: false``, and nothing was done.

    The codes are not published (Wave sheet, section 4.12): these are ours.

    Args:
        path: The input field at fault, by its name in the schema: ``items.0.productId``.
        message: Why.
        code: ``INVALID``, ``REQUIRED`` or ``NOT_FOUND``.
    """

    def __init__(self, path: str, message: str, code: str = "INVALID") -> None:
        super().__init__(message)
        self.answer = {"path": ["input", *path.split(".")], "message": message, "code": code}


def mutation(entity: str | None, act: Callable[[WaveState, Asked], object]) -> Resolver:
    """Return the resolver of a mutation.

    Args:
        entity: The payload's field for the record; None where there is none.
        act: Does it, and returns the record.
    """

    def resolve(_: None, info: Info, *, asked: Asked) -> dict[str, Any]:
        record: object = None
        errors = None
        try:
            record = act(info.context, asked)
        except Refusal as refusal:
            errors = [refusal.answer]
        payload = {"didSucceed": errors is None, "inputErrors": errors}
        return payload if entity is None else {**payload, entity: record}

    return resolve
