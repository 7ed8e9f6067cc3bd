"""What a deal is told about its invoice: fields, a stage, a task."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from kommo_invoice.domain.fields import DoesNotFit, FieldKind, fit
from kommo_invoice.domain.writing import DealChange, FieldSet, TaskDraft, marker
from kommo_invoice.errors import DealError
from kommo_invoice.mapping import coerce
from kommo_invoice.mapping.scope import Scope
from kommo_invoice.mapping.views import Later

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from kommo_invoice.domain.deal import Deal, Stage
    from kommo_invoice.domain.fields import FieldDef
    from kommo_invoice.mapping.mapping import Mapping
    from kommo_invoice.mapping.views import InvoiceView


def deal_change(mapping: Mapping, deal: Deal, invoice: InvoiceView, *, mark: str) -> DealChange:
    """Return what the deal is told; see ``Mapping.deal_change``."""
    scope = _scope(mapping, deal, invoice)
    write_back = mapping.write_back
    sets = [_set(scope, write_back.mark, "write_back.invoice_field", mark)]
    for field, key in write_back.fields:
        value = _at_its_begin(scope.raw(key), field, mapping.viewer.zone)
        if isinstance(value, Later) and field.kind is FieldKind.TEXT:
            _check_known_part(_scope(mapping, deal, invoice.shortest()), field, key)
        sets.append(_set(scope, field, key, value))
    return DealChange(deal.id, tuple(sets), _move(mapping, deal))


def task(mapping: Mapping, deal: Deal, invoice: InvoiceView, reference: str) -> TaskDraft | None:
    """Return the task that the mapping asks for; see ``Mapping.task``."""
    if mapping.document.task is None:
        return None
    scope = _scope(mapping, deal, invoice)
    text = scope.required("task.text", coerce.text)
    due = None
    if not isinstance(scope.raw("task.due"), Later):
        due = mapping.end_of(scope.required("task.due", coerce.day))
    return TaskDraft(
        deal=deal.id,
        text=f"{text} {marker(reference)}",
        due=due,
        responsible_id=deal.responsible_id,
    )


def _scope(mapping: Mapping, deal: Deal, invoice: InvoiceView) -> Scope:
    names = mapping.viewer.around(deal, invoice.today)
    return Scope(mapping.values, deal, {**names, "invoice": mapping.viewer.invoice(invoice)})


def _set(scope: Scope, field: FieldDef, key: str, value: object) -> FieldSet:
    if isinstance(value, Later):
        return FieldSet(field, str(value))
    try:
        return FieldSet(field, fit(field, value))
    except DoesNotFit as error:
        raise scope.error(key, f"the field {field.name!r} cannot hold it: {error}") from None


def _at_its_begin(value: object, field: FieldDef, zone: ZoneInfo) -> object:
    """Return a day that a field of moments is to hold as its first moment, so that it compares."""
    if field.kind is FieldKind.DATETIME and isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time(), zone)
        return moment.astimezone(UTC)
    return value


def _check_known_part(shortest: Scope, field: FieldDef, key: str) -> None:
    """Refuse a text that is too long whatever the books say, before an invoice is made."""
    try:
        value = shortest.raw(key)
    except DealError:
        return  # it cannot be told without the invoice
    _set(shortest, field, key, value)


def _move(mapping: Mapping, deal: Deal) -> Stage | None:
    """Return the stage to move to; a deal that a person moved on stays where it is."""
    target = mapping.write_back.invoiced
    here = (deal.stage.pipeline_id, deal.stage.id)
    if target is None or here == (target.pipeline_id, target.id):
        return None
    allowed = {(stage.pipeline_id, stage.id) for stage in mapping.write_back.move_from}
    return target if here in allowed else None
