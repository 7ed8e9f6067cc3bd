"""A client that answers from a script and remembers what it was asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kommo_invoice.crm.kommo import Kommo, connect
from kommo_invoice.domain.deal import CrmAccount, CrmSetup, Pipeline, Stage, StageKind, User
from kommo_invoice.http import CallClass, Judge, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

ISSUE = Stage("7001", "Issue Invoice", "90")
SENT = Stage("7002", "Invoice Sent", "90")
WON = Stage("142", "Closed - won", "90", StageKind.WON)
SETUP = CrmSetup(
    account=CrmAccount("9", "Acme", "acme", "EUR", "Europe/Berlin"),
    pipelines=(Pipeline("90", "Sales", (ISSUE, SENT, WON)),),
    fields=(),
    users=(User("11", "Ann Other"),),
)


@dataclass(frozen=True)
class Asked:
    """One request as the adapter made it."""

    call: CallClass
    method: str
    path: str
    params: Sequence[tuple[str, str]]
    json: Any

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.params if key == name]


class Script:
    """Answers each request with the next of ``answers``.

    An answer is a JSON body (status 200), None (204), a whole reply, or an error to raise.
    """

    def __init__(self, *answers: object) -> None:
        self.answers = deque(answers)
        self.asked: list[Asked] = []
        self.base_url = ""
        self._judge: Judge = lambda _: None

    def open(self, base_url: str, provider: str, policy: object, judge: Judge) -> Any:
        self.base_url = base_url
        self._judge = judge
        return self

    def call(
        self,
        call: CallClass,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        self.asked.append(Asked(call, method, path, tuple(params), json))
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        got = answer if isinstance(answer, Reply) else reply(200 if answer else 204, answer)
        error = self._judge(got)
        if error is not None:
            raise error
        return got

    @property
    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


def reply(status: int, body: object = None, text: str = "") -> Reply:
    return Reply(status, {}, body, text, NOW)


def kommo(*answers: object) -> tuple[Kommo, Script]:
    script = Script(*answers)
    return connect("acme", base_url=None, open_client=script.open), script


def page(key: str, *rows: object, following: str | None = None) -> dict[str, Any]:
    links = {"next": {"href": following}} if following else {}
    return {"_page": 1, "_links": links, "_embedded": {key: list(rows)}}


def lead(number: int = 501, **values: object) -> dict[str, Any]:
    links = {"tags": [], "companies": [{"id": 88}], "contacts": [{"id": 77, "is_main": True}]}
    return {
        "id": number,
        "name": "Website build",
        "price": 1200,
        "responsible_user_id": 11,
        "status_id": 7001,
        "pipeline_id": 90,
        "created_at": 1_760_976_072,
        "updated_at": 1_760_976_072,
        "closed_at": None,
        "is_deleted": False,
        "custom_fields_values": None,
        "_embedded": links,
    } | values


def person(number: int = 77, **values: object) -> dict[str, Any]:
    return {"id": number, "name": "Jo Day", "custom_fields_values": None} | values


def multitext(code: str, *items: tuple[str, str]) -> dict[str, Any]:
    values = [{"value": value, "enum_id": 1, "enum_code": option} for value, option in items]
    return row("multitext", *values, field_code=code)


def row(kind: str, *values: object, **more: object) -> dict[str, Any]:
    named = {"field_id": 31, "field_name": "Field", "field_code": None, "field_type": kind}
    return named | {"values": list(values)} | more
