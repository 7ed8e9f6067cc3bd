"""Every provider that a mapping can name stands the suites, with its own capability table."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest
from conformance_crm import CRM_GROUNDS
from conformance_grounds import BOOKS_GROUNDS

from kommo_invoice.books.base import Books
from kommo_invoice.books.capability_tables import BOOKS as BOOKS_TABLES
from kommo_invoice.crm.base import Crm
from kommo_invoice.crm.capabilities import CRMS as CRM_TABLES
from kommo_invoice.engine.providers import BOOKS, CRMS

ADAPTERS = [
    *((Books, name, path, BOOKS_TABLES) for name, path in BOOKS.items()),
    *((Crm, name, path, CRM_TABLES) for name, path in CRMS.items()),
]


def methods(kind: type) -> list[str]:
    return [
        name for name, each in vars(kind).items() if inspect.isfunction(each) and name[0] != "_"
    ]


def test_every_provider_has_its_ground() -> None:
    assert set(BOOKS_GROUNDS) == set(BOOKS)
    assert set(CRM_GROUNDS) == set(CRMS)


@pytest.mark.parametrize(
    ("interface", "name", "path", "tables"), ADAPTERS, ids=[each[1] for each in ADAPTERS]
)
def test_an_adapter_has_the_interface_s_methods_in_its_order_and_its_own_table(
    interface: type, name: str, path: str, tables: Any
) -> None:
    module = import_module(path)
    (adapter,) = (
        each
        for each in vars(module).values()
        if inspect.isclass(each) and each.__module__ == path and hasattr(each, "capabilities")
    )

    # A property tells what is left of the table for one account, which a test of its own holds.
    assert isinstance(adapter.capabilities, property) or adapter.capabilities is tables[name]
    assert methods(adapter) == methods(interface)
    for method in methods(interface):
        promised, kept = (inspect.signature(getattr(each, method)) for each in (interface, adapter))
        assert list(promised.parameters) == list(kept.parameters), method
