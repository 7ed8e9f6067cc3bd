"""The one way out: client, call classes, retries, policy rates, redaction.

``Client`` is loaded when it is asked for, since it brings httpx; the rest is light, so that
capability tables can use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.http.calls import Auth, CallClass, Judge, Policy, Rate, Reply

if TYPE_CHECKING:
    from kommo_invoice.http.client import Client, OpenClient

__all__ = ["Auth", "CallClass", "Client", "Judge", "OpenClient", "Policy", "Rate", "Reply"]


def __getattr__(name: str) -> object:
    if name in {"Client", "OpenClient"}:
        from kommo_invoice.http import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
