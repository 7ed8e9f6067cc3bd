"""Kommo's lists: pages to the end, and records by id, each row checked against what was asked.

Kommo drops a filter that it does not understand and answers everything (Kommo sheet, section
9.2), so a row counts only when it was asked for, and a record is missing only when every page of
the answer lacks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from kommo_invoice.crm.capabilities import KOMMO
from kommo_invoice.crm.kommo.errors import NotFound
from kommo_invoice.crm.kommo.wire import Envelope, Row, parse, parse_list
from kommo_invoice.errors import KinvError
from kommo_invoice.http import CallClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from kommo_invoice.http import Client

    Params = Sequence[tuple[str, str]]

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows of one answer, and when it came (UTC)."""

    rows: list[R]
    received_at: datetime


def pages(client: Client, path: str, row: type[R], params: Params = ()) -> Iterator[Page[R]]:
    """Yield a list page by page; an empty list yields nothing.

    Args:
        client: To the account's host.
        path: The list's path.
        row: What its rows are.
        params: Filters and order; the page size is added.
    """
    asked: Params | None = [*params, ("limit", str(KOMMO.page))]
    while asked is not None:
        reply = client.call(CallClass.READ, "GET", path, params=asked)
        if reply.body is None:  # 204: an empty list, or a page past its end
            return
        yield Page(parse_list(row, row.key, reply.body), reply.received_at)
        asked = _next(path, reply.body)


def listed(
    client: Client, path: str, row: type[R], ids: Iterable[int], params: Params = ()
) -> Iterator[Page[R]]:
    """Yield the records with these ids from a list; ids that it does not hold are left out.

    Args:
        client: To the account's host.
        path: The list's path.
        row: What its rows are.
        ids: Without duplicates; read in batches that keep the URL short (section 4.3).
        params: What else to ask for.
    """
    for some in batches(list(ids), KOMMO.read_batch):
        missing = set(some)
        by_id = [("filter[id][]", str(each)) for each in some]
        for page in pages(client, path, row, [*params, *by_id]):
            found = [each for each in page.rows if each.id in missing]
            missing -= {each.id for each in found}
            yield Page(found, page.received_at)
            if not missing:
                break


def records(
    client: Client, path: str, row: type[R], ids: Sequence[int], params: Params = ()
) -> Iterator[Page[R]]:
    """Yield the records with these ids as ``listed`` does, a single one by its own address.

    A record's own address shows the newest state, while lists lag behind writes (section 9.8).
    """
    if len(ids) != 1:
        yield from listed(client, path, row, ids, params)
        return
    try:
        reply = client.call(CallClass.READ, "GET", f"{path}/{ids[0]}", params=params)
    except NotFound:
        # An absent record is mostly a 204, and 404 also says that the account is unknown: then
        # the list, which every account has, is a 404 as well.
        yield from listed(client, path, row, ids, params)
        return
    if reply.body is not None:
        found = parse(row, reply.body)
        yield Page([found] if found.id == ids[0] else [], reply.received_at)


T = TypeVar("T")


def batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the rows in batches of at most ``size``."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _next(path: str, body: object) -> Params | None:
    """Return the parameters of the next page, which is asked for at our own host and path."""
    url = parse(Envelope, body).next_url
    if url is None:
        return None
    parts = urlsplit(url)
    if not parts.path.endswith(path):
        raise KinvError(f"Kommo's next page of {path} is a page of {parts.path}")
    return parse_qsl(parts.query, keep_blank_values=True)
