"""What the Kommo simulator answers before and around everything else: gate, lists, OAuth."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from kommo_case import field, names, timestamp

from kommo_invoice.sandbox.kommo_query import Query

if TYPE_CHECKING:
    import httpx

    from kommo_invoice.sandbox.kommo import Kommo
    from kommo_invoice.sandbox.kommo_seed import Agency
    from kommo_invoice.sandbox.world import World

pytest_plugins = ("kommo_agency",)


class TestGate:
    """What is answered before a request is handled."""

    def test_every_answer_has_a_type_and_an_id(self, api: httpx.Client) -> None:
        answer = api.get("/api/v4/account")

        assert answer.headers["content-type"] == "application/hal+json"
        assert len(answer.headers["x-request-id"]) == 32

    @pytest.mark.parametrize("header", [None, "Bearer", "Basic abc", "Bearer nobody-gave-this-out"])
    def test_a_missing_or_unknown_token_is_401(self, api: httpx.Client, header: str | None) -> None:
        api.headers.pop("Authorization")
        answer = api.get("/api/v4/leads", headers={"Authorization": header} if header else {})

        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith("OAuthProblemJson")

    def test_an_expired_token_says_so(self, api: httpx.Client, world: World) -> None:
        world.expire("kommo")

        answer = api.get("/api/v4/account")

        assert (answer.status_code, answer.json()["hint"]) == (401, "Token has expired")

    def test_the_eighth_request_in_a_second_is_429_without_json(
        self, api: httpx.Client, world: World
    ) -> None:
        world.unlimited = False

        statuses = [api.get("/api/v4/account").status_code for _ in range(8)]
        refused = api.get("/api/v4/account")

        assert statuses == [200] * 7 + [429]
        assert refused.headers["content-type"].startswith("text/html")
        world.advance(1)
        assert api.get("/api/v4/account").status_code == 200

    def test_an_unpaid_account_is_402(self, api: httpx.Client, kommo: Kommo) -> None:
        kommo.account.unpaid = True

        assert api.get("/api/v4/leads").status_code == 402

    def test_a_banned_address_gets_html_even_for_tokens(
        self, api: httpx.Client, kommo: Kommo
    ) -> None:
        kommo.account.blocked = True

        for answer in (api.get("/api/v4/leads"), api.post("/oauth2/access_token", json={})):
            assert answer.status_code == 403
            assert answer.headers["content-type"].startswith("text/html")

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/api/v4/users"), ("POST", "/api/v4/leads/custom_fields")],
    )
    def test_some_things_are_for_administrators(
        self, api: httpx.Client, kommo: Kommo, method: str, path: str
    ) -> None:
        kommo.account.admin = False

        answer = api.request(method, path, json=[])

        assert (answer.status_code, answer.json()["status"]) == (403, 403)

    def test_unknown_paths_and_methods_are_problems(self, api: httpx.Client) -> None:
        assert api.get("/api/v4/notes").json()["status"] == 404
        assert api.delete("/api/v4/tasks").json()["status"] == 405

    def test_a_body_that_is_no_json_is_400(self, api: httpx.Client) -> None:
        assert api.patch("/api/v4/leads", content=b"{").status_code == 400


class TestLists:
    """Pages, filters, orders."""

    @pytest.mark.parametrize(
        "path",
        [
            "/api/v4/tasks",
            "/api/v4/leads?page=2",
            "/api/v4/leads/1",
            "/api/v4/contacts/1",
            "/api/v4/companies/1",
            "/api/v4/tasks/1",
            "/api/v4/leads/1/links",
            "/api/v4/leads/1/notes",
            "/api/v4/catalogs/1/elements",
            "/api/v4/events",
        ],
    )
    def test_nothing_is_an_empty_204(self, api: httpx.Client, path: str) -> None:
        answer = api.get(path)

        assert (answer.status_code, answer.content) == (204, b"")

    def test_a_page_of_more_than_250_is_422(self, api: httpx.Client) -> None:
        assert api.get("/api/v4/leads?limit=250").status_code == 200
        assert api.get("/api/v4/leads?limit=251").status_code == 422

    def test_next_repeats_the_query_until_the_last_page(
        self, api: httpx.Client, kommo: Kommo
    ) -> None:
        url = "/api/v4/leads?filter%5Bpipeline_id%5D=8001&limit=2&order[id]=desc"
        seen = []
        while url:
            page = api.get(url).json()
            seen.append([row["name"] for row in page["_embedded"]["leads"]])
            url = page["_links"].get("next", {}).get("href")

        assert seen == [["Brand workshop", "Online shop"], ["Website relaunch"]]

    def test_stages_are_pairs_that_are_ored(
        self, api: httpx.Client, kommo: Kommo, ids: Agency
    ) -> None:
        kommo.move_lead(ids.leads["Online shop"], "Issue Invoice")
        kommo.move_lead(ids.leads["Brand workshop"], 142)
        sales, issue = kommo.stage("Issue Invoice")
        query = (
            f"filter[statuses][0][pipeline_id]={sales}&filter[statuses][0][status_id]={issue}"
            f"&filter[statuses][1][pipeline_id]={sales}&filter[statuses][1][status_id]=142"
        )

        assert names(api.get(f"/api/v4/leads?{query}")) == ["Online shop", "Brand workshop"]

    @pytest.mark.parametrize(
        "query",
        [
            "pipeline_id=8002",
            "filter[stage]=8002",
            "filter[statuses][0][status_id]=142",
            "filter[id]=abc",
            "filter[custom_fields_values][700001][]=x",
            "order[name]=desc",
        ],
    )
    def test_what_is_not_understood_is_dropped(
        self, api: httpx.Client, ids: Agency, query: str
    ) -> None:
        assert len(names(api.get(f"/api/v4/leads?{query}"))) == len(ids.leads)

    def test_contacts_cannot_be_filtered_by_lead(
        self, api: httpx.Client, ids: Agency, lead: int
    ) -> None:
        people = api.get(f"/api/v4/contacts?lead_id={lead}").json()["_embedded"]["contacts"]

        assert {one["id"] for one in people} == set(ids.contacts.values())

    def test_where_the_account_filters_by_custom_fields_it_does(
        self, api: httpx.Client, kommo: Kommo
    ) -> None:
        kommo.account.api_filter = True
        po = field(kommo, "PO")

        assert names(api.get(f"/api/v4/leads?filter[custom_fields_values][{po}][]=4711")) == [
            "Website relaunch"
        ]

    def test_leads_by_id_change_and_text(
        self, api: httpx.Client, kommo: Kommo, world: World, ids: Agency, lead: int
    ) -> None:
        shop = ids.leads["Online shop"]
        world.advance(100)
        kommo.edit_lead(shop, name="Bigger shop")
        since = timestamp(world.now())

        assert names(api.get(f"/api/v4/leads?filter[id][]={lead}&filter[id][]=9")) == [
            "Website relaunch"
        ]
        assert names(api.get(f"/api/v4/leads?filter[updated_at][from]={since}")) == ["Bigger shop"]
        assert names(api.get("/api/v4/leads?query=4711")) == ["Website relaunch"]

    def test_a_search_for_a_contact_finds_more_than_the_address(
        self, api: httpx.Client, kommo: Kommo
    ) -> None:
        kommo.add_contact("Jo Jr", email="xjo@northwind.example")

        found = api.get("/api/v4/contacts?query=jo@northwind.example").json()

        assert len(found["_embedded"]["contacts"]) == 2

    def test_lists_lag_behind_writes_and_reads_by_id_do_not(
        self, api: httpx.Client, kommo: Kommo, world: World, lead: int
    ) -> None:
        world.lag_s = 60
        pipeline, issue = kommo.stage("Issue Invoice")
        stage = (
            f"filter[statuses][0][pipeline_id]={pipeline}&filter[statuses][0][status_id]={issue}"
        )
        api.patch(f"/api/v4/leads/{lead}", json={"status_id": issue, "name": "Moved"})
        api.post("/api/v4/leads", json=[{"name": "Fresh"}])

        assert api.get(f"/api/v4/leads/{lead}").json()["name"] == "Moved"
        assert api.get(f"/api/v4/leads?{stage}").status_code == 204
        assert "Website relaunch" in names(api.get("/api/v4/leads"))
        assert api.get("/api/v4/events").status_code == 204
        world.advance(60)
        assert names(api.get(f"/api/v4/leads?{stage}")) == ["Moved"]
        assert "Fresh" in names(api.get("/api/v4/leads"))
        assert api.get("/api/v4/events").status_code == 200

    def test_deleted_leads_are_listed_only_when_asked_for(
        self, api: httpx.Client, kommo: Kommo, lead: int
    ) -> None:
        kommo.delete_lead(lead)

        assert "Website relaunch" not in names(api.get("/api/v4/leads"))
        assert names(api.get("/api/v4/leads?with=only_deleted")) == ["Website relaunch"]


def test_queries_nest_as_in_php() -> None:
    query = Query("filter%5Ba%5D%5B%5D=1&filter[a][]=2&filter[b][from]=3&with=x,y&limit=0&page=-1")

    assert query.root["filter"] == {"a": {"0": "1", "1": "2"}, "b": {"from": "3"}}
    assert query.numbers("a") == {1, 2}
    assert query.span("b") == (3, None)
    assert query.include == {"x", "y"}
    assert (query.limit, query.page) == (50, 1)


class TestOAuth:
    """Codes and tokens outside the API."""

    REDIRECT = "http://127.0.0.1:9/back"

    @pytest.fixture(autouse=True)
    def integration(self, kommo: Kommo) -> None:
        kommo.add_integration("id-1", "hush", self.REDIRECT)

    def ask(self, api: httpx.Client, **more: Any) -> httpx.Response:
        body = {"client_id": "id-1", "client_secret": "hush", "redirect_uri": self.REDIRECT}
        return api.post("/oauth2/access_token", json=body | more)

    def code(self, kommo: Kommo) -> str:
        return kommo.oauth.code("id-1")

    def test_the_browser_comes_back_with_a_code_and_the_host(self, api: httpx.Client) -> None:
        answer = api.get("/oauth?client_id=id-1&state=s1")

        assert answer.status_code == 302
        location = answer.headers["location"]
        assert location.startswith(f"{self.REDIRECT}?state=s1&client_id=id-1&code=")
        assert location.endswith("&referer=agency.kommo.com")

    def test_a_person_may_refuse(self, api: httpx.Client, kommo: Kommo) -> None:
        kommo.oauth.denies = True

        assert (
            api.get("/oauth?client_id=id-1&state=s")
            .headers["location"]
            .endswith("error=access_denied")
        )

    def test_a_code_is_good_once_for_a_token_of_a_day(
        self, api: httpx.Client, kommo: Kommo, world: World
    ) -> None:
        code = self.code(kommo)
        tokens = self.ask(api, grant_type="authorization_code", code=code).json()

        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 86_400)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert api.get("/api/v4/account", headers=bearer).status_code == 200
        assert self.ask(api, grant_type="authorization_code", code=code).status_code == 400
        world.advance(86_400)
        assert api.get("/api/v4/account", headers=bearer).json()["hint"] == "Token has expired"

    def test_each_refresh_kills_the_old_refresh_token(
        self, api: httpx.Client, kommo: Kommo
    ) -> None:
        first = self.ask(api, grant_type="authorization_code", code=self.code(kommo)).json()
        again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

        second = self.ask(api, **again).json()
        dead = self.ask(api, **again)

        assert second["refresh_token"] != first["refresh_token"]
        assert (dead.status_code, dead.json()["hint"]) == (400, "Token has been revoked")

    @pytest.mark.parametrize(
        "change",
        [
            {"client_secret": "wrong"},
            {"redirect_uri": "http://127.0.0.1:9/back/"},
            {"grant_type": "password"},
            {"code": "unknown"},
        ],
    )
    def test_what_is_not_registered_is_400(
        self, api: httpx.Client, kommo: Kommo, change: Any
    ) -> None:
        good = {"grant_type": "authorization_code", "code": self.code(kommo)}

        assert self.ask(api, **(good | change)).status_code == 400

    def test_a_code_lives_twenty_minutes_and_a_refresh_token_three_months(
        self, api: httpx.Client, kommo: Kommo, world: World
    ) -> None:
        code = self.code(kommo)
        fresh = self.ask(api, grant_type="authorization_code", code=self.code(kommo)).json()

        world.advance(20 * 60)
        assert self.ask(api, grant_type="authorization_code", code=code).status_code == 400
        world.advance(timedelta(days=90).total_seconds())
        late = self.ask(api, grant_type="refresh_token", refresh_token=fresh["refresh_token"])
        assert late.status_code == 400
