"""The Wave simulator makes, approves, sends and settles invoices as Wave's sheet says."""

from datetime import date
from typing import Any

import pytest
from wave_books import INVOICE, Wave, mutate

from kommo_invoice.sandbox.wave_money import TaxRounding

DAY = 24 * 3600


@pytest.fixture
def wave() -> Wave:
    return Wave()


def test_what_is_left_out_comes_from_the_books(wave: Wave) -> None:
    wave.people.change_business(terms_days=14, footer="Thank you")
    wave.people.add_invoice(wave.customer, invoice_number="41")
    wave.people.add_invoice(wave.customer, invoice_number="K-900")

    invoice = wave.read(wave.made(price=None))

    assert invoice["invoiceNumber"] == "42"
    assert (invoice["invoiceDate"], invoice["dueDate"]) == ("2026-11-02", "2026-11-16")
    assert (invoice["poNumber"], invoice["memo"], invoice["footer"]) == ("", "", "Thank you")
    assert (invoice["status"], invoice["currency"]) == ("DRAFT", {"code": "EUR", "exponent": 2})
    assert invoice["items"][0]["unitPrice"] == "120"


def test_today_is_the_day_in_the_business_time_zone(wave: Wave) -> None:
    wave.world.advance(14.5 * 3600)

    assert wave.read(wave.made())["invoiceDate"] == "2026-11-03"


def test_equal_numbers_are_accepted_and_a_search_finds_every_number_that_contains_it(
    wave: Wave,
) -> None:
    for number in ("12", "112", "120", "12", "31"):
        wave.create(invoiceNumber=number)

    found = wave.listed(number="12", sort=["INVOICE_NUMBER_ASC"])

    assert [node["invoiceNumber"] for node in found] == ["112", "12", "12", "120"]


def test_taxes_left_out_are_the_products_own_and_an_empty_list_is_none(wave: Wave) -> None:
    hosting = {"productId": wave.product("Hosting"), "unitPrice": "10"}

    own = wave.read(wave.made(items=[hosting]))
    none = wave.read(wave.made(items=[{**hosting, "taxes": []}]))

    assert own["items"][0]["taxes"] == [
        {"salesTax": {"name": "VAT 19%"}, "amount": {"value": "1.90"}}
    ]
    assert (own["total"]["value"], none["total"]["value"]) == ("11.90", "10.00")


@pytest.mark.parametrize(
    ("rounding", "tax"), [(TaxRounding.LINE, "0.04"), (TaxRounding.TAX, "0.05")]
)
def test_tax_is_rounded_by_line_or_by_tax_ties_away_from_zero(
    wave: Wave, rounding: TaxRounding, tax: str
) -> None:
    # 19 % of 0.12 is 0.0228: two cents on each of two lines, five on both together.
    wave.rules.tax_rounding = rounding
    line = {
        "productId": wave.product(),
        "unitPrice": "0.065",
        "taxes": [{"salesTaxId": wave.tax("VAT 19%")}],
    }

    invoice = wave.read(wave.made(items=[{**line, "quantity": "1.9"}, {**line, "quantity": "1.9"}]))

    assert (invoice["subtotal"]["value"], invoice["taxTotal"]["value"]) == ("0.24", tax)


def test_a_discount_reduces_what_is_taxed(wave: Wave) -> None:
    line = {
        "productId": wave.product(),
        "unitPrice": "33.335",
        "taxes": [{"salesTaxId": wave.tax("GST 10%")}],
    }
    percent = {"discountType": "PERCENTAGE", "percentage": "10"}
    fixed = {"discountType": "FIXED", "amount": "13.34"}

    by_percent = wave.read(wave.made(items=[line], discounts=[percent]))
    by_amount = wave.read(wave.made(items=[line], discounts=[fixed]))

    amounts = ("subtotal", "discountTotal", "taxTotal", "total")
    assert [by_percent[name]["value"] for name in amounts] == ["33.34", "3.33", "3.00", "33.01"]
    assert [by_amount[name]["value"] for name in amounts] == ["33.34", "13.34", "2.00", "22.00"]


