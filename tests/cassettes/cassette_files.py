"""How cassettes are kept: one file a flow and provider, as the real services would see it.

A flow is named after its books: ``wave/new_customer``. ``<flow>/scene.toml`` says which accounts
and deal it is about and when it was recorded; ``<flow>/<provider>.yaml`` holds the requests with
their answers, in order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from vcr.cassette import CassetteNotFoundError  # type: ignore[import-untyped]  # it has no types
from vcr.serialize import deserialize, serialize  # type: ignore[import-untyped]  # as above

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcr.request import Request  # type: ignore[import-untyped]  # it has no types

FOLDER = Path(__file__).parent
_ALWAYS = ("new_customer", "known_customer", "second_run")
FLOWS = tuple(
    f"{books}/{flow}"
    for books, flows in {
        "wave": _ALWAYS,
        "quickbooks": (*_ALWAYS, "late_link", "taken_name"),
        "zoho": (*_ALWAYS, "taken_name"),
    }.items()
    for flow in flows
)
ACCOUNT = "agency"
HOSTS = {
    "kommo": f"https://{ACCOUNT}.kommo.com",
    "wave": "https://gql.waveapps.com",
    "quickbooks": "https://quickbooks.api.intuit.com",
    "zoho": "https://www.zohoapis.eu",
}
"""What the providers are called in cassettes; the replayed kinv finds these by itself."""

KEPT_HEADERS = ("accept", "content-type")
_LINKS = {
    re.compile(rf'https:(?:\\?/){{2}}{host}\\?/[^"\s]*'): scrubbed
    for host, scrubbed in (
        (r"[\w.-]*waveapps\.com", "https://link.waveapps.com/scrubbed"),
        (r"connect\.intuit\.com", "https://connect.intuit.com/scrubbed"),
        (r"zohosecurepay\.com", "https://zohosecurepay.com/scrubbed"),
    )
}
"""The clients' pages of invoices, which are secrets, and what stands for them."""


@dataclass(frozen=True)
class Scrubber:
    """Takes out what is secret or differs from run to run.

    Args:
        seen: Scheme and host that the recorded kinv spoke to -> what stands for it.
        account: The CRM account's real name, in place of which ``agency`` is kept.
    """

    seen: Mapping[str, str]
    account: str = ACCOUNT

    def request(self, request: Request) -> Request:
        request.uri = self._text(request.uri, links=False)
        if request.body:
            request.body = self._text(request.body.decode()).encode()
        request.headers = {
            name: request.headers[name] for name in KEPT_HEADERS if name in request.headers
        }
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        headers = response["headers"].items()
        return {
            **response,
            "headers": {name: kept for name, kept in headers if name.lower() in KEPT_HEADERS},
            "body": {"string": self._text(response["body"]["string"].decode()).encode()},
        }

    def _text(self, text: str, *, links: bool = True) -> str:
        for seen, kept in self.seen.items():
            text = text.replace(seen, kept).replace(seen.replace("/", r"\/"), kept)
        text = text.replace(f'"subdomain":"{self.account}"', f'"subdomain":"{ACCOUNT}"')
        for link, scrubbed in _LINKS.items() if links else ():
            text = link.sub(scrubbed, text)
        return text


class Shelf:
    """Keeps each provider's part of a flow in a file of its own.

    Args:
        recording: Whatever was kept is recorded anew.
    """

    def __init__(self, *, recording: bool) -> None:
        self._recording = recording

    def load_cassette(self, path: str, serializer: Any) -> tuple[list[Any], list[Any]]:
        if self._recording:
            raise CassetteNotFoundError
        requests: list[Any] = []
        responses: list[Any] = []
        for file in sorted(_folder(path).glob("*.yaml")):
            some = deserialize(file.read_text(encoding="utf-8"), serializer)
            requests += some[0]
            responses += some[1]
        return requests, responses

    def save_cassette(self, path: str, cassette: dict[str, Any], serializer: Any) -> None:
        parts: defaultdict[str, dict[str, list[Any]]] = defaultdict(
            lambda: {"requests": [], "responses": []}
        )
        for request, response in zip(cassette["requests"], cassette["responses"], strict=True):
            (provider,) = (name for name, host in HOSTS.items() if request.uri.startswith(host))
            parts[provider]["requests"].append(request)
            parts[provider]["responses"].append(response)
        folder = _folder(path)
        for old in folder.glob("*.yaml"):
            old.unlink()
        for provider, part in parts.items():
            text = serialize(part, serializer)
            (folder / f"{provider}.yaml").write_text(text, encoding="utf-8")


def books_of(flow: str) -> str:
    """Return the books of a flow."""
    return flow.partition("/")[0]


def cassettes(provider: str | None = None) -> list[tuple[str, str]]:
    """Return flow and provider of every cassette, or of one provider's."""
    kept = [(flow, name) for flow in FLOWS for name in ("kommo", books_of(flow))]
    return [each for each in kept if provider in {None, each[1]}]


def recorded(flow: str, provider: str) -> list[dict[str, Any]]:
    """Return the requests of a flow to a provider, in order: ``method uri headers body``."""
    text = (FOLDER / flow / f"{provider}.yaml").read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    return [interaction["request"] for interaction in loaded["interactions"]]


def _folder(path: str) -> Path:
    return Path(path).with_suffix("")
