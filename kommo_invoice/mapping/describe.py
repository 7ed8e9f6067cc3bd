"""The compiled mapping as plain data, for ``kinv mapping show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kommo_invoice.domain.plain import plain

if TYPE_CHECKING:
    from kommo_invoice.domain.catalog import Tax
    from kommo_invoice.domain.deal import Pipeline, Stage
    from kommo_invoice.domain.fields import FieldDef
    from kommo_invoice.mapping.mapping import Mapping


def describe(mapping: Mapping) -> dict[str, object]:
    """Return all sections: values as they are written, defaults too, and names with their ids."""
    document = mapping.document
    return {
        "file": str(mapping.file.path),
        "fingerprint": mapping.fingerprint(),
        "crm": plain(document.crm.model_dump(exclude_none=True)),
        "books": plain(document.books.model_dump(exclude_none=True)),
        "trigger": {
            "pipeline": _named(mapping.trigger.pipeline),
            "stages": [_named(stage) for stage in mapping.trigger.stages],
            "since": plain(mapping.trigger.since),
            **_values(mapping, "trigger"),
        },
        "customer": {
            **_values(mapping, "customer"),
            "on_ambiguous": document.customer.on_ambiguous,
            "on_name_taken": document.customer.on_name_taken,
        },
        "invoice": {
            **_values(mapping, "invoice"),
            "amounts": document.invoice.amounts,
            "status": document.invoice.status,
        },
        "lines": {
            "source": document.lines.source,
            "count": document.lines.count,
            **_values(mapping, "lines"),
            "fallback": document.lines.fallback,
            "lines_vs_price": document.lines.lines_vs_price,
        },
        "tax": _taxes(mapping),
        "write_back": _write_back(mapping),
        "task": _values(mapping, "task") or None,
        "safety": plain(document.safety.model_dump()),
        "needs": plain(mapping.needs),
    }


def _values(mapping: Mapping, section: str) -> dict[str, object]:
    prefix = f"{section}."
    return {
        key.removeprefix(prefix): plain(value.source)
        for key, value in mapping.values.items()
        if key.startswith(prefix) and not key.startswith("lines.fallback.")
    }


def _taxes(mapping: Mapping) -> dict[str, object] | None:
    if mapping.taxes is None:
        return None
    return {
        **_values(mapping, "tax"),
        "cases": {case: _tax(tax) for case, tax in mapping.taxes.table.items()},
        "default": "error" if mapping.taxes.strict else _tax(mapping.taxes.default),
    }


def _write_back(mapping: Mapping) -> dict[str, object]:
    compiled = mapping.write_back
    stages = {"invoiced": compiled.invoiced, "paid": compiled.paid}
    return {
        "invoice_field": _named(compiled.mark),
        "fields": [
            {**_named(field), "value": plain(mapping.values[key].source)}
            for field, key in compiled.fields
        ],
        "move_from": [_named(stage) for stage in compiled.move_from],
        "stages": {name: _named(stage) for name, stage in stages.items() if stage is not None},
    }


def _named(thing: Pipeline | Stage | FieldDef) -> dict[str, object]:
    return {"id": thing.id, "name": thing.name}


def _tax(tax: Tax | None) -> object:
    return {"id": tax.id, "name": tax.name, "rate": plain(tax.rate)} if tax else "none"
