"""The requests to one organisation in Zoho Books: reads, lists page by page, and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from kommo_invoice.books.zoho.errors import of_a_read
from kommo_invoice.errors import LostAnswer, Temporary
from kommo_invoice.http.calls import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from kommo_invoice.http import Client

Row = Mapping[str, object]

PAGE = 200
"""The most rows of one answer (section 4.7)."""

_ROOT = "/books/v3"


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer.

    Args:
        more: Whether further rows follow.
        at: When the answer was there (UTC).
    """

    rows: list[Row]
    more: bool
    at: datetime


class Organization:
    """One organisation's part of the API.

    Args:
        client: Calls Zoho's host.
        account: The organisation's id.
    """

    def __init__(self, client: Client, account: str) -> None:
        self._client = client
        self.account = account

    def organizations(self) -> list[Row]:
        """Return the organisations that the token opens; the one request that names none."""
        answer, _ = self._ask(CallClass.READ, "GET", "/organizations", (), None)
        return _rows(answer, "organizations")

    def get(self, path: str, *params: tuple[str, str]) -> tuple[Row, datetime]:
        """Return the answer to a read, and when it was there (UTC)."""
        return self._ask(CallClass.READ, "GET", path, (*params, self._own), None)

    def pages(self, path: str, name: str, *params: tuple[str, str]) -> Iterator[Page]:
        """Yield a list's pages to its end.

        Args:
            path: Of the list.
            name: What the answer calls its rows.
            params: Filters and order. Unknown ones are silently ignored (section 4.2).
        """
        last: list[Row] = []
        for number in count(1):
            asked = (*params, ("page", str(number)), ("per_page", str(PAGE)))
            answer, at = self.get(path, *asked)
            rows = _rows(answer, name)
            if rows == last:  # a list that has no pages gives all of itself each time
                return
            more = bool(rows) and _more(answer, rows)
            yield Page(rows, more, at)
            if not more:
                return
            last = rows

    def rows(self, path: str, name: str, *params: tuple[str, str]) -> Iterator[Row]:
        """Yield a list's rows to its end."""
        for page in self.pages(path, name, *params):
            yield from page.rows

    def write(
        self,
        method: Literal["POST", "DELETE"],
        path: str,
        body: Row | None = None,
        *params: tuple[str, str],
    ) -> tuple[Row, datetime]:
        """Return the answer to a write, and when it was there (UTC); none may be repeated.

        Raises:
            Rejected: Zoho refused it; nothing was done.
            LostAnswer: It may have been done.
        """
        return self._ask(CallClass.CREATE, method, path, (*params, self._own), body)

    @property
    def _own(self) -> tuple[str, str]:
        return ("organization_id", self.account)

    def _ask(
        self,
        call: CallClass,
        method: str,
        path: str,
        params: tuple[tuple[str, str], ...],
        body: Row | None,
    ) -> tuple[Row, datetime]:
        # Encoded here, once: a `+` in an address or an offset must not arrive as a blank.
        query = f"?{urlencode(params, quote_via=quote, safe='')}" if params else ""
        try:
            reply = self._client.call(call, method, f"{_ROOT}{path}{query}", json=body)
        except LostAnswer as error:
            if call is CallClass.READ:
                raise of_a_read(error) from error
            raise
        if not isinstance(reply.body, Mapping):
            raise LostAnswer("Zoho Books answered without data")
        return reply.body, reply.received_at


def _rows(answer: Row, name: str) -> list[Row]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise Temporary(f"Zoho Books answered without its {name}")
    return [each for each in found if isinstance(each, Mapping)]


def _more(answer: Row, rows: list[Row]) -> bool:
    """Whether rows follow; the context is an object, though the specification says a list."""
    context = answer.get("page_context")
    if isinstance(context, list):
        context = context[0] if context else None
    more = context.get("has_more_page") if isinstance(context, Mapping) else None
    return bool(more) if more is not None else len(rows) >= PAGE
