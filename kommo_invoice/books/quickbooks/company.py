"""The requests to one company in QuickBooks: reads, queries (several in one), keyed writes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from kommo_invoice.books.quickbooks.errors import (
    ASKED_BEFORE,
    faults,
    lost,
    of_a_read,
    verdict,
)
from kommo_invoice.books.quickbooks.query import PAGE
from kommo_invoice.books.quickbooks.wire import as_moment
from kommo_invoice.errors import LostAnswer, NotExecuted, Rejected, Temporary
from kommo_invoice.http.calls import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.books.quickbooks.query import Select
    from kommo_invoice.http import Client, Reply

Row = Mapping[str, object]

_MINOR_VERSION = ("minorversion", "75")  # section 2: the only one served; sent all the same
_BATCH_ITEMS = 30  # section 6
_BATCH_ROWS = 1000  # section 6: over all items
_FEW, _FIRST_PAGE = 20, 100


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer, and whether it was full, so that more may follow.

    Args:
        at: When QuickBooks answered, by its own clock.
    """

    rows: list[Row]
    full: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to a write.

    Args:
        row: Its data.
        repeated: Whether an earlier try of the same key may have been executed as well.
    """

    row: Row
    repeated: bool


class Company:
    """One company's part of the API.

    Args:
        client: Calls QuickBooks' host.
        realm: The company's id.
    """

    def __init__(self, client: Client, realm: str) -> None:
        self._client = client
        self.realm = realm
        self._root = f"/v3/company/{quote(realm, safe='')}"

    def get(self, path: str, *params: tuple[str, str]) -> Row:
        """Return the answer to a read."""
        return self._read("GET", path, params)

    def rows(self, select: Select, *params: tuple[str, str], start: int = 1) -> Iterator[Row]:
        """Yield a statement's rows from row ``start`` on, to the last one."""
        while True:
            page = self.page(select, *params, start=start)
            yield from page.rows
            if not page.full:
                return
            start += len(page.rows)

    def page(self, select: Select, *params: tuple[str, str], start: int = 1) -> Page:
        """Return one page of a statement's rows, by a GET."""
        return self._page(select, PAGE, params, start=start)

    def first_pages(self, selects: Sequence[Select]) -> dict[Select, Page]:
        """Return the first page of each statement, all of them in as few requests as possible."""
        pages: dict[Select, Page] = {}
        for at in range(0, len(selects), _BATCH_ITEMS):
            chunk = selects[at : at + _BATCH_ITEMS]
            pages |= self._together(chunk)
        return pages

    def write(
        self,
        path: str,
        body: Row | None,
        *params: tuple[str, str],
        key: str,
        call: CallClass = CallClass.KEYED,
    ) -> Written:
        """Return the answer to a write.

        Args:
            path: Below the company.
            body: The JSON; None sends an empty one, as octets (section 4.5).
            params: Beside the key.
            key: What the write is; its hash is the ``requestid``, of at most 50 characters.
            call: What repeating it would do.

        Raises:
            Rejected: QuickBooks refused it; nothing was done.
            LostAnswer: It may have been done, by this request or an earlier one of this key.
        """
        headers = {"Content-Type": "application/octet-stream"} if body is None else {}
        asked = (*params, ("requestid", request_id(path, key)))
        try:
            reply = self._call(call, "POST", path, asked, json=body, headers=headers)
        except Rejected as error:
            if error.code == ASKED_BEFORE:
                raise lost(error) from error
            error.message = error.message.replace("refused it", f"refused {_thing(path)}", 1)
            raise
        except (NotExecuted, LostAnswer):
            raise
        except Temporary as error:
            raise lost(error) from error
        return Written(_row(reply), reply.repeated)

    def _together(self, selects: Sequence[Select]) -> dict[Select, Page]:
        sizes = _sizes(selects)
        if len(sizes) == 1:
            return {each: self._page(each, size, ()) for each, size in sizes.items()}
        items = [
            {"bId": str(number), "Query": each.rows(1, size)}
            for number, (each, size) in enumerate(sizes.items())
        ]
        try:
            answer = self._read("POST", "/batch", (), json={"BatchItemRequest": items})
        except Rejected:
            # Whatever the batch as a whole is refused for, each of its queries may be asked alone.
            return {each: self._page(each, size, ()) for each, size in sizes.items()}
        answers = {str(each.get("bId")): each for each in rows_of(answer, "BatchItemResponse")}
        for each in answers.values():
            if found := faults(each):
                raise of_a_read(verdict(found))
        if len(answers) < len(sizes):
            raise Temporary("QuickBooks did not answer every query of a batch")
        at = time_of(answer)
        return {
            each: _page(each, answers[str(number)], size, at)
            for number, (each, size) in enumerate(sizes.items())
        }

    def _page(
        self, select: Select, size: int, params: Sequence[tuple[str, str]], *, start: int = 1
    ) -> Page:
        asked = (("query", select.rows(start, size)), *params)
        answer = self._read("GET", "/query", asked)
        return _page(select, answer, size, time_of(answer))

    def _read(
        self, method: str, path: str, params: Sequence[tuple[str, str]], json: Row | None = None
    ) -> Row:
        try:
            return _row(self._call(CallClass.READ, method, path, params, json=json))
        except LostAnswer as error:
            raise of_a_read(error) from error

    def _call(
        self,
        call: CallClass,
        method: str,
        path: str,
        params: Sequence[tuple[str, str]],
        *,
        json: Row | None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        # Encoded here, once: `+` and `&` in a value must not reach the server bare, and a space
        # is `%20` in every recorded query (section 4.0).
        query = urlencode([*params, _MINOR_VERSION], quote_via=quote, safe="")
        return self._client.call(
            call, method, f"{self._root}{path}?{query}", json=json, headers=headers or {}
        )


def request_id(path: str, key: str) -> str:
    """Return the ``requestid`` of a write: unique in the company, the same for every repeat."""
    return hashlib.sha256(f"{path}\n{key}".encode()).hexdigest()[:32]


def _thing(path: str) -> str:
    """Return what is written there, in words."""
    if path.endswith("/send"):
        return "the e-mail"
    return "the customer" if path.startswith("/customer") else "the invoice"


def _row(reply: Reply) -> Row:
    if not isinstance(reply.body, Mapping):
        raise LostAnswer("QuickBooks answered without data")
    return reply.body


def _sizes(selects: Sequence[Select]) -> dict[Select, int]:
    """Return how many rows each statement of one batch may bring."""
    few = sum(each.few for each in selects)
    room = (_BATCH_ROWS - few * _FEW) // max(1, len(selects) - few)
    return {each: _FEW if each.few else min(_FIRST_PAGE, room) for each in selects}


def _page(select: Select, answer: Row, size: int, at: datetime | None) -> Page:
    found = answer.get("QueryResponse")
    if not isinstance(found, Mapping):
        raise Temporary(f"QuickBooks answered a query of {select.entity} without its rows")
    rows = rows_of(found, select.entity)
    return Page(rows, len(rows) >= size, at)


def rows_of(answer: Row, name: str) -> list[Row]:
    """Return a list of an answer; one without any hit lacks it (section 4.0)."""
    found = answer.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def time_of(answer: Row, name: str = "time") -> datetime | None:
    """Return a time of an answer, with the offset that it was given with."""
    return as_moment(answer.get(name))
