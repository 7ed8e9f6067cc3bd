"""The values of a mapping for one deal, typed, with errors that name the deal and the key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from kommo_invoice.domain.draft import Discount
from kommo_invoice.errors import DealError
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.expressions import CannotEvaluate
from kommo_invoice.mapping.language import is_empty
from kommo_invoice.mapping.resolve import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommo_invoice.domain.deal import Deal
    from kommo_invoice.mapping.values import Values

T = TypeVar("T")


class NotThere(DealError):
    """A deal names what an account, as last read, does not have; it may have been made since."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One deal with the names in reach.

    Args:
        values: The mapping's values by key.
        deal: The deal.
        names: What expressions can name.
        place: Where in the invoice this is, for errors: ``of line 2``.
    """

    values: Values
    deal: Deal
    names: dict[str, object]
    place: str = ""

    def including(self, *, place: str | None = None, **names: object) -> Scope:
        """Return a scope with further names in reach."""
        return replace(
            self,
            names={**self.names, **names},
            place=self.place if place is None else place,
        )

    def has(self, key: str) -> bool:
        """Say whether the mapping gives this key."""
        return key in self.values

    def raw(self, key: str) -> object:
        """Return the value of a key in its own type, None where it is empty or not given.

        Raises:
            DealError: The value has no result for this deal.
        """
        if key not in self.values:
            return None
        try:
            value = self.values[key].evaluate(self.names)
        except CannotEvaluate as error:
            raise self.error(key, str(error)) from error
        return None if is_empty(value) else value

    def optional(self, key: str, kind: Callable[[object], T]) -> T | None:
        """Return a value of the asked-for kind, None where it is empty or not given.

        Raises:
            DealError: The value is of another kind.
        """
        value = self.raw(key)
        if value is None:
            return None
        try:
            return kind(value)
        except coerce.Unfit as error:
            raise self.error(key, str(error)) from None
        except Unresolved as error:
            raise self.error(key, str(error), NotThere) from None

    def required(self, key: str, kind: Callable[[object], T]) -> T:
        """Return a value of the asked-for kind.

        Raises:
            DealError: The value is empty, or of another kind.
        """
        value = self.optional(key, kind)
        if value is None:
            raise self._empty(key)
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a yes or no; ``default`` where the key is not given, no where it is empty.

        Raises:
            DealError: It is neither.
        """
        if key not in self.values:
            return default
        return self.optional(key, coerce.yes_no) or False

    def discount(self, key: str) -> Discount | None:
        """Return a discount, None where there is none.

        Raises:
            DealError: It is no percentage, or no amount.
        """
        percent = self.optional(key, coerce.percent)
        amount = self.optional(f"{key}.amount", coerce.amount_off)
        if percent:
            return Discount(percent=percent)
        return Discount(amount=amount) if amount else None

    def error(self, key: str, message: str, kind: type[DealError] = DealError) -> DealError:
        """Return the error that says what is wrong with a key for this deal."""
        place = f" {self.place}" if self.place else ""
        return kind(f"deal {self.deal.id}: {key}{place}: {message}", deal=self.deal.id)

    def _empty(self, key: str) -> DealError:
        value = self.values.get(key)
        names = value.names if value else frozenset()
        missing = [
            f"no {name}"
            for name in ("contact", "company")
            if name in names and getattr(self.deal, name) is None
        ]
        if missing:
            return DealError(
                f"deal {self.deal.id} has {' and '.join(missing)}, so {key} is empty",
                deal=self.deal.id,
            )
        source = f"is empty: {value.source}" if value and value.source else "is empty"
        return self.error(key, source)
