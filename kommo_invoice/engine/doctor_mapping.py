"""``kinv doctor`` on the mapping: each thing of the accounts that it names, with its id."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.domain.catalog import BooksAccount, Catalog
from kommo_invoice.domain.deal import CrmAccount, CrmSetup
from kommo_invoice.engine.checking import refused_keys
from kommo_invoice.engine.doctor_findings import Finding, ok, unchecked, wrong
from kommo_invoice.errors import ConfigInvalid
from kommo_invoice.mapping.compile import compile_mapping
from kommo_invoice.mapping.expressions import FAILURES
from kommo_invoice.mapping.language import is_empty
from kommo_invoice.mapping.problems import key_text
from kommo_invoice.mapping.resolve import (
    Unresolved,
    own_tax,
    pick_field,
    pick_item,
    pick_pipeline,
    pick_stage,
)
from kommo_invoice.mapping.terms import pick_term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kommo_invoice.mapping.expressions import Subscript
    from kommo_invoice.mapping.load import MappingFile
    from kommo_invoice.mapping.mapping import Mapping

    P = ParamSpec("P")

# They stand for a side that could not be read; what then does not fit says nothing.
_NO_CRM = CrmSetup(CrmAccount("", "", "", "", "UTC"), (), ())
_NO_BOOKS = Catalog(BooksAccount("", "", ""))

_OF_CRM = ("pipeline", "stage", "field")
_OF_BOOKS = ("item", "tax", "terms")


@dataclass(frozen=True, slots=True)
class _Named:
    """A key of the mapping that names something of an account.

    Args:
        key: The key.
        check: What it names.
        shown: What it was found to be, None where it was not found.
        written: Whether the key is that name; else the name stands in the key's expression.
    """

    key: str
    check: str
    shown: str | None
    written: bool = True


def compiled(
    file: MappingFile, setup: CrmSetup | None, catalog: Catalog | None
) -> Mapping | ConfigInvalid:
    """Return the mapping, bound to both accounts, or what does not fit those that were read.

    Args:
        file: The mapping.
        setup: What was read of the CRM, None where it could not be read.
        catalog: The same of the books.
    """
    try:
        refused = refused_keys(BOOKS[file.document.books.provider], file)
        return compile_mapping(file, setup or _NO_CRM, catalog or _NO_BOOKS, refused)
    except ConfigInvalid as error:
        problems = [
            problem
            for problem in error.problems
            if (setup if _asks_crm(file, problem.key) else catalog) is not None
        ]
        return ConfigInvalid(error.message, hint=error.hint, problems=problems)


def _asks_crm(file: MappingFile, key: str) -> bool:
    """Say whether what can be wrong with a key is the CRM account's to say, or the books'."""
    value = file.values.get(key)
    if value is not None and (value.subscripts or "account.currency" in value.attributes):
        return True
    return key.startswith(("crm.", "trigger.", "write_back."))


def name_findings(
    file: MappingFile,
    setup: CrmSetup | None,
    catalog: Catalog | None,
    error: ConfigInvalid | None,
) -> Iterator[Finding]:
    """Yield a finding for each thing of the accounts that the mapping names.

    Args:
        file: The mapping.
        setup: What was read of the CRM, None where it could not be read.
        catalog: The same of the books.
        error: What does not fit, as ``compiled`` found it.
    """
    names = [*_of_crm(file, setup), *_of_books(file, catalog)]
    checks = {named.key: named.check for named in names if named.written}
    problems = error.problems if error else ()
    told = ("mapping", *_OF_CRM, *_OF_BOOKS)
    for check in told if "invoice.terms" in file.values else told[:-1]:
        for problem in problems:
            # What an expression names, as `{{ deal['PO'] }}`, is always a field.
            value = file.values.get(problem.key)
            inside = "field" if value is not None and value.subscripts else "mapping"
            if checks.get(problem.key, inside) == check:
                yield wrong(check, problem, error.hint if error and check == "field" else None)
        side, found = ("CRM", setup) if check in _OF_CRM else ("books", catalog)
        if check != "mapping" and found is None:
            yield unchecked(check, f"the {side} could not be read")
            continue
        own = [each for each in names if each.check == check]
        yield from _found(check, own, {problem.key for problem in problems})


def _found(check: str, names: Sequence[_Named], faulty: set[str]) -> Iterator[Finding]:
    """Yield what was found, once for all keys that name it."""
    keys: dict[str, list[str]] = {}
    for named in names:
        if named.written and named.key in faulty:
            continue
        if named.shown is not None:
            keys.setdefault(named.shown, []).append(named.key)
        elif named.written:
            yield unchecked(check, f"the pipeline of {named.key} is not known")
    for shown, where in keys.items():
        yield ok(check, f"{shown} for {', '.join(dict.fromkeys(where))}")


def _of_crm(file: MappingFile, setup: CrmSetup | None) -> Iterator[_Named]:
    if setup is None:
        return
    wanted = file.document.trigger.pipeline
    yield _Named("trigger.pipeline", "pipeline", _told(_pipeline, wanted, setup))
    for key, name in _stage_names(file):
        yield _Named(key, "stage", _told(_stage, name, wanted, setup))
    for key, name in _field_names(file):
        yield _Named(key, "field", _told(_field, name, "deal", setup))
    count = file.document.lines.count or 0
    for key, value in file.values.items():
        for subscript in value.subscripts:
            for name in _wanted(subscript, count):
                shown = _told(_field, name, subscript.entity, setup)
                yield _Named(key, "field", shown, written=False)


def _of_books(file: MappingFile, catalog: Catalog | None) -> Iterator[_Named]:
    if catalog is None:
        return
    for key, check, name in _book_names(file):
        yield _Named(key, check, _told(_FIND[check], name, catalog))


def _stage_names(file: MappingFile) -> Iterator[tuple[str, str]]:
    section = file.document.write_back
    for place, name in enumerate(file.document.trigger.stages):
        yield f"trigger.stages[{place}]", name
    for place, name in enumerate(section.move_from or ()):
        yield f"write_back.move_from[{place}]", name
    for move in ("invoiced", "paid"):
        name = getattr(section.stages, move)
        if name is not None:
            yield f"write_back.stages.{move}", name


def _field_names(file: MappingFile) -> Iterator[tuple[str, str]]:
    section = file.document.write_back
    yield "write_back.invoice_field", section.invoice_field
    for name in section.fields:
        yield key_text(("write_back", "fields", name)), name


def _book_names(file: MappingFile) -> Iterator[tuple[str, str, str]]:
    """Yield key, kind and name of what the books are to have; an explicit "none" is nothing."""
    for key, check in (("invoice.item", "item"), ("lines.item", "item"), ("lines.tax", "tax")):
        value = file.values.get(key)
        if value is not None and value.constant and str(value.source).casefold() != "none":
            yield key, check, str(value.source)
    terms = file.values.get("invoice.terms")
    if terms is not None and terms.constant and not is_empty(terms.source):
        yield "invoice.terms", "terms", str(terms.source)
    section = file.document.tax
    if section is None:
        return
    cases = {**(section.model_extra or {}), "default": section.default}
    for case, name in cases.items():
        strict = case == "default" and name == "error"
        if not strict and name.casefold() != "none":
            yield key_text(("tax", case)), "tax", name


def _wanted(subscript: Subscript, count: int) -> Iterator[str]:
    """Yield the fields that an expression asks for, as far as they are known without a deal."""
    numbered = subscript.names == {"n"}
    scopes = [{"n": n} for n in range(1, count + 1)] if numbered else [{}]
    for scope in scopes if numbered or not subscript.names else ():
        with suppress(*FAILURES):
            yield str(subscript.wanted(dict(scope)))


def _pipeline(name: str, setup: CrmSetup) -> str:
    pipeline = pick_pipeline(name, setup.pipelines)
    return f"{pipeline.name} ({pipeline.id})"


def _stage(name: str, pipeline: str, setup: CrmSetup) -> str:
    own = pick_pipeline(pipeline, setup.pipelines)
    stage = pick_stage(name, own)
    return f"{stage.name} ({stage.id}) of {own.name}"


def _field(name: str, entity: str, setup: CrmSetup) -> str:
    field = pick_field(name, setup.fields, entity)
    return f"{field.name} ({field.id}), {entity}, {field.type}"


def _item(name: str, catalog: Catalog) -> str:
    item = pick_item(name, catalog.items)
    return f"{item.name} ({item.id})"


def _tax(name: str, catalog: Catalog) -> str:
    tax = own_tax(name, catalog.taxes)
    return f"{tax.name} ({tax.id})" if tax else "none"


def _terms(name: str, catalog: Catalog) -> str:
    if not catalog.terms:
        return f"{name}, by its words"
    term = pick_term(name, catalog.terms)
    due = "due as the books reckon it" if term.days is None else f"due after {term.days} days"
    return f"{term.name} ({term.id}), {due}"


_FIND = {"item": _item, "tax": _tax, "terms": _terms}


def _told(find: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str | None:
    """Return what a name means, None where it means nothing: the compiler has said so."""
    try:
        return find(*args, **kwargs)
    except Unresolved:
        return None
