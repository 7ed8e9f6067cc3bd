"""How one logs in to each provider, as data from the provider sheets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from kommo_invoice.errors import UsageError


class Body(StrEnum):
    """The form in which a token endpoint is asked."""

    JSON = "json"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class OAuth:
    """A provider's code flow.

    Args:
        authorize_url: Where the browser is sent.
        token_url: Where codes and refresh tokens are exchanged; ``{account}`` in it stands for the
            account that the redirect named, or that the person gave.
        body: How the token endpoint is asked; id and secret of the application go in it.
        standard: Whether the browser's address carries ``response_type``, ``redirect_uri`` and
            ``scope``; else they are fixed where the application is registered.
        extras: More that it carries, as pairs.
        scopes: What kinv needs.
        wished_scopes: What is asked for, and left out where the provider refuses it.
        pkce: Whether the provider knows PKCE (RFC 7636).
        account_in_redirect: The redirect's parameter that names the account's host.
        redirect_in_refresh: Whether a refresh repeats the redirect address.
        access_life: How long an access token lives where the answer does not say.
        refresh_life: How long an unused refresh token lives, None where it is not known.
        loopback: Whether it is known that redirects to ``http://localhost`` are accepted.
        register: Where a person registers the application, in words.
    """

    authorize_url: str
    token_url: str
    body: Body
    standard: bool
    extras: tuple[tuple[str, str], ...]
    scopes: tuple[str, ...]
    wished_scopes: tuple[str, ...]
    pkce: bool
    account_in_redirect: str | None
    redirect_in_refresh: bool
    access_life: timedelta
    refresh_life: timedelta | None
    loopback: bool
    register: str


@dataclass(frozen=True, slots=True)
class Login:
    """A provider's ways to log in.

    Args:
        provider: As the mapping names it.
        name: As people write it.
        api_url: The address of its API; ``{account}`` in it stands for the account.
        token: What a token without refresh is called, and where a person gets it, in words.
        claimed_scopes: The claim of that token, where it is a JWT, that lists what it may do.
        oauth: The code flow.
    """

    provider: str
    name: str
    api_url: str
    token: str
    claimed_scopes: str | None
    oauth: OAuth


# Kommo sheet, sections 2 and 3. Redirect addresses on localhost are not established there.
_KOMMO = Login(
    provider="kommo",
    name="Kommo",
    api_url="https://{account}.kommo.com",
    token="a long-lived token (Settings → Integrations → your private integration → "  # noqa: S106 - words
    "Keys and scopes → Generate long-lived token)",
    claimed_scopes="scopes",
    oauth=OAuth(
        authorize_url="https://www.kommo.com/oauth",
        token_url="https://{account}.kommo.com/oauth2/access_token",  # noqa: S106 - an address
        body=Body.JSON,
        standard=False,
        extras=(("mode", "popup"),),  # the answer comes to the page that was opened
        scopes=("crm",),
        wished_scopes=(),
        pkce=False,
        account_in_redirect="referer",
        redirect_in_refresh=True,
        access_life=timedelta(hours=24),
        refresh_life=timedelta(days=90),
        loopback=False,
        register="in Kommo: Settings → Integrations → Create integration",
    ),
)

# Wave sheet, section 3. PKCE is not documented there; offline_access is needed by some accounts
# and unknown to others.
_WAVE = Login(
    provider="wave",
    name="Wave",
    api_url="https://gql.waveapps.com",
    token="a full access token (Wave's developer portal → your application → Create token)",  # noqa: S106 - words
    claimed_scopes=None,
    oauth=OAuth(
        authorize_url="https://api.waveapps.com/oauth2/authorize/",
        token_url="https://api.waveapps.com/oauth2/token/",  # noqa: S106 - an address
        body=Body.FORM,
        standard=True,
        # The person is asked even where an earlier consent still holds: connecting anew is how one
        # chooses another business.
        extras=(("approval_prompt", "force"),),
        scopes=(
            "user:read",
            "business:read",
            "account:read",
            "customer:read",
            "customer:write",
            "product:read",
            "product:write",
            "sales_tax:read",
            "invoice:read",
            "invoice:write",
            "invoice:send",
        ),
        wished_scopes=("offline_access",),
        pkce=False,
        account_in_redirect=None,
        redirect_in_refresh=True,
        access_life=timedelta(hours=1),
        refresh_life=None,
        loopback=True,
        register="in Wave's developer portal: Manage Applications → Create an application",
    ),
)

LOGINS = MappingProxyType({each.provider: each for each in (_KOMMO, _WAVE)})
"""By provider."""


def login_of(provider: str) -> Login:
    """Return how one logs in to a provider.

    Raises:
        UsageError: This version does not have it.
    """
    try:
        return LOGINS[provider]
    except KeyError:
        raise UsageError(
            f"{provider!r} is no provider of this version; there is {', '.join(LOGINS)}"
        ) from None
