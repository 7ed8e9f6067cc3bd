"""What the adapter sends to Wave, and in how many requests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from wave_stand_in import BUSINESS, UUID, StandIn, customer, invoice

from kommo_invoice.books.capability_tables import BOOKS
from kommo_invoice.books.wave import connect
from kommo_invoice.books.wave.errors import judge
from kommo_invoice.domain.catalog import BooksAccount, Item, Tax
from kommo_invoice.domain.draft import (
    Address,
    Amounts,
    CustomerDraft,
    Discount,
    Draft,
    LineDraft,
    Mail,
)
from kommo_invoice.domain.invoice import Status
from kommo_invoice.errors import ConfigInvalid, NotExecuted, Rejected, Temporary
from kommo_invoice.http.calls import CallClass

DONE: dict[str, Any] = {"didSucceed": True, "inputErrors": None}
CREATED = {
    "customerCreate": DONE | {"customer": customer(1, "a@acme.example")},
    "invoiceCreate": DONE | {"invoice": invoice(1)},
    "invoiceApprove": DONE,
    "invoiceSend": DONE,
    "invoiceDelete": DONE,
}
VAT = Tax("tax-19", "VAT 19%", Decimal("0.19"))
LINE = LineDraft("Website", Decimal("1.5"), Decimal(100), Item("product-1", "Consulting"), VAT)


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "reference": "KQ4-1",
        "customer": CustomerDraft("Acme", "a@acme.example"),
        "currency": "EUR",
        "lines": (LINE,),
        "date": date(2026, 11, 2),
    }
    return Draft(**(values | changes))


def sent_invoice(**changes: Any) -> dict[str, Any]:
    wave = StandIn(mutations=dict(CREATED))
    wave.wave().create_invoice(draft(**changes), "customer-1", key="k")
    return wave.requests[0].variables["input"]  # type: ignore[no-any-return]


def sent_customer(**changes: Any) -> dict[str, Any]:
    wave = StandIn(mutations=dict(CREATED))
    values: dict[str, Any] = {"name": "Acme GmbH", "email": "Anna@Acme.example"}
    wave.wave().create_customer(CustomerDraft(**(values | changes)), key="k")
    return wave.requests[0].variables["input"]  # type: ignore[no-any-return]


class TestConnecting:
    @pytest.mark.parametrize("account", [BUSINESS, UUID, UUID.upper()])
    def test_the_account_is_the_business_id_or_the_uuid_in_it(self, account: str) -> None:
        client: Any = StandIn(invoices=[invoice(1)])

        connect(account, base_url=None, open_client=lambda *_: client).read(["invoice-1"])

        assert client.requests[0].variables["business"] == BUSINESS

    @pytest.mark.parametrize(
        ("base_url", "expected"),
        [
            (None, "https://gql.waveapps.com"),
            ("http://127.0.0.1:8701", "http://127.0.0.1:8701"),
        ],
    )
    def test_the_client_is_opened_with_wave_s_policy(
        self, base_url: str | None, expected: str
    ) -> None:
        opened: list[tuple[object, ...]] = []

        def open_client(*given: object) -> Any:
            opened.append(given)

        connect(UUID, base_url=base_url, open_client=open_client)

        assert opened == [(expected, "wave", BOOKS["wave"].policy, judge)]

    def test_there_is_no_sandbox(self) -> None:
        with pytest.raises(ConfigInvalid, match="no sandbox businesses"):
            connect(UUID, base_url=None, open_client=cast("Any", None), environment="sandbox")


class TestSetup:
    @staticmethod
    def business(number: int, **changes: Any) -> dict[str, Any]:
        return {
            "id": f"business-{number}",
            "name": f"Agency {number}",
            "isPersonal": False,
            "isArchived": False,
            "timezone": "Europe/Berlin",
            "emailSendEnabled": True,
            "currency": {"code": "EUR"},
        } | changes

    def test_personal_and_archived_businesses_are_left_out(self) -> None:
        stored = [self.business(n) for n in range(1, 60)]
        stored[3] = self.business(4, isPersonal=True)
        stored[55] = self.business(56, isArchived=True)
        wave = StandIn(businesses=stored)

        found = wave.wave().accounts()

        assert len(found) == 57
        assert found[0] == BooksAccount("business-1", "Agency 1", "EUR", "Europe/Berlin")
        assert len(wave.requests) == 2

    def test_the_catalog_takes_one_request(self) -> None:
        wave = StandIn(
            businesses=[self.business(1, emailSendEnabled=False, timezone=None)],
            products=[
                {"id": "product-1", "name": "Consulting", "isSold": True},
                {"id": "product-2", "name": "Paper", "isSold": False},
            ],
            taxes=[
                {
                    "id": "tax-19",
                    "name": "VAT 19%",
                    "abbreviation": "VAT",
                    "rate": "0.19",
                    "isCompound": False,
                }
            ],
        )
        found = wave.wave().catalog()

        assert found.account == BooksAccount("business-1", "Agency 1", "EUR", None, can_send=False)
        assert found.items == (
            Item("product-1", "Consulting"),
            Item("product-2", "Paper", sellable=False),
        )
        assert found.taxes == (Tax("tax-19", "VAT 19%", Decimal("0.19"), short_name="VAT"),)
        assert len(wave.requests) == 1

    def test_a_list_that_is_missing_is_not_an_empty_one(self) -> None:
        wave = StandIn(businesses=[self.business(1)])
        wave._field = lambda name, values: None  # type: ignore[method-assign]

        with pytest.raises(Temporary):
            wave.wave().catalog()

    def test_only_the_longer_list_is_read_on(self) -> None:
        products = [{"id": f"p{n}", "name": f"P {n}", "isSold": True} for n in range(250)]
        wave = StandIn(businesses=[self.business(1)], products=products)

        assert len(wave.wave().catalog().items) == 250
        assert [[name for name, _ in each.fields] for each in wave.requests] == [
            ["products", "salesTaxes"],
            ["products"],
            ["products"],
        ]


class TestCustomers:
    def test_what_is_not_known_is_not_sent(self) -> None:
        assert sent_customer() == {
            "businessId": BUSINESS,
            "name": "Acme GmbH",
            "email": "Anna@Acme.example",
        }

    @pytest.mark.parametrize(
        ("contact", "names"),
        [
            ("Anna Maria O'Neil", {"firstName": "Anna Maria", "lastName": "O'Neil"}),
            (" Anna  Neil ", {"firstName": "Anna", "lastName": "Neil"}),
            ("Anna", {"firstName": "Anna"}),
            ("", {}),
        ],
    )
    def test_the_contact_is_split_at_the_last_space(
        self, contact: str, names: dict[str, str]
    ) -> None:
        values = sent_customer(contact=contact)
        assert {key: values[key] for key in ("firstName", "lastName") if key in values} == names

    @pytest.mark.parametrize(
        ("address", "country", "expected"),
        [
            (None, "DE", {"countryCode": "DE"}),
            (
                Address("1 Road", "2nd floor", "Toronto", "M4B", "CA-ON", "CA"),
                "DE",
                {
                    "addressLine1": "1 Road",
                    "addressLine2": "2nd floor",
                    "city": "Toronto",
                    "postalCode": "M4B",
                    "provinceCode": "CA-ON",
                    "countryCode": "CA",
                },
            ),
            (Address(region="Ontario"), "CA", {"provinceCode": "CA-ON", "countryCode": "CA"}),
            (Address(region="ca"), "US", {"provinceCode": "US-CA", "countryCode": "US"}),
            (Address(region="Atlantis"), "US", {"countryCode": "US"}),
            (Address(city="Berlin"), None, {"city": "Berlin"}),
        ],
    )
    def test_the_address(
        self, address: Address | None, country: str | None, expected: dict[str, str]
    ) -> None:
        assert sent_customer(address=address, country=country)["address"] == expected


class TestInvoices:
    def test_a_plain_invoice(self) -> None:
        assert sent_invoice() == {
            "businessId": BUSINESS,
            "customerId": "customer-1",
            "status": "DRAFT",
            "currency": "EUR",
            "poNumber": "KQ4-1",
            "invoiceDate": "2026-11-02",
            "items": [
                {
                    "productId": "product-1",
                    "description": "Website",
                    "quantity": "1.5",
                    "unitPrice": "100",
                    "taxes": [{"salesTaxId": "tax-19"}],
                }
            ],
        }

    def test_no_tax_is_said_explicitly(self) -> None:
        line = LineDraft("Website", Decimal(1), Decimal(100), Item("product-1", "Consulting"))
        assert sent_invoice(lines=(line,))["items"][0]["taxes"] == []

    def test_prices_with_tax_become_net_prices(self) -> None:
        (item,) = sent_invoice(amounts=Amounts.INCLUSIVE)["items"]
        assert item["unitPrice"] == "84.03361345"

    @pytest.mark.parametrize(
        ("number", "po_number", "expected"),
        [
            (None, None, {"poNumber": "KQ4-1"}),
            (None, "4711", {"poNumber": "4711 / KQ4-1"}),
            ("2026-1", "4711", {"invoiceNumber": "2026-1", "poNumber": "4711 / KQ4-1"}),
            ("KQ4-1", "4711", {"invoiceNumber": "KQ4-1", "poNumber": "4711"}),
            ("KQ4-1", None, {"invoiceNumber": "KQ4-1"}),
        ],
    )
    def test_the_reference_is_on_it_exactly_once(
        self, number: str | None, po_number: str | None, expected: dict[str, str]
    ) -> None:
        values = sent_invoice(number=number, po_number=po_number)
        keys = ("invoiceNumber", "poNumber")
        assert {key: values[key] for key in keys if key in values} == expected

    @pytest.mark.parametrize(
        ("discount", "expected"),
        [
            (Discount(percent=Decimal(10)), {"discountType": "PERCENTAGE", "percentage": "10"}),
            (Discount(amount=Decimal("1E+1")), {"discountType": "FIXED", "amount": "10.00"}),
        ],
    )
    def test_a_discount_on_the_whole(self, discount: Discount, expected: dict[str, str]) -> None:
        assert sent_invoice(discount=discount)["discounts"] == [expected]

    @pytest.mark.parametrize("discount", [None, Discount(), Discount(percent=Decimal(0))])
    def test_no_discount_is_not_sent(self, discount: Discount | None) -> None:
        assert "discounts" not in sent_invoice(discount=discount)

    def test_a_discount_on_a_line_is_refused_before_anything_is_sent(self) -> None:
        wave = StandIn(mutations=dict(CREATED))
        line = LineDraft(
            "Website", Decimal(1), Decimal(100), LINE.item, discount=Discount(percent=Decimal(5))
        )
        with pytest.raises(Rejected, match="discount on a line"):
            wave.wave().create_invoice(draft(lines=(line,)), "customer-1", key="k")
        assert wave.requests == []

    def test_what_was_created_is_returned_whole(self) -> None:
        wave = StandIn(mutations=dict(CREATED))
        created = wave.wave().create_invoice(draft(), "customer-1", key="k")

        assert (created.id, created.status) == ("invoice-1", Status.DRAFT)
        assert created.lines is not None
        assert len(wave.requests) == 1

    def test_a_customer_that_wave_does_not_see_yet_is_no_refusal(self) -> None:
        errors = [{"path": None, "message": "Node could not be found", "code": None}]
        refusal = {"didSucceed": False, "inputErrors": errors, "invoice": None}

        with pytest.raises(NotExecuted):
            StandIn(mutations={"invoiceCreate": refusal}).wave().create_invoice(
                draft(), "customer-1", key="k"
            )


class TestActs:
    def test_the_mail_goes_to_the_address_as_written(self) -> None:
        wave = StandIn(mutations=dict(CREATED))
        wave.wave().send("invoice-1", Mail("Anna+crm@Acme.example", message="Hello"), key="k")
        wave.wave().send("invoice-1", Mail("a@acme.example", attach_pdf=False), key="k")

        assert [each.variables["input"] for each in wave.requests] == [
            {
                "invoiceId": "invoice-1",
                "to": ["Anna+crm@Acme.example"],
                "attachPDF": True,
                "message": "Hello",
            },
            {"invoiceId": "invoice-1", "to": ["a@acme.example"], "attachPDF": False},
        ]

    def test_approving_and_deleting_name_the_invoice_only(self) -> None:
        wave = StandIn(mutations=dict(CREATED))
        wave.wave().approve("invoice-1", key="k")
        wave.wave().delete("invoice-1", key="k")

        assert [(each.fields[0][0], each.variables) for each in wave.requests] == [
            ("invoiceApprove", {"input": {"invoiceId": "invoice-1"}}),
            ("invoiceDelete", {"input": {"invoiceId": "invoice-1"}}),
        ]

    def test_writes_are_never_repeated_and_readings_are(self) -> None:
        wave = StandIn(mutations=dict(CREATED), invoices=[invoice(1)])
        books = wave.wave()
        books.create_customer(CustomerDraft("Acme", "a@acme.example"), key="k")
        books.create_invoice(draft(), "customer-1", key="k")
        books.approve("invoice-1", key="k")
        books.send("invoice-1", Mail("a@acme.example"), key="k")
        books.delete("invoice-1", key="k")
        assert {each.call for each in wave.requests} == {CallClass.CREATE}

        wave.requests.clear()
        books.read(["invoice-1"])
        list(books.changed(datetime(2026, 10, 1, tzinfo=UTC)))
        assert {each.call for each in wave.requests} == {CallClass.READ}


class TestReading:
    def test_ten_invoices_a_request_in_the_asked_order(self) -> None:
        wave = StandIn(invoices=[invoice(n) for n in range(1, 13)])
        wanted = [*(f"invoice-{n}" for n in range(12, 0, -1)), "invoice-99", "invoice-3"]

        found = wave.wave().read(wanted)

        assert [each.id if each else None for each in found] == [
            *wanted[:12],
            None,
            "invoice-3",
        ]
        assert [len(each.fields) for each in wave.requests] == [10, 3]

    def test_no_ids_take_no_request(self) -> None:
        wave = StandIn()
        assert wave.wave().read([]) == []
        assert wave.requests == []


class TestChanges:
    SINCE = datetime(2026, 10, 1, tzinfo=UTC)

    def test_nothing_changed_takes_one_request(self) -> None:
        wave = StandIn()
        assert list(wave.wave().changed(self.SINCE)) == []
        assert len(wave.requests) == 1

    def test_changes_come_oldest_first_and_once(self) -> None:
        wave = StandIn(invoices=[invoice(n) for n in range(1, 251)])

        found = [each.id for each in wave.wave().changed(self.SINCE)]

        assert found == [f"invoice-{n}" for n in range(1, 251)]
        assert len(wave.requests) == 3

    def test_a_change_during_the_walk_hides_no_other(self) -> None:
        wave = StandIn(invoices=[invoice(n) for n in range(1, 151)])

        def touch_the_first() -> None:
            wave.invoices[0] = invoice(1, modifiedAt="2026-10-09T08:00:00.000Z")

        wave.on_request = touch_the_first
        found = [each.id for each in wave.wave().changed(self.SINCE)]

        assert sorted(set(found)) == sorted(f"invoice-{n}" for n in range(1, 151))

    def test_many_changes_at_one_moment_are_all_read(self) -> None:
        moment = self.SINCE + timedelta(hours=1)
        wire = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        wave = StandIn(invoices=[invoice(n, modifiedAt=wire) for n in range(1, 251)])

        assert len(list(wave.wave().changed(self.SINCE))) == 250
