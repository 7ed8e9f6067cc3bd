"""The writes to the books, and what keeps each from acting twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_SETTLE_S = 120
"""Seconds after which a server is held to be done with a request whose answer was lost."""


class Operation(StrEnum):
    """A write to the books; the values are those of the plan's steps where both have one."""

    CREATE_CUSTOMER = "customer.create"
    CREATE_INVOICE = "invoice.create"
    APPROVE = "invoice.approve"
    SEND = "invoice.send"
    VOID = "invoice.void"
    DELETE = "invoice.delete"


class Idempotency(StrEnum):
    """What keeps a repeated write from acting twice, strongest first."""

    KEY = "key"
    """The provider recognises the repeat by a key and answers as it did the first time."""
    UNIQUE_NUMBER = "unique-number"
    """The provider refuses a second one that bears the same number."""
    SEARCH = "search"
    """One business-wide request finds it by something exact that we wrote into it."""
    LIST_SCAN = "list-scan"
    """It is found by reading lists and comparing each row."""
    STATE = "state"
    """The object's own state says whether it was done."""
    NONE = "none"
    """Nothing tells: a lost answer needs a person."""


class KeyPlace(StrEnum):
    """Where an idempotency key travels."""

    HEADER = "header"
    PARAM = "param"


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key of a provider.

    Args:
        name: Of the header or query parameter.
        max_length: Characters it may have.
        lifetime_s: Seconds for which a repeat is recognised, counted from the first call; None
            where the provider does not say, so that nothing may be built on an old key.
    """

    name: str
    place: KeyPlace
    max_length: int
    lifetime_s: int | None


@dataclass(frozen=True, slots=True)
class OperationRule:
    """How one write is made safe.

    Args:
        probe: How its effect is looked for when the answer was lost and no key helps (any more).
        key: The idempotency key, where the provider knows one for this operation.
        settle_s: Seconds after which "not found" may be believed (``KINV_SETTLE_S`` shortens it).
    """

    probe: Idempotency
    key: Key | None = None
    settle_s: int = DEFAULT_SETTLE_S

    @property
    def idempotency(self) -> Idempotency:
        """The strongest means against acting twice."""
        return self.probe if self.key is None else Idempotency.KEY
