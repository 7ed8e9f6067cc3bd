"""A deal that cannot be invoiced: exit 3, its name, what to do, no write; the others are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from stage import Stage

LONG = "x" * 300


def add(stage: Stage, price: int = 100, contact: int | None = None, **more: Any) -> int:
    """Add a deal that asks for an invoice."""
    deal = stage.kommo.add_lead("Odd one", price, contact=contact, **more)
    stage.kommo.move_lead(deal, "Issue Invoice", "Sales")
    return deal


def person(stage: Stage, email: str | None, country: str = "DE") -> int:
    return stage.kommo.add_contact("Pat Poe", email=email, fields={"Country": country})


def no_such_deal(stage: Stage) -> int:
    return 404


def no_contact(stage: Stage) -> int:
    return add(stage)


def no_email(stage: Stage) -> int:
    return add(stage, contact=person(stage, None))


def invalid_email(stage: Stage) -> int:
    return add(stage, contact=person(stage, "pat at poe"))


def price_zero(stage: Stage) -> int:
    return add(stage, 0, person(stage, "pat@poe.example"))


def price_below_zero(stage: Stage) -> int:
    return add(stage, -5, person(stage, "pat@poe.example"))


def unknown_currency(stage: Stage) -> int:
    stage.map(customer={"currency": "{{ 'XYZ' if deal.name == 'Odd one' else 'EUR' }}"})
    return add(stage, 100, person(stage, "pat@poe.example"))


def unmapped_country(stage: Stage) -> int:
    return add(stage, 100, person(stage, "pat@poe.example", "FR"))


def two_customers(stage: Stage) -> int:
    for name in ("Poe", "Poe & Sons"):
        stage.wave.add_customer(name, email="pat@poe.example")
    return add(stage, 100, person(stage, "pat@poe.example"))


def long_known_text(stage: Stage) -> int:
    stage.map(write_back={"fields": {"Terms": f"{{{{ deal['PO'] or '{LONG}' }}}}"}})
    return add(stage, 100, person(stage, "pat@poe.example"))


def long_text_around_the_number(stage: Stage) -> int:
    text = f"{{{{ invoice.number }}}} {{{{ deal['PO'] or '{LONG}' }}}}"
    stage.map(write_back={"fields": {"Terms": text}})
    return add(stage, 100, person(stage, "pat@poe.example"))


def long_text_with_the_number(stage: Stage) -> int:
    text = f"{{{{ invoice.number ~ (deal['PO'] or '{LONG}') }}}}"
    stage.map(write_back={"fields": {"Terms": text}})
    return add(stage, 100, person(stage, "pat@poe.example"))


CASES: dict[Callable[[Stage], int], tuple[str, ...]] = {
    no_such_deal: ("there is no deal 404 in kommo:agency",),
    no_contact: ("no contact",),
    no_email: ("customer.email", "is empty"),
    invalid_email: ("customer.email", "'pat at poe' is no e-mail address"),
    price_zero: ("a price of 0 EUR",),
    price_below_zero: ("a price of -5 EUR",),
    unknown_currency: ("customer.currency", "'XYZ' is no currency"),
    unmapped_country: ("tax.key", "no entry 'FR'"),
    two_customers: ("2 customers", "pat@poe.example", "Poe & Sons"),
    long_known_text: ("write_back.fields.Terms", "at most 256"),
    long_text_around_the_number: ("write_back.fields.Terms", "at most 256"),
    long_text_with_the_number: ("write_back.fields.Terms", "at most 256"),
}


def name(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("make", "words"), CASES.items(), ids=name)
def test_it_is_refused_by_name_and_the_other_deal_is_done(
    make: Callable[[Stage], int], words: tuple[str, ...], stage: Stage
) -> None:
    broken = make(stage)
    ended = stage.invoice(broken, stage.deal)
    assert ended.code == 3
    (error,) = ended.of("error")
    assert (error["deal"], error["exit_code"]) == (broken, 3)
    for each in words:
        assert each in error["message"]
    assert error["hint"]
    assert "Traceback" not in ended.err
    (invoice,) = stage.picture()["invoices"]
    assert invoice[-1] == "jo@northwind.example"
    assert stage.writes()["invoiceSend"] == 1


@pytest.mark.parametrize("make", CASES, ids=name)
def test_alone_it_writes_nothing(make: Callable[[Stage], int], stage: Stage) -> None:
    broken = make(stage)
    so_far = len(stage.world.requests)
    ended = stage.kinv("invoice", "--deal", broken)
    assert ended.code == 3
    assert not stage.writes(so_far)
    assert f"deal {broken}" in ended.err
    assert "  → " in ended.err


@pytest.mark.parametrize("make", [price_zero, unmapped_country, two_customers], ids=name)
def test_the_preview_says_the_same(make: Callable[[Stage], int], stage: Stage) -> None:
    broken = make(stage)
    shown, done = (stage.kinv("invoice", "--deal", broken, *more) for more in (["--dry-run"], []))
    assert shown.code == done.code == 3
    assert shown.err.startswith(done.err)


def test_what_wave_refuses_names_the_deal_and_the_path(stage: Stage) -> None:
    refusal = {"code": "INVALID", "path": ["input", "name"], "message": "is too odd"}
    payload = {"didSucceed": False, "customer": None, "inputErrors": [refusal]}
    stage.fault("status", "customerCreate", status=200, body={"data": {"customerCreate": payload}})
    ended = stage.invoice(stage.deal, stage.other)
    assert ended.code == 3
    (error,) = ended.of("error")
    assert error["deal"] == stage.deal
    assert "input.name: is too odd" in error["message"]
    assert stage.writes()["invoiceCreate"] == 1
    assert [each[-1] for each in stage.picture()["invoices"]] == ["Amy.Stone@bright.example"]


def test_a_corrected_deal_is_invoiced(stage: Stage) -> None:
    broken = price_zero(stage)
    stage.invoice(broken)
    stage.kommo.edit_lead(broken, price="50")
    assert stage.invoice(broken).code == 0
    assert len(stage.picture()["mails"]) == 1
