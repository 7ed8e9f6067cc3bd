"""The user's mapping file: how a deal becomes an invoice, and what is written back.

The names below are imported when they are first used: the expression language and the schema are
not needed for ``kinv --help``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kommo_invoice.mapping.compile import compile_mapping
    from kommo_invoice.mapping.evaluate import Evaluated, NotPossible
    from kommo_invoice.mapping.load import MappingFile, Needs, find_mapping, load_mapping
    from kommo_invoice.mapping.mapping import Mapping
    from kommo_invoice.mapping.reference import reference_table
    from kommo_invoice.mapping.views import InvoiceView

__all__ = [
    "Evaluated",
    "InvoiceView",
    "Mapping",
    "MappingFile",
    "Needs",
    "NotPossible",
    "compile_mapping",
    "find_mapping",
    "load_mapping",
    "reference_table",
]

_MODULES = {
    "Evaluated": "evaluate",
    "InvoiceView": "views",
    "Mapping": "mapping",
    "MappingFile": "load",
    "Needs": "load",
    "NotPossible": "evaluate",
    "compile_mapping": "compile",
    "find_mapping": "load",
    "load_mapping": "load",
    "reference_table": "reference",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
