"""The stored GraphQL documents, and how several readings travel in one of them.

Texts of users never become part of a document: Wave takes strings as variables only (Wave sheet,
section 2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPREAD = re.compile(r"\.\.\.(\w+)")
_PART = re.compile(
    r"query \w+\(\$business: ID!(?P<declared>[^)]*)\) \{\s*"
    r"business\(id: \$business\) \{\s*(?P<selection>part: .*?)\s*\}\s*\}\s*\Z",
    re.DOTALL,
)
_OWN_VARIABLE = re.compile(r"\$(?!business\b)(\w+)")


@dataclass(frozen=True, slots=True)
class Part:
    """One reading below the business: a stored document that several others can travel with.

    Args:
        name: The stored document's name.
        values: Its variables with their values.
        page: For a list, which of its pages.
    """

    name: str
    values: tuple[tuple[str, str], ...]
    page: int | None = None

    def on_page(self, page: int) -> Part:
        """Return the reading of another page of the same list."""
        return Part(self.name, self.values, page)

    def variables(self, number: int) -> dict[str, object]:
        """Return the variables as part ``number`` of a document names them."""
        values: dict[str, object] = {f"{name}{number}": value for name, value in self.values}
        if self.page is not None:
            values[f"page{number}"] = self.page
        return values


def reading(name: str, **values: str | None) -> Part:
    """Return the reading of one object; variables that are None are left out."""
    return Part(name, tuple((key, value) for key, value in values.items() if value is not None))


def listing(name: str, **values: str | None) -> Part:
    """Return the reading of a list's first page."""
    return reading(name, **values).on_page(1)


@cache
def stored(name: str) -> str:
    """Return a stored document with the fragments that it uses."""
    return _with_fragments(_load(f"{name}.graphql"))


def together(operation: str, parts: Sequence[Part]) -> tuple[str, dict[str, object]]:
    """Return one document that reads all parts, and its variables.

    Args:
        operation: The document's name.
        parts: What to read; number n is found at ``data.business.part<n>``, from 1 on.

    Returns:
        The document, and the variables for everything but ``$business``.
    """
    declared, selections = ["$business: ID!"], []
    variables: dict[str, object] = {}
    for number, part in enumerate(parts, 1):
        variables |= part.variables(number)
        own, selection = _pieces(part.name)
        declared.append(_OWN_VARIABLE.sub(rf"$\g<1>{number}", own))
        renamed = _OWN_VARIABLE.sub(rf"$\g<1>{number}", selection)
        selections.append(renamed.replace("part: ", f"part{number}: ", 1))
    body = "\n    ".join(selections)
    text = (
        f"query {operation}({', '.join(declared)}) {{\n"
        f"  business(id: $business) {{\n    {body}\n  }}\n}}\n"
    )
    return _with_fragments(text), variables


@cache
def _pieces(name: str) -> tuple[str, str]:
    """Return what a part declares and what it selects below the business."""
    match = _PART.match(_load(f"{name}.graphql"))
    if match is None:
        raise ValueError(f"{name} is not a reading below the business")
    return match["declared"].lstrip(", "), match["selection"]


def _with_fragments(text: str) -> str:
    """Return the document with each fragment that it uses, directly or not, exactly once."""
    fragments: dict[str, str] = {}
    waiting = _SPREAD.findall(text)
    while waiting:
        name = waiting.pop()
        if name not in fragments:
            fragments[name] = _load(f"fragments/{name}.graphql")
            waiting += _SPREAD.findall(fragments[name])
    return "\n".join([text, *fragments.values()])


@cache
def _load(path: str) -> str:
    """Return a file of the package's folder ``documents``."""
    return resources.files(__package__).joinpath("documents", path).read_text("utf-8")
