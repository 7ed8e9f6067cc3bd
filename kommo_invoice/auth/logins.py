"""How one logs in to each provider, as data from the provider sheets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from kommo_invoice.auth.centres import ZOHO as ZOHO_CENTRES
from kommo_invoice.auth.centres import Centres
from kommo_invoice.errors import ConfigInvalid, UsageError

SANDBOX = "sandbox"
ENVIRONMENTS = ("production", SANDBOX)


class Body(StrEnum):
    """The form in which a token endpoint is asked."""

    JSON = "json"
    FORM = "form"


class ClientAuth(StrEnum):
    """How the application names itself to a token endpoint (RFC 6749, section 2.3.1)."""

    BODY = "body"
    BASIC = "basic"


class AccountForm(StrEnum):
    """How a redirect names the account that was agreed to."""

    HOST = "host"
    """By its host: ``acme.kommo.com``."""
    ID = "id"
    """By the id alone."""


class Loopback(StrEnum):
    """Whether browsers are sent back to ``http://localhost``."""

    YES = "yes"
    SANDBOX = "sandbox"
    """For sandbox accounts alone."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OAuth:
    """A provider's code flow.

    Args:
        authorize_url: Where the browser is sent; ``{accounts}`` in it stands for the data centre's
            server for logins.
        token_url: Where codes and refresh tokens are exchanged; the same, and ``{account}`` in it
            stands for the account that the redirect named, or that the person gave.
        body: How the token endpoint is asked.
        client_auth: Where id and secret of the application go in that.
        token_headers: More headers that it is asked with, as pairs.
        standard: Whether the browser's address carries ``response_type``, ``redirect_uri`` and
            ``scope``; else they are fixed where the application is registered.
        extras: More that it carries, as pairs.
        scopes: What kinv needs.
        wished_scopes: What is asked for, and left out where the provider refuses it.
        pkce: Whether the provider knows PKCE (RFC 7636).
        account_in_redirect: The redirect's parameter that names the account.
        account_form: How it does so.
        redirect_in_refresh: Whether a refresh repeats the redirect address.
        access_life: How long an access token lives where the answer does not say.
        refresh_life: How long an unused refresh token lives where the answer does not say, None
            where it is not known.
        refresh_life_key: The key under which an answer says it, in seconds.
        final_life_key: The key under which an answer says when the grant ends however often it is
            refreshed, in seconds.
        separator: What stands between scopes.
        own_errors: The token endpoint's own error codes and RFC 6749's for the same, as pairs.
        throttle: How long it gives no tokens after it was asked for too many, where it says that
            in words alone; None where it is told by its status.
        must_refresh: Whether a grant without refresh token is none.
        endless: Whether a refresh token is good until it is revoked.
        by_hand: How a person makes a code without a browser being sent anywhere, in words, where
            such a code is exchanged without a redirect address.
        ended: Why a grant may be of no use any more, in words.
        application_hint: What else may be wrong with an application that is not accepted.
        loopback: Whether redirects to ``http://localhost`` are accepted.
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
    loopback: Loopback
    register: str
    client_auth: ClientAuth = ClientAuth.BODY
    token_headers: tuple[tuple[str, str], ...] = ()
    account_form: AccountForm = AccountForm.HOST
    refresh_life_key: str | None = None
    final_life_key: str | None = None
    separator: str = " "
    own_errors: tuple[tuple[str, str], ...] = ()
    throttle: timedelta | None = None
    must_refresh: bool = False
    endless: bool = False
    by_hand: str | None = None
    ended: str = "it was used, revoked or is too old"
    application_hint: str | None = None

    @property
    def takes_bare_codes(self) -> bool:
        """Whether a person may bring a code alone, without the address that it came with."""
        return not self.standard or self.by_hand is not None

    @property
    def needed(self) -> str:
        """The scopes that kinv needs, as one text."""
        return self.separator.join(self.scopes)


