"""Books in which a name, or a number, is there once: who has it is taken, or another is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from quickbooks_stage import CUSTOMER, INVOICE, SEND

from kommo_invoice.books.quickbooks import QuickBooks
from kommo_invoice.sandbox.quickbooks_state import RequestIds

if TYPE_CHECKING:
    from quickbooks_stage import QuickBooksStage

NAME, EMAIL = "Northwind GmbH", "jo@northwind.example"
OTHER = "somebody@else.example"


def owner(live: QuickBooksStage) -> str:
    (invoice,) = live.books["invoices"]
    return str(invoice["customer"])


class TestTheHolder:
    """A customer that has the name is taken where it may be the one that is meant."""

    def test_one_without_an_address_is_taken(self, live: QuickBooksStage) -> None:
        live.add_customer(NAME, "")
        ended = live.invoice()
        assert ended.code == 0, ended
        assert live.names == [(NAME, "")]
        (step,) = [each for each in ended.of("step") if each["step"] == "customer.create"]
        assert step["state"] == "found"

    def test_it_is_taken_for_the_next_deal_too_without_asking(self, live: QuickBooksStage) -> None:
        live.add_customer(NAME, "")
        first, second = (live.add_deal(each, client=NAME, email=EMAIL) for each in ("One", "Two"))
        assert live.invoice(first).code == 0
        so_far = len(live.world.requests)
        assert live.invoice(second).code == 0
        assert CUSTOMER not in live.writes(so_far)
        assert len(live.names) == 1

    def test_one_with_the_address_that_lists_do_not_show_yet_is_taken(
        self, live: QuickBooksStage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create = QuickBooks.create_customer

        def beaten(self: QuickBooks, draft: Any, *, key: str) -> Any:
            if not live.names:
                live.add_customer(NAME, EMAIL.upper())
            return create(self, draft, key=key)

        monkeypatch.setattr(QuickBooks, "create_customer", beaten)
        assert live.invoice().code == 0
        assert live.names == [(NAME, EMAIL.upper())]

    @pytest.mark.parametrize(
        "holder",
        [{"email": OTHER}, {"email": "", "currency": "GBP"}],
        ids=["another address", "another currency"],
    )
    def test_another_one_leaves_a_second_name(
        self, live: QuickBooksStage, holder: dict[str, Any]
    ) -> None:
        live.add_customer(NAME, **holder)
        assert live.invoice().code == 0
        assert owner(live) == f"{NAME} (2)"
        assert live.names[-1] == (f"{NAME} (2)", EMAIL)

    def test_one_that_is_switched_off_leaves_a_second_name(self, live: QuickBooksStage) -> None:
        live.people.rules.deactivated_names_taken = True
        live.add_customer(NAME, active=False)
        assert live.invoice().code == 0
        assert owner(live) == f"{NAME} (2)"

    def test_a_vendor_leaves_a_second_name(self, live: QuickBooksStage) -> None:
        live.people.add_vendor(NAME)
        assert live.invoice().code == 0
        assert owner(live) == f"{NAME} (2)"

    def test_the_first_number_that_is_free_is_chosen(self, live: QuickBooksStage) -> None:
        live.add_customer(NAME, OTHER)
        live.people.add_vendor(f"{NAME} (2)")
        live.people.add_employee(f"{NAME} (3)")
        assert live.invoice().code == 0
        assert owner(live) == f"{NAME} (4)"

    def test_there_is_an_end_to_it(
        self, live: QuickBooksStage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kommo_invoice.engine.new_customer.NAMES", 2)
        for each in (NAME, f"{NAME} (2)"):
            live.people.add_vendor(each)
        ended = live.invoice()
        assert ended.code == 3
        assert f"{NAME} (2)" in ended.of("error")[0]["message"]
        assert not live.names

    @pytest.mark.parametrize("vendor", [False, True])
    def test_an_error_says_who_has_it_where_the_mapping_wants_one(
        self, live: QuickBooksStage, vendor: bool
    ) -> None:
        live.map(customer={"on_name_taken": "error"})
        if vendor:
            live.people.add_vendor(NAME)
        else:
            holder = live.add_customer(NAME, OTHER)
        ended = live.invoice()
        assert ended.code == 3
        (error,) = ended.of("error")
        for text in [NAME, "no customer"] if vendor else [NAME, holder, OTHER]:
            assert text in error["message"]
        assert "on_name_taken" in error["hint"]
        assert live.writes() == {CUSTOMER: 1}


class TestASecondNameIsMadeOnce:
    """Its step is one of its own, and what is lost is looked for before it is repeated."""

    @pytest.mark.parametrize("kind", ["lose", "refuse", "late", "truncate"])
    def test_whose_answer_is_lost(self, live: QuickBooksStage, kind: str) -> None:
        live.add_customer(NAME, OTHER)
        live.fault(kind, CUSTOMER, skip=1, times=None)
        was_done = kind in {"lose", "truncate"}
        assert live.invoice().code == (0 if was_done else 5)
        live.world.faults.clear()
        live.world.advance(40)
        live.until_quiet()
        assert live.names == [(NAME, OTHER), (f"{NAME} (2)", EMAIL)]
        assert owner(live) == f"{NAME} (2)"
        assert len(live.books["mails"]) == 1

    def test_it_is_waited_for(self, live: QuickBooksStage) -> None:
        live.add_customer(NAME, OTHER)
        live.fault("refuse", CUSTOMER, skip=1, times=None)
        live.invoice()
        live.world.faults.clear()
        asked = live.writes()
        ended = live.invoice()
        assert ended.code == 5
        assert "customer.create" in ended.of("error")[0]["message"]
        assert live.writes() == asked
        live.world.advance(200)
        assert live.invoice().code == 0
        assert live.names[1:] == [(f"{NAME} (2)", EMAIL)]

    def test_one_that_came_late_and_is_not_listed_yet_is_waited_for(
        self, live: QuickBooksStage
    ) -> None:
        live.people.rules.request_ids = RequestIds.ACT  # else its key tells it
        live.world.lag_s = 60
        live.fault("late", CUSTOMER, times=None, after_s=170)
        assert live.invoice().code == 5
        live.world.faults.clear()
        live.world.advance(185)
        ended = live.invoice()
        assert ended.code == 5, ended
        assert "maybe by the customer" in ended.of("error")[0]["message"]
        live.world.advance(185)
        assert live.invoice().code == 0
        assert live.names == [(NAME, EMAIL)]

    def test_a_vendors_name_after_a_lost_answer_is_waited_for_only_once(
        self, live: QuickBooksStage
    ) -> None:
        live.people.add_vendor(NAME)
        live.fault("refuse", CUSTOMER, times=None)
        assert live.invoice().code == 5
        live.world.faults.clear()
        codes = []
        for _ in range(2):
            live.world.advance(185)
            codes.append(live.invoice().code)
        assert codes == [5, 0]
        assert live.names == [(f"{NAME} (2)", EMAIL)]

    def test_a_second_deal_of_the_client_takes_it(self, live: QuickBooksStage) -> None:
        live.add_customer("Zoe Lund", OTHER)
        deals = [live.add_deal("One"), live.add_deal("Two")]
        assert live.invoice(*deals).code == 0
        so_far = len(live.world.requests)
        assert live.invoice(live.add_deal("Three")).code == 0
        assert CUSTOMER not in live.writes(so_far)
        assert {each["customer"] for each in live.books["invoices"]} == {"Zoe Lund (2)"}

    def test_a_person_can_say_that_it_is_absent(self, live: QuickBooksStage) -> None:
        live.add_customer(NAME, OTHER)
        live.fault("refuse", CUSTOMER, skip=1, times=None)
        live.invoice()
        live.world.faults.clear()
        assert live.kinv("ledger", "resolve", "--deal", live.deal, "--absent").code == 0
        assert live.invoice().code == 0
        assert owner(live) == f"{NAME} (2)"

    def test_a_client_with_two_currencies_is_two_customers(self, live: QuickBooksStage) -> None:
        euro = live.add_deal("One")
        pound = live.add_deal("Two", fields={"Currency": "GBP"})
        assert live.invoice(euro, pound).code == 0
        held = [(each["name"], each["currency"]) for each in live.books["customers"]]
        assert held == [("Zoe Lund", "EUR"), ("Zoe Lund (2)", "GBP")]


class TestANumberThatIsTaken:
    """Nothing shows it before; the books refuse it."""

    @pytest.fixture
    def beaten(self, live: QuickBooksStage, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Let somebody make an invoice of the number right before kinv does."""
        live.map(invoice={"number": "reference"})
        create = QuickBooks.create_invoice

        def by(note: str) -> None:
            def first(self: QuickBooks, draft: Any, customer_id: str, *, key: str) -> Any:
                if not live.books["invoices"]:
                    live.people.add_invoice(
                        customer_id,
                        DocNumber=draft.number,
                        PrivateNote=note,
                        Line=[live.taxed_line()],
                    )
                return create(self, draft, customer_id, key=key)

            monkeypatch.setattr(QuickBooks, "create_invoice", first)

        return by

    def test_by_our_own_invoice_it_is_gone_on_with(
        self, live: QuickBooksStage, beaten: Any
    ) -> None:
        beaten(f"4711 / {live.reference()}")
        ended = live.invoice()
        assert ended.code == 0, ended
        assert len(live.books["invoices"]) == len(live.books["mails"]) == 1
        states = [each["state"] for each in ended.of("step") if each["step"] == "invoice.create"]
        assert states == ["found"]
        so_far = len(live.world.requests)
        assert live.invoice().code == 0
        assert not live.writes(so_far)

    def test_by_anothers_it_is_refused_naming_that(
        self, live: QuickBooksStage, beaten: Any
    ) -> None:
        live.map(invoice={"number": "N-{{ deal.id }}"})
        beaten("of another hand")
        ended = live.invoice()
        assert ended.code == 3
        (error,) = ended.of("error")
        (invoice,) = live.books["invoices"]
        assert f"the number {invoice['number']}" in error["message"]
        assert f"--invoice {invoice['id']}" in error["hint"]
        assert SEND not in live.writes()

    def test_by_one_that_is_not_to_be_seen_it_is_refused(
        self, live: QuickBooksStage, beaten: Any
    ) -> None:
        live.map(invoice={"number": "N-{{ deal.id }}"})
        old = live.people.add_invoice(live.add_customer("Old", OTHER), 5, DocNumber="X")
        live.world.lag_s = 600
        live.people.change_invoice(old, DocNumber=f"N-{live.deal}")
        ended = live.invoice()
        assert ended.code == 3
        assert live.writes()[INVOICE] == 1
        assert "already" in ended.of("error")[0]["message"]
