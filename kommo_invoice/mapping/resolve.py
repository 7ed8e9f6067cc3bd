"""From the names that people write to the things that the accounts hold."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kommo_invoice.domain.catalog import Item, Tax
    from kommo_invoice.domain.deal import Pipeline, Stage
    from kommo_invoice.domain.fields import FieldDef


_NO_TAX = "none"


class Named(Protocol):
    """Anything of an account that has an id and a name."""

    @property
    def id(self) -> str:
        """The provider's id."""

    @property
    def name(self) -> str:
        """The name that people see."""


T = TypeVar("T", bound=Named)


class Unresolved(LookupError):
    """A name means nothing, or several things.

    Args:
        message: What is wrong, without the place where it stands.
        nearest: The existing name that was probably meant.
    """

    def __init__(self, message: str, nearest: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.nearest = nearest

    def __str__(self) -> str:
        near = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{self.message}{near}"


def nearest(word: str, options: Iterable[str]) -> str | None:
    """Return the option that looks most like ``word``, None when none does."""
    by_fold = {option.casefold(): option for option in options}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1)
    return by_fold[found[0]] if found else None


def pick(
    wanted: str,
    options: Sequence[T],
    *,
    what: str,
    also: Callable[[T], str | None] = lambda _: None,
) -> T:
    """Return the option that a text names.

    Args:
        wanted: A name, an id, or the second name that ``also`` gives.
        options: What exists.
        what: What the options are, for the error: ``tax``.
        also: The second, stable name of an option: a code, a SKU.

    Returns:
        The one option with exactly this name, else this id, else this second name, else the one
        whose name is the same in another case.

    Raises:
        Unresolved: There is none (with the nearest name), or there are several (with their ids).
    """
    folded = wanted.strip().casefold()
    ways: tuple[Callable[[T], bool], ...] = (
        lambda option: option.name == wanted,
        lambda option: option.id == wanted,
        lambda option: also(option) == wanted,
        lambda option: option.name.strip().casefold() == folded,
        lambda option: (also(option) or "").strip().casefold() == folded != "",
    )
    for fits in ways:
        found = [option for option in options if fits(option)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(option.id for option in found)
            raise Unresolved(f"several {what}s are named {wanted!r}: use one of their ids, {ids}")
    raise Unresolved(
        f"there is no {what} {wanted!r}", nearest(wanted, (option.name for option in options))
    )


def pick_field(wanted: str, fields: Sequence[FieldDef], entity: str) -> FieldDef:
    """Return the custom field of an entity by name, code or id.

    Raises:
        Unresolved: As ``pick``.
    """
    own = [field for field in fields if field.entity == entity]
    return pick(wanted, own, what=f"{entity} field", also=lambda field: field.code)


def pick_item(wanted: str, items: Sequence[Item]) -> Item:
    """Return the item of the books by name, id or SKU.

    Raises:
        Unresolved: As ``pick``, or the item is not for sale.
    """
    item = pick(wanted, items, what="item", also=lambda item: item.sku)
    if not item.sellable:
        raise Unresolved(f"the item {item.name!r} is not for sale in the books")
    return item


def own_tax(wanted: str, taxes: Sequence[Tax]) -> Tax | None:
    """Return the tax of the books by name, id or short name; ``none`` is an explicit no tax.

    Raises:
        Unresolved: As ``pick``.
    """
    if wanted.casefold() == _NO_TAX:
        return None
    try:
        return pick(wanted, taxes, what="tax", also=lambda tax: tax.short_name)
    except Unresolved as error:
        if error.nearest is None:
            error.nearest = nearest(wanted, (_NO_TAX,))
        raise


def pick_treatment(wanted: str, known: Sequence[str]) -> str:
    """Return a customer's tax treatment as the books write it.

    Args:
        wanted: What the mapping says.
        known: The books' own words; where they tell none, any will do.

    Raises:
        Unresolved: They have other words, with the nearest.
    """
    word = wanted.strip()
    found = next((each for each in known if each.casefold() == word.casefold()), None)
    if known and found is None:
        words = ", ".join(known)
        near = nearest(word, known)
        raise Unresolved(f"there is no tax treatment {word!r} in the books, but {words}", near)
    return found or word


def pick_pipeline(wanted: str, pipelines: Sequence[Pipeline]) -> Pipeline:
    """Return the pipeline by name or id.

    Raises:
        Unresolved: As ``pick``.
    """
    return pick(wanted, pipelines, what="pipeline")


def pick_stage(wanted: str, pipeline: Pipeline) -> Stage:
    """Return the pipeline's stage by name or id; ``won`` and ``lost`` are its closed stages.

    Raises:
        Unresolved: As ``pick``.
    """
    if wanted.casefold() in {"won", "lost"}:
        closed = [stage for stage in pipeline.stages if stage.kind == wanted.casefold()]
        if len(closed) == 1:
            return closed[0]
    return pick(wanted, pipeline.stages, what=f"stage of {pipeline.name}")
