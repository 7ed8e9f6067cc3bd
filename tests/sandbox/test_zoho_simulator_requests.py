"""How the Zoho Books simulator is asked, refuses, counts and blocks (sheet, sections 2, 6, 9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from zoho_books import Zoho

from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.server import Sandbox


@pytest.fixture
def books() -> Zoho:
    return Zoho()


@pytest.fixture
def limited(books: Zoho) -> Zoho:
    books.world.unlimited = False
    return books


class TestEnvelopes:
    def test_a_create_is_201_and_says_where(self, books: Zoho) -> None:
        answer = books.post("/invoices", books.body())
        assert answer.status_code == 201
        body = answer.json()
        assert list(body) == ["code", "message", "invoice"]
        assert (body["code"], body["message"]) == (0, "The invoice has been created.")
        assert answer.headers["location"] == f"/api/v3/invoices/{body['invoice']['invoice_id']}"

    def test_everything_else_is_200(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        assert books.get(f"/invoices/{made}").status_code == 200
        assert books.put(f"/invoices/{made}", {"notes": "x"}).status_code == 200
        assert books.post(f"/invoices/{made}/status/sent").status_code == 200

    def test_ids_are_long_numbers_as_text(self, books: Zoho) -> None:
        made = books.create()
        for name in ("invoice_id", "customer_id", "currency_id"):
            assert re.fullmatch(r"\d{15,19}", made[name])
        assert int(made["invoice_id"]) > 2**53

    def test_amounts_are_numbers_with_their_digits(self, books: Zoho) -> None:
        text = books.post("/invoices", books.body(books.line(199.9))).text
        assert '"total":199.90' in text

    def test_by_rule_totals_are_texts_as_specified(self, books: Zoho) -> None:
        books.rules.totals_as_text = True
        made = books.create(books.line(199.9))
        assert (made["total"], made["balance"]) == ("199.90", "199.90")

    def test_times_are_the_organisations_with_an_offset_without_colon(self, books: Zoho) -> None:
        assert books.create()["created_time"] == "2026-11-02T10:00:00+0100"

    def test_the_older_form_still_works(self, books: Zoho) -> None:
        body = {"JSONString": '{"contact_name": "Beta"}'}
        made = books.ok(books.send("POST", "/contacts", data=body), 201)
        assert made["contact"]["contact_name"] == "Beta"

    @pytest.mark.parametrize("content", ["{", "[]", '"x"'])
    def test_a_body_is_an_object(self, books: Zoho, content: str) -> None:
        headers = {"Content-Type": "application/json"}
        answer = books.send("POST", "/contacts", content=content, headers=headers)
        assert books.refusal(answer) == (400, 2)

    @pytest.mark.parametrize(
        "path", ["/bills", "/invoices/1/nonsense", "/settings/nothing", "/x/1"]
    )
    def test_a_path_that_leads_nowhere(self, books: Zoho, path: str) -> None:
        expected = (404, 1002) if path.startswith("/invoices") else (404, 5)
        assert books.refusal(books.get(path)) == expected

    def test_an_act_that_an_invoice_does_not_know(self, books: Zoho) -> None:
        made = books.create()["invoice_id"]
        assert books.refusal(books.post(f"/invoices/{made}/nonsense")) == (404, 5)

    def test_a_method_that_is_not_known(self, books: Zoho) -> None:
        assert books.refusal(books.send("DELETE", "/items")) == (405, 37)
        assert books.refusal(books.send("PATCH", "/invoices", {})) == (405, 37)

    @pytest.mark.parametrize(
        ("path", "words"), [("/invoices/1", "Invoice does not exist."), ("/contacts/1", "Contact")]
    )
    def test_what_is_missing_is_404_with_1002(self, books: Zoho, path: str, words: str) -> None:
        answer = books.get(path)
        assert books.refusal(answer) == (404, 1002)
        assert answer.json()["message"].startswith(words)


class TestTokens:
    def enter(self, books: Zoho, authorization: str | None) -> tuple[int, int]:
        headers = {} if authorization is None else {"Authorization": authorization}
        params = {"organization_id": books.org}
        return books.refusal(books.api.get("/books/v3/invoices", params=params, headers=headers))

    def test_zohos_own_scheme_and_bearer(self, books: Zoho) -> None:
        assert self.enter(books, f"Zoho-oauthtoken {books.token}") == (200, 0)
        assert self.enter(books, f"Bearer {books.token}") == (200, 0)

    def test_by_rule_not_bearer(self, books: Zoho) -> None:
        books.rules.bearer = False
        assert self.enter(books, f"Bearer {books.token}") == (401, 14)

    @pytest.mark.parametrize("authorization", [None, "Zoho-oauthtoken nonsense", "Basic 1000.a.b"])
    def test_what_is_no_token_is_14(self, books: Zoho, authorization: str | None) -> None:
        assert self.enter(books, authorization) == (401, 14)

    def test_a_dead_one_is_57(self, books: Zoho) -> None:
        assert self.enter(books, "Zoho-oauthtoken 1000.aa.bb") == (401, 57)
        books.world.expire("zoho")
        assert self.enter(books, f"Zoho-oauthtoken {books.token}") == (401, 57)


class TestOrganizations:
    def test_they_are_listed_without_one(self, books: Zoho) -> None:
        other = books.people.add_organization("Zwei", country="US", currency="USD")
        rows = books.rows("/organizations", organization_id="")
        assert [row["organization_id"] for row in rows] == [books.org, other]
        [first, second] = rows
        assert (first["currency_code"], first["country_code"]) == ("EUR", "DE")
        assert (first["time_zone"], first["price_precision"]) == ("Europe/Berlin", 2)
        assert (first["is_default_org"], second["is_default_org"]) == (True, False)
        assert first["fiscal_year_start_month"] == "1"

    def test_with_one_its_id_can_be_left_out(self, books: Zoho) -> None:
        assert books.get("/invoices", organization_id="").status_code == 200

    def test_with_several_it_cannot(self, books: Zoho) -> None:
        other = books.people.add_organization("Zwei")
        answer = books.get("/invoices", organization_id="")
        assert books.refusal(answer) == (400, 6024)
        rows = answer.json()["error_info"]
        assert [row["organization_id"] for row in rows] == [books.org, other]

    def test_somebody_elses(self, books: Zoho) -> None:
        assert books.refusal(books.get("/invoices", organization_id="1")) == (400, 6041)

    def test_ids_of_one_mean_nothing_in_another(self, books: Zoho) -> None:
        other = books.people.add_organization("Zwei")
        tax = books.people.add_tax("VAT", 20, organization=other)
        made = books.create()["invoice_id"]
        answer = books.get(f"/invoices/{made}", organization_id=other)
        assert books.refusal(answer) == (404, 1002)
        assert books.refused({**books.line(), "tax_id": tax}) == (404, 1002)


class TestSettings:
    def test_taxes_are_the_active_ones(self, books: Zoho) -> None:
        body = books.ok(books.get("/settings/taxes"))
        names = [row["tax_name"] for row in body["taxes"]]
        assert "Reverse charge" in names
        assert "VAT DE 16%" not in names
        assert body["page_context"]["applied_filter"] == "Taxes.Active"
        assert body["taxes"][0]["tax_percentage"] == 19

    def test_an_organisation_without_taxes_has_an_empty_list(self, books: Zoho) -> None:
        other = books.people.add_organization("Zwei")
        assert books.rows("/settings/taxes", "taxes", organization_id=other) == []

    def test_currencies(self, books: Zoho) -> None:
        rows = books.rows("/settings/currencies", "currencies")
        base = {row["currency_code"]: row["is_base_currency"] for row in rows}
        assert base == {"EUR": True, "USD": False, "GBP": False, "CHF": False}
        foreign = books.rows(
            "/settings/currencies", "currencies", filter_by="Currencies.ExcludeBaseCurrency"
        )
        assert "EUR" not in {row["currency_code"] for row in foreign}

    def test_items_are_found_made_and_unique(self, books: Zoho) -> None:
        assert [row["name"] for row in books.rows("/items", name_contains="work")] == ["Workshop"]
        active = books.rows("/items", filter_by="Status.Active")
        assert "Fax Support" not in {row["name"] for row in active}
        made = books.ok(books.post("/items", {"name": "Travel", "rate": 0.5}), 201)["item"]
        assert books.ok(books.get(f"/items/{made['item_id']}"))["item"] == made
        assert books.rows("/items", name="Travel")[0]["item_id"] == made["item_id"]
        assert books.refusal(books.post("/items", {"name": "travel", "rate": 1})) == (400, 1001)
        assert books.refusal(books.post("/items", {"name": "Bus"})) == (400, 2)

    def test_fields_are_listed_by_entity_and_made(self, books: Zoho) -> None:
        rows = books.rows("/settings/fields", "fields", entity="invoice")
        assert [(row["label"], row["api_name"]) for row in rows] == [("Project", "cf_project")]
        body = {"label": "Kinv ref", "data_type": "string", "entity": "invoice"}
        assert books.refusal(books.post("/settings/fields", body)) == (400, 2)
        body["show_on_pdf"] = False  # type: ignore[assignment]
        made = books.ok(books.post("/settings/fields", body), 201)["field"]
        assert made["api_name"] == "cf_kinv_ref"
        assert books.refusal(books.post("/settings/fields", body)) == (400, 1001)

    def test_by_rule_nothing_says_that_a_field_is_unique(self, books: Zoho) -> None:
        books.people.add_field("Deal", unique=True)
        *_, field = books.rows("/settings/fields", "fields", entity="invoice")
        assert field["is_unique"] is True
        books.rules.unique_key = None
        *_, field = books.rows("/settings/fields", "fields", entity="invoice")
        assert "is_unique" not in field


class TestDailyCounter:
    def counted(self, answer: httpx.Response) -> dict[str, int]:
        names = ("limit", "remaining", "reset")
        return {name: int(answer.headers[f"x-rate-limit-{name}"]) for name in names}

    def test_answers_tell_it(self, limited: Zoho) -> None:
        assert self.counted(limited.get("/invoices"))["remaining"] == 999
        counted = self.counted(limited.get("/contacts"))
        assert counted["remaining"] == 998
        assert counted["limit"] == 1000

    def test_it_ends_at_the_organisations_midnight(self, limited: Zoho) -> None:
        # 10:00 in Berlin.
        assert self.counted(limited.get("/invoices"))["reset"] == 14 * 3600
        limited.people.change_organization(timezone="America/New_York")
        # 04:00 there.
        assert self.counted(limited.get("/invoices"))["reset"] == 20 * 3600
        limited.world.advance(20 * 3600)
        assert self.counted(limited.get("/invoices"))["remaining"] == 999

    def test_organizations_neither_count_nor_tell(self, limited: Zoho) -> None:
        answer = limited.get("/organizations")
        assert not [name for name in answer.headers if name.startswith("x-rate-limit")]
        assert self.counted(limited.get("/invoices"))["remaining"] == 999

    def test_by_rule_nobody_tells(self, limited: Zoho) -> None:
        limited.rules.counters = False
        assert "x-rate-limit-limit" not in limited.get("/invoices").headers

    def test_one_too_many_is_45_until_the_day_is_over(self, limited: Zoho) -> None:
        limited.people.change_organization(requests_per_day=2)
        assert [limited.get("/invoices").status_code for _ in range(3)] == [200, 200, 429]
        answer = limited.get("/invoices")
        assert limited.refusal(answer) == (429, 45)
        assert "maximum call rate limit of 2." in answer.json()["message"]
        assert "retry-after" not in answer.headers
        limited.world.advance(14 * 3600)
        assert limited.get("/invoices").status_code == 200

    def test_an_unlimited_world_counts_nothing(self, books: Zoho) -> None:
        books.people.change_organization(requests_per_day=1)
        assert [self.counted(books.get("/items"))["remaining"] for _ in range(3)] == [1, 1, 1]


class TestBlocks:
    def test_too_many_a_minute_block_the_organisation_for_an_hour(self, limited: Zoho) -> None:
        limited.rules.requests_per_minute = 2
        other = limited.people.add_organization("Zwei")
        assert [limited.get("/items").status_code for _ in range(3)] == [200, 200, 429]
        limited.world.advance(3599)
        answer = limited.get("/items")
        assert limited.refusal(answer) == (429, 43)
        assert answer.headers["retry-after"] == "3600"
        assert limited.get("/items", organization_id=other).status_code == 200
        limited.world.advance(1)
        assert limited.get("/items").status_code == 200

    def test_by_rule_only_until_the_minute_is_over(self, limited: Zoho) -> None:
        limited.rules.requests_per_minute = 2
        limited.rules.minute_code = 44
        answers = [limited.get("/items") for _ in range(3)]
        assert limited.refusal(answers[-1]) == (429, 44)
        assert "retry-after" not in answers[-1].headers
        limited.world.advance(60)
        assert limited.get("/items").status_code == 200

    def test_too_many_at_once(self, books: Zoho) -> None:
        books.rules.busy = 1
        assert books.refusal(books.get("/items")) == (429, 1070)
        assert books.get("/items").status_code == 200


class TestOperations:
    @pytest.mark.parametrize(
        ("method", "path", "operation"),
        [
            ("POST", "/books/v3/invoices", "POST /invoices"),
            ("GET", "/books/v3/invoices", "GET /invoices"),
            ("GET", "/books/v3/invoices/123", "GET /invoice"),
            ("POST", "/books/v3/invoices/123/email", "POST /invoices/email"),
            ("POST", "/books/v3/invoices/123/status/void", "POST /invoices/status/void"),
            ("PUT", "/books/v3/contacts/123", "PUT /contact"),
            ("GET", "/books/v3/invoices/123/payments", "GET /invoices/payments"),
            ("GET", "/books/v3/settings/taxes", "GET /settings/taxes"),
            ("POST", "/oauth/v2/token", "POST /oauth/v2/token"),
            ("GET", "/books/v3/123", "GET /"),
        ],
    )
    def test_names_for_faults(self, books: Zoho, method: str, path: str, operation: str) -> None:
        scope: Any = {"method": method, "path": path, "query_string": b""}
        assert books.people.operation(scope, b"") == operation

    def test_gateways_and_lost_answers_come_by_faults(self, books: Zoho) -> None:
        page = Fault("zoho", "^POST /invoices$", FaultKind.STATUS, status=502, body="<html></html>")
        books.world.faults.add(page)
        with Sandbox(books.world, [books.people]) as sandbox:
            url = f"{sandbox.urls['zoho']}/books/v3/invoices?organization_id={books.org}"
            headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
            answer = httpx.post(url, json=books.body(), headers=headers)
            assert (answer.status_code, answer.text) == (502, "<html></html>")
            assert httpx.post(url, json=books.body(), headers=headers).status_code == 201
            assert len(sandbox.dump()["zoho"]["invoices"]) == 1
            books.world.faults.add(Fault("zoho", "^POST /invoices$", FaultKind.LOSE))
            with pytest.raises(httpx.HTTPError):
                httpx.post(url, json=books.body(), headers=headers)
            assert len(sandbox.dump()["zoho"]["invoices"]) == 2


def test_the_world_knows_the_books(books: Zoho) -> None:
    assert books.world.state("zoho").organization().id == books.org
    assert books.people.dump()["customers"] == [
        {
            "id": books.customer,
            "organization": books.org,
            "name": "Acme GmbH",
            "email": "ap@acme.example",
            "persons": ["ap@acme.example"],
            "currency": "EUR",
            "country": "",
            "tax_number": "",
            "tax_treatment": "",
            "active": True,
            "created_at": datetime(2026, 11, 2, 9, tzinfo=UTC).isoformat(),
        }
    ]
