"""What the QuickBooks simulator refuses with: codes, statuses and shapes (sheet, section 4.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    "500": "Unsupported Operation",
    "600": "RequestId already exists",
    "610": "Object Not Found",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing",
    "2030": "Invalid ID",
    "2050": "String length is out of bounds",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "6000": "Business Validation Error",
    "6070": "Amount is not equal to UnitPrice * Qty",
    "6080": "Name is missing",
    "6090": "Discount is missing",
    "6100": "Invalid tax code",
    "6140": "Duplicate Document Number Error",
    "6190": "Subscription period has ended",
    "6240": "Duplicate Name Exists Error",
}
"""Code -> short message; the details are our own words."""


class Refusal(Exception):
    """The company's rules forbid it; nothing was done.

    Args:
        code: One of ``MESSAGES``.
        detail: Why.
        element: The property at fault; empty where the real answer has an empty one.
        status: The HTTP status.
    """

    def __init__(
        self, code: str, detail: str, element: str | None = None, *, status: int = 400
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.error = {"Message": MESSAGES[code], "Detail": detail, "code": code}
        if element is not None:
            self.error["element"] = element

    @property
    def fault(self) -> dict[str, Any]:
        """The fault as it stands in an envelope or beside a ``bId``."""
        return {"Error": [self.error], "type": "ValidationFault"}


def missing(name: str) -> Refusal:
    """Return the refusal of a request that lacks something."""
    return Refusal("2020", f"{name} is needed", name)


def unknown_reference(name: str, value: str) -> Refusal:
    """Return the refusal of a reference that leads nowhere."""
    return Refusal("2500", f"There is no {name} with the id {value}", name)


def inactive(name: str) -> Refusal:
    """Return the refusal of an object that is gone or switched off."""
    return Refusal("610", f"Object Not Found : {name} is deleted or inactive", "")


def service_fault(status: int, code: str, name: str) -> dict[str, Any]:
    """Return the fault of the gateway before the company, as JSON or XML."""
    message = f"message={name}; errorCode={code.zfill(6)}; statusCode={status}"
    return {"Error": [{"Message": message, "code": code}], "type": "SERVICE"}


def gateway_body(
    status: int, code: str, name: str, kind: str, detail: str | None, at_ms: int
) -> dict[str, Any]:
    """Return the body of a 401 or 403: all keys begin with a small letter, and ``time`` counts.

    Args:
        status: The HTTP status, which the message repeats.
        code: 3200 or 3100.
        name: What failed, as the message has it.
        kind: The fault's type.
        detail: For a 401 the bearer token itself stands in it (sheet, section 4.12).
        at_ms: Milliseconds since 1970.
    """
    message = f"message={name}; errorCode={code.zfill(6)}; statusCode={status}"
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": at_ms,
        "status": None,
        "cdcresponse": [],
    }
