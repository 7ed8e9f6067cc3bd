"""Query strings as Kommo reads them: PHP's nested keys, and filters that are dropped when odd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = str | dict[str, "Node"]

MAX_LIMIT = 250
DEFAULT_LIMIT = 50
_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


class Query:
    """One request's query.

    Args:
        raw: The query string as it came, percent-encoded or not.
    """

    def __init__(self, raw: str) -> None:
        self._pairs = parse_qsl(raw, keep_blank_values=True)
        self.root = nested(self._pairs)

    @property
    def limit(self) -> int:
        """How many rows the client wants; it may be more than is allowed."""
        return _whole(self.root.get("limit"), DEFAULT_LIMIT)

    @property
    def page(self) -> int:
        """Which page, from 1."""
        return _whole(self.root.get("page"), 1)

    @property
    def include(self) -> set[str]:
        """What ``with`` asks for."""
        asked = self.root.get("with", "")
        return {part.strip() for part in asked.split(",")} if isinstance(asked, str) else set()

    @property
    def text(self) -> str:
        """The full-text ``query``; empty when there is none."""
        asked = self.root.get("query", "")
        return asked if isinstance(asked, str) else ""

    @property
    def order(self) -> tuple[str, bool] | None:
        """The first ``order`` as (key, descending)."""
        asked = self.root.get("order")
        if not isinstance(asked, dict):
            return None
        return next(((key, value == "desc") for key, value in asked.items()), None)

    def filter(self, *path: str) -> Node | None:
        """Return what stands below ``filter``, or None."""
        node: Node | None = self.root.get("filter")
        for key in path:
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def numbers(self, *path: str) -> set[int] | None:
        """Return a filter of ids, given as one or as an array; None when there is none to obey."""
        found = {int(value) for value in _scalars(self.filter(*path)) if value.isdecimal()}
        return found or None

    def words(self, *path: str) -> set[str] | None:
        """Return a filter of texts, given as one or as an array."""
        return set(_scalars(self.filter(*path))) or None

    def span(self, *path: str) -> tuple[int | None, int | None] | None:
        """Return a filter of numbers as (from, to), both included; one value is both."""
        node = self.filter(*path)
        if isinstance(node, dict):
            low, high = _number(node.get("from")), _number(node.get("to"))
            return None if low is None and high is None else (low, high)
        exact = _number(node)
        return None if exact is None else (exact, exact)

    def stages(self, *path: str) -> set[tuple[int, int]] | None:
        """Return a filter of stages; elements that lack one of their two keys are dropped."""
        node = self.filter(*path)
        found = set()
        for element in node.values() if isinstance(node, dict) else ():
            if not isinstance(element, dict):
                continue
            pipeline, stage = _number(element.get("pipeline_id")), _number(element.get("status_id"))
            if pipeline is not None and stage is not None:
                found.add((pipeline, stage))
        return found or None

    def paged(self, page: int) -> str:
        """Return the query string of another page, with everything else repeated."""
        rest = [(key, value) for key, value in self._pairs if key != "page"]
        return urlencode([*rest, ("page", str(page))], safe="[],")


def nested(pairs: list[tuple[str, str]]) -> dict[str, Node]:
    """Return ``a[b][]=c`` pairs as nested dicts, the way PHP fills ``$_GET``."""
    root: dict[str, Node] = {}
    for key, value in pairs:
        matched = _KEY.match(key)
        if matched is None:
            root[key] = value
            continue
        *path, last = [matched[1], *_PART.findall(matched[2])]
        node = root
        for part in path:
            child = node.setdefault(part or _next_index(node), {})
            if not isinstance(child, dict):
                child = node[part] = {}
            node = child
        node[last or _next_index(node)] = value
    return root


def within(value: int | None, span: tuple[int | None, int | None]) -> bool:
    """Return whether a number lies in a span; an empty one lies in none."""
    low, high = span
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _next_index(node: dict[str, Node]) -> str:
    return str(max((int(key) for key in node if key.isdecimal()), default=-1) + 1)


def _scalars(node: Node | None) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from (value for value in node.values() if isinstance(value, str))


def _number(node: Node | None) -> int | None:
    return int(node) if isinstance(node, str) and node.isdecimal() else None


def _whole(node: Node | None, default: int) -> int:
    number = _number(node)
    return number if number is not None and number > 0 else default
