"""The grammar of QuickBooks' query statements, as far as it is documented (sheet, section 4.0).

Every value stands in single quotes, but for ``true`` and ``false``; a quote or a backslash inside
has a backslash before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kommo_invoice.sandbox.quickbooks_faults import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATORS = ("=", "<", ">", "<=", ">=", "LIKE", "IN")
DEFAULT_ROWS, MOST_ROWS = 100, 1000

_TOKEN = re.compile(
    r"""\s+|
    '(?P<text>(?:[^'\\]|\\.)*)'|
    (?P<word>[A-Za-z][\w.]*)|
    (?P<number>\d+)|
    (?P<sign><=|>=|[=<>(),*])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of the WHERE clause; ``values`` are several only for ``IN``."""

    attribute: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """One statement.

    Args:
        entity: What is asked for, as it was written.
        counts: Whether only their number is.
        conditions: All of them have to hold.
        order: Attribute and whether it descends, first the most important.
        start: The first row's position, from 1.
        rows: How many rows at most.
    """

    entity: str
    counts: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    start: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, whatever its letter case."""
        return self.kind == "word" and self.text.upper() in words


_END = _Token("end", "")


def parse(statement: str) -> Select:
    """Return what a statement asks for.

    Raises:
        Refusal: 4000 where it is none; 4001 where its paging is impossible.
    """
    return _Parser(list(_tokens(statement))).select()


def _tokens(statement: str) -> Iterator[_Token]:
    position = 0
    while position < len(statement):
        found = _TOKEN.match(statement, position)
        if found is None:
            raise _unparsable(statement[position : position + 20])
        position = found.end()
        kind = found.lastgroup
        if kind is None:
            continue
        text = found[kind]
        yield _Token(kind, re.sub(r"\\(.)", r"\1", text) if kind == "text" else text)


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def select(self) -> Select:
        """Return the whole statement."""
        self._keyword("SELECT")
        counts = self._columns()
        self._keyword("FROM")
        entity = self._name()
        conditions = tuple(self._conditions())
        order = tuple(self._order())
        start, rows = self._paging()
        if self._peek() is not _END:
            raise _unparsable(self._peek().text)
        if start < 1:
            raise Refusal("4001", "QueryValidationError: STARTPOSITION begins at 1")
        return Select(entity, counts, conditions, order, start, min(rows, MOST_ROWS))

    def _columns(self) -> bool:
        if self._peek().is_word("COUNT"):
            self._next()
            for sign in "(*)":
                self._sign(sign)
            return True
        self._sign("*")
        return False

    def _conditions(self) -> Iterator[Condition]:
        if not self._peek().is_word("WHERE"):
            return
        self._next()
        yield self._condition()
        while self._peek().is_word("AND"):
            self._next()
            yield self._condition()

    def _condition(self) -> Condition:
        attribute = self._name()
        operator = self._next().text.upper()
        if operator not in OPERATORS:
            raise _unparsable(operator)
        if operator != "IN":
            return Condition(attribute, operator, (self._value(),))
        self._sign("(")
        values = [self._value()]
        while self._peek().text == ",":
            self._next()
            values.append(self._value())
        self._sign(")")
        return Condition(attribute, operator, tuple(values))

    def _order(self) -> Iterator[tuple[str, bool]]:
        if self._peek().is_word("ORDER"):
            self._next()
            self._keyword("BY")
        elif self._peek().is_word("ORDERBY"):
            self._next()
        else:
            return
        yield self._sorted_by()
        while self._peek().text == ",":
            self._next()
            yield self._sorted_by()

    def _sorted_by(self) -> tuple[str, bool]:
        attribute = self._name()
        descends = self._peek().is_word("DESC")
        if descends or self._peek().is_word("ASC"):
            self._next()
        return attribute, descends

    def _paging(self) -> tuple[int, int]:
        """Return start and rows, which stand in either order (sheet, section 4.0)."""
        given = {"STARTPOSITION": 1, "MAXRESULTS": DEFAULT_ROWS}
        open_words = set(given)
        while self._peek().is_word(*open_words):
            word = self._next().text.upper()
            open_words.discard(word)
            number = self._next()
            if number.kind != "number":
                raise _unparsable(number.text)
            given[word] = int(number.text)
        return given["STARTPOSITION"], given["MAXRESULTS"]

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _next(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _keyword(self, word: str) -> None:
        token = self._next()
        if not token.is_word(word):
            raise _unparsable(token.text)

    def _sign(self, sign: str) -> None:
        token = self._next()
        if token.kind != "sign" or token.text != sign:
            raise _unparsable(token.text)

    def _name(self) -> str:
        token = self._next()
        if token.kind != "word":
            raise _unparsable(token.text)
        return token.text

    def _value(self) -> str:
        token = self._next()
        if token.kind == "text":
            return token.text
        if token.is_word("TRUE", "FALSE"):
            return token.text.lower()
        raise _unparsable(token.text)


def _unparsable(text: str) -> Refusal:
    met = f"encountered {text!r}" if text else "the statement ends too early"
    return Refusal("4000", f"QueryParserError: {met}")
