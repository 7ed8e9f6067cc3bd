"""An in-process client of the Kommo simulator, and short words for what tests ask it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from kommo_invoice.sandbox.kommo import TOKEN, Kommo
from kommo_invoice.sandbox.server import ask

if TYPE_CHECKING:
    from starlette.types import ASGIApp

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class InProcess(httpx.BaseTransport):
    """Carries requests to an application without a network."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        scope = {
            "type": "http",
            "method": request.method,
            "scheme": request.url.scheme,
            "server": (request.url.host, request.url.port),
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": request.url.query,
            "headers": [(key.lower(), value) for key, value in request.headers.raw],
        }
        answer = asyncio.run(ask(self.app, scope, request.read()))
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def connect(kommo: Kommo) -> httpx.Client:
    return httpx.Client(
        transport=InProcess(kommo.app),
        base_url="http://127.0.0.1:8700",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )


def timestamp(moment: datetime) -> int:
    return int(moment.timestamp())


def field(kommo: Kommo, name: str, entity: str = "leads") -> int:
    return kommo.account.field_named(entity, name).id


def put(kommo: Kommo, lead: int, name: str, values: Any) -> list[dict[str, Any]]:
    entry = {"field_id": field(kommo, name), "values": values}
    return [{"id": lead, "custom_fields_values": [entry]}]


def read(api: httpx.Client, lead: int, name: str) -> Any:
    values = api.get(f"/api/v4/leads/{lead}").json()["custom_fields_values"] or []
    return next((entry["values"] for entry in values if entry["field_name"] == name), None)


def errors(answer: httpx.Response) -> list[tuple[str, str, str]]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [
        (entry["request_id"], error["code"], error["path"])
        for entry in answer.json()["validation-errors"]
        for error in entry["errors"]
    ]


def names(answer: httpx.Response) -> list[str]:
    return [row["name"] for row in answer.json()["_embedded"]["leads"]]
