"""Names become ids: a mapping file is bound to what both accounts hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kommo_invoice.domain.deal import StageKind
from kommo_invoice.domain.fields import DoesNotFit, FieldKind, fit
from kommo_invoice.errors import Problem
from kommo_invoice.mapping.company import faults, untaxed
from kommo_invoice.mapping.expressions import FAILURES
from kommo_invoice.mapping.language import is_empty
from kommo_invoice.mapping.load import invalid
from kommo_invoice.mapping.mapping import Mapping, Taxes, Trigger, WriteBack
from kommo_invoice.mapping.problems import key_text
from kommo_invoice.mapping.resolve import (
    Unresolved,
    own_tax,
    pick_field,
    pick_item,
    pick_pipeline,
    pick_stage,
    pick_treatment,
)
from kommo_invoice.mapping.terms import pick_term
from kommo_invoice.mapping.views import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as AbstractMapping

    from kommo_invoice.domain.catalog import Catalog, Tax
    from kommo_invoice.domain.deal import CrmAccount, Pipeline, Stage
    from kommo_invoice.domain.fields import FieldDef
    from kommo_invoice.mapping.expressions import Subscript
    from kommo_invoice.mapping.load import MappingFile

_NO_FIELD = (
    "correct the name, then run `kinv mapping check`; or let `kinv mapping check --create-fields` "
    "make the field"
)

P = ParamSpec("P")
T = TypeVar("T")


class Setup(Protocol):
    """What a mapping has to know of the CRM account."""

    @property
    def account(self) -> CrmAccount:
        """The account itself."""

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """Its pipelines."""

    @property
    def fields(self) -> tuple[FieldDef, ...]:
        """The custom fields of the records that the mapping needs."""


def compile_mapping(
    file: MappingFile,
    setup: Setup,
    catalog: Catalog,
    refused: AbstractMapping[str, str] = MappingProxyType({}),
) -> Mapping:
    """Bind a mapping file to both accounts.

    Args:
        file: The loaded file.
        setup: The CRM account with its pipelines and fields.
        catalog: The books account with its items, taxes, terms and settings.
        refused: Key -> why, for what these books refuse whatever their settings.

    Raises:
        ConfigInvalid: With every name that does not exist, or is not unique, and every key for
            which the books would refuse all deals.
    """
    return _Compiler(file, setup, catalog, refused).compile()


@dataclass(slots=True)
class _Compiler:
    file: MappingFile
    setup: Setup
    catalog: Catalog
    refused: AbstractMapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    lacks_field: bool = False

    def compile(self) -> Mapping:
        zone = self._try("crm.account", self._zone)
        trigger = self._trigger(zone)
        self._values()
        self._items()
        taxes = self._taxes()
        self._terms()
        self._treatment()
        for key, message in faults(
            self.file, self.catalog, self.refused, self.setup.account.currency
        ):
            self._problem(key, message)
        write_back = self._write_back(trigger)
        if self.problems or zone is None or trigger is None or write_back is None:
            error = invalid(self.problems)
            if self.lacks_field:
                error.hint = _NO_FIELD
            raise error
        viewer = Viewer(self.setup.account, zone, self.setup.fields)
        return Mapping(self.file, viewer, self.catalog, trigger, taxes, write_back)

    def _try(self, key: str, find: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return find(*args, **kwargs)
        except Unresolved as error:
            self._problem(key, error.message, error.nearest)
            return None

    def _problem(self, key: str, message: str, nearest: str | None = None) -> None:
        self.problems.append(Problem(str(self.file.path), key, message, nearest))

    def _zone(self) -> ZoneInfo:
        name = self.setup.account.timezone
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise Unresolved(f"the account's time zone {name!r} is unknown here") from None

    def _trigger(self, zone: ZoneInfo | None) -> Trigger | None:
        given = self.file.document.trigger
        pipeline = self._try(
            "trigger.pipeline", pick_pipeline, given.pipeline, self.setup.pipelines
        )
        if pipeline is None or zone is None:
            return None
        stages = self._stages("trigger.stages", given.stages, pipeline)
        for stage in stages:
            if stage.kind is StageKind.LOST:
                self._problem("trigger.stages", "a lost deal is never invoiced")
            if stage.kind is StageKind.WON and given.since is None:
                self._problem("trigger.since", f"is required with {stage.name!r}, a won stage")
        since_at = None
        if given.since is not None:
            since_at = datetime.combine(given.since, time(), zone).astimezone(UTC)
        return Trigger(pipeline, stages, given.since, since_at)

    def _stages(self, key: str, names: list[str], pipeline: Pipeline) -> tuple[Stage, ...]:
        found = [
            self._try(f"{key}[{place}]", pick_stage, name, pipeline)
            for place, name in enumerate(names)
        ]
        return tuple(stage for stage in found if stage is not None)

    def _values(self) -> None:
        """Check every custom field that an expression names, numbered ones for every number."""
        for key, value in self.file.values.items():
            for subscript in value.subscripts:
                for wanted in self._wanted(key, subscript):
                    self._try(key, pick_field, wanted, self.setup.fields, subscript.entity)

    def _wanted(self, key: str, subscript: Subscript) -> list[str]:
        count = self.file.document.lines.count or 0
        if not subscript.names:
            scopes: list[dict[str, object]] = [{}]
        elif subscript.names == {"n"}:
            scopes = [{"n": number} for number in range(1, count + 1)]
        else:
            return []  # known only with a deal
        try:
            return [str(subscript.wanted(names)) for names in scopes]
        except FAILURES as error:
            self._problem(key, str(error))
            return []

    def _items(self) -> None:
        for key in ("invoice.item", "lines.item"):
            value = self.file.values.get(key)
            if value is not None and value.constant:
                self._try(key, pick_item, str(value.source), self.catalog.items)

    def _terms(self) -> None:
        """Check terms that are the same for all deals, where the books have terms of their own."""
        value, known = self.file.values.get("invoice.terms"), self.catalog.terms
        if value is not None and value.constant and known and not is_empty(value.source):
            self._try("invoice.terms", pick_term, str(value.source), known)

    def _treatment(self) -> None:
        """Check a tax treatment that is the same for all customers."""
        value = self.file.values.get("customer.tax_treatment")
        if value is not None and value.constant and not is_empty(value.source):
            known = self.catalog.settings.tax_treatments
            self._try("customer.tax_treatment", pick_treatment, str(value.source), known)

    def _tax(self, key: str, name: str) -> Tax | None:
        if not self.catalog.taxes and name.casefold() != "none":
            self._problem(key, f"there is no tax {name!r}: {self.catalog.account.name} has none")
            return None
        return self._try(key, own_tax, name, self.catalog.taxes)

    def _taxes(self) -> Taxes | None:
        own = self.file.values.get("lines.tax")
        if own is not None and own.constant:
            self._tax("lines.tax", str(own.source))
        before, taxes = len(self.problems), self._section()
        found = {**taxes.table, "": taxes.default} if taxes else {}
        why = untaxed(self.file, self.catalog, found)
        if why is not None and len(self.problems) == before:
            self._problem("tax" if own is None else "lines.tax", why)
        return taxes

    def _section(self) -> Taxes | None:
        section = self.file.document.tax
        if section is None:
            return None
        strict = section.default == "error"
        table = {
            case: self._tax(key_text(("tax", case)), name)
            for case, name in (section.model_extra or {}).items()
        }
        default = None if strict else self._tax("tax.default", section.default)
        return Taxes(table, default, strict)

    def _write_back(self, trigger: Trigger | None) -> WriteBack | None:
        section = self.file.document.write_back
        mark = self._field("write_back.invoice_field", section.invoice_field)
        if mark is not None and mark.kind is not FieldKind.TEXT:
            self._problem(
                "write_back.invoice_field", f"must be a text field; {mark.name!r} is {mark.type}"
            )
        fields: list[tuple[FieldDef, str]] = []
        for name in section.fields:
            key = key_text(("write_back", "fields", name))
            target = self._field(key, name)
            if target is None:
                continue
            if target.id in {each.id for each, _ in fields} or target == mark:
                self._problem(key, f"the field {target.name!r} is written twice")
            fields.append((target, key))
            self._constant_fits(key, target)
        if trigger is None or mark is None:
            return None
        invoiced = self._stage("invoiced", trigger.pipeline)
        paid = self._stage("paid", trigger.pipeline)
        if section.move_from is None:
            move_from = trigger.stages + ((invoiced,) if invoiced else ())
        else:
            move_from = self._stages("write_back.move_from", section.move_from, trigger.pipeline)
        return WriteBack(mark, tuple(fields), move_from, invoiced, paid)

    def _field(self, key: str, name: str) -> FieldDef | None:
        found = self._try(key, pick_field, name, self.setup.fields, "deal")
        if found is None:
            self.lacks_field = True
        elif not found.writable:
            self._problem(key, f"a field of type {found.type} cannot be written")
        return found

    def _constant_fits(self, key: str, target: FieldDef) -> None:
        value = self.file.values[key]
        if not value.constant or not target.writable:
            return
        try:
            fit(target, value.source)
        except DoesNotFit as error:
            self._problem(key, str(error))

    def _stage(self, name: str, pipeline: Pipeline) -> Stage | None:
        wanted = getattr(self.file.document.write_back.stages, name)
        if wanted is None:
            return None
        return self._try(f"write_back.stages.{name}", pick_stage, wanted, pipeline)
