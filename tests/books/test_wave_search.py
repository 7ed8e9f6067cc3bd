"""What a look finds in Wave, and how many requests it takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from wave_stand_in import StandIn, customer, invoice

from kommo_invoice.books.base import Look, Sighting
from kommo_invoice.errors import ConfigInvalid, Temporary

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
REFERENCE = "KQ4-12345678"


def seen(wave: StandIn, look: Look) -> Sighting:
    (sighting,) = wave.wave().look([look])
    return sighting


def ids(records: object) -> list[str]:
    assert isinstance(records, tuple)
    return [each.id for each in records]


class TestCustomers:
    @pytest.mark.parametrize("case_sensitive", [True, False])
    def test_both_spellings_are_searched_in_one_request(self, case_sensitive: bool) -> None:
        stored = [
            customer(1, "Anna.O'Neil@Acme.example"),
            customer(2, "anna.o'neil@acme.example"),
            customer(3, "anna@acme.example"),
        ]
        wave = StandIn(customers=stored, case_sensitive=case_sensitive)

        found = seen(wave, Look(email="Anna.O'Neil@Acme.example"))

        assert ids(found.customers) == ["customer-1", "customer-2"]
        assert [name for name, _ in wave.requests[0].fields] == ["customers", "customers"]
        assert len(wave.requests) == 1

    def test_a_lower_case_address_is_searched_once(self) -> None:
        wave = StandIn(customers=[customer(1, "a+crm@acme.example")])

        found = seen(wave, Look(email="a+crm@acme.example"))

        assert ids(found.customers) == ["customer-1"]
        assert len(wave.requests[0].fields) == 1

    def test_what_only_resembles_the_address_is_left_out(self) -> None:
        wave = StandIn(customers=[customer(1, "anna@acme.example")], case_sensitive=False)
        wave._has = lambda record, values: True  # type: ignore[method-assign]

        assert seen(wave, Look(email="ann@acme.example")).customers == ()

    def test_the_oldest_comes_first_and_archived_ones_are_marked(self) -> None:
        stored = [
            customer(3, "a@acme.example", isArchived=None),
            customer(2, "a@acme.example", isArchived=True),
        ]
        found = seen(StandIn(customers=stored), Look(email="a@acme.example")).customers

        assert [(each.id, each.archived) for each in found] == [
            ("customer-2", True),
            ("customer-3", False),
        ]

    def test_every_page_of_namesakes_is_read(self) -> None:
        wave = StandIn(customers=[customer(n, "a@acme.example") for n in range(1, 31)])

        assert len(seen(wave, Look(email="a@acme.example")).customers) == 30
        assert len(wave.requests) == 2

    def test_a_fixed_customer_is_read_by_id(self) -> None:
        wave = StandIn(customers=[customer(1, "a@acme.example")])

        found = seen(wave, Look(customer_id="customer-1")).customer
        assert found is not None
        assert found.email == "a@acme.example"
        assert seen(wave, Look(customer_id="customer-9")).customer is None


class TestInvoices:
    def test_a_new_customer_in_a_small_business_takes_one_request(self) -> None:
        wave = StandIn(invoices=[invoice(n) for n in range(1, 90)])

        found = seen(wave, Look(email="New@acme.example", reference=REFERENCE, since=SINCE))

        assert found == Sighting()
        assert len(wave.requests) == 1

    def test_an_invoice_with_the_reference_is_read_whole_by_its_id(self) -> None:
        wave = StandIn(invoices=[invoice(1), invoice(2, poNumber=f"4711 / {REFERENCE}")])

        (found,) = seen(wave, Look(reference=REFERENCE, since=SINCE)).invoices

        assert (found.id, found.references) == ("invoice-2", ("2", f"4711 / {REFERENCE}"))
        assert found.lines is not None
        assert len(wave.requests) == 2

    @pytest.mark.parametrize(
        "text", [f"{REFERENCE}9", f"{REFERENCE}-2611", f"X{REFERENCE}", f"{REFERENCE}~2", ""]
    )
    def test_another_reference_is_not_ours(self, text: str) -> None:
        wave = StandIn(invoices=[invoice(1, poNumber=text)])

        assert seen(wave, Look(reference=REFERENCE)).invoices == ()

    def test_other_issues_are_found_when_asked_for_oldest_first(self) -> None:
        stored = [
            invoice(1, poNumber=f"{REFERENCE}-2611"),
            invoice(2, poNumber=REFERENCE),
            invoice(3, invoiceNumber=f"{REFERENCE}~2"),
        ]
        look = Look(reference=f"{REFERENCE}~3", base_reference=True)

        found = seen(StandIn(invoices=stored), look).invoices
        assert ids(found) == ["invoice-2", "invoice-3"]

    def test_the_bound_is_sent_and_one_look_without_bound_lifts_it(self) -> None:
        wave = StandIn()
        bound = Look(reference=REFERENCE, since=SINCE)
        wave.wave().look([bound])
        wave.wave().look([bound, Look(reference="KQ4-2")])

        bounds = [
            values.get("modifiedAtAfter") for each in wave.requests for _, values in each.fields
        ]
        assert bounds == ["2026-09-01T00:00:00.000Z", None]

    def test_a_long_list_is_read_for_the_found_customers_only(self) -> None:
        others = {"id": "customer-2", "email": "b@b.example"}
        ours = invoice(1, poNumber=REFERENCE)
        newer = [invoice(n, customer=others) for n in range(2, 300)]
        wave = StandIn(customers=[customer(1, "a@acme.example")], invoices=[ours, *newer])

        found = seen(wave, Look(email="a@acme.example", reference=REFERENCE))

        assert ids(found.invoices) == ["invoice-1"]
        assert len(wave.requests) == 3
        assert [name for each in wave.requests for name, _ in each.fields] == [
            "customers",
            "invoices",
            "invoices",
            "invoice",
        ]

    def test_a_thorough_look_reads_the_whole_list(self) -> None:
        ours = invoice(1, poNumber=REFERENCE)
        wave = StandIn(invoices=[ours, *(invoice(n) for n in range(2, 300))])

        assert seen(wave, Look(reference=REFERENCE)).invoices == ()
        assert ids(seen(wave, Look(reference=REFERENCE, thorough=True)).invoices) == ["invoice-1"]

    def test_a_number_is_searched_and_compared_exactly(self) -> None:
        wave = StandIn(invoices=[invoice(12), invoice(112), invoice(120)])

        found = seen(wave, Look(reference=REFERENCE, number="12"))

        assert ids(found.invoices) == ["invoice-12"]
        assert wave.requests[0].fields[0][1]["invoiceNumber"] == "12"
        assert len(wave.requests) == 2

    def test_with_the_reference_as_number_every_issue_is_searched(self) -> None:
        stored = [invoice(1, invoiceNumber=REFERENCE), invoice(2, invoiceNumber=f"{REFERENCE}~2")]
        second = f"{REFERENCE}~2"
        wave = StandIn(invoices=stored)

        found = seen(wave, Look(reference=second, number=second, base_reference=True))

        assert ids(found.invoices) == ["invoice-1", "invoice-2"]

    def test_a_thorough_look_with_a_number_reads_the_list_as_well(self) -> None:
        wave = StandIn(invoices=[invoice(1, poNumber=REFERENCE)])
        look = Look(reference=REFERENCE, number=REFERENCE, thorough=True)

        assert ids(seen(wave, look).invoices) == ["invoice-1"]

    def test_one_that_is_asked_for_by_id_counts_even_before_lists_show_it(self) -> None:
        wave = StandIn(invoices=[invoice(1, poNumber=REFERENCE)])
        wave._listed = lambda values: []  # type: ignore[method-assign]

        found = seen(wave, Look(reference=REFERENCE, invoice_id="invoice-1"))

        assert found.invoice is not None
        assert found.invoices == (found.invoice,)

    def test_one_that_was_deleted_since_it_was_listed_is_gone(self) -> None:
        wave = StandIn(invoices=[invoice(1, poNumber=REFERENCE)])
        wave.on_request = wave.invoices.clear

        assert seen(wave, Look(reference=REFERENCE)).invoices == ()

    def test_not_found_by_id_is_none_beside_the_other_answers(self) -> None:
        wave = StandIn(customers=[customer(1, "a@acme.example")])

        found = seen(wave, Look(email="a@acme.example", invoice_id="invoice-9"))

        assert found.invoice is None
        assert ids(found.customers) == ["customer-1"]


class TestSeveralLooks:
    def test_each_look_has_its_own_answer(self) -> None:
        wave = StandIn(
            customers=[customer(1, "a@acme.example"), customer(2, "b@b.example")],
            invoices=[invoice(1, poNumber="KQ4-1"), invoice(2, poNumber="KQ4-2")],
        )
        looks = [
            Look(email="b@b.example", reference="KQ4-2"),
            Look(email="a@acme.example", reference="KQ4-1"),
            Look(email="c@c.example", reference="KQ4-3"),
        ]

        found = wave.wave().look(looks)

        assert [(ids(each.customers), ids(each.invoices)) for each in found] == [
            (["customer-2"], ["invoice-2"]),
            (["customer-1"], ["invoice-1"]),
            ([], []),
        ]
        assert len(wave.requests) == 2

    def test_ten_readings_travel_in_one_document(self) -> None:
        wave = StandIn()
        wave.wave().look([Look(email=f"{n}@acme.example", reference="KQ4-1") for n in range(19)])

        assert [len(each.fields) for each in wave.requests] == [10, 10]

    def test_the_same_is_asked_only_once(self) -> None:
        wave = StandIn()
        wave.wave().look([Look(email="a@acme.example", reference=f"KQ4-{n}") for n in range(9)])

        assert [len(each.fields) for each in wave.requests] == [2]

    def test_no_looks_take_no_request(self) -> None:
        wave = StandIn()
        assert wave.wave().look([]) == []
        assert wave.requests == []


class TestWhatCannotBeRead:
    def test_an_unreadable_list_is_never_an_empty_one(self) -> None:
        wave = StandIn()
        wave._listed = lambda values: [{"id": "invoice-1"}]  # type: ignore[method-assign]

        with pytest.raises(Temporary, match=r"edges\.0\.node\.invoiceNumber"):
            seen(wave, Look(reference=REFERENCE))

    def test_a_missing_list_is_never_an_empty_one(self) -> None:
        wave = StandIn()
        wave._field = lambda name, values: None  # type: ignore[method-assign]

        with pytest.raises(Temporary):
            seen(wave, Look(reference=REFERENCE))

    def test_a_null_business_is_a_wrong_account(self) -> None:
        wave = StandIn()
        wave._answer = lambda operation, asked: {  # type: ignore[method-assign]
            "data": {"business": None}
        }
        with pytest.raises(ConfigInvalid, match="no such business"):
            seen(wave, Look(reference=REFERENCE))
