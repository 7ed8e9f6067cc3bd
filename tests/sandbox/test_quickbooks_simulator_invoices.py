"""Invoices in the QuickBooks simulator: lines, numbers, dates, currencies, texts, links."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from quickbooks_books import QuickBooks, discount


@pytest.fixture
def books() -> QuickBooks:
    return QuickBooks()


class TestLines:
    def test_an_invoice_is_live_from_its_creation(self, books: QuickBooks) -> None:
        made = books.create(books.line(250, Qty=2, UnitPrice=125))
        line, subtotal = made["Line"]
        assert line["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
        assert (line["LineNum"], subtotal["DetailType"]) == (1, "SubTotalLineDetail")
        assert (made["TotalAmt"], made["Balance"]) == (250, 250)
        assert (made["EmailStatus"], made["LinkedTxn"]) == ("NotSet", [])

    @pytest.mark.parametrize(
        ("amount", "quantity", "price", "code"),
        [
            (10.01, 3, 3.335, None),
            (10.0, 3, 3.335, "6070"),
            (10.005, 1, 10.005, "6070"),
            (0.33, 0.333, 1, None),
            (5, 2, 5, "6070"),
        ],
    )
    def test_amount_is_quantity_by_price_rounded_half_up(
        self, books: QuickBooks, amount: float, quantity: float, price: float, code: str | None
    ) -> None:
        line = books.line(amount, Qty=quantity, UnitPrice=price)
        if code is None:
            assert books.create(line)["TotalAmt"] == Decimal(str(amount))
        else:
            assert books.refused(line) == code

    def test_without_an_item_the_amount_counts_for_nothing(self, books: QuickBooks) -> None:
        made = books.create(books.line(100, item=None), books.line(50))
        assert (made["TotalAmt"], made["Line"][0]["DetailType"]) == (50, "DescriptionOnly")

    def test_a_line_may_be_text_alone(self, books: QuickBooks) -> None:
        text = {"DetailType": "DescriptionOnly", "Description": "As agreed"}
        first, *_ = books.create(text, books.line(50, ServiceDate="2026-11-01"))["Line"]
        assert (first["Description"], first["DetailType"]) == ("As agreed", "DescriptionOnly")

    def test_an_items_name_is_shown(self, books: QuickBooks) -> None:
        [line, _] = books.create()["Line"]
        assert line["SalesItemLineDetail"]["ItemRef"]["name"] == "Workshop"

    @pytest.mark.parametrize(
        ("item", "code"), [("Services", "2500"), ("Fax Support", "610"), ("999", "2500")]
    )
    def test_not_every_item_can_be_sold(self, books: QuickBooks, item: str, code: str) -> None:
        known = item if item == "999" else books.people.item_id(item)
        line = books.line(item=None, ItemRef={"value": known})
        assert books.refused(line) == code

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ({"Amount": 5}, "2020"),
            ({"DetailType": "SalesItemLineDetail"}, "2020"),
            ({"DetailType": "SALES_ITEM_LINE_DETAIL", "Amount": 5}, "2010"),
            ({"DetailType": "SalesItemLineDetail", "Amount": "much"}, "2010"),
            ({"DetailType": "SalesItemLineDetail", "Amount": True}, "2010"),
            ({"DetailType": "SalesItemLineDetail", "Amount": 1e15}, "2010"),
            ({"DetailType": "GroupLineDetail", "GroupLineDetail": {}}, "6000"),
            ({"DetailType": "DescriptionOnly", "Description": "x" * 4001}, "2050"),
            ({"DetailType": "DescriptionOnly", "Quantity": 1}, "2010"),
        ],
    )
    def test_what_is_wrong_is_refused(
        self, books: QuickBooks, line: dict[str, Any], code: str
    ) -> None:
        assert books.refused(line) == code

    def test_there_are_at_least_one_and_at_most_750(self, books: QuickBooks) -> None:
        assert books.refused(Line=[]) == "2020"
        text = {"DetailType": "DescriptionOnly", "Description": "x"}
        assert books.refused(*[text] * 751) == "6000"

    def test_answers_may_be_barer(self, books: QuickBooks) -> None:
        books.rules.bare_answers = True
        made = books.create()
        item = made["Line"][0]["SalesItemLineDetail"]["ItemRef"]
        assert (item.keys(), made["CustomerRef"]) == ({"value"}, {"value": books.customer})
        assert "LinkedTxn" not in made


class TestDiscounts:
    def test_a_percentage_is_computed_by_the_server(self, books: QuickBooks) -> None:
        made = books.create(books.line(99.99), discount(percent=5))
        *_, last = made["Line"]
        assert (last["DetailType"], last["Amount"]) == ("DiscountLineDetail", 5)
        assert made["TotalAmt"] == Decimal("94.99")

    def test_a_positive_amount_is_taken_off(self, books: QuickBooks) -> None:
        assert books.create(books.line(), discount(amount=20))["TotalAmt"] == 80

    def test_and_a_negative_one_is_added(self, books: QuickBooks) -> None:
        assert books.create(books.line(), discount(amount=-20))["TotalAmt"] == 120

    def test_it_needs_one_of_the_two(self, books: QuickBooks) -> None:
        assert books.refused(books.line(), discount()) == "6090"

    def test_there_is_one(self, books: QuickBooks) -> None:
        assert books.refused(books.line(), discount(percent=1), discount(percent=2)) == "6000"

    def test_a_company_may_not_know_any(self, books: QuickBooks) -> None:
        books.people.change_company(allow_discount=False)
        assert books.refused(books.line(), discount(percent=5)) == "6000"


class TestNumbers:
    def test_the_company_counts_unless_it_lets_others(self, books: QuickBooks) -> None:
        numbers = [books.create(DocNumber="K-1")["DocNumber"] for _ in range(2)]
        assert numbers == ["1001", "1002"]

    def test_though_an_own_one_may_be_taken_all_the_same(self, books: QuickBooks) -> None:
        books.rules.own_number_taken = True
        assert books.create(DocNumber="K-1")["DocNumber"] == "K-1"

    def test_with_custom_numbers_there_is_none_by_itself(self, books: QuickBooks) -> None:
        books.people.change_company(custom_numbers=True)
        assert "DocNumber" not in books.create()
        assert books.create(DocNumber="K-1")["DocNumber"] == "K-1"
        assert books.create(DocNumber="AUTO_GENERATE")["DocNumber"] == "1001"

    def test_a_second_one_is_refused_and_names_the_first(self, books: QuickBooks) -> None:
        books.people.change_company(custom_numbers=True)
        first = books.create(DocNumber="K-1")["Id"]
        answer = books.post("/invoice", books.body(DocNumber="K-1"))
        assert books.refusal(answer) == (400, "6140")
        [error] = answer.json()["Fault"]["Error"]
        assert error["Detail"].endswith(f"TxnType=Invoice with TxnId={first}")

    def test_unless_the_warning_is_off_or_waved_aside(self, books: QuickBooks) -> None:
        books.people.change_company(custom_numbers=True)
        books.create(DocNumber="K-1")
        body = books.body(DocNumber="K-1")
        assert books.write("Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "K-1"
        books.people.change_company(duplicate_warning=False)
        assert books.create(DocNumber="K-1")["DocNumber"] == "K-1"
        assert len(books.found("select * from Invoice where DocNumber = 'k-1'", "Id")) == 3

    def test_it_has_at_most_21_characters(self, books: QuickBooks) -> None:
        assert books.refused(DocNumber="x" * 22) == "2050"


class TestDates:
    def test_the_servers_own_day_is_pacific(self, books: QuickBooks) -> None:
        night = datetime(2026, 11, 3, 2, tzinfo=UTC) - books.world.now()
        books.world.advance(night.total_seconds())
        made = books.create(TxnDate=None)
        assert (made["TxnDate"], made["DueDate"]) == ("2026-11-02", "2026-12-02")

    def test_terms_give_the_due_date_where_there_is_none(self, books: QuickBooks) -> None:
        terms = books.ask("select * from Term where Name = 'Net 15'")["Term"]
        ref = {"SalesTermRef": {"value": terms[0]["Id"]}}
        assert books.create(**ref)["DueDate"] == "2026-11-17"
        assert books.create(**ref, DueDate="2026-11-20")["DueDate"] == "2026-11-20"
        assert books.refused(SalesTermRef={"value": "999"}) == "2500"

    def test_then_the_customers_own(self, books: QuickBooks) -> None:
        [term] = books.ask("select * from Term where Name = 'Due on receipt'")["Term"]
        books.people.change_customer(books.customer, SalesTermRef={"value": term["Id"]})
        assert books.create()["DueDate"] == "2026-11-02"

    @pytest.mark.parametrize("day", ["02.11.2026", "soon"])
    def test_a_day_is_written_as_iso_has_it(self, books: QuickBooks, day: str) -> None:
        assert books.refused(TxnDate=day) == "2010"


class TestCustomers:
    @pytest.mark.parametrize(
        ("ref", "code"), [(None, "2020"), ({"value": "999"}, "2500"), ({"name": "x"}, "2020")]
    )
    def test_there_has_to_be_one(self, books: QuickBooks, ref: Any, code: str) -> None:
        assert books.refused(CustomerRef=ref) == code

    def test_an_inactive_one_gets_no_invoices(self, books: QuickBooks) -> None:
        books.people.deactivate(books.customer)
        assert books.refused() == "610"

    def test_what_it_owes_is_shown_on_it(self, books: QuickBooks) -> None:
        books.create()
        found = books.ok(books.send("GET", f"/customer/{books.customer}"))["Customer"]
        assert found["Balance"] == 100


class TestCurrencies:
    def test_where_there_are_several_each_invoice_says_its_customers(self) -> None:
        books = QuickBooks(rates={"CAD": "0.73"})
        books.customer = books.people.add_customer("Maple", currency="CAD")
        assert books.refused() == "2020"
        assert books.refused(CurrencyRef={"value": "USD"}) == "6000"
        made = books.create(CurrencyRef={"value": "CAD"})
        assert (made["CurrencyRef"]["value"], made["TotalAmt"]) == ("CAD", 100)
        assert (made["ExchangeRate"], made["HomeTotalAmt"]) == (Decimal("0.73"), 73)

    def test_or_need_not(self) -> None:
        books = QuickBooks(rates={"CAD": "0.73"})
        books.rules.currency_required = False
        assert books.create()["CurrencyRef"]["value"] == "USD"

    def test_where_there_is_one_no_other_is_known(self, books: QuickBooks) -> None:
        assert books.create(CurrencyRef={"value": "USD"})["CurrencyRef"]["value"] == "USD"
        assert books.refused(CurrencyRef={"value": "CAD"}) == "6000"


class TestTexts:
    def test_custom_fields_exist_before_and_lose_strangers_in_silence(self) -> None:
        books = QuickBooks(custom_fields=("Deal", "Crew"))
        fields = [
            {"DefinitionId": "1", "Type": "StringType", "StringValue": "778"},
            {"DefinitionId": "9", "Type": "StringType", "StringValue": "lost"},
        ]
        assert books.create(CustomField=fields)["CustomField"] == [
            {"DefinitionId": "1", "Name": "Deal", "Type": "StringType", "StringValue": "778"},
            {"DefinitionId": "2", "Name": "Crew", "Type": "StringType"},
        ]
        assert books.refused(CustomField=[{**fields[0], "StringValue": "x" * 32}]) == "2050"

    @pytest.mark.parametrize(
        ("properties", "code"),
        [
            ({"PrivateNote": "x" * 4001}, "2050"),
            ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
            ({"CustomerMemo": "Thanks"}, "2010"),
            ({"BillEmail": {"Address": "nobody"}}, "6000"),
            ({"EmailStatus": "Sent"}, "2010"),
            ({"Status": "Draft"}, "2010"),
            ({"requestid": "1"}, "2010"),
        ],
    )
    def test_what_is_wrong_is_refused(
        self, books: QuickBooks, properties: dict[str, Any], code: str
    ) -> None:
        assert books.refused(**properties) == code

    def test_the_customers_address_is_printed_unless_there_is_another(
        self, books: QuickBooks
    ) -> None:
        books.people.change_customer(books.customer, BillAddr={"Line1": "1 Pine St"})
        assert books.create()["BillAddr"]["Line1"] == "1 Pine St"
        assert books.create(BillAddr={"Line1": "2 Oak St"})["BillAddr"]["Line1"] == "2 Oak St"

    def test_what_was_given_is_kept(self, books: QuickBooks) -> None:
        texts = {"PrivateNote": "KQ4-1", "CustomerMemo": {"value": "Thank you!"}}
        made = books.create(**texts, BillEmailCc={"Address": "cc@acme.example"})
        assert {name: made[name] for name in texts} == texts
        assert made["BillEmailCc"] == {"Address": "cc@acme.example"}


class TestLinks:
    @pytest.fixture
    def books(self) -> QuickBooks:
        return QuickBooks(payments=True)

    def test_the_public_page_is_told_when_asked_for(self, books: QuickBooks) -> None:
        made = books.write("Invoice", books.body(), include="invoiceLink")
        assert made["InvoiceLink"].startswith("https://")
        assert "InvoiceLink" not in books.read(made["Id"])
        read = books.read(made["Id"], include="invoiceLink")
        assert read["InvoiceLink"] == made["InvoiceLink"]

    def test_perhaps_only_by_a_read(self, books: QuickBooks) -> None:
        books.rules.link_on_create = False
        made = books.write("Invoice", books.body(), include="invoiceLink")
        assert "InvoiceLink" not in made
        assert "InvoiceLink" in books.read(made["Id"], include="invoiceLink")

    @pytest.mark.parametrize(
        "properties",
        [
            {"BillEmail": None},
            {"AllowOnlineCreditCardPayment": False, "AllowOnlineACHPayment": False},
        ],
    )
    def test_it_has_its_conditions(self, books: QuickBooks, properties: dict[str, Any]) -> None:
        made = books.write("Invoice", books.body(**properties), include="invoiceLink")
        assert "InvoiceLink" not in made

    def test_first_of_all_quickbooks_payments(self, books: QuickBooks) -> None:
        books.people.change_company(payments=False)
        body = books.body(AllowOnlineCreditCardPayment=True)
        assert "InvoiceLink" not in books.write("Invoice", body, include="invoiceLink")


class TestChanges:
    def change(self, books: QuickBooks, made: Any, **more: Any) -> Any:
        body = {"Id": made["Id"], "SyncToken": made["SyncToken"], **more}
        return books.write("Invoice", body)

    def test_a_sparse_one_leaves_the_rest(self, books: QuickBooks) -> None:
        made = books.create(PrivateNote="a", CustomField=[])
        changed = self.change(books, made, sparse=True, PrivateNote="b")
        differing = {name for name in made if made[name] != changed[name]}
        assert differing == {"PrivateNote", "SyncToken"}

    def test_lines_are_replaced_as_a_whole(self, books: QuickBooks) -> None:
        made = books.create(books.line(100), books.line(50))
        changed = self.change(books, made, sparse=True, Line=[books.line(70)])
        assert (len(changed["Line"]), changed["TotalAmt"], changed["Balance"]) == (2, 70, 70)

    def test_a_full_one_blanks_what_it_leaves_out(self, books: QuickBooks) -> None:
        made = books.create(PrivateNote="a")
        body = {name: made[name] for name in ("CustomerRef", "Line", "TxnDate")}
        assert "PrivateNote" not in self.change(books, made, **body)

    def test_an_old_token_is_stale(self, books: QuickBooks) -> None:
        made = books.create()
        self.change(books, made, sparse=True, PrivateNote="b")
        body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
        assert books.refusal(books.post("/invoice", body)) == (400, "5010")
