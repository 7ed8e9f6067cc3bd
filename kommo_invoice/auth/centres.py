"""A provider's data centres: where one logs in to each, and where its API is.

What a login says of servers is looked up here and never used as it came: a code, a secret or a
token goes to one of these addresses, or nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from kommo_invoice.errors import ConfigInvalid


@dataclass(frozen=True, slots=True)
class Centre:
    """A data centre.

    Args:
        name: As the mapping's ``region`` and the login's ``location`` call it.
        accounts: Scheme and host of the server that gives codes and tokens.
        api: Scheme and host of the API; None where the provider names none.
    """

    name: str
    accounts: str
    api: str | None


@dataclass(frozen=True, slots=True)
class Centres:
    """All of a provider's data centres.

    Args:
        all: They; a login begins at the first one where nothing else is said.
        whose: The provider, as people write it.
        told_by: How a person finds out which one is theirs, in words.
    """

    all: tuple[Centre, ...]
    whose: str
    told_by: str

    @property
    def accounts(self) -> frozenset[str]:
        """The servers that give tokens."""
        return frozenset(each.accounts for each in self.all)

    def named(self, name: str | None) -> Centre:
        """Return the data centre of that name, the first one for None.

        Raises:
            ConfigInvalid: There is none of that name.
        """
        found = self.all[0] if name is None else self.find(name)
        if found is None:
            known = ", ".join(each.name for each in self.all)
            raise ConfigInvalid(
                f"{self.whose} has no data centre {name!r}, but {known}", hint=self.told_by
            )
        return found

    def find(self, name: str) -> Centre | None:
        """Return the data centre of that name, None where there is none."""
        wanted = name.strip().lower()
        return next((each for each in self.all if each.name == wanted), None)

    def at(self, server: str) -> Centre | None:
        """Return the data centre whose server for logins that is, None where it is none's."""
        wanted = _plain(server)
        return next((each for each in self.all if each.accounts == wanted), None)

    def serving(self, api: str) -> Centre | None:
        """Return the data centre whose API that is, None where it is none's."""
        wanted = _plain(api)
        return next((each for each in self.all if each.api == wanted), None)

    def api(self, name: str | None) -> str:
        """Return scheme and host of the API in the data centre of that name.

        Raises:
            ConfigInvalid: There is none of that name, or the provider names no API of it.
        """
        centre = self.named(name)
        if centre.api is None:
            raise ConfigInvalid(
                f"{self.whose} names no address of its API in the data centre {centre.name}",
                hint="if you know it, give it as base_url (--base-url), and "
                f"{centre.accounts} as auth_base_url (--auth-base-url)",
            )
        return centre.api


def _plain(url: str) -> str:
    return url.strip().rstrip("/").lower()


# Zoho sheet, section 2. Neither address can be derived from the other. The API of the British one
# is in no list of Books' own.
ZOHO = Centres(
    whose="Zoho Books",
    told_by="it is the end of the address at which you work with Zoho (books.zoho.eu: eu; "
    "books.zoho.com: us)",
    all=(
        Centre("us", "https://accounts.zoho.com", "https://www.zohoapis.com"),
        Centre("eu", "https://accounts.zoho.eu", "https://www.zohoapis.eu"),
        Centre("in", "https://accounts.zoho.in", "https://www.zohoapis.in"),
        Centre("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
        Centre("jp", "https://accounts.zoho.jp", "https://www.zohoapis.jp"),
        Centre("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
        Centre("sa", "https://accounts.zoho.sa", "https://www.zohoapis.sa"),
        Centre("cn", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
        Centre("uk", "https://accounts.zoho.uk", None),
    ),
)
