"""The QuickBooks simulator's query statements and change log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quickbooks_books import MORNING, QuickBooks


@pytest.fixture
def books() -> QuickBooks:
    return QuickBooks()


def refused(books: QuickBooks, statement: str) -> str:
    status, code = books.refusal(books.send("GET", "/query", params={"query": statement}))
    assert status == 400
    return code


class TestGrammar:
    @pytest.mark.parametrize(
        "statement",
        [
            "select * from Customer where DisplayName = 'acme ltd'",
            "SELECT * FROM customer WHERE displayname = 'ACME LTD'",
            "select * from Customer where DisplayName like '%cme%'",
            "select * from Customer where DisplayName in ('x', 'Acme Ltd')",
            "select * from Customer where Balance <= '0' and Balance >= '0'",
            "select * from Customer ORDERBY GivenName, DisplayName DESC",
            "select * from Customer where MetaData.LastUpdatedTime < '2026-11-02T19:00:00'",
            "select * from Customer where PrimaryEmailAddr = 'AP@acme.example' and Active = true",
            "select * from Customer ORDERBY Id DESC STARTPOSITION 1 MAXRESULTS 10",
            "select * from Customer ORDER BY DisplayName MAXRESULTS 10 STARTPOSITION 1",
            "select * from Customer where MetaData.CreateTime >= '2026-11-02T10:00:00-08:00'",
        ],
    )
    def test_what_is_documented_is_understood(self, books: QuickBooks, statement: str) -> None:
        assert books.found(statement) == ["Acme Ltd"]

    @pytest.mark.parametrize(
        "statement",
        [
            "",
            "select",
            "select Id, DisplayName from Customer",
            "select * from Customer where DisplayName = 'O'Neil'",
            'select * from Customer where DisplayName = "Acme Ltd"',
            "select * from Customer where Id = 5",
            "select * from Customer where DisplayName != 'x'",
            "select * from Customer where DisplayName between 'x'",
            "select * from Customer where DisplayName = 'x' or DisplayName = 'y'",
            "select * from Customer where not DisplayName = 'x'",
            "select * from Customer group by Id",
            "select count from Customer",
            "select count(Id) from Customer",
            "select * from Customer MAXRESULTS '5'",
            "select * from Customer; delete",
            "select * from Customer where DisplayName = 'x",
        ],
    )
    def test_what_is_not_is_4000(self, books: QuickBooks, statement: str) -> None:
        assert refused(books, statement) == "4000"

    @pytest.mark.parametrize(
        "statement",
        [
            "select * from Custmoer",
            "select * from Customer STARTPOSITION 0",
            "select * from Customer where Id > '5'",
            "select * from Customer where Nonsense = 'x'",
            "select * from Customer where PrimaryEmailAddr.Address = 'x'",
            "select * from Invoice where PrivateNote = 'x'",
            "select * from Invoice where EmailStatus = 'EmailSent'",
            "select * from Invoice where BillEmail = 'x'",
            "select * from Invoice ORDERBY PrivateNote",
            "select * from Invoice where TotalAmt = 'much'",
        ],
    )
    def test_what_cannot_be_is_4001(self, books: QuickBooks, statement: str) -> None:
        assert refused(books, statement) == "4001"

    @pytest.mark.parametrize(
        ("name", "quoted"),
        [("O'Neil", "O\\'Neil"), ("A\\B", "A\\\\B"), ("R&B + Co, 100%", "R&B + Co, 100%")],
    )
    def test_quotes_and_backslashes_are_escaped(
        self, books: QuickBooks, name: str, quoted: str
    ) -> None:
        books.people.add_customer(name)
        assert books.found(f"select * from Customer where DisplayName = '{quoted}'") == [name]

    def test_a_plus_sign_has_to_be_encoded(self, books: QuickBooks) -> None:
        books.people.add_customer("Plus", "a+b@acme.example")
        where = "select%20*%20from%20Customer%20where%20PrimaryEmailAddr%20=%20'a{}b@acme.example'"
        for sign, hits in (("%2B", 1), ("+", 0), ("%252B", 0)):
            answer = books.ok(books.send("GET", f"/query?query={where.format(sign)}"))
            assert len(answer["QueryResponse"].get("Customer", [])) == hits

    def test_text_may_be_compared_to_the_letter(self, books: QuickBooks) -> None:
        books.rules.values_ignore_case = False
        assert books.found("select * from Customer where DisplayName = 'acme ltd'") == []

    def test_numbers_and_days_are_compared_as_such(self, books: QuickBooks) -> None:
        books.people.add_invoice(books.customer, "90", TxnDate="2026-10-09")
        where = "select * from Invoice where {} "
        assert len(books.found(where.format("TotalAmt < '100.00'"), "Id")) == 1
        assert len(books.found(where.format("TotalAmt = '90'"), "Id")) == 1
        assert books.found(where.format("TxnDate > '2026-10-10'"), "Id") == []
        assert len(books.found(where.format(f"CustomerRef = '{books.customer}'"), "Id")) == 1

    def test_what_has_no_value_meets_nothing(self, books: QuickBooks) -> None:
        books.people.add_customer("Nameless")
        for condition in ("= ''", "< 'z'", "like '%'"):
            found = books.found(f"select * from Customer where PrimaryEmailAddr {condition}")
            assert "Nameless" not in found

    @pytest.mark.parametrize("kind", ["application/json", "text/plain"])
    def test_by_post_the_statement_is_the_body_as_text(self, books: QuickBooks, kind: str) -> None:
        statement = "select * from Term"
        typed = {"Content-Type": "application/text"}
        answer = books.send("POST", "/query", content=statement, headers=typed)
        assert len(books.ok(answer)["QueryResponse"]["Term"]) == 3
        other = {"Content-Type": kind}
        assert books.refusal(books.send("POST", "/query", content=statement, headers=other)) == (
            400,
            "4000",
        )
        by_address = books.send("POST", "/query", params={"query": statement}, headers=other)
        assert books.refusal(by_address) == (400, "4000")


class TestPages:
    def test_nothing_found_is_nothing_at_all(self, books: QuickBooks) -> None:
        assert books.ask("select * from Payment") == {}

    def test_a_page_says_where_it_begins_and_how_long_it_is(self, books: QuickBooks) -> None:
        page = books.ask("select * from Term STARTPOSITION 2 MAXRESULTS 5")
        assert (page["startPosition"], page["maxResults"], len(page["Term"])) == (2, 2, 2)

    def test_counts_stand_alone(self, books: QuickBooks) -> None:
        assert books.ask("select count(*) from Term") == {"totalCount": 3}

    def test_there_are_100_rows_and_at_most_1000(self, books: QuickBooks) -> None:
        for number in range(1100):
            books.people.add_term(f"Net {number}", number)
        assert len(books.ask("select * from Term")["Term"]) == 100
        assert len(books.ask("select * from Term MAXRESULTS 5000")["Term"]) == 1000

    def test_ids_are_sorted_as_numbers(self, books: QuickBooks) -> None:
        for number in range(12):
            books.people.add_customer(f"C{number}")
        ids = [int(each) for each in books.found("select * from Customer ORDERBY Id", "Id")]
        assert ids == sorted(ids)

    def test_unasked_lists_come_by_name_and_invoices_newest_first(self, books: QuickBooks) -> None:
        books.people.add_customer("Aaron")
        assert books.found("select * from Customer") == ["Aaron", "Acme Ltd"]
        first, second = (books.people.add_invoice(books.customer, 1) for _ in range(2))
        assert books.found("select * from Invoice", "Id") == [second, first]

    def test_inactive_rows_are_hidden_until_asked_for(self, books: QuickBooks) -> None:
        names = books.found("select * from Item", "Name")
        assert "Fax Support" not in names
        everything = books.found("select * from Item where Active in (true, false)", "Name")
        assert set(everything) - set(names) == {"Fax Support"}

    def test_a_company_can_be_asked_for_as_well(self, books: QuickBooks) -> None:
        assert books.found("select * from CompanyInfo", "CompanyName") == ["Harbor & Pine"]
        assert len(books.ask("select * from Preferences")["Preferences"]) == 1

    def test_lists_lag_behind_and_single_reads_do_not(self, books: QuickBooks) -> None:
        books.world.lag_s = 30
        invoice = books.create()["Id"]
        assert books.ask("select * from Invoice") == {}
        assert books.read(invoice)["Id"] == invoice
        books.world.advance(30)
        assert books.found("select * from Invoice", "Id") == [invoice]


class TestChangeLog:
    def changes(self, books: QuickBooks, entities: str, since: datetime) -> list[Any]:
        params = {"entities": entities, "changedSince": since.isoformat()}
        [whole] = books.ok(books.send("GET", "/cdc", params=params))["CDCResponse"]
        return list(whole["QueryResponse"])

    def test_each_entity_has_its_place(self, books: QuickBooks) -> None:
        invoice = books.create()["Id"]
        invoices, payments = self.changes(books, "Invoice,Payment", MORNING)
        assert [row["Id"] for row in invoices["Invoice"]] == [invoice]
        assert invoices["Invoice"][0]["Line"]
        assert payments == {}

    def test_only_what_changed_since_then(self, books: QuickBooks) -> None:
        books.create()
        assert self.changes(books, "invoice", MORNING + timedelta(seconds=1)) == [{}]

    def test_deleted_rows_are_told(self, books: QuickBooks) -> None:
        made = books.create()
        body = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
        books.write("Invoice", body, operation="delete")
        [found] = self.changes(books, "Invoice", MORNING)
        [row] = found["Invoice"]
        assert (row["Id"], row["status"]) == (made["Id"], "Deleted")
        assert row["MetaData"]["LastUpdatedTime"]

    def test_it_reaches_30_days_back(self, books: QuickBooks) -> None:
        assert self.changes(books, "Invoice", MORNING - timedelta(days=30)) == [{}]
        params = {"entities": "Invoice", "changedSince": "2026-10-01T00:00:00-07:00"}
        assert books.refusal(books.send("GET", "/cdc", params=params)) == (400, "4001")

    @pytest.mark.parametrize("entities", ["TaxCode", "", "Invoice,Nonsense"])
    def test_not_everything_is_logged(self, books: QuickBooks, entities: str) -> None:
        params = {"entities": entities, "changedSince": MORNING.isoformat()}
        assert books.refusal(books.send("GET", "/cdc", params=params)) == (400, "4001")

    def test_the_offset_of_the_time_has_to_be_encoded(self, books: QuickBooks) -> None:
        raw = "entities=Invoice&changedSince=2026-11-01T00:00:00+01:00"
        assert books.refusal(books.send("GET", f"/cdc?{raw}")) == (400, "4001")

    def test_what_is_too_much_is_cut_off_without_a_word(self, books: QuickBooks) -> None:
        books.rules.change_log_rows = 3
        invoices = [books.people.add_invoice(books.customer, 10) for _ in range(2)]
        for invoice in invoices * 2:
            books.people.pay(invoice, 1)
        found, payments = self.changes(books, "Invoice,Payment", MORNING)
        assert (len(found["Invoice"]), len(payments["Payment"])) == (2, 1)

    @pytest.mark.parametrize("touched", [True, False])
    def test_a_payment_is_told_and_its_invoice_perhaps(
        self, books: QuickBooks, touched: bool
    ) -> None:
        books.rules.payments_touch_invoices = touched
        invoice = books.create()["Id"]
        books.world.advance(60)
        books.people.pay(invoice)
        later = datetime(2026, 11, 2, 18, 0, 30, tzinfo=UTC)
        invoices, payments = self.changes(books, "Invoice,Payment", later)
        assert ("Invoice" in invoices) is touched
        assert payments["Payment"][0]["Line"][0]["LinkedTxn"][0]["TxnId"] == invoice

    def test_it_lags_like_lists(self, books: QuickBooks) -> None:
        books.world.lag_s = 30
        books.create()
        assert self.changes(books, "Invoice", MORNING) == [{}]
