"""Kommo's answers: HAL documents, problems, and the pages of the web server in front of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from kommo_invoice.sandbox.kommo_query import MAX_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.requests import Request

    from kommo_invoice.sandbox.kommo_query import Query

HAL = "application/hal+json"
PROBLEM = "application/problem+json"
OAUTH_PROBLEM = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Unprocessable Entity",
    500: "Internal Server Error",
}


class Invalid(Exception):
    """One thing in one item of a write is not valid (Kommo sheet, section 4.14).

    Args:
        code: Kommo's word, such as NotSupportedChoice, InvalidType, FieldMissing.
        path: Where, relative to the item, joined with dots.
        detail: For people.
    """

    def __init__(self, code: str, path: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.path = path
        self.detail = detail

    def below(self, parent: str) -> Invalid:
        """Return the same error seen from further up."""
        return Invalid(self.code, f"{parent}.{self.path}" if self.path else parent, self.detail)


class Stop(Exception):
    """Ends a request with ``response``."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def unsupported(path: str) -> Invalid:
    """Return the error for an id, code or option that does not exist."""
    return Invalid("NotSupportedChoice", path, "There is no such choice here.")


def wrong_type(path: str, wanted: str) -> Invalid:
    """Return the error for a value of the wrong JSON type."""
    return Invalid("InvalidType", path, f"It has to be {wanted}.")


def missing(path: str) -> Invalid:
    """Return the error for a key that has to be there."""
    return Invalid("FieldMissing", path, "It has to be given.")


def hal(document: Any, status: int = 200) -> Response:
    """Return a document; Decimals become JSON numbers."""
    return Response(json.dumps(document, default=_number), status, media_type=HAL)


def problem(status: int, detail: str, **more: Any) -> Response:
    """Return a problem; ``more`` adds to its keys or replaces them."""
    body = {
        "title": TITLES[status],
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(json.dumps(body), status, media_type=PROBLEM)


def refusal(errors: dict[str, list[Invalid]]) -> Response:
    """Return the 400 of a write: by request_id, everything that is wrong; nothing was written."""
    entries = [
        {
            "request_id": request_id,
            "errors": [
                {"code": error.code, "path": error.path, "detail": error.detail} for error in found
            ],
        }
        for request_id, found in errors.items()
    ]
    return problem(
        400, "Nothing was saved: some data is not valid", **{"validation-errors": entries}
    )


def web_server_page(status: int, title: str) -> Response:
    """Return what the web server in front answers by itself, as HTML."""
    page = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return Response(page, status, media_type="text/html")


def nothing() -> Response:
    """Return the empty 204 of an empty list or an id that does not exist."""
    return Response(status_code=204)


@dataclass(frozen=True, slots=True)
class Links:
    """Where this account's API is, as the client reached it."""

    root: str
    path: str

    @classmethod
    def of(cls, request: Request) -> Links:
        """Return the links of the account that the request went to."""
        return cls(str(request.base_url).rstrip("/") + "/api/v4", request.url.path)

    def to(self, *parts: object) -> dict[str, Any]:
        """Return ``_links`` with the address of one thing."""
        return {"self": {"href": "/".join((self.root, *map(str, parts)))}}


def page_of(
    request: Request,
    query: Query,
    key: str,
    rows: Sequence[Any],
    render: Callable[[Any], dict[str, Any]],
    *,
    totals: bool = False,
) -> Response:
    """Return one page of a list.

    Args:
        request: The request.
        query: Its query, for limit and page.
        key: The name of the rows in ``_embedded``.
        rows: All rows, in order.
        render: Makes one row into its JSON.
        totals: True for the lists that tell their totals.

    Returns:
        The page, or an empty 204 when it has no rows.

    Raises:
        Stop: The limit is above 250 (422).
    """
    limit, page = query.limit, query.page
    if limit > MAX_LIMIT:
        raise Stop(problem(422, f"A page has at most {MAX_LIMIT} rows"))
    part = rows[(page - 1) * limit : page * limit]
    if not part:
        return nothing()
    here = f"{str(request.base_url).rstrip('/')}{request.url.path}"
    pages = -(-len(rows) // limit)
    links = {"self": {"href": f"{here}?{query.paged(page)}"}}
    if page < pages:
        links["next"] = {"href": f"{here}?{query.paged(page + 1)}"}
    document: dict[str, Any] = {"_page": page, "_links": links}
    if totals:
        document |= {"_total_items": len(rows), "_page_count": pages}
        links["last"] = {"href": f"{here}?{query.paged(pages)}"}
    return hal(document | {"_embedded": {key: [render(row) for row in part]}})


def written(links: Links, key: str, rows: Iterable[dict[str, Any]], status: int = 200) -> Response:
    """Return the answer of a write: ids, without the values that were written."""
    here = {"self": {"href": links.root.removesuffix("/api/v4") + links.path}}
    return hal({"_links": here, "_embedded": {key: list(rows)}}, status)


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is no JSON")
    whole = int(value)
    # A JSON number is all that the wire knows; 15 digits are exact in a float.
    return whole if whole == value else float(value)
