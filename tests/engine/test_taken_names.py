"""Books in which a name, or a number, is there once: who has it is taken, or another is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_stage import CUSTOMER, INVOICE, SEND

from kommo_invoice.books.quickbooks import QuickBooks

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage

NAME, EMAIL = "Northwind GmbH", "jo@northwind.example"
OTHER = "somebody@else.example"


def owner(firm: QuickBooksStage) -> str:
    (invoice,) = firm.books["invoices"]
    return str(invoice["customer"])


class TestTheHolder:
    """A customer that has the name is taken where it may be the one that is meant."""

    def test_one_without_an_address_is_taken(self, firm: QuickBooksStage) -> None:
        firm.add_customer(NAME, "")
        ended = firm.invoice()
        assert ended.code == 0, ended
        assert firm.names == [(NAME, "")]
        (step,) = [each for each in ended.of("step") if each["step"] == "customer.create"]
        assert step["state"] == "found"

    def test_it_is_taken_for_the_next_deal_too_without_asking(self, firm: QuickBooksStage) -> None:
        firm.add_customer(NAME, "")
        first, second = (firm.add_deal(each, client=NAME, email=EMAIL) for each in ("One", "Two"))
        assert firm.invoice(first).code == 0
        so_far = len(firm.world.requests)
        assert firm.invoice(second).code == 0
        assert CUSTOMER not in firm.writes(so_far)
        assert len(firm.names) == 1

    def test_one_with_the_address_that_lists_do_not_show_yet_is_taken(
        self, firm: QuickBooksStage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create = QuickBooks.create_customer

        def beaten(self: QuickBooks, draft: Any, *, key: str) -> Any:
            if not firm.names:
                firm.add_customer(NAME, EMAIL.upper())
            return create(self, draft, key=key)

        monkeypatch.setattr(QuickBooks, "create_customer", beaten)
        assert firm.invoice().code == 0
        assert firm.names == [(NAME, EMAIL.upper())]

    @pytest.mark.parametrize(
        "holder",
        [{"email": OTHER}, {"email": "", "currency": "GBP"}],
        ids=["another address", "another currency"],
    )
    def test_another_one_leaves_a_second_name(
        self, firm: QuickBooksStage, holder: dict[str, Any]
    ) -> None:
        firm.add_customer(NAME, **holder)
        assert firm.invoice().code == 0
        assert owner(firm) == f"{NAME} (2)"
        assert firm.names[-1] == (f"{NAME} (2)", EMAIL)

    def test_one_that_is_switched_off_leaves_a_second_name(self, firm: QuickBooksStage) -> None:
        firm.people.rules.deactivated_names_taken = True
        firm.add_customer(NAME, active=False)
        assert firm.invoice().code == 0
        assert owner(firm) == f"{NAME} (2)"

    def test_a_vendor_leaves_a_second_name(self, firm: QuickBooksStage) -> None:
        firm.people.add_vendor(NAME)
        assert firm.invoice().code == 0
        assert owner(firm) == f"{NAME} (2)"

    def test_the_first_number_that_is_free_is_chosen(self, firm: QuickBooksStage) -> None:
        firm.add_customer(NAME, OTHER)
        firm.people.add_vendor(f"{NAME} (2)")
        firm.people.add_employee(f"{NAME} (3)")
        assert firm.invoice().code == 0
        assert owner(firm) == f"{NAME} (4)"

    def test_there_is_an_end_to_it(
        self, firm: QuickBooksStage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kommo_invoice.engine.runner.NAMES", 2)
        for each in (NAME, f"{NAME} (2)"):
            firm.people.add_vendor(each)
        ended = firm.invoice()
        assert ended.code == 3
        assert f"{NAME} (2)" in ended.of("error")[0]["message"]
        assert not firm.names

    @pytest.mark.parametrize("vendor", [False, True])
    def test_an_error_says_who_has_it_where_the_mapping_wants_one(
        self, firm: QuickBooksStage, vendor: bool
    ) -> None:
        firm.map(customer={"on_name_taken": "error"})
        if vendor:
            firm.people.add_vendor(NAME)
        else:
            holder = firm.add_customer(NAME, OTHER)
        ended = firm.invoice()
        assert ended.code == 3
        (error,) = ended.of("error")
        for text in [NAME, "no customer"] if vendor else [NAME, holder, OTHER]:
            assert text in error["message"]
        assert "on_name_taken" in error["hint"]
        assert firm.writes() == {CUSTOMER: 1}


class TestASecondNameIsMadeOnce:
    """Its step is one of its own, and what is lost is looked for before it is repeated."""

    @pytest.mark.parametrize("kind", ["lose", "refuse", "late", "truncate"])
    def test_whose_answer_is_lost(self, firm: QuickBooksStage, kind: str) -> None:
        firm.add_customer(NAME, OTHER)
        firm.fault(kind, CUSTOMER, skip=1, times=None)
        was_done = kind in {"lose", "truncate"}
        assert firm.invoice().code == (0 if was_done else 5)
        firm.world.faults.clear()
        firm.world.advance(40)
        firm.until_quiet()
        assert firm.names == [(NAME, OTHER), (f"{NAME} (2)", EMAIL)]
        assert owner(firm) == f"{NAME} (2)"
        assert len(firm.books["mails"]) == 1

    def test_it_is_waited_for(self, firm: QuickBooksStage) -> None:
        firm.add_customer(NAME, OTHER)
        firm.fault("refuse", CUSTOMER, skip=1, times=None)
        firm.invoice()
        firm.world.faults.clear()
        asked = firm.writes()
        ended = firm.invoice()
        assert ended.code == 5
        assert "customer.create" in ended.of("error")[0]["message"]
        assert firm.writes() == asked
        firm.world.advance(200)
        assert firm.invoice().code == 0
        assert firm.names[1:] == [(f"{NAME} (2)", EMAIL)]

    def test_one_that_came_late_and_is_not_listed_yet_is_waited_for(
        self, firm: QuickBooksStage
    ) -> None:
        firm.world.lag_s = 60
        firm.fault("late", CUSTOMER, times=None, after_s=170)
        assert firm.invoice().code == 5
        firm.world.faults.clear()
        firm.world.advance(185)
        ended = firm.invoice()
        assert ended.code == 5, ended
        assert "maybe by the customer" in ended.of("error")[0]["message"]
        firm.world.advance(185)
        assert firm.invoice().code == 0
        assert firm.names == [(NAME, EMAIL)]

    def test_a_vendors_name_after_a_lost_answer_is_waited_for_only_once(
        self, firm: QuickBooksStage
    ) -> None:
        firm.people.add_vendor(NAME)
        firm.fault("refuse", CUSTOMER, times=None)
        assert firm.invoice().code == 5
        firm.world.faults.clear()
        codes = []
        for _ in range(2):
            firm.world.advance(185)
            codes.append(firm.invoice().code)
        assert codes == [5, 0]
        assert firm.names == [(f"{NAME} (2)", EMAIL)]

    def test_a_second_deal_of_the_client_takes_it(self, firm: QuickBooksStage) -> None:
        firm.add_customer("Zoe Lund", OTHER)
        deals = [firm.add_deal("One"), firm.add_deal("Two")]
        assert firm.invoice(*deals).code == 0
        so_far = len(firm.world.requests)
        assert firm.invoice(firm.add_deal("Three")).code == 0
        assert CUSTOMER not in firm.writes(so_far)
        assert {each["customer"] for each in firm.books["invoices"]} == {"Zoe Lund (2)"}

    def test_a_person_can_say_that_it_is_absent(self, firm: QuickBooksStage) -> None:
        firm.add_customer(NAME, OTHER)
        firm.fault("refuse", CUSTOMER, skip=1, times=None)
        firm.invoice()
        firm.world.faults.clear()
        assert firm.kinv("ledger", "resolve", "--deal", firm.deal, "--absent").code == 0
        assert firm.invoice().code == 0
        assert owner(firm) == f"{NAME} (2)"

    def test_a_client_with_two_currencies_is_two_customers(self, firm: QuickBooksStage) -> None:
        euro = firm.add_deal("One")
        pound = firm.add_deal("Two", fields={"Currency": "GBP"})
        assert firm.invoice(euro, pound).code == 0
        held = [(each["name"], each["currency"]) for each in firm.books["customers"]]
        assert held == [("Zoe Lund", "EUR"), ("Zoe Lund (2)", "GBP")]


class TestANumberThatIsTaken:
    """Nothing shows it before; the books refuse it."""

    @pytest.fixture
    def beaten(self, firm: QuickBooksStage, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Let somebody make an invoice of the number right before kinv does."""
        firm.map(invoice={"number": "reference"})
        create = QuickBooks.create_invoice

        def by(note: str) -> None:
            def first(self: QuickBooks, draft: Any, customer_id: str, *, key: str) -> Any:
                if not firm.books["invoices"]:
                    firm.people.add_invoice(
                        customer_id,
                        DocNumber=draft.number,
                        PrivateNote=note,
                        Line=[firm.taxed_line()],
                    )
                return create(self, draft, customer_id, key=key)

            monkeypatch.setattr(QuickBooks, "create_invoice", first)

        return by

    def test_by_our_own_invoice_it_is_gone_on_with(
        self, firm: QuickBooksStage, beaten: Any
    ) -> None:
        beaten(f"4711 / {firm.reference()}")
        ended = firm.invoice()
        assert ended.code == 0, ended
        assert len(firm.books["invoices"]) == len(firm.books["mails"]) == 1
        states = [each["state"] for each in ended.of("step") if each["step"] == "invoice.create"]
        assert states == ["found"]
        so_far = len(firm.world.requests)
        assert firm.invoice().code == 0
        assert not firm.writes(so_far)

    def test_by_anothers_it_is_refused_naming_that(
        self, firm: QuickBooksStage, beaten: Any
    ) -> None:
        firm.map(invoice={"number": "N-{{ deal.id }}"})
        beaten("of another hand")
        ended = firm.invoice()
        assert ended.code == 3
        (error,) = ended.of("error")
        (invoice,) = firm.books["invoices"]
        assert f"the number {invoice['number']}" in error["message"]
        assert f"--invoice {invoice['id']}" in error["hint"]
        assert SEND not in firm.writes()

    def test_by_one_that_is_not_to_be_seen_it_is_refused(
        self, firm: QuickBooksStage, beaten: Any
    ) -> None:
        firm.map(invoice={"number": "N-{{ deal.id }}"})
        old = firm.people.add_invoice(firm.add_customer("Old", OTHER), 5, DocNumber="X")
        firm.world.lag_s = 600
        firm.people.change_invoice(old, DocNumber=f"N-{firm.deal}")
        ended = firm.invoice()
        assert ended.code == 3
        assert firm.writes()[INVOICE] == 1
        assert "already" in ended.of("error")[0]["message"]