@dataclass(frozen=True, slots=True)
class Login:
    """A provider's ways to log in.

    Args:
        provider: As the mapping names it.
        name: As people write it.
        api_url: The address of its API; ``{account}`` in it stands for the account.
        token: What a token without refresh is called, and where a person gets it, in words; None
            where there is none, and the browser is the only way.
        claimed_scopes: The claim of that token, where it is a JWT, that lists what it may do.
        oauth: The code flow.
        sandbox_url: The address of the API for sandbox accounts, where they have their own.
        centres: The data centres, where there are several; ``{api}`` in the API's address stands
            for the one's.
        revoking: Where a person ends a grant at the provider, or what else is to be known of it,
            in words.
    """

    provider: str
    name: str
    api_url: str
    token: str | None
    claimed_scopes: str | None
    oauth: OAuth
    sandbox_url: str | None = None
    centres: Centres | None = None
    revoking: str | None = None

    @property
    def way(self) -> str:
        """What a person does to log in, as the end of a sentence that begins with a verb."""
        if self.token is not None:
            return f"give {self.token}"
        way = f"log in by browser: `kinv connect {self.provider}`"
        if self.oauth.loopback is Loopback.SANDBOX:
            way += f" with --environment {SANDBOX}, or with --paste --redirect-uri https://…"
        return way

    def address(
        self, account: str | None, environment: str | None, region: str | None = None
    ) -> str:
        """Return the address of an account's API.

        Args:
            account: Of use where the address depends on it.
            environment: One of ``ENVIRONMENTS``, None for production.
            region: The data centre, of use where there are several; None for the usual one.

        Raises:
            ConfigInvalid: The provider has no such environment or data centre.
        """
        if environment not in {None, *ENVIRONMENTS}:
            raise ConfigInvalid(
                f"there is no environment {environment!r}, but {' and '.join(ENVIRONMENTS)}",
                hint=f"name one of {', '.join(ENVIRONMENTS)}",
            )
        url = self.sandbox_url if environment == SANDBOX else self.api_url
        if url is None:
            raise ConfigInvalid(
                f"{self.name} has no sandbox accounts with an address of their own",
                hint="leave the environment out",
            )
        api = None if self.centres is None else self.centres.api(region)
        return url.format(account=account, api=api)

    def server(self, region: str | None) -> str | None:
        """Return scheme and host of a data centre's logins, None where there are no centres.

        Raises:
            ConfigInvalid: There is no such data centre.
        """
        return None if self.centres is None else self.centres.named(region).accounts


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
        loopback=Loopback.UNKNOWN,
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
        loopback=Loopback.YES,
        register="in Wave's developer portal: Manage Applications → Create an application",
    ),
)

# QuickBooks sheet, sections 2 and 3. One consent is for one company, named by the redirect alone.
# The grant ends for good after five years, which the answers say when they are asked to.
_QUICKBOOKS = Login(
    provider="quickbooks",
    name="QuickBooks",
    api_url="https://quickbooks.api.intuit.com",
    sandbox_url="https://sandbox-quickbooks.api.intuit.com",
    token=None,
    revoking="in QuickBooks: Apps → your app → Disconnect",
    claimed_scopes=None,
    oauth=OAuth(
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 - an address
        body=Body.FORM,
        client_auth=ClientAuth.BASIC,
        token_headers=(("x-include-refresh-token-hard-expires-in", "true"),),
        standard=True,
        extras=(),
        scopes=("com.intuit.quickbooks.accounting",),
        wished_scopes=(),
        pkce=False,
        account_in_redirect="realmId",
        account_form=AccountForm.ID,
        redirect_in_refresh=False,
        access_life=timedelta(hours=1),
        refresh_life=timedelta(days=100),
        refresh_life_key="x_refresh_token_expires_in",
        final_life_key="x_refresh_token_hard_expires_in",
        loopback=Loopback.SANDBOX,
        register="in Intuit's developer portal: Dashboard → your app → Keys & OAuth",
    ),
)

# Zoho sheet, sections 2, 3 and 9. A refresh token neither ends nor changes, but only with
# access_type=offline and prompt=consent there is one. The limit of refreshes is told by HTTP 400
# and words in the person's language.
_ZOHO = Login(
    provider="zoho",
    name="Zoho Books",
    api_url="{api}",
    centres=ZOHO_CENTRES,
    token=None,
    claimed_scopes=None,
    revoking="in Zoho's accounts: Sessions → Connected Apps; until then it is one of the 20 "
    "logins that Zoho keeps for its user",
    oauth=OAuth(
        authorize_url="{accounts}/oauth/v2/auth",
        token_url="{accounts}/oauth/v2/token",  # noqa: S106 - an address
        body=Body.FORM,
        standard=True,
        extras=(("access_type", "offline"), ("prompt", "consent")),
        scopes=(
            "ZohoBooks.contacts.CREATE",
            "ZohoBooks.contacts.READ",
            "ZohoBooks.contacts.UPDATE",
            "ZohoBooks.invoices.CREATE",
            "ZohoBooks.invoices.READ",
            "ZohoBooks.invoices.UPDATE",
            "ZohoBooks.invoices.DELETE",
            "ZohoBooks.customerpayments.READ",
            "ZohoBooks.customerpayments.CREATE",
            "ZohoBooks.creditnotes.READ",
            "ZohoBooks.settings.READ",
        ),
        wished_scopes=(),
        separator=",",
        pkce=False,
        account_in_redirect=None,
        redirect_in_refresh=False,
        access_life=timedelta(hours=1),
        refresh_life=None,
        own_errors=(("invalid_code", "invalid_grant"), ("invalid_client_secret", "invalid_client")),
        throttle=timedelta(minutes=10),
        must_refresh=True,
        endless=True,
        by_hand="a self client's code (Zoho's API console → Self Client → Generate Code, good for "
        "10 minutes; where your data centre is not us, begin with --region)",
        ended="it was used or revoked, is too old or of another data centre (--region), or was "
        "pushed out by later logins (Zoho keeps the last 20 of each user)",
        application_hint="if the account is in another data centre than the application, switch "
        "on multi-DC for it; its secret may differ from one data centre to the other",
        loopback=Loopback.YES,
        register="in Zoho's API console (api-console.zoho.com): Server-based Applications, with "
        "multi-DC switched on",
    ),
)

LOGINS = MappingProxyType({each.provider: each for each in (_KOMMO, _WAVE, _QUICKBOOKS, _ZOHO)})
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
