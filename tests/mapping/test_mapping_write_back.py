"""What the deal is told: fields that fit, a move that nobody minds, a task."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from mapping_ground import DEAL, SALES, TODAY, Build, build_in

from kommo_invoice.domain.catalog import Tax
from kommo_invoice.domain.draft import Draft
from kommo_invoice.domain.fields import FieldValue
from kommo_invoice.domain.invoice import Invoice, Payment, Status
from kommo_invoice.domain.money import Money
from kommo_invoice.domain.totals import totals
from kommo_invoice.domain.writing import DealChange
from kommo_invoice.errors import DealError
from kommo_invoice.mapping import InvoiceView, Mapping


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return build_in(tmp_path)


INVOICE = Invoice(
    id="x1",
    number="1007",
    references=("KQ4-501",),
    status=Status.SENT,
    customer_id="c",
    currency="EUR",
    total=Money(119000, "EUR"),
    paid=Money(19000, "EUR"),
    date=TODAY,
    due_date=date(2026, 12, 21),
    url="https://pay.example/x1",
    sent_at=datetime(2026, 11, 20, 23, tzinfo=UTC),
    payments=(),
)

WRITE_BACK = {
    "invoice_field": "Invoice ID",
    "fields": {
        "Invoice number": "{{ invoice.number }}",
        "Invoice link": "{{ invoice.url }}",
        "Payment status": "{{ 'overdue' if invoice.overdue else invoice.status }}",
        "Paid amount": "{{ invoice.paid }}",
        "Paid on": "{{ invoice.paid_on }}",
    },
    "stages": {"invoiced": "Invoice Sent", "paid": "Payment Received"},
}
TASK = {
    "text": "Check payment of invoice {{ invoice.number }}",
    "due": "{{ invoice.due_date + days(3) }}",
}


@pytest.fixture
def mapping(build: Build) -> Mapping:
    return build({"write_back": WRITE_BACK, "task": TASK})


def told(change: DealChange) -> dict[str, FieldValue]:
    return {each.field.name: each.value for each in change.fields}


def view(mapping: Mapping, invoice: Invoice = INVOICE) -> InvoiceView:
    return mapping.invoice_view(invoice, "KQ4-501", today=TODAY)


def test_the_mark_comes_first_and_every_field_holds_its_own_kind(mapping: Mapping) -> None:
    change = mapping.deal_change(DEAL, view(mapping), mark="wave:x1")
    assert list(told(change).items()) == [
        ("Invoice ID", "wave:x1"),
        ("Invoice number", "1007"),
        ("Invoice link", "https://pay.example/x1"),
        ("Payment status", "sent"),
        ("Paid amount", Decimal("190.00")),
        ("Paid on", None),
    ]
    assert change.deal == 501


def test_every_attribute_of_an_invoice(build: Build) -> None:
    names = ("id", "reference", "total", "due", "currency", "date", "due_date", "sent_on")
    text = " ".join(f"{{{{ invoice.{name} }}}}" for name in names)
    mapping = build({"write_back.fields": {"Invoice link": text}})
    change = mapping.deal_change(DEAL, view(mapping), mark="wave:x1")
    assert told(change)["Invoice link"] == (
        "x1 KQ4-501 1190.00 1000.00 EUR 2026-11-21 2026-12-21 2026-11-21"  # sent at 01:00 in Kyiv
    )


def test_paid_on_is_the_day_of_the_last_payment(mapping: Mapping) -> None:
    days = (date(2026, 12, 1), date(2026, 12, 9), date(2026, 12, 5))
    payments = tuple(Payment(str(day), Decimal(1), "EUR", day) for day in days)
    paid = replace(INVOICE, status=Status.PAID, payments=payments)
    change = mapping.deal_change(DEAL, view(mapping, paid), mark="wave:x1")
    assert told(change)["Paid on"] == date(2026, 12, 9)
    assert told(change)["Payment status"] == "paid"


def test_payments_that_were_not_read_do_not_clear_the_day(mapping: Mapping) -> None:
    paid = replace(INVOICE, status=Status.PAID, payments=None)
    with pytest.raises(DealError, match="the payments were not read"):
        mapping.deal_change(DEAL, view(mapping, paid), mark="wave:x1")


def test_a_day_in_a_field_of_moments_is_the_begin_of_that_day(build: Build) -> None:
    """So that it compares with what the CRM gives back, and is not written twice."""
    mapping = build({"write_back.fields": {"Meeting": "{{ invoice.date }}"}})
    change = mapping.deal_change(DEAL, view(mapping, INVOICE), mark="wave:x1")
    begin = datetime.combine(INVOICE.date, time(), mapping.viewer.zone)
    assert told(change)["Meeting"] == begin
    assert begin.utcoffset()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (
            "Invoice number",
            "{{ deal.name ~ 'x' * 30 }}",
            "37 characters, and a text field takes at most 30",
        ),
        (
            "Payment status",
            "{{ invoice.status ~ '?' }}",
            "'sent?' is none of its options: sent, paid, overdue",
        ),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_made(
    build: Build, name: str, text: str, reason: str
) -> None:
    mapping = build({"write_back.fields": {name: text}})
    draft = mapping.draft(DEAL, today=TODAY, reference="KQ4-501").draft
    with pytest.raises(DealError) as caught:
        mapping.deal_change(DEAL, mapping.expected_invoice(draft), mark="wave:?")
    assert caught.value.message == (
        f'deal 501: write_back.fields."{name}": the field {name!r} cannot hold it: {reason}'
    )


@pytest.mark.parametrize(
    ("stage", "target"),
    [("101", "102"), ("102", None), ("100", None), ("103", None), ("142", None)],
)
def test_only_deals_that_stand_where_kinv_may_move_them_are_moved(
    mapping: Mapping, stage: str, target: str | None
) -> None:
    here = next(each for each in SALES.stages if each.id == stage)
    change = mapping.deal_change(replace(DEAL, stage=here), view(mapping), mark="wave:x1")
    assert (change.stage.id if change.stage else None) == target


def test_the_same_stage_id_in_another_pipeline_is_another_stage(mapping: Mapping) -> None:
    elsewhere = replace(SALES.stages[1], pipeline_id="20")
    change = mapping.deal_change(replace(DEAL, stage=elsewhere), view(mapping), mark="wave:x1")
    assert change.stage is None


def test_without_stages_nothing_is_moved(build: Build) -> None:
    mapping = build()
    assert mapping.deal_change(DEAL, view(mapping), mark="wave:x1").stage is None


def test_a_task_ends_in_our_mark_and_is_due_at_the_end_of_the_local_day(mapping: Mapping) -> None:
    task = mapping.task(DEAL, view(mapping), "KQ4-501")
    assert task is not None
    assert task.text == "Check payment of invoice 1007 [kinv KQ4-501]"
    assert task.due == datetime(2026, 12, 24, 21, 59, 59, tzinfo=UTC)  # Kyiv is 2 hours ahead
    assert (task.deal, task.responsible_id) == (501, "9")
    assert mapping.has_task


def test_no_task_section_no_task(build: Build) -> None:
    mapping = build()
    assert mapping.task(DEAL, view(mapping), "KQ4-501") is None


def test_a_task_that_has_no_day_is_told(mapping: Mapping) -> None:
    with pytest.raises(DealError) as caught:
        mapping.task(DEAL, view(mapping, replace(INVOICE, due_date=None)), "KQ4-501")
    assert caught.value.message == (
        "deal 501: task.due: {{ invoice.due_date + days(3) }}: invoice.due_date is empty"
    )


@pytest.fixture
def draft(mapping: Mapping) -> Draft:
    return mapping.draft(DEAL, today=TODAY, reference="KQ4-501").draft


def test_a_preview_shows_what_is_known_and_what_comes_later(mapping: Mapping, draft: Draft) -> None:
    expected = mapping.expected_invoice(draft)
    assert told(mapping.deal_change(DEAL, expected, mark="wave:?")) == {
        "Invoice ID": "wave:?",
        "Invoice number": "(known after create)",
        "Invoice link": "(known after create)",
        "Payment status": "sent",
        "Paid amount": Decimal("0.00"),
        "Paid on": None,
    }
    due = mapping.expected_invoice(replace(draft, due_date=date(2026, 12, 21)))
    task = mapping.task(DEAL, due, "KQ4-501")
    assert task is not None
    assert task.text == "Check payment of invoice (known after create) [kinv KQ4-501]"
    assert task.due == datetime(2026, 12, 24, 21, 59, 59, tzinfo=UTC)


def test_a_task_that_hangs_on_the_books_due_date_has_none_in_a_preview(
    mapping: Mapping, draft: Draft
) -> None:
    task = mapping.task(DEAL, mapping.expected_invoice(draft), "KQ4-501")
    assert task is not None
    assert task.due is None


def test_a_number_that_we_ask_for_is_known_before(draft: Draft) -> None:
    values = InvoiceView.expected(replace(draft, number="KQ4-501"), totals(draft)).values
    assert (values["number"], values["total"], values["due"]) == ("KQ4-501", 1000, 1000)


def test_an_invoice_that_is_not_mailed_is_not_expected_as_sent(draft: Draft) -> None:
    values = InvoiceView.expected(replace(draft, mail=None), totals(draft)).values
    assert (values["status"], values["sent_on"]) == ("approved", None)


def test_a_total_that_the_books_decide_is_not_known_before(draft: Draft) -> None:
    (line,) = draft.lines
    draft = replace(draft, lines=(replace(line, tax=Tax("TAX", "TAX", None)),))
    values = InvoiceView.expected(draft, totals(draft)).values
    assert values["total"] == values["due"] == "(known after create)"
    assert values["paid"] == 0


def test_expected_and_real_views_have_the_same_attributes(mapping: Mapping, draft: Draft) -> None:
    assert view(mapping).values.keys() == mapping.expected_invoice(draft).values.keys()