def test_amounts_have_the_digits_of_their_currency(wave: Wave) -> None:
    yen = wave.read(wave.made("1500", currency="JPY"))
    dinar = wave.read(wave.made("1.2345", currency="BHD"))
    wave.rules.groups_thousands = True

    assert yen["total"] == {"value": "1500", "minorUnitValue": "1500"}
    assert dinar["total"] == {"value": "1.235", "minorUnitValue": "1235"}
    assert wave.read(wave.made("1695"))["total"]["value"] == "1,695.00"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"customerId": "Q3VzdG9tZXI6MQ=="}, ["customerId"]),
        ({"items": [{"productId": "nothing"}]}, ["items", "0", "productId"]),
        ({"items": [{"productId": "Office Supplies"}]}, ["items", "0", "productId"]),
        (
            {"items": [{"productId": "Retainer", "taxes": [{"salesTaxId": "nothing"}]}]},
            ["items", "0", "taxes", "0", "salesTaxId"],
        ),
        (
            {"items": [{"productId": "Retainer", "taxes": [{"salesTaxId": "x", "amount": "1"}]}]},
            ["items", "0", "taxes", "0", "amount"],
        ),
        ({"discounts": [{"discountType": "FIXED"}]}, ["discounts", "0", "amount"]),
        ({"discounts": [{"discountType": "FIXED", "amount": "1"}] * 2}, ["discounts"]),
        (
            {"discounts": [{"discountType": "FIXED", "amount": "101"}]},
            ["discounts", "0", "amount"],
        ),
    ],
)
def test_what_the_books_cannot_take_is_told_with_its_path_and_nothing_is_made(
    wave: Wave, asked: dict[str, Any], path: list[str]
) -> None:
    for item in asked.get("items", ()):
        if item["productId"] != "nothing":
            item["productId"] = wave.product(item["productId"])

    answer = wave.create(**asked)

    assert (answer["didSucceed"], answer["invoice"]) == (False, None)
    assert answer["inputErrors"][0]["path"] == ["input", *path]
    assert wave.people.dump()["invoices"] == []


def test_a_new_customers_first_invoice_may_stumble_once(wave: Wave) -> None:
    wave.rules.first_invoice_stumbles = True
    asked = {"businessId": wave.business, "name": "New"}
    new = wave.do("customerCreate", "customer { id }", **asked)["customer"]["id"]
    query, whole = mutate("invoiceCreate"), {"businessId": wave.business, "customerId": new}

    first = wave.post(query, input=whole).json()

    assert first["data"] == {"invoiceCreate": None}
    assert first["errors"][0]["message"] == "Node could not be found."
    assert wave.ask(query, input=whole)["invoiceCreate"]["didSucceed"]


def test_a_patch_replaces_all_items_and_leaves_the_rest(wave: Wave) -> None:
    invoice = wave.made("100", poNumber="PO 7", memo="Hello")
    line = {"productId": wave.product(), "unitPrice": "5", "quantity": "3", "taxes": []}

    wave.do("invoicePatch", id=invoice, items=[line], memo=None)
    patched = wave.read(invoice)

    assert [item["quantity"] for item in patched["items"]] == ["3"]
    assert (patched["total"]["value"], patched["poNumber"], patched["memo"]) == (
        "15.00",
        "PO 7",
        "",
    )


def test_a_clone_is_a_new_draft_of_today_with_its_own_number(wave: Wave) -> None:
    invoice = wave.made("100", status="SAVED", invoiceNumber="7")
    wave.people.pay(invoice)
    wave.world.advance(DAY)

    clone = wave.read(wave.do("invoiceClone", invoiceId=invoice)["invoice"]["id"])

    assert (clone["status"], clone["invoiceNumber"]) == ("DRAFT", "8")
    assert (clone["invoiceDate"], clone["total"]["value"]) == ("2026-11-03", "100.00")
    assert clone["payments"] == []


def test_the_way_of_an_invoice_and_every_send_is_one_more_mail(wave: Wave) -> None:
    invoice = wave.made()
    mail: dict[str, Any] = {"invoiceId": invoice, "to": ["ap@acme.example"], "subject": "Invoice"}

    assert wave.do("invoiceSend", **mail)["didSucceed"] is False
    assert wave.do("invoiceApprove", invoiceId=invoice)["invoice"]["status"] == "SAVED"
    assert wave.do("invoiceApprove", invoiceId=invoice)["didSucceed"] is False
    assert wave.do("invoiceSend", **mail, attachPDF=True)["invoice"]["status"] == "SENT"
    assert wave.do("invoiceSend", **mail)["didSucceed"] is True
    sent = wave.read(invoice)

    assert (sent["lastSentAt"], sent["lastSentVia"]) == ("2026-11-02T09:00:00.000Z", "WAVE")
    assert wave.people.dump()["mails"] == [
        {
            "invoice": invoice,
            "to": ["ap@acme.example"],
            "subject": "Invoice",
            "message": None,
            "attach_pdf": attached,
            "at": "2026-11-02T09:00:00.000Z",
        }
        for attached in (True, False)
    ]


@pytest.mark.parametrize(
    ("mail", "enabled", "path"),
    [
        ({"to": []}, True, "to"),
        ({"to": ["nobody"]}, True, "to"),
        ({"to": ["a@b.example"]}, False, "invoiceId"),
        ({"to": ["a@b.example"], "fromAddress": "me@else.example"}, True, "fromAddress"),
    ],
)
def test_a_mail_that_cannot_go_is_refused(
    wave: Wave, mail: dict[str, Any], enabled: bool, path: str
) -> None:
    wave.people.change_business(email_send_enabled=enabled)

    answer = wave.do("invoiceSend", invoiceId=wave.made(status="SAVED"), **mail)

    assert answer["inputErrors"][0]["path"] == ["input", path]
    assert wave.people.dump()["mails"] == []


