"""The proof of a first mapping: it is compiled as `kinv mapping check` will, before it is kept."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kommo_invoice.engine.fields import Making
from kommo_invoice.errors import ConfigInvalid, Problem, UsageError
from kommo_invoice.mapping.compile import compile_mapping
from kommo_invoice.mapping.load import load_mapping
from kommo_invoice.mapping.new_fields import missing_fields

if TYPE_CHECKING:
    from kommo_invoice.crm.base import CrmSetup
    from kommo_invoice.domain.catalog import Catalog
    from kommo_invoice.domain.fields import FieldDraft

_FLAGS = {
    **{
        f"{side}.{key}": f"--{side}-{key.replace('_', '-')}"
        for side in ("crm", "books")
        for key in ("account", "base_url", "auth_base_url")
    },
    "books.environment": "--books-environment",
    "trigger.pipeline": "--pipeline",
    "trigger.stages": "--stage",
    "trigger.since": "--since",
    "invoice.item": "--item",
    "tax.default": "--tax-default",
    "tax": "--tax",
    "write_back.invoice_field": "--invoice-field",
    "write_back.stages.invoiced": "--invoiced-stage",
    "write_back.stages.paid": "--paid-stage",
}
"""Which flag gives what stands in a key, and in those below it."""


def prove(text: str, path: Path, setup: CrmSetup, catalog: Catalog) -> tuple[FieldDraft, ...]:
    """Compile a mapping that is not written yet; return the fields that are missing.

    Args:
        text: The mapping.
        path: Where it is to stand.
        setup: The CRM account.
        catalog: The books.

    Raises:
        UsageError: A flag, or the connection in its place, gave what does not do.
        ConfigInvalid: An account holds what does not do.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="kinv-") as folder:
            draft = Path(folder) / "mapping.toml"
            draft.write_text(text, encoding="utf-8")
            file = replace(load_mapping(draft), path=path)
        making = Making.planned(setup, missing_fields(file, setup.fields))
        compile_mapping(file, making.setup, catalog)
    except ConfigInvalid as error:
        raise _unwritten(error, path) from None
    return making.drafts


def _unwritten(error: ConfigInvalid, path: Path) -> UsageError | ConfigInvalid:
    """Return what is wrong with a mapping that nobody can correct, for it is not written."""
    flags = [_flag(each.key) for each in error.problems]
    if not flags:
        return error
    told = "; ".join(
        f"{flag}: {each.message}" if flag else f"{each.key}: {each.message}"
        for flag, each in zip(flags, error.problems, strict=True)
    )
    named = " and ".join(dict.fromkeys(flag for flag in flags if flag))
    if named:
        hint = f"give another value with {named}: what was taken is no use, and nothing was written"
        return UsageError(told, hint=hint)
    return ConfigInvalid(
        f"{path} was not written: {told}",
        hint="change that in the account, then run it again",
        problems=[Problem(str(path), each.key, each.message) for each in error.problems],
    )


def _flag(key: str) -> str | None:
    parts = key.partition("[")[0].split(".")
    keys = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((_FLAGS[each] for each in keys if each in _FLAGS), None)
