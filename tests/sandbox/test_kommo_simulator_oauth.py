"""The Kommo simulator's refresh tokens: families, and what ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kommo_case import NOW, connect

from kommo_invoice.sandbox.kommo import Kommo
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    import httpx

REDIRECT = "https://kinv.example/back"


@pytest.fixture
def kommo() -> Kommo:
    world = World(lambda: NOW)
    world.unlimited = True
    kommo = Kommo(world)
    kommo.add_user("Ada Nowak", "ada@agency.example")
    kommo.add_integration("id-1", "hush", REDIRECT)
    return kommo


@pytest.fixture
def api(kommo: Kommo) -> httpx.Client:
    return connect(kommo)


def ask(api: httpx.Client, **more: Any) -> httpx.Response:
    body = {"client_id": "id-1", "client_secret": "hush", "redirect_uri": REDIRECT}
    return api.post("/oauth2/access_token", json=body | more)


def first(kommo: Kommo, api: httpx.Client) -> Any:
    return ask(api, grant_type="authorization_code", code=kommo.oauth.code("id-1")).json()


def refresh(api: httpx.Client, tokens: Any) -> httpx.Response:
    return ask(api, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


def status(api: httpx.Client, tokens: Any) -> int:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    return api.get("/api/v4/account", headers=bearer).status_code


def test_a_second_use_leaves_the_others_of_the_family_alone(
    kommo: Kommo, api: httpx.Client
) -> None:
    one = first(kommo, api)
    two = refresh(api, one).json()

    assert refresh(api, one).status_code == 400
    assert (status(api, two), refresh(api, two).status_code) == (200, 200)


def test_or_ends_all_of_it_where_it_is_taken_for_theft(kommo: Kommo, api: httpx.Client) -> None:
    kommo.oauth.revokes_families = True
    one, other = first(kommo, api), first(kommo, api)
    two = refresh(api, one).json()

    assert refresh(api, one).status_code == 400
    assert refresh(api, two).json()["hint"] == "Token has been revoked"
    assert [status(api, each) for each in (one, two, other)] == [401, 401, 200]


def test_three_months_without_a_refresh_end_it(kommo: Kommo, api: httpx.Client) -> None:
    one = first(kommo, api)
    kommo.account.world.advance(90 * 86_400)

    assert refresh(api, one).json()["hint"] == "Token has expired"


def test_another_integration_has_other_tokens(kommo: Kommo, api: httpx.Client) -> None:
    kommo.add_integration("id-2", "hush", REDIRECT)
    one = first(kommo, api)

    taken = ask(
        api,
        client_id="id-2",
        grant_type="refresh_token",
        refresh_token=one["refresh_token"],
    )
    assert taken.status_code == 400
    assert refresh(api, one).status_code == 200