def test_marked_as_not_sent_it_keeps_its_time(wave: Wave) -> None:
    invoice = wave.made(status="SAVED")
    wave.do("invoiceMarkSent", invoiceId=invoice, sendMethod="SHARED_LINK")
    marked = wave.status(invoice)

    wave.do("invoiceMarkSent", invoiceId=invoice, sendMethod="NOT_SENT")
    taken_back = wave.read(invoice)

    assert (marked, taken_back["status"]) == ("SENT", "SAVED")
    assert taken_back["lastSentVia"] == "NOT_SENT"
    assert taken_back["lastSentAt"] == "2026-11-02T09:00:00.000Z"


def test_only_what_has_no_payments_can_be_deleted_and_is_then_not_found(wave: Wave) -> None:
    paid, unpaid = wave.made(status="SAVED"), wave.made(status="SAVED")
    payment = wave.people.pay(paid, 1)

    assert wave.do("invoiceDelete", "", invoiceId=paid)["didSucceed"] is False
    assert wave.do("invoicePaymentDelete", "", id=payment)["didSucceed"] is True
    wave.rules.deletes_approved = False
    assert wave.do("invoiceDelete", "", invoiceId=unpaid)["didSucceed"] is False
    wave.rules.deletes_approved = True
    assert wave.do("invoiceDelete", "", invoiceId=unpaid)["didSucceed"] is True
    assert wave.refused(INVOICE, b=wave.business, i=unpaid) == (200, "NOT_FOUND")
    assert wave.status(paid) == "SAVED"


def test_the_status_follows_sight_money_and_the_clock(wave: Wave) -> None:
    invoice = wave.made("100", status="SAVED", dueDate="2026-11-10")
    seen = [wave.status(invoice)]
    wave.do("invoiceSend", invoiceId=invoice, to=["ap@acme.example"])
    wave.people.view(invoice)
    seen.append(wave.status(invoice))
    wave.people.pay(invoice, 40)
    seen.append(wave.status(invoice))
    wave.world.advance(8 * DAY)
    seen.append(wave.status(invoice))
    wave.world.advance(DAY)
    seen.append(wave.status(invoice))
    wave.rules.overdue_hides_partial = False
    seen.append(wave.status(invoice))
    rest = wave.people.pay(invoice)
    seen.append(wave.status(invoice))
    wave.people.pay(invoice, "0.01")
    seen.append(wave.status(invoice))
    wave.people.refund(rest)

    assert " ".join(seen) == "SAVED VIEWED PARTIAL PARTIAL OVERDUE PARTIAL PAID OVERPAID"
    assert wave.read(invoice)["amountPaid"]["value"] == "40.01"


def test_payments_show_on_one_invoice_and_never_in_lists(wave: Wave) -> None:
    invoice = wave.people.add_invoice(wave.customer, 100)
    payment = wave.people.pay(invoice, "60.5", on=date(2026, 11, 1))
    wave.people.refund(payment, 10)

    [given, back] = wave.read(invoice)["payments"]
    [listed] = wave.listed()

    assert (given["amount"], given["paymentDate"]) == ("60.50", "2026-11-01")
    assert (given["paymentMethod"], given["originInvoicePayment"]) == ("BANK_TRANSFER", None)
    assert (back["amount"], back["originInvoicePayment"]) == ("10.00", {"id": payment})
    assert (listed["payments"], listed["amountPaid"]) == (None, {"value": "50.50"})


def test_a_manual_payment_needs_a_bank_account_and_an_approved_invoice(wave: Wave) -> None:
    fields, draft = "invoicePayment { amount invoice { status } }", wave.made()
    asked = {"amount": "100", "paymentDate": "2026-11-02", "exchangeRate": "1"}
    asked |= {"paymentMethod": "CASH", "invoiceId": wave.made(status="SAVED")}
    bank, sales = (
        next(a.id for a in wave.people.state.accounts.all(wave.business) if a.subtype == subtype)
        for subtype in ("CASH_AND_BANK", "INCOME")
    )

    def pay(**given: Any) -> Any:
        return wave.do("invoicePaymentCreateManual", fields, **{**asked, **given})

    assert pay(paymentAccountId=sales)["didSucceed"] is False
    assert pay(paymentAccountId=bank, invoiceId=draft)["didSucceed"] is False
    assert pay(paymentAccountId=bank)["invoicePayment"] == {
        "amount": "100.00",
        "invoice": {"status": "PAID"},
    }
